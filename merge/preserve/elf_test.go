package preserve

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/portsolve/portsolve/vdb"
)

// library makes an ELF shared object that has nothing but a dynamic section.
func library(soname, runpath string, needed ...string) []byte {
	dynstr := []byte{0}
	var dynamic bytes.Buffer
	add := func(tag elf.DynTag, text string) {
		_ = binary.Write(&dynamic, binary.LittleEndian, elf.Dyn64{Tag: int64(tag), Val: uint64(len(dynstr))})
		dynstr = append(append(dynstr, text...), 0)
	}
	add(elf.DT_SONAME, soname)
	add(elf.DT_RUNPATH, runpath)
	for _, n := range needed {
		add(elf.DT_NEEDED, n)
	}
	_ = binary.Write(&dynamic, binary.LittleEndian, elf.Dyn64{})
	const header, section = 64, 64
	head := elf.Header64{Type: uint16(elf.ET_DYN), Machine: uint16(elf.EM_X86_64), Version: 1, Ehsize: header,
		Shoff: header, Shentsize: section, Shnum: 3, Shstrndx: 1}
	copy(head.Ident[:], []byte{0x7f, 'E', 'L', 'F', byte(elf.ELFCLASS64), byte(elf.ELFDATA2LSB), 1})
	at := uint64(header + 3*section)
	var out bytes.Buffer
	for _, part := range []any{head, elf.Section64{},
		elf.Section64{Type: uint32(elf.SHT_STRTAB), Off: at, Size: uint64(len(dynstr))},
		elf.Section64{Type: uint32(elf.SHT_DYNAMIC), Off: at + uint64(len(dynstr)), Size: uint64(dynamic.Len()), Link: 1, Entsize: 16},
		dynstr, dynamic.Bytes()} {
		_ = binary.Write(&out, binary.LittleEndian, part)
	}
	return out.Bytes()
}

func TestReadELF(t *testing.T) {
	w := newWorld(t)
	text := library("libx.so.1", "/opt/x:$ORIGIN", "liby.so.2", "libc.so.6")
	w.write("/usr/lib/libx.so.1.0", text)
	want := Object{Arch: "X86_64", Path: "/usr/lib/libx.so.1.0", Soname: "libx.so.1", RPath: []string{"/opt/x", "$ORIGIN"},
		Needed: []string{"liby.so.2", "libc.so.6"}}
	if diff := cmp.Diff(want, readELF(w.tree, want.Path)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for n := range len(text) { // cut short or damaged it may say less, and must not fail
		w.write("/cut", text[:n])
		readELF(w.tree, "/cut")
		damaged := bytes.Clone(text)
		damaged[n] ^= 0xff
		w.write("/cut", damaged)
		readELF(w.tree, "/cut")
	}
}

// TestPreservedNeedsPreserved keeps a library that only another preserved one needs.
func TestPreservedNeedsPreserved(t *testing.T) {
	w := newWorld(t)
	one := pkg{cpv: "a/a-1", key: "a/a:0", files: []string{"/usr/lib/liba.so.1", "/usr/lib/libb.so.1"},
		needed: "X86_64;/usr/lib/liba.so.1;liba.so.1;;libb.so.1;x86_64\nX86_64;/usr/lib/libb.so.1;libb.so.1;;;x86_64\n"}
	w.merge(one)
	w.write("/usr/lib/liba.so.1", library("liba.so.1", "", "libb.so.1"))
	w.write("/usr/lib/libb.so.1", library("libb.so.1", ""))
	w.merge(app("1", "liba.so.1"))
	w.unmerge("a/a-1")
	if r := w.registry(); !r.Has("/usr/lib/liba.so.1") || !r.Has("/usr/lib/libb.so.1") {
		t.Errorf("registry: %s", r)
	}
	w.merge(pkg{cpv: "a/other-1", key: "a/other:0", files: []string{"/usr/share/x"}})
	w.unmerge("app-mc/mcapp-1")
	w.check("consumer uninstalled", "{}", "/usr/share/x")
}

func (w *world) write(name string, text []byte) {
	w.t.Helper()
	w.put(vdb.Content{Kind: vdb.ContentFile, Path: name})
	if err := os.WriteFile(filepath.Join(w.root, name), text, 0o755); err != nil {
		w.t.Fatal(err)
	}
}

package envupdate

import (
	"bytes"
	"cmp"
	"compress/bzip2"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"

	"github.com/portsolve/portsolve/internal/rootfs"
	"github.com/portsolve/portsolve/vdb"
)

// InfoIndex is how to make the index of a directory of info pages anew.
type InfoIndex struct {
	// Dir is the directory, a name in ROOT.
	Dir string
	// Commands add the pages to a new index, one after the other. One that fails (a page
	// that is none) is no reason to stop.
	Commands []Command
	temp     string
}

// PlanInfo plans the index of those of dirs (INFODIR and INFOPATH: absolute within
// ROOT) that exist and have pages. installInfo is the path of install-info(1) on the
// host; without one ("") nothing is planned, and WriteInfo can do it. Call it for
// directories in which something changed.
func PlanInfo(t rootfs.FS, dirs []string, installInfo string) []InfoIndex {
	var out []InfoIndex
	for _, d := range dirs {
		name, err := rootfs.Clean(d)
		if err != nil || installInfo == "" || slices.ContainsFunc(out, func(x InfoIndex) bool { return x.Dir == name }) {
			continue
		}
		names, err := t.ReadDir(name)
		if err != nil {
			continue
		}
		// install-info is no prisoner of ROOT: it gets a path without links.
		if name, err = t.Resolve(path.Join(name, "dir")); err != nil {
			continue
		}
		x := InfoIndex{Dir: path.Dir(name), temp: name + rootfs.TempSuffix}
		for _, n := range names {
			page := path.Join(x.Dir, n)
			if !isPage(t, x.Dir, n) {
				continue
			}
			x.Commands = append(x.Commands, Command{Path: installInfo,
				Args: []string{"--dir-file=" + t.Path(x.temp), t.Path(page)}, Why: "the index of info pages"})
		}
		if len(x.Commands) > 0 {
			out = append(out, x)
		}
	}
	return out
}

// Begin removes what an interrupted run left, so that the index begins empty.
func (x *InfoIndex) Begin(t rootfs.FS) error { return rootfs.RemoveAll(t, x.temp) }

// Finish puts the new index in place, after the commands; without one the old stays.
func (x *InfoIndex) Finish(t rootfs.FS) error {
	there, err := rootfs.Exists(t, x.temp)
	if err != nil || !there {
		return err
	}
	if err := t.Rename(x.temp, path.Join(x.Dir, "dir")); err != nil {
		return err
	}
	// install-info keeps the index before its last change beside it.
	_ = t.Unlink(x.temp + ".old")
	return t.SyncDir(x.Dir)
}

// isIndex reports a name of the index itself.
func isIndex(n string) bool {
	base, ext, _ := strings.Cut(n, ".")
	return base == "dir" && slices.Contains([]string{"", "gz", "bz2", "xz", "zst", "old", "old.gz", "old.bz2", "info"}, ext)
}

// Orphaned lists the files of an info directory that are left when its last page is
// uninstalled: its index, if there is nothing else. They can be removed with the
// directory; they are names in ROOT. Nothing if dir holds anything else.
func Orphaned(t rootfs.FS, dir string) []string {
	name, err := rootfs.Clean(dir)
	if err != nil {
		return nil
	}
	names, err := t.ReadDir(name)
	if err != nil {
		return nil
	}
	var out []string
	for _, n := range names {
		info, err := t.Lstat(path.Join(name, n))
		if err != nil || !info.IsRegular() || !isIndex(n) {
			return nil
		}
		out = append(out, path.Join(name, n))
	}
	return out
}

// infoHead begins an index: the node that info(1) shows first, and its menu.
const infoHead = "The pages of this directory, collected by portsolve from what each page says of itself.\n\x1f\n" +
	"File: dir,\tNode: Top\tThis is the top of the INFO tree\n\n* Menu:\n"

// WriteInfo makes the index of info directories as PlanInfo's commands do, for
// systems without install-info(1): each page says in its first lines which entries
// it has in which section. Directories without pages are left alone. It returns the
// indexes that changed, absolute within ROOT, and pages that could not be read.
func WriteInfo(s vdb.State, dirs []string) (written, problems []string, err error) {
	for _, d := range dirs {
		dir, err := rootfs.Clean(d)
		if err != nil {
			problems = append(problems, fmt.Sprintf("INFODIR: %v", err))
			continue
		}
		names, err := s.FS.ReadDir(dir)
		if err != nil {
			continue // not there
		}
		var entries []infoEntry
		pages := 0
		for _, n := range names {
			if !isPage(s.FS, dir, n) {
				continue
			}
			pages++
			list, err := pageEntries(s.FS, path.Join(dir, n))
			if err != nil {
				problems = append(problems, fmt.Sprintf("%s: %v; it is not in the index of info pages", s.FS.Path(path.Join(dir, n)), err))
			}
			entries = append(entries, list...)
		}
		if pages == 0 {
			continue
		}
		name, text := path.Join(dir, "dir"), formatIndex(entries)
		if old, err := rootfs.ReadFile(s.FS, name); err == nil && bytes.Equal(old, text) {
			continue
		}
		if err := s.Write(name, text, 0o644); err != nil {
			return written, problems, fmt.Errorf("the index of info pages cannot be written: %w", err)
		}
		written = append(written, "/"+name)
	}
	return written, problems, nil
}

// isPage reports whether a member of an info directory may be a page.
func isPage(t rootfs.FS, dir, n string) bool {
	if strings.HasPrefix(n, ".") || isIndex(n) || strings.HasSuffix(n, rootfs.TempSuffix) {
		return false
	}
	info, err := t.Lstat(path.Join(dir, n))
	return err == nil && info.IsRegular()
}

// infoEntry is one entry of the menu, with the lines that continue it.
type infoEntry struct{ section, text string }

// formatIndex writes the menu by section, both sorted.
func formatIndex(entries []infoEntry) []byte {
	slices.SortFunc(entries, func(a, b infoEntry) int {
		return cmp.Or(strings.Compare(a.section, b.section), strings.Compare(a.text, b.text))
	})
	entries = slices.Compact(entries)
	b := bytes.NewBufferString(infoHead)
	for i, e := range entries {
		if i == 0 || entries[i-1].section != e.section {
			b.WriteString("\n" + e.section + "\n")
		}
		b.WriteString(e.text)
	}
	return b.Bytes()
}

// maxInfoHead bounds the part of a page before its first node, unpacked.
const maxInfoHead = 256 << 10

// pageEntries are the entries a page declares between START-INFO-DIR-ENTRY and
// END-INFO-DIR-ENTRY (Texinfo manual, "Installing Dir Entries").
func pageEntries(t rootfs.FS, name string) ([]infoEntry, error) {
	f, err := t.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	in, err := unpacked(f)
	if err != nil {
		return nil, err
	}
	head, err := io.ReadAll(io.LimitReader(in, maxInfoHead))
	if err != nil {
		return nil, err
	}
	head, _, _ = bytes.Cut(head, []byte{0x1f})
	var out []infoEntry
	section, inside := "Miscellaneous", false
	for line := range strings.Lines(string(head)) {
		line = strings.TrimRight(line, " \t\r\n")
		name, isSection := strings.CutPrefix(line, "INFO-DIR-SECTION ")
		switch {
		case strings.IndexByte(line, 0) >= 0:
			return nil, fmt.Errorf("is not an info page")
		case isSection && strings.TrimSpace(name) != "":
			section = strings.TrimSpace(name)
		case line == "START-INFO-DIR-ENTRY":
			inside = true
		case line == "END-INFO-DIR-ENTRY":
			inside = false
		case inside && strings.HasPrefix(line, "* "):
			out = append(out, infoEntry{section, line + "\n"})
		case inside && line != "" && len(out) > 0:
			out[len(out)-1].text += line + "\n"
		}
	}
	return out, nil
}

// unpacked chooses the decompressor by the file's first bytes.
func unpacked(f io.Reader) (io.Reader, error) {
	magic := make([]byte, 6)
	n, err := io.ReadFull(f, magic)
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		return nil, err
	}
	magic = magic[:n]
	all := io.MultiReader(bytes.NewReader(magic), f)
	switch {
	case bytes.HasPrefix(magic, []byte{0x1f, 0x8b}):
		return gzip.NewReader(all)
	case bytes.HasPrefix(magic, []byte("BZh")):
		return bzip2.NewReader(all), nil
	case bytes.HasPrefix(magic, []byte{0xfd, '7', 'z', 'X', 'Z', 0}):
		return xz.NewReader(all)
	case bytes.HasPrefix(magic, []byte{0x28, 0xb5, 0x2f, 0xfd}):
		z, err := zstd.NewReader(all, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(64<<20))
		if err != nil {
			return nil, err
		}
		return z, nil
	}
	return all, nil
}

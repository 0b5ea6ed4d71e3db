package binpkg

import (
	"archive/tar"
	"bytes"
	"crypto/sha512"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
	"github.com/ulikunitz/xz"
	"github.com/ulikunitz/xz/lzma"
)

// vars are the values of a small package; lines "KEY=value" replace them.
func vars(extra ...Value) []Value {
	out := []Value{
		{"CATEGORY", []byte("cat\n")}, {"PF", []byte("app-1\n")}, {"EAPI", []byte("8\n")}, {"SLOT", []byte("2/3\n")},
		{"KEYWORDS", []byte("amd64\n")}, {"IUSE", []byte("+a b\n")}, {"USE", []byte("b\n")}, {"repository", []byte("test\n")},
		{"RDEPEND", []byte("cat/lib\n  cat/other:=\n")}, {"BUILD_TIME", []byte("1700000000\n")},
		{"environment.bz2", []byte("BZh9")},
	}
	for _, v := range extra {
		replaced := false
		for i := range out {
			if out[i].Name == v.Name {
				out[i], replaced = v, true
			}
		}
		if !replaced {
			out = append(out, v)
		}
	}
	return out
}

// tarFile is a member of a tar.
type tarFile struct {
	name string
	data []byte
	kind byte // 0: a file
}

func makeTar(t testing.TB, files ...tarFile) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, f := range files {
		h := &tar.Header{Name: f.name, Mode: 0o644, Typeflag: f.kind, Size: int64(len(f.data))}
		if f.kind == 0 {
			h.Typeflag = tar.TypeReg
		} else {
			h.Linkname, h.Size = string(f.data), 0
			f.data = nil
		}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(f.data); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// makeXPAK joins an image and values as xpak(5) says.
func makeXPAK(image []byte, values []Value) []byte {
	var index, data []byte
	for _, v := range values {
		index = binary.BigEndian.AppendUint32(index, uint32(len(v.Name)))
		index = append(index, v.Name...)
		index = binary.BigEndian.AppendUint32(index, uint32(len(data)))
		index = binary.BigEndian.AppendUint32(index, uint32(len(v.Data)))
		data = append(data, v.Data...)
	}
	return joinXPAK(image, index, data)
}

func joinXPAK(image, index, data []byte) []byte {
	block := binary.BigEndian.AppendUint32([]byte(xpakBegin), uint32(len(index)))
	block = binary.BigEndian.AppendUint32(block, uint32(len(data)))
	block = append(append(append(block, index...), data...), xpakEnd...)
	out := append(bytes.Clone(image), block...)
	out = binary.BigEndian.AppendUint32(out, uint32(len(block)))
	return append(out, xpakStop...)
}

// makeGPKG packs members as GLEP 78 says; the Manifest is empty, because nothing verifies it yet.
func makeGPKG(t testing.TB, c Compression, values []Value) []byte {
	t.Helper()
	return makeTar(t, gpkgMembers(t, c, values)...)
}

func gpkgMembers(t testing.TB, c Compression, values []Value) []tarFile {
	t.Helper()
	var inner []tarFile
	for _, v := range values {
		inner = append(inner, tarFile{name: "metadata/" + v.Name, data: v.Data})
	}
	suffix := ""
	if c != None {
		suffix = "." + string(c)
	}
	image := makeTar(t, tarFile{name: "image/etc/f", data: []byte("text")})
	return []tarFile{
		{name: "app-1/gpkg-1"},
		{name: "app-1/metadata.tar" + suffix, data: compress(t, c, makeTar(t, inner...))},
		{name: "app-1/image.tar" + suffix, data: compress(t, c, image)},
		{name: "app-1/Manifest"},
	}
}

func compress(t testing.TB, c Compression, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	var w io.WriteCloser
	var err error
	switch c {
	case None:
		return data
	case Gzip:
		w = gzip.NewWriter(&b)
	case XZ:
		w, err = xz.NewWriter(&b)
	case Zstd:
		w, err = zstd.NewWriter(&b)
	case LZ4:
		w = lz4.NewWriter(&b)
	case Lzip:
		return makeLzip(t, data)
	default:
		t.Fatalf("no encoder for %v", c)
	}
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// makeLzip is one member with a dictionary of 8 MiB.
func makeLzip(t testing.TB, data []byte) []byte {
	t.Helper()
	var stream bytes.Buffer
	w, err := lzma.WriterConfig{DictCap: 8 << 20, Size: -1, EOSMarker: true}.NewWriter(&stream)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	out := append([]byte(lzipMagic), 23)
	out = append(out, stream.Bytes()[13:]...)
	out = binary.LittleEndian.AppendUint32(out, crc32.ChecksumIEEE(data))
	out = binary.LittleEndian.AppendUint64(out, uint64(len(data)))
	return binary.LittleEndian.AppendUint64(out, uint64(len(out)+8))
}

// put writes a file below dir with a fixed modification time.
func put(t testing.TB, dir, path string, data []byte) {
	t.Helper()
	path = filepath.Join(dir, path)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(path, time.Unix(1600000000, 0), time.Unix(1600000000, 0)); err != nil {
		t.Fatal(err)
	}
}

// record is one package of an index.
func record(cpv string, lines ...string) string {
	out := "CPV: " + cpv + "\nEAPI: 8\nKEYWORDS: amd64\n"
	for _, l := range lines {
		out += l + "\n"
	}
	return out + "\n"
}

// indexText is an index with a header that counts the records.
func indexText(records ...string) []byte {
	out := fmt.Sprintf("CHOST: x86_64-pc-linux-gnu\nPACKAGES: %d\nTIMESTAMP: 1\nVERSION: 0\n\n", len(records))
	for _, r := range records {
		out += r
	}
	return []byte(out)
}

// manifestLine is a line of a GPKG's Manifest.
func manifestLine(name string, data []byte) string {
	b2 := newBLAKE2b()
	b2.Write(data)
	return fmt.Sprintf("DATA %s %d SHA512 %x BLAKE2B %x\n", name, len(data), sha512.Sum512(data), b2.Sum(nil))
}

// sealed is a GPKG with a true Manifest.
func sealed(t *testing.T, c Compression, values []Value) []byte {
	t.Helper()
	members := gpkgMembers(t, c, values)
	manifest := ""
	for _, m := range members[:3] {
		manifest += manifestLine(m.name[len("app-1/"):], m.data)
	}
	members[3].data = []byte(manifest)
	return makeTar(t, members...)
}

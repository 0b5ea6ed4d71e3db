package archive

import (
	"archive/tar"
	"os"
	"path/filepath"
	"testing"

	"github.com/klauspost/compress/zstd"
)

// write makes an archive of the given entries.
func write(t *testing.T, entries ...tar.Header) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "a.tar.zst")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	z, err := zstd.NewWriter(f)
	if err != nil {
		t.Fatal(err)
	}
	w := tar.NewWriter(z)
	for i := range entries {
		content := "content of " + entries[i].Name
		if entries[i].Typeflag == tar.TypeReg {
			entries[i].Size = int64(len(content))
		}
		if err := w.WriteHeader(&entries[i]); err != nil {
			t.Fatal(err)
		}
		if entries[i].Typeflag == tar.TypeReg {
			if _, err := w.Write([]byte(content)); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, c := range []interface{ Close() error }{w, z, f} {
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return path
}

func TestUnpack(t *testing.T) {
	dir := t.TempDir()
	err := Unpack(write(t,
		tar.Header{Name: "s/", Typeflag: tar.TypeDir, Mode: 0o755},
		tar.Header{Name: "s/a/file", Typeflag: tar.TypeReg, Mode: 0o644},
		tar.Header{Name: "s/link", Typeflag: tar.TypeSymlink, Linkname: "a/file"},
	), dir)
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(filepath.Join(dir, "s/link"))
	if err != nil || string(got) != "content of s/a/file" {
		t.Errorf("through the link: %q, %v", got, err)
	}
}

func TestUnpackStaysInside(t *testing.T) {
	outside := t.TempDir()
	for name, path := range map[string]string{
		"parent": write(t, tar.Header{Name: "../escaped", Typeflag: tar.TypeReg, Mode: 0o644}),
		"link": write(t,
			tar.Header{Name: "out", Typeflag: tar.TypeSymlink, Linkname: outside},
			tar.Header{Name: "out/escaped", Typeflag: tar.TypeReg, Mode: 0o644}),
	} {
		if err := Unpack(path, t.TempDir()); err == nil {
			t.Errorf("%s: an entry outside was accepted", name)
		}
	}
	if _, err := os.Stat(filepath.Join(outside, "escaped")); err == nil {
		t.Error("a file was written outside")
	}
}

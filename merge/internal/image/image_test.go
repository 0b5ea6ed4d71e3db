package image

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/portsolve/portsolve/binpkg"
	"github.com/portsolve/portsolve/internal/rootfs"
)

// source gives entries from memory; Linkname of a regular file is its content.
type source struct {
	entries []binpkg.Entry
	content io.Reader
}

func (s *source) Next() (*binpkg.Entry, error) {
	if len(s.entries) == 0 {
		return nil, io.EOF
	}
	e := s.entries[0]
	s.entries = s.entries[1:]
	if e.Type == binpkg.Regular {
		s.content = strings.NewReader(e.Linkname)
	}
	return &e, nil
}

func (s *source) Read(p []byte) (int, error) { return s.content.Read(p) }

func unpack(t *testing.T, o Options, entries ...binpkg.Entry) (*Image, rootfs.FS) {
	t.Helper()
	tree, err := rootfs.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := rootfs.RemoveAll(tree, "image"); err != nil { // with directories that nobody may write
			t.Error(err)
		}
		tree.Close()
	})
	if err := tree.Mkdir("image", 0o755); err != nil {
		t.Fatal(err)
	}
	m, err := Unpack(context.Background(), tree, "image", &source{entries: entries}, o)
	if err != nil {
		t.Fatal(err)
	}
	return m, tree
}

var stamp = time.Unix(1600000000, 123456789)

func sample() []binpkg.Entry {
	return []binpkg.Entry{
		{Name: "usr/bin/x", Type: binpkg.Regular, Mode: 0o4755, Linkname: "hello", ModTime: stamp}, // before its directories
		{Name: "usr/bin", Type: binpkg.Directory, Mode: 0o750, ModTime: stamp},
		{Name: "usr/bin/y", Type: binpkg.Hardlink, Linkname: "usr/bin/x"},
		{Name: "usr/l", Type: binpkg.Symlink, Linkname: "/else where", ModTime: stamp},
		{Name: "usr/p", Type: binpkg.FIFO, Mode: 0o600, ModTime: stamp},
		{Name: "usr/.keep", Type: binpkg.Regular, Mode: 0o644, ModTime: stamp},
		{Name: "usr-", Type: binpkg.Directory, Mode: 0o500, ModTime: stamp},
		{Name: "usr-/in", Type: binpkg.Regular, Mode: 0o444, Linkname: "read only", ModTime: stamp},
	}
}

func TestUnpackRestoresEverything(t *testing.T) {
	m, tree := unpack(t, Options{}, sample()...)
	var paths []string
	for i := range m.Objects {
		paths = append(paths, m.Objects[i].Path)
	}
	if got := strings.Join(paths, " "); got != "usr usr/.keep usr/bin usr/bin/x usr/bin/y usr/l usr/p usr- usr-/in" {
		t.Errorf("order: %s", got)
	}
	for name, mode := range map[string]uint32{"usr": 0o755, "usr/bin": 0o750, "usr/bin/x": 0o4755, "usr/p": 0o600, "usr-": 0o500} {
		i, err := tree.Lstat("image/" + name)
		if err != nil || i.Perm() != mode {
			t.Errorf("%s has mode %o, want %o (%v)", name, i.Perm(), mode, err)
		}
	}
	for _, name := range []string{"usr/bin", "usr/bin/x", "usr/l", "usr/p"} { // links and nanoseconds too
		if i, _ := tree.Lstat("image/" + name); !i.MTime.Equal(stamp) {
			t.Errorf("%s has time %v", name, i.MTime)
		}
	}
	x, _ := tree.Lstat("image/usr/bin/x")
	y, _ := tree.Lstat("image/usr/bin/y")
	if !x.Same(y) || x.Nlink != 2 {
		t.Error("the hard link is none")
	}
	for i := range m.Objects {
		o := &m.Objects[i]
		if strings.HasPrefix(o.Path, "usr/bin/") && (o.MD5() != "5d41402abc4b2a76b9719d911017c592" || o.Group != 1) {
			t.Errorf("%s: sum %s, group %d", o.Path, o.MD5(), o.Group)
		}
	}
}

func TestRescanSeesChanges(t *testing.T) {
	m, tree := unpack(t, Options{}, sample()...)
	host := func(name string) string { return filepath.Join(tree.Path("image"), name) }
	before := append([]Object(nil), m.Objects...)
	if err := m.Rescan(tree); err != nil {
		t.Fatal(err)
	}
	for i := range before {
		if a, b := before[i], m.Objects[i]; a.Path != b.Path || a.Sum != b.Sum || a.Mode != b.Mode || a.Group != b.Group || a.Target != b.Target {
			t.Errorf("nothing was changed, but %+v became %+v", a, b)
		}
	}
	for _, err := range []error{
		os.WriteFile(host("usr/.keep"), []byte("x"), 0o644), os.Remove(host("usr/l")), os.Mkdir(host("etc"), 0o700),
		os.WriteFile(host("etc/new"), []byte("new"), 0o600), os.Remove(host("usr/bin/y")),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := m.Rescan(tree); err != nil {
		t.Fatal(err)
	}
	var got []string
	for i := range m.Objects {
		got = append(got, m.Objects[i].Path)
		if m.Objects[i].Path == "usr/.keep" && m.Objects[i].MD5() != "9dd4e461268c8034f5c8564e155c67a6" {
			t.Errorf("the changed file has its old sum")
		}
	}
	if s := strings.Join(got, " "); s != "etc etc/new usr usr/.keep usr/bin usr/bin/x usr/p usr- usr-/in" {
		t.Errorf("objects: %s", s)
	}
}

func TestFilterDropsEmptyMaskedDirectories(t *testing.T) {
	m, tree := unpack(t, Options{}, sample()...)
	err := m.Filter(tree, func(o *Object) bool { return strings.HasPrefix(o.Path, "usr/bin") || o.Path == "usr-" })
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for i := range m.Objects {
		got = append(got, m.Objects[i].Path)
	}
	if s := strings.Join(got, " "); s != "usr usr/.keep usr/l usr/p usr- usr-/in" {
		t.Errorf("objects: %s", s)
	}
}

func TestUnpackStops(t *testing.T) {
	tree, err := rootfs.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer tree.Close()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Unpack(ctx, tree, ".", &source{entries: sample()}, Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

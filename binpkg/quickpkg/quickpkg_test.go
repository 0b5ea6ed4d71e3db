//go:build unix

package quickpkg

import (
	"context"
	"crypto/md5"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/binpkg"
	"github.com/portsolve/portsolve/binpkg/pack"
	"github.com/portsolve/portsolve/internal/rootfs"
)

var installed = time.Unix(1700000000, 5000)

func cpv(t *testing.T, s string) atom.CPV {
	t.Helper()
	c, err := atom.ParseCPV(s)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// newRoot installs cat/app-1 by hand.
func newRoot(t *testing.T) (string, rootfs.FS) {
	t.Helper()
	dir := t.TempDir()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	var contents strings.Builder
	file := func(name, data string, mode os.FileMode) {
		full := filepath.Join(dir, name)
		must(os.MkdirAll(filepath.Dir(full), 0o755))
		must(os.WriteFile(full, []byte(data), mode))
		must(os.Chmod(full, mode))
		must(os.Chtimes(full, installed, installed))
		fmt.Fprintf(&contents, "obj /%s %x %d\n", name, md5.Sum([]byte(data)), installed.Unix())
	}
	file("usr/bin/tool", "binary", 0o755|os.ModeSetuid)
	must(os.Link(filepath.Join(dir, "usr/bin/tool"), filepath.Join(dir, "usr/bin/again")))
	fmt.Fprintf(&contents, "obj /usr/bin/again %x 1\n", md5.Sum([]byte("binary")))
	file("etc/app.conf", "secret = 1\n", 0o600)
	file("etc/same.conf", "default\n", 0o644)
	file("etc/.keep_app", "", 0o644)
	must(os.Symlink("app.conf", filepath.Join(dir, "etc/link.conf")))
	contents.WriteString("sym /etc/link.conf -> app.conf 1\nobj /usr/gone d41d8cd98f00b204e9800998ecf8427e 1\nbroken line\n")
	must(os.MkdirAll(filepath.Join(dir, "data/lib"), 0o750))
	must(os.Symlink("../data/lib", filepath.Join(dir, "usr/lib")))
	file("usr/lib/x.so", "library", 0o644)
	must(syscall.Mkfifo(filepath.Join(dir, "usr/queue"), 0o600))
	contents.WriteString("dir /usr/lib\ndir /usr\ndir /etc\ndir /usr/bin\nfif /usr/queue\n")
	must(os.WriteFile(filepath.Join(dir, "etc/app.conf"), []byte("secret = hunter2\n"), 0o600))
	entry := filepath.Join(dir, "var/db/pkg/cat/app-1")
	must(os.MkdirAll(entry, 0o755))
	for name, data := range map[string]string{
		"CATEGORY": "cat\n", "PF": "app-1\n", "SLOT": "0\n", "EAPI": "8\n", "COUNTER": "7", "BUILD_TIME": "1700000000\n",
		"environment.bz2": "BZh9", "CONTENTS": contents.String(), "RDEPEND": "cat/lib\n",
	} {
		must(os.WriteFile(filepath.Join(entry, name), []byte(data), 0o644))
	}
	root, err := rootfs.Open(dir)
	must(err)
	t.Cleanup(func() { root.Close() })
	return dir, root
}

func protectEtc(path string) bool { return strings.HasPrefix(path, "/etc/") }

// quick writes a package and lists what is in it.
func quick(t *testing.T, root rootfs.FS, o Options) (map[string]string, *Result) {
	t.Helper()
	values, err := Values(root, cpv(t, "cat/app-1"))
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "app-1")
	o.NoSync, o.Mode = true, 0o600
	r, err := Write(context.Background(), root, cpv(t, "cat/app-1"), values, file, o)
	if err != nil {
		t.Fatal(err)
	}
	if st, err := os.Stat(file); err != nil || st.Mode() != 0o600 {
		t.Errorf("%v, %v", st.Mode(), err)
	}
	v, err := binpkg.OpenVerified(context.Background(), file, binpkg.VerifyOptions{Expect: cpv(t, "cat/app-1")})
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	if v.Value("CONTENTS") != nil || string(v.Value("COUNTER")) != "7" || len(v.Metadata) != 8 {
		t.Errorf("metadata %v", v.Metadata)
	}
	image, err := v.Image(binpkg.ImageOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer image.Close()
	out := map[string]string{}
	for {
		e, err := image.Next()
		if err == io.EOF {
			return out, r
		}
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(image)
		if err != nil {
			t.Fatal(err)
		}
		text := fmt.Sprintf("%v %04o %s%s", e.Type, e.Mode, e.Linkname, data)
		if e.Type == binpkg.Regular && !e.ModTime.Equal(installed) && e.Name != "etc/app.conf" {
			t.Errorf("%s: modified %v", e.Name, e.ModTime)
		}
		out[e.Name] = strings.TrimSpace(text)
	}
}

func TestWrite(t *testing.T) {
	_, root := newRoot(t)
	got, r := quick(t, root, Options{Protected: protectEtc})
	left := "file 0600 " + strings.TrimSpace(comment)
	want := map[string]string{
		".": "directory 0755", "etc": "directory 0755", "etc/.keep_app": "file 0644", "etc/app.conf": left, "etc/same.conf": strings.Replace(left, "0600", "0644", 1),
		"etc/link.conf": "symbolic link 0777 app.conf", "usr": "directory 0755", "usr/bin": "directory 0755",
		"usr/bin/again": "file 4755 binary", "usr/bin/tool": "hard link 4755 usr/bin/again",
		"usr/lib": "directory 0750", "usr/lib/x.so": "file 0644 library",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	notes := []Note{
		{"/etc/app.conf", ConfigLeftOut}, {"/etc/same.conf", ConfigLeftOut}, {"/usr/gone", Missing}, {"/usr/queue", NotPackable},
	}
	if !slices.Equal(r.Notes[:4], notes) || r.Notes[4].What != Unreadable || !strings.HasPrefix(r.Notes[4].Path, "CONTENTS, line 8: ") {
		t.Errorf("notes %v", r.Notes)
	}
}

func TestConfiguration(t *testing.T) {
	_, root := newRoot(t)
	got, _ := quick(t, root, Options{Protected: protectEtc, IncludeUnmodified: true})
	if got["etc/same.conf"] != "file 0644 default" || !strings.Contains(got["etc/app.conf"], "left out") {
		t.Errorf("unmodified: %v", got)
	}
	got, r := quick(t, root, Options{Protected: protectEtc, IncludeConfig: true, Options: pack.Options{Format: binpkg.XPAK}})
	if got["etc/app.conf"] != "file 0600 secret = hunter2" || got["usr/queue"] != "FIFO 0600" || len(r.Notes) != 2 {
		t.Errorf("all: %v, %v", got, r.Notes)
	}
	if got, _ = quick(t, root, Options{}); got["etc/app.conf"] != "file 0600 secret = hunter2" {
		t.Errorf("nothing is protected: %v", got)
	}
}

// A directory that became a file or a link hides what was in it; nothing outside is read.
func TestChangedTypes(t *testing.T) {
	dir, root := newRoot(t)
	outside := filepath.Join(t.TempDir(), "tool")
	if err := os.WriteFile(outside, []byte("outside"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, err := range []error{
		os.RemoveAll(filepath.Join(dir, "usr/bin")), os.Symlink(filepath.Dir(outside), filepath.Join(dir, "usr/bin")),
		os.Remove(filepath.Join(dir, "usr/lib")), os.WriteFile(filepath.Join(dir, "usr/lib"), []byte("a file"), 0o644),
		os.Chtimes(filepath.Join(dir, "usr/lib"), installed, installed),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	got, r := quick(t, root, Options{})
	if got["usr/lib"] != "file 0644 a file" || got["usr/lib/x.so"] != "" || strings.Contains(fmt.Sprint(got), "outside") {
		t.Errorf("%v", got)
	}
	missing := 0
	for _, n := range r.Notes {
		if n.What == Missing {
			missing++
		}
	}
	if missing != 5 { // bin, its two files, x.so, gone
		t.Errorf("notes %v", r.Notes)
	}
}

func TestNotInstalled(t *testing.T) {
	_, root := newRoot(t)
	if _, err := Values(root, cpv(t, "cat/none-1")); !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), "cat/none-1 is not installed") {
		t.Error(err)
	}
}

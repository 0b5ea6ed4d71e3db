//go:build linux

package rootfs_test

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/portsolve/portsolve/internal/rootfs"
	"github.com/portsolve/portsolve/internal/rootfs/faultfs"
)

// each runs a test on every implementation: with openat2, with the walk for older
// kernels, and through faultfs.
func each(t *testing.T, f func(t *testing.T, tree rootfs.FS, dir string)) {
	open := func(t *testing.T, wrap func(rootfs.FS) rootfs.FS) {
		dir := filepath.Join(t.TempDir(), "root")
		must(t, os.Mkdir(dir, 0o755))
		tree, err := rootfs.Open(dir)
		must(t, err)
		t.Cleanup(func() { tree.Close() })
		f(t, wrap(tree), dir)
	}
	t.Run("kernel", func(t *testing.T) { open(t, func(r rootfs.FS) rootfs.FS { return r }) })
	t.Run("walk", func(t *testing.T) { open(t, rootfs.WithoutOpenat2) })
	t.Run("faultfs", func(t *testing.T) {
		open(t, func(r rootfs.FS) rootfs.FS { return faultfs.Wrap(r, faultfs.Options{}) })
	})
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func write(t *testing.T, tree rootfs.FS, name, text string) {
	t.Helper()
	must(t, rootfs.MkdirAll(tree, filepath.Dir(name), 0o755))
	f, err := tree.Create(name, 0o644)
	must(t, err)
	_, err = io.WriteString(f, text)
	must(t, err)
	must(t, f.Close())
}

// TestNothingOutside tries to get out of the tree by every way that links offer.
func TestNothingOutside(t *testing.T) {
	each(t, func(t *testing.T, tree rootfs.FS, dir string) {
		outside := filepath.Join(filepath.Dir(dir), "outside")
		must(t, os.Mkdir(outside, 0o755))
		must(t, os.WriteFile(filepath.Join(outside, "f"), []byte("precious"), 0o644))
		must(t, tree.Symlink(outside, "abs"))
		must(t, tree.Symlink("../../../../../.."+outside, "rel"))
		must(t, tree.Symlink("../outside", "near"))
		must(t, tree.Symlink("near", "chain"))
		for _, link := range []string{"abs", "rel", "near", "chain"} {
			if _, err := tree.Create(link+"/new", 0o644); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("create through %s: %v", link, err)
			}
			if _, err := tree.Open(link + "/f"); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("open through %s: %v", link, err)
			}
			if err := tree.Unlink(link + "/f"); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("unlink through %s: %v", link, err)
			}
			if _, err := tree.Stat(link); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("stat of %s: %v", link, err)
			}
		}
		// Inside of the tree the absolute link means something.
		must(t, rootfs.MkdirAll(tree, outside[1:], 0o755))
		write(t, tree, "abs/new", "inside")
		if b, err := os.ReadFile(filepath.Join(dir, outside, "new")); string(b) != "inside" {
			t.Errorf("an absolute link does not begin at the tree: %q, %v", b, err)
		}
		entries, err := os.ReadDir(outside)
		if err != nil || len(entries) != 1 {
			t.Errorf("outside has changed: %v, %v", entries, err)
		}
	})
}

func TestBadNames(t *testing.T) {
	each(t, func(t *testing.T, tree rootfs.FS, dir string) {
		for _, name := range []string{"", "..", "a/../b", "../x", "a\x00b", "/.."} {
			if err := tree.Mkdir(name, 0o755); err == nil {
				t.Errorf("mkdir %q was accepted", name)
			}
			if err := tree.Rename("x", name); err == nil {
				t.Errorf("rename to %q was accepted", name)
			}
		}
		must(t, tree.Mkdir("/slash//", 0o755))
	})
}

func TestLastElementIsNotFollowed(t *testing.T) {
	each(t, func(t *testing.T, tree rootfs.FS, dir string) {
		write(t, tree, "file", "x")
		must(t, tree.Symlink("file", "link"))
		if i, err := tree.Lstat("link"); err != nil || !i.IsSymlink() {
			t.Errorf("lstat: %+v, %v", i, err)
		}
		if i, err := tree.Stat("link"); err != nil || !i.IsRegular() {
			t.Errorf("stat: %+v, %v", i, err)
		}
		if _, err := tree.Open("link"); !errors.Is(err, rootfs.ErrType) {
			t.Errorf("open of a link: %v", err)
		}
		if _, err := tree.Create("link", 0o644); !errors.Is(err, fs.ErrExist) {
			t.Errorf("create over a link: %v", err)
		}
		must(t, tree.Link("link", "hard"))
		if target, err := tree.Readlink("hard"); err != nil || target != "file" {
			t.Errorf("a hard link of a link: %q, %v", target, err)
		}
		stamp := time.Unix(1700000000, 123456789)
		must(t, tree.Lutimes("link", stamp))
		if i, _ := tree.Lstat("link"); !i.MTime.Equal(stamp) {
			t.Errorf("the link's time is %v", i.MTime)
		}
		if i, _ := tree.Lstat("file"); i.MTime.Equal(stamp) {
			t.Error("the link was followed")
		}
		if err := tree.Chmod("link", 0); err == nil {
			t.Error("the mode of a link was changed")
		}
		must(t, tree.Unlink("link"))
		if ok, err := rootfs.Exists(tree, "file"); !ok || err != nil {
			t.Error("unlink followed the link")
		}
	})
}

func TestModesIgnoreUmask(t *testing.T) {
	each(t, func(t *testing.T, tree rootfs.FS, dir string) {
		must(t, tree.Mkdir("d", 0o1777))
		f, err := tree.Create("f", 0o4755)
		must(t, err)
		must(t, f.SetModTime(time.Unix(5, 7)))
		must(t, f.Close())
		must(t, tree.Mknod("p", rootfs.FIFO|0o666, 0))
		for name, want := range map[string]uint32{"d": rootfs.Dir | 0o1777, "f": rootfs.Regular | 0o4755, "p": rootfs.FIFO | 0o666} {
			if i, err := tree.Lstat(name); err != nil || i.Mode != want {
				t.Errorf("%s has mode %o, want %o (%v)", name, i.Mode, want, err)
			}
		}
		if i, _ := tree.Lstat("f"); !i.MTime.Equal(time.Unix(5, 7)) {
			t.Errorf("the time is %v", i.MTime)
		}
		if _, err := tree.Open("p"); !errors.Is(err, rootfs.ErrType) {
			t.Errorf("open of a FIFO: %v", err)
		}
	})
}

func TestResolve(t *testing.T) {
	each(t, func(t *testing.T, tree rootfs.FS, dir string) {
		must(t, rootfs.MkdirAll(tree, "usr/lib64", 0o755))
		must(t, tree.Symlink("usr/lib64", "lib"))
		must(t, tree.Symlink("/usr", "usr/back"))
		must(t, tree.Symlink("../../../..", "usr/up"))
		must(t, tree.Symlink("b", "a"))
		must(t, tree.Symlink("a", "b"))
		write(t, tree, "plain", "")
		for name, want := range map[string]string{
			"lib": "lib", "lib/x": "usr/lib64/x", "usr/back/back/lib64/x/y": "usr/lib64/x/y",
			"usr/up/lib/x": "usr/lib64/x", "no/such/dir": "no/such/dir", ".": ".", "plain/x": "plain/x",
		} {
			if got, err := tree.Resolve(name); err != nil || got != want {
				t.Errorf("%s resolves to %s, want %s (%v)", name, got, want, err)
			}
		}
		if _, err := tree.Resolve("a/x"); err == nil {
			t.Error("a circle of links was resolved")
		}
	})
}

func TestExchangeAndRename(t *testing.T) {
	each(t, func(t *testing.T, tree rootfs.FS, dir string) {
		write(t, tree, "a/one", "1")
		write(t, tree, "b/two", "2")
		err := tree.Exchange("a", "b")
		if errors.Is(err, errors.ErrUnsupported) {
			t.Skip("the file system of the temporary directory cannot exchange names")
		}
		must(t, err)
		if b, err := rootfs.ReadFile(tree, "a/two"); string(b) != "2" {
			t.Errorf("%q, %v", b, err)
		}
		must(t, tree.Rename("a/two", "b/one"))
		if names, err := tree.ReadDir("b"); !reflect.DeepEqual(names, []string{"one"}) {
			t.Errorf("%v, %v", names, err)
		}
		err = tree.Rename("nothing", "b/x")
		var pe *fs.PathError
		if !errors.As(err, &pe) || !strings.Contains(err.Error(), "nothing -> b/x") || !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%v", err)
		}
	})
}

func TestWriteFileReplaces(t *testing.T) {
	each(t, func(t *testing.T, tree rootfs.FS, dir string) {
		must(t, tree.Mkdir("etc", 0o755))
		must(t, rootfs.WriteFile(tree, "etc/f", []byte("one"), 0o600))
		must(t, tree.Link("etc/f", "copy"))
		must(t, rootfs.WriteFile(tree, "etc/f", []byte("two"), 0o640))
		if b, _ := rootfs.ReadFile(tree, "copy"); string(b) != "one" {
			t.Errorf("the old file was changed in place: %q", b)
		}
		if b, _ := rootfs.ReadFile(tree, "etc/f"); string(b) != "two" {
			t.Errorf("%q", b)
		}
		if i, _ := tree.Lstat("etc/f"); i.Perm() != 0o640 {
			t.Errorf("mode %o", i.Perm())
		}
		if names, _ := tree.ReadDir("etc"); len(names) != 1 {
			t.Errorf("something is left: %v", names)
		}
	})
}

func TestRemoveAllKeepsTargets(t *testing.T) {
	each(t, func(t *testing.T, tree rootfs.FS, dir string) {
		write(t, tree, "keep/f", "x")
		write(t, tree, "gone/sub/g", "x")
		must(t, tree.Symlink("/keep", "gone/sub/link"))
		must(t, rootfs.RemoveAll(tree, "gone"))
		must(t, rootfs.RemoveAll(tree, "gone"))
		var seen []string
		must(t, rootfs.Walk(tree, ".", func(name string, i rootfs.Info) error {
			seen = append(seen, name)
			return nil
		}))
		if want := []string{".", "keep", "keep/f"}; !reflect.DeepEqual(seen, want) {
			t.Errorf("left: %v, want %v", seen, want)
		}
	})
}

func TestXattr(t *testing.T) {
	each(t, func(t *testing.T, tree rootfs.FS, dir string) {
		write(t, tree, "f", "x")
		err := tree.Setxattr("f", "user.test", []byte("value"))
		if errors.Is(err, errors.ErrUnsupported) {
			t.Skip("the file system of the temporary directory has no extended attributes")
		}
		must(t, err)
		names, err := tree.Listxattr("f")
		must(t, err)
		if !strings.Contains(strings.Join(names, " "), "user.test") {
			t.Errorf("names: %v", names)
		}
		if v, err := tree.Getxattr("f", "user.test"); string(v) != "value" {
			t.Errorf("%q, %v", v, err)
		}
	})
}

func TestLock(t *testing.T) {
	each(t, func(t *testing.T, tree rootfs.FS, dir string) {
		ctx := context.Background()
		unlock, err := tree.Lock(ctx, "lock", rootfs.LockOptions{Remove: true})
		must(t, err)
		var locked *rootfs.LockedError
		if _, err := tree.Lock(ctx, "lock", rootfs.LockOptions{NoWait: true}); !errors.As(err, &locked) {
			t.Fatalf("a second lock: %v", err)
		}
		if !strings.Contains(locked.Error(), "process") || !strings.Contains(locked.Error(), filepath.Join(dir, "lock")) {
			t.Errorf("the error does not say who and what: %v", locked)
		}
		short, cancel := context.WithTimeout(ctx, 20*time.Millisecond)
		defer cancel()
		if _, err := tree.Lock(short, "lock", rootfs.LockOptions{}); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("the wait did not end: %v", err)
		}
		got := make(chan error, 1)
		waiting := make(chan string, 1)
		go func() {
			second, err := tree.Lock(ctx, "lock", rootfs.LockOptions{Remove: true, Waiting: func(h string) { waiting <- h }})
			if err == nil {
				err = second()
			}
			got <- err
		}()
		<-waiting
		must(t, unlock())
		must(t, <-got)
		if ok, _ := rootfs.Exists(tree, "lock"); ok {
			t.Error("the file of the lock is still there")
		}
	})
}

func TestSpaceAndSync(t *testing.T) {
	each(t, func(t *testing.T, tree rootfs.FS, dir string) {
		s, err := tree.Space(".")
		if err != nil || s.Bytes <= 0 {
			t.Errorf("%+v, %v", s, err)
		}
		must(t, tree.SyncDir("."))
		must(t, tree.SyncFS("."))
	})
}

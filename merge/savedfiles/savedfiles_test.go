package savedfiles_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/portsolve/portsolve/internal/rootfs"
	"github.com/portsolve/portsolve/internal/rootfs/faultfs"
	"github.com/portsolve/portsolve/merge/savedfiles"
)

func put(t *testing.T, root, name, text string) {
	t.Helper()
	path := filepath.Join(root, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func open(t *testing.T) (rootfs.FS, string) {
	t.Helper()
	root := t.TempDir()
	tree, err := rootfs.Open(root)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { tree.Close() })
	return tree, root
}

func list(t *testing.T, tree rootfs.FS) (files []savedfiles.File, names string) {
	t.Helper()
	files, err := savedfiles.List(tree)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		names += f.Package + ":" + f.Name + " "
	}
	return files, strings.TrimSpace(names)
}

func text(root, name string) string {
	text, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		return "-"
	}
	return string(text)
}

func TestListRestoreRemove(t *testing.T) {
	tree, root := open(t)
	if _, names := list(t, tree); names != "" {
		t.Errorf("in an empty ROOT there is %s", names)
	}
	put(t, root, savedfiles.Dir+"/a/b-1/usr/share/x", "mine")
	put(t, root, savedfiles.Dir+"/a/b-1.1/usr/share/x", "mine, later")
	put(t, root, savedfiles.Dir+"/a/c-1/opt/gone", "gone")
	put(t, root, savedfiles.Dir+"/stray", "not from a merge")
	put(t, root, "usr/share/x", "the package's")
	files, names := list(t, tree)
	if names != "a/c-1:opt/gone a/b-1:usr/share/x a/b-1.1:usr/share/x" {
		t.Fatal(names)
	}
	for range 2 { // there and back
		if err := savedfiles.Restore(tree, files[1]); err != nil {
			t.Fatal(err)
		}
		now, kept := text(root, "usr/share/x"), text(root, files[1].Copy)
		if now+"/"+kept != "mine/the package's" && now+"/"+kept != "the package's/mine" {
			t.Errorf("there is %q, and saved %q", now, kept)
		}
	}
	if got := text(root, "usr/share/x"); got != "the package's" {
		t.Errorf("a second restore does not take the first one back: %s", got)
	}
	if err := savedfiles.Restore(tree, files[0]); err != nil || text(root, "opt/gone") != "gone" {
		t.Errorf("%v: %s", err, text(root, "opt/gone"))
	}
	if _, err := os.Stat(filepath.Join(root, savedfiles.Dir, "a/c-1")); err == nil {
		t.Error("an empty directory is left")
	}
	for _, f := range files[1:] {
		if err := savedfiles.Remove(tree, f); err != nil {
			t.Fatal(err)
		}
	}
	if _, names := list(t, tree); names != "" || text(root, savedfiles.Dir+"/stray") == "-" {
		t.Errorf("left is %s", names)
	}
}

// What List did not find is not touched.
func TestRefuses(t *testing.T) {
	tree, root := open(t)
	put(t, root, "etc/passwd", "root")
	put(t, root, savedfiles.Dir+"/a/b-1/usr/x", "mine")
	if err := os.MkdirAll(filepath.Join(root, "usr/x"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, f := range []savedfiles.File{
		{Name: "etc/passwd", Copy: "etc/passwd"},
		{Name: "x", Copy: savedfiles.Dir + "/../../../../etc/passwd", Package: "../../../../etc/passwd"},
		{Name: "../../../../../../etc/passwd", Copy: "etc/passwd", Package: "a/b-1"},
		{Name: "usr/x", Copy: savedfiles.Dir + "/a/b-1/usr/x", Package: "a/b-1"}, // a directory is there now
		{Name: "usr", Copy: savedfiles.Dir + "/a/b-1/usr", Package: "a/b-1"},
	} {
		if err := savedfiles.Restore(tree, f); err == nil {
			t.Errorf("%v was restored", f)
		}
	}
	if text(root, "etc/passwd") != "root" || text(root, savedfiles.Dir+"/a/b-1/usr/x") != "mine" {
		t.Error("something was touched")
	}
}

// Killed before each of its calls, Restore has lost neither of the two.
func TestKilled(t *testing.T) {
	for at := 1; ; at++ {
		tree, root := open(t)
		put(t, root, savedfiles.Dir+"/a/b-1/usr/x", "mine")
		put(t, root, "usr/x", "the package's")
		files, _ := list(t, tree)
		broken := faultfs.Wrap(tree, faultfs.Options{At: at, Kind: faultfs.Kill})
		err := savedfiles.Restore(broken, files[0])
		if all := text(root, "usr/x") + "/" + text(root, files[0].Copy); all != "mine/the package's" && all != "the package's/mine" {
			t.Errorf("killed before call %d: %s", at, all)
		}
		if err == nil {
			if at < 2 {
				t.Error("nothing was made to fail")
			}
			return
		}
	}
}

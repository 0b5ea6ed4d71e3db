package owners

import (
	"reflect"
	"testing"

	"github.com/portsolve/portsolve/internal/rootfs"
	"github.com/portsolve/portsolve/vdb"
)

func TestOwnersThroughLinks(t *testing.T) {
	tree, err := rootfs.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer tree.Close()
	if err := rootfs.MkdirAll(tree, "usr/lib64/sub", 0o755); err != nil {
		t.Fatal(err)
	}
	for target, name := range map[string]string{"usr/lib": "lib", "lib64": "usr/lib", "/nowhere": "usr/gone"} {
		if err := tree.Symlink(target, name); err != nil {
			t.Fatal(err)
		}
	}
	r := NewResolver(tree)
	for path, want := range map[string]string{
		"/lib/sub/x": "usr/lib64/sub/x", "/lib": "lib", "/usr/gone/x": "nowhere/x", "/no/such/dir": "no/such/dir", "/x": "x",
	} {
		if got, err := r.Name(path); err != nil || got != want {
			t.Errorf("%s is %s, want %s (%v)", path, got, want, err)
		}
	}
	x := NewIndex()
	add := func(cpv string, paths ...string) {
		var list vdb.Contents
		for _, p := range paths {
			list = append(list, vdb.Content{Path: p})
		}
		if err := x.Add(cpv, list, r); err != nil {
			t.Fatal(err)
		}
	}
	add("a/b-1", "/lib/x", "/lib/x", "/usr/lib/y")
	add("c/d-1", "/usr/lib64/x")
	add("e/f-1", "/usr/lib/x")
	check := func(name string, want ...string) {
		t.Helper()
		if got := x.Owners(name, "e/f-1"); !reflect.DeepEqual(got, want) {
			t.Errorf("owners of %s: %v, want %v", name, got, want)
		}
	}
	check("usr/lib64/x", "a/b-1", "c/d-1")
	check("usr/lib64/y", "a/b-1")
	check("usr/lib64/z")
	x.Remove("a/b-1")
	check("usr/lib64/x", "c/d-1")
	check("usr/lib64/y")
	r.Set("usr/gone", "usr/gone")
	if got, _ := r.Name("/usr/gone/x"); got != "usr/gone/x" {
		t.Errorf("Set had no effect: %s", got)
	}
}

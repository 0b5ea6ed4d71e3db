package cfgmem

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/portsolve/portsolve/internal/rootfs/faultfs"
	"github.com/portsolve/portsolve/vdb"
)

// TestFaults makes every call that writes fail: the user's file, the memory and the
// pending updates are as before or as after, and doing it again ends it.
func TestFaults(t *testing.T) {
	update := Update{"etc/._cfg0001_a.conf", "etc/a.conf", 1}
	offered := func(m *Memory) *Memory { m.Set("/etc/a.conf", sum("new")); return m }
	for what, do := range map[string]func(f *faultfs.FS) error{
		"accept": func(f *faultfs.FS) error { return Accept(f, update) },
		"reject": func(f *faultfs.FS) error { return Reject(f, update) },
		"remember": func(f *faultfs.FS) error {
			m, err := Read(f)
			if err != nil {
				return err
			}
			return offered(m).Write(vdb.State{FS: f})
		},
	} {
		for _, kind := range []faultfs.Kind{faultfs.Kill, faultfs.NoSpc, faultfs.Short} {
			for at := 1; ; at++ {
				tree, root := tree(t)
				write(t, root, "etc/a.conf", "mine")
				write(t, root, "etc/._cfg0000_a.conf", "older")
				write(t, root, "etc/._cfg0001_a.conf", "new")
				write(t, root, File, "/etc/b "+sum("b")+"\n")
				f := faultfs.Wrap(tree, faultfs.Options{At: at, Kind: kind})
				failed := do(f)
				text := func(name string) string { b, _ := os.ReadFile(filepath.Join(root, name)); return string(b) }
				live, pending, memory := text("etc/a.conf"), text("etc/._cfg0001_a.conf"), text(File)
				known := "/etc/b " + sum("b") + "\n"
				switch {
				case live != "mine" && (what != "accept" || live != "new"):
					t.Errorf("%s, %s at call %d: the file is %q", what, kind, at, live)
				case what != "reject" && live != "new" && pending != "new":
					t.Errorf("%s, %s at call %d: the update is lost", what, kind, at)
				case memory != known && (what != "remember" || memory != known+"/etc/a.conf "+sum("new")+"\n"):
					t.Errorf("%s, %s at call %d: the memory is %q", what, kind, at, memory)
				case failed == nil && (what == "accept" && live != "new" || what == "reject" && pending != "" || what == "remember" && memory == known):
					t.Errorf("%s, %s at call %d: no error and nothing done", what, kind, at)
				}
				if f.Count() < at {
					break
				}
			}
		}
	}
}

package merge

import (
	"io/fs"
	"os"
	"path"
	"strings"
	"syscall"
	"testing"

	"github.com/portsolve/portsolve/internal/rootfs"
	"github.com/portsolve/portsolve/internal/rootfs/faultfs"
)

// mounted is a tree some of whose directories are mounts of their own: they have
// another number, and nothing can be renamed or linked between them.
type mounted struct {
	rootfs.FS
	points []string
}

func (m mounted) mount(name string) uint64 {
	var id uint64 = 1
	for i, p := range m.points {
		if rootfs.Below(name, p) {
			id = uint64(i + 2)
		}
	}
	return id
}

func (m mounted) Mount(name string) (uint64, error) {
	if _, err := m.FS.Mount(name); err != nil {
		return 0, err
	}
	resolved, err := m.Resolve(name + "/x")
	return m.mount(path.Dir(resolved)), err
}

func (m mounted) across(op, a, b string) error {
	ra, err := m.Resolve(a)
	if err != nil {
		return err
	}
	rb, err := m.Resolve(b)
	if err == nil && m.mount(path.Dir(ra)) != m.mount(path.Dir(rb)) {
		err = &fs.PathError{Op: op, Path: a + " -> " + b, Err: syscall.EXDEV}
	}
	return err
}

func (m mounted) Rename(a, b string) error {
	if err := m.across("rename", a, b); err != nil {
		return err
	}
	return m.FS.Rename(a, b)
}

func (m mounted) Link(a, b string) error {
	if err := m.across("link", a, b); err != nil {
		return err
	}
	return m.FS.Link(a, b)
}

func (m mounted) Exchange(a, b string) error {
	if err := m.across("exchange", a, b); err != nil {
		return err
	}
	return m.FS.Exchange(a, b)
}

var mountsOld = pack{cpv: "app-mc/mounts-1", files: `
	file usr/bin/x one 755
	file usr/share/h1 hard
	hard usr/share/h2 usr/share/h1
	file opt/app/h3 hard3
	hard opt/app/h4 opt/app/h3
	file opt/app/gone gone
	file opt/app/changed original
	file etc/x.conf default1
	file var/db2/data data`}

var mountsNew = pack{cpv: "app-mc/mounts-2", time: 1600000100, files: `
	file usr/bin/x two 755
	file usr/share/h1 newhard
	hard usr/share/h2 usr/share/h1
	file opt/app/h3 newhard3
	hard opt/app/h4 opt/app/h3
	file opt/app/new/deep/f f
	file opt/app/changed newer
	file etc/x.conf default2
	file var/db2/data data2`}

// TestOtherMounts has /usr, /opt and /var on file systems of their own, in several
// combinations: an upgrade works, keeps hard links, and fails as it should.
func TestOtherMounts(t *testing.T) {
	for _, points := range [][]string{{"opt"}, {"usr"}, {"var"}, {"usr", "opt", "var/db", "etc"}} {
		t.Run(strings.Join(points, " "), func(t *testing.T) {
			pristine := newWorld(t)
			for _, d := range points {
				if err := os.MkdirAll(pristine.path(d), 0o755); err != nil {
					t.Fatal(err)
				}
			}
			on := func(f rootfs.FS) rootfs.FS { return mounted{f, points} }
			pristine.fs = on
			pristine.merge(mountsOld)
			pristine.put("opt/app/changed", "edited")
			pristine.put("etc/x.conf", "edited")
			plan := pristine.plan(mountsNew)
			before := pristine.snapshot()
			good := pristine.copy(t)
			var counted *faultfs.FS
			good.fs = func(f rootfs.FS) rootfs.FS { counted = faultfs.Wrap(on(f), faultfs.Options{}); return counted }
			if _, err := good.run(plan); err != nil {
				t.Fatal(err)
			}
			after := good.snapshot()
			for name, want := range map[string]string{"usr/bin/x": "two", "opt/app/changed": "newer", "opt/app/new/deep/f": "f", "etc/._cfg0000_x.conf": "default2"} {
				if got := good.content(name); got != want {
					t.Errorf("%s: %s", name, got)
				}
			}
			if !strings.Contains(after, `"edited"`) || strings.Count(after, `"edited"`) != 2 {
				t.Error("an edited file is lost")
			}
			for _, pair := range [][2]string{{"usr/share/h1", "usr/share/h2"}, {"opt/app/h3", "opt/app/h4"}} {
				a, err := os.Stat(good.path(pair[0]))
				b, err2 := os.Stat(good.path(pair[1]))
				if err != nil || err2 != nil || !os.SameFile(a, b) {
					t.Errorf("%v are no hard links any more: %v, %v", pair, err, err2)
				}
			}
			if left := good.leftovers(); left != "" {
				t.Errorf("something is left:\n%s", left)
			}
			pristine.inner = on
			for at, n := 1, counted.Count(); at <= n; at += 47 {
				for _, f := range []fault{{faultfs.Kill, at, at, 0}, {faultfs.IO, at + 5, at + 5, 0}} {
					pristine.copy(t).fail(plan, f, before, after)
				}
				if t.Failed() {
					return
				}
			}
			good.unmerge("app-mc/mounts-2")
		})
	}
}

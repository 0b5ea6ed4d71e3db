package merge

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/portsolve/portsolve/internal/rootfs"
	"github.com/portsolve/portsolve/internal/rootfs/faultfs"
)

// faultCase is a step during which everything fails once.
type faultCase struct {
	name  string
	setup func(w *world) // what is there before
	plan  func(w *world) *Plan
}

var faultOld = pack{cpv: "app-mc/many-1", files: `
	dir usr
	dir usr/bin
	file usr/bin/many one 755
	dir usr/share
	dir usr/share/many
	file usr/share/many/gone gone
	file usr/share/many/same same
	file usr/share/many/changed original
	link usr/share/many/link same
	file usr/share/many/type file
	dir etc
	file etc/many.conf default1
	file etc/plain.conf plain1
	file usr/share/many/h1 hard
	hard usr/share/many/h2 usr/share/many/h1`}

var faultNew = pack{cpv: "app-mc/many-2", time: 1600000100, files: `
	dir usr
	dir usr/bin
	file usr/bin/many two 755
	dir usr/share
	dir usr/share/many
	file usr/share/many/same same
	file usr/share/many/changed newer
	link usr/share/many/link new
	dir usr/share/many/type
	file usr/share/many/type/inside x
	file usr/share/many/new new
	dir usr/share/fresh
	file usr/share/fresh/a a
	file usr/share/fresh/b b
	dir etc
	file etc/many.conf default2
	file etc/plain.conf plain2
	file usr/share/many/h1 hard2
	hard usr/share/many/h2 usr/share/many/h1`}

func faultCases() []faultCase {
	group := func(w *world) *Plan {
		p := w.plan(
			simple("app-mc/g-1", "dir usr\ndir usr/lib\ndir usr/lib/g\nfile usr/lib/g/a a\nlink usr/lib/g/l a\ndir etc\nfile etc/g.conf g"),
			simple("app-mc/h-1", "dir usr\ndir usr/lib\ndir usr/lib/g\ndir usr/lib/g/sub\nfile usr/lib/g/sub/b b\nfile usr/lib/g/c c"),
			simple("app-mc/i-1", "dir usr\ndir usr/share\ndir usr/share/grouped\nfile usr/share/grouped/d d\ndir usr/lib\ndir usr/lib/g\nfile usr/lib/g/e e"))
		p.Steps[2].Select = []string{"app-mc/i"}
		return p
	}
	edit := func(w *world) {
		w.put("etc/many.conf", "mine")
		w.put("usr/share/many/changed", "edited")
		w.put("home/user/file", "precious")
	}
	return []faultCase{
		{"install", func(w *world) { w.put("usr/share/many/changed", "nobody's") }, func(w *world) *Plan { return w.plan(faultOld) }},
		{"upgrade", func(w *world) { w.merge(faultOld); edit(w) }, func(w *world) *Plan { return w.plan(faultNew) }},
		{"reinstall", func(w *world) { w.merge(faultNew); edit(w) }, func(w *world) *Plan { return w.plan(faultNew) }},
		{"uninstall", func(w *world) { w.merge(faultOld); edit(w) }, func(w *world) *Plan {
			return &Plan{Steps: []Step{{Action: Uninstall, CPV: "app-mc/many-1", Deselect: []string{"app-mc/many"}}}}
		}},
		{"two", func(w *world) { w.merge(faultOld); edit(w) }, func(w *world) *Plan {
			p := w.plan(faultNew, basic1)
			p.Steps[1].Select = []string{"app-mc/basic"}
			return p
		}},
		// Three packages that share a sync and a directory that is not there yet.
		{"group", func(w *world) { w.merge(basic1); w.put("usr/share/grouped/mine", "precious") }, group},
		{"group, --keep-going", func(w *world) { w.merge(basic1); w.o.KeepGoing = true }, group},
	}
}

// snapshot is all of ROOT that must be as it was, or as it will be: contents and modes
// of all files, the entries of the package database with what they own.
func (w *world) snapshot() string {
	w.t.Helper()
	var b strings.Builder
	err := filepath.WalkDir(w.root, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, _ := filepath.Rel(w.root, p)
		base := filepath.Base(name)
		if name == "etc" || name == "tmp" || madeByEnvUpdate(name) || strings.HasSuffix(name, "portage_lockfile") || strings.HasSuffix(name, rootfs.TempSuffix) || base == "COUNTER" || base == "counter" ||
			base == "metadata" && strings.HasPrefix(name, "var/db/pkg") {
			return nil
		}
		if d.IsDir() && strings.HasPrefix(name, "var") {
			return nil // made on the way and harmless
		}
		i, err := d.Info()
		if err != nil {
			return err
		}
		text := ""
		switch {
		case d.Type() == fs.ModeSymlink:
			text, err = os.Readlink(p)
		case d.Type().IsRegular():
			var raw []byte
			raw, err = os.ReadFile(p)
			text = string(raw)
			if name == "var/lib/portage/config" && text == "" || name == "var/lib/portage/world" && text == "" || name == "var/lib/portage/preserved_libs_registry" && text == "" {
				return nil
			}
		}
		fmt.Fprintf(&b, "%s %v %q\n", name, i.Mode(), text)
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return b.String()
}

// fault is a place and a way to fail.
type fault struct {
	kind faultfs.Kind
	at   int
	last int
	then int // killed at this call, too
}

// TestFaults makes every call of the file system fail in every way: the process is
// killed, the disk is full (once, and from then on), the disk is broken, a write is
// short, the power is cut and what was not made durable is lost. Then the next run
// starts: after Recover ROOT must be as before or as after, and after the plan's second
// run as after. PORTSOLVE_FAULTS=all does it at every call, PORTSOLVE_FAULTS=5 in every
// fifth place, and without it in a few.
func TestFaults(t *testing.T) {
	total, all, every := 0, 0, 101
	if text := os.Getenv("PORTSOLVE_FAULTS"); text == "all" {
		every = 1
	} else if n, err := strconv.Atoi(text); err == nil && n > 0 {
		every = n
	}
	for _, c := range faultCases() {
		t.Run(c.name, func(t *testing.T) {
			pristine := newWorld(t)
			c.setup(pristine)
			plan := c.plan(pristine)
			before := pristine.snapshot()
			count := 0
			good := pristine.copy(t)
			counting := func(f rootfs.FS) rootfs.FS { return faultfs.Wrap(f, faultfs.Options{}) }
			var counted *faultfs.FS
			good.fs = func(f rootfs.FS) rootfs.FS { counted = counting(f).(*faultfs.FS); return counted }
			if _, err := good.run(plan); err != nil {
				t.Fatal(err)
			}
			count = counted.Count()
			after := good.snapshot()
			if before == after {
				t.Fatal("the step does nothing")
			}
			if left := good.leftovers() + good.emptyDirs(); left != "" {
				t.Fatalf("something is left:\n%s", left)
			}
			for at := 1; at <= count; at++ {
				for _, f := range []fault{
					{faultfs.Kill, at, at, 0}, {faultfs.Cut, at, at, 0}, {faultfs.NoSpc, at, at, 0}, {faultfs.NoSpc, at, 1 << 30, 0},
					{faultfs.IO, at, at, 0}, {faultfs.IO, at, at + 3, 0}, {faultfs.Short, at, at, 0},
					// An error, and a kill while what was done is taken back.
					{faultfs.IO, at, at, at + 1 + at%7}, {faultfs.NoSpc, at, at, at + 9 + at%19},
				} {
					all++
					if (at*7+int(f.kind)*3+f.last%11+f.then)%every != 0 {
						continue
					}
					total++
					pristine.copy(t).fail(plan, f, before, after)
					if t.Failed() {
						return
					}
				}
			}
		})
	}
	t.Logf("%d of %d faults", total, all)
	if total < 60 {
		t.Errorf("only %d faults were tried", total)
	}
}

// TestKilledRunLeavesNothing kills the installation and the removal of the only package
// of a category before every call: Recover alone leaves no file and no empty directory
// of the run, whatever step comes next. The sample of TestFaults may miss the few
// calls between the last change and the end.
func TestKilledRunLeavesNothing(t *testing.T) {
	p := simple("app-mc/a-1", "dir usr\nfile usr/a new")
	for _, c := range []faultCase{
		{"install over a file of the administrator", func(w *world) { w.put("usr/a", "mine") }, func(w *world) *Plan { return w.plan(p) }},
		{"install", func(*world) {}, func(w *world) *Plan { return w.plan(p) }},
		{"uninstall", func(w *world) { w.merge(p) }, func(*world) *Plan {
			return &Plan{Steps: []Step{{Action: Uninstall, CPV: "app-mc/a-1", Deselect: []string{"app-mc/a"}}}}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			pristine := newWorld(t)
			c.setup(pristine)
			plan := c.plan(pristine)
			at, count := 1, 1
			for ; at <= count; at++ {
				w := pristine.copy(t)
				var broken *faultfs.FS
				w.fs = func(inner rootfs.FS) rootfs.FS {
					broken = faultfs.Wrap(inner, faultfs.Options{At: at, Kind: faultfs.Kill, Trace: true})
					return broken
				}
				_, _ = w.run(plan)
				if count = broken.Count(); count < at {
					break // it came to its end
				}
				count++
				call := broken.Calls()[at-1]
				if left, err := Interrupted(w.root); err != nil || !left && strings.Contains(w.emptyDirs(), "portsolve") {
					t.Errorf("killed before call %d, %s: nobody looks after what it left: %v", at, call, err)
				}
				w.fs = func(inner rootfs.FS) rootfs.FS { return faultfs.Wrap(inner, faultfs.Options{}) }
				if err := w.recoverAll(); err != nil {
					t.Errorf("killed before call %d, %s: %v", at, call, err)
				}
				if left := w.leftovers() + w.emptyDirs(); left != "" {
					t.Errorf("killed before call %d, %s: left behind:\n%s", at, call, left)
				}
				os.RemoveAll(filepath.Dir(w.root))
			}
			if at < 30 {
				t.Errorf("only %d calls", at)
			}
		})
	}
}

// copy makes a world with a copy of ROOT.
func (w *world) copy(t testing.TB) *world {
	t.Helper()
	dir, err := os.MkdirTemp(filepath.Dir(w.root), "copy")
	if err != nil {
		t.Fatal(err)
	}
	n := *w
	n.t, n.root = t, filepath.Join(dir, "root")
	links := map[any]string{}
	err = filepath.WalkDir(w.root, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, _ := filepath.Rel(w.root, p)
		to := filepath.Join(n.root, name)
		i, err := d.Info()
		if err != nil {
			return err
		}
		switch {
		case d.IsDir():
			return os.Mkdir(to, i.Mode().Perm())
		case d.Type() == fs.ModeSymlink:
			target, err := os.Readlink(p)
			if err != nil {
				return err
			}
			return os.Symlink(target, to)
		}
		if id := inode(i); id != nil {
			if first, ok := links[id]; ok {
				return os.Link(first, to)
			}
			links[id] = to
		}
		text, err := os.ReadFile(p)
		if err != nil {
			return err
		}
		if err := os.WriteFile(to, text, i.Mode().Perm()); err != nil {
			return err
		}
		return os.Chtimes(to, i.ModTime(), i.ModTime())
	})
	if err != nil {
		t.Fatal(err)
	}
	return &n
}

// leftovers are files of transactions and of interrupted merges.
func (w *world) leftovers() string {
	var b strings.Builder
	_ = filepath.WalkDir(w.root, func(p string, d fs.DirEntry, err error) error {
		name, _ := filepath.Rel(w.root, p)
		if strings.HasPrefix(name, "var/lib/portsolve/merge") || strings.Contains(name, "MERGING") ||
			strings.HasPrefix(filepath.Base(name), ".portsolve-") ||
			strings.HasSuffix(name, rootfs.TempSuffix) {
			fmt.Fprintln(&b, name)
		}
		return nil
	})
	return b.String()
}

// emptyDirs are directories of transactions, of saved files and of the package database
// that have nothing in them.
func (w *world) emptyDirs() string {
	var b strings.Builder
	for _, top := range []string{"var/lib/portsolve", "var/db/pkg"} {
		_ = filepath.WalkDir(w.path(top), func(p string, d fs.DirEntry, err error) error {
			if err != nil || !d.IsDir() || p == w.path("var/db/pkg") {
				return nil
			}
			if names, err := os.ReadDir(p); err == nil && len(names) == 0 {
				name, _ := filepath.Rel(w.root, p)
				fmt.Fprintln(&b, name)
			}
			return nil
		})
	}
	return b.String()
}

// fail lets the plan fail and looks at what comes of it.
func (w *world) fail(plan *Plan, f fault, before, after string) {
	w.t.Helper()
	defer os.RemoveAll(filepath.Dir(w.root))
	what := fmt.Sprintf("%v at call %d (to %d, killed at %d)", f.kind, f.at, f.last, f.then)
	var broken *faultfs.FS
	below := w.inner
	if below == nil {
		below = func(f rootfs.FS) rootfs.FS { return f }
	}
	w.fs = func(inner rootfs.FS) rootfs.FS {
		inner = below(inner)
		broken = faultfs.Wrap(inner, faultfs.Options{At: f.at, Last: f.last, Kind: f.kind, KillAt: f.then, Trace: true})
		return broken
	}
	_, failed := w.run(plan)
	call := ""
	if calls := broken.Calls(); len(calls) >= f.at {
		call = calls[f.at-1]
	}
	what += ", " + call
	if f.kind == faultfs.Cut {
		w.losePower(broken.Dirty())
	}
	w.fs = func(inner rootfs.FS) rootfs.FS { return faultfs.Wrap(below(inner), faultfs.Options{}) }
	if failed == nil && f.then == 0 && f.kind != faultfs.Kill && f.kind != faultfs.Cut {
		// The failure did not matter; then everything must be done.
		if got := w.snapshot(); got != after {
			w.t.Errorf("%s: success, but ROOT differs:\n%s", what, diffLines(after, got))
		}
	}
	if err := w.recoverAll(); err != nil {
		w.t.Errorf("%s (%v): recovery: %v", what, failed, err)
		return
	}
	got := w.snapshot()
	if got != before && got != after && len(plan.Steps) == 1 {
		w.t.Errorf("%s (%v): after recovery ROOT is neither as before:\n%s\nnor as after:\n%s", what, failed, diffLines(before, got), diffLines(after, got))
		return
	}
	left := w.leftovers()
	if f.kind == faultfs.Kill || f.kind == faultfs.Cut {
		// A package that is refused leaves its category, as with Portage; what was killed does not.
		left += w.emptyDirs()
	}
	if left != "" {
		w.t.Errorf("%s: after recovery something is left:\n%s", what, left)
	}
	if _, err := w.run(plan); err != nil && !(plan.Steps[0].Action == Uninstall && got == after) {
		w.t.Errorf("%s: the second run: %v", what, err)
		return
	}
	if got := w.snapshot(); got != after {
		w.t.Errorf("%s: after the second run:\n%s", what, diffLines(after, got))
	}
	if left := w.leftovers() + w.emptyDirs(); left != "" {
		w.t.Errorf("%s: after the second run something is left:\n%s", what, left)
	}
}

func (w *world) recoverAll() error {
	tree, err := rootfs.Open(w.root)
	if err != nil {
		return err
	}
	defer tree.Close()
	e, unlock, err := newEngineOn(context.Background(), w.fs(tree), w.target(), w.o)
	if err != nil {
		return err
	}
	_, err = e.recover()
	return errors.Join(err, unlock())
}

// losePower takes the content of all files that were not made durable.
func (w *world) losePower(dirty map[[2]uint64]bool) {
	tree, err := rootfs.Open(w.root)
	if err != nil {
		w.t.Fatal(err)
	}
	defer tree.Close()
	err = rootfs.Walk(tree, ".", func(name string, i rootfs.Info) error {
		if i.IsRegular() && dirty[[2]uint64{i.Dev, i.Ino}] {
			return os.Truncate(w.path(name), 0)
		}
		return nil
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

// diffLines shows the lines that one text has and the other has not.
func diffLines(want, got string) string {
	count := map[string]int{}
	for l := range strings.Lines(want) {
		count[l]++
	}
	for l := range strings.Lines(got) {
		count[l]--
	}
	var b strings.Builder
	for _, text := range []string{want, got} {
		for l := range strings.Lines(text) {
			switch {
			case count[l] > 0 && text == want:
				b.WriteString("  - " + l)
			case count[l] < 0 && text == got:
				b.WriteString("  + " + l)
			}
		}
	}
	return b.String()
}

package vdb

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/portsolve/portsolve/internal/rootfs"
	"github.com/portsolve/portsolve/internal/rootfs/faultfs"
)

// change is a change of the VDB or of the world files, from a state to another.
type change struct {
	what string
	// before makes the state, do changes it; do is repeated after a fault.
	before, do func(t *testing.T, s *Store) error
	// state says in one word what a reader sees: one of old and new.
	state    func(t *testing.T, root string) string
	old, new string
}

func changes(t *testing.T) []change {
	x := cpv(t, "app-mc/x-1")
	put := func(counter int64, use string) func(*testing.T, *Store) error {
		return func(t *testing.T, s *Store) error {
			e := sample(t, "app-mc/x-1", counter)
			e.Files = map[string][]byte{"USE": []byte(use), "SLOT": []byte("0")}
			if err := s.Stage(e); err != nil {
				return err
			}
			if err := s.Sync(x); err != nil {
				return err
			}
			return s.Publish(x, counter)
		}
	}
	nothing := func(*testing.T, *Store) error { return nil }
	edit := func(e WorldEdit) func(*testing.T, *Store) error {
		return func(t *testing.T, s *Store) error { return s.EditWorld(context.Background(), e, nil) }
	}
	return []change{
		{"install", nothing, put(1, "new"), entryState, "none", "new/usr"},
		{"reinstall", put(1, "old"), put(2, "new"), entryState, "old/usr", "new/usr"},
		{"uninstall", put(1, "old"), func(t *testing.T, s *Store) error { return s.Remove(x) }, entryState, "old/usr", "none"},
		{"another owner", put(1, "old"), func(t *testing.T, s *Store) error {
			list, _, err := s.Contents(x)
			if err != nil {
				return err
			}
			return s.SetContents(x, list.Without("/usr"))
		}, entryState, "old/usr", "old/usr/bin"},
		{"world", edit(WorldEdit{Add: []string{"a/b", "c/d"}}), edit(WorldEdit{Add: []string{"a/a"}, Remove: []string{"c/d"}}),
			worldState, "a/b c/d", "a/a a/b"},
	}
}

// entryState is "none" or USE and the first path of the only package, which has to
// be complete.
func entryState(t *testing.T, root string) string {
	t.Helper()
	d, err := Open(context.Background(), Options{Root: root, Workers: 1})
	if err != nil {
		t.Fatal(err)
	}
	all := d.All()
	for _, p := range d.Problems() {
		if !strings.Contains(p.Path, mergingPrefix) {
			t.Errorf("a reader complains: %s", p)
		}
	}
	if len(all) == 0 {
		return "none"
	}
	contents, err := os.ReadFile(filepath.Join(all[0].File, "CONTENTS"))
	lines, problems := ParseContents(contents)
	if err != nil || len(problems) > 0 || len(lines) == 0 {
		t.Fatalf("CONTENTS: %q, %v", contents, err)
	}
	if cache, err := os.ReadFile(filepath.Join(all[0].File, cacheName)); err != nil || !strings.Contains(string(cache), "\n#dir_mtime=") {
		t.Errorf("cache: %q, %v", cache, err)
	}
	return strings.Join(all[0].Use, "") + lines[0].Path
}

func worldState(t *testing.T, root string) string {
	t.Helper()
	w, err := ReadWorld(root)
	if err != nil || len(w.Problems) > 0 {
		t.Error(err, w.Problems)
	}
	var words []string
	for _, a := range w.Atoms {
		words = append(words, a.Text)
	}
	return strings.Join(words, " ")
}

// TestFaults makes every call that writes fail in every way: a reader sees the old
// or the new state and nothing between, and doing it again leads to the new one,
// with nothing left behind.
func TestFaults(t *testing.T) {
	points := 0
	for _, c := range changes(t) {
		for _, kind := range []faultfs.Kind{faultfs.Kill, faultfs.NoSpc, faultfs.Short} {
			at := 1
			for faultAt(t, c, kind, at) {
				at++
			}
			points += at - 1
		}
	}
	t.Logf("%d faults", points)
}

// faultAt does a change with a fault and repairs it; false when there is no call
// with this number.
func faultAt(t *testing.T, c change, kind faultfs.Kind, at int) bool {
	t.Helper()
	s, root := newStore(t)
	real := s.FS
	s.FS = faultfs.Wrap(real, faultfs.Options{}) // does not wait for the disk
	if err := c.before(t, s); err != nil {
		t.Fatal(err)
	}
	faulty := faultfs.Wrap(real, faultfs.Options{At: at, Kind: kind})
	failed := c.do(t, NewStore(State{FS: faulty}))
	got := c.state(t, root)
	if got != c.old && got != c.new || failed == nil && got != c.new {
		t.Errorf("%s, %s at call %d: %q (%v)", c.what, kind, at, got, failed)
	}
	if err := c.do(t, s); err != nil {
		t.Errorf("%s, %s at call %d, again: %v", c.what, kind, at, err)
	}
	if got := c.state(t, root); got != c.new {
		t.Errorf("%s, %s at call %d, again: %q", c.what, kind, at, got)
	}
	if left := litter(root); len(left) > 0 {
		t.Errorf("%s, %s at call %d, again: left %q", c.what, kind, at, left)
	}
	return faulty.Count() >= at
}

// litter are temporary files and -MERGING- directories.
func litter(root string) (left []string) {
	_ = filepath.Walk(root, func(name string, _ os.FileInfo, _ error) error {
		if strings.HasSuffix(name, rootfs.TempSuffix) || strings.HasPrefix(filepath.Base(name), mergingPrefix) {
			left = append(left, name)
		}
		return nil
	})
	return left
}

// TestCounterFaults: whatever happens to the counter file, no number is given twice.
func TestCounterFaults(t *testing.T) {
	for _, kind := range []faultfs.Kind{faultfs.Kill, faultfs.NoSpc, faultfs.IO, faultfs.Short} {
		for at := 1; ; at++ {
			s, root := newStore(t)
			writeFile(t, filepath.Join(root, "var/cache/edb/counter"), "100")
			writeEntry(t, root, "app-mc/a-1", files{"SLOT": "0", "COUNTER": "100"})
			faulty := faultfs.Wrap(s.FS, faultfs.Options{At: at, Kind: kind})
			got, err := NewStore(State{FS: faulty}).NextCounter()
			if err == nil && got != 101 {
				t.Errorf("%s at call %d: %d", kind, at, got)
			}
			next, err2 := s.NextCounter()
			if err2 != nil || err == nil && next <= got || next < 101 || next > 102 {
				t.Errorf("%s at call %d: %d and then %d, %v", kind, at, got, next, err2)
			}
			if left := litter(root); len(left) > 0 {
				t.Errorf("%s at call %d: left %q", kind, at, left)
			}
			if faulty.Count() < at {
				break
			}
		}
	}
}

// TestRemainsOfKilledWriters: the new counter file goes with CleanRemains alone, for the
// next step may need no number; the one of another file when that is written, also if
// it has the content already; and a category with the entry that was on its way out.
func TestRemainsOfKilledWriters(t *testing.T) {
	s, root := newStore(t)
	s.FS = faultfs.Wrap(s.FS, faultfs.Options{})
	writeFile(t, filepath.Join(root, "var/cache/edb/counter"), "100")
	writeFile(t, filepath.Join(root, "var/cache/edb/counter.portsolve-new"), "1")
	writeEntry(t, root, "app-mc/-MERGING-x-1.removed", files{"SLOT": "0"})
	writeEntry(t, root, "app-b/b-1", files{"SLOT": "0", "COUNTER": "1"})
	if err := s.CleanRemains(); err != nil {
		t.Error(err)
	}
	writeFile(t, filepath.Join(root, "var/lib/portage/world"), "a/b\n")
	writeFile(t, filepath.Join(root, "var/lib/portage/world.portsolve-new"), "a/")
	if err := s.EditWorld(context.Background(), WorldEdit{Add: []string{"a/b"}}, nil); err != nil {
		t.Error(err)
	}
	if left := litter(root); len(left) > 0 {
		t.Errorf("left %q", left)
	}
	if _, err := os.Stat(filepath.Join(root, "var/db/pkg/app-mc")); err == nil {
		t.Error("the empty category is left")
	}
	if _, err := os.Stat(filepath.Join(root, "var/db/pkg/app-b/b-1/SLOT")); err != nil {
		t.Error(err)
	}
	if text, err := os.ReadFile(filepath.Join(root, "var/cache/edb/counter")); string(text) != "100" {
		t.Errorf("counter %q, %v", text, err)
	}
}

// noExchange is a file system without RENAME_EXCHANGE.
type noExchange struct{ rootfs.FS }

func (noExchange) Exchange(string, string) error { return errors.ErrUnsupported }

// TestReinstallWithoutExchange kills a reinstall where it takes two renames: the
// package may be missing between them, and comes back with the rerun.
func TestReinstallWithoutExchange(t *testing.T) {
	c := changes(t)[1]
	for at := 1; ; at++ {
		s, root := newStore(t)
		real := noExchange{s.FS}
		s.FS = faultfs.Wrap(real, faultfs.Options{})
		if err := c.before(t, s); err != nil {
			t.Fatal(err)
		}
		faulty := faultfs.Wrap(real, faultfs.Options{At: at, Kind: faultfs.Kill})
		_ = c.do(t, NewStore(State{FS: faulty}))
		if err := s.Publish(cpv(t, "app-mc/x-1"), 2); err != nil && c.state(t, root) != c.old {
			t.Errorf("killed at call %d: %v, %s", at, err, c.state(t, root))
		}
		if err := c.do(t, s); err != nil || c.state(t, root) != c.new {
			t.Errorf("killed at call %d, again: %v, %s", at, err, c.state(t, root))
		}
		if faulty.Count() < at {
			break
		}
	}
}

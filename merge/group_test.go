package merge

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/portsolve/portsolve/internal/rootfs"
)

// TestGroupIsLikeOneByOne merges random packages in one run and in a run each: ROOT,
// the package database and the outcome of every step must be the same.
func TestGroupIsLikeOneByOne(t *testing.T) {
	together := 0
	rapid.Check(t, func(r *rapid.T) {
		dir, err := os.MkdirTemp("", "group-")
		if err != nil {
			r.Fatal(err)
		}
		defer os.RemoveAll(dir)
		one := randomWorld(t, r, filepath.Join(dir, "one"))
		each := *one
		each.root = filepath.Join(dir, "each")
		fillRoot(t, one.root, r)
		packs := randomPacks(r)
		plan := one.plan(packs...)
		if err := os.CopyFS(each.root, os.DirFS(one.root)); err != nil {
			r.Fatal(err)
		}
		syncs, done := 0, 0
		one.fs = func(f rootfs.FS) rootfs.FS { return unsynced{f, &syncs} }
		each.fs = func(f rootfs.FS) rootfs.FS { return unsynced{f, new(int)} }
		report, _ := one.run(plan)
		for i := range plan.Steps {
			single, _ := each.run(&Plan{Steps: plan.Steps[i : i+1]})
			a, b := report.Steps[i], single.Steps[0]
			if a.State != b.State || fmt.Sprint(a.Err) != fmt.Sprint(b.Err) {
				r.Fatalf("%s: together %s (%v), alone %s (%v)", a.Step.CPV, a.State, a.Err, b.State, b.Err)
			}
			if a.State == StateDone {
				done++
			}
			if !slices.Equal(a.Configs, b.Configs) || !slices.Equal(a.Saved, b.Saved) || !slices.Equal(a.Replaced, b.Replaced) {
				r.Fatalf("%s: the reports differ: %+v and %+v", a.Step.CPV, a, b)
			}
		}
		if together += max(0, done-syncs); one.snapshot() != each.snapshot() {
			r.Fatalf("ROOT differs (- one by one, + together):\n%s", diffLines(each.snapshot(), one.snapshot()))
		}
		if left := one.leftovers(); left != "" {
			r.Fatalf("left behind:\n%s", left)
		}
	})
	if together == 0 {
		t.Error("no packages ever shared a sync: nothing was tried")
	}
}

// unsynced is a tree in which syncing costs nothing.
type unsynced struct {
	rootfs.FS
	syncs *int
}

func (u unsynced) SyncFS(string) error  { *u.syncs++; return nil }
func (u unsynced) SyncDir(string) error { return nil }

// TestGroupInterrupted ends the context when the first of three packages that share a
// sync is in place: the others are taken back, and nothing is left of them.
func TestGroupInterrupted(t *testing.T) {
	w := newWorld(t)
	w.merge(basic1) // makes Portage's own files
	before := w.list()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	plan := w.plan(
		simple("app-mc/g-1", "dir usr\nfile usr/g g"),
		simple("app-mc/h-1", "dir usr\ndir usr/h\nfile usr/h/h h"),
		simple("app-mc/i-1", "dir usr\ndir usr/h\nfile usr/h/i i"))
	events := make(chan Event)
	seen := make(chan struct{})
	go func() {
		defer close(seen)
		for ev := range events {
			if ev.Kind == EventFile && ev.CPV == "app-mc/g-1" { // another event of it follows
				cancel()
			}
		}
	}()
	report, err := Run(ctx, plan, w.target(), Options{Events: events})
	<-seen
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	for i, want := range []State{StateDone, StateSkipped, StateSkipped} {
		if got := report.Steps[i].State; got != want {
			t.Errorf("%s is %s, want %s", plan.Steps[i].CPV, got, want)
		}
	}
	if diff := diffLines(before, w.list()); diff != "  + f usr/g g\n" {
		t.Errorf("ROOT:\n%s", diff)
	}
	if left := w.leftovers(); left != "" {
		t.Errorf("left behind:\n%s", left)
	}
}

// TestManySkippedSteps has more packages that wait for one that fails than may be
// unpacked ahead: the package behind them gets its turn.
func TestManySkippedSteps(t *testing.T) {
	w := newWorld(t)
	w.o.KeepGoing = true
	plan := w.plan(simple("app-mc/broken-1", "dir usr\nfile usr/broken x"))
	plan.Steps[0].MD5 = strings.Repeat("0", 32) // is not what it was to be
	for i := range groupPackages + 8 {
		p := w.plan(simple(fmt.Sprintf("app-mc/after%d-1", i), "dir usr\nfile usr/after x"))
		p.Steps[0].After = []int{0}
		plan.Steps = append(plan.Steps, p.Steps...)
	}
	plan.Steps = append(plan.Steps, w.plan(simple("app-mc/free-1", "dir usr\nfile usr/free x")).Steps...)
	done := make(chan *Report)
	go func() { r, _ := w.run(plan); done <- r }()
	select {
	case r := <-done:
		if last := r.Steps[len(r.Steps)-1]; last.State != StateDone {
			t.Errorf("%s is %s: %v", last.Step.CPV, last.State, last.Err)
		}
	case <-time.After(time.Minute):
		t.Fatal("the run hangs")
	}
	w.want("ROOT", "d usr\nf usr/free x")
	if left := w.leftovers(); left != "" {
		t.Errorf("left behind:\n%s", left)
	}
}

func randomWorld(t *testing.T, r *rapid.T, root string) *world {
	w := newWorld(t)
	w.root, w.o.KeepGoing = root, true
	w.settings.Features["collision-protect"] = rapid.Bool().Draw(r, "collision-protect")
	w.settings.Features["protect-owned"] = rapid.Bool().Draw(r, "protect-owned")
	return w
}

// fillRoot makes the files of Portage that the first merge would, and some that an
// administrator may have made.
func fillRoot(t *testing.T, root string, r *rapid.T) {
	for _, d := range []string{"usr", "etc", "var/lib/portage"} {
		if err := os.MkdirAll(filepath.Join(root, d), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, f := range []string{"config", "preserved_libs_registry"} {
		if err := os.WriteFile(filepath.Join(root, "var/lib/portage", f), nil, 0o660); err != nil {
			t.Fatal(err)
		}
	}
	for n := range rapid.IntRange(0, 2).Draw(r, "before") {
		name := filepath.Join(root, "usr", rapid.SampledFrom([]string{"a", "b", "c"}).Draw(r, "name"))
		switch rapid.IntRange(0, 2).Draw(r, "kind") {
		case 0:
			_ = os.Mkdir(name, 0o755)
		case 1:
			_ = os.WriteFile(name, []byte(fmt.Sprint("mine", n)), 0o644)
		case 2:
			_ = os.Symlink(rapid.SampledFrom([]string{"a", "b", "c"}).Draw(r, "target"), name)
		}
	}
}

// randomPacks makes packages of a few paths each, out of so few names that they meet.
func randomPacks(r *rapid.T) []pack {
	packs := make([]pack, rapid.IntRange(2, 5).Draw(r, "packages"))
	for i := range packs {
		kinds := map[string]string{"usr": "dir", "etc": "dir"}
		for range rapid.IntRange(1, 5).Draw(r, "objects") {
			addObject(r, kinds)
		}
		var lines []string
		for name, kind := range kinds {
			switch kind {
			case "dir":
				lines = append(lines, "dir "+name)
			case "file":
				lines = append(lines, "file "+name+" "+rapid.SampledFrom([]string{"x", "y"}).Draw(r, "text"))
			default:
				lines = append(lines, "link "+name+" "+kind)
			}
		}
		slices.SortFunc(lines, func(a, b string) int { return strings.Compare(strings.Fields(a)[1], strings.Fields(b)[1]) })
		name := rapid.SampledFrom([]string{"p", "q", "s", "t", "u", "v"}).Draw(r, "package")
		packs[i] = pack{cpv: fmt.Sprintf("app-mc/%s-%d", name, i), slot: rapid.SampledFrom([]string{"0", "1"}).Draw(r, "slot"), files: strings.Join(lines, "\n")}
	}
	return packs
}

func addObject(r *rapid.T, kinds map[string]string) {
	part := rapid.SampledFrom([]string{"a", "b", "c"})
	name := rapid.SampledFrom([]string{"usr", "usr", "etc"}).Draw(r, "top")
	for range rapid.IntRange(0, 2).Draw(r, "depth") {
		if name = path.Join(name, part.Draw(r, "dir")); kinds[name] == "" {
			kinds[name] = "dir"
		}
		if kinds[name] != "dir" {
			return
		}
	}
	if name = path.Join(name, part.Draw(r, "base")); kinds[name] == "" {
		kinds[name] = rapid.SampledFrom([]string{"file", "file", "dir", "a", "../usr/b", "/usr/c"}).Draw(r, "kind")
	}
}

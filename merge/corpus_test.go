package merge_test

import (
	"path/filepath"
	"testing"

	"github.com/portsolve/portsolve/internal/mergecorpus"
	"github.com/portsolve/portsolve/internal/mergecorpus/corpustest"
)

// TestCorpus runs the scenarios that were recorded from Portage: ROOT and the VDB are
// the same afterwards, or differ exactly as docs/merge-deviations.md says.
func TestCorpus(t *testing.T) {
	scenarios, binpkgs := corpustest.Find(t, "..")
	list, err := mergecorpus.Read(scenarios, nil)
	if err != nil {
		t.Fatal(err)
	}
	deviations, err := mergecorpus.ReadDeviations(filepath.Join("..", "docs", "merge-deviations.md"))
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for _, s := range list {
		known[s.ID()] = true
		t.Run(s.ID(), func(t *testing.T) {
			if why, ok := deviations.Pending[s.ID()]; ok {
				t.Skipf("not settled (docs/merge-deviations.md): %s", why)
			}
			if corpustest.InNamespace(t, len(s.Mounts) > 0) {
				return
			}
			res, err := mergecorpus.Run(t.Context(), t.TempDir(), binpkgs, s)
			corpustest.SkipOrFail(t, err)
			for _, d := range deviations.Judge(s.ID(), res.Differences) {
				t.Error(d)
			}
		})
	}
	for id := range deviations.Lists {
		if !known[id] {
			t.Errorf("docs/merge-deviations.md is about %s, which is no scenario", id)
		}
	}
}

// killStride is the distance between the calls that TestKill kills; mergecheck -kill 1
// takes all of them.
const killStride = 37

// TestKill kills the steps that Portage was killed in, before calls of ours that
// change something: what follows is as if nothing had happened.
func TestKill(t *testing.T) {
	scenarios, binpkgs := corpustest.Find(t, "..")
	list, err := mergecorpus.Read(scenarios, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range list {
		if !s.Killed() {
			continue
		}
		t.Run(s.ID(), func(t *testing.T) {
			sweep, err := mergecorpus.KillSweep(t.Context(), t.TempDir, binpkgs, s, killStride)
			corpustest.SkipOrFail(t, err)
			for _, v := range sweep.Violations {
				t.Error(v)
			}
			t.Logf("%d of %d calls", sweep.Killed, sweep.Calls)
		})
	}
}

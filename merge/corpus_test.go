package merge_test

import (
	"path/filepath"
	"testing"

	"github.com/portsolve/portsolve/internal/mergecorpus"
	"github.com/portsolve/portsolve/internal/mergecorpus/corpustest"
	"github.com/portsolve/portsolve/internal/mergecorpus/rules"
)

// TestCorpus runs the scenarios that were recorded from Portage: ROOT and the VDB are
// the same afterwards, or differ exactly as docs/merge-deviations.md says: what its rules excuse,
// and the lists.
func TestCorpus(t *testing.T) {
	scenarios, binpkgs := corpustest.Find(t)
	list, err := mergecorpus.Read(scenarios, nil)
	if err != nil {
		t.Fatal(err)
	}
	document, err := rules.ReadDocument(filepath.Join("..", "docs", "merge-deviations.md"))
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for _, s := range list {
		known[s.ID()] = true
		t.Run(s.ID(), func(t *testing.T) {
			if corpustest.InNamespace(t, len(s.Mounts) > 0) {
				return
			}
			res, err := mergecorpus.Run(t.Context(), t.TempDir(), binpkgs, s)
			corpustest.SkipOrFail(t, err)
			list, err := rules.Find(t.Context(), binpkgs, s, res)
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range document.Judge(s.ID(), list) {
				t.Error(d)
			}
			if res.Impossible != "" {
				t.Error(res.Impossible)
			}
		})
	}
	for _, id := range document.IDs() {
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
	scenarios, binpkgs := corpustest.Find(t)
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

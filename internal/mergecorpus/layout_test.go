package mergecorpus_test

import (
	"testing"

	"github.com/portsolve/portsolve/internal/mergecorpus"
	"github.com/portsolve/portsolve/internal/mergecorpus/corpustest"
)

// TestLayOut: what is laid out for a scenario is what Portage was given.
func TestLayOut(t *testing.T) {
	scenarios, binpkgs := corpustest.Find(t)
	list, err := mergecorpus.Read(scenarios, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range list {
		t.Run(s.ID(), func(t *testing.T) {
			if corpustest.InNamespace(t, len(s.Mounts) > 0) {
				return
			}
			w, err := mergecorpus.LayOut(t.TempDir(), binpkgs, s)
			defer func() {
				if err := w.Close(); err != nil {
					t.Error(err)
				}
			}()
			corpustest.SkipOrFail(t, err)
			want, err := s.Recorded(0)
			if err != nil {
				t.Fatal(err)
			}
			got, err := w.Snapshot()
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range mergecorpus.Compare(want, got, mergecorpus.Loose{}) {
				t.Error(d)
			}
		})
	}
}

package rules

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/portsolve/portsolve/internal/mergecorpus"
	"github.com/portsolve/portsolve/internal/mergecorpus/corpustest"
)

// narrowStride: every so many-th of the damages is tried; PORTSOLVE_FAULTS=all tries all.
const narrowStride = 97

// TestNarrow damages what we made in the scenarios that differ from what was recorded, one file at a time: it is gone, or has another
// mode or content. Then there must be a difference that no rule excuses, unless the damage makes it what Portage has.
func TestNarrow(t *testing.T) {
	scenarios, binpkgs := corpustest.Find(t)
	list, err := mergecorpus.Read(scenarios, nil)
	if err != nil {
		t.Fatal(err)
	}
	stride, n, tried := narrowStride, 0, 0
	if os.Getenv("PORTSOLVE_FAULTS") == "all" {
		stride = 1
	}
	document, err := ReadDocument(filepath.Join("..", "..", "..", "docs", "merge-deviations.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range list {
		if document.Counts[s.ID()] == nil || len(s.Mounts) > 0 {
			continue
		}
		out, err := mergecorpus.Run(t.Context(), t.TempDir(), binpkgs, s)
		corpustest.SkipOrFail(t, err)
		for k := 1; k < len(out.States); k++ {
			for _, d := range damages(out.States[k]) {
				if n++; n%stride != 0 {
					continue
				}
				tried++
				if !noticed(t, binpkgs, s, out, k, d) {
					t.Errorf("%s, after step %d: %s is excused", s.ID(), k, d.what)
				}
			}
		}
	}
	t.Logf("%d of %d damages tried", tried, n)
}

// damage is one entry of a state that is something else.
type damage struct {
	what string
	at   int
	now  *mergecorpus.Entry // nil: it is gone
}

// damages are those that a comparison looks at. A saved copy that is gone leaves what Portage has, and a directory
// with something in it cannot go alone.
func damages(st *mergecorpus.State) []damage {
	var out []damage
	if st == nil {
		return nil
	}
	for i, e := range st.Root.Entries {
		if e.Volatile || e.Path == counterPath {
			continue
		}
		mode := e
		mode.Mode = "0123"
		out = append(out, damage{"another mode of " + e.Path, i, &mode})
		if e.Type != "file" && e.Type != "sym" {
			continue
		}
		if !below(e.Path, savedRoot) {
			out = append(out, damage{"the loss of " + e.Path, i, nil})
		}
		content := e
		content.MD5, content.Text = "damaged", nil
		if e.Text != nil {
			text := "damaged"
			content.Text = &text
		}
		if e.Type == "sym" {
			target := "damaged"
			content.Target = &target
		}
		out = append(out, damage{"another content of " + e.Path, i, &content})
	}
	return out
}

// noticed judges a scenario with a damage.
func noticed(t *testing.T, binpkgs string, s *mergecorpus.Scenario, out *mergecorpus.Outcome, k int, d damage) bool {
	t.Helper()
	damaged := *out.States[k]
	damaged.Root.Entries = slices.Clone(damaged.Root.Entries)
	if d.now == nil {
		damaged.Root.Entries = slices.Delete(damaged.Root.Entries, d.at, d.at+1)
	} else {
		damaged.Root.Entries[d.at] = *d.now
	}
	want, err := s.Recorded(k)
	if err != nil {
		t.Fatal(err)
	}
	other := &mergecorpus.Outcome{States: slices.Clone(out.States)}
	other.States[k] = &damaged
	for _, x := range out.Differences {
		if x.Step != k {
			other.Differences = append(other.Differences, x)
		}
	}
	loose := mergecorpus.Loose{LinkTimes: true, Counters: slices.ContainsFunc(s.Ops[:k], func(o mergecorpus.Op) bool { return o.Kill != "" })}
	for _, x := range mergecorpus.Compare(want, &damaged, loose) {
		x.Step = k
		other.Differences = append(other.Differences, x)
	}
	list, err := Find(t.Context(), binpkgs, s, other)
	if err != nil {
		t.Fatal(err)
	}
	there := false
	for _, v := range list {
		if v.Step == k && v.Rule == 0 {
			return true
		}
		there = there || v.Step == k && v.Path == out.States[k].Root.Entries[d.at].Path
	}
	return !there
}

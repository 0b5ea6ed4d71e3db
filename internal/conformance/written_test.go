package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/portsolve/portsolve"
	"github.com/portsolve/portsolve/solver/answer"
	"github.com/portsolve/portsolve/solver/universe"
)

// Every alternative of the corpus, once it is written to the files of /etc/portage, solves its request with the plan that
// it promised, and then there is nothing to be written any more.
func TestAlternativesSolveOnceWritten(t *testing.T) {
	written := 0
	for _, doc := range sharedScenarios(t) {
		for si := range doc.Scenarios {
			s := &doc.Scenarios[si]
			if s.SameAs != nil {
				continue
			}
			for ci := range s.Cases {
				c := &s.Cases[ci]
				if c.counted() && len(proposal(c.Actual.Checks)) > 0 && len(c.Mutations) == 0 {
					written += writeEach(t, fmt.Sprintf("%s %d %d", doc.Name, si, ci), s, c)
				}
			}
		}
	}
	t.Logf("%d alternatives", written)
	if written == 0 {
		t.Error("no case has an alternative")
	}
}

func writeEach(t *testing.T, name string, s *scenario, c *testCase) int {
	t.Helper()
	o, err := caseOptions(c, false)
	if err != nil {
		t.Fatal(err)
	}
	request := portsolve.Request{Args: c.Request, Options: o, Alternatives: 20, Patience: time.Minute}
	place := func() (*playground, *portsolve.System) {
		p, err := layOut(t.TempDir(), s)
		if err != nil {
			t.Fatal(err)
		}
		sys, err := open(t.Context(), p)
		if err != nil {
			t.Fatal(err)
		}
		return p, sys
	}
	_, sys := place()
	res, err := sys.Resolve(t.Context(), request)
	if err != nil {
		t.Fatal(err)
	}
	for i := range res.Alternatives {
		p, sys := place()
		a := &res.Alternatives[i]
		for turn := range 2 { // what is in effect is not written again
			edits, err := sys.PrepareChanges(a.Changes, true)
			if err != nil {
				t.Fatal(err)
			}
			if err := edits.Apply(); err != nil {
				t.Fatal(err)
			}
			if turn == 1 && len(edits.Files) > 0 {
				t.Errorf("%s: written twice: %+v", name, edits.Files)
			}
		}
		if sys, err = open(t.Context(), p); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		plain := portsolve.Request{Args: c.Request, Options: o, Alternatives: portsolve.NoAlternatives}
		plain.Options.Autounmask = universe.No
		again, err := sys.Resolve(t.Context(), plain)
		if err != nil {
			t.Fatal(err)
		}
		if want, got := planText(a.Plan), planText(again.Plan); a.Ordered && (again.Status != answer.Solved || want != got) {
			var lines []string
			for j := range a.Changes.Entries {
				lines = append(lines, a.Changes.Entries[j].File+" "+a.Changes.Entries[j].Line())
			}
			t.Errorf("%s: %v\nwith\n  %s\nis %s, %s\nnot %s", name, c.Request, strings.Join(lines, "\n  "), again.Status, got, want)
		}
	}
	return len(res.Alternatives)
}

func planText(plan []answer.Entry) string {
	var out []string
	for i := range plan {
		out = append(out, string(plan[i].Action)+" "+plan[i].CPV)
	}
	slices.Sort(out)
	return strings.Join(out, ", ")
}

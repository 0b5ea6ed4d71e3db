package cycles_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand"
	"slices"
	"strings"
	"testing"

	"github.com/portsolve/portsolve/internal/emergeopts"
	"github.com/portsolve/portsolve/solver"
	"github.com/portsolve/portsolve/solver/cycles"
	"github.com/portsolve/portsolve/solver/plan"
	"github.com/portsolve/portsolve/solver/scenario"
	"github.com/portsolve/portsolve/solver/universe"
)

// randomWorld is a small repository full of conditional build dependencies.
func randomWorld(r *rand.Rand) string {
	var b strings.Builder
	b.WriteString("-- repo --\n")
	n := 3 + r.Intn(4)
	for i := range n {
		fmt.Fprintf(&b, "c/p%d-1 IUSE=\"f g\" USE=%q", i, []string{"", "f", "g", "f g", "f g"}[r.Intn(5)])
		if r.Intn(4) == 0 {
			fmt.Fprintf(&b, " REQUIRED_USE=%q", []string{"|| ( f g )", "f? ( g )", "?? ( f g )"}[r.Intn(3)])
		}
		if r.Intn(6) == 0 {
			b.WriteString(" USE_FORCE=\"f\"")
		}
		for _, kind := range []string{"DEPEND", "RDEPEND"} {
			fmt.Fprintf(&b, " %s=%q", kind, randomDeps(r, n))
		}
		b.WriteString("\n")
	}
	b.WriteString("-- request --\n--autounmask=n c/p0\n")
	return b.String()
}

func randomDeps(r *rand.Rand, n int) string {
	var deps []string
	for range r.Intn(3) {
		a := fmt.Sprintf("c/p%d", r.Intn(n))
		if r.Intn(6) == 0 {
			deps = append(deps, "|| ( "+a+" c/p0 )")
			continue
		}
		a += []string{"", "", "", "", "[f]", "[f?]", "[g=]", "[-g]"}[r.Intn(8)]
		a = fmt.Sprintf([]string{"%s", "f? ( %s )", "g? ( %s )", "!f? ( %s )", "f? ( g? ( %s ) )"}[r.Intn(5)], a)
		deps = append(deps, a)
	}
	return strings.Join(deps, " ")
}

// TestRandomWorlds: whatever is said about the cycles of a random world is true.
func TestRandomWorlds(t *testing.T) {
	with, broken, twice := 0, 0, 0
	for seed := range int64(3000) {
		text := randomWorld(rand.New(rand.NewSource(seed)))
		if !hasCycle(t, text) {
			continue
		}
		w := find(t, text)
		with++
		if len(w.report.Loops) == 0 {
			t.Errorf("seed %d: no loop\n%s", seed, text)
		}
		for i := range w.report.Loops {
			broken += len(w.report.Loops[i].Breaks)
		}
		if len(w.report.Loops) == 1 {
			w.compareBruteForce(t, seed, text)
		}
		s := w.report.TwoStep
		if s == nil || len(s.Needs) > 0 {
			continue
		}
		twice++
		for _, v := range w.judge() {
			t.Errorf("seed %d: %v\n%s\n%s", seed, v, strings.Join(w.describe(), "\n"), text)
		}
	}
	t.Logf("%d worlds with cycles, %d settings, %d two-step plans", with, broken, twice)
	if with < 100 || broken < 50 || twice < 30 {
		t.Error("the generator makes too few cycles")
	}
}

// hasCycle reports whether a world has a complete selection that has no order.
func hasCycle(t *testing.T, text string) bool {
	t.Helper()
	sc, err := scenario.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	p := &solver.Problem{Roots: sc.Roots, Request: sc.Request}
	emergeopts.Normalize(&p.Request.Options)
	o, err := solver.Solve(context.Background(), p)
	if err != nil {
		t.Fatal(err)
	}
	if !o.Complete {
		return false
	}
	var cycle *plan.CycleError
	_, err = plan.Order(context.Background(), o.Selection, plan.Options{})
	return errors.As(err, &cycle)
}

// compareBruteForce tries every set of flags of every member of the only loop: those that remove the
// dependency from a complete, ordered answer are found. Sets with more flags than the dependency takes are not
// looked for: the others would only keep the setting from bringing in something else.
func (w *world) compareBruteForce(t *testing.T, seed int64, text string) {
	l := &w.report.Loops[0]
	for _, e := range l.Edges {
		p := e.Parent.Cand.Pkg
		deps := p.Var("DEPEND") + p.Var("RDEPEND")
		if strings.Contains(deps, "||") || strings.Contains(deps, p.CPV.CP.String()+"[") {
			continue // any flag may make the solver take another branch, or satisfy what it asks of itself
		}
		var found, removing []string
		for _, set := range [][]string{{"f"}, {"g"}, {"f", "g"}} {
			flip, free := map[string]bool{}, true
			for _, f := range set {
				_, forced, masked, _ := e.Parent.Cand.ForcedFlag(f)
				free = free && !forced && !masked
				flip[f] = !e.Parent.Cand.Flags().Has(f)
			}
			name := words(flip)
			smaller := slices.ContainsFunc(append(found, removing...), func(o string) bool { return strings.Contains(name, strings.Trim(o, "[]")) })
			if !free || smaller {
				continue
			}
			removes, works := w.works(t, e, flip)
			switch {
			case works:
				found = append(found, name)
			case removes:
				removing = append(removing, name)
			}
		}
		for _, name := range found {
			known := slices.ContainsFunc(l.Breaks, func(b cycles.Break) bool {
				return b.Settings[0].Node == e.Parent && len(b.Settings) == 1 && words(b.Settings[0].Flags) == name
			})
			if !known {
				t.Errorf("seed %d: %s%s breaks the cycle, too:\n%s\n%s", seed, e.Parent.Cand.Pkg.CPV, name, strings.Join(w.describe(), "\n"), text)
			}
		}
	}
}

// works tells whether flags of e's parent remove e from what is selected, and whether that is an answer.
func (w *world) works(t *testing.T, e *universe.Edge, flip map[string]bool) (removes, works bool) {
	t.Helper()
	again := *w.problem
	again.Overrides = cycles.Overrides{e.Parent.Cand.Pkg: flip}
	a, _, err := w.solve(context.Background(), &again)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range a.Selection.Nodes {
		if n.Cand.Pkg == e.Parent.Cand.Pkg {
			removes = !slices.ContainsFunc(n.Out, func(o *universe.Edge) bool { return o.Child.Cand.Pkg == e.Child.Cand.Pkg && o.Kind == e.Kind })
			return removes, removes && n.Merge && !n.Cand.RequiredUseFails() && a.Complete && a.Cycle == nil
		}
	}
	return false, false
}

package solver_test

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/atom/metadata"
	"github.com/portsolve/portsolve/internal/emergeopts"
	"github.com/portsolve/portsolve/solver/answer"
	"github.com/portsolve/portsolve/solver/check"
	"github.com/portsolve/portsolve/solver/scenario"
	"github.com/portsolve/portsolve/solver/solvertest"
	"github.com/portsolve/portsolve/solver/universe"
)

const (
	randomWorlds = 90               // tried by every run; the generator is seeded by their number
	oracleLimit  = 1500             // final sets that are tried for one world
	patience     = 10 * time.Second // a world takes a millisecond; this only ends an endless loop
	maxReported  = 60               // failures that are minimized and printed
)

// TestRandomWorlds resolves small random worlds, each drawn from its number. An answer passes the checker,
// and there is one exactly if trying every possible result finds one.
func TestRandomWorlds(t *testing.T) {
	worlds := rapid.Custom(solvertest.World)
	failures, count := 0, randomWorlds
	if n, err := strconv.Atoi(os.Getenv("PORTSOLVE_RANDOM_WORLDS")); err == nil {
		count = n
	}
	for seed := range count {
		text := worlds.Example(seed)
		kind, _ := judge(text)
		if kind == "" {
			continue
		}
		if failures++; failures > maxReported {
			continue
		}
		small := text
		if kind != "error" {
			small = solvertest.Minimize(text, func(s string) bool { k, _ := judge(s); return k == kind })
		}
		_, detail := judge(small)
		t.Errorf("world %d: %s\n%s", seed, detail, small)
	}
	if failures > 0 {
		t.Errorf("%d of %d worlds fail", failures, count)
	}
}

// judge resolves a world and says what is wrong with the answer: in one word,
// and in full. Worlds that do not parse have nothing wrong.
func judge(text string) (kind, detail string) {
	sc, err := scenario.Parse([]byte(text))
	if err != nil || len(sc.Roots) == 0 || len(sc.Request.Args) == 0 {
		return "", ""
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	res, err := resolve(ctx, sc.Roots, &sc.Request)
	if err != nil {
		return "error", err.Error()
	}
	for _, v := range check.Check(&sc.Request, sc.Roots, res) {
		return "check " + v.Rule, fmt.Sprintf("the checker rejects the answer: %s; %s", v, planText(res))
	}
	compat := sc.Request
	compat.Options.Compat = true
	like, err := resolve(ctx, sc.Roots, &compat)
	if err != nil {
		return "compat error", err.Error()
	}
	for _, v := range check.Check(&compat, sc.Roots, like) {
		return "compat check " + v.Rule, fmt.Sprintf("the checker rejects the answer of the compat mode: %s; %s", v, planText(like))
	}
	if len(res.Cycles) > 0 {
		return "", "" // the set exists, the order does not
	}
	valid, ok := solvertest.Oracle(sc, oracleLimit)
	valid = slices.DeleteFunc(valid, func(plan []answer.Entry) bool { return !mergesArguments(sc, plan) })
	solved := res.Status == answer.Solved || res.Status == answer.NothingToDo
	switch {
	case !ok:
	case solved && len(valid) == 0:
		return "unsound", "there should be no solution, but the answer is " + planText(res)
	case sc.Request.Options.OnlyDeps || sc.Request.Options.EmptyTree:
		// --onlydeps looks at blockers of what it leaves out, --emptytree does not count
		// what is installed: the oracle knows neither.
	case !solved && len(valid) > 0 && !brokenBefore(&sc.Roots[0]):
		return "incomplete", fmt.Sprintf("no solution was found (%s), but there is one: %s", res.Status, planText(&answer.Result{Plan: valid[0]}))
	}
	return "", ""
}

// mergesArguments: unless the request is selective, an atom that was asked for
// must be merged; that it is installed does not suffice.
func mergesArguments(sc *scenario.Scenario, plan []answer.Entry) bool {
	o := sc.Request.Options
	emergeopts.Normalize(&o)
	if o.Selective.Or(false) || o.OnlyDeps {
		return true
	}
	pol := sc.Roots[0].Policy
	for _, arg := range sc.Request.Args {
		merged := arg.Set || slices.ContainsFunc(plan, func(e answer.Entry) bool {
			p, a := e.Package, arg.Atoms[0].Atom
			return e.Action == answer.Merge && a.MatchVersion(p.CPV) && a.MatchSlot(p.Slot, p.SubSlot) &&
				a.MatchUse(func(f string) bool { return pol.HasFlag(p, f) }, pol.Use(p).Has)
		})
		if !merged {
			return false
		}
	}
	return true
}

// brokenBefore: the dependencies of an installed package that the request looks
// at must hold, as in emerge, also if they did not before; the oracle does not demand that.
func brokenBefore(root *universe.Root) bool {
	for _, p := range root.Installed {
		for _, k := range []metadata.DepKind{metadata.RDEPEND, metadata.PDEPEND} {
			n, err := p.Deps(k)
			if err == nil && !universe.Satisfied(n.Evaluate(p.Use.Has), func(a *atom.Atom) bool {
				return slices.ContainsFunc(root.Installed, func(q *metadata.Package) bool {
					return a.MatchVersion(q.CPV) && a.MatchSlot(q.Slot, q.SubSlot) &&
						a.MatchUse(func(f string) bool { return root.Policy.HasFlag(q, f) }, q.Use.Has)
				})
			}) {
				return true
			}
		}
	}
	return false
}

func planText(res *answer.Result) string {
	s := string(res.Status) + ":"
	for _, e := range res.Plan {
		s += " " + string(e.Action) + " " + e.CPV + e.Atom
	}
	return s
}

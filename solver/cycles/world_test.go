package cycles_test

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/portsolve/portsolve/internal/emergeopts"
	"github.com/portsolve/portsolve/solver"
	"github.com/portsolve/portsolve/solver/answer"
	"github.com/portsolve/portsolve/solver/check"
	"github.com/portsolve/portsolve/solver/cycles"
	"github.com/portsolve/portsolve/solver/plan"
	"github.com/portsolve/portsolve/solver/scenario"
	"github.com/portsolve/portsolve/solver/solvertest"
	"github.com/portsolve/portsolve/solver/universe"
)

// world is a scenario whose answer ends in cycles, and what was found about them.
type world struct {
	sc       *scenario.Scenario
	problem  *solver.Problem
	report   *cycles.Report
	resolved int // how often the request was solved again
}

func (w *world) solve(ctx context.Context, p *solver.Problem) (*cycles.Attempt, *solver.Outcome, error) {
	o, err := solver.Solve(ctx, p)
	if err != nil {
		return nil, nil, err
	}
	a := &cycles.Attempt{Selection: o.Selection, Complete: o.Complete}
	steps, err := plan.Order(ctx, o.Selection, plan.Options{})
	if err != nil && !errors.As(err, &a.Cycle) {
		return nil, nil, err
	}
	a.Complete = a.Complete && !steps.Unsolved
	return a, o, nil
}

// find solves a scenario and looks for ways around its cycles.
func find(t *testing.T, text string) *world {
	t.Helper()
	sc, err := scenario.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	w := &world{sc: sc, problem: &solver.Problem{Roots: sc.Roots, Request: sc.Request}}
	emergeopts.Normalize(&w.problem.Request.Options)
	ctx := context.Background()
	first, _, err := w.solve(ctx, w.problem)
	if err != nil {
		t.Fatal(err)
	}
	if first.Cycle == nil {
		t.Fatal("there is no cycle")
	}
	w.report, err = cycles.Find(ctx, &cycles.Input{
		Request: &w.problem.Request, Selection: first.Selection, Cycle: first.Cycle,
		Options: plan.Options{Compat: sc.Request.Options.Compat},
		Resolve: func(ctx context.Context, use cycles.Overrides) (*cycles.Attempt, error) {
			w.resolved++
			again := *w.problem
			again.Overrides = use
			a, _, err := w.solve(ctx, &again)
			return a, err
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// describe writes one line per loop and break, and the steps of the two-step plan.
func (w *world) describe() []string {
	var out []string
	for _, l := range w.report.Loops {
		var names []string
		for _, e := range l.Edges {
			names = append(names, e.Parent.Cand.Pkg.CPV.String())
		}
		out = append(out, "loop "+strings.Join(names, " "))
		for _, b := range l.Breaks {
			var settings []string
			for _, s := range b.Settings {
				settings = append(settings, s.Node.Cand.Pkg.CPV.String()+words(s.Flags))
			}
			line := "break " + strings.Join(settings, " ")
			if !b.Verified {
				line += " unverified"
			}
			if b.Verified && !b.Suffices {
				line += " not enough"
			}
			out = append(out, line)
		}
	}
	if t := w.report.TwoStep; t != nil {
		out = append(out, "steps "+strings.Join(w.steps(), " "))
		for _, n := range t.Needs {
			out = append(out, "needs "+n.Cand.Pkg.CPV.String())
		}
	}
	return out
}

func (w *world) steps() []string {
	temporary := map[*universe.Node]map[string]bool{}
	for _, tmp := range w.report.TwoStep.Temporary {
		temporary[tmp.Node] = tmp.Flags
	}
	var steps []string
	for _, s := range w.report.TwoStep.Plan.Steps {
		steps = append(steps, s.Node.Cand.Pkg.CPV.String()+words(temporary[s.Node]))
	}
	return steps
}

func words(flags map[string]bool) string {
	if len(flags) == 0 {
		return ""
	}
	var list []string
	for _, f := range slices.Sorted(maps.Keys(flags)) {
		list = append(list, map[bool]string{true: "+", false: "-"}[flags[f]]+f)
	}
	return "[" + strings.Join(list, ",") + "]"
}

// judge has the independent checker look at a two-step plan.
func (w *world) judge() []check.Violation {
	res := &answer.Result{Status: answer.Solved, Complete: true, Ordered: true,
		Plan: solvertest.Entries(w.sc.Roots, w.report.TwoStep.Plan)}
	for _, tmp := range w.report.TwoStep.Temporary {
		for i, s := range w.report.TwoStep.Plan.Steps {
			if s.Node == tmp.Node {
				res.Plan[i].Temporary = tmp.Flags
			}
		}
	}
	return check.Check(&w.problem.Request, w.sc.Roots, res)
}

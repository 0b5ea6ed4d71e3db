package solver_test

import (
	"context"
	"errors"
	"os"
	"testing"

	"github.com/portsolve/portsolve/internal/emergeopts"
	"github.com/portsolve/portsolve/solver"
	"github.com/portsolve/portsolve/solver/answer"
	"github.com/portsolve/portsolve/solver/plan"
	"github.com/portsolve/portsolve/solver/solvertest"
	"github.com/portsolve/portsolve/solver/universe"
)

// TestCases resolves the scenarios of testdata/cases.
func TestCases(t *testing.T) {
	solvertest.Run(t, os.DirFS("testdata/cases"), resolve)
}

// resolve is the pipeline of the façade without files: search, order, answer.
func resolve(ctx context.Context, roots []universe.Root, req *universe.Request) (*answer.Result, error) {
	p := &solver.Problem{Roots: roots, Request: *req}
	emergeopts.Normalize(&p.Request.Options)
	o, err := solver.Solve(ctx, p)
	if err != nil {
		return nil, err
	}
	res := &answer.Result{
		Complete: o.Complete, Ordered: true, Changes: o.Changes, Conflict: o.Conflict, Unsatisfied: o.Unsatisfied,
		RequiredUse: o.RequiredUse, SlotConflicts: o.SlotConflicts, VirtualCycle: o.VirtualCycle, Rebuilds: o.Rebuilds, HeldBack: o.HeldBack,
	}
	if o.Selection != nil {
		steps, err := plan.Order(ctx, o.Selection, plan.Options{Compat: req.Options.Compat, ImplicitSystemDeps: req.Options.ImplicitSystemDeps.Or(true),
			BuildPkgOnly: req.Options.BuildPkgOnly, System: roots[universe.Host].System})
		if cycle := (*plan.CycleError)(nil); errors.As(err, &cycle) {
			res.Cycles = append(res.Cycles, cycleAnswer(cycle))
			res.Complete, res.Ordered = false, false
		} else if err != nil {
			return nil, err
		}
		if steps != nil {
			res.Plan = solvertest.Entries(roots, steps)
			res.Complete = res.Complete && !steps.Unsolved
		}
	}
	res.Status = status(res)
	return res, nil
}

func cycleAnswer(c *plan.CycleError) answer.Cycle {
	var out answer.Cycle
	for _, n := range c.Nodes {
		out.Members = append(out.Members, n.Cand.Pkg.CPV.String())
	}
	return out
}

func status(r *answer.Result) answer.Status {
	switch {
	case !r.Complete || len(r.SlotConflicts) > 0:
		return answer.Unsolvable
	case !r.Changes.Empty():
		return answer.ChangesNeeded
	case len(r.Plan) == 0:
		return answer.NothingToDo
	}
	return answer.Solved
}

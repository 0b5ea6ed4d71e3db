package portsolve

import (
	"context"
	"slices"

	"github.com/portsolve/portsolve/atom/metadata"
	"github.com/portsolve/portsolve/solver"
	"github.com/portsolve/portsolve/solver/answer"
	"github.com/portsolve/portsolve/solver/check"
	"github.com/portsolve/portsolve/solver/cycles"
	"github.com/portsolve/portsolve/solver/universe"
)

// breakCycles begins to look for ways around the cycles of an answer that has no order; Finish of the returned search goes on.
func (c *composer) breakCycles(ctx context.Context, problem *solver.Problem) *cycles.Search {
	c.sys.progress("breaking cycles", 0, 0)
	c.judge = func(res *answer.Result, there []*universe.Node) []check.Violation {
		return check.Check(&problem.Request, supplied(problem.Roots, there), res)
	}
	return cycles.Start(ctx, &cycles.Input{
		Request: &problem.Request, Selection: c.outcome.Selection, Cycle: c.cycle, Options: c.planOptions(),
		Resolve: func(ctx context.Context, use cycles.Overrides) (*cycles.Attempt, error) {
			again := *problem
			again.Overrides = use
			a, err := c.sys.attempt(ctx, &again)
			if err != nil {
				return nil, err
			}
			return &cycles.Attempt{Selection: a.outcome.Selection, Cycle: a.cycle,
				Complete: a.outcome.Complete && len(a.outcome.SlotConflicts) == 0 && !a.plan.Unsolved &&
					noMore(a.outcome.Changes.Use, c.outcome.Changes.Use)}, nil
		},
	})
}

// noMore reports whether changes are among those that were proposed anyway: a setting that needs others is
// not the whole setting.
func noMore(changes, before map[string]map[string]bool) bool {
	for cpv, flags := range changes {
		for flag, on := range flags {
			if was, ok := before[cpv][flag]; !ok || was != on {
				return false
			}
		}
	}
	return true
}

// cycleAnswer puts into words what is known about the cycles.
func (c *composer) cycleAnswer(r *Result) {
	for i := range c.cycles.Loops {
		r.Cycles = append(r.Cycles, loopAnswer(&c.cycles.Loops[i]))
	}
	if t := c.cycles.TwoStep; t != nil && c.outcome.Complete {
		r.TwoStep = c.twoStep(r, t)
	}
}

func loopAnswer(l *cycles.Loop) answer.Cycle {
	out := answer.Cycle{Members: []string{}, Edges: []answer.CycleEdge{}, Group: l.Group,
		Solutions: map[string][]map[string]bool{}, Breaks: []answer.Break{}}
	for _, e := range l.Edges {
		out.Members = append(out.Members, e.Parent.Cand.Pkg.CPV.String())
		out.Edges = append(out.Edges, edgeAnswer(e))
	}
	for i := range l.Breaks {
		b := &l.Breaks[i]
		a := answer.Break{Settings: map[string]map[string]bool{}, Removes: edgeAnswer(b.Edge), Verified: b.Verified, Suffices: b.Suffices}
		for _, s := range b.Settings {
			a.Settings[s.Node.Cand.Pkg.CPV.String()] = s.Flags
		}
		out.Breaks = append(out.Breaks, a)
		if len(b.Settings) == 1 {
			cpv := b.Settings[0].Node.Cand.Pkg.CPV.String()
			out.Solutions[cpv] = append(out.Solutions[cpv], b.Settings[0].Flags)
		}
	}
	return out
}

func edgeAnswer(e *universe.Edge) answer.CycleEdge {
	edge := answer.CycleEdge{From: e.Parent.Cand.Pkg.CPV.String(), To: e.Child.Cand.Pkg.CPV.String(), Kind: e.Kind.String()}
	if e.Atom != nil {
		edge.Atom = e.Atom.String()
	}
	return edge
}

// twoStep is the plan in which packages are built twice; nil if the independent checker does not accept it.
func (c *composer) twoStep(r *Result, t *cycles.TwoStep) *answer.TwoStep {
	o := *c.outcome
	o.Selection = t.Selection
	steps := &composer{sys: c.sys, options: c.options, outcome: &o, plan: t.Plan}
	res := *r
	res.Plan, res.Complete, res.Ordered, res.Cycles, res.TwoStep = []answer.Entry{}, true, true, nil, nil
	steps.entries(&res)
	out := &answer.TwoStep{Twice: []answer.Twice{}, Needs: []string{}}
	for _, tmp := range t.Temporary {
		first, again := steps.index[tmp.Node], steps.index[tmp.Final]
		res.Plan[first].Temporary = tmp.Flags
		res.Plan[again].Replaces = []string{tmp.Node.Cand.Pkg.CPV.String()}
		out.Twice = append(out.Twice, answer.Twice{
			CPV: tmp.Node.Cand.Pkg.CPV.String(), Flags: tmp.Flags, First: first, Again: again})
	}
	for _, n := range t.Needs {
		out.Needs = append(out.Needs, n.Cand.Pkg.CPV.String())
	}
	out.Plan = slices.Clone(res.Plan)
	for _, n := range t.Needs { // for the checker they are there and replaced
		for i := range res.Plan {
			if e := &res.Plan[i]; e.Package == n.Cand.Pkg && e.Root == c.rootOf(n.Cand.Root).path {
				e.Replaces = append(slices.Clone(e.Replaces), e.CPV)
				break
			}
		}
	}
	res.Status = steps.status(&res)
	if len(c.judge(&res, t.Needs)) > 0 {
		return nil
	}
	return out
}

// supplied are the roots with packages in them that come from elsewhere.
func supplied(roots []universe.Root, there []*universe.Node) []universe.Root {
	if len(there) == 0 {
		return roots
	}
	roots = slices.Clone(roots)
	for _, n := range there {
		p := n.Cand.Pkg.Clone()
		p.Origin, p.Use = metadata.Installed, n.Cand.Use
		r := &roots[n.Cand.Root]
		r.Installed = append(slices.Clone(r.Installed), p)
	}
	return roots
}

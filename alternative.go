package portsolve

import (
	"context"
	"maps"
	"slices"

	"github.com/portsolve/portsolve/solver"
	"github.com/portsolve/portsolve/solver/alternatives"
	"github.com/portsolve/portsolve/solver/answer"
)

// choice is one verified alternative.
type choice struct {
	*composer
	changes *alternatives.Alternative
	problem *solver.Problem // with the changes made
	answer  answer.Alternative
	shown   bool // emerge would propose changes of its kinds
}

// settle orders the plan. Where a build cycle is in the way, another choice of any-of groups is tried as it is for any
// request.
func (n *choice) settle(ctx context.Context) error {
	if err := n.order(ctx); err != nil || n.cycle == nil {
		return err
	}
	again := *n.problem
	cycle := n.cycle
	for i := 0; i < maxCycleAttempts && cycle != nil && avoidCycle(&again.Request, cycle); i++ {
		o, err := solver.Attempt(ctx, &again)
		if err != nil {
			return err
		}
		if !o.Complete {
			return nil
		}
		o.Changes = n.outcome.Changes
		other := &composer{sys: n.sys, options: n.options, outcome: o}
		if err := other.order(ctx); err != nil {
			return err
		}
		if cycle = other.cycle; cycle == nil && !other.plan.Unsolved {
			n.composer = other
		}
	}
	return nil
}

// describe fills in the answer's part.
func (n *choice) describe(res *Result) {
	a := &n.answer
	a.Changes, a.Plan, a.Ordered = res.Changes, res.Plan, res.Ordered
	for _, x := range n.changes.Against {
		a.Against = append(a.Against, answer.Against{Package: n.packageOf(x.Change), Setting: setting(x.Change), File: x.Source.String()})
	}
	for i := range res.Plan {
		e := &res.Plan[i]
		switch e.Action {
		case answer.Merge:
			a.Merged++
			for _, old := range e.Old {
				a.Rebuilt += b2i(old.CPV == e.Package.CPV)
			}
		case answer.Uninstall:
			a.Removed++
		}
		if e.Download != nil {
			a.Download += *e.Download
		}
	}
	cost := n.changes.Cost
	a.Cost = append([]int{b2i(!a.Ordered)}, cost[:alternatives.CostFlags]...)
	a.Cost = append(append(a.Cost, a.Rebuilt), cost[alternatives.CostFlags:]...)
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// packageOf is the version that a change is made for.
func (n *choice) packageOf(c alternatives.Change) string {
	for _, m := range n.outcome.Selection.Nodes {
		if m.Merge && m.Cand.CP() == c.CP && m.Cand.Pkg.Slot == c.Slot {
			return m.Cand.Pkg.CPV.String()
		}
	}
	return c.CP.String() + ":" + c.Slot
}

// setting is a change in the words of the file that it belongs to.
func setting(c alternatives.Change) string {
	switch {
	case c.Kind == alternatives.Unmask:
		return "unmask"
	case c.Kind != alternatives.Use && c.Kind != alternatives.MaskedUse:
		return "accept"
	case c.On:
		return c.Flag
	}
	return "-" + c.Flag
}

func changesEqual(a, b answer.Changes) bool {
	flags := func(x, y map[string]map[string]bool) bool {
		for cpv, m := range x {
			for f, on := range m {
				if was, ok := y[cpv][f]; !ok || was != on {
					return false
				}
			}
		}
		return true
	}
	same := func(x, y []string) bool {
		return slices.Equal(slices.Sorted(slices.Values(x)), slices.Sorted(slices.Values(y)))
	}
	names := func(x, y map[string][]string) bool {
		return same(slices.Collect(maps.Keys(x)), slices.Collect(maps.Keys(y)))
	}
	return same(a.Drop, b.Drop) && same(a.Remove, b.Remove) && flags(a.Use, b.Use) && flags(b.Use, a.Use) && names(a.License, b.License) &&
		names(a.Properties, b.Properties) && names(a.Restrict, b.Restrict) && same(a.Keywords, b.Keywords) && same(a.Unmask, b.Unmask)
}

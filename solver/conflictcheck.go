package solver

import (
	"context"

	"github.com/portsolve/portsolve/solver/internal/cnf"
	"github.com/portsolve/portsolve/solver/internal/sat"
	"github.com/portsolve/portsolve/solver/internal/unsat"
)

// CheckConflicts tests the conflicts of an outcome: what each says must contradict itself, and must not with any one of its
// sentences left out. It returns the faults, and how many sentences were left out.
func (o *Outcome) CheckConflicts(ctx context.Context) (faults []string, tried int) {
	f := o.stages.found.Formula
	if o.Complete || f == nil {
		return nil, 0
	}
	report := unsat.Explain(ctx, o.stages.universe, f)
	e, _, ruleOf := f.Explained()
	selector := map[*cnf.Rule]sat.Lit{}
	for l, r := range ruleOf {
		selector[r] = l
	}
	for i, c := range report.Conflicts {
		holds := func(without int) sat.Status {
			var assume []sat.Lit
			for _, r := range report.Implied[i] {
				assume = append(assume, selector[r])
			}
			for j, rules := range report.Premises[i] {
				if j == without {
					continue
				}
				for _, r := range rules {
					assume = append(assume, selector[r])
				}
			}
			return e.Solve(ctx, assume...)
		}
		if holds(-1) != sat.Unsat {
			faults = append(faults, "does not contradict itself: "+c.Summary)
		}
		for j := range c.Rules {
			if tried++; holds(j) != sat.Sat {
				faults = append(faults, "is not needed: "+c.Rules[j].Text)
			}
		}
	}
	return faults, tried
}

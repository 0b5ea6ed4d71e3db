package portsolve

import (
	"fmt"
	"slices"
	"strings"

	"github.com/portsolve/portsolve/atom/metadata"
	"github.com/portsolve/portsolve/solver"
	"github.com/portsolve/portsolve/solver/alternatives"
	"github.com/portsolve/portsolve/solver/answer"
	"github.com/portsolve/portsolve/solver/check"
)

// checkAllow refuses words that Allow does not know.
func (r *Request) checkAllow() error {
	for _, word := range r.Allow {
		if !slices.Contains([]string{AllowMaskedUse, AllowRemove, AllowDrop}, word) {
			return &UsageError{fmt.Errorf("--allow %q: expected %s, %s or %s (docs/alternatives.md, section 1)",
				word, AllowMaskedUse, AllowRemove, AllowDrop)}
		}
	}
	return nil
}

// removals are the installed packages that the changes of an answer remove before anything else.
func (c *composer) removals() []*metadata.Package {
	var out []*metadata.Package
	for _, r := range c.sys.roots {
		for _, p := range c.sys.installedFor(r, c.options).All() {
			if slices.Contains(c.outcome.Changes.Remove, p.CPV.String()) {
				out = append(out, p)
			}
		}
	}
	return out
}

// addRemovals puts what the changes remove in front of the plan.
func (c *composer) addRemovals(r *Result) {
	if len(c.outcome.Changes.Remove) == 0 {
		return
	}
	var first []answer.Entry
	for _, p := range c.removals() {
		first = append(first, answer.Entry{
			Action: answer.Uninstall, Type: "installed", CPV: p.CPV.String(), Slot: p.Slot, SubSlot: p.SubSlot, Repo: p.Repo,
			Root: c.sys.target().path, Use: useMap(p, p.Use), Replaces: []string{}, Why: []answer.Why{}, Package: p,
		})
	}
	for i := range r.Plan {
		for j := range r.Plan[i].After {
			r.Plan[i].After[j].Entry += len(first)
		}
	}
	r.Plan = append(first, r.Plan...)
}

// withoutRemovals is a result as the system will see it that has what is to be removed behind it.
func (c *composer) withoutRemovals(r *Result) *Result { return withoutRemovals(r, len(c.removals())) }

func withoutRemovals(r *Result, n int) *Result {
	if n == 0 || len(r.Plan) < n {
		return r
	}
	out := *r
	out.Plan = slices.Clone(r.Plan[n:])
	for i := range out.Plan {
		after := slices.Clone(out.Plan[i].After)
		for j := range after {
			after[j].Entry -= n
		}
		out.Plan[i].After = after
	}
	return &out
}

// given is a problem, and a result for it, with what the changes of the result give up and remove left out of both.
func (s *System) given(p *solver.Problem, r *Result) (*solver.Problem, *Result) {
	if len(r.Changes.Drop)+len(r.Changes.Remove) == 0 {
		return p, r
	}
	gone := map[*metadata.Package]bool{}
	for i := range p.Roots {
		for _, m := range p.Roots[i].Installed {
			if slices.Contains(r.Changes.Remove, m.CPV.String()) {
				gone[m] = true
			}
		}
	}
	q := *p
	alternatives.Without(&q, r.Changes.Drop, gone)
	return &q, withoutRemovals(r, len(gone))
}

// broken are installed packages that an answer leaves without what they need because it removes that: cpvs. What the system has
// before is judged as it is, and only members of sets that the removals are about are left out.
func (c *choices) broken(p *solver.Problem, r *Result) []string {
	var out []string
	for _, v := range check.Check(&p.Request, c.problem.Roots, r) {
		cpv, _, _ := strings.Cut(v.Package, "::")
		if !slices.Contains(r.Changes.Remove, cpv) { // which are removed because that is allowed
			out = append(out, cpv)
		}
	}
	return out
}

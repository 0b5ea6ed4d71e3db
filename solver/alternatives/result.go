package alternatives

import (
	"context"
	"maps"
	"slices"

	"github.com/portsolve/portsolve/atom/metadata"
	"github.com/portsolve/portsolve/solver"
	"github.com/portsolve/portsolve/solver/answer"
	"github.com/portsolve/portsolve/solver/universe"
)

// alternative completes a set of changes that was found: the changes are confined to the versions that are merged, and
// if there are others in the slots, the request is solved once more with just these.
func (f *Finder) alternative(ctx context.Context, s set, o *solver.Outcome, over map[*metadata.Package]map[string]bool, accepted map[*metadata.Package]bool) (*Alternative, error) {
	a := &Alternative{Cost: f.w.cost(s), Outcome: o, Overrides: over, Accepted: accepted}
	merged := map[*metadata.Package]bool{}
	for _, n := range o.Selection.Nodes {
		if n.Merge {
			merged[n.Cand.Pkg] = true
		}
		if e := f.w.ebuildOf(n); e != nil {
			merged[e.Pkg] = true
		}
	}
	exact := maps.Clone(over)
	maps.DeleteFunc(exact, func(p *metadata.Package, _ map[string]bool) bool {
		return !merged[p] && f.in.Problem.Overrides[p] == nil
	})
	lifted := maps.Clone(accepted)
	maps.DeleteFunc(lifted, func(p *metadata.Package, _ bool) bool { return !merged[p] && !f.in.Problem.Accepted[p] })
	if len(exact) < len(over) || len(lifted) < len(accepted) {
		again, err := f.attempt(ctx, f.w.problem(s, exact, lifted))
		if err != nil {
			return nil, err
		}
		if again != nil && again.Complete {
			a.Outcome = again
			a.Overrides, a.Accepted = exact, lifted
		}
	}
	a.Problem = f.w.problem(s, a.Overrides, a.Accepted)
	for _, id := range s {
		a.Changes = append(a.Changes, f.w.changes[id])
		if src := f.w.sources[id]; !src.IsZero() {
			a.Against = append(a.Against, Contradicted{f.w.changes[id], src})
		}
	}
	slices.SortFunc(a.Changes, Change.Compare)
	slices.SortFunc(a.Against, func(x, y Contradicted) int { return x.Change.Compare(y.Change) })
	a.Outcome.Changes = f.w.answer(a)
	return a, nil
}

// answer gives the changes as data: for each package that is merged what it needs.
func (w *world) answer(a *Alternative) answer.Changes {
	out := answer.Changes{Use: map[string]map[string]bool{}, License: map[string][]string{},
		Properties: map[string][]string{}, Restrict: map[string][]string{}}
	for _, n := range a.Outcome.Selection.Nodes {
		switch {
		case n.Merge && n.Cand.Pkg.Origin == metadata.Ebuild:
			w.answerFor(&out, a, w.find(n.Cand))
		case n.Merge:
			w.answerFor(&out, a, w.ebuildOf(n))
		}
	}
	for _, c := range a.Changes {
		switch c.Kind {
		case Drop:
			out.Drop = append(out.Drop, c.Flag)
		case Remove:
			for _, p := range w.installed(c) {
				out.Remove = append(out.Remove, p.CPV.String())
			}
		}
	}
	slices.Sort(out.Keywords)
	slices.Sort(out.Unmask)
	out.Keywords, out.Unmask = slices.Compact(out.Keywords), slices.Compact(out.Unmask)
	return out
}

// ebuildOf is the world's ebuild behind a binary package that is merged, nil if there is none: the package fits since the
// ebuild would be built as it was.
func (w *world) ebuildOf(n *universe.Node) *universe.Candidate {
	if !n.Merge || n.Cand.Pkg.Origin != metadata.Binary {
		return nil
	}
	for _, m := range w.u.Group(n.Cand.Root, n.Cand.CP()).All {
		if m.Pkg.Origin == metadata.Ebuild && m.Pkg.CPV.Version.Compare(n.Cand.Pkg.CPV.Version) == 0 && m.Pkg.Repo == n.Cand.Pkg.Repo {
			return m
		}
	}
	return nil
}

func (w *world) answerFor(out *answer.Changes, a *Alternative, c *universe.Candidate) {
	if c == nil {
		return
	}
	cpv := c.Pkg.CPV.String()
	given := w.in.Problem.Overrides[c.Pkg]
	for flag, on := range a.Overrides[c.Pkg] {
		if _, before := given[flag]; before || c.Flags().Has(flag) == on {
			continue
		}
		if out.Use[cpv] == nil {
			out.Use[cpv] = map[string]bool{}
		}
		out.Use[cpv][flag] = on
		if _, forced, masked, _ := c.ForcedFlag(flag); forced || masked {
			if out.UseMask == nil {
				out.UseMask = map[string][]string{}
			}
			out.UseMask[cpv] = append(out.UseMask[cpv], flag)
			slices.Sort(out.UseMask[cpv])
		}
	}
	if !a.Accepted[c.Pkg] || c.Visible() {
		return
	}
	for i := range c.Excluded {
		x := &c.Excluded[i]
		switch k, _ := kindFor(w.in.Arch, c.Pkg, x); k {
		case License:
			out.License[cpv] = append(out.License[cpv], x.Tokens...)
		case Properties:
			out.Properties[cpv] = append(out.Properties[cpv], x.Tokens...)
		case Restrict:
			out.Restrict[cpv] = append(out.Restrict[cpv], x.Tokens...)
		case Unmask:
			out.Unmask = append(out.Unmask, cpv)
		default:
			out.Keywords = append(out.Keywords, cpv)
		}
	}
}

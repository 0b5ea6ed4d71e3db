package alternatives

import (
	"context"
	"maps"
	"slices"

	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/atom/metadata"
	"github.com/portsolve/portsolve/solver"
	"github.com/portsolve/portsolve/solver/answer"
	"github.com/portsolve/portsolve/solver/universe"
)

// Reduce makes an alternative of changes that are known to help, by leaving out what is not needed: of those that
// cost most first. It is for a search that ended early. nil if the changes do not help after all, or contain an
// alternative that was found. The error is ctx's or a source's.
func (f *Finder) Reduce(ctx context.Context, c answer.Changes) (*Alternative, error) {
	s, ok := f.w.numbers(c)
	if !ok || f.dominated(s) {
		return nil, nil
	}
	over, accepted := f.w.apply(s)
	best, err := f.attempt(ctx, f.w.problem(s, over, accepted))
	if err != nil || best == nil || !best.Complete {
		return nil, err
	}
	order := slices.Clone(s)
	slices.SortStableFunc(order, func(a, b int32) int { return f.w.weights[b].Compare(f.w.weights[a]) })
	for _, id := range order {
		fewer := slices.DeleteFunc(slices.Clone(s), func(other int32) bool { return other == id })
		if slices.ContainsFunc(f.cores, func(k *core) bool { return f.w.holds(k, fewer) }) {
			continue // needed
		}
		over, accepted := f.w.apply(fewer)
		o, err := f.attempt(ctx, f.w.problem(fewer, over, accepted))
		switch {
		case err != nil:
			return nil, err
		case o == nil:
		case o.Complete:
			s, best = fewer, o
		default:
			f.learn(ctx, o, fewer)
		}
	}
	if f.dominated(s) {
		return nil, nil
	}
	f.found = append(f.found, s)
	over, accepted = f.w.apply(s)
	return f.alternative(ctx, s, best, over, accepted)
}

// learn adds the contradictions of a failed outcome and counts them.
func (f *Finder) learn(ctx context.Context, o *solver.Outcome, s set) (news int) {
	for _, rules := range o.Contradictions(ctx, maxCores) {
		if c := f.w.core(rules, s); f.w.holds(c, s) {
			f.cores = append(f.cores, c)
			news++
		}
	}
	return news
}

// numbers finds the changes that an answer names; ok is false if one of them is not allowed.
func (w *world) numbers(c answer.Changes) (s set, ok bool) {
	for _, cpv := range c.Remove {
		p, err := atom.ParseCPV(cpv)
		if err != nil {
			return nil, false
		}
		for root := range w.u.Roots {
			for _, m := range w.u.Group(universe.RootID(root), p.CP).All {
				if id, ok := w.removal(m); ok && m.Pkg.CPV == p {
					s = s.with(set{id})
				}
			}
		}
	}
	for _, arg := range c.Drop {
		if id, ok := w.dropping(arg); ok {
			s = s.with(set{id})
		}
	}
	names := slices.Concat(slices.Collect(maps.Keys(c.Use)), slices.Collect(maps.Keys(c.License)), slices.Collect(maps.Keys(c.Properties)),
		slices.Collect(maps.Keys(c.Restrict)), c.Keywords, c.Unmask)
	slices.Sort(names)
	for _, cpv := range slices.Compact(names) {
		i := w.named(cpv)
		if i == nil || !i.liftable {
			return nil, false
		}
		s = s.with(i.need)
		for _, name := range slices.Sorted(maps.Keys(c.Use[cpv])) {
			id, ok := w.turn(i, name, c.Use[cpv][name], s)
			if !ok {
				return nil, false
			}
			s = s.with(set{id})
		}
	}
	return s, true
}

// named is the ebuild of a cpv, nil if there is none.
func (w *world) named(text string) *info {
	cpv, err := atom.ParseCPV(text)
	if err != nil {
		return nil
	}
	for root := range w.u.Roots {
		for _, c := range w.u.Group(universe.RootID(root), cpv.CP).All {
			if c.Pkg.Origin == metadata.Ebuild && c.Pkg.CPV == cpv {
				return w.info(c)
			}
		}
	}
	return nil
}

// Forbid takes changes of an alternative of the same problem for known: neither they nor a set that contains them
// is found. It must be called before Next.
func (f *Finder) Forbid(c answer.Changes) {
	if s, ok := f.w.numbers(c); ok {
		f.found = append(f.found, s)
	}
}

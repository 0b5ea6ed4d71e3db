package solver

import (
	"slices"

	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/atom/depend"
	"github.com/portsolve/portsolve/atom/metadata"
	"github.com/portsolve/portsolve/solver/internal/search"
	"github.com/portsolve/portsolve/solver/universe"
)

// What follows is emerge's way only (--compat=emerge; docs/objective.md).

// proposeRebuild: with --autounmask emerge takes the preferred version of an argument even where something installed is bound to the
// present one and could only be built (or had as a binary package) again with another keyword, mask or license. That
// change is proposed; false if there is none.
func (c *changes) proposeRebuild(u *universe.Universe, r *search.Result) bool {
	o := &u.Req.Options
	if !o.Compat || !o.Autounmask.Or(false) || !r.Complete || c.rounds == maxChangeRounds {
		return false
	}
	found := false
	for _, n := range r.Nodes {
		wanted := preferred(u, n)
		if wanted == nil {
			continue
		}
		for _, p := range r.Kept {
			if boundTo(u, p, n.Cand, wanted) {
				found = c.acceptAgain(u, p) || found
			}
		}
	}
	if found {
		c.rounds++
	}
	return found
}

// preferred is the higher version that an argument could have in the slot of a node, nil if it has the highest.
func preferred(u *universe.Universe, n *universe.Node) *universe.Candidate {
	for i := range u.Req.Args {
		arg := &u.Req.Args[i]
		if arg.Set || !slices.Contains(n.Args, arg.Text) {
			continue
		}
		for _, a := range arg.Atoms {
			for _, m := range u.Match(arg.Root, a.Atom) {
				if !m.Installed() && m.Visible() && m.Pkg.Slot == n.Cand.Pkg.Slot && m.CP() == n.Cand.CP() &&
					m.Pkg.CPV.Version.Compare(n.Cand.Pkg.CPV.Version) > 0 {
					return m
				}
			}
		}
	}
	return nil
}

// boundTo reports whether an installed package needs what one version has and another does not: a slot binding, or a
// shared library.
func boundTo(u *universe.Universe, p, has, lacks *universe.Candidate) bool {
	bound := false
	for _, d := range u.Deps(p) {
		d.Expr.Atoms(func(a *atom.Atom) {
			bound = bound || a.CP == has.CP() && a.Blocker == atom.NotBlocker && a.SlotOp == atom.SlotOpEqual && has.Matches(a) && !lacks.Matches(a)
		})
	}
	for _, s := range u.Sonames(p) {
		from := u.Providers(p.Root, s)
		bound = bound || slices.Contains(from, has) && !slices.Contains(from, lacks)
	}
	return bound
}

// acceptAgain lifts what keeps the same version, or another of the slot, from being merged again.
func (c *changes) acceptAgain(u *universe.Universe, p *universe.Candidate) bool {
	var best *universe.Candidate
	bestLevel := len(levels)
	for _, m := range u.Group(p.Root, p.CP()).All {
		if m.Installed() || m.Pkg.Slot != p.Pkg.Slot || m.Visible() {
			continue
		}
		for level := range levels {
			if !c.liftable(m, level) {
				continue
			}
			if level < bestLevel || level == bestLevel && m.Pkg.CPV == p.Pkg.CPV {
				best, bestLevel = m, level
			}
			break
		}
	}
	if best == nil || c.accept[best.Pkg] {
		return false
	}
	c.accept[best.Pkg] = true
	c.lifted = append(c.lifted, best)
	return true
}

// proposeParents: where no version has the flags that a dependency follows ("[foo(-)?]"), emerge asks for other flags of the
// package that has the dependency, and gives up. It is no round of its own.
func (c *changes) proposeParents(u *universe.Universe, r *search.Result) {
	if !u.Req.Options.Compat || r.Complete || r.Final || !c.allowed[useChange] {
		return
	}
	for _, m := range r.Missing {
		if m.Parent == nil || !m.Parent.Merge || m.Parent.Cand.Pkg.Origin != metadata.Ebuild {
			continue
		}
		if want := parentFlags(u, m); want != nil && c.agrees(m.Parent.Cand.Pkg, want) {
			c.add(m.Parent.Cand.Pkg, want)
		}
	}
}

// parentFlags are the flags of a parent with which the best version answers its dependency; nil if there are none.
func parentFlags(u *universe.Universe, m search.Missing) map[string]bool {
	parent := m.Parent.Cand
	raw, err := parent.Pkg.Deps(m.Kind)
	if err != nil {
		return nil
	}
	at := -1
	for _, d := range u.Deps(parent) {
		if d.Kind == m.Kind {
			d.Expr.Leaves(func(l *depend.Node) {
				if l.Atom == m.Atom {
					at = l.Offset
				}
			})
		}
	}
	var written *atom.Atom
	raw.Leaves(func(l *depend.Node) {
		if l.Offset == at {
			written = l.Atom
		}
	})
	if written == nil {
		return nil
	}
	for _, cand := range u.Match(m.Root, m.Atom.WithoutUse()) {
		if !cand.Visible() {
			continue
		}
		want := map[string]bool{}
		for _, d := range written.Use {
			if _, forced, masked, _ := parent.ForcedFlag(d.Flag); cand.HasFlag(d.Flag) || !d.Kind.Conditional() || forced || masked {
				continue
			}
			want[d.Flag] = !parent.Flags().Has(d.Flag)
		}
		if len(want) > 0 && answers(u, parent.With(want), m, cand, at) {
			return want
		}
	}
	return nil
}

// answers reports whether a candidate answers the dependency at a place of a parent's text.
func answers(u *universe.Universe, parent *universe.Candidate, m search.Missing, cand *universe.Candidate, at int) bool {
	ok := true
	for _, d := range u.Deps(parent) {
		if d.Kind == m.Kind {
			d.Expr.Leaves(func(l *depend.Node) {
				ok = ok && (l.Offset != at || cand.Matches(l.Atom))
			})
		}
	}
	return ok
}

// reportBroken lists what emerge reports of what is there already: dependencies of installed packages within --deep that nothing
// satisfies, and members of sets of which nothing can be merged, where the request is to merge them again.
func (o *Outcome) reportBroken(u *universe.Universe, r *search.Result) {
	opt := &u.Req.Options
	for _, n := range r.Nodes {
		if n.Merge || !n.Cand.Installed() || opt.Deep != universe.Unlimited && n.Depth >= opt.Deep {
			continue
		}
		for _, d := range u.Deps(n.Cand) {
			if universe.BuildTime(d.Kind) || d.Expr == nil {
				continue
			}
			for _, l := range d.Expr.Children {
				if l.Kind == depend.AtomLeaf && l.Atom.Blocker == atom.NotBlocker && !u.Provided(d.Root, l.Atom) && len(u.Match(d.Root, l.Atom)) == 0 {
					o.unsatisfied(u, search.Missing{Parent: n, Root: d.Root, Atom: l.Atom, Kind: d.Kind})
				}
			}
		}
	}
	if opt.Selective.Or(false) {
		return
	}
	for i := range u.Req.Args {
		arg := &u.Req.Args[i]
		for _, a := range arg.Atoms {
			if arg.Set && !u.Provided(arg.Root, a.Atom) && !slices.ContainsFunc(u.Match(arg.Root, a.Atom), func(c *universe.Candidate) bool { return !c.Installed() }) {
				o.unsatisfied(u, search.Missing{Arg: arg.Text, Root: arg.Root, Atom: a.Atom})
			}
		}
	}
}

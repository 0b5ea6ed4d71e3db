package search

import (
	"sort"

	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/atom/depend"
	"github.com/portsolve/portsolve/solver/universe"
)

// isBuilt reports whether an atom is a recorded binding (:slot/sub=).
func isBuilt(a *atom.Atom) bool { return a.SlotOp == atom.SlotOpEqual && a.SubSlot != "" }

// rebind finds the package that a recorded binding would move to if its owner were built again: the newest one that
// a replacement of the owner accepts through a := dependency. The atom returned is the replacement's. It looks for one if
// the binding is broken already, or (--rebuild-if-new-slot) if an update is wanted there.
func (w *walk) rebind(t task) (via *atom.Atom, best, owner *universe.Candidate) {
	if t.parent == nil || !t.parent.Cand.Installed() || !isBuilt(t.atom) {
		return nil, nil, nil
	}
	cur := w.u.InstalledMatch(t.root, t.atom)
	if cur != nil && !w.o.RebuildIfNewSlot.Or(true) {
		return nil, nil, nil
	}
	for _, r := range w.s.replacements(t.parent.Cand) {
		a, c := w.newest(r, t, cur == nil)
		if c != nil && (best == nil || better(c, best)) {
			best, via, owner = c, a, r
		}
	}
	if best == nil || best.Matches(t.atom) || cur != nil && !better(best, cur) && cur.Visible() && !w.slotChanged(cur, best) {
		return nil, nil, nil
	}
	probe := t
	probe.atom = via
	if cur != nil && !w.wantsUpdate(probe, []*universe.Candidate{best}, nil) {
		return nil, nil, nil
	}
	return via, best, owner
}

// wish is what a task would take on its own: the target of rebind, or the first possible preference.
func (w *walk) wish(t task) *universe.Candidate {
	if _, c, _ := w.rebind(t); c != nil {
		return c
	}
	return w.firstPossible(t)
}

// newest finds the best package that all atoms of r on the name of t accept, and the first := atom among them.
func (w *walk) newest(r *universe.Candidate, t task, installed bool) (*atom.Atom, *universe.Candidate) {
	var atoms []*atom.Atom
	var via *atom.Atom
	for _, d := range w.u.Deps(r) {
		if d.Root != t.root {
			continue
		}
		for _, ch := range d.Expr.Children {
			if ch.Kind != depend.AtomLeaf || ch.Atom.CP != t.atom.CP || ch.Atom.Blocker != atom.NotBlocker {
				continue
			}
			atoms = append(atoms, ch.Atom)
			if via == nil && ch.Atom.SlotOp == atom.SlotOpEqual {
				via = ch.Atom
			}
		}
	}
	if via == nil {
		return nil, nil
	}
	var best *universe.Candidate
next:
	for _, c := range w.u.Match(t.root, via) {
		if c.Installed() && !installed || !c.Installed() && (!w.s.usable(c) || w.u.Stray(c)) {
			continue
		}
		for _, a := range atoms {
			if !c.Matches(a) {
				continue next
			}
		}
		if best == nil || c.Installed() && !better(best, c) {
			best = c // what is installed is as good as its ebuild
		}
	}
	if best != nil {
		return via, best
	}
	return nil, nil
}

// slotChanged: --changed-slot moves bindings of an installed package to the slot that its own version has now.
func (w *walk) slotChanged(cur, best *universe.Candidate) bool {
	return w.o.ChangedSlot && cur.Pkg.CPV.Version.Compare(best.Pkg.CPV.Version) == 0 &&
		(cur.Pkg.Slot != best.Pkg.Slot || cur.Pkg.SubSlot != best.Pkg.SubSlot)
}

// moveBinding takes the package of rebind and commits to building the owner of the binding again.
func (w *walk) moveBinding(t task) bool {
	a, c, owner := w.rebind(t)
	if c == nil {
		return false
	}
	moved := t
	moved.atom = a
	if w.g == nil {
		w.conflict = true // the owner cannot stay as it is: the guide has to replace it
		w.link(moved, c)
		return true
	}
	l := w.g.f.Used(owner)
	if l == 0 || w.g.isFalse(l) || w.g.isFalse(w.g.f.Used(c)) || !w.commit(l) || !w.take(moved, c) {
		return false
	}
	w.link(moved, c)
	return true
}

func better(a, b *universe.Candidate) bool {
	return a.Pkg.CPV.Version.Compare(b.Pkg.CPV.Version) > 0
}

// replacements lists what could take the place of an installed package without a downgrade.
func (s *Search) replacements(c *universe.Candidate) []*universe.Candidate {
	var out []*universe.Candidate
	for _, m := range s.u.Group(c.Root, c.CP()).All {
		if !m.Installed() && m.Pkg.Slot == c.Pkg.Slot && m.Pkg.CPV.Version.Compare(c.Pkg.CPV.Version) >= 0 && s.usable(m) {
			out = append(out, m)
		}
	}
	return out
}

// noteRebuilds records which packages are built again because a package they were built against moves to
// another slot or sub-slot: cause cpv -> rebuilt cpvs.
func (r *Result) noteRebuilds(u *universe.Universe) {
	byCP := map[atom.CP][]*universe.Node{}
	for _, n := range r.Nodes {
		byCP[n.Cand.CP()] = append(byCP[n.Cand.CP()], n)
	}
	for _, n := range r.Nodes {
		for _, i := range n.Replaces {
			if i.Pkg.CPV.Version.Compare(n.Cand.Pkg.CPV.Version) != 0 {
				continue
			}
			if c := brokenBinding(u, i, byCP); c != nil {
				cause := c.Pkg.CPV.String()
				n.Why = append(n.Why, universe.Cause{Rebuild: cause})
				r.Rebuilds[cause] = append(r.Rebuilds[cause], n.Cand.Pkg.CPV.String())
			}
		}
	}
	for _, list := range r.Rebuilds {
		sort.Strings(list)
	}
}

// brokenBinding finds the selected package that a recorded binding of i does not fit any more.
func brokenBinding(u *universe.Universe, i *universe.Candidate, byCP map[atom.CP][]*universe.Node) *universe.Candidate {
	var cause *universe.Candidate
	for _, d := range u.Deps(i) {
		d.Expr.Atoms(func(a *atom.Atom) {
			if !isBuilt(a) || cause != nil || a.Blocker != atom.NotBlocker {
				return
			}
			var moved *universe.Candidate
			for _, n := range byCP[a.CP] {
				switch {
				case n.Cand.Root != d.Root:
				case n.Cand.Matches(a):
					return // the binding still fits
				case n.Merge:
					moved = n.Cand
				}
			}
			cause = moved
		})
	}
	return cause
}

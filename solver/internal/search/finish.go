package search

import (
	"github.com/portsolve/portsolve/solver/internal/cnf"
	"github.com/portsolve/portsolve/solver/universe"
)

// maxFinish bounds the passes of finish; each but the last replaces a package, real requests need four.
const maxFinish = 1000

// finish decides what was taken on trust: every installed package stays as it is
// if that is possible, and is rebuilt or replaced otherwise.
func (w *walk) finish() {
	for changed, pass := true, 0; changed && !w.stopped(); pass++ {
		if pass == maxFinish {
			w.dead = true
			return
		}
		changed = false
		for i := 0; i < len(w.nodes) && !w.stopped(); i++ {
			n := w.nodes[i]
			if n.Merge || w.targets[n] || w.gone[n] || w.settled[n] {
				continue
			}
			changed = true
			if w.commit(w.g.f.Used(n.Cand)) {
				w.settled[n] = true
				continue
			}
			if !w.dead {
				w.displace(n)
			}
		}
		if w.stayers() || w.complete() {
			changed = true
		}
	}
}

// stayers settles the installed packages that no dependency led to: they stay whole if they can. If not, they are
// built again if something relies on them, and are left as they are otherwise. It reports whether one had to be replaced.
func (w *walk) stayers() bool {
	changed := false
	for _, k := range w.g.f.Keeps() {
		c := k.Inst
		if w.stopped() {
			return changed
		}
		if w.byCand[c] != nil || w.g.isTrue(w.g.f.Used(c)) || w.live(c.SlotKey()) != nil {
			continue
		}
		if w.commit(w.g.f.Used(c)) || w.dead {
			continue
		}
		if !w.wanted(c) && (w.commit(w.g.f.Exists(c)) || w.dead || !w.g.isTrue(k.Lit)) {
			continue
		}
		changed = w.replacement(c, nil) || changed
	}
	return changed
}

// wanted reports whether another package in the slot of c is certain to be needed.
func (w *walk) wanted(c *universe.Candidate) bool {
	for _, m := range w.u.Group(c.Root, c.CP()).All {
		if m != c && m.Pkg.Slot == c.Pkg.Slot && w.g.isTrue(w.g.f.Used(m)) {
			return true
		}
	}
	return false
}

// live is the node that occupies a slot, nil if none.
func (w *walk) live(k universe.SlotKey) *universe.Node {
	for _, n := range w.slots[k] {
		if !w.gone[n] {
			return n
		}
	}
	return nil
}

// displace finds another package for those that relied on an installed one.
func (w *walk) displace(n *universe.Node) {
	w.gone[n] = true
	if other := w.live(n.Cand.SlotKey()); other != nil {
		if fits(n, other.Cand) {
			w.replace(n, other)
			return
		}
	} else if w.replacement(n.Cand, n) {
		return
	}
	// The slot is given up: each parent looks for something else.
	in := n.In
	n.In = nil
	for _, e := range in {
		if !w.gone[e.Parent] {
			w.satisfy(task{parent: e.Parent, root: n.Cand.Root, atom: e.Atom, kind: e.Kind, depth: e.Parent.Depth + 1, optional: e.Priority.Optional})
		}
	}
	w.drain()
}

// fits reports whether c is good enough for what relied on n.
func fits(n *universe.Node, c *universe.Candidate) bool {
	for _, e := range n.In {
		if !c.Matches(e.Atom) {
			return false
		}
	}
	return true
}

// replacement merges another package in the slot of c: the same version built again if possible, else the
// newest one that is not older, else the newest.
func (w *walk) replacement(c *universe.Candidate, old *universe.Node) bool {
	for _, m := range w.slotChoices(c) {
		l := w.g.f.Used(m)
		if l == 0 || w.g.isFalse(l) || !w.commit(l) {
			if w.stopped() {
				return true
			}
			continue
		}
		t := task{root: c.Root}
		n := w.node(m, t)
		w.forced[n] = old == nil || w.forced[old]
		if old != nil {
			n.Depth = old.Depth
			w.replace(old, n)
		}
		w.stack = append(w.stack, n)
		w.drain()
		return true
	}
	return false
}

func (w *walk) slotChoices(c *universe.Candidate) []*universe.Candidate {
	var same, higher, lower []*universe.Candidate
	for _, m := range w.u.Group(c.Root, c.CP()).All {
		if m.Installed() || m.Pkg.Slot != c.Pkg.Slot || !w.s.usable(m) {
			continue
		}
		switch v := m.Pkg.CPV.Version.Compare(c.Pkg.CPV.Version); {
		case v == 0:
			same = append(same, m)
		case v > 0:
			higher = append(higher, m)
		default:
			lower = append(lower, m)
		}
	}
	if w.o.Compat || w.o.Update && w.o.Deep == universe.Unlimited {
		return append(append(higher, same...), lower...)
	}
	return append(append(same, higher...), lower...)
}

// removed lists installed packages whose slot is empty in the end.
func (w *walk) removed(f *cnf.Formula) []*universe.Candidate {
	var out []*universe.Candidate
	for _, k := range f.Keeps() {
		if w.g.isTrue(f.Exists(k.Inst)) || w.live(k.Slot) != nil || w.moves(k.Inst) {
			continue
		}
		out = append(out, k.Inst)
	}
	return out
}

// moves reports whether the version of an installed package is merged into another slot, which takes its place.
func (w *walk) moves(c *universe.Candidate) bool {
	for _, m := range w.u.Group(c.Root, c.CP()).All {
		if n := w.byCand[m]; n != nil && n.Merge && !w.gone[n] && m.SamePlace(c) {
			return true
		}
	}
	return false
}

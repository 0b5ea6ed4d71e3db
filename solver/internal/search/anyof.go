package search

import (
	"sort"

	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/atom/depend"
	"github.com/portsolve/portsolve/solver/universe"
)

// branch is one way to satisfy a group, rated for docs/objective.md, "Which branch".
type branch struct {
	atoms     []*atom.Atom // in order; blockers included
	picks     []*universe.Candidate
	available bool
	inGraph   bool // every package is selected already
	installed bool // every package, or an older one in its slot, is installed
	someInst  bool
	anySlot   bool // every package is installed in some slot
	newSlots  int
	useOnly   bool // available but for USE
}

// choose resolves a group with a choice.
func (w *walk) choose(d disjunction) {
	if w.gone[d.parent] {
		return
	}
	if d.node.Kind == depend.AtomLeaf {
		w.leaf(d.parent, d.dep, d.node.Atom, d.optional)
		return
	}
	bs := w.branches(d)
	for _, b := range bs {
		if !b.available {
			continue
		}
		if w.takeBranch(d, b) {
			for _, a := range b.atoms {
				w.leaf(d.parent, d.dep, a, d.optional)
			}
			return
		}
		if w.stopped() {
			return
		}
	}
	if d.optional || len(d.node.Children) == 0 {
		return
	}
	// Nothing is available: the first branch tells what is missing.
	if len(bs) > 0 {
		for _, a := range bs[0].atoms {
			w.leaf(d.parent, d.dep, a, d.optional)
		}
	}
}

// takeBranch checks with the guide that all of a branch is possible together.
func (w *walk) takeBranch(d disjunction, b *branch) bool {
	if w.g == nil {
		return true
	}
	depth := w.g.depth()
	for i, a := range b.atoms {
		if a.Blocker != atom.NotBlocker || b.picks[i] == nil {
			continue
		}
		c := b.picks[i]
		l := w.g.f.Used(c)
		if l == 0 || w.g.isFalse(l) || !c.Installed() && !w.g.push(l) {
			w.g.popTo(depth)
			return false
		}
	}
	return true
}

// branches lists the branches of a group, best first.
func (w *walk) branches(d disjunction) []*branch {
	var bs []*branch
	for _, ch := range d.node.Children {
		for _, atoms := range w.flatten(ch) {
			bs = append(bs, w.rate(d, atoms))
		}
	}
	sort.SliceStable(bs, func(i, j int) bool { return bs[i].rank() < bs[j].rank() })
	w.preferUpgrades(bs)
	return bs
}

// maxBranches bounds the product of nested groups; real trees stay below ten.
const maxBranches = 64

// flatten gives the alternatives of one branch as lists of atoms; a group nested
// in an all-of group multiplies them.
func (w *walk) flatten(n *depend.Node) [][]*atom.Atom {
	switch n.Kind {
	case depend.AtomLeaf:
		return [][]*atom.Atom{{n.Atom}}
	case depend.AnyOf:
		var out [][]*atom.Atom
		for _, ch := range n.Children {
			out = append(out, w.flatten(ch)...)
		}
		return out
	}
	out := [][]*atom.Atom{nil}
	for _, ch := range n.Children {
		var next [][]*atom.Atom
		for _, head := range out {
			for _, tail := range w.flatten(ch) {
				if len(next) == maxBranches {
					break
				}
				next = append(next, append(append([]*atom.Atom(nil), head...), tail...))
			}
		}
		out = next
	}
	return out
}

func (w *walk) rate(d disjunction, atoms []*atom.Atom) *branch {
	b := &branch{atoms: atoms, picks: make([]*universe.Candidate, len(atoms)),
		available: true, inGraph: true, installed: true, anySlot: true}
	for i, a := range atoms {
		if a.Blocker != atom.NotBlocker || w.u.Provided(d.dep.Root, a) {
			continue
		}
		t := task{parent: d.parent, root: d.dep.Root, atom: a, kind: d.dep.Kind, depth: below(d.parent), optional: d.optional}
		c := w.firstPossible(t)
		b.picks[i] = c
		if c == nil {
			b.available, b.inGraph, b.installed, b.anySlot = false, false, false, false
			continue
		}
		k := c.SlotKey()
		selected := w.selected(k, a)
		inst := len(w.u.InstalledIn(k)) > 0
		b.inGraph = b.inGraph && selected
		b.installed = b.installed && inst
		b.someInst = b.someInst || inst
		b.anySlot = b.anySlot && len(w.u.InstalledGroup(k.Root, k.CP)) > 0
		if !inst && !selected {
			b.newSlots++
		}
	}
	return b
}

// selected reports whether a package of the slot that satisfies a is in the graph.
func (w *walk) selected(k universe.SlotKey, a *atom.Atom) bool {
	for _, n := range w.slots[k] {
		if !w.gone[n] && n.Cand.Matches(a) {
			return true
		}
	}
	return false
}

func (w *walk) firstPossible(t task) *universe.Candidate {
	for _, c := range w.prefs(t) {
		if w.g == nil {
			return c
		}
		if l := w.g.f.Used(c); l != 0 && !w.g.isFalse(l) {
			return c
		}
	}
	return nil
}

// rank orders branches; smaller is better, equal ranks keep the ebuild's order.
func (b *branch) rank() int {
	switch {
	case !b.available:
		return 900
	case b.inGraph:
		return 0
	case b.installed:
		return 100
	case b.anySlot:
		return 200 + b.newSlots
	}
	return 300 + b.newSlots
}

// preferUpgrades moves a branch before one of equal rank that differs from it
// only by lower versions of the same packages.
func (w *walk) preferUpgrades(bs []*branch) {
	for i := 1; i < len(bs); i++ {
		for j := 0; j < i; j++ {
			if bs[i].available && bs[i].rank()/100 == bs[j].rank()/100 && newer(bs[i], bs[j]) {
				b := bs[i]
				copy(bs[j+1:i+1], bs[j:i])
				bs[j] = b
				break
			}
		}
	}
}

// newer reports whether a has a higher version of a package of b, and no lower one.
func newer(a, b *branch) bool {
	up := false
	for _, c := range a.picks {
		if c == nil {
			continue
		}
		for _, d := range b.picks {
			if d == nil || c.CP() != d.CP() || c.Root != d.Root {
				continue
			}
			switch v := c.Pkg.CPV.Version.Compare(d.Pkg.CPV.Version); {
			case v < 0:
				return false
			case v > 0:
				up = true
			}
		}
	}
	return up
}

package search

import (
	"sort"

	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/atom/depend"
	"github.com/portsolve/portsolve/solver/universe"
)

// disjunction is what has a choice in one dependency variable: any-of groups, and
// virtuals. It waits until everything without a choice is in the graph.
type disjunction struct {
	parent   *universe.Node
	dep      universe.Dep
	members  []*depend.Node
	optional bool
}

// queue sets aside the members of a dependency variable that have a choice.
func (w *walk) queue(n *universe.Node, d universe.Dep, e *depend.Node, optional bool) {
	x := disjunction{parent: n, dep: d, optional: optional}
	var collect func(*depend.Node)
	collect = func(e *depend.Node) {
		for _, ch := range e.Children {
			switch {
			case ch.Kind == depend.AnyOf, ch.Kind == depend.AtomLeaf && isVirtual(ch.Atom):
				x.members = append(x.members, ch)
			case ch.Kind == depend.All:
				collect(ch)
			}
		}
	}
	collect(e)
	if len(x.members) > 0 {
		w.disj = append(w.disj, x)
	}
}

// choose resolves a disjunction: all its groups are decided on the graph as it is, then what
// was chosen is added. Groups that speak of the same packages are decided together.
func (w *walk) choose(d disjunction) {
	if w.gone[d.parent] {
		return
	}
	var chosen []*atom.Atom
	for _, m := range joined(d.members) {
		if m.Kind == depend.AtomLeaf {
			chosen = append(chosen, m.Atom)
			continue
		}
		chosen = append(chosen, w.decide(d, m)...)
		if w.stopped() {
			return
		}
	}
	w.leaves(d.parent, d.dep, chosen, d.optional)
}

// decide takes the best possible branch. If none is possible the best of the others is returned,
// which then tells what is missing.
func (w *walk) decide(d disjunction, m *depend.Node) []*atom.Atom {
	bs := w.branches(d, m)
	for _, b := range bs {
		if b.class() >= classNeedsUse {
			break
		}
		if w.takeBranch(b) {
			return b.atoms
		}
		if w.stopped() {
			return nil
		}
	}
	for _, b := range bs {
		if (b.class() == classDowngrade || b.class() == classCircular) && w.takeBranch(b) {
			return b.atoms
		}
	}
	if d.optional || len(bs) == 0 {
		return nil
	}
	return bs[0].atoms
}

// joined joins groups that share a package name into one all-of node, so that one branch can answer several.
func joined(members []*depend.Node) []*depend.Node {
	var out []*depend.Node
	names := make([]map[atom.CP]bool, 0, len(members))
	for _, m := range members {
		cps := map[atom.CP]bool{}
		m.Atoms(func(a *atom.Atom) { cps[a.CP] = true })
		at := -1
		if m.Kind == depend.AnyOf {
			for i := range out {
				if out[i].Kind != depend.AtomLeaf && intersects(names[i], cps) {
					at = i
					break
				}
			}
		}
		if at < 0 {
			out, names = append(out, m), append(names, cps)
			continue
		}
		if out[at].Kind == depend.AnyOf {
			out[at] = &depend.Node{Kind: depend.All, Children: []*depend.Node{out[at]}}
		}
		out[at].Children = append(out[at].Children, m)
		for cp := range cps {
			names[at][cp] = true
		}
	}
	return out
}

func intersects(a, b map[atom.CP]bool) bool {
	for cp := range b {
		if a[cp] {
			return true
		}
	}
	return false
}

// branch is one way to satisfy a group, rated for docs/objective.md, "Which branch".
type branch struct {
	atoms     []*atom.Atom // in order; blockers included
	picks     []*universe.Candidate
	available bool
	useOnly   bool // it would be available with other USE flags
	inGraph   bool // every package is selected already
	known     bool // every name is installed in some version
	slots     bool // every slot is installed
	want      bool // an update to one of its new slots is wanted
	downgrade bool // something installed would be downgraded
	circular  bool // a package would be needed to build itself
	chained   bool // to build the parent, another version of it would be built, and for that yet another one
	newSlots  int
	older     bool // a package is not the best that could take its slot
}

const (
	classKnown     = iota // selected or installed already
	classNew              // brings in new packages
	classNeedsUse         // needs another USE setting
	classDowngrade        // would downgrade what is installed
	classCircular         // leads into a build cycle
	classUnavailable
)

func (b *branch) class() int {
	switch {
	case !b.available && b.useOnly:
		return classNeedsUse
	case !b.available:
		return classUnavailable
	case b.circular:
		return classCircular
	case b.downgrade:
		return classDowngrade
	case b.inGraph || b.known:
		return classKnown
	}
	return classNew
}

// takeBranch checks with the guide that all of a branch is possible together.
func (w *walk) takeBranch(b *branch) bool {
	if w.g == nil {
		return true
	}
	depth := w.g.depth()
	for _, c := range b.picks {
		if c == nil {
			continue // a blocker
		}
		l := w.g.f.Used(c)
		if l == 0 || w.g.isFalse(l) || !c.Installed() && !w.g.push(l) {
			w.g.popTo(depth)
			return false
		}
	}
	return true
}

// branches lists the branches of a group, best first.
func (w *walk) branches(d disjunction, m *depend.Node) []*branch {
	var bs []*branch
	for _, atoms := range w.flatten(m) {
		bs = append(bs, w.rate(d, atoms))
	}
	sort.SliceStable(bs, func(i, j int) bool {
		a, b := bs[i], bs[j]
		if a.class() != b.class() {
			return a.class() < b.class()
		}
		if m.Kind != depend.All {
			return false
		}
		if a.newSlots != b.newSlots {
			return a.newSlots < b.newSlots
		}
		return !a.older && b.older
	})
	for i := 1; i < len(bs); i++ {
		for j := 0; j < i; j++ {
			if bs[i].class() == bs[j].class() && bs[i].before(bs[j]) {
				b := bs[i]
				copy(bs[j+1:i+1], bs[j:i])
				bs[j] = b
				break
			}
		}
	}
	return bs
}

// before tells whether a branch goes before one of the same class that the ebuild lists first.
func (b *branch) before(o *branch) bool {
	if b.slots && !o.slots && !(o.want && b.sharesName(o)) {
		return true
	}
	if b.chained != o.chained {
		return o.chained
	}
	up, down := b.compare(o)
	return up && !down || b.inGraph && !o.inGraph && !(down && !up)
}

// sharesName reports whether a package of b has the name of one of o.
func (b *branch) sharesName(o *branch) bool {
	for _, c := range b.picks {
		for _, d := range o.picks {
			if c != nil && d != nil && c.CP() == d.CP() {
				return true
			}
		}
	}
	return false
}

// compare tells whether b has higher and lower versions of packages of o.
func (b *branch) compare(o *branch) (up, down bool) {
	for _, c := range b.picks {
		for _, d := range o.picks {
			if c == nil || d == nil || c.CP() != d.CP() || c.Root != d.Root {
				continue
			}
			v := c.Pkg.CPV.Version.Compare(d.Pkg.CPV.Version)
			up, down = up || v > 0, down || v < 0
		}
	}
	return up, down
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
		available: true, useOnly: true, inGraph: true, known: true, slots: true}
	seen := map[universe.SlotKey]bool{}
	for i, a := range atoms {
		t := task{parent: d.parent, root: d.dep.Root, atom: a, kind: d.dep.Kind, depth: below(d.parent), optional: d.optional}
		if a.Blocker != atom.NotBlocker || w.given(t) {
			continue
		}
		if len(w.u.InstalledGroup(t.root, a.CP)) == 0 && !isVirtual(a) {
			b.known = false
		}
		c := w.firstPossible(t)
		b.picks[i] = c
		if c == nil {
			b.available = false
			c = w.withOtherUse(t)
			if c == nil {
				b.useOnly, b.inGraph, b.slots = false, false, false
				continue
			}
		}
		w.rateSlot(b, t, c, seen)
	}
	if b.available && w.excludesItself(d.dep.Root, atoms, b.picks) {
		b.available, b.useOnly = false, false
	}
	return b
}

// excludesItself reports whether two atoms of a branch cannot hold together: they want different packages of one slot, and no
// package that would do for one leaves room for the other.
func (w *walk) excludesItself(root universe.RootID, atoms []*atom.Atom, picks []*universe.Candidate) bool {
	for i, c := range picks {
		for j, o := range picks[:i] {
			if c != nil && o != nil && c != o && c.SamePlace(o) && !w.together(root, atoms[i], atoms[j]) {
				return true
			}
		}
	}
	return false
}

// together reports whether one package, or two in different slots, answer two atoms.
func (w *walk) together(root universe.RootID, a, b *atom.Atom) bool {
	can := func(c *universe.Candidate) bool { return c.Installed() || w.s.usable(c) }
	for _, c := range w.u.Match(root, a) {
		for _, o := range w.u.Match(root, b) {
			if can(c) && can(o) && (c == o || !c.SamePlace(o)) {
				return true
			}
		}
	}
	return false
}

func (w *walk) rateSlot(b *branch, t task, c *universe.Candidate, seen map[universe.SlotKey]bool) {
	k := c.SlotKey()
	selected := w.selected(k, t.atom)
	inst := w.u.InstalledIn(k)
	if isVirtual(t.atom) && len(inst) == 0 && !selected {
		w.rateProviders(b, c)
		return
	}
	b.inGraph = b.inGraph && selected
	b.older = b.older || !c.Installed() && !w.s.best(c)
	if w.bootstraps(t, c) && !selected {
		b.known = false // the installed one is the one that is to be replaced
		b.chained = b.chained || w.bootstrapped(c)
	}
	if len(inst) == 0 {
		b.slots = false
		if !selected && !seen[k] {
			b.newSlots++
		}
		b.want = b.want || w.wantsUpdate(t, []*universe.Candidate{c}, nil)
	} else if !c.Installed() && !selected && better(inst[0], c) && inst[0].Visible() {
		b.downgrade = true
	}
	if w.s.distrust[c] {
		b.downgrade = true
	}
	seen[k] = true
	if (w.u.Req.Circular[t.parent.Cand.Pkg][c.Pkg] || universe.BuildTime(t.kind) && c == t.parent.Cand) &&
		w.u.InstalledMatch(t.root, t.atom) == nil {
		b.circular = true // what is installed would have broken the cycle
	}
}

// bootstraps reports whether c would be merged to build another version of itself.
func (w *walk) bootstraps(t task, c *universe.Candidate) bool {
	return universe.BuildTime(t.kind) && t.parent != nil && !c.Installed() && c.CP() == t.parent.Cand.CP() && c != t.parent.Cand
}

// bootstrapped reports whether another version of c would have to be built before it.
func (w *walk) bootstrapped(c *universe.Candidate) bool {
	for _, d := range w.u.Deps(c) {
		needs := universe.BuildTime(d.Kind) && !universe.Satisfied(d.Expr, func(a *atom.Atom) bool {
			return a.CP != c.CP() || w.u.InstalledMatch(d.Root, a) != nil
		})
		if needs {
			return true
		}
	}
	return false
}

// best reports whether no usable package of the slot is newer.
func (s *Search) best(c *universe.Candidate) bool {
	for _, m := range s.u.Group(c.Root, c.CP()).All {
		if !better(m, c) {
			return true
		}
		if m.Pkg.Slot == c.Pkg.Slot && !m.Installed() && s.usable(m) {
			return false
		}
	}
	return true
}

// rateProviders rates a virtual that is not there yet by what it stands for.
func (w *walk) rateProviders(b *branch, c *universe.Candidate) {
	inGraph, installed := true, true
	for _, d := range w.u.Deps(c) {
		inGraph = inGraph && universe.Satisfied(d.Expr, func(a *atom.Atom) bool {
			for _, m := range w.u.Match(d.Root, a) {
				if n := w.byCand[m]; n != nil && !w.gone[n] {
					return true
				}
			}
			return false
		})
		installed = installed && w.u.HeldBefore(d.Root, d.Expr)
	}
	b.inGraph = b.inGraph && inGraph
	if !installed && !inGraph {
		b.slots, b.known = false, false
		b.newSlots++
	}
}

// needsUseOnly reports whether a usable package would answer the task with other USE flags.
func (w *walk) needsUseOnly(t task) bool { return w.withOtherUse(t) != nil }

// withOtherUse is the best usable package that would answer the task with other USE
// flags; nil if one answers as it is, or none would.
func (w *walk) withOtherUse(t task) *universe.Candidate {
	if len(t.atom.Use) == 0 {
		return nil
	}
	for _, c := range w.u.Match(t.root, w.s.noUse(t.atom)) {
		if c.Installed() || !w.s.usable(c) {
			continue
		}
		if c.Matches(t.atom) {
			return nil
		}
		if FlagsFor(c, t.atom) != nil {
			return c
		}
	}
	return nil
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

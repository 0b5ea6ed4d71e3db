package cnf

import (
	"sort"

	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/atom/depend"
	"github.com/portsolve/portsolve/atom/metadata"
	"github.com/portsolve/portsolve/solver/internal/sat"
	"github.com/portsolve/portsolve/solver/universe"
)

// Goal is one atom of the request with the candidates that may answer it.
type Goal struct {
	Arg   string
	Atom  *atom.Atom
	Root  universe.RootID
	Cands []*universe.Candidate
	// Target: --onlydeps; the dependencies are wanted, not the package.
	Target bool
	Kinds  []metadata.DepKind // Target: which variables count
	World  bool               // a member of @world that was satisfied before, not part of the request
}

// Input is what Encode works on.
type Input struct {
	U     *universe.Universe
	Cands []*universe.Candidate // every candidate of the formula
	// Kept tells which installed packages' slots stay occupied if they can (rules Keep and NoDowngrade).
	Kept func(*universe.Candidate) bool
	// Whole: an installed package that stays keeps its dependencies. Otherwise it may lose them, unless the
	// request, @world, or a package that they lead to relies on it.
	Whole  bool
	Goals  []Goal
	NoDeps bool
	// Avoid tells what must not answer a dependency of a package that is merged; nil: nothing.
	Avoid func(*universe.Candidate) bool
	// BuildDeps: installed packages keep their build dependencies, too.
	BuildDeps bool
}

// Encode writes every rule of the input as clauses.
func Encode(in Input) *Formula {
	f := &Formula{u: in.U, avoid: in.Avoid, cands: in.Cands, targets: map[*universe.Candidate]sat.Lit{}, moved: map[*universe.Candidate][]*universe.Candidate{}}
	max := 0
	for _, c := range in.Cands {
		if c.ID > max {
			max = c.ID
		}
	}
	f.exists = make([]sat.Lit, max+1)
	f.used = make([]sat.Lit, max+1)
	for _, c := range in.Cands {
		f.exists[c.ID] = f.newVar()
		f.used[c.ID] = f.exists[c.ID]
		if c.Installed() && !in.Whole {
			// It may stay without its dependencies, but then nobody can rely on it.
			f.used[c.ID] = f.newVar()
			f.add(f.rule(Rule{Kind: Keep, Cand: c, Slot: c.SlotKey()}), f.used[c.ID].Not(), f.exists[c.ID])
		}
	}
	f.slots(in)
	if !in.NoDeps {
		for _, c := range in.Cands {
			f.depends(c, f.used[c.ID], in.BuildDeps)
			f.sonames(c, f.used[c.ID])
		}
	}
	for _, g := range in.Goals {
		f.goal(g, in.NoDeps)
	}
	return f
}

// slots encodes Slot, Keep and NoDowngrade.
func (f *Formula) slots(in Input) {
	groups := map[universe.SlotKey][]*universe.Candidate{}
	var keys []universe.SlotKey
	for _, c := range in.Cands {
		k := c.SlotKey()
		if groups[k] == nil {
			keys = append(keys, k)
		}
		groups[k] = append(groups[k], c)
	}
	for _, c := range in.Cands {
		if !c.Installed() {
			f.samePlace(c)
		}
	}
	for _, k := range keys {
		g := groups[k]
		if len(g) > 1 {
			lits := make([]sat.Lit, len(g))
			for i, c := range g {
				lits[i] = f.exists[c.ID]
			}
			f.atMostOne(f.rule(Rule{Kind: Slot, Slot: k, Others: g}), lits)
		}
		for _, c := range g {
			if c.Installed() && in.Kept(c) {
				f.keep(k, c, g)
			}
		}
	}
	sort.SliceStable(f.keeps, func(i, j int) bool { return softLess(f.keeps[i], f.keeps[j]) })
	sort.SliceStable(f.downs, func(i, j int) bool { return softLess(f.downs[i], f.downs[j]) })
}

// samePlace: the database of installed packages has one place for a name and version, so what is installed does not stay when
// the same version is merged into another slot (an ebuild whose SLOT was changed without a new revision).
func (f *Formula) samePlace(c *universe.Candidate) {
	for _, i := range f.u.InstalledGroup(c.Root, c.CP()) {
		if l := f.Exists(i); l != 0 && i.Pkg.Slot != c.Pkg.Slot && i.SamePlace(c) {
			f.add(f.rule(Rule{Kind: Slot, Slot: c.SlotKey(), Others: []*universe.Candidate{i, c}}), f.exists[c.ID].Not(), l.Not())
			f.moved[i] = append(f.moved[i], c)
		}
	}
}

func softLess(a, b Soft) bool {
	if a.Slot.Root != b.Slot.Root {
		return a.Slot.Root < b.Slot.Root
	}
	return a.Inst.Pkg.CPV.Compare(b.Inst.Pkg.CPV) < 0
}

func (f *Formula) keep(k universe.SlotKey, inst *universe.Candidate, g []*universe.Candidate) {
	s := f.newVar()
	cl := []sat.Lit{s.Not()}
	for _, c := range g {
		cl = append(cl, f.exists[c.ID])
	}
	for _, c := range f.moved[inst] {
		cl = append(cl, f.exists[c.ID]) // it is still there, in another slot
	}
	f.add(f.rule(Rule{Kind: Keep, Cand: inst, Slot: k}), cl...)
	f.keeps = append(f.keeps, Soft{s, k, inst})
	var lower []*universe.Candidate
	for _, c := range g {
		if c.Pkg.CPV.Version.Compare(inst.Pkg.CPV.Version) < 0 {
			lower = append(lower, c)
		}
	}
	if len(lower) == 0 {
		return
	}
	d := f.newVar()
	r := f.rule(Rule{Kind: NoDowngrade, Cand: inst, Slot: k})
	for _, c := range lower {
		f.add(r, d.Not(), f.exists[c.ID].Not())
	}
	f.downs = append(f.downs, Soft{d, k, inst})
}

// pairwiseLimit: up to here n(n-1)/2 binary clauses propagate best; beyond it the
// sequential encoding with 3n clauses is smaller (PMS trees have slots with 30 versions).
const pairwiseLimit = 6

func (f *Formula) atMostOne(rule int32, l []sat.Lit) {
	if len(l) <= pairwiseLimit {
		for i := range l {
			for j := i + 1; j < len(l); j++ {
				f.add(rule, l[i].Not(), l[j].Not())
			}
		}
		return
	}
	var prev sat.Lit
	for i, x := range l {
		if prev != 0 {
			f.add(rule, prev.Not(), x.Not())
		}
		if i == len(l)-1 {
			return
		}
		s := f.newVar() // one of l[:i+1] is true
		f.add(rule, x.Not(), s)
		if prev != 0 {
			f.add(rule, prev.Not(), s)
		}
		prev = s
	}
}

// depends encodes what a package needs under literal p.
func (f *Formula) depends(c *universe.Candidate, p sat.Lit, build bool) {
	for _, d := range f.u.Deps(c) {
		if c.Pkg.Origin != metadata.Ebuild && universe.BuildTime(d.Kind) && !build {
			continue
		}
		for _, n := range d.Expr.Children {
			if c.Installed() && !f.u.HeldBefore(d.Root, n) {
				continue // broken before the request; not ours to repair (docs/encoding.md, "Keep")
			}
			f.node(c, p, d, n, false)
		}
	}
}

// sonames encodes the shared libraries that a built package needs.
func (f *Formula) sonames(c *universe.Candidate, p sat.Lit) {
	for _, s := range f.u.Sonames(c) {
		if c.Installed() && !f.u.ProvidedBefore(c.Root, s) {
			continue
		}
		cl := []sat.Lit{p.Not()}
		for _, m := range f.u.Providers(c.Root, s) {
			if l := f.Used(m); l != 0 {
				cl = append(cl, l)
			}
		}
		f.add(f.rule(Rule{Kind: Library, Cand: c, Root: c.Root, Soname: s}), cl...)
	}
}

// node encodes p → n.
func (f *Formula) node(c *universe.Candidate, p sat.Lit, d universe.Dep, n *depend.Node, target bool) {
	switch n.Kind {
	case depend.AtomLeaf:
		f.leaf(c, p, d, n.Atom, target)
	case depend.AnyOf:
		f.anyOf(c, p, d, n, target)
	default:
		for _, ch := range n.Children {
			f.node(c, p, d, ch, target)
		}
	}
}

func (f *Formula) leaf(c *universe.Candidate, p sat.Lit, d universe.Dep, a *atom.Atom, target bool) {
	if a.Blocker != atom.NotBlocker {
		if !target {
			f.block(c, p, d, a)
		}
		return
	}
	if f.given(c, d, a, target) {
		return
	}
	kind := Depend
	if c.Installed() && a.SlotOp == atom.SlotOpEqual && a.SubSlot != "" {
		kind = SlotOp
	}
	cl := f.matchLits([]sat.Lit{p.Not()}, c, d.Root, a)
	f.add(f.rule(Rule{Kind: kind, Cand: c, Dep: d.Kind, Atom: a, Root: d.Root, Target: target}), cl...)
}

// given reports whether an atom is satisfied whatever is selected. An --onlydeps argument need not be there to
// satisfy itself.
func (f *Formula) given(c *universe.Candidate, d universe.Dep, a *atom.Atom, target bool) bool {
	return f.u.Provided(d.Root, a) || f.u.OldSelf(c, d.Root, d.Kind, a) != nil ||
		target && c.AnswersItself(d, a)
}

func (f *Formula) matchLits(dst []sat.Lit, c *universe.Candidate, root universe.RootID, a *atom.Atom) []sat.Lit {
	for _, m := range f.u.Match(root, a) {
		if !c.Installed() && f.avoid != nil && f.avoid(m) {
			continue
		}
		if l := f.Used(m); l != 0 {
			dst = append(dst, l)
		}
	}
	return dst
}

// block encodes a blocker. What shares the slot is replaced, never blocked (PMS 8.3.2
// speaks of packages installed at the same time); two installed packages that
// block each other already are left as they are.
func (f *Formula) block(c *universe.Candidate, p sat.Lit, d universe.Dep, a *atom.Atom) {
	for _, m := range f.u.Match(d.Root, a) {
		l := f.Exists(m)
		if l == 0 || m == c || m.SamePlace(c) || c.Installed() && m.Installed() {
			continue
		}
		f.add(f.rule(Rule{Kind: Block, Cand: c, Dep: d.Kind, Atom: a, Others: []*universe.Candidate{m}}), p.Not(), l.Not())
	}
}

func (f *Formula) anyOf(c *universe.Candidate, p sat.Lit, d universe.Dep, n *depend.Node, target bool) {
	if len(n.Children) == 0 {
		if c.Pkg.EAPI != nil && c.Pkg.EAPI.EmptyGroupsMatch {
			return
		}
		f.add(f.rule(Rule{Kind: AnyOf, Cand: c, Dep: d.Kind, Expr: n, Target: target}), p.Not())
		return
	}
	if universe.Satisfied(n, func(a *atom.Atom) bool { return f.given(c, d, a, target) }) && !hasBlocker(n) {
		return
	}
	cl := f.branches(c, []sat.Lit{p.Not()}, d, n, target)
	f.add(f.rule(Rule{Kind: AnyOf, Cand: c, Dep: d.Kind, Expr: n, Target: target}), cl...)
}

func hasBlocker(n *depend.Node) bool {
	found := false
	n.Atoms(func(a *atom.Atom) { found = found || a.Blocker != atom.NotBlocker })
	return found
}

// branches appends one literal per way to satisfy the any-of group.
func (f *Formula) branches(c *universe.Candidate, cl []sat.Lit, d universe.Dep, n *depend.Node, target bool) []sat.Lit {
	for _, ch := range n.Children {
		switch {
		case ch.Kind == depend.AtomLeaf && ch.Atom.Blocker == atom.NotBlocker && !f.given(c, d, ch.Atom, target):
			cl = f.matchLits(cl, c, d.Root, ch.Atom)
		case ch.Kind == depend.AnyOf && len(ch.Children) > 0:
			cl = f.branches(c, cl, d, ch, target)
		default:
			b := f.newVar()
			f.node(c, b, d, ch, target)
			cl = append(cl, b)
		}
	}
	return cl
}

func (f *Formula) goal(g Goal, nodeps bool) {
	kind := Request
	if g.World {
		kind = World
	}
	r := f.rule(Rule{Kind: kind, Atom: g.Atom, Root: g.Root, Arg: g.Arg, Others: g.Cands})
	var cl []sat.Lit
	for _, c := range g.Cands {
		if !g.Target {
			if l := f.Used(c); l != 0 {
				cl = append(cl, l)
			}
			continue
		}
		t := f.targets[c]
		if t != 0 {
			cl = append(cl, t)
			continue
		}
		t = f.newVar()
		f.targets[c] = t
		cl = append(cl, t)
		if !nodeps {
			f.target(c, t, g.Kinds)
		}
	}
	f.add(r, cl...)
}

func (f *Formula) target(c *universe.Candidate, t sat.Lit, kinds []metadata.DepKind) {
	for _, d := range f.u.Deps(c) {
		for _, k := range kinds {
			if k == d.Kind {
				for _, n := range d.Expr.Children {
					f.node(c, t, d, n, true)
				}
			}
		}
	}
}

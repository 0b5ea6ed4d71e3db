package check

import (
	"sort"
	"strings"

	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/atom/depend"
	"github.com/portsolve/portsolve/atom/metadata"
	"github.com/portsolve/portsolve/solver/universe"
)

// dependRules: everything a merged package needs is there. Run-time and
// install-time dependencies must hold in the result; build-time ones at some
// time (orderRules says when), or in the result too if order is not judged.
// --buildpkgonly installs nothing: build-time dependencies must be there from
// the start, the others do not matter (emerge(1)).
func (c *checker) dependRules() {
	c.eachMerge(func(_ *state, it *item) {
		for k := metadata.DepKind(0); k < metadata.NumDepKinds; k++ {
			t := c.n
			switch {
			case c.opts.BuildPkgOnly && !buildKind(k):
				continue
			case c.opts.BuildPkgOnly:
				t = atStart
			case buildKind(k) && c.unordered:
				t = working // nobody knows when it breaks
			case buildKind(k):
				t = anytime
			}
			c.eachClause(it, k, func(root universe.RootID, cl *depend.Node) {
				c.dependClause(it, k, root, cl, t)
			})
		}
		c.testDeps(it)
	})
}

// dependClause judges one clause; blockers on their own are blockerRule's.
func (c *checker) dependClause(it *item, k metadata.DepKind, root universe.RootID, cl *depend.Node, t int) {
	if isBlocker(cl) {
		return
	}
	leaf := c.leafAt(it, root, t)
	if c.unordered && buildKind(k) {
		leaf = c.orOldSelf(it, root, leaf)
	}
	if !holds(cl, it.pkg.EAPI, leaf) {
		rule, why := c.explain(it, cl, root, t)
		c.add(rule, label(it.pkg), "%s needs %s (%s), but %s", c.name(it), cl, k, why)
		return
	}
	if k == metadata.RDEPEND { // PDEPEND may come later, so nothing is promised of the time of the build
		c.bindingRule(it, k, root, cl)
	}
}

// orOldSelf answers atoms of build-time dependencies where order is not judged: whatever the order, what a
// merge takes the place of is still there while it is built (PMS 8.1), as the old version of a compiler is.
func (c *checker) orOldSelf(it *item, root universe.RootID, leaf func(*atom.Atom) bool) func(*atom.Atom) bool {
	return func(a *atom.Atom) bool {
		if leaf(a) {
			return true
		}
		for _, old := range c.steps[it.from].ousted {
			if a.Blocker == atom.NotBlocker && old.root == root && a.CP == old.pkg.CPV.CP && c.roots[root].matches(old, a) {
				return true
			}
		}
		return false
	}
}

// bindingRule: a := dependency of an ebuild is bound, when it is built, to the
// slot and sub-slot of the best match installed then, and what runs later must
// still be that (PMS 8.3.3). Where nothing matches at that time, nothing is bound.
// What a package itself answers binds it to nothing else. There is no better order if the replacement cannot be built without the package itself.
func (c *checker) bindingRule(it *item, k metadata.DepKind, root universe.RootID, cl *depend.Node) {
	if c.unordered || it.pkg.Origin != metadata.Ebuild {
		return
	}
	st := c.roots[root]
	var lost *item
	plain := c.leafAt(it, root, c.n)
	ok := holds(cl, it.pkg.EAPI, func(a *atom.Atom) bool {
		if a.SlotOp != atom.SlotOpEqual || a.SubSlot != "" || a.Blocker != atom.NotBlocker {
			return plain(a)
		}
		bound := st.best(a, it.from)
		if bound == nil || it.root == root && a.CP == it.pkg.CPV.CP && st.matches(it, a) {
			return plain(a)
		}
		if st.has(a.WithSlot(bound.pkg.Slot, bound.pkg.SubSlot, a.SlotOp), c.n) {
			return true
		}
		lost = bound
		return false
	})
	if !ok && lost != nil && !c.replacedByNeed(lost, it) {
		c.add(RuleSlotOperator, label(it.pkg), "%s is built against %s:%s/%s for %s (%s), which is replaced later in the plan",
			c.name(it), lost.pkg.CPV, lost.pkg.Slot, lost.pkg.SubSlot, cl, k)
	}
}

// replacedByNeed: what replaces old needs it to be built.
func (c *checker) replacedByNeed(old, it *item) bool {
	if old.stays || c.steps[old.to].removal {
		return false
	}
	return c.planGraph().buildNeeds(c.steps[old.to].item, it)
}

// testDeps: with --with-test-deps the build dependencies of requested packages
// include those of the flag "test", where the package has it, the profile does
// not mask it and REQUIRED_USE allows it (emerge(1)).
func (c *checker) testDeps(it *item) {
	p := it.pkg
	if !c.opts.WithTestDeps || p.Origin != metadata.Ebuild || it.use.Has("test") || !p.HasIUSE("test") || !c.requested(it) {
		return
	}
	st := c.roots[it.root]
	if _, _, masked, _ := st.root.Policy.ExplainUse(p, "test"); masked {
		return
	}
	use := func(f string) bool { return f == "test" || it.use.Has(f) }
	if tree, err := p.RequiredUse(); err == nil && tree != nil && !tree.SatisfiedUse(use) {
		return
	}
	for _, k := range []metadata.DepKind{metadata.DEPEND, metadata.BDEPEND} {
		n := evaluated(p, k, use)
		for _, root := range c.rootsOf(it.root, p, k) {
			clauses(n, func(cl *depend.Node) { c.dependClause(it, k, root, cl, anytime) })
		}
	}
}

// requested reports whether an argument that is no set matches the item directly.
func (c *checker) requested(it *item) bool {
	for i := range c.req.Args {
		arg := &c.req.Args[i]
		if arg.Exact != nil && label(arg.Exact) == label(it.pkg) {
			return true
		}
		for _, m := range arg.Atoms {
			if !arg.Set && arg.Root == it.root && m.Atom.CP == it.pkg.CPV.CP && c.roots[it.root].matches(it, m.Atom) {
				return true
			}
		}
	}
	return false
}

// explain names the rule a failing clause breaks and says what is there instead.
func (c *checker) explain(it *item, cl *depend.Node, root universe.RootID, t int) (rule, why string) {
	if cl.Kind != depend.AtomLeaf {
		return RuleAnyOf, "no branch of the group holds"
	}
	a, st := c.relaxed(it, cl.Atom), c.roots[root]
	rule = RuleDependency
	var there []string
	for _, other := range st.byCP[a.CP] {
		if !other.there(t) {
			continue
		}
		there = append(there, other.pkg.CPV.String()+":"+slotText(other.pkg))
		if !a.MatchVersion(other.pkg.CPV) {
			continue
		}
		switch {
		case a.MatchSlot(other.pkg.Slot, other.pkg.SubSlot):
			if a.RestrictsUse() {
				rule, why = RuleUseDep, "USE of "+c.name(other)+" is \""+strings.Join(other.use, " ")+"\""
			}
		case a.SlotOp == atom.SlotOpEqual && a.SubSlot != "" && rule == RuleDependency:
			rule, why = RuleSlotOperator, c.name(other)+" has slot "+slotText(other.pkg)
		}
	}
	if why != "" {
		return rule, why
	}
	if len(there) == 0 {
		return rule, "no version of " + a.CP.String() + " will be installed"
	}
	sort.Strings(there)
	return rule, strings.Join(there, " and ") + " is what will be installed"
}

func slotText(p *metadata.Package) string {
	if p.SubSlot == "" || p.SubSlot == p.Slot {
		return p.Slot
	}
	return p.Slot + "/" + p.SubSlot
}

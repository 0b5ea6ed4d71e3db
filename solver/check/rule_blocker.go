package check

import (
	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/atom/depend"
	"github.com/portsolve/portsolve/atom/metadata"
	"github.com/portsolve/portsolve/solver/universe"
)

// blockerRule (PMS 8.3.2): what a merged package blocks is not in the result,
// and not there during the merge either if the block is strong. A block in
// DEPEND or BDEPEND speaks of the build only. Installed packages have their
// run-time blocks against what is merged, too. --buildpkgonly installs nothing,
// so only strong blocks of the build matter.
func (c *checker) blockerRule() {
	c.eachMerge(func(_ *state, it *item) {
		for k := metadata.DepKind(0); k < metadata.NumDepKinds; k++ {
			c.eachBlock(it, k, func(st *state, a *atom.Atom) { c.mergedBlock(it, k, st, a) })
		}
	})
	if c.opts.BuildPkgOnly {
		return
	}
	for _, st := range c.roots {
		for _, it := range st.items {
			if it.merged() {
				continue
			}
			for _, k := range []metadata.DepKind{metadata.RDEPEND, metadata.PDEPEND} {
				c.eachBlock(it, k, func(st *state, a *atom.Atom) { c.installedBlock(it, k, st, a) })
			}
		}
	}
}

// eachBlock visits the blockers that stand on their own. (Inside an any-of
// group a blocker is one of the alternatives, which holds() judges.)
func (c *checker) eachBlock(it *item, k metadata.DepKind, f func(*state, *atom.Atom)) {
	c.eachClause(it, k, func(root universe.RootID, cl *depend.Node) {
		if cl.Kind == depend.AtomLeaf && cl.Atom.Blocker != atom.NotBlocker {
			f(c.roots[root], cl.Atom)
		}
	})
}

func (c *checker) mergedBlock(it *item, k metadata.DepKind, st *state, a *atom.Atom) {
	strong := a.Blocker == atom.Strong
	for _, other := range st.byCP[a.CP] {
		if exempt(it, other) || !st.matches(other, a) {
			continue
		}
		during := !c.unordered && other.there(it.from)
		both := other.stays && (c.unordered || !buildKind(k) || during)
		if c.opts.BuildPkgOnly {
			during, both = strong && buildKind(k) && other.there(atStart), false
		}
		switch {
		case both:
			c.add(RuleBlocker, label(it.pkg), "%s blocks %s (%s %s), but both will be installed", c.name(it), c.name(other), k, a)
		case during && strong:
			c.add(RuleBlocker, label(it.pkg), "%s must not be merged while %s is there (%s %s)", c.name(it), c.name(other), k, a)
		}
	}
}

// installedBlock judges what is merged only: two installed packages that block each other were there
// before. An installed package that goes had better go before what it strongly blocks comes.
func (c *checker) installedBlock(it *item, k metadata.DepKind, st *state, a *atom.Atom) {
	var now *item
	for _, other := range st.byCP[a.CP] {
		if exempt(it, other) || !st.matches(other, a) {
			continue
		}
		meet := it.stays || a.Blocker == atom.Strong && !c.unordered && it.there(other.from)
		if other.merged() && other.stays && meet {
			now = other
		}
	}
	switch {
	case now == nil:
	case it.stays:
		c.add(RuleBlocker, label(now.pkg), "the installed %s blocks %s (%s %s), but both will be installed", c.name(it), c.name(now), k, a)
	default:
		c.add(RuleBlocker, label(now.pkg), "%s must not be merged while the installed %s is there (%s %s)", c.name(now), c.name(it), k, a)
	}
}

// removalRule: a package is removed only because a block demands it: its own
// against something merged, or that of something that will be installed against it.
func (c *checker) removalRule() {
	for i := range c.steps {
		if s := &c.steps[i]; s.removal && !c.blockedBySome(s.item) && !c.blocksMerged(s.item) {
			c.add(RuleKeep, label(s.item.pkg), "%s is removed, although nothing in the plan blocks it", c.name(s.item))
		}
	}
}

func (c *checker) blockedBySome(gone *item) bool {
	found := false
	c.eachMerge(func(_ *state, it *item) {
		for k := metadata.DepKind(0); k < metadata.NumDepKinds && !found; k++ {
			c.eachBlock(it, k, func(st *state, a *atom.Atom) {
				found = found || st.id == gone.root && a.CP == gone.pkg.CPV.CP && !exempt(it, gone) && st.matches(gone, a)
			})
		}
	})
	return found
}

func (c *checker) blocksMerged(gone *item) bool {
	found := false
	for _, k := range []metadata.DepKind{metadata.RDEPEND, metadata.PDEPEND} {
		c.eachBlock(gone, k, func(st *state, a *atom.Atom) {
			for _, other := range st.byCP[a.CP] {
				found = found || other.merged() && !exempt(gone, other) && st.matches(other, a)
			}
		})
	}
	return found
}

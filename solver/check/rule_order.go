package check

import (
	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/atom/depend"
	"github.com/portsolve/portsolve/atom/metadata"
	"github.com/portsolve/portsolve/solver/universe"
)

// orderRules replays the plan and asks three questions of every merge (PMS 8.1):
//
//   - is everything it needs to be built there when its turn comes;
//   - do the things it is built with work by then, that is, are their own
//     run-time dependencies there;
//   - is everything it needs at run time there right after it.
//
// Run-time dependencies may form cycles, so the last two excuse a package that
// comes later only because of a cycle through it. Clauses that never hold are
// dependRules' business.
func (c *checker) orderRules() {
	if c.opts.NoDeps || c.opts.BuildPkgOnly {
		return
	}
	g := c.planGraph()
	late := false
	c.eachMerge(func(_ *state, it *item) {
		for _, k := range []metadata.DepKind{metadata.DEPEND, metadata.BDEPEND} {
			c.eachClause(it, k, func(root universe.RootID, cl *depend.Node) { c.buildOrder(it, k, root, cl) })
		}
		for _, k := range []metadata.DepKind{metadata.IDEPEND, metadata.RDEPEND} {
			c.eachClause(it, k, func(root universe.RootID, cl *depend.Node) { c.runOrder(g, it, k, root, cl) })
		}
		late = late || g.late[it.from] >= 0
	})
	if late {
		ready := g.readyAfter()
		c.eachMerge(func(_ *state, it *item) { c.usableOrder(g, ready, it) })
	}
}

// tooLate: the clause does not hold at time t but does at some other.
func (c *checker) tooLate(it *item, root universe.RootID, cl *depend.Node, t int) bool {
	if isBlocker(cl) {
		return false
	}
	return !holds(cl, it.pkg.EAPI, c.leafAt(it, root, t)) && holds(cl, it.pkg.EAPI, c.leafAt(it, root, anytime))
}

func (c *checker) buildOrder(it *item, k metadata.DepKind, root universe.RootID, cl *depend.Node) {
	if k == metadata.BDEPEND && root != universe.Host {
		return // --root-deps: the copy in the target is for later, the build host's does the building
	}
	if !c.tooLate(it, root, cl, it.from) {
		return
	}
	c.add(RuleOrder, label(it.pkg), "%s needs %s (%s) to be built, but at its place in the plan (entry %d) nothing there satisfies it",
		c.name(it), cl, k, it.from+1)
}

// runOrder reports a run-time dependency that is merged after its user without
// a cycle between them, and notes every one that is merged after its user.
func (c *checker) runOrder(g *graph, it *item, k metadata.DepKind, root universe.RootID, cl *depend.Node) {
	if !c.tooLate(it, root, cl, it.from+1) {
		return
	}
	var later, excuse *item
	c.eachProvider(root, cl, func(p *item) {
		if p.from <= it.from {
			return
		}
		if later == nil || p.from < later.from {
			later = p
		}
		if g.cyclic(it, p) {
			excuse = p
		}
	})
	if later == nil {
		return
	}
	g.late[it.from] = max(g.late[it.from], later.from)
	if excuse == nil && !c.waits(later, it) {
		c.add(RuleOrder, label(it.pkg), "%s needs %s (%s), but %s is merged after it (entries %d and %d), and no cycle demands that",
			c.name(it), cl, k, c.name(later), it.from+1, later.from+1)
	}
}

// usableOrder: from the merged packages that a build uses, follow run-time
// dependencies to one that is not there yet. ready tells where that is not
// worth the trouble.
func (c *checker) usableOrder(g *graph, ready []int, user *item) {
	seen := map[*item]bool{}
	var visit func(it *item)
	clause := func(it *item, root universe.RootID, cl *depend.Node) {
		if !c.tooLate(it, root, cl, user.from) {
			c.providers(root, cl, user.from, visit)
			return
		}
		excused := false
		c.eachProvider(root, cl, func(p *item) { excused = excused || p == user || g.cyclic(user, p) })
		if !excused {
			c.add(RuleOrder, label(user.pkg), "%s is built (entry %d) with %s, which needs %s (RDEPEND) that comes later",
				c.name(user), user.from+1, c.name(it), cl)
		}
	}
	visit = func(it *item) {
		if it.merged() && !seen[it] && ready[g.comp[it.from]] >= user.from {
			seen[it] = true
			c.eachClause(it, metadata.RDEPEND, func(root universe.RootID, cl *depend.Node) { clause(it, root, cl) })
		}
	}
	for _, k := range []metadata.DepKind{metadata.DEPEND, metadata.BDEPEND} {
		c.eachClause(user, k, func(root universe.RootID, cl *depend.Node) { c.providers(root, cl, user.from, visit) })
	}
}

// providers visits what satisfies the atoms of a clause at time t.
func (c *checker) providers(root universe.RootID, cl *depend.Node, t int, f func(*item)) {
	st := c.roots[root]
	cl.Atoms(func(a *atom.Atom) {
		if a.Blocker == atom.NotBlocker {
			if p := st.best(a, t); p != nil {
				f(p)
			}
		}
	})
}

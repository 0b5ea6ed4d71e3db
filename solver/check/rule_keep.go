package check

import (
	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/atom/depend"
	"github.com/portsolve/portsolve/atom/metadata"
	"github.com/portsolve/portsolve/solver/universe"
)

// keepRule: what worked before works after. It covers the world atoms and the
// installed packages that stay and that the request or world leads to; the
// orphans of a system are not judged, and neither is what was broken before.
func (c *checker) keepRule() {
	if c.mayBreak() {
		return
	}
	for i := range c.req.World {
		c.keepWorld(&c.req.World[i])
	}
	reached := c.reached()
	for _, st := range c.roots {
		for _, it := range st.items {
			if reached[it] && !it.merged() {
				c.keepItem(it)
			}
		}
	}
}

// mayBreak: --complete-graph-if-new-ver=n and -if-new-use=n give the guarantee
// up for plans whose only replacements are of that sort (emerge(1)).
func (c *checker) mayBreak() bool {
	newVer, newUse := c.opts.CompleteGraphIfNewVer.Or(true), c.opts.CompleteGraphIfNewUse.Or(true)
	if c.opts.CompleteGraph || newVer && newUse {
		return false
	}
	waived := false
	for i := range c.steps {
		for _, old := range c.steps[i].ousted {
			p := c.steps[i].item.pkg
			otherVer := !sameCPV(p, old.pkg) || p.Slot != old.pkg.Slot || p.SubSlot != old.pkg.SubSlot
			if otherVer && newVer || !otherVer && newUse {
				return false
			}
			waived = true
		}
	}
	return waived
}

func (c *checker) keepWorld(arg *universe.Arg) {
	if int(arg.Root) >= len(c.roots) {
		return
	}
	st := c.roots[arg.Root]
	for _, m := range arg.Atoms {
		if m.Atom != nil && st.has(m.Atom, atStart) && !st.has(m.Atom, c.n) {
			c.add(RuleKeep, arg.Text, "%s (from %s) was installed before, but nothing will satisfy it", m.Atom, arg.Text)
		}
	}
}

// keepItem compares each run-time clause before and after. Built := atoms
// (:slot/sub=) are taken literally.
func (c *checker) keepItem(it *item) {
	for _, k := range []metadata.DepKind{metadata.RDEPEND, metadata.PDEPEND} {
		c.eachClause(it, k, func(root universe.RootID, cl *depend.Node) {
			if cl.Kind == depend.AtomLeaf && cl.Atom.Blocker != atom.NotBlocker {
				return
			}
			if holds(cl, it.pkg.EAPI, c.leafAt(it, root, c.n)) || !holds(cl, it.pkg.EAPI, c.leafAt(it, root, atStart)) {
				return
			}
			_, why := c.explain(it, cl, root, c.n)
			c.add(RuleKeep, label(it.pkg), "the installed %s needs %s (%s), but %s", c.name(it), cl, k, why)
		})
	}
}

// reached follows run-time dependencies through the result, from the request
// and world, to what they cannot do without. Where several packages or several
// any-of branches satisfy a dependency, none of them is indispensable, and an
// answer may have had no reason to look at it.
func (c *checker) reached() map[*item]bool {
	seen := map[*item]bool{}
	var queue []*item
	visit := func(it *item) {
		if it != nil && !seen[it] {
			seen[it] = true
			queue = append(queue, it)
		}
	}
	for _, args := range [][]universe.Arg{c.req.Args, c.req.World} {
		for i := range args {
			for _, m := range args[i].Atoms {
				if m.Atom != nil && int(args[i].Root) < len(c.roots) {
					visit(c.roots[args[i].Root].only(m.Atom, c.n))
				}
			}
		}
	}
	for len(queue) > 0 {
		it := queue[0]
		queue = queue[1:]
		for _, k := range []metadata.DepKind{metadata.RDEPEND, metadata.PDEPEND} {
			c.eachClause(it, k, func(root universe.RootID, cl *depend.Node) {
				c.follow(it, root, cl, visit)
			})
		}
	}
	return seen
}

// follow visits the packages that alone satisfy one clause.
func (c *checker) follow(it *item, root universe.RootID, n *depend.Node, visit func(*item)) {
	switch n.Kind {
	case depend.AtomLeaf:
		if n.Atom.Blocker == atom.NotBlocker {
			visit(c.roots[root].only(c.relaxed(it, n.Atom), c.n))
		}
	case depend.AnyOf:
		var branch *depend.Node
		for _, ch := range n.Children {
			if holds(ch, it.pkg.EAPI, c.leafAt(it, root, c.n)) {
				if branch != nil {
					return
				}
				branch = ch
			}
		}
		if branch != nil {
			c.follow(it, root, branch, visit)
		}
	default:
		for _, ch := range n.Children {
			c.follow(it, root, ch, visit)
		}
	}
}

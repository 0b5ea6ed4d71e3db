package check

import (
	"github.com/portsolve/portsolve/atom/depend"
	"github.com/portsolve/portsolve/atom/metadata"
	"github.com/portsolve/portsolve/solver/universe"
)

// keepRule: what worked before works after. The request, world and everything
// that is merged must find what they need at run time among the packages that work
// (findBroken). What nothing of that relies on may break: the orphans of a
// system are not judged, and neither is what was broken before.
func (c *checker) keepRule() {
	for i := range c.req.Args {
		if arg := &c.req.Args[i]; int(arg.Root) < len(c.roots) && !c.opts.OnlyDeps && arg.Exact == nil {
			c.keepArgument(arg)
		}
	}
	for i := range c.req.World {
		c.keepWorld(&c.req.World[i])
	}
	c.eachMerge(func(_ *state, it *item) {
		for _, k := range []metadata.DepKind{metadata.IDEPEND, metadata.RDEPEND, metadata.PDEPEND} {
			c.eachClause(it, k, func(root universe.RootID, cl *depend.Node) {
				if it.stays && !holds(cl, it.pkg.EAPI, c.leafAt(it, root, working)) {
					c.blame(it, root, cl)
				}
			})
		}
	})
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
		switch {
		case m.Atom == nil || !st.has(m.Atom, atStart):
		case !st.has(m.Atom, c.n):
			c.add(RuleKeep, arg.Text, "%s (from %s) was installed before, but nothing will satisfy it", m.Atom, arg.Text)
		case !st.has(m.Atom, working):
			c.blameAtom(st, m.Atom)
		}
	}
}

func (c *checker) keepArgument(arg *universe.Arg) {
	for _, m := range arg.Atoms {
		if m.Atom != nil && !c.roots[arg.Root].has(m.Atom, working) {
			c.blameAtom(c.roots[arg.Root], m.Atom)
		}
	}
}

package check

import (
	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/atom/depend"
	"github.com/portsolve/portsolve/atom/metadata"
	"github.com/portsolve/portsolve/solver/universe"
)

// failure is the clause for which an installed package stops working.
type failure struct {
	root   universe.RootID
	kind   metadata.DepKind
	clause *depend.Node
}

// place is a package name in one root.
type place struct {
	root universe.RootID
	cp   atom.CP
}

// findBroken marks the installed packages that stay and stop working: some run-time clause that held
// before is satisfied by nothing that works. What is left is the greatest set of packages that
// satisfy each other, so packages that need each other keep each other working. What is
// merged is never marked: it must work, and keepRule says if it doesn't.
func (c *checker) findBroken() {
	moved := c.moved()
	var queue []*item
	for _, st := range c.roots {
		for _, it := range st.items {
			if c.breaks(it, moved) {
				queue = append(queue, it)
			}
		}
	}
	if len(queue) == 0 {
		return
	}
	users := c.users()
	for ; len(queue) > 0; queue = queue[1:] {
		gone := queue[0]
		for _, it := range users[place{gone.root, gone.pkg.CPV.CP}] {
			if c.breaks(it, nil) {
				queue = append(queue, it)
			}
		}
	}
}

// breaks looks for a clause that fails now, and notes it. Only clauses that name one of the moved packages can
// have changed; nil: look at all.
func (c *checker) breaks(it *item, moved map[place]bool) bool {
	if it.merged() || !it.stays || it.fails != nil {
		return false
	}
	for _, k := range []metadata.DepKind{metadata.RDEPEND, metadata.PDEPEND} {
		c.eachClause(it, k, func(root universe.RootID, cl *depend.Node) {
			if it.fails != nil || isBlocker(cl) || moved != nil && !mentions(cl, root, moved) {
				return
			}
			if !holds(cl, it.pkg.EAPI, c.leafAt(it, root, working)) && holds(cl, it.pkg.EAPI, c.leafAt(it, root, atStart)) {
				it.fails = &failure{root, k, cl}
			}
		})
	}
	return it.fails != nil
}

// isBlocker: a blocker that stands on its own, which is blockerRule's.
func isBlocker(cl *depend.Node) bool {
	return cl.Kind == depend.AtomLeaf && cl.Atom.Blocker != atom.NotBlocker
}

// moved lists the names of which something is merged, replaced or removed.
func (c *checker) moved() map[place]bool {
	out := map[place]bool{}
	for i := range c.steps {
		if it := c.steps[i].item; it != nil {
			out[place{it.root, it.pkg.CPV.CP}] = true
		}
	}
	return out
}

func mentions(cl *depend.Node, root universe.RootID, moved map[place]bool) bool {
	found := false
	cl.Atoms(func(a *atom.Atom) { found = found || moved[place{root, a.CP}] })
	return found
}

// users lists, by name, the installed packages that stay and have a run-time clause which names it.
func (c *checker) users() map[place][]*item {
	out := map[place][]*item{}
	for _, st := range c.roots {
		for _, it := range st.items {
			if it.merged() || !it.stays {
				continue
			}
			for _, k := range []metadata.DepKind{metadata.RDEPEND, metadata.PDEPEND} {
				c.eachClause(it, k, func(root universe.RootID, cl *depend.Node) {
					cl.Atoms(func(a *atom.Atom) {
						at := place{root, a.CP}
						if l := out[at]; len(l) == 0 || l[len(l)-1] != it {
							out[at] = append(l, it)
						}
					})
				})
			}
		}
	}
	return out
}

// blame reports the installed packages for which a clause of it has no answer that works: those that lost
// something altogether. A package that only relies on such a one is passed through.
func (c *checker) blame(it *item, root universe.RootID, cl *depend.Node) {
	cl.Atoms(func(a *atom.Atom) {
		if a.Blocker == atom.NotBlocker {
			c.blameAtom(c.roots[root], c.relaxed(it, a))
		}
	})
}

func (c *checker) blameAtom(st *state, a *atom.Atom) {
	for _, it := range st.byCP[a.CP] {
		f := it.fails
		if f == nil || it.blamed || !st.matches(it, a) {
			continue
		}
		it.blamed = true
		if holds(f.clause, it.pkg.EAPI, c.leafAt(it, f.root, c.n)) {
			c.blame(it, f.root, f.clause)
			continue
		}
		_, why := c.explain(it, f.clause, f.root, c.n)
		c.add(RuleKeep, label(it.pkg), "the installed %s needs %s (%s), but %s", c.name(it), f.clause, f.kind, why)
	}
}

package check

import (
	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/atom/depend"
	"github.com/portsolve/portsolve/atom/metadata"
	"github.com/portsolve/portsolve/solver/universe"
)

// waits reports whether the merge of later has reasons to come after that of first, besides the dependencies that the
// cycles of the graph are made of: a dependency on an installed package that was broken before and that first mends, or a
// blocker of an installed package that first replaces. With --compat=emerge it need not have been broken: emerge does not let what
// is installed stand in as long as a cycle can be broken elsewhere. It serves only to excuse, and is looked for where nothing else does.
func (c *checker) waits(later, first *item) bool {
	seen := map[*item]bool{}
	var visit func(it *item) bool
	visit = func(it *item) bool {
		if it == first {
			return true
		}
		if seen[it] {
			return false
		}
		seen[it] = true
		found := false
		c.eachReason(it, func(next *item) { found = found || visit(next) })
		return found
	}
	return visit(later)
}

// eachReason visits what an item waits for.
func (c *checker) eachReason(it *item, f func(*item)) {
	for k := range metadata.NumDepKinds {
		if k == metadata.PDEPEND || buildKind(k) && !it.merged() {
			continue
		}
		c.eachClause(it, k, func(root universe.RootID, cl *depend.Node) {
			if !it.merged() && !c.opts.Compat && holds(cl, it.pkg.EAPI, c.leafAt(it, root, atStart)) {
				return // it worked before, and does not have to be mended
			}
			cl.Atoms(func(a *atom.Atom) {
				for _, p := range c.roots[root].byCP[a.CP] {
					if a.Blocker == atom.NotBlocker && c.roots[root].matches(p, a) {
						f(p)
					}
				}
			})
		})
	}
	if it.merged() {
		c.eachBlockedBefore(it, f)
	}
}

// eachBlockedBefore visits the merges that replace what cannot be installed together with it.
func (c *checker) eachBlockedBefore(it *item, f func(*item)) {
	for i := range c.steps {
		s := &c.steps[i]
		if s.item == nil || s.removal || s.item == it {
			continue
		}
		for _, old := range s.ousted {
			if c.blocks(it, old) || c.blocks(old, it) {
				f(s.item)
			}
		}
	}
}

// blocks reports whether a run-time or build-time blocker of one item matches another.
func (c *checker) blocks(it, other *item) bool {
	if exempt(it, other) {
		return false
	}
	found := false
	for k := range metadata.NumDepKinds {
		if buildKind(k) && !it.merged() {
			continue
		}
		c.eachClause(it, k, func(root universe.RootID, cl *depend.Node) {
			if root == other.root && cl.Kind == depend.AtomLeaf && cl.Atom.Blocker != atom.NotBlocker && cl.Atom.CP == other.pkg.CPV.CP {
				found = found || c.roots[root].matches(other, cl.Atom)
			}
		})
	}
	return found
}

package check

import (
	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/atom/depend"
	"github.com/portsolve/portsolve/atom/eapi"
	"github.com/portsolve/portsolve/atom/metadata"
	"github.com/portsolve/portsolve/solver/universe"
)

// tree is the dependency variable of an item with its USE conditionals
// resolved, nil if it does not parse (an invalid package that is merged is
// caught by the visibility rule; an installed one is not the answer's fault).
func (it *item) tree(k metadata.DepKind) *depend.Node {
	if it.parsed[k] == nil && !it.broken[k] {
		it.parsed[k] = evaluated(it.pkg, k, it.use.Has)
		it.broken[k] = it.parsed[k] == nil
	}
	return it.parsed[k]
}

func evaluated(p *metadata.Package, k metadata.DepKind, use func(string) bool) *depend.Node {
	raw, err := p.Deps(k)
	if err != nil || raw == nil {
		return nil
	}
	return raw.Evaluate(use)
}

// clauses are the parts of an evaluated dependency that must hold one by one:
// nested all-of groups are opened, any-of groups stay whole.
func clauses(n *depend.Node, f func(*depend.Node)) {
	switch {
	case n == nil:
	case n.Kind == depend.All:
		for _, ch := range n.Children {
			clauses(ch, f)
		}
	default:
		f(n)
	}
}

// holds evaluates a dependency tree (PMS 8.2). leaf answers for one atom.
func holds(n *depend.Node, e *eapi.EAPI, leaf func(*atom.Atom) bool) bool {
	count := 0
	switch n.Kind {
	case depend.AtomLeaf:
		return leaf(n.Atom)
	case depend.All, depend.UseIf:
		for _, ch := range n.Children {
			if !holds(ch, e, leaf) {
				return false
			}
		}
		return true
	case depend.AnyOf, depend.ExactlyOne, depend.AtMostOne:
		for _, ch := range n.Children {
			if holds(ch, e, leaf) {
				if n.Kind == depend.AnyOf {
					return true
				}
				count++
			}
		}
	}
	switch {
	case n.Kind == depend.AtMostOne:
		return count <= 1
	case len(n.Children) == 0:
		return e == nil || e.EmptyGroupsMatch // PMS 8.2.3: true when empty, before EAPI 7
	}
	return n.Kind == depend.ExactlyOne && count == 1
}

// matches applies an atom whose USE part is evaluated to an installed item;
// the blocker sign is not looked at (PMS 8.3).
func (st *state) matches(it *item, a *atom.Atom) bool {
	p := it.pkg
	if !a.MatchVersion(p.CPV) || !a.MatchSlot(p.Slot, p.SubSlot) || a.Repo != "" && a.Repo != p.Repo {
		return false
	}
	return !a.RestrictsUse() || a.MatchUse(func(f string) bool { return st.hasFlag(it, f) }, it.use.Has)
}

// hasFlag also counts what a proposed change added to the item's USE.
func (st *state) hasFlag(it *item, flag string) bool {
	return st.root.Policy.HasFlag(it.pkg, flag)
}

// best is the highest version that matches a at time t, nil if none does.
func (st *state) best(a *atom.Atom, t int) *item {
	var found *item
	for _, it := range st.byCP[a.CP] {
		if it.there(t) && st.matches(it, a) && (found == nil || it.pkg.CPV.Compare(found.pkg.CPV) > 0) {
			found = it
		}
	}
	return found
}

// has reports whether a is satisfied at time t, by a package or by
// package.provided. What is provided has a version but no slot and no USE.
func (st *state) has(a *atom.Atom, t int) bool {
	for _, it := range st.byCP[a.CP] {
		if it.there(t) && st.matches(it, a) {
			return true
		}
	}
	return st.isProvided(a)
}

func (st *state) isProvided(a *atom.Atom) bool {
	for _, cpv := range st.provided[a.CP] {
		if a.MatchVersion(cpv) {
			return true
		}
	}
	return false
}

// leafAt answers atoms for the dependencies of it, looked up in one root at
// time t. A blocker inside an any-of group holds if nothing matches it, working or not.
func (c *checker) leafAt(it *item, root universe.RootID, t int) func(*atom.Atom) bool {
	st := c.roots[root]
	return func(a *atom.Atom) bool {
		a = c.relaxed(it, a)
		if a.Blocker == atom.NotBlocker {
			return st.has(a, t)
		}
		at := t
		if at == working {
			at = c.n
		}
		for _, other := range st.byCP[a.CP] {
			if other.there(at) && !exempt(it, other) && st.matches(other, a) {
				return false
			}
		}
		return true
	}
}

// exempt: a package blocks neither itself nor what it takes the slot of (PMS 8.3.2).
func exempt(blocking, other *item) bool {
	return other == blocking || other.root == blocking.root &&
		other.pkg.CPV.CP == blocking.pkg.CPV.CP && occupiesSame(other.pkg, blocking.pkg)
}

// relaxed drops the recorded slot of a built := atom if the options say so.
func (c *checker) relaxed(it *item, a *atom.Atom) *atom.Atom {
	if !c.opts.IgnoreBuiltSlotOperatorDeps || it.pkg.Origin == metadata.Ebuild ||
		a.SlotOp != atom.SlotOpEqual || a.SubSlot == "" {
		return a
	}
	return a.WithSlot("", "", a.SlotOp)
}

// rootsOf tells where the dependencies of kind k of a package that lives in
// root belong. On the build host everything is in one place. For a target ROOT,
// run-time dependencies go there, DEPEND of EAPIs with BDEPEND to SYSROOT (the
// host or the target itself), all else to the host; --root-deps wants the
// build-time ones in the target as well, --root-deps=rdeps drops DEPEND of EAPIs
// without BDEPEND (PMS 8.1, emerge(1)).
func (c *checker) rootsOf(root universe.RootID, p *metadata.Package, k metadata.DepKind) []universe.RootID {
	if root == universe.Host || k == metadata.RDEPEND || k == metadata.PDEPEND {
		return []universe.RootID{root}
	}
	where := universe.Host
	if k == metadata.DEPEND {
		modern := p.EAPI != nil && p.EAPI.DependOnSysroot
		if modern && c.opts.SysrootIsTarget {
			where = root
		}
		if !modern && c.opts.RootDeps == "rdeps" {
			return nil
		}
	}
	if c.opts.RootDeps == "true" && where != root {
		return []universe.RootID{where, root}
	}
	return []universe.RootID{where}
}

// buildKind: needed to build, so never by what was built already.
func buildKind(k metadata.DepKind) bool { return k == metadata.DEPEND || k == metadata.BDEPEND }

// eachClause visits every clause of an item's dependency of kind k, once per
// root it belongs to.
func (c *checker) eachClause(it *item, k metadata.DepKind, f func(root universe.RootID, cl *depend.Node)) {
	if buildKind(k) && it.pkg.Origin != metadata.Ebuild {
		return
	}
	n := it.tree(k)
	if n == nil || n.Kind == depend.All && len(n.Children) == 0 {
		return
	}
	for _, root := range c.rootsOf(it.root, it.pkg, k) {
		clauses(n, func(cl *depend.Node) { f(root, cl) })
	}
}

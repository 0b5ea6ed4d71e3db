package plan

import (
	"strings"

	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/atom/depend"
	"github.com/portsolve/portsolve/atom/metadata"
	"github.com/portsolve/portsolve/solver/universe"
)

// relaxBranches lowers the arcs of build dependencies that a branch of an any-of group stands for while another branch is
// there already (order 3). It reports whether there was one. It does so once: no arc becomes hard later.
func (o *orderer) relaxBranches() bool {
	if o.relaxed {
		return false
	}
	o.relaxed = true
	found := false
	for i := range o.g.arcs {
		a := &o.g.arcs[i]
		if a.gone || a.removal || a.lenient != lenientHard {
			continue
		}
		if to := o.softened(a); to < lenientHard {
			o.g.rerank(arcID(i), to)
			found = true
		}
	}
	return found
}

// softened is the rank of an arc without the edges that another branch can stand in for.
func (o *orderer) softened(a *arc) rank {
	strongest := rank(0)
	to := o.g.vertices[a.to].node
	for _, e := range o.g.vertices[a.from].node.Out {
		if e.Child != to {
			continue
		}
		_, r := ranksOf(e)
		if r == lenientHard && o.otherBranch(e) {
			r = lenientBranch
		}
		strongest = max(strongest, r)
	}
	return strongest
}

// otherBranch reports whether the atom of e occurs in any-of groups only, and what is there
// satisfies each of them without the child of e.
func (o *orderer) otherBranch(e *universe.Edge) bool {
	if !strings.Contains(e.Parent.Cand.Pkg.Var(e.Kind.String()), "||") {
		return false // most packages have no group at all, and need not be looked at
	}
	tree := o.evaluated(e.Parent, e.Kind)
	if tree == nil {
		return false // a broken dependency is reported elsewhere
	}
	found, other := false, true
	var visit func(*depend.Node)
	visit = func(n *depend.Node) {
		switch n.Kind {
		case depend.AtomLeaf:
			other = other && !n.Atom.Equal(e.Atom)
		case depend.AnyOf:
			here := false
			n.Atoms(func(a *atom.Atom) { here = here || a.Equal(e.Atom) })
			if here {
				found = true
				other = other && universe.Satisfied(n, func(a *atom.Atom) bool { return o.stays(a, e.Child.Cand.Root) })
			}
		default:
			for _, ch := range n.Children {
				visit(ch)
			}
		}
	}
	visit(tree)
	return found && other
}

// dependency names one dependency variable of a node.
type dependency struct {
	node *universe.Node
	kind metadata.DepKind
}

// evaluated is a dependency variable with USE conditionals resolved, nil if it cannot be read.
func (o *orderer) evaluated(n *universe.Node, k metadata.DepKind) *depend.Node {
	key := dependency{n, k}
	tree, known := o.trees[key]
	if !known {
		if raw, err := n.Cand.Pkg.Deps(k); err == nil && raw != nil {
			tree = raw.Evaluate(n.Cand.Use.Has)
		}
		o.trees[key] = tree
	}
	return tree
}

// stays reports whether a package that matches is installed, and remains so to the end of the plan or
// until a package that matches, too, takes its place; or was merged already.
func (o *orderer) stays(a *atom.Atom, root universe.RootID) bool {
	for i := range o.g.vertices {
		v := &o.g.vertices[i]
		if v.gone && v.node != nil && v.node.Merge && v.node.Cand.Root == root && fits(a, v.node.Cand.Pkg, v.node.Cand.Use) {
			return true
		}
	}
	var leaving map[*metadata.Package]*universe.Node
	for _, p := range o.installed(root) {
		if !fits(a, p, p.Use) {
			continue
		}
		if leaving == nil {
			leaving = make(map[*metadata.Package]*universe.Node, len(o.leaving))
			for c := range o.leaving {
				leaving[c.Pkg] = o.replacement[c]
			}
		}
		n, gone := leaving[p]
		if !gone || n != nil && fits(a, n.Cand.Pkg, n.Cand.Use) {
			return true
		}
	}
	return false
}

func (o *orderer) installed(root universe.RootID) []*metadata.Package {
	if int(root) >= len(o.sel.Roots) {
		return nil
	}
	return o.sel.Roots[root].Installed
}

// fits compares an evaluated atom with a package. Flags that only the profile adds to IUSE
// do not count, which can only lead to less being satisfied.
func fits(a *atom.Atom, p *metadata.Package, use metadata.UseSet) bool {
	return a.MatchVersion(p.CPV) && a.MatchSlot(p.Slot, p.SubSlot) && a.MatchRepo(p.Repo) &&
		(!a.RestrictsUse() || a.MatchUse(p.HasIUSE, use.Has))
}

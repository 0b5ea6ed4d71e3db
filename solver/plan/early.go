package plan

import (
	"slices"

	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/atom/depend"
	"github.com/portsolve/portsolve/atom/metadata"
	"github.com/portsolve/portsolve/solver/universe"
)

// removeEarly makes the removal of a strongly blocked package due that the plan replaces, although
// the replacement comes after the blocking package, if nothing needs it in between (order 6).
func (o *orderer) removeEarly() bool {
	if o.opts.Compat || o.opts.BuildPkgOnly {
		return false
	}
	for _, r := range o.queue {
		if r.strong && r.replaced && !r.due && !r.given && !o.g.vertices[r.vertex].gone && !o.needed(r) {
			o.g.removeOut(r.vertex)
			o.makeDue(r)
			return true
		}
	}
	return false
}

// makeDue lets r be taken. What its package satisfied is not satisfied from then on.
func (o *orderer) makeDue(r *removal) {
	r.due = true
	o.g.due++
	o.g.touch(r.vertex)
	if n := o.replacement[r.pkg]; n != nil && !r.strong {
		return // which takes its place
	}
	for _, n := range o.sel.Nodes {
		v := &o.g.vertices[n.Index]
		if v.gone {
			continue
		}
		for _, e := range n.Out {
			if e.Priority.SatisfiedBy == r.pkg && !e.Priority.Optional && has(o.sel, e.Child) {
				o.g.unsatisfy(vertexID(n.Index), vertexID(e.Child.Index), e)
			}
		}
	}
}

// unsatisfy makes the arc of an edge as strong as one through a slot operator whose child moves.
func (g *graph) unsatisfy(from, to vertexID, e *universe.Edge) {
	if p := &e.Priority; p.RuntimePost && !p.Runtime {
		return
	}
	for _, i := range g.vertices[from].out {
		if a := &g.arcs[i]; a.to == to && !a.gone && a.lenient < lenientMoved {
			g.rerank(i, lenientMoved)
		}
	}
}

// awaitReplacements makes the removal of a strongly blocked package wait for what replaces it: the replacement comes
// before the blocking package where it can.
func (o *orderer) awaitReplacements() {
	for _, r := range o.queue {
		if n := o.replacement[r.pkg]; n != nil && r.strong && has(o.sel, n) && !o.g.vertices[n.Index].gone {
			o.g.connect(r.vertex, vertexID(n.Index))
		}
	}
}

// needed reports whether something needs r's package until its replacement is there: an installed
// package to work, or what is merged up to then, to be built or to work.
func (o *orderer) needed(r *removal) bool {
	return o.neededByPlan(r) || o.neededByInstalled(r)
}

// neededByPlan looks at the replacement, the blocking packages, and what they depend on.
func (o *orderer) neededByPlan(r *removal) bool {
	work := []vertexID{vertexID(o.replacement[r.pkg].Index)}
	for _, i := range o.g.vertices[r.vertex].in {
		work = append(work, o.g.arcs[i].from)
	}
	seen := make(map[vertexID]bool, len(work))
	for len(work) > 0 {
		id := work[len(work)-1]
		work = work[:len(work)-1]
		v := &o.g.vertices[id]
		if seen[id] || v.gone || v.node == nil {
			continue
		}
		seen[id] = true
		for _, e := range v.node.Out {
			if e.Priority.SatisfiedBy == r.pkg && !e.Priority.Optional && (v.node != o.replacement[r.pkg] || e.Priority.Buildtime) {
				return true
			}
		}
		if o.builtWith(v.node, r.pkg) {
			return true
		}
		o.g.children(id, plain, plainOptional, func(to vertexID, _ *arc) bool {
			work = append(work, to)
			return true
		})
	}
	return false
}

// builtWith reports whether a build dependency of n holds with an installed package, and not without it, whatever else is merged
// before: the old version of n itself, say, for which there is no edge.
func (o *orderer) builtWith(n *universe.Node, c *universe.Candidate) bool {
	if !n.Merge || n.Cand.Pkg.Origin != metadata.Ebuild {
		return false
	}
	var there []state // only asked for where a name fits
	for _, k := range []metadata.DepKind{metadata.DEPEND, metadata.BDEPEND} {
		tree := o.evaluated(n, k)
		if tree == nil {
			continue
		}
		for _, clause := range tree.Children {
			if !names(clause, c) {
				continue
			}
			if there == nil {
				there = o.thereBefore(n, c.Root)
			}
			if holdsIn(there, clause, nil) && !holdsIn(there, clause, c.Pkg) {
				return true
			}
		}
	}
	return false
}

// thereBefore lists what is installed now and what may be merged before n.
func (o *orderer) thereBefore(n *universe.Node, root universe.RootID) []state {
	list := o.thereNow(root)
	for _, m := range o.sel.Nodes {
		if m != n && m.Merge && m.Cand.Root == root && !o.g.vertices[m.Index].gone {
			list = append(list, state{m.Cand.Pkg, m.Cand.Use})
		}
	}
	return list
}

// neededByInstalled looks for an installed package whose run-time dependencies hold with r's package
// and not without it. What the steps so far have replaced or removed does not count.
func (o *orderer) neededByInstalled(r *removal) bool {
	there := o.thereNow(r.pkg.Root)
	for _, u := range there {
		if u.pkg == r.pkg.Pkg {
			continue
		}
		for _, k := range []metadata.DepKind{metadata.RDEPEND, metadata.PDEPEND, metadata.IDEPEND} {
			tree, err := u.pkg.Deps(k)
			if err != nil || tree == nil || !names(tree, r.pkg) {
				continue
			}
			expr := tree.Evaluate(u.use.Has)
			if holdsIn(there, expr, nil) && !holdsIn(there, expr, r.pkg.Pkg) {
				return true
			}
		}
	}
	return false
}

// state is an installed package with its flags.
type state struct {
	pkg *metadata.Package
	use metadata.UseSet
}

// thereNow lists what is installed after the steps so far.
func (o *orderer) thereNow(root universe.RootID) []state {
	gone := make(map[*metadata.Package]bool)
	var list []state
	for _, s := range o.plan.Steps {
		switch {
		case s.Kind == Uninstall:
			gone[s.Removed.Pkg] = true
		case s.Kind == Merge && s.Node.Cand.Root == root:
			list = append(list, state{s.Node.Cand.Pkg, s.Node.Cand.Use})
			for _, c := range s.Node.Replaces {
				gone[c.Pkg] = true
			}
		}
	}
	for _, p := range o.installed(root) {
		if !gone[p] {
			list = append(list, state{p, p.Use})
		}
	}
	return list
}

// names reports whether an atom of n is about packages of c's name.
func names(n *depend.Node, c *universe.Candidate) bool {
	found := false
	n.Atoms(func(a *atom.Atom) { found = found || a.CP == c.CP() })
	return found
}

// holdsIn evaluates n with what is there, without one package.
func holdsIn(there []state, n *depend.Node, without *metadata.Package) bool {
	return universe.Satisfied(n, func(a *atom.Atom) bool {
		return slices.ContainsFunc(there, func(s state) bool { return s.pkg != without && fits(a, s.pkg, s.use) })
	})
}

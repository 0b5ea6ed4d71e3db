package cycles

import (
	"maps"
	"slices"

	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/atom/depend"
	"github.com/portsolve/portsolve/atom/metadata"
	"github.com/portsolve/portsolve/solver/plan"
	"github.com/portsolve/portsolve/solver/universe"
)

// proposal is a first build that breaks a loop.
type proposal struct {
	final *universe.Node
	cand  *universe.Candidate
	flags map[string]bool // all that differ from the configuration
	out   []*universe.Edge
	fresh bool // the package is not built twice yet
	drops int  // edges into the group that the first build does not have
}

// better orders proposals: another flag off in a package that is built twice anyway, then few flags, then
// flags off rather than on, then what gets rid of most dependencies within the group.
func (p *proposal) better(o *proposal) bool {
	if p.fresh != o.fresh {
		return !p.fresh
	}
	if a, b := len(p.flags), len(o.flags); a != b {
		return a < b
	}
	if a, b := switchedOn(p.flags), switchedOn(o.flags); a != b {
		return a < b
	}
	return p.drops > o.drops
}

func switchedOn(flags map[string]bool) int {
	n := 0
	for _, on := range flags {
		if on {
			n++
		}
	}
	return n
}

// build breaks a loop by building one of its packages twice; false if none can be.
func (w *work) build(c *plan.CycleError) bool {
	inside := map[*universe.Node]bool{}
	for _, n := range c.Nodes {
		inside[n] = true
	}
	var best *proposal
	for i, e := range c.Shortest {
		before := c.Shortest[(i+len(c.Shortest)-1)%len(c.Shortest)]
		for _, p := range w.proposals(e, before, inside) {
			if best == nil || p.better(best) {
				best = p
			}
		}
	}
	if best == nil {
		return false
	}
	w.apply(best, inside)
	return true
}

// proposals are the first builds of e's parent that do not need e's child; before is the edge of the loop that
// leads to the parent, which has to be content with that build.
func (w *work) proposals(e, before *universe.Edge, inside map[*universe.Node]bool) []*proposal {
	n := e.Parent
	if !n.Merge || w.temp[n] != nil {
		return nil
	}
	final, fixed := n, map[string]bool(nil)
	if t := w.isTemp[n]; t != nil {
		final, fixed = t.Final, t.Flags
	}
	var out []*proposal
	for _, flip := range minimalFlips(n.Cand, fixed, without(n.Cand.Pkg, e.Child.Cand, w.f.kinds(e), false)) {
		flags := maps.Clone(flip)
		maps.Copy(flags, fixed)
		p := &proposal{final: final, cand: final.Cand.With(flags), flags: flags, fresh: final == n}
		if p.out = w.resolve(final, p.cand); p.out == nil || !p.cand.Matches(before.Atom) || !w.buildsItself(p) {
			continue
		}
		left := map[*universe.Node]bool{}
		for _, o := range p.out {
			left[o.Child] = true
		}
		for _, o := range n.Out {
			if inside[o.Child] && !left[o.Child] {
				p.drops++
			}
		}
		if !left[e.Child] {
			out = append(out, p)
		}
	}
	return out
}

// buildsItself reports whether a package that needs itself to be built is content with its first build.
func (w *work) buildsItself(p *proposal) bool {
	for _, e := range p.final.Out {
		self := e.Child == p.final || w.temp[p.final] != nil && e.Child == w.temp[p.final].Node
		if self && e.Priority.Buildtime && !p.cand.Matches(e.Atom) {
			return false
		}
	}
	return true
}

// apply adds or changes the first build, and decides who is content with it.
func (w *work) apply(p *proposal, inside map[*universe.Node]bool) {
	t := w.temp[p.final]
	if t == nil {
		t = w.add(p.final)
	}
	for _, e := range slices.Clone(t.Node.Out) {
		unlink(e)
	}
	t.Node.Cand, t.Flags = p.cand, p.flags
	for _, e := range p.out {
		e.Parent = t.Node
		link(e)
	}
	for _, e := range slices.Clone(t.Node.In) {
		if e.Child == t.Node && e.Parent != p.final && !w.moves(e, t.Node) {
			w.move(e.Parent, t.Node, p.final)
		}
	}
	for _, e := range slices.Clone(p.final.In) {
		if e.Parent != p.final && e.Parent != t.Node && inside[e.Parent] && e.Child == p.final && w.moves(e, t.Node) {
			w.move(e.Parent, p.final, t.Node)
		}
	}
}

// add makes a node for the first build of a package. The final build replaces it.
func (w *work) add(final *universe.Node) *Temporary {
	n := &universe.Node{Index: len(w.sel.Nodes), Cand: final.Cand, Merge: true, Why: final.Why, Args: final.Args,
		Depth: final.Depth, Replaces: final.Replaces}
	final.Replaces = nil
	t := &Temporary{Node: n, Final: final}
	w.sel.Nodes = append(w.sel.Nodes, n)
	w.original[n] = w.original[final]
	w.temp[final], w.isTemp[n] = t, t
	w.order = append(w.order, t)
	for _, e := range slices.Clone(final.Out) {
		if e.Child == final { // it builds itself
			unlink(e)
			e.Child = n
			link(e)
		}
	}
	c := final.Cand
	a := &atom.Atom{CP: c.CP(), Op: atom.OpEqual, Version: c.Pkg.CPV.Version}
	link(&universe.Edge{Parent: final, Child: n, Kind: metadata.DEPEND, Atom: a, Priority: universe.Priority{Buildtime: true}})
	return t
}

// resolve finds the packages that satisfy the dependencies of a first build among those of the selection and
// what is installed, preferably those that the final build uses. nil if something is missing or blocked.
func (w *work) resolve(final *universe.Node, c *universe.Candidate) []*universe.Edge {
	r := &resolver{w: w, final: final, cand: c, edges: []*universe.Edge{}}
	for _, d := range w.f.u.Deps(c) {
		r.dep = d
		for _, clause := range d.Expr.Children {
			edges, ok := r.clause(clause)
			if !ok {
				return nil
			}
			r.edges = append(r.edges, edges...)
		}
	}
	return r.edges
}

type resolver struct {
	w     *work
	final *universe.Node
	cand  *universe.Candidate
	dep   universe.Dep
	edges []*universe.Edge
}

// clause resolves an evaluated expression; no edge is needed for what is installed and stays.
func (r *resolver) clause(n *depend.Node) ([]*universe.Edge, bool) {
	switch n.Kind {
	case depend.AtomLeaf:
		if n.Atom.Blocker != atom.NotBlocker {
			return nil, !r.blocks(n.Atom)
		}
		return r.atom(n.Atom)
	case depend.AnyOf:
		return r.anyOf(n)
	}
	var all []*universe.Edge
	for _, ch := range n.Children {
		edges, ok := r.clause(ch)
		if !ok {
			return nil, false
		}
		all = append(all, edges...)
	}
	return all, true
}

// anyOf takes the branch that the final build uses, else the first that can be had.
func (r *resolver) anyOf(n *depend.Node) ([]*universe.Edge, bool) {
	var first []*universe.Edge
	found := false
	for _, ch := range n.Children {
		edges, ok := r.clause(ch)
		if !ok {
			continue
		}
		if len(edges) > 0 && !slices.ContainsFunc(edges, func(e *universe.Edge) bool { return !r.used(e.Child) }) {
			return edges, true
		}
		if !found {
			first, found = edges, true
		}
	}
	return first, found || len(n.Children) == 0
}

func (r *resolver) used(n *universe.Node) bool {
	return slices.ContainsFunc(r.final.Out, func(e *universe.Edge) bool { return e.Child == n })
}

func (r *resolver) atom(a *atom.Atom) ([]*universe.Edge, bool) {
	if !universe.BuildTime(r.dep.Kind) && r.dep.Root == r.cand.Root && r.cand.CP() == a.CP && r.cand.MatchesButUse(a) {
		return nil, r.cand.Matches(a) && r.final.Cand.Matches(a) // itself, either way
	}
	var best *universe.Node
	for _, n := range r.w.sel.Nodes {
		if n.Cand.Root != r.dep.Root || n.Cand.CP() != a.CP || !n.Cand.Matches(a) || r.w.isTemp[n] != nil {
			continue // another first build may be gone by then; redirect uses it where both will do
		}
		if used := r.used(n); best == nil || used {
			best = n
			if used {
				break
			}
		}
	}
	if best != nil {
		return []*universe.Edge{r.edge(best, a)}, true
	}
	i := r.w.f.u.InstalledMatch(r.dep.Root, a)
	return nil, i != nil && !r.w.leaves(i) || r.w.f.u.Provided(r.dep.Root, a)
}

func (r *resolver) edge(child *universe.Node, a *atom.Atom) *universe.Edge {
	e := &universe.Edge{Child: child, Kind: r.dep.Kind, Atom: a}
	p := &e.Priority
	bound := a.SlotOp == atom.SlotOpEqual
	switch {
	case universe.BuildTime(r.dep.Kind):
		p.Buildtime, p.BuildtimeSlotOp = true, bound
	case r.dep.Kind == metadata.PDEPEND:
		p.RuntimePost = true
	default:
		p.Runtime, p.RuntimeSlotOp = true, bound
	}
	p.Cross = r.cand.Root != child.Cand.Root
	p.SatisfiedBy = r.w.f.u.InstalledMatch(r.dep.Root, a)
	p.Satisfied = p.SatisfiedBy != nil
	return e
}

// blocks reports whether a blocker that the final build does not have would hit anything.
func (r *resolver) blocks(a *atom.Atom) bool {
	known := false
	for _, d := range r.w.f.u.Deps(r.final.Cand) {
		d.Expr.Atoms(func(o *atom.Atom) { known = known || o.Equal(a) })
	}
	if known {
		return false
	}
	for _, n := range r.w.sel.Nodes {
		if n.Cand.Root == r.dep.Root && n.Cand.CP() == a.CP && n.Cand.Matches(a) {
			return true
		}
	}
	return r.w.f.u.InstalledMatch(r.dep.Root, a) != nil
}

// leaves reports whether an installed package is replaced or removed.
func (w *work) leaves(c *universe.Candidate) bool {
	same := func(o *universe.Candidate) bool { return o.Pkg == c.Pkg && o.Root == c.Root }
	if slices.ContainsFunc(w.sel.Removed, same) {
		return true
	}
	return slices.ContainsFunc(w.sel.Nodes, func(n *universe.Node) bool { return n.Merge && slices.ContainsFunc(n.Replaces, same) })
}

package plan

import (
	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/atom/metadata"
	"github.com/portsolve/portsolve/solver/universe"
)

// removal is an installed package that a blocker is about. It goes either by
// itself or by being replaced in its slot (order 6).
type removal struct {
	pkg      *universe.Candidate
	vertex   vertexID
	replaced bool // a package of the plan takes its slot
	strong   bool // a blocker forbids that both are installed at a time
	overlaps bool // due after the blocking packages
	due      bool // may be taken as soon as it is a leaf
	given    bool // given up: its blockers stay unsolved
	blockers []*blocker
}

// blocker sums up the blocks with one atom; it is displayed once.
type blocker struct {
	atom    *atom.Atom
	blocks  []*universe.Block
	open    int  // removals that it still waits for
	failed  bool // cannot be solved by a removal
	printed bool
}

// blockerKey tells blockers apart. The root is that of the blocked package.
type blockerKey struct {
	root universe.RootID
	atom string
}

// addBlockers turns the blocks of the selection into removals, arcs and unsolved blockers.
func (o *orderer) addBlockers() {
	index := make(map[blockerKey]*blocker)
	for _, b := range o.sel.Blocks {
		if o.opts.BuildPkgOnly && !buildBlock(b) {
			continue
		}
		key := blockerKey{b.Blocked.Root, b.Atom.String()}
		bl := index[key]
		if bl == nil {
			bl = &blocker{atom: b.Atom}
			index[key] = bl
			o.blockers = append(o.blockers, bl)
		}
		bl.blocks = append(bl.blocks, b)
	}
	// A blocker with one block that cannot be solved makes no demand on order.
	for _, bl := range o.blockers {
		for _, b := range bl.blocks {
			if old, _, ok := parties(b); !ok || !o.leaves(old) {
				bl.failed = true
			}
		}
	}
	for _, bl := range o.blockers {
		if !bl.failed {
			o.addRemovals(bl)
		}
	}
}

// buildBlock reports whether b matters where nothing is installed: it forbids to
// build beside the blocked package (PMS 8.2.6.2).
func buildBlock(b *universe.Block) bool {
	return b.Atom.Blocker == atom.Strong && (b.Kind == metadata.DEPEND || b.Kind == metadata.BDEPEND)
}

// parties finds the installed package that must go and the package merged in its place.
func parties(b *universe.Block) (old *universe.Candidate, merged *universe.Node, ok bool) {
	switch {
	case b.Parent == nil:
		return nil, nil, false
	case b.Parent.Merge && b.Planned == nil && b.Blocked.Installed():
		return b.Blocked, b.Parent, true
	case !b.Parent.Merge && b.Planned != nil && b.Planned.Merge:
		return b.Parent.Cand, b.Planned, true
	}
	return nil, nil, false
}

// leaves reports whether an installed package goes or is replaced.
func (o *orderer) leaves(c *universe.Candidate) bool {
	if c == nil {
		return false
	}
	_, gone := o.leaving[c]
	return gone
}

// addRemovals makes the vertices and arcs of a blocker that can be solved.
func (o *orderer) addRemovals(bl *blocker) {
	for _, b := range bl.blocks {
		old, merged, _ := parties(b)
		r := o.removals[old]
		if r == nil {
			r = &removal{pkg: old, replaced: o.leaving[old]}
			r.vertex = o.g.addRemoval(r)
			o.removals[old] = r
			o.queue = append(o.queue, r)
		}
		if len(r.blockers) == 0 || r.blockers[len(r.blockers)-1] != bl {
			r.blockers = append(r.blockers, bl)
			bl.open++
		}
		r.strong = r.strong || b.Atom.Blocker == atom.Strong
		if has(o.sel, merged) && !o.g.tied(vertexID(merged.Index), r.vertex) {
			o.g.connect(vertexID(merged.Index), r.vertex)
		}
	}
}

// tied reports whether a living arc leads from one vertex to the other.
func (g *graph) tied(from, to vertexID) bool {
	for _, a := range g.vertices[to].in {
		if g.arcs[a].from == from && !g.arcs[a].gone {
			return true
		}
	}
	return false
}

// scheduleRemoval makes one removal due: that whose blocking packages wait for the
// fewest other things, if that lets one of them be merged.
func (o *orderer) scheduleRemoval(sc scale) bool {
	var best *removal
	fewest := 0
	for _, r := range o.queue {
		if r.due || r.given || o.g.vertices[r.vertex].gone || !o.removable(r) {
			continue
		}
		n, useful := o.waiting(sc, r)
		if useful && (best == nil || n < fewest) {
			best, fewest = r, n
		}
	}
	if best == nil {
		return false
	}
	o.makeDue(best)
	if !best.strong {
		o.overlap(best)
	}
	return true
}

// removable reports whether r may be carried out as a step of its own (order 6).
func (o *orderer) removable(r *removal) bool {
	if o.opts.BuildPkgOnly {
		return false // nothing is installed, so nothing is removed
	}
	return !r.strong || !r.replaced && !(o.opts.Compat && r.pkg.Root == universe.Host) && !o.neededToBuild(r)
}

// neededToBuild reports whether something still to be merged can only be built with r's package. Nothing else can go on when a removal is
// chosen, so it comes after the blocking packages or is one.
func (o *orderer) neededToBuild(r *removal) bool {
	for _, i := range o.g.vertices[r.vertex].in {
		v := &o.g.vertices[o.g.arcs[i].from]
		if o.g.arcs[i].gone || v.node == nil {
			continue
		}
		for _, e := range v.node.Out {
			p := &e.Priority
			if p.Buildtime && !p.Optional && p.SatisfiedBy == r.pkg && !(has(o.sel, e.Child) && o.g.vertices[e.Child.Index].gone) {
				return true
			}
		}
	}
	for _, n := range o.sel.Nodes {
		if !o.g.vertices[n.Index].gone && o.builtWith(n, r.pkg) {
			return true
		}
	}
	return false
}

// waiting counts what the packages that wait for r wait for altogether, and
// reports whether one of them could be merged if r were gone.
func (o *orderer) waiting(sc scale, r *removal) (n int, useful bool) {
	seen := map[vertexID]bool{r.vertex: true}
	for _, i := range o.g.vertices[r.vertex].in {
		a := &o.g.arcs[i]
		if a.gone {
			continue
		}
		o.g.children(a.from, sc, sc.post(), func(to vertexID, _ *arc) bool {
			seen[to] = true
			return true
		})
		useful = useful || o.closure(sc, sc.post(), a.from) != nil
	}
	return len(seen), useful
}

// overlap turns the arcs of r around: it waits for the packages that waited for
// it, and for its replacement, which would spare it.
func (o *orderer) overlap(r *removal) {
	r.overlaps = true
	old := r.vertex
	var merged []vertexID
	for _, i := range o.g.vertices[old].in {
		if a := &o.g.arcs[i]; !a.gone {
			merged = append(merged, a.from)
		}
	}
	o.g.remove(old)
	r.vertex = o.g.addRemoval(r)
	o.g.due++
	o.g.preference = append(o.g.preference, r.vertex)
	for _, m := range merged {
		o.g.connect(r.vertex, m)
	}
	if n := o.replacement[r.pkg]; n != nil && !o.g.vertices[n.Index].gone && !o.g.tied(r.vertex, vertexID(n.Index)) {
		o.g.connect(r.vertex, vertexID(n.Index))
	}
}

// dropRemoval gives up one removal, so that what waits for it can go on.
func (o *orderer) dropRemoval() bool {
	for _, r := range o.queue {
		if !r.given && !o.g.vertices[r.vertex].gone {
			r.given = true
			o.g.remove(r.vertex)
			return true
		}
	}
	return false
}

// settle notes that r's package is gone and emits the blockers that this solved.
func (o *orderer) settle(r *removal, show bool) {
	if r.given {
		return
	}
	for _, bl := range r.blockers {
		bl.open--
		if bl.open > 0 || bl.failed {
			continue
		}
		if show {
			o.emitBlocker(bl, true)
		} else {
			o.plan.hidden = append(o.plan.hidden, bl.blocks...)
		}
	}
}

// emitBlocker adds the display entry of a blocker.
func (o *orderer) emitBlocker(bl *blocker, solved bool) {
	if bl.printed {
		return
	}
	bl.printed = true
	o.plan.Steps = append(o.plan.Steps, Step{
		Kind: Blocker, Atom: bl.atom, Block: bl.blocks[0], Blocks: bl.blocks, Solved: solved,
	})
}

// finish adds the removals that no blocker asked for and the unsolved blockers.
func (o *orderer) finish() {
	for _, c := range o.sel.Removed {
		if o.removals[c] == nil && !o.opts.BuildPkgOnly {
			o.plan.Steps = append(o.plan.Steps, Step{Kind: Uninstall, Removed: c})
		}
	}
	for _, bl := range o.blockers {
		if bl.open > 0 || bl.failed {
			o.emitBlocker(bl, false)
			o.plan.Unsolved = true
		}
	}
}

package plan

import (
	"context"
	"github.com/portsolve/portsolve/atom/depend"
	"slices"

	"github.com/portsolve/portsolve/solver/universe"
)

// orderer is one run of Order.
type orderer struct {
	sel  *universe.Selection
	opts Options
	g    *graph
	plan *Plan

	urgent []vertexID
	cycles int // run-time cycles taken so far
	// lastResort lets the package manager be part of a cycle.
	lastResort bool
	relaxed    bool // relaxBranches was called

	trees map[dependency]*depend.Node // evaluated when first needed

	// leaving holds the installed packages that go; true: replaced in their slot.
	leaving     map[*universe.Candidate]bool
	replacement map[*universe.Candidate]*universe.Node
	removals    map[*universe.Candidate]*removal
	queue       []*removal // removals in the order of their blockers
	blockers    []*blocker
}

func newOrderer(s *universe.Selection, opts Options) *orderer {
	o := &orderer{
		sel: s, opts: opts, g: newGraph(s), plan: &Plan{}, trees: map[dependency]*depend.Node{},
		leaving:     make(map[*universe.Candidate]bool),
		replacement: make(map[*universe.Candidate]*universe.Node),
		removals:    make(map[*universe.Candidate]*removal),
	}
	o.plan.Steps = make([]Step, 0, len(s.Nodes))
	for _, c := range s.Removed {
		o.leaving[c] = false
	}
	for _, n := range s.Nodes {
		if !n.Merge {
			continue
		}
		for _, c := range n.Replaces {
			o.leaving[c] = true
			o.replacement[c] = n
		}
	}
	o.addBlockers()
	o.g.prune()
	var system []bool
	if opts.ImplicitSystemDeps {
		system = o.g.systemVertices(opts.System)
	} else {
		system = o.g.systemVertices(nil)
	}
	o.g.prefer(system)
	o.urgent = o.firstUrgent()
	o.awaitReplacements()
	return o
}

// run takes vertices until none is left (order 3).
func (o *orderer) run(ctx context.Context) (*Plan, error) {
	var cycles []*CycleError
	ordered := 0 // steps before the first cycle
	for o.g.live > 0 {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		group, going := o.next()
		if len(group) > 0 {
			o.take(group)
			o.g.compact()
			continue
		}
		if going {
			continue
		}
		if cycles == nil {
			ordered = len(o.plan.Steps)
		}
		core := o.g.core()
		cycles = append(cycles, o.g.cycleError(core))
		o.take(o.orderGroup(core)) // as if it were broken, to see what comes after it
	}
	end := len(o.plan.Steps)
	o.finish()
	if cycles == nil {
		return o.plan, nil
	}
	first := cycles[0]
	first.More = cycles[1:]
	first.Rest = slices.Clone(o.plan.Steps[ordered:end])
	o.plan.Steps = slices.Delete(o.plan.Steps, ordered, end)
	return o.plan, first
}

// next chooses what is taken in this round. Without a group, going tells that
// the graph changed and that another round makes sense.
func (o *orderer) next() (group []vertexID, going bool) {
	o.urgent = slices.DeleteFunc(o.urgent, func(id vertexID) bool { return o.g.vertices[id].gone })
	if group = o.pickUrgent(); group != nil {
		return group, true
	}
	if group = o.pickLeaves(plain); group != nil {
		return group, true
	}
	if group = o.pickCycle(plain, plain.post()); group != nil {
		return group, true
	}
	if o.scheduleRemoval(plain) {
		return nil, true
	}
	if group = o.leavesAt(plain, 0); group != nil {
		return group, true
	}
	if group = o.pickCycle(lenient, lenient.post()); group != nil {
		return group, true
	}
	if group = o.pickLeaves(lenient); group != nil {
		return group, true
	}
	if o.scheduleRemoval(lenient) {
		return nil, true
	}
	group = o.pickCycle(lenient, lenientMoved)
	if (group != nil || !o.opts.Compat) && o.relaxBranches() {
		return nil, true
	}
	if group != nil {
		return group, true
	}
	o.lastResort = true
	o.g.searchAgain()
	group = o.pickCycle(lenient, lenientMoved)
	o.lastResort = false
	if group != nil {
		return group, true
	}
	return nil, o.removeEarly() || o.dropRemoval()
}

// takeable reports whether a living vertex may be taken if it is a leaf: a
// removal only if it is due.
func takeable(v *vertex) bool {
	return !v.gone && (v.removal == nil || v.removal.due)
}

// leavesAt lists the leaves at a level in order of preference.
func (o *orderer) leavesAt(sc scale, level rank) []vertexID {
	var found []vertexID
	if o.g.due == 0 && o.g.leaves(sc, level) == 0 {
		return nil
	}
	for _, id := range o.g.preference {
		if v := &o.g.vertices[id]; takeable(v) && v.tops[sc] <= level {
			found = append(found, id)
		}
	}
	return found
}

// pickUrgent finds an urgent package that may be merged before what it only
// wants at run time or after itself (order 3.1).
func (o *orderer) pickUrgent() []vertexID {
	for level := lenient.soft(); level <= lenient.post(); level++ {
		for _, id := range o.urgent {
			if o.g.vertices[id].tops[lenient] <= level {
				return []vertexID{id}
			}
		}
	}
	return o.urgentCycle()
}

// pickLeaves finds leaves (order 3.2).
func (o *orderer) pickLeaves(sc scale) []vertexID {
	all, idle := 0, 0
	for level := rank(0); level <= sc.post(); level++ {
		all += o.g.packages[sc][level].all
		idle += o.g.packages[sc][level].idle
		together := level == 0 && len(o.urgent) == 0 && !o.opts.Tree
		if o.g.due == 0 && (all == 0 || all > 1 && all == idle && !together) {
			continue // spares the look at all vertices
		}
		found := o.leavesAt(sc, level)
		if len(found) == 0 {
			continue
		}
		if due := o.dueRemovals(found); len(due) > 0 && len(found) > 1 {
			return due
		}
		if len(found) == 1 || together {
			return found
		}
		if one := o.pickOne(found); one != nil {
			return one
		}
	}
	return nil
}

// dueRemovals keeps the removals of a list.
func (o *orderer) dueRemovals(ids []vertexID) []vertexID {
	var due []vertexID
	for _, id := range ids {
		if o.g.vertices[id].removal != nil {
			due = append(due, id)
		}
	}
	return due
}

// pickOne takes the first leaf that something urgent waits for, else the first
// that anything waits for.
func (o *orderer) pickOne(leaves []vertexID) []vertexID {
	if len(o.urgent) > 0 {
		for _, id := range leaves {
			for _, i := range o.g.vertices[id].in {
				a := &o.g.arcs[i]
				if !a.gone && a.lenient > lenient.soft() && slices.Contains(o.urgent, a.from) {
					return []vertexID{id}
				}
			}
		}
	}
	for _, id := range leaves {
		if o.g.vertices[id].parents > 0 {
			return []vertexID{id}
		}
	}
	return nil
}

// take removes a group from the graph and emits its steps.
func (o *orderer) take(group []vertexID) {
	cycle := 0
	if o.inCycle(group) {
		o.cycles++
		cycle = o.cycles
	}
	for _, id := range group {
		o.hurryPost(id, group)
	}
	for _, id := range group {
		o.g.remove(id)
		o.emit(&o.g.vertices[id], cycle)
		if cycle > 0 {
			o.takeRemovals()
		}
	}
}

// takeRemovals carries out the removals that waited only for what was merged: inside a cycle, too, both packages
// overlap as briefly as possible.
func (o *orderer) takeRemovals() {
	for _, r := range o.queue {
		if v := &o.g.vertices[r.vertex]; r.overlaps && !v.gone && v.tops[plain] == 0 {
			o.g.remove(r.vertex)
			o.emit(v, 0)
		}
	}
}

// hurryPost makes urgent what a package wants after itself and does not have yet.
func (o *orderer) hurryPost(id vertexID, group []vertexID) {
	o.g.children(id, lenient, lenient.soft(), func(to vertexID, a *arc) bool {
		if a.lenient == lenientPost && !slices.Contains(group, to) && !slices.Contains(o.urgent, to) {
			o.urgent = append(o.urgent, to)
		}
		return true
	})
}

// emit adds the step of a vertex that was taken.
func (o *orderer) emit(v *vertex, cycle int) {
	if v.removal != nil {
		o.plan.Steps = append(o.plan.Steps, Step{Kind: Uninstall, Removed: v.removal.pkg})
		if v.removal.replaced && !v.removal.overlaps {
			o.plan.early = append(o.plan.early, v.removal.pkg)
		}
		o.settle(v.removal, true)
		return
	}
	if !v.node.Merge {
		return
	}
	o.plan.Steps = append(o.plan.Steps, Step{Kind: Merge, Node: v.node, Cycle: cycle})
	for _, old := range v.node.Replaces {
		if r := o.removals[old]; r != nil && !o.g.vertices[r.vertex].gone {
			o.g.remove(r.vertex)
			o.settle(r, r.overlaps)
		}
	}
}

package plan

import (
	"cmp"
	"slices"

	"github.com/portsolve/portsolve/solver/universe"
)

// pickCycle finds a group that is closed under the arcs stronger than some level and can be merged
// together, in order (order 4). The lowest level that gives one decides, so that as little as possible is ignored; then
// the smallest group, then the name. Levels above last are not tried.
func (o *orderer) pickCycle(sc scale, last rank) []vertexID {
	for level := rank(0); level <= last; level++ {
		if level > 0 && o.g.ranks(sc, level) == 0 {
			continue // as the level before
		}
		var best []vertexID
		for _, group := range o.g.freshGroups(sc, level, o.canMergeTogether) {
			if o.g.better(group, best) {
				best = group
			}
		}
		if best != nil {
			return o.orderGroup(best)
		}
	}
	return nil
}

// better reports whether group a is preferred to b, which may be nil.
func (g *graph) better(a, b []vertexID) bool {
	if b == nil || len(a) != len(b) {
		return b == nil || len(a) < len(b)
	}
	first := func(group []vertexID) *universe.Node {
		return g.vertices[slices.MinFunc(group, g.byName)].node
	}
	return cmp.Or(compareNames(first(a), first(b)), int(a[0]-b[0])) < 0
}

// byName compares vertices by name and version, removals last.
func (g *graph) byName(a, b vertexID) int {
	return cmp.Or(compareNames(g.vertices[a].node, g.vertices[b].node), int(a-b))
}

func compareNames(a, b *universe.Node) int {
	switch {
	case a == nil && b == nil:
		return 0
	case a == nil:
		return 1
	case b == nil:
		return -1
	}
	return a.Cand.Pkg.CPV.Compare(b.Cand.Pkg.CPV)
}

// canMergeTogether reports whether a group of free vertices may be taken: something waits
// for it, and the package manager, which should find its own dependencies installed, is not in a cycle.
func (o *orderer) canMergeTogether(group []vertexID) bool {
	waitedFor := false
	for _, id := range group {
		v := &o.g.vertices[id]
		if !o.lastResort && len(group) > 1 && v.node != nil && v.node.Merge && v.node.Cand.CP() == managerName {
			return false
		}
		waitedFor = waitedFor || v.parents > 0
	}
	return waitedFor
}

// urgentCycle is pickCycle for the groups that urgent packages are part of or start.
func (o *orderer) urgentCycle() []vertexID {
	var waitedFor []vertexID
	for _, id := range o.urgent {
		if o.g.vertices[id].parents > 0 {
			waitedFor = append(waitedFor, id)
		}
	}
	// What leads to a vertex that is not free at the highest level does so at all levels.
	candidates := o.closedAt(lenient.post(), waitedFor)
	if len(candidates) == 0 {
		return nil
	}
	for level := rank(0); level <= lenient.post(); level++ {
		var best []vertexID
		for _, id := range o.closedAt(level, candidates) {
			group := o.closure(lenient, level, id)
			if o.canMergeTogether(group) && o.g.better(group, best) {
				best = group
			}
		}
		if best != nil {
			return o.orderGroup(best)
		}
	}
	return nil
}

// closedAt keeps the vertices that lead only to free ones on the lenient scale.
func (o *orderer) closedAt(level rank, ids []vertexID) []vertexID {
	if len(ids) == 0 {
		return nil
	}
	t := o.g.finder.begin(o.g, lenient, level, func(v *vertex) bool { return !lenient.free(v) })
	var kept []vertexID
	for _, id := range ids {
		t.search(id)
		if t.state(id) == closed {
			kept = append(kept, id)
		}
	}
	return kept
}

// closure lists what id depends on through arcs stronger than level, itself included, if none of that waits
// for anything that cannot be ignored (removals aside); else nil.
func (o *orderer) closure(sc scale, level rank, id vertexID) []vertexID {
	group := []vertexID{id}
	seen := map[vertexID]bool{id: true}
	for i := 0; i < len(group); i++ {
		v := &o.g.vertices[group[i]]
		if !takeable(v) || !sc.mergeable(v) {
			return nil
		}
		o.g.children(group[i], sc, level, func(to vertexID, a *arc) bool {
			if !a.removal && !seen[to] {
				seen[to] = true
				group = append(group, to)
			}
			return true
		})
	}
	return group
}

// inCycle reports whether the members of a group depend on each other.
func (o *orderer) inCycle(group []vertexID) bool {
	if len(group) < 2 {
		return false
	}
	for _, id := range group {
		found := false
		o.g.children(id, plain, plainOptional, func(to vertexID, _ *arc) bool {
			found = to != id && slices.Contains(group, to)
			return !found
		})
		if found {
			return true
		}
	}
	return false
}

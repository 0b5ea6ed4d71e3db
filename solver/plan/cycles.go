package plan

import "slices"

// pickCycle finds the smallest group that is closed under what counts at run
// time and can be merged together, in order (order 4).
func (o *orderer) pickCycle(sc scale) []vertexID {
	var smallest []vertexID
	for _, group := range o.g.sinks(sc, sc.post()) {
		if (smallest == nil || len(group) < len(smallest)) && o.canMergeTogether(sc, group) {
			smallest = group
		}
	}
	if smallest == nil {
		return nil
	}
	return o.orderGroup(smallest)
}

// canMergeTogether reports whether no member waits for what cannot be ignored.
func (o *orderer) canMergeTogether(sc scale, group []vertexID) bool {
	waitedFor := false
	for _, id := range group {
		v := &o.g.vertices[id]
		if !takeable(v) || v.waits > 0 || !sc.mergeable(v) {
			return false
		}
		if len(group) > 1 && v.node != nil && v.node.Merge && v.node.Cand.CP() == managerName {
			return false // it must find its own dependencies installed
		}
		waitedFor = waitedFor || v.parents > 0
	}
	return waitedFor
}

// urgentCycle is pickCycle for the group that an urgent package is part of or starts.
func (o *orderer) urgentCycle() []vertexID {
	var smallest []vertexID
	for _, id := range o.urgent {
		if o.g.vertices[id].parents == 0 {
			continue
		}
		group := o.closure(lenient, id)
		if group == nil || smallest != nil && len(group) >= len(smallest) || !o.canMergeTogether(lenient, group) {
			continue
		}
		smallest = group
	}
	if smallest == nil {
		return nil
	}
	return o.orderGroup(smallest)
}

// closure lists what must be merged with id, itself included, if none of that waits
// for anything that cannot be ignored (removals aside); else nil.
func (o *orderer) closure(sc scale, id vertexID) []vertexID {
	group := []vertexID{id}
	seen := map[vertexID]bool{id: true}
	for i := 0; i < len(group); i++ {
		v := &o.g.vertices[group[i]]
		if !takeable(v) || !sc.mergeable(v) {
			return nil
		}
		o.g.children(group[i], sc, sc.post(), func(to vertexID, a *arc) bool {
			if !a.removal && !seen[to] {
				seen[to] = true
				group = append(group, to)
			}
			return true
		})
	}
	return group
}

// orderGroup puts the members of a group in order: each time the one that loses least
// by not waiting for the others.
func (o *orderer) orderGroup(group []vertexID) []vertexID {
	left := make(map[vertexID]bool, len(group))
	for _, id := range group {
		left[id] = true
	}
	rest := make([]vertexID, 0, len(group))
	for _, id := range o.g.preference {
		if left[id] {
			rest = append(rest, id)
		}
	}
	ordered := make([]vertexID, 0, len(group))
	for len(rest) > 0 {
		best, weakest := 0, plainHard+1
		for i, id := range rest {
			strongest := rank(0)
			o.g.children(id, plain, 0, func(to vertexID, a *arc) bool {
				if left[to] && to != id {
					strongest = max(strongest, a.plain)
				}
				return true
			})
			if strongest < weakest {
				best, weakest = i, strongest
			}
		}
		ordered = append(ordered, rest[best])
		delete(left, rest[best])
		rest = slices.Delete(rest, best, best+1)
	}
	return ordered
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

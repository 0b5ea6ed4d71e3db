package plan

import (
	"iter"

	"github.com/portsolve/portsolve/solver/internal/scc"
)

// grouping puts the members of a run-time cycle in order.
type grouping struct {
	g       *graph
	members []member
	// place is the index in members of a vertex, -1 outside the group.
	place []int32
	// knot numbers, for each member, those that need each other above post-run-time.
	knot []int
	// whole marks what must work when another member is built with it.
	whole map[vertexID]bool
}

// member is a vertex of the group with its arcs to members still waiting, counted by loss.
type member struct {
	id    vertexID
	count [losses]int32
	worst int // highest loss with a count, 0 if there is none
	early int // how many of them no cycle above post-run-time excuses
	taken bool
}

// orderGroup puts the members of a group in order: each time the one that loses least
// by not waiting for those that are left, the first in order of preference among equals (order 4). A member that needs
// others above post-run-time, but not they it, waits for them.
func (o *orderer) orderGroup(group []vertexID) []vertexID {
	if len(group) < 2 {
		return group
	}
	s := &grouping{g: o.g, place: make([]int32, len(o.g.vertices))}
	for _, id := range group {
		s.place[id] = 1
	}
	for _, id := range o.g.preference {
		if s.place[id] == 1 {
			s.members = append(s.members, member{id: id})
		}
	}
	for i := range s.place {
		s.place[i] = -1
	}
	for i := range s.members {
		s.place[s.members[i].id] = int32(i)
	}
	s.knot = scc.Components(len(s.members), s.aboveRunTime)
	s.markWhole()
	for i := range s.members {
		s.count(&s.members[i])
	}
	ordered := make([]vertexID, 0, len(group))
	first := 0 // all members before it are taken
	for len(ordered) < len(s.members) {
		for s.members[first].taken {
			first++
		}
		best := first
		for i := first + 1; i < len(s.members) && s.members[best].worst > 0; i++ {
			if !s.members[i].taken && s.members[i].before(&s.members[best]) {
				best = i
			}
		}
		ordered = append(ordered, s.members[best].id)
		s.take(&s.members[best])
	}
	return ordered
}

// before reports whether m loses less than n.
func (m *member) before(n *member) bool {
	if (m.early > 0) != (n.early > 0) {
		return n.early > 0
	}
	return m.worst < n.worst
}

// count fills in the arcs of a member.
func (s *grouping) count(m *member) {
	s.g.children(m.id, plain, 0, func(to vertexID, a *arc) bool {
		if s.place[to] >= 0 && to != m.id {
			m.count[s.loss(a)]++
			m.worst = max(m.worst, s.loss(a))
			m.early += s.early(a)
		}
		return true
	})
}

// markWhole finds the members that others are going to be bound to by a slot operator, instead of to
// what is installed now, and what those need at run time and do not have.
func (s *grouping) markWhole() {
	s.whole = map[vertexID]bool{}
	var work []vertexID
	mark := func(counts func(*arc) bool) func(to vertexID, a *arc) bool {
		return func(to vertexID, a *arc) bool {
			if counts(a) && s.place[to] >= 0 && !s.whole[to] {
				s.whole[to] = true
				work = append(work, to)
			}
			return true
		}
	}
	for i := range s.members {
		s.g.children(s.members[i].id, lenient, lenientPost, mark(func(a *arc) bool { return a.plain == plainHard }))
	}
	for len(work) > 0 {
		id := work[len(work)-1]
		work = work[:len(work)-1]
		s.g.children(id, lenient, lenientPost, mark(func(a *arc) bool { return a.lenient >= lenientRun }))
	}
}

// aboveRunTime yields the members that one has arcs to above post-run-time.
func (s *grouping) aboveRunTime(i int) iter.Seq[int] {
	return func(yield func(int) bool) {
		s.g.children(s.members[i].id, plain, plainPost, func(to vertexID, _ *arc) bool {
			return s.place[to] < 0 || yield(int(s.place[to]))
		})
	}
}

// loss is that of the arc, but what must be whole loses more by a missing run-time dependency than by being built
// with what is installed.
func (s *grouping) loss(a *arc) int {
	if a.plain == plainRun && a.lenient == lenientRun && s.whole[a.from] {
		return lossOf(plainHard, lenientPost) // a place that no arc has: post-run-time ones are never hard
	}
	return a.loss()
}

// early is 1 for an arc above post-run-time that no cycle of such arcs excuses, if its child comes later.
func (s *grouping) early(a *arc) int {
	if a.plain > plainPost && s.knot[s.place[a.from]] != s.knot[s.place[a.to]] {
		return 1
	}
	return 0
}

// take tells the others that m is no longer waiting.
func (s *grouping) take(m *member) {
	m.taken = true
	for _, i := range s.g.vertices[m.id].in {
		a := &s.g.arcs[i]
		if a.gone || a.from == m.id || s.place[a.from] < 0 {
			continue
		}
		parent := &s.members[s.place[a.from]]
		parent.count[s.loss(a)]--
		parent.early -= s.early(a)
		for parent.worst > 0 && parent.count[parent.worst] == 0 {
			parent.worst--
		}
	}
}

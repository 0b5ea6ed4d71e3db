package alternatives

import (
	"container/heap"
	"slices"
)

// node is a set of changes that waits to be looked at.
type node struct {
	set    set
	bound  Cost // no alternative that contains the set costs less
	serial int

	standing     []int32 // the contradictions that stand under the set, of the first cores
	cores, found int     // how many contradictions and alternatives were known when it was looked at
	fails        bool    // a contradiction stands
	ways         []set   // additions that void the one with the fewest ways out
}

// nodeQueue is a heap: the lowest bound first, then larger sets (which are closer to an alternative), then those
// found first.
type nodeQueue []*node

func (q nodeQueue) Len() int { return len(q) }
func (q nodeQueue) Less(i, j int) bool {
	a, b := q[i], q[j]
	if d := a.bound.Compare(b.bound); d != 0 {
		return d < 0
	}
	if len(a.set) != len(b.set) {
		return len(a.set) > len(b.set)
	}
	return a.serial < b.serial
}
func (q nodeQueue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }

// Push implements heap.Interface.
func (q *nodeQueue) Push(x any) { *q = append(*q, x.(*node)) }

// Pop implements heap.Interface.
func (q *nodeQueue) Pop() any {
	old := *q
	n := old[len(old)-1]
	*q = old[:len(old)-1]
	return n
}

func (f *Finder) push(n *node) {
	key := n.set.key()
	if f.seen[key] {
		return
	}
	f.seen[key] = true
	f.nodes++
	f.serial++
	n.serial = f.serial
	f.insert(n)
}

func (f *Finder) insert(n *node) { heap.Push(&f.queue, n) }

func (f *Finder) pop() *node { return heap.Pop(&f.queue).(*node) }

// dominated reports whether a set contains an alternative.
func (f *Finder) dominated(s set) bool { return slices.ContainsFunc(f.found, s.contains) }

// ways are the additions to a set that may void a contradiction and lead to something new.
func (f *Finder) ways(st *standing, s set) []set {
	var out []set
	for _, l := range st.lifts {
		if len(f.found) == 0 || !f.dominated(s.with(l)) {
			out = append(out, l)
		}
	}
	return out
}

// look brings a node up to date with the contradictions that are known by now: which stand, the one of them with the
// fewest ways out, and the bound. Contradictions that have no change in common each cost something of their own.
// again tells that the node has to wait for its new turn, dead that nothing voids one of them.
func (f *Finder) look(n *node) (again, dead bool) {
	if n.cores == len(f.cores) && n.found == len(f.found) {
		return false, false
	}
	n.update(f)
	bound := f.w.cost(n.set)
	taken, slots := map[int32]bool{}, map[int32]bool{}
	for _, id := range n.set {
		slots[f.w.slotOf[id]] = true
	}
	n.ways, n.fails = nil, len(n.standing) > 0
	for i, at := range n.standing {
		ways := f.ways(f.w.under(f.cores[at], n.set), n.set)
		if len(ways) == 0 {
			return false, true
		}
		if i == 0 || len(ways) < len(n.ways) {
			n.ways = ways
		}
		if least, ok := f.least(ways, taken, slots); ok {
			bound = bound.plus(least)
		}
	}
	if bound.Compare(n.bound) > 0 {
		n.bound = bound
		return true, false
	}
	return false, false
}

// update finds the contradictions that stand under the set of a node, given those that do under a part of it.
func (n *node) update(f *Finder) {
	for at := n.cores; at < len(f.cores); at++ {
		if f.w.under(f.cores[at], n.set).holds {
			n.standing = append(n.standing, int32(at))
		}
	}
	n.cores, n.found = len(f.cores), len(f.found)
}

// with is the node of a larger set. Contradictions that the addition has nothing to do with are as they were.
func (n *node) with(f *Finder, l set) *node {
	m := &node{set: n.set.with(l), cores: n.cores, found: -1}
	was := n.standing
	for at, k := range f.cores[:n.cores] {
		stood := len(was) > 0 && was[0] == int32(at)
		if stood {
			was = was[1:]
		}
		if slices.ContainsFunc(l, func(id int32) bool { return k.matters(f.w.slotOf[id]) }) {
			stood = f.w.under(k, m.set).holds
		}
		if stood {
			m.standing = append(m.standing, int32(at))
		}
	}
	return m
}

// least is the cost of the cheapest of the lifts, without what others have paid for. ok is false if a change is among
// those that were counted already.
func (f *Finder) least(lifts []set, taken, slots map[int32]bool) (Cost, bool) {
	var least Cost
	fresh := true // all are about packages that nothing counted so far is about
	for n, l := range lifts {
		var c Cost
		for _, id := range l {
			if taken[id] {
				return c, false
			}
			c = c.plus(f.w.weights[id])
			fresh = fresh && !slots[f.w.slotOf[id]]
		}
		c[CostPackages] = 0
		if n == 0 || c.Compare(least) < 0 {
			least = c
		}
	}
	if fresh {
		least = f.leastFresh(lifts)
	}
	for _, l := range lifts {
		for _, id := range l {
			taken[id] = true
			slots[f.w.slotOf[id]] = true
		}
	}
	return least, true
}

func (f *Finder) leastFresh(lifts []set) Cost {
	var least Cost
	for n, l := range lifts {
		if c := f.w.cost(l); n == 0 || c.Compare(least) < 0 {
			least = c
		}
	}
	return least
}

// expand queues the sets that void the contradiction with the fewest ways out; false if none stands.
func (f *Finder) expand(n *node) bool {
	if !n.fails {
		return false
	}
	for _, l := range n.ways {
		m := n.with(f, l)
		m.bound = f.w.cost(m.set)
		if n.bound.Compare(m.bound) > 0 {
			m.bound = n.bound
		}
		f.push(m)
	}
	return true
}

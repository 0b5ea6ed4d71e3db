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

func (f *Finder) push(s set, bound Cost) {
	key := s.key()
	if f.seen[key] {
		return
	}
	f.seen[key] = true
	f.nodes++
	f.serial++
	f.insert(&node{s, bound, f.serial})
}

func (f *Finder) insert(n *node) { heap.Push(&f.queue, n) }

func (f *Finder) pop() *node { return heap.Pop(&f.queue).(*node) }

// dominated reports whether a set contains an alternative.
func (f *Finder) dominated(s set) bool { return slices.ContainsFunc(f.found, s.contains) }

// lifts are the additions to s that may void a contradiction and lead to something new.
func (f *Finder) lifts(k *core, s set) []set {
	return slices.DeleteFunc(f.w.lifts(k, s), func(l set) bool { return f.dominated(s.with(l)) })
}

// estimate brings the bound of a node up to date with the contradictions that are known by now. Those that have no
// change in common each cost something of their own. again tells that the node has to wait for its new turn, dead
// that nothing voids one of the contradictions.
func (f *Finder) estimate(n *node) (again, dead bool) {
	bound := f.w.cost(n.set)
	taken, slots := map[int32]bool{}, map[int32]bool{}
	for _, id := range n.set {
		slots[f.w.slotOf[id]] = true
	}
	for _, k := range f.cores {
		if !f.w.holds(k, n.set) {
			continue
		}
		lifts := f.lifts(k, n.set)
		if len(lifts) == 0 {
			return false, true
		}
		least, ok := f.least(lifts, taken, slots)
		if ok {
			bound = bound.plus(least)
		}
	}
	if bound.Compare(n.bound) > 0 {
		n.bound = bound
		return true, false
	}
	return false, false
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
	var best []set
	stands := false
	for _, k := range f.cores {
		if !f.w.holds(k, n.set) {
			continue
		}
		if l := f.lifts(k, n.set); !stands || len(l) < len(best) {
			best, stands = l, true
		}
		if len(best) <= 1 {
			break
		}
	}
	for _, l := range best {
		s := n.set.with(l)
		c := f.w.cost(s)
		if n.bound.Compare(c) > 0 {
			c = n.bound
		}
		f.push(s, c)
	}
	return stands
}

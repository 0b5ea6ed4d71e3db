package plan

// knots divides the members of a group into those that need each other: the strongly connected components of
// their arcs above post-run-time, by Tarjan's algorithm (1972). The result is the number of each member's component.
func (s *grouping) knots() []int32 {
	k := knotter{s: s, low: make([]int32, len(s.members)), number: make([]int32, len(s.members)), knot: make([]int32, len(s.members))}
	for i := range s.members {
		if k.number[i] == 0 {
			k.visit(int32(i))
		}
	}
	return k.knot
}

type knotter struct {
	s           *grouping
	low, number []int32 // 0: not visited
	knot        []int32 // 0: open
	stack       []int32
	count, last int32
}

func (k *knotter) visit(i int32) {
	k.count++
	k.number[i], k.low[i] = k.count, k.count
	k.stack = append(k.stack, i)
	k.s.g.children(k.s.members[i].id, plain, plainPost, func(to vertexID, _ *arc) bool {
		switch j := k.s.place[to]; {
		case j < 0:
		case k.number[j] == 0:
			k.visit(j)
			k.low[i] = min(k.low[i], k.low[j])
		case k.knot[j] == 0:
			k.low[i] = min(k.low[i], k.number[j])
		}
		return true
	})
	if k.low[i] != k.number[i] {
		return
	}
	k.last++
	for {
		top := k.stack[len(k.stack)-1]
		k.stack = k.stack[:len(k.stack)-1]
		k.knot[top] = k.last
		if top == i {
			return
		}
	}
}

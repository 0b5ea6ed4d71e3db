// Package scc finds strongly connected components.
package scc

import "iter"

// Components numbers the strongly connected components of a graph of n vertices, by Tarjan's algorithm (1972): the result is
// the number of each vertex's component, from 1. arcs yields where the arcs of a vertex lead. What belongs together does
// not depend on the order in which it does so, the numbers do. It takes time in proportion to vertices and arcs.
func Components(n int, arcs func(v int) iter.Seq[int]) []int {
	s := search{arcs: arcs, low: make([]int, n), number: make([]int, n), component: make([]int, n)}
	for v := range n {
		if s.number[v] == 0 {
			s.visit(v)
		}
	}
	return s.component
}

type search struct {
	arcs        func(v int) iter.Seq[int]
	low, number []int // 0: not visited
	component   []int // 0: open
	stack       []int
	count, last int
}

func (s *search) visit(v int) {
	s.count++
	s.number[v], s.low[v] = s.count, s.count
	s.stack = append(s.stack, v)
	for w := range s.arcs(v) {
		if s.number[w] == 0 {
			s.visit(w)
			s.low[v] = min(s.low[v], s.low[w])
		} else if s.component[w] == 0 {
			s.low[v] = min(s.low[v], s.number[w])
		}
	}
	if s.low[v] != s.number[v] {
		return
	}
	s.last++
	for {
		top := s.stack[len(s.stack)-1]
		s.stack = s.stack[:len(s.stack)-1]
		s.component[top] = s.last
		if top == v {
			return
		}
	}
}

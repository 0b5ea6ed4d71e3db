package plan

import (
	"fmt"
	"slices"
	"strings"

	"github.com/portsolve/portsolve/solver/universe"
)

// CycleError carries the members of an unbreakable cycle of build dependencies and the
// edges between them (order 5).
type CycleError struct {
	// Nodes is the strongly connected core, in discovery order.
	Nodes []*universe.Node
	// Edges are all edges between them that could not be ignored.
	Edges []*universe.Edge
	// Shortest is one shortest cycle through a build dependency: the child of each edge is the
	// parent of the next, and that of the last is the parent of the first.
	Shortest []*universe.Edge
	// Rest is how the steps after those of the Plan could go on if this cycle, and those in More, were
	// broken: a way to show what else was chosen, not an order to follow.
	Rest []Step
	// More are the cycles found while ordering Rest; their Rest and More are empty.
	More []*CycleError
}

// Error names the packages of the shortest cycle.
func (e *CycleError) Error() string {
	var b strings.Builder
	b.WriteString("circular dependencies:")
	for _, edge := range e.Shortest {
		fmt.Fprintf(&b, " %s needs %s (%s),", edge.Parent.Cand.Pkg.CPV, edge.Atom, edge.Kind)
	}
	if len(e.Shortest) == 0 {
		for _, n := range e.Nodes {
			fmt.Fprintf(&b, " %s,", n.Cand.Pkg.CPV)
		}
	}
	return strings.TrimSuffix(b.String(), ",") + "; build one of them with other USE flags or install one of them first"
}

// core is the smallest strongly connected part of what is left when nothing can be taken any more.
func (g *graph) core() []vertexID {
	var core []vertexID
	for _, group := range g.groups(lenient, lenientMoved, func(*vertex) bool { return false }) {
		if core == nil || len(group) < len(core) {
			core = group
		}
	}
	return core
}

// cycleError describes a core.
func (g *graph) cycleError(core []vertexID) *CycleError {
	e := &CycleError{}
	inside := make(map[*universe.Node]bool, len(core))
	for _, id := range core {
		if n := g.vertices[id].node; n != nil {
			e.Nodes = append(e.Nodes, n)
			inside[n] = true
		}
	}
	for _, n := range e.Nodes {
		for _, edge := range n.Out {
			if _, r := ranksOf(edge); r > lenientMoved && inside[edge.Child] && g.binding(edge) {
				e.Edges = append(e.Edges, edge)
			}
		}
	}
	e.Shortest = shortestCycle(e.Edges)
	return e
}

// binding reports whether the arc of e, whose ends are living, was not relaxed.
func (g *graph) binding(e *universe.Edge) bool {
	for _, i := range g.vertices[e.Parent.Index].out {
		if a := &g.arcs[i]; a.to == vertexID(e.Child.Index) && a.lenient > lenientMoved {
			return true
		}
	}
	return false
}

// shortestCycle finds a shortest cycle that contains a build dependency.
func shortestCycle(edges []*universe.Edge) []*universe.Edge {
	out := make(map[*universe.Node][]*universe.Edge)
	for _, e := range edges {
		out[e.Parent] = append(out[e.Parent], e)
	}
	var best []*universe.Edge
	for _, first := range edges {
		if _, r := ranksOf(first); r != lenientHard {
			continue
		}
		if way, ok := shortestWay(out, first.Child, first.Parent); ok && (best == nil || len(way)+1 < len(best)) {
			best = append([]*universe.Edge{first}, way...)
		}
	}
	return best
}

// shortestWay is a breadth-first search; the way from a node to itself is empty.
func shortestWay(out map[*universe.Node][]*universe.Edge, from, to *universe.Node) ([]*universe.Edge, bool) {
	via := map[*universe.Node]*universe.Edge{from: nil}
	queue := []*universe.Node{from}
	for i := 0; i < len(queue) && via[to] == nil && from != to; i++ {
		for _, e := range out[queue[i]] {
			if _, seen := via[e.Child]; !seen {
				via[e.Child] = e
				queue = append(queue, e.Child)
			}
		}
	}
	if _, ok := via[to]; !ok {
		return nil, false
	}
	var way []*universe.Edge
	for n := to; n != from; n = via[n].Parent {
		way = append(way, via[n])
	}
	slices.Reverse(way)
	return way, true
}

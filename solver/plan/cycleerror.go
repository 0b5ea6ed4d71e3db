package plan

import (
	"fmt"
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

// shortestCycle finds a shortest cycle that contains a build dependency: the first such edge that is on one.
func shortestCycle(edges []*universe.Edge) []*universe.Edge {
	ways := newWays(edges)
	var best []*universe.Edge
	for i, first := range edges {
		if _, r := ranksOf(first); r != lenientHard {
			continue
		}
		limit := -1
		if best != nil {
			limit = len(best) - 2
		}
		if way, ok := ways.shortest(ways.to[i], ways.from[i], limit); ok {
			best = append([]*universe.Edge{first}, way...)
		}
		if len(best) == 1 {
			break
		}
	}
	return best
}

// ways searches for short ways among edges; nodes are numbered in the order in which edges name them.
type ways struct {
	edges    []*universe.Edge
	from, to []int   // of each edge
	out      [][]int // edges that begin at a node
	via      []int   // of a node: the edge that led there, -1 for where the search began
	depth    []int
	seen     []int // of a node: the number of the search that came there last
	search   int
	queue    []int
}

func newWays(edges []*universe.Edge) *ways {
	w := &ways{edges: edges, from: make([]int, len(edges)), to: make([]int, len(edges))}
	ids := map[*universe.Node]int{}
	id := func(n *universe.Node) int {
		i, ok := ids[n]
		if !ok {
			i = len(ids)
			ids[n] = i
			w.out = append(w.out, nil)
		}
		return i
	}
	for i, e := range edges {
		w.from[i], w.to[i] = id(e.Parent), id(e.Child)
		w.out[w.from[i]] = append(w.out[w.from[i]], i)
	}
	w.via, w.depth, w.seen = make([]int, len(ids)), make([]int, len(ids)), make([]int, len(ids))
	return w
}

// shortest is a breadth-first search for a way of at most limit edges (any number, if limit is negative). The way
// from a node to itself is empty.
func (w *ways) shortest(from, to, limit int) ([]*universe.Edge, bool) {
	w.search++
	w.queue = append(w.queue[:0], from)
	w.via[from], w.depth[from], w.seen[from] = -1, 0, w.search
	for i := 0; i < len(w.queue) && w.seen[to] != w.search; i++ {
		n := w.queue[i]
		if w.depth[n] == limit {
			break
		}
		for _, e := range w.out[n] {
			if c := w.to[e]; w.seen[c] != w.search {
				w.via[c], w.depth[c], w.seen[c] = e, w.depth[n]+1, w.search
				w.queue = append(w.queue, c)
			}
		}
	}
	if w.seen[to] != w.search {
		return nil, false
	}
	way := make([]*universe.Edge, w.depth[to])
	for n := to; n != from; n = w.from[w.via[n]] {
		way[w.depth[n]-1] = w.edges[w.via[n]]
	}
	return way, true
}

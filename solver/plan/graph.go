package plan

import "github.com/portsolve/portsolve/solver/universe"

// vertexID and arcID index graph.vertices and graph.arcs.
type (
	vertexID int32
	arcID    int32
)

// vertex is a package of the selection or a removal.
type vertex struct {
	node    *universe.Node // nil for a removal
	removal *removal
	out, in []arcID
	// plain and lenient count the living arcs out by rank on each scale.
	plain   [plainHard + 1]int32
	lenient [lenientHard + 1]int32
	tops    [lenient + 1]rank // by scale: the strongest rank among the living arcs out, 0 if there are none
	waits   int32             // of the arcs out, those that wait for a removal
	parents int32             // living arcs in
	gone    bool
}

// arc sums up all edges from one vertex to another.
type arc struct {
	from, to       vertexID
	plain, lenient rank
	runtime        bool // one of the edges is a run-time or post-run-time dependency
	removal        bool // ties a removal to a blocking package: order 6
	gone           bool
}

// graph is the part of the selection that is not ordered yet.
type graph struct {
	vertices []vertex
	arcs     []arc
	live     int
	// byPlain and byLenient count the living arcs by rank.
	byPlain   [plainHard + 1]int
	byLenient [lenientHard + 1]int
	// packages counts the living packages by scale and strongest rank: all of them, and those that nothing waits for.
	packages [lenient + 1][lenientHard + 1]struct{ all, idle int }
	// due counts the removals that may be taken.
	due int
	// preference lists the vertices in order of preference (order 2); filled by prefer.
	preference []vertexID

	// journal lists what changed since searchAgain, seen how much of it each search for groups knows (order 4).
	journal []change
	seen    [lenient + 1][lenientHard]searched
	finder  tarjan
}

// newGraph makes a vertex of every node and an arc of every pair of nodes with an edge.
func newGraph(s *universe.Selection) *graph {
	g := &graph{vertices: make([]vertex, len(s.Nodes)), live: len(s.Nodes)}
	for i, n := range s.Nodes {
		g.vertices[i].node = n
		g.count(&g.vertices[i], 1)
	}
	// known[child] is the arc from the parent being looked at, if owner[child] is that parent.
	edges := 0
	for _, n := range s.Nodes {
		edges += len(n.Out)
	}
	g.arcs = make([]arc, 0, edges)
	known := make([]arcID, len(s.Nodes))
	owner := make([]vertexID, len(s.Nodes))
	for i := range owner {
		owner[i] = -1
	}
	for i, n := range s.Nodes {
		from := vertexID(i)
		for _, e := range n.Out {
			to := vertexID(e.Child.Index)
			if !has(s, e.Child) {
				continue
			}
			plain, lenient := ranksOf(e)
			if to == from && lenient < lenientHard {
				continue
			}
			if owner[to] != from {
				owner[to] = from
				known[to] = arcID(len(g.arcs))
				g.arcs = append(g.arcs, arc{from: from, to: to})
			}
			a := &g.arcs[known[to]]
			a.plain = max(a.plain, plain)
			a.lenient = max(a.lenient, lenient)
			a.runtime = a.runtime || e.Priority.Runtime || e.Priority.RuntimePost
		}
	}
	for i := range g.arcs {
		g.attach(arcID(i))
	}
	g.searchAgain()
	return g
}

// has reports whether n is one of the nodes of s (a blocker's parent need not be).
func has(s *universe.Selection, n *universe.Node) bool {
	return n.Index >= 0 && n.Index < len(s.Nodes) && s.Nodes[n.Index] == n
}

// attach enters an arc into the lists and counters of its ends.
func (g *graph) attach(id arcID) {
	a := &g.arcs[id]
	from, to := &g.vertices[a.from], &g.vertices[a.to]
	from.out = append(from.out, id)
	to.in = append(to.in, id)
	from.plain[a.plain]++
	from.lenient[a.lenient]++
	g.byPlain[a.plain]++
	g.byLenient[a.lenient]++
	if a.removal {
		from.waits++
	}
	g.changeTops(from)
	g.changeParents(to, 1)
}

// changeTops brings the strongest ranks of v up to date.
func (g *graph) changeTops(v *vertex) {
	tops := [...]rank{plain: plain.top(v), lenient: lenient.top(v)}
	if tops != v.tops {
		g.count(v, -1)
		v.tops = tops
		g.count(v, 1)
	}
}

// changeParents adds to the number of vertices that wait for v.
func (g *graph) changeParents(v *vertex, n int32) {
	crossing := v.parents == 0 || v.parents+n == 0
	if crossing {
		g.count(v, -1)
	}
	v.parents += n
	if crossing {
		g.count(v, 1)
	}
}

// leaves counts the packages that leavesAt would find.
func (g *graph) leaves(sc scale, level rank) int {
	n := 0
	for r := range level + 1 {
		n += g.packages[sc][r].all
	}
	return n
}

// count adds v to packages, or takes it out.
func (g *graph) count(v *vertex, n int) {
	if v.node == nil || v.gone {
		return
	}
	for sc, top := range v.tops {
		g.packages[sc][top].all += n
		if v.parents == 0 {
			g.packages[sc][top].idle += n
		}
	}
}

// connect adds an arc that ties a removal to a blocking package.
func (g *graph) connect(from, to vertexID) {
	g.arcs = append(g.arcs, arc{from: from, to: to, plain: plainHard, lenient: lenientHard, removal: true})
	g.attach(arcID(len(g.arcs) - 1))
	g.touch(from)
	g.touch(to)
}

// addRemoval adds a vertex for r.
func (g *graph) addRemoval(r *removal) vertexID {
	g.vertices = append(g.vertices, vertex{removal: r})
	g.live++
	return vertexID(len(g.vertices) - 1)
}

// rerank changes the lenient rank of a living arc.
func (g *graph) rerank(id arcID, to rank) {
	a := &g.arcs[id]
	from := &g.vertices[a.from]
	from.lenient[a.lenient]--
	g.byLenient[a.lenient]--
	a.lenient = to
	from.lenient[to]++
	g.byLenient[to]++
	g.changeTops(from)
	g.touch(a.from)
	g.touch(a.to)
}

// cut deletes an arc.
func (g *graph) cut(id arcID) {
	a := &g.arcs[id]
	if a.gone {
		return
	}
	a.gone = true
	from := &g.vertices[a.from]
	from.plain[a.plain]--
	from.lenient[a.lenient]--
	g.byPlain[a.plain]--
	g.byLenient[a.lenient]--
	if a.removal {
		from.waits--
	}
	g.changeTops(from)
	g.changeParents(&g.vertices[a.to], -1)
	g.journal = append(g.journal, change{a.from, a.plain, a.lenient})
}

// remove takes a vertex and its arcs out of the graph.
func (g *graph) remove(id vertexID) {
	v := &g.vertices[id]
	if v.gone {
		return
	}
	g.count(v, -1)
	if v.removal != nil && v.removal.due {
		g.due--
	}
	v.gone = true
	g.live--
	for _, a := range v.out {
		g.cut(a)
	}
	for _, a := range v.in {
		g.cut(a)
	}
}

// removeOut cuts the arcs out of a vertex.
func (g *graph) removeOut(id vertexID) {
	for _, a := range g.vertices[id].out {
		g.cut(a)
	}
}

// ranks counts the living arcs of one rank.
func (g *graph) ranks(sc scale, r rank) int {
	if sc == plain {
		return g.byPlain[r]
	}
	return g.byLenient[r]
}

// prune removes, repeatedly, packages that only stay and that nothing depends on.
func (g *graph) prune() {
	var work []vertexID
	idle := func(id vertexID) bool {
		v := &g.vertices[id]
		return !v.gone && v.parents == 0 && v.node != nil && !v.node.Merge
	}
	for i := range g.vertices {
		if idle(vertexID(i)) {
			work = append(work, vertexID(i))
		}
	}
	for len(work) > 0 {
		id := work[len(work)-1]
		work = work[:len(work)-1]
		g.remove(id)
		for _, a := range g.vertices[id].out {
			if to := g.arcs[a].to; idle(to) {
				work = append(work, to)
			}
		}
	}
}

// children calls f for the vertices that id depends on through arcs stronger
// than level, in discovery order, until f returns false.
func (g *graph) children(id vertexID, sc scale, level rank, f func(to vertexID, a *arc) bool) {
	for _, i := range g.vertices[id].out {
		a := &g.arcs[i]
		if !a.gone && sc.of(a) > level && !f(a.to, a) {
			return
		}
	}
}

// compact drops vertices that are gone from the order of preference.
func (g *graph) compact() {
	if len(g.preference) < 2*g.live+16 {
		return
	}
	kept := g.preference[:0]
	for _, id := range g.preference {
		if !g.vertices[id].gone {
			kept = append(kept, id)
		}
	}
	g.preference = kept
}

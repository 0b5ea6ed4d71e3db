package plan

import "slices"

// sinks lists the strongly connected components of the living graph that have no arc stronger
// than level to outside, each in discovery order, in the order of preference of
// their first members. (Tarjan 1972, without recursion: the input may be deep.)
func (g *graph) sinks(sc scale, level rank) [][]vertexID {
	t := tarjan{g: g, sc: sc, level: level,
		number: make([]int32, len(g.vertices)), low: make([]int32, len(g.vertices)),
		component: make([]int32, len(g.vertices))}
	for _, id := range g.preference {
		if !g.vertices[id].gone && t.number[id] == 0 {
			t.visit(id)
		}
	}
	rankOf := make([]int32, len(t.components))
	for i := range rankOf {
		rankOf[i] = -1
	}
	var order []int32
	for _, id := range g.preference {
		if c := t.component[id] - 1; c >= 0 && rankOf[c] < 0 {
			rankOf[c] = int32(len(order))
			order = append(order, c)
		}
	}
	var found [][]vertexID
	for _, c := range order {
		if t.closed(c) {
			slices.Sort(t.components[c])
			found = append(found, t.components[c])
		}
	}
	return found
}

// tarjan finds the strongly connected components of the arcs stronger than level.
type tarjan struct {
	g          *graph
	sc         scale
	level      rank
	number     []int32 // order of visit from 1, 0 not visited
	low        []int32
	component  []int32 // number of the component from 1, 0 none yet
	components [][]vertexID
	count      int32
	stack      []vertexID
	frames     []frame
}

// frame is a vertex being visited and the next of its arcs.
type frame struct {
	id  vertexID
	arc int
}

func (t *tarjan) open(id vertexID) {
	t.count++
	t.number[id], t.low[id] = t.count, t.count
	t.stack = append(t.stack, id)
	t.frames = append(t.frames, frame{id: id})
}

func (t *tarjan) visit(root vertexID) {
	t.open(root)
	for len(t.frames) > 0 {
		f := &t.frames[len(t.frames)-1]
		out := t.g.vertices[f.id].out
		if f.arc == len(out) {
			t.close(f.id)
			continue
		}
		a := &t.g.arcs[out[f.arc]]
		f.arc++
		switch {
		case a.gone || t.sc.of(a) <= t.level || t.component[a.to] != 0:
		case t.number[a.to] == 0:
			t.open(a.to)
		default:
			t.low[f.id] = min(t.low[f.id], t.number[a.to])
		}
	}
}

// close ends the visit of id; if it is the root of a component, that is complete.
func (t *tarjan) close(id vertexID) {
	t.frames = t.frames[:len(t.frames)-1]
	if len(t.frames) > 0 {
		parent := t.frames[len(t.frames)-1].id
		t.low[parent] = min(t.low[parent], t.low[id])
	}
	if t.low[id] != t.number[id] {
		return
	}
	start := len(t.stack) - 1
	for t.stack[start] != id {
		start--
	}
	members := slices.Clone(t.stack[start:])
	t.stack = t.stack[:start]
	t.components = append(t.components, members)
	for _, m := range members {
		t.component[m] = int32(len(t.components))
	}
}

// closed reports whether no arc that counts leaves component c.
func (t *tarjan) closed(c int32) bool {
	for _, id := range t.components[c] {
		inside := true
		t.g.children(id, t.sc, t.level, func(to vertexID, _ *arc) bool {
			inside = t.component[to] == c+1
			return inside
		})
		if !inside {
			return false
		}
	}
	return true
}

package plan

import "slices"

// groups finds the strongly connected components of the living arcs stronger than level that have no
// such arc to outside and no member that is refused, nor reach one. Each is in discovery order; the groups are in
// order of preference of the members that the search began with.
//
// It is Tarjan's algorithm (1972) without recursion (the input may be deep), which
// gives up a search as soon as it meets a refused vertex: all that is still open then leads there.
// Most searches of a round end so, after a look at a few arcs.
func (g *graph) groups(sc scale, level rank, refused func(*vertex) bool) [][]vertexID {
	t := &tarjan{g: g, sc: sc, level: level, refused: refused,
		number: make([]int32, len(g.vertices)), low: make([]int32, len(g.vertices)),
		state: make([]searchState, len(g.vertices))}
	for _, id := range g.preference {
		if !g.vertices[id].gone && t.state[id] == unseen {
			t.search(id)
		}
	}
	return t.found
}

// searchState is what is known of a vertex.
type searchState uint8

const (
	unseen searchState = iota
	open               // on the stack
	closed             // its component is complete
	leads              // is refused or leads to one that is
)

// tarjan is one run of groups.
type tarjan struct {
	g       *graph
	sc      scale
	level   rank
	refused func(*vertex) bool
	number  []int32 // order of visit
	low     []int32
	state   []searchState
	count   int32
	stack   []vertexID
	frames  []frame
	found   [][]vertexID
}

// frame is a vertex being visited.
type frame struct {
	id   vertexID
	next int  // the next of its arcs
	out  bool // an arc of its component leads to another one
}

// enter begins the visit of a vertex; false if it is refused.
func (t *tarjan) enter(id vertexID) bool {
	if t.refused(&t.g.vertices[id]) {
		t.state[id] = leads
		return false
	}
	t.count++
	t.number[id], t.low[id] = t.count, t.count
	t.state[id] = open
	t.stack = append(t.stack, id)
	t.frames = append(t.frames, frame{id: id})
	return true
}

// abandon marks all that is open: it leads to a refused vertex.
func (t *tarjan) abandon() {
	for _, id := range t.stack {
		t.state[id] = leads
	}
	t.stack, t.frames = t.stack[:0], t.frames[:0]
}

func (t *tarjan) search(root vertexID) {
	if !t.enter(root) {
		return
	}
	for len(t.frames) > 0 {
		f := &t.frames[len(t.frames)-1]
		out := t.g.vertices[f.id].out
		if f.next == len(out) {
			t.leave()
			continue
		}
		a := &t.g.arcs[out[f.next]]
		f.next++
		if a.gone || t.sc.of(a) <= t.level {
			continue
		}
		switch t.state[a.to] {
		case unseen:
			if !t.enter(a.to) {
				t.abandon()
			}
		case open:
			t.low[f.id] = min(t.low[f.id], t.number[a.to])
		case closed:
			f.out = true
		case leads:
			t.abandon()
		}
	}
}

// leave ends the visit of the innermost vertex; if it is the root of a component, that is complete.
func (t *tarjan) leave() {
	f := t.frames[len(t.frames)-1]
	t.frames = t.frames[:len(t.frames)-1]
	complete := t.low[f.id] == t.number[f.id]
	if len(t.frames) > 0 {
		parent := &t.frames[len(t.frames)-1]
		t.low[parent.id] = min(t.low[parent.id], t.low[f.id])
		parent.out = parent.out || complete || f.out
	}
	if !complete {
		return
	}
	start := len(t.stack) - 1
	for t.stack[start] != f.id {
		start--
	}
	for _, id := range t.stack[start:] {
		t.state[id] = closed
	}
	if !f.out {
		members := slices.Clone(t.stack[start:])
		slices.Sort(members)
		t.found = append(t.found, members)
	}
	t.stack = t.stack[:start]
}

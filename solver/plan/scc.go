package plan

import "slices"

// groups finds the strongly connected components of the living arcs stronger than level that have no
// such arc to outside and no member that is refused, nor reach one. Each is in discovery order. They are valid until the next search.
//
// It is Tarjan's algorithm (1972) without recursion (the input may be deep), which
// gives up a search as soon as it meets a refused vertex: all that is still open then leads there.
// Most searches of a round end so, after a look at a few arcs.
func (g *graph) groups(sc scale, level rank, refused func(*vertex) bool) [][]vertexID {
	t := g.finder.begin(g, sc, level, refused)
	for _, id := range g.preference {
		t.search(id)
	}
	return t.found
}

// freshGroups is groups for free vertices that something may wait for, without those that the last search at this level has seen
// in vain. A component that was open or led to a refused vertex changes only if an arc of a member is cut (or another change, which
// is in the journal, too), so it contains the beginning of such an arc: it is enough to search from there.
// useful tells which of the groups count; the next search begins with them as well.
func (g *graph) freshGroups(sc scale, level rank, useful func([]vertexID) bool) [][]vertexID {
	seen := &g.seen[sc][level]
	t := g.finder.begin(g, sc, level, func(v *vertex) bool { return !sc.free(v) })
	t.useful = useful
	if seen.again {
		for _, id := range g.preference {
			t.search(id)
		}
	} else {
		for _, id := range seen.left {
			t.search(id)
		}
		for _, c := range g.journal[seen.until:] {
			if c.rank(sc) > level {
				t.search(c.at)
			}
		}
	}
	seen.again, seen.until, seen.left = false, len(g.journal), seen.left[:0]
	for _, group := range t.found {
		seen.left = append(seen.left, group[0])
	}
	return t.found
}

// searched is what the last search for groups at one level has left.
type searched struct {
	again bool       // search everywhere
	until int        // length of the journal then
	left  []vertexID // a member of each group found
}

// change is an entry of the journal: a vertex whose arcs, or whose right to be taken, changed. The ranks are
// those of the arc that was cut, the highest if it is another change.
type change struct {
	at             vertexID
	plain, lenient rank
}

func (c change) rank(sc scale) rank {
	if sc == plain {
		return c.plain
	}
	return c.lenient
}

// touch enters a change other than a cut into the journal.
func (g *graph) touch(id vertexID) {
	g.journal = append(g.journal, change{id, plainHard, lenientHard})
}

// searchAgain forgets what was searched in vain.
func (g *graph) searchAgain() {
	for sc := range g.seen {
		for level := range g.seen[sc] {
			g.seen[sc][level].again = true
		}
	}
	g.journal = g.journal[:0]
}

// searchState is what is known of a vertex.
type searchState uint8

const (
	unseen searchState = iota
	open               // on the stack
	closed             // its component is complete
	leads              // is refused or leads to one that is
)

// tarjan is one search for groups. Its memory serves the next.
type tarjan struct {
	g       *graph
	sc      scale
	level   rank
	refused func(*vertex) bool
	useful  func([]vertexID) bool // which groups to keep, nil for all
	visits  []visit
	first   int // visits with lower numbers are of earlier searches
	count   int
	stack   []vertexID
	frames  []frame
	found   [][]vertexID // valid until the next search
	members []vertexID   // memory of found
}

// visit is what a search knows of a vertex.
type visit struct {
	number int // order of visit; below tarjan.first if unseen
	low    int
	state  searchState
}

// frame is a vertex being visited.
type frame struct {
	id   vertexID
	next int  // the next of its arcs
	out  bool // an arc of its component leads to another one
}

// begin starts a search in which nothing is seen.
func (t *tarjan) begin(g *graph, sc scale, level rank, refused func(*vertex) bool) *tarjan {
	t.g, t.sc, t.level, t.refused, t.useful = g, sc, level, refused, nil
	if missing := len(g.vertices) - len(t.visits); missing > 0 {
		t.visits = append(t.visits, make([]visit, missing)...)
	}
	t.first = t.count + 1
	t.found, t.members = t.found[:0], t.members[:0]
	return t
}

func (t *tarjan) state(id vertexID) searchState {
	if v := &t.visits[id]; v.number >= t.first {
		return v.state
	}
	return unseen
}

// enter begins the visit of a vertex; false if it is refused.
func (t *tarjan) enter(id vertexID) bool {
	t.count++
	v := &t.visits[id]
	*v = visit{number: t.count, low: t.count, state: open}
	if t.refused(&t.g.vertices[id]) {
		v.state = leads
		return false
	}
	t.stack = append(t.stack, id)
	t.frames = append(t.frames, frame{id: id})
	return true
}

// abandon marks all that is open: it leads to a refused vertex.
func (t *tarjan) abandon() {
	for _, id := range t.stack {
		t.visits[id].state = leads
	}
	t.stack, t.frames = t.stack[:0], t.frames[:0]
}

// search visits what root leads to, if that has not been done.
func (t *tarjan) search(root vertexID) {
	if t.g.vertices[root].gone || t.state(root) != unseen || !t.enter(root) {
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
		switch t.state(a.to) {
		case unseen:
			if !t.enter(a.to) {
				t.abandon()
			}
		case open:
			t.visits[f.id].low = min(t.visits[f.id].low, t.visits[a.to].number)
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
	v := &t.visits[f.id]
	complete := v.low == v.number
	if len(t.frames) > 0 {
		parent := &t.frames[len(t.frames)-1]
		above := &t.visits[parent.id]
		above.low = min(above.low, v.low)
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
		t.visits[id].state = closed
	}
	if !f.out && (t.useful == nil || t.useful(t.stack[start:])) {
		first := len(t.members)
		t.members = append(t.members, t.stack[start:]...)
		members := t.members[first:len(t.members):len(t.members)]
		slices.Sort(members)
		t.found = append(t.found, members)
	}
	t.stack = t.stack[:start]
}

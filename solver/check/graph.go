package check

import (
	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/atom/depend"
	"github.com/portsolve/portsolve/atom/metadata"
	"github.com/portsolve/portsolve/solver/universe"
)

// graph knows which merges of the plan depend on each other in a cycle. Its
// vertices are positions in the plan.
type graph struct {
	out  [][]int // edges to what could satisfy a dependency
	hard [][]int // those of out that it needs to be built, or is bound to
	comp []int   // strongly connected component, numbered from 1, what is depended on first
	late []int   // position of the last run-time dependency that comes after its user, -1 none
}

// planGraph has an edge from each merge to every merge that could satisfy one
// of its dependencies, any-of branches included: generous, because it serves
// only to excuse. PDEPEND makes no cycles: it may always come later.
func (c *checker) planGraph() *graph {
	if c.graph != nil {
		return c.graph
	}
	g := &graph{out: make([][]int, c.n), hard: make([][]int, c.n), comp: make([]int, c.n), late: make([]int, c.n)}
	c.eachMerge(func(_ *state, it *item) {
		g.late[it.from] = -1
		for _, k := range []metadata.DepKind{metadata.DEPEND, metadata.BDEPEND, metadata.IDEPEND, metadata.RDEPEND} {
			c.eachClause(it, k, func(root universe.RootID, cl *depend.Node) {
				c.eachProvider(root, cl, func(p *item) {
					g.out[it.from] = append(g.out[it.from], p.from)
					if buildKind(k) || binds(cl) {
						g.hard[it.from] = append(g.hard[it.from], p.from)
					}
				})
			})
		}
	})
	t := tarjan{g: g, low: make([]int, c.n), num: make([]int, c.n)}
	c.eachMerge(func(_ *state, it *item) {
		if t.num[it.from] == 0 {
			t.visit(it.from)
		}
	})
	c.graph = g
	return g
}

// binds reports a slot operator that is bound at build time.
func binds(cl *depend.Node) bool {
	found := false
	cl.Atoms(func(a *atom.Atom) { found = found || a.SlotOp == atom.SlotOpEqual && a.SubSlot == "" })
	return found
}

// eachProvider visits the merges that satisfy an atom of the clause.
func (c *checker) eachProvider(root universe.RootID, cl *depend.Node, f func(*item)) {
	st := c.roots[root]
	cl.Atoms(func(a *atom.Atom) {
		if a.Blocker != atom.NotBlocker {
			return
		}
		for _, p := range st.byCP[a.CP] {
			if p.merged() && st.matches(p, a) {
				f(p)
			}
		}
	})
}

func (g *graph) cyclic(a, b *item) bool { return g.comp[a.from] == g.comp[b.from] }

// buildNeeds reports whether a cannot be built before b is merged, because it or
// something it is built with, or bound to, depends on b.
func (g *graph) buildNeeds(a, b *item) bool {
	seen := make([]bool, len(g.out))
	queue := append([]int(nil), g.hard[a.from]...)
	for at := 0; at < len(queue); at++ {
		v := queue[at]
		if v == b.from {
			return true
		}
		if !seen[v] {
			seen[v] = true
			queue = append(queue, g.out[v]...)
		}
	}
	return false
}

// readyAfter gives, by component, the position of the last late dependency
// that anything reachable from it has, -1 if none: before that, something may
// not work. What a component depends on has a lower number.
func (g *graph) readyAfter() []int {
	ready := make([]int, len(g.comp)+1)
	members := make([][]int, len(g.comp)+1)
	for v, cp := range g.comp {
		members[cp] = append(members[cp], v)
	}
	for cp := 1; cp < len(members); cp++ {
		ready[cp] = -1
		for _, v := range members[cp] {
			ready[cp] = max(ready[cp], g.late[v])
			for _, w := range g.out[v] {
				ready[cp] = max(ready[cp], ready[g.comp[w]])
			}
		}
	}
	return ready
}

// tarjan's algorithm; its depth is bounded by the number of merges.
type tarjan struct {
	g        *graph
	num, low []int
	stack    []int
	count    int
	comps    int
}

func (t *tarjan) visit(v int) {
	t.count++
	t.num[v], t.low[v] = t.count, t.count
	t.stack = append(t.stack, v)
	for _, w := range t.g.out[v] {
		if t.num[w] == 0 {
			t.visit(w)
			t.low[v] = min(t.low[v], t.low[w])
		} else if t.g.comp[w] == 0 {
			t.low[v] = min(t.low[v], t.num[w])
		}
	}
	if t.low[v] != t.num[v] {
		return
	}
	t.comps++
	for {
		top := t.stack[len(t.stack)-1]
		t.stack = t.stack[:len(t.stack)-1]
		t.g.comp[top] = t.comps
		if top == v {
			return
		}
	}
}

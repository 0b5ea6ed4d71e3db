package search

import (
	"github.com/portsolve/portsolve/solver/internal/cnf"
	"github.com/portsolve/portsolve/solver/internal/sat"
)

// guide keeps the solver's scopes and what they imply, so that a walk can ask
// for the value of a literal without a call.
type guide struct {
	f     *cnf.Formula
	e     *sat.Engine
	val   []int8 // by variable: 1 true, -1 false, 0 open
	trail []sat.Lit
	marks []int // length of trail before each scope
	held  []sat.Lit
}

func newGuide(f *cnf.Formula, e *sat.Engine) *guide {
	g := &guide{f: f, e: e, val: make([]int8, f.Vars()+1)}
	g.trail = f.Facts()
	g.record(0)
	return g
}

func (g *guide) isTrue(l sat.Lit) bool {
	if l == 0 {
		return false
	}
	if l > 0 {
		return g.val[l] > 0
	}
	return g.val[-l] < 0
}

func (g *guide) isFalse(l sat.Lit) bool { return l != 0 && g.isTrue(l.Not()) }

func (g *guide) depth() int { return len(g.marks) }

// push assumes l; false if propagation shows a contradiction (nothing is changed then).
func (g *guide) push(l sat.Lit) bool {
	if g.isTrue(l) {
		return true
	}
	if g.isFalse(l) {
		return false
	}
	mark := len(g.trail)
	st, trail := g.e.Push(l, g.trail)
	g.trail = trail
	if st == sat.Unsat {
		g.trail = g.trail[:mark]
		return false
	}
	g.marks = append(g.marks, mark)
	g.held = append(g.held, l)
	g.record(mark)
	return true
}

func (g *guide) record(from int) {
	for _, m := range g.trail[from:] {
		if int(m.Var()) >= len(g.val) {
			continue
		}
		if m > 0 {
			g.val[m] = 1
		} else {
			g.val[-m] = -1
		}
	}
}

// popTo closes scopes until depth are left.
func (g *guide) popTo(depth int) {
	for len(g.marks) > depth {
		mark := g.marks[len(g.marks)-1]
		g.marks = g.marks[:len(g.marks)-1]
		g.held = g.held[:len(g.held)-1]
		for _, m := range g.trail[mark:] {
			if v := int(m.Var()); v < len(g.val) {
				g.val[v] = 0
			}
		}
		g.trail = g.trail[:mark]
		g.e.Pop()
	}
}

// commit assumes l for good, or its complement if l is impossible.
func (w *walk) commit(l sat.Lit) bool {
	if l == 0 {
		return false
	}
	if w.g.push(l) {
		return true
	}
	if !w.g.push(l.Not()) {
		w.dead = true
	}
	return false
}

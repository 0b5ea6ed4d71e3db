package search

import (
	"github.com/portsolve/portsolve/solver/internal/cnf"
	"github.com/portsolve/portsolve/solver/internal/sat"
)

// guide holds what is assumed and what follows from it, so that a walk can ask
// for the value of a literal.
type guide struct {
	f    *cnf.Formula
	p    *sat.Propagator
	held []sat.Lit
	// model, by variable, replaces the propagator: a whole model, to which nothing can be added.
	model []bool
}

func newGuide(f *cnf.Formula, p *sat.Propagator) *guide { return &guide{f: f, p: p} }

// newModelGuide holds the model of the engine's last Solve, which must have answered Sat.
func newModelGuide(f *cnf.Formula, e *sat.Engine) *guide {
	g := &guide{f: f, model: make([]bool, f.Vars()+1)}
	for v := 1; v <= f.Vars(); v++ {
		g.model[v] = e.Value(sat.Lit(v))
	}
	return g
}

// isTrue reports whether l is certain; false for no literal (0).
func (g *guide) isTrue(l sat.Lit) bool {
	switch {
	case l == 0:
		return false
	case g.model != nil:
		return g.model[l.Var()] == (l > 0)
	}
	return g.p.True(l)
}

func (g *guide) isFalse(l sat.Lit) bool { return l != 0 && g.isTrue(l.Not()) }

func (g *guide) depth() int { return len(g.held) }

// push assumes l; false if that is seen to be impossible (nothing is changed then).
func (g *guide) push(l sat.Lit) bool {
	if g.isTrue(l) {
		return true
	}
	if g.isFalse(l) || g.model != nil || !g.p.Push(l) {
		return false
	}
	g.held = append(g.held, l)
	return true
}

// popTo takes back assumptions until depth are left.
func (g *guide) popTo(depth int) {
	if depth < len(g.held) {
		g.held = g.held[:depth]
		g.p.PopTo(depth)
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
	if w.g.model == nil && !w.g.push(l.Not()) {
		w.dead = true
	}
	return false
}

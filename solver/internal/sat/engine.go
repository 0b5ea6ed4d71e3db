// Package sat is the only place that knows the SAT solver (gini). It hides that
// solver's rough edges: clauses may not be added inside a scope nor after the
// set became contradictory, cores are shrunk here, and cancellation goes through ctx.
package sat

import (
	"context"

	"github.com/go-air/gini"
	"github.com/go-air/gini/z"
)

// Lit is a literal: variable n as n, its negation as -n. 0 is no literal.
type Lit int32

// Not is the complement.
func (l Lit) Not() Lit { return -l }

// Var is the variable of the literal.
func (l Lit) Var() int32 {
	if l < 0 {
		return int32(-l)
	}
	return int32(l)
}

// Status of a solver call.
type Status uint8

const (
	// Unknown: ctx ended before an answer, or propagation alone did not decide.
	Unknown Status = iota
	Sat
	Unsat
)

// Engine is one incremental solver. Not safe for concurrent use.
type Engine struct {
	g    *gini.Gini
	dead bool  // contradictory without any assumption; nothing may be added
	last int32 // highest variable that was mentioned
}

// New returns an engine without clauses.
func New() *Engine { return &Engine{g: gini.New()} }

func toZ(l Lit) z.Lit { return z.Dimacs2Lit(int(l)) }

// Add adds a clause. After a contradiction without assumptions it does nothing.
func (e *Engine) Add(clause ...Lit) {
	if e.dead {
		return // gini may end the process otherwise
	}
	if len(clause) == 0 {
		e.dead = true
		return
	}
	for _, l := range clause {
		e.last = max(e.last, l.Var())
		e.g.Add(toZ(l))
	}
	e.g.Add(z.LitNull)
}

// Solve decides the clauses under assumptions.
func (e *Engine) Solve(ctx context.Context, assume ...Lit) Status {
	if e.dead {
		return Unsat
	}
	if ctx.Err() != nil {
		return Unknown
	}
	for _, l := range assume {
		e.last = max(e.last, l.Var())
		e.g.Assume(toZ(l))
	}
	return e.run(ctx, len(assume) == 0)
}

// run waits for gini, which is cancelled by Stop when ctx ends first.
func (e *Engine) run(ctx context.Context, free bool) Status {
	var res int
	if ctx.Done() == nil {
		res = e.g.Solve()
	} else {
		s := e.g.GoSolve()
		stop := context.AfterFunc(ctx, func() { s.Stop() })
		res = s.Wait()
		stop()
	}
	switch res {
	case 1:
		return Sat
	case -1:
		if free {
			e.dead = true
		}
		return Unsat
	}
	return Unknown
}

// Value of a literal in the model of the last Solve that answered Sat. A variable that was never
// mentioned is false in every model.
func (e *Engine) Value(l Lit) bool {
	if l.Var() > e.last { // gini would panic
		return l < 0
	}
	return e.g.Value(toZ(l))
}

// Core returns assumptions (of the last Solve that answered Unsat) that
// suffice for the contradiction; not minimal, see Shrink.
func (e *Engine) Core() []Lit {
	why := e.g.Why(nil)
	out := make([]Lit, 0, len(why))
	for _, m := range why {
		out = append(out, Lit(m.Dimacs()))
	}
	return out
}

// Shrink makes an unsatisfiable set of assumptions minimal: no element can be
// dropped. Elements late in core are dropped first, so put what should be kept at the front.
// It gives the smallest set known when ctx ends; minimal tells whether it finished.
func (e *Engine) Shrink(ctx context.Context, core []Lit) (out []Lit, minimal bool) {
	cur := append([]Lit(nil), core...)
	for i := len(cur) - 1; i >= 0; i-- {
		if ctx.Err() != nil {
			return cur, false
		}
		try := make([]Lit, 0, len(cur)-1)
		try = append(append(try, cur[:i]...), cur[i+1:]...)
		if e.Solve(ctx, try...) != Unsat {
			continue
		}
		kept := map[Lit]bool{}
		for _, l := range e.Core() {
			kept[l] = true
		}
		cur = cur[:0]
		for _, l := range try {
			if kept[l] {
				cur = append(cur, l)
			}
		}
		if i > len(cur) {
			i = len(cur)
		}
	}
	return cur, true
}

package sat

import (
	"context"
	"math/rand"
	"testing"
)

// brute decides a small formula under assumptions by trying every assignment.
func brute(n int, cls [][]Lit, assume []Lit) bool {
	for m := 0; m < 1<<n; m++ {
		val := func(l Lit) bool { b := m>>(l.Var()-1)&1 == 1; return b == (l > 0) }
		ok := true
		for _, a := range assume {
			ok = ok && val(a)
		}
		for _, c := range cls {
			if !ok {
				break
			}
			any := false
			for _, l := range c {
				any = any || val(l)
			}
			ok = any
		}
		if ok {
			return true
		}
	}
	return false
}

func randomLit(r *rand.Rand, n int) Lit {
	l := Lit(1 + r.Intn(n))
	if r.Intn(2) == 0 {
		return -l
	}
	return l
}

// Solving under assumptions, cores and shrinking agree with brute force.
func TestEngineAgainstBruteForce(t *testing.T) {
	ctx := context.Background()
	r := rand.New(rand.NewSource(7))
	for round := 0; round < 400; round++ {
		n := 3 + r.Intn(7)
		var cls [][]Lit
		e := New()
		for i := 0; i < n*4; i++ {
			var c []Lit
			for k := 0; k < 1+r.Intn(3)+r.Intn(2); k++ {
				c = append(c, randomLit(r, n))
			}
			trial := append(append([][]Lit(nil), cls...), c)
			if !brute(n, trial, nil) {
				continue
			}
			cls = trial
			e.Add(c...)
		}
		for step := 0; step < 6; step++ {
			var held []Lit
			for k := 0; k < 4; k++ {
				held = append(held, randomLit(r, n))
			}
			want := brute(n, cls, held)
			if got := e.Solve(ctx, held...); (got == Sat) != want {
				t.Fatalf("round %d: Solve under %v = %v, want sat=%v", round, held, got, want)
			}
			if !want {
				core, min := e.Shrink(ctx, e.Core())
				if brute(n, cls, core) || !min {
					t.Fatalf("core %v of %v is satisfiable", core, held)
				}
				for i := range core {
					rest := append(append([]Lit(nil), core[:i]...), core[i+1:]...)
					if !brute(n, cls, rest) {
						t.Fatalf("core %v is not minimal", core)
					}
				}
				c := make([]Lit, len(core))
				for i, l := range core {
					c[i] = -l
				}
				cls = append(cls, c)
				e.Add(c...)
			} else {
				for k := 1; k <= n; k++ {
					_ = e.Value(Lit(k))
				}
			}
			if !brute(n, cls, nil) {
				break
			}
		}
	}
}

func TestContradictionWithoutAssumptions(t *testing.T) {
	e := New()
	e.Add(1)
	e.Add(-1)
	if e.Solve(context.Background()) != Unsat {
		t.Fatal("1 and not 1")
	}
	e.Add(2) // must not end the process
	if e.Solve(context.Background()) != Unsat {
		t.Fatal("still contradictory")
	}
}

func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	e := New()
	e.Add(1, 2)
	if e.Solve(ctx) != Unknown {
		t.Fatal("a cancelled context gives no answer")
	}
}

func TestValueOfUnmentionedVariable(t *testing.T) {
	e := New()
	e.Add(1)
	if e.Solve(context.Background(), 2) != Sat || !e.Value(1) || !e.Value(2) || e.Value(-2) || e.Value(5000) || !e.Value(-5000) {
		t.Error("wrong values")
	}
}

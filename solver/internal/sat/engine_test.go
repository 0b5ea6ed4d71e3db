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

// Scopes, solving inside scopes, cores and shrinking agree with brute force.
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
				l := randomLit(r, n)
				st, implied := e.Push(l, nil)
				if st == Unsat {
					if brute(n, cls, append(append([]Lit(nil), held...), l)) {
						t.Fatalf("round %d: Push(%d) after %v said Unsat", round, l, held)
					}
					continue
				}
				held = append(held, l)
				for _, m := range implied {
					if brute(n, cls, append(append([]Lit(nil), held...), -m)) {
						t.Fatalf("round %d: %d is not implied by %v", round, m, held)
					}
				}
			}
			want := brute(n, cls, held)
			if got := e.Solve(ctx); (got == Sat) != want {
				t.Fatalf("round %d: Solve under %v = %v, want sat=%v", round, held, got, want)
			}
			if !want {
				e.PopAll()
				if e.Solve(ctx, held...) != Unsat {
					t.Fatal("assumptions differ from scopes")
				}
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
			e.PopAll()
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

func TestPushTellsWhatFollows(t *testing.T) {
	e := New()
	e.Add(-1, 2)
	e.Add(4)
	e.Add(-4, -2, 3)
	_, implied := e.Push(1, nil)
	got := map[Lit]bool{}
	for _, l := range implied {
		got[l] = true
	}
	for _, l := range []Lit{1, 2, 3} {
		if !got[l] {
			t.Errorf("%d is missing in %v", l, implied)
		}
	}
}

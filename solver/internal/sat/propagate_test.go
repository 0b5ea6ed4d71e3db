package sat

import (
	"math/rand"
	"testing"
)

// closure is unit propagation by repeated scanning; ok is false in a contradiction.
func closure(n int, cls [][]Lit, held []Lit) (val map[Lit]bool, ok bool) {
	val = map[Lit]bool{}
	for _, l := range held {
		if val[-l] {
			return val, false
		}
		val[l] = true
	}
	for changed := true; changed; {
		changed = false
		for _, c := range cls {
			var open []Lit
			sat := false
			for _, l := range c {
				sat = sat || val[l]
				if !val[-l] {
					open = append(open, l)
				}
			}
			switch {
			case sat:
			case len(open) == 0:
				return val, false
			case len(open) == 1:
				val[open[0]], changed = true, true
			}
		}
	}
	return val, true
}

// The propagator knows exactly what scanning finds, after any sequence of pushes and pops.
func TestPropagatorAgainstScanning(t *testing.T) {
	r := rand.New(rand.NewSource(3))
	for round := 0; round < 600; round++ {
		n := 3 + r.Intn(10)
		var cls [][]Lit
		p := NewPropagator(n)
		for i := 0; i < n*2; i++ {
			seen := map[int32]bool{}
			var c []Lit
			for k := 0; k < 1+r.Intn(4); k++ {
				if l := randomLit(r, n); !seen[l.Var()] {
					seen[l.Var()] = true
					c = append(c, l)
				}
			}
			if len(c) == 1 && r.Intn(3) > 0 {
				continue
			}
			cls = append(cls, c)
			p.Add(c...)
		}
		if _, ok := closure(n, cls, nil); !ok {
			if p.Push(1) || p.Push(-1) {
				t.Fatal("a contradictory set accepts an assumption")
			}
			continue
		}
		var held []Lit
		for step := 0; step < 30; step++ {
			if len(held) > 0 && r.Intn(3) == 0 {
				d := r.Intn(len(held))
				held = held[:d]
				p.PopTo(d)
			} else {
				l := randomLit(r, n)
				_, ok := closure(n, cls, append(append([]Lit(nil), held...), l))
				if got := p.Push(l); got != ok {
					t.Fatalf("round %d: Push(%d) after %v: %v, want %v (%v)", round, l, held, got, ok, cls)
				} else if got {
					held = append(held, l)
				}
			}
			want, _ := closure(n, cls, held)
			for v := Lit(1); v <= Lit(n); v++ {
				if p.True(v) != want[v] || p.True(-v) != want[-v] {
					t.Fatalf("round %d: %d is %v/%v, want %v/%v under %v of %v", round, v, p.True(v), p.True(-v), want[v], want[-v], held, cls)
				}
			}
		}
	}
}

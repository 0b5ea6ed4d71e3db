package plan

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// large describes n packages with about perNode dependencies each. Build
// dependencies lead forwards only, so there is an order; run-time ones lead anywhere if cyclic.
func large(r *rand.Rand, n, perNode int, cyclic bool) string {
	var b strings.Builder
	for i := range n {
		mark := ""
		switch r.IntN(3) {
		case 0:
			mark = "~"
		case 1:
			mark = "*"
		}
		fmt.Fprintf(&b, "p%d%s:", i, mark)
		for range perNode {
			if i+1 < n {
				fmt.Fprintf(&b, " %c:p%d%s", "DBRRRP"[r.IntN(6)], i+1+r.IntN(min(n-i-1, 60)), []string{"", "+", "+="}[r.IntN(3)])
			}
			if cyclic && r.IntN(40) == 0 {
				fmt.Fprintf(&b, " R:p%d+", r.IntN(n))
			}
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func BenchmarkOrder(b *testing.B) {
	for _, cyclic := range []bool{false, true} {
		sel := parse(b, large(rand.New(rand.NewPCG(1, 2)), 1300, 23, cyclic)).sel
		b.Run(fmt.Sprintf("cyclic=%v", cyclic), func(b *testing.B) {
			for b.Loop() {
				if _, err := Order(b.Context(), sel, Options{ImplicitSystemDeps: true}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// TestLaws states what holds for every selection that has an order.
func TestLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		seed := rapid.Uint64().Draw(t, "seed")
		text := large(rand.New(rand.NewPCG(seed, 7)), rapid.IntRange(1, 40).Draw(t, "n"), rapid.IntRange(0, 5).Draw(t, "deps"), rapid.Bool().Draw(t, "cyclic"))
		w := parse(panics{}, text)
		p, err := Order(t.Context(), w.sel, Options{Compat: true})
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		again, _ := Order(t.Context(), parse(panics{}, text).sel, Options{Compat: true})
		if show(p) != show(again) {
			t.Fatalf("two runs differ:\n%s\n%s", show(p), show(again))
		}
		at := stepsOf(p)
		for _, n := range w.sel.Nodes {
			if _, ok := at[n]; ok != n.Merge {
				t.Fatalf("%s: in the plan %v, to be merged %v", n.Cand.CP(), ok, n.Merge)
			}
			for _, e := range n.Out {
				if n.Merge && e.Child.Merge && e.Priority.Buildtime && !e.Priority.Satisfied && at[e.Child] > at[n] {
					t.Fatalf("%s is built before %s, which it needs\n%s", n.Cand.CP(), e.Child.Cand.CP(), text)
				}
			}
		}
		if len(p.Steps) != len(at) {
			t.Fatalf("%d steps for %d packages", len(p.Steps), len(at))
		}
	})
}

// panics is a testing.TB for parse where none fits: its input is made by a generator and cannot be wrong.
type panics struct{ testing.TB }

func (panics) Helper()                        {}
func (panics) Fatalf(format string, a ...any) { panic(fmt.Sprintf(format, a...)) }

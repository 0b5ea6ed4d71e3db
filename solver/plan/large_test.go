package plan

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/solver/universe"
)

// shape says which cycles large makes.
type shape uint8

const (
	acyclic shape = iota
	runtime       // of run-time dependencies
	mesh          // of satisfied build dependencies, too, as on a whole desktop: only the lenient scale helps
)

// large describes n packages with about perNode dependencies each. Unsatisfied build
// dependencies lead forwards only, so there is an order.
func large(r *rand.Rand, n, perNode int, kind shape) string {
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
				fmt.Fprintf(&b, " %c:p%d%s", "DBRRRP"[r.IntN(6)], i+1+r.IntN(min(n-i-1, 60)), []string{"", "+", "+=", "^"}[r.IntN(4)])
			}
			if kind != acyclic && r.IntN(40) == 0 {
				fmt.Fprintf(&b, " R:p%d+", r.IntN(n))
			}
			if kind == mesh && r.IntN(10) == 0 {
				fmt.Fprintf(&b, " D:p%d+%s", r.IntN(n), []string{"", "="}[r.IntN(2)])
			}
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// BenchmarkOrder orders as many packages as the largest machines have, with about as many dependencies.
func BenchmarkOrder(b *testing.B) {
	for kind, name := range []string{acyclic: "acyclic", runtime: "runtime", mesh: "mesh"} {
		sel := parse(b, large(rand.New(rand.NewPCG(1, 2)), 1300, 12, shape(kind))).sel
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Order(b.Context(), sel, Options{ImplicitSystemDeps: true}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// someWorld draws a selection.
func someWorld(t *rapid.T) (text string, kind shape) {
	kind = shape(rapid.IntRange(int(acyclic), int(mesh)).Draw(t, "shape"))
	seed := rapid.Uint64().Draw(t, "seed")
	n, deps := rapid.IntRange(1, 40).Draw(t, "n"), rapid.IntRange(0, 5).Draw(t, "deps")
	return large(rand.New(rand.NewPCG(seed, 7)), n, deps, kind), kind
}

// someBlockers draws installed packages that go, blockers against them and against what is replaced.
func someBlockers(t *rapid.T, n int) string {
	var b strings.Builder
	for i := range rapid.IntRange(0, 4).Draw(t, "removed") {
		fmt.Fprintf(&b, "-x%d:\n", i)
		for range rapid.IntRange(0, 3).Draw(t, "blockers") {
			mark := rapid.SampledFrom([]string{"!", "!!"}).Draw(t, "strength")
			fmt.Fprintf(&b, "+p%d: %sx%d\n", rapid.IntRange(0, n-1).Draw(t, "by"), mark, i)
		}
		fmt.Fprintf(&b, "+p%d: !!p%d\n", rapid.IntRange(0, n-1).Draw(t, "by"), rapid.IntRange(0, n-1).Draw(t, "blocked"))
	}
	return b.String()
}

// TestLaws states what holds for every selection that has an order.
func TestLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text, kind := someWorld(t)
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
				if n.Merge && kind == acyclic && moved(e) && at[e.Child] > at[n] {
					t.Fatalf("%s is built before %s, which it is going to be bound to\n%s", n.Cand.CP(), e.Child.Cand.CP(), text)
				}
			}
		}
		if len(p.Steps) != len(at) {
			t.Fatalf("%d steps for %d packages", len(p.Steps), len(at))
		}
	})
}

// TestSearchFromChanges compares each round with one that searches everywhere and counts anew.
func TestSearchFromChanges(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text, _ := someWorld(t)
		text += someBlockers(t, strings.Count(text, "\n"))
		p, err := Order(t.Context(), parse(panics{}, text).sel, Options{})
		if err != nil {
			t.Fatal(err)
		}
		o := newOrderer(parse(panics{}, text).sel, Options{})
		for o.g.live > 0 {
			counted := o.g.packages
			clear(o.g.packages[plain][:])
			clear(o.g.packages[lenient][:])
			for i := range o.g.vertices {
				v := &o.g.vertices[i]
				if !v.gone {
					v.tops = [...]rank{plain: plain.top(v), lenient: lenient.top(v)}
				}
				o.g.count(v, 1)
			}
			if counted != o.g.packages {
				t.Fatalf("counted %v, there are %v\n%s", counted, o.g.packages, text)
			}
			o.g.searchAgain()
			group, going := o.next()
			if len(group) == 0 && !going {
				t.Fatalf("no way on\n%s", text)
			}
			o.take(group)
		}
		o.finish()
		if show(p) != show(o.plan) {
			t.Fatalf("got  %s\nwant %s\n%s", show(p), show(o.plan), text)
		}
	})
}

// TestStrongBlockersHold: what is not reported as unsolved is solved, strong blockers before the merge.
func TestStrongBlockersHold(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text, _ := someWorld(t)
		text += someBlockers(t, strings.Count(text, "\n"))
		w := parse(panics{}, text)
		p, err := Order(t.Context(), w.sel, Options{})
		if err != nil {
			t.Fatal(err)
		}
		merged, gone, unsolved := stepsOf(p), map[*universe.Candidate]int{}, map[string]bool{}
		for i, s := range p.Steps {
			switch {
			case s.Kind == Uninstall:
				gone[s.Removed] = i
			case s.Kind == Blocker && !s.Solved:
				unsolved[s.Atom.String()] = true
			case s.Kind == Merge:
				for _, c := range p.Replaces(s.Node) {
					gone[c] = i
				}
			}
		}
		for _, b := range w.sel.Blocks {
			old, n, ok := parties(b)
			if !ok || unsolved[b.Atom.String()] || n.Index < 0 {
				continue
			}
			at, left := gone[old]
			if !left || b.Atom.Blocker == atom.Strong && at > merged[n] {
				t.Fatalf("%s %s: gone %v at %d, merged at %d: %s\n%s", n.Cand.CP(), b.Atom, left, at, merged[n], show(p), text)
			}
		}
	})
}

// panics is a testing.TB for parse where none fits: its input is made by a generator and cannot be wrong.
type panics struct{ testing.TB }

func (panics) Helper()                        {}
func (panics) Fatalf(format string, a ...any) { panic(fmt.Sprintf(format, a...)) }

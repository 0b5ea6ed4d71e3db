package scc_test

import (
	"iter"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/portsolve/portsolve/solver/internal/scc"
)

func along(graph [][]int) func(int) iter.Seq[int] {
	return func(v int) iter.Seq[int] { return slices.Values(graph[v]) }
}

func TestComponents(t *testing.T) {
	// 0 → 1 ⇄ 2 → 3 → 4 → 3, 5 alone with an arc to itself
	got := scc.Components(6, along([][]int{{1}, {2}, {1, 3}, {4}, {3}, {5}}))
	if want := []int{3, 2, 2, 1, 1, 4}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if got := scc.Components(0, nil); len(got) != 0 {
		t.Errorf("%v", got)
	}
}

// Two vertices have the same number exactly if each leads to the other.
func TestComponentsAreMutual(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 8).Draw(t, "n")
		graph := rapid.SliceOfN(rapid.SliceOfN(rapid.IntRange(0, n-1), 0, 4), n, n).Draw(t, "graph")
		reach := make([][]bool, n)
		for v := range reach {
			reach[v] = make([]bool, n)
			reach[v][v] = true
			for _, w := range graph[v] {
				reach[v][w] = true
			}
		}
		for via := range n {
			for v := range n {
				for w := range n {
					reach[v][w] = reach[v][w] || reach[v][via] && reach[via][w]
				}
			}
		}
		got := scc.Components(n, along(graph))
		for v := range n {
			for w := range n {
				if same := reach[v][w] && reach[w][v]; same != (got[v] == got[w]) || got[v] == 0 {
					t.Fatalf("%v: components %v, but %d and %d: %v", graph, got, v, w, same)
				}
			}
		}
	})
}

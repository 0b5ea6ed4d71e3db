package search_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/portsolve/portsolve/solver"
	"github.com/portsolve/portsolve/solver/plan"
	"github.com/portsolve/portsolve/solver/scenario"
)

const text = `
-- repo --
dev-lang/rust-1.19.0
dev-lang/rust-1.23.0
dev-lang/rust-bin-1.19.0
virtual/rust-1.19.0 RDEPEND="|| ( =dev-lang/rust-1.19.0* =dev-lang/rust-bin-1.19.0* )"
-- installed --
dev-lang/rust-1.19.0
virtual/rust-1.19.0 RDEPEND="|| ( =dev-lang/rust-1.19.0* =dev-lang/rust-bin-1.19.0* )"
-- world --
virtual/rust
-- request --
--update --deep =dev-lang/rust-1.23.0 virtual/rust
`

func TestSmoke(t *testing.T) {
	s, err := scenario.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	o, err := solver.Solve(context.Background(), &solver.Problem{Roots: s.Roots, Request: s.Request})
	if err != nil {
		t.Fatal(err)
	}
	fmt.Println(o.Complete, o.Conflict, o.Unsatisfied, o.Stats, o.Rebuilds)
	for _, n := range o.Selection.Nodes {
		fmt.Println(n.Cand, n.Merge, n.Why)
	}
	p, err := plan.Order(context.Background(), o.Selection, plan.Options{})
	fmt.Println(err)
	for _, st := range p.Steps {
		fmt.Println(st.Kind, st.Node.Cand)
	}
}

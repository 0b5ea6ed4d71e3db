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
app/a-1 EAPI=7 RDEPEND="dev/lib:="
app/a-2 EAPI=7 RDEPEND="dev/lib:= >=dev/x-2"
dev/lib-1 EAPI=7 SLOT=0/1
dev/lib-2 EAPI=7 SLOT=0/2
app/b-1 EAPI=7 RDEPEND="dev/lib:="
dev/x-1 EAPI=7
dev/x-2 EAPI=7
app/h-1 EAPI=7 RDEPEND="<dev/x-2"
-- installed --
app/a-1 EAPI=7 RDEPEND="dev/lib:0/1="
app/b-1 EAPI=7 RDEPEND="dev/lib:0/1="
dev/lib-1 EAPI=7 SLOT=0/1
app/h-1 EAPI=7 RDEPEND="<dev/x-2"
dev/x-1 EAPI=7
-- world --
app/a
app/b
app/h
-- request --
--update --deep @world
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

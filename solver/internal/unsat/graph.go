package unsat

import (
	"fmt"
	"strings"

	"github.com/portsolve/portsolve/solver/answer"
	"github.com/portsolve/portsolve/solver/internal/cnf"
	"github.com/portsolve/portsolve/solver/universe"
)

// grapher draws statements. Packages of one name for which the same statements hold are one node.
type grapher struct {
	t     *teller
	nodes []answer.ConflictNode
	edges []answer.ConflictEdge
	of    map[*universe.Candidate]int // its node
}

func (t *teller) graph(list []*statement) ([]answer.ConflictNode, []answer.ConflictEdge) {
	g := &grapher{t: t, of: map[*universe.Candidate]int{}}
	args := make([]int, len(list))
	for i, s := range list {
		if s.Kind == cnf.Request || s.Kind == cnf.World {
			args[i] = g.node("argument", s.Atom.String())
		}
	}
	g.packages(list)
	for i, s := range list {
		switch s.Kind {
		case cnf.Request, cnf.World:
			g.leads([]int{args[i]}, s, i)
		case cnf.Block:
			g.link(g.nodesOf(s.cands), g.nodesOf(s.others), answer.ConflictEdge{Kind: "blocks", Label: s.Atom.String(), Rule: i})
		case cnf.Slot:
			in := g.nodesOf(s.Others)
			if len(in) > 0 {
				slot := g.node("slot", t.slot(s))
				g.link(in, []int{slot}, answer.ConflictEdge{Kind: "one-of", Rule: i})
			}
		default:
			g.leads(g.nodesOf(s.cands), s, i)
		}
	}
	return g.nodes, g.edges
}

func (g *grapher) node(kind, label string) int {
	g.nodes = append(g.nodes, answer.ConflictNode{Kind: kind, Label: label})
	return len(g.nodes) - 1
}

// packages makes the nodes of the packages that statements are about.
func (g *grapher) packages(list []*statement) {
	var order []*universe.Candidate
	role := map[*universe.Candidate]*strings.Builder{}
	note := func(i int, what string, cands []*universe.Candidate) {
		for _, c := range cands {
			if role[c] == nil {
				role[c] = &strings.Builder{}
				order = append(order, c)
			}
			fmt.Fprintf(role[c], "%s%d ", what, i)
		}
	}
	for i, s := range list {
		note(i, "of", s.cands)
		note(i, "answers", s.answers)
		note(i, "blocked", s.others)
	}
	same := map[string][]*universe.Candidate{}
	key := func(c *universe.Candidate) string { return fmt.Sprint(c.Root, c.CP(), role[c]) }
	for _, c := range order {
		same[key(c)] = append(same[key(c)], c)
	}
	for _, c := range order {
		if _, ok := g.of[c]; ok {
			continue
		}
		group := same[key(c)]
		label := g.t.names(group, "or", nil)
		if len(g.t.u.Roots) > 1 {
			label += " in " + g.t.u.Roots[c.Root].Path
		}
		n := g.node("package", label)
		g.nodes[n].Packages = cpvs(group)
		for _, m := range group {
			g.of[m] = n
		}
	}
}

// nodesOf are the nodes of packages, each once. What no other statement is about has none.
func (g *grapher) nodesOf(cands []*universe.Candidate) (out []int) {
	seen := map[int]bool{}
	for _, c := range cands {
		if n, ok := g.of[c]; ok && !seen[n] {
			seen[n] = true
			out = append(out, n)
		}
	}
	return out
}

// leads draws what a statement asks for. A group of choices, and what is not to be had, are nodes of their own.
func (g *grapher) leads(from []int, s *statement, rule int) {
	e := answer.ConflictEdge{Kind: "needs", Rule: rule}
	if s.cands == nil {
		e.Kind = "wants"
	}
	if s.Atom != nil && s.cands != nil {
		e.Label = s.Atom.String()
	}
	to := g.nodesOf(s.answers)
	switch {
	case s.Kind == cnf.AnyOf:
		choice := g.node("choice", alternatives(s.Expr))
		g.link(from, []int{choice}, e)
		from = []int{choice}
		e.Label = ""
	case s.Kind == cnf.Library:
		e.Label = fmt.Sprint(s.Soname)
	}
	if len(to) == 0 && g.t.isDead(s.Rule) {
		label := "nothing provides " + e.Label
		if s.Kind == cnf.AnyOf {
			label = "none of them can be had"
		}
		if s.Atom != nil {
			ch := g.t.choicesOf(s)
			_, why := ch.deadKind()
			label = s.Atom.String() + ": " + why.own
		}
		to = []int{g.node("missing", label)}
	}
	g.link(from, to, e)
}

func (g *grapher) link(from, to []int, e answer.ConflictEdge) {
	for _, f := range from {
		for _, n := range to {
			e.From, e.To = f, n
			g.edges = append(g.edges, e)
		}
	}
}

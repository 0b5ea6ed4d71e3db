package search

import (
	"sort"

	"github.com/portsolve/portsolve/atom/metadata"
	"github.com/portsolve/portsolve/solver/universe"
)

// refuse tells, for --compat=emerge, where emerge gives up on the first choice instead of looking for
// another: the best candidate fails REQUIRED_USE or has
// other USE flags, or virtuals depend on one another in a circle. nil if it goes on.
func (s *Search) refuse(w *walk) *Result {
	if !s.o.Compat {
		return nil
	}
	for _, n := range w.nodes {
		if n.Merge && n.Cand.RequiredUseFails() {
			r := w.result()
			r.Final = true
			for _, c := range n.Why {
				m := Missing{Arg: c.Arg, Parent: c.Parent, Root: n.Cand.Root, Atom: c.Atom, Kind: c.Kind}
				r.Missing = append(r.Missing, m)
				break
			}
			return r
		}
	}
	for _, m := range w.missing {
		if w.needsUseOnly(m.task) {
			return w.result() // a USE change is proposed rather than another package
		}
	}
	if loop := virtualLoop(w.nodes); len(loop) > 0 {
		r := w.result()
		r.VirtualCycle = loop
		return r
	}
	return nil
}

// virtualLoop finds virtuals that need each other at run time in a circle.
func virtualLoop(nodes []*universe.Node) []string {
	state := map[*universe.Node]int8{}
	var path []*universe.Node
	var visit func(n *universe.Node) []string
	visit = func(n *universe.Node) []string {
		state[n] = 1
		path = append(path, n)
		for _, e := range n.Out {
			c := e.Child
			if e.Kind != metadata.RDEPEND || c.Cand.CP().Category != "virtual" {
				continue
			}
			if state[c] == 1 {
				return loopFrom(path, c)
			}
			if state[c] == 0 {
				if l := visit(c); l != nil {
					return l
				}
			}
		}
		state[n] = 2
		path = path[:len(path)-1]
		return nil
	}
	for _, n := range nodes {
		if n.Cand.CP().Category == "virtual" && state[n] == 0 {
			if l := visit(n); l != nil {
				return l
			}
		}
	}
	return nil
}

func loopFrom(path []*universe.Node, start *universe.Node) []string {
	var out []string
	for i := len(path) - 1; i >= 0; i-- {
		out = append(out, path[i].Cand.Pkg.CPV.String())
		if path[i] == start {
			break
		}
	}
	sort.Strings(out)
	return out
}

package search

import (
	"context"
	"slices"

	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/atom/depend"
	"github.com/portsolve/portsolve/solver/internal/cnf"
	"github.com/portsolve/portsolve/solver/internal/sat"
	"github.com/portsolve/portsolve/solver/universe"
)

// expose completes a walk that has no solution: what is installed, would be replaced and is still needed by what stays
// becomes a node, too, where that is what the contradiction is about. So the slot has two packages, each with its parents.
func (s *Search) expose(ctx context.Context, w *walk, f *cnf.Formula) {
	if len(w.missing) > 0 || w.stopped() || len(s.keep) == 0 || !s.touchesInstalled(w) {
		return
	}
	x := exposure{w: w, slots: contested(ctx, f), seen: map[*universe.Candidate]bool{}}
	if len(x.slots) == 0 {
		return
	}
	for _, list := range [][]argument{s.args, s.world} {
		for i := range list {
			if a := &list[i]; !a.greedy {
				x.need(nil, universe.Dep{Root: a.root}, &depend.Node{Kind: depend.AtomLeaf, Atom: a.atom}, a)
			}
		}
	}
	for i := 0; i < len(x.queue); i++ {
		x.visit(x.queue[i])
	}
}

// maxContested bounds how many contradictions are looked at; each costs a minimization, and nobody reads more.
const maxContested = 16

// contested lists the slots that would have to hold several packages: those of one contradiction after
// the other, each found without the slot rules of those before.
func contested(ctx context.Context, f *cnf.Formula) map[universe.SlotKey]bool {
	e, rules, ruleOf := f.Explained()
	slots := map[universe.SlotKey]bool{}
	for n := 0; n < maxContested && e.Solve(ctx, rules...) == sat.Unsat; n++ {
		core, _ := e.Shrink(ctx, e.Core())
		drop := map[sat.Lit]bool{}
		for _, l := range core {
			if r := ruleOf[l]; r.Kind == cnf.Slot {
				slots[r.Slot], drop[l] = true, true
			}
		}
		if len(drop) == 0 {
			break
		}
		kept := rules[:0:0]
		for _, l := range rules {
			if !drop[l] {
				kept = append(kept, l)
			}
		}
		rules = kept
	}
	return slots
}

// exposure follows the dependencies of the request and @world through the end state that a walk describes.
type exposure struct {
	w     *walk
	slots map[universe.SlotKey]bool // contested ones
	seen  map[*universe.Candidate]bool
	queue []*universe.Candidate
}

// final is the package of the end state that answers an atom, nil if none: one of the walk, or
// an installed one whose slot the walk leaves alone.
func (x *exposure) final(root universe.RootID, a *atom.Atom) *universe.Candidate {
	for _, m := range x.w.u.Match(root, a) {
		if n := x.w.byCand[m]; n != nil && !x.w.gone[n] || m.Installed() && !x.replaced(m) {
			return m
		}
	}
	return nil
}

// replaced reports whether the walk merges something in the slot of an installed package.
func (x *exposure) replaced(c *universe.Candidate) bool {
	for _, n := range x.w.slots[c.SlotKey()] {
		if !x.w.gone[n] && n.Merge {
			return true
		}
	}
	return false
}

func (x *exposure) visit(p *universe.Candidate) {
	w := x.w
	for _, d := range w.u.Deps(p) {
		if p.Installed() && universe.BuildTime(d.Kind) && !w.s.holdsBuildDeps() {
			continue
		}
		for _, n := range d.Expr.Children {
			if !p.Installed() || w.u.HeldBefore(d.Root, n) {
				x.need(p, d, n, nil)
			}
		}
	}
}

// need finds what answers a dependency of p, or an argument, in the end state; failing that, the installed
// package that does so now.
func (x *exposure) need(p *universe.Candidate, d universe.Dep, n *depend.Node, arg *argument) {
	holds := func(a *atom.Atom) bool { return x.final(d.Root, a) != nil || x.w.u.Provided(d.Root, a) }
	before := func(a *atom.Atom) bool { return x.w.u.InstalledMatch(d.Root, a) != nil }
	switch n.Kind {
	case depend.AtomLeaf:
		if n.Atom.Blocker == atom.NotBlocker && !x.w.u.Provided(d.Root, n.Atom) {
			x.link(p, d, n.Atom, arg)
		}
	case depend.AnyOf:
		for _, ok := range []func(*atom.Atom) bool{holds, before} {
			for _, ch := range n.Children {
				if universe.Satisfied(ch, ok) {
					x.need(p, d, ch, arg)
					return
				}
			}
		}
	default:
		for _, ch := range n.Children {
			x.need(p, d, ch, arg)
		}
	}
}

// link queues the answer of an atom. In a contested slot it becomes a node with its parent.
func (x *exposure) link(p *universe.Candidate, d universe.Dep, a *atom.Atom, arg *argument) {
	w := x.w
	m := x.final(d.Root, a)
	if m == nil {
		if m = w.u.InstalledMatch(d.Root, a); m == nil || !x.slots[m.SlotKey()] {
			return
		}
	}
	if !x.seen[m] {
		x.seen[m] = true
		x.queue = append(x.queue, m)
	}
	if !x.slots[m.SlotKey()] {
		return
	}
	t := task{root: d.Root, atom: a, kind: d.Kind}
	n := x.node(m)
	if p == nil {
		if !slices.Contains(n.Args, arg.text) {
			n.Args = append(n.Args, arg.text)
			n.Why = append(n.Why, universe.Cause{Arg: arg.text, Atom: a})
		}
		return
	}
	t.parent = x.node(p)
	for _, c := range n.Why {
		if c.Parent == t.parent && c.Kind == d.Kind && c.Atom.String() == a.String() {
			return
		}
	}
	n.Why = append(n.Why, universe.Cause{Parent: t.parent, Atom: a, Kind: d.Kind})
	w.edge(t, n)
}

// node is the node of a package, a new one if the walk had no need of it.
func (x *exposure) node(c *universe.Candidate) *universe.Node {
	if n := x.w.byCand[c]; n != nil && !x.w.gone[n] {
		return n
	}
	return x.w.node(c, task{root: c.Root})
}

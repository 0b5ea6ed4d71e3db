package search

import (
	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/atom/depend"
	"github.com/portsolve/portsolve/solver/universe"
)

// run walks from the arguments: all of them first, then their dependencies, the
// last one found first; groups with a choice wait until nothing else is left. At last come the other
// slots of the arguments, and what was broken before: they make do with what is left.
func (w *walk) run() {
	w.runArguments()
	w.runOtherSlots()
	w.mendAll()
}

func (w *walk) runArguments() { w.runSome(func(a *argument) bool { return !a.greedy }) }

func (w *walk) runOtherSlots() { w.runSome(func(a *argument) bool { return a.greedy }) }

func (w *walk) runSome(want func(*argument) bool) {
	for i := range w.s.args {
		a := &w.s.args[i]
		if !want(a) {
			continue
		}
		w.satisfy(task{arg: a, root: a.root, atom: a.atom})
		if w.stopped() {
			return
		}
	}
	w.drain()
}

// mendAll looks for packages for the dependencies of installed ones that were broken before.
func (w *walk) mendAll() {
	for len(w.broken) > 0 && !w.stopped() {
		b := w.broken[0]
		w.broken = w.broken[1:]
		if !w.gone[b.node] {
			w.mending = b.node
			w.queue(b.node, b.dep, b.dep.Expr, b.optional)
			w.direct(b.node, b.dep, b.optional)
			w.drain()
			w.mending = nil
		}
	}
}

// broken is the part of a dependency variable of an installed package that was not satisfied before.
type broken struct {
	node     *universe.Node
	dep      universe.Dep
	optional bool
}

// bound reports whether a clause has a recorded binding: if that is broken, its owner is built again in time.
func bound(n *depend.Node) bool {
	found := false
	n.Atoms(func(a *atom.Atom) { found = found || isBuilt(a) })
	return found
}

// setBrokenAside gives the part of a dependency variable that holds, and leaves the rest for mendAll.
func (w *walk) setBrokenAside(n *universe.Node, d universe.Dep, optional bool) universe.Dep {
	var holds, rest []*depend.Node
	for i, ch := range d.Expr.Children {
		if bound(ch) || w.u.HeldBefore(d.Root, ch) {
			if rest != nil {
				holds = append(holds, ch)
			}
			continue
		}
		if rest == nil {
			holds = append(holds, d.Expr.Children[:i]...)
		}
		rest = append(rest, ch)
	}
	if rest == nil {
		return d
	}
	part := func(of []*depend.Node) universe.Dep {
		return universe.Dep{Kind: d.Kind, Root: d.Root, Expr: &depend.Node{Kind: depend.All, Children: of}}
	}
	w.broken = append(w.broken, broken{n, part(rest), optional})
	return part(holds)
}

package cycles

import (
	"context"
	"errors"
	"slices"

	"github.com/portsolve/portsolve/solver/plan"
	"github.com/portsolve/portsolve/solver/universe"
)

// TwoStep is an order for the same selection in which some packages are built twice: first with other
// flags, so that what they need in the end can be built with them.
type TwoStep struct {
	// Selection is the original one plus one node for each package that is built twice.
	Selection *universe.Selection
	Plan      *plan.Plan
	// Temporary are the settings of the nodes that were added, in the order in which they were.
	Temporary []Temporary
	// Needs are packages of the selection that have to be there before: no flag helps, as they
	// need each other to be built without any condition.
	Needs []*universe.Node
}

// Temporary is the first of two builds of a package.
type Temporary struct {
	Node, Final *universe.Node
	Flags       map[string]bool
}

// work is a copy of the selection that cycles are taken out of, one after the other (cycles 4).
type work struct {
	f        *finder
	sel      *universe.Selection
	original map[*universe.Node]*universe.Node // of a copy, or of a temporary build
	temp     map[*universe.Node]*Temporary     // by final node
	isTemp   map[*universe.Node]*Temporary     // by temporary node
	order    []*Temporary
	loops    []Loop
	needs    []*universe.Node // of the original selection
	plan     *plan.Plan       // nil: the work was given up
}

// untangle breaks one loop of each group after the other until the rest can be ordered. Where that takes
// packages from elsewhere, it begins again with them: many a loop is broken by them alone.
func (f *finder) untangle(ctx context.Context) (*work, error) {
	var loops []Loop
	var needs []*universe.Node
	for {
		w := f.copySelection(needs)
		err := w.run(ctx)
		if err != nil {
			return nil, err
		}
		if loops == nil {
			loops = w.loops
		}
		if len(w.needs) == len(needs) || w.plan == nil {
			w.loops = loops
			return w, nil
		}
		needs = w.needs
	}
}

func (w *work) run(ctx context.Context) error {
	for {
		p, err := plan.Order(ctx, w.sel, w.f.in.Options)
		var cycle *plan.CycleError
		if err == nil {
			w.plan = p
			return nil
		}
		if !errors.As(err, &cycle) {
			return err
		}
		for _, c := range all(cycle) {
			if len(c.Shortest) == 0 || !w.step(c) {
				return nil
			}
		}
	}
}

// step breaks one loop; false if there are too many.
func (w *work) step(c *plan.CycleError) bool {
	for _, n := range c.Nodes {
		if slices.Contains(w.needs, w.first(n)) && w.supply(c, n) {
			return true
		}
	}
	if len(w.loops) == maxLoops {
		return false
	}
	w.note(c)
	if !w.redirect(c) && !w.build(c) {
		w.need(c)
	}
	return true
}

// result is the order that was found, if it is complete.
func (w *work) result() *TwoStep {
	if w.plan == nil || w.plan.Unsolved || len(w.order) == 0 && len(w.needs) == 0 {
		return nil
	}
	t := &TwoStep{Selection: w.sel, Plan: w.plan, Needs: w.needs}
	for _, tmp := range w.order {
		t.Temporary = append(t.Temporary, *tmp)
	}
	return t
}

// copySelection copies nodes and edges, which are going to be changed.
func (f *finder) copySelection(needs []*universe.Node) *work {
	s := f.in.Selection
	w := &work{f: f, needs: slices.Clone(needs), original: map[*universe.Node]*universe.Node{},
		temp: map[*universe.Node]*Temporary{}, isTemp: map[*universe.Node]*Temporary{}}
	sel := *s
	w.sel = &sel
	sel.Nodes = make([]*universe.Node, len(s.Nodes))
	copies := make(map[*universe.Node]*universe.Node, len(s.Nodes))
	for i, n := range s.Nodes {
		c := *n
		c.Out, c.In = nil, nil
		c.Replaces = slices.Clone(n.Replaces)
		sel.Nodes[i] = &c
		copies[n], w.original[&c] = &c, n
	}
	for _, n := range s.Nodes {
		for _, e := range n.Out {
			if child := copies[e.Child]; child != nil {
				c := *e
				c.Parent, c.Child = copies[n], child
				link(&c)
			}
		}
	}
	sel.Blocks = make([]*universe.Block, len(s.Blocks))
	for i, b := range s.Blocks {
		c := *b
		if p := copies[b.Parent]; p != nil {
			c.Parent = p
		}
		if p := copies[b.Planned]; p != nil {
			c.Planned = p
		}
		sel.Blocks[i] = &c
	}
	return w
}

func link(e *universe.Edge) {
	e.Parent.Out = append(e.Parent.Out, e)
	e.Child.In = append(e.Child.In, e)
}

// unlink takes an edge out of the graph.
func unlink(e *universe.Edge) {
	is := func(o *universe.Edge) bool { return o == e }
	e.Parent.Out = slices.DeleteFunc(e.Parent.Out, is)
	e.Child.In = slices.DeleteFunc(e.Child.In, is)
}

// note records the loop in terms of the original selection, unless only the number of builds tells it
// from one that is known.
func (w *work) note(c *plan.CycleError) {
	l := Loop{Group: len(c.Nodes)}
	for _, e := range c.Shortest {
		o := *e
		o.Parent, o.Child = w.first(e.Parent), w.first(e.Child)
		if o.Parent != o.Child {
			l.Edges = append(l.Edges, &o)
		}
	}
	if len(c.Shortest) == 1 && len(l.Edges) == 0 { // it needs itself
		o := *c.Shortest[0]
		o.Parent, o.Child = w.first(o.Parent), w.first(o.Child)
		l.Edges = append(l.Edges, &o)
	}
	for _, known := range w.loops {
		if sameLoop(&known, &l) {
			return
		}
	}
	w.loops = append(w.loops, l)
}

// first is the node of the original selection behind a node of the copy.
func (w *work) first(n *universe.Node) *universe.Node { return w.original[n] }

// sameLoop compares the packages of two loops, wherever they begin.
func sameLoop(a, b *Loop) bool {
	if len(a.Edges) != len(b.Edges) {
		return false
	}
	for _, e := range a.Edges {
		if !slices.ContainsFunc(b.Edges, func(o *universe.Edge) bool { return o.Parent == e.Parent && o.Child == e.Child }) {
			return false
		}
	}
	return true
}

// redirect makes members of a loop that depend on the final build of a package content with its first one.
func (w *work) redirect(c *plan.CycleError) bool {
	for _, e := range c.Shortest {
		t := w.temp[e.Child]
		if t == nil || e.Parent == t.Node || !w.moves(e, t.Node) {
			continue
		}
		w.move(e.Parent, e.Child, t.Node)
		return true
	}
	return false
}

// moves reports whether everything that the parent of e asks of its child holds for another build of it.
func (w *work) moves(e *universe.Edge, to *universe.Node) bool {
	for _, o := range e.Parent.Out {
		if o.Child == e.Child && o.Atom != nil && !to.Cand.Matches(o.Atom) {
			return false
		}
	}
	return true
}

// move lets what parent needs of from be satisfied by to.
func (w *work) move(parent, from, to *universe.Node) {
	for _, e := range slices.Clone(parent.Out) {
		if e.Child == from {
			unlink(e)
			e.Child = to
			link(e)
		}
	}
}

// need gives up on a loop: the member that most others of its group wait for has to come from elsewhere. A
// virtual is nothing to have without the package behind it.
func (w *work) need(c *plan.CycleError) {
	waiting := map[*universe.Node]int{}
	for _, e := range c.Edges {
		waiting[w.first(e.Child)]++
	}
	var most *universe.Node
	for _, e := range c.Shortest {
		real := e.Child.Cand.CP().Category != "virtual"
		switch was := most != nil && most.Cand.CP().Category != "virtual"; {
		case most == nil, real && !was:
			most = e.Child
		case real == was && waiting[w.first(e.Child)] > waiting[w.first(most)]:
			most = e.Child
		}
	}
	w.needs = append(w.needs, w.first(most))
	w.supply(c, most)
}

// supply lets the others of a group do with a package from elsewhere; false if they do already.
func (w *work) supply(c *plan.CycleError, n *universe.Node) bool {
	found := false
	for _, e := range slices.Clone(n.In) {
		if t := w.isTemp[n]; slices.Contains(c.Nodes, e.Parent) && (t == nil || e.Parent != t.Final) {
			unlink(e)
			found = true
		}
	}
	return found
}

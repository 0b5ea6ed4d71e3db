package search

import (
	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/atom/depend"
	"github.com/portsolve/portsolve/solver/universe"
)

// complete follows the run-time dependencies of @world and the request through the end state and satisfies what the
// walk has broken there: an installed package below --deep may have lost one branch of a group and
// can be helped by another. It reports whether something was added.
func (w *walk) complete() bool {
	if w.stopped() || w.o.NoDeps || len(w.s.keep) == 0 {
		return false
	}
	c := completion{w: w, seen: map[*universe.Candidate]bool{}}
	for _, list := range [][]argument{w.s.args, w.s.world} {
		for _, a := range list {
			if m := c.final(a.root, a.atom); m != nil {
				c.add(m)
			}
		}
	}
	c.members()
	for len(c.queue) > 0 && !w.stopped() {
		p := c.queue[0]
		c.queue = c.queue[1:]
		c.visit(p)
	}
	return c.changed
}

type completion struct {
	w       *walk
	seen    map[*universe.Candidate]bool
	queue   []*universe.Candidate
	changed bool
}

// members finds another package for what @world names and has lost.
func (c *completion) members() {
	w := c.w
	if w.o.IgnoreWorld {
		return
	}
	for _, a := range w.s.world {
		if c.final(a.root, a.atom) != nil || w.u.InstalledMatch(a.root, a.atom) == nil || w.u.Provided(a.root, a.atom) {
			continue
		}
		before := len(w.nodes)
		m := a
		m.keep = true
		w.satisfy(task{arg: &m, root: a.root, atom: a.atom})
		w.drain()
		if n := c.final(a.root, a.atom); n != nil {
			c.add(n)
		}
		c.changed = c.changed || len(w.nodes) > before
	}
}

func (c *completion) add(p *universe.Candidate) {
	if !c.seen[p] {
		c.seen[p] = true
		c.queue = append(c.queue, p)
	}
}

// final is the package of the end state that answers an atom, nil if none.
func (c *completion) final(root universe.RootID, a *atom.Atom) *universe.Candidate {
	for _, m := range c.w.u.Match(root, a) {
		if n := c.w.byCand[m]; n != nil && !c.w.gone[n] {
			return m
		}
		if m.Installed() && c.w.g.isTrue(c.w.g.f.Exists(m)) && !c.w.g.isFalse(c.w.g.f.Used(m)) {
			return m
		}
	}
	return nil
}

func (c *completion) visit(p *universe.Candidate) {
	w := c.w
	for _, d := range w.u.Deps(p) {
		if universe.BuildTime(d.Kind) {
			continue
		}
		for _, n := range d.Expr.Children {
			if c.follow(d, n) {
				continue
			}
			if p.Installed() && !w.u.HeldBefore(d.Root, n) {
				continue
			}
			c.mend(p, d, n)
			if w.stopped() {
				return
			}
		}
	}
}

// follow queues the packages of the end state that satisfy n; false if it is not satisfied.
func (c *completion) follow(d universe.Dep, n *depend.Node) bool {
	return universe.Satisfied(n, func(a *atom.Atom) bool {
		m := c.final(d.Root, a)
		if m != nil {
			c.add(m)
		}
		return m != nil || c.w.u.Provided(d.Root, a)
	})
}

func (c *completion) mend(p *universe.Candidate, d universe.Dep, n *depend.Node) {
	w := c.w
	node := w.byCand[p]
	if node == nil {
		node = w.node(p, task{root: p.Root})
		w.settled[node], w.forced[node] = true, true
	}
	before := len(w.nodes)
	one := universe.Dep{Kind: d.Kind, Root: d.Root, Expr: &depend.Node{Kind: depend.All, Children: []*depend.Node{n}}}
	w.queue(node, one, one.Expr, false)
	w.direct(node, one, false)
	w.drain()
	c.changed = c.changed || len(w.nodes) > before
}

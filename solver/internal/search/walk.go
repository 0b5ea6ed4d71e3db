// Package search finds the selection that docs/objective.md calls best. A walk
// follows dependencies in discovery order and takes the preferred candidate of each; the
// solver tells which ones are possible (docs/encoding.md).
package search

import (
	"context"

	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/atom/depend"
	"github.com/portsolve/portsolve/atom/metadata"
	"github.com/portsolve/portsolve/solver/universe"
)

// task is one atom to be satisfied.
type task struct {
	parent   *universe.Node // nil for an argument
	arg      *argument      // set for an argument
	root     universe.RootID
	atom     *atom.Atom
	kind     metadata.DepKind
	depth    int
	optional bool
}

// argument is one atom of the request.
type argument struct {
	text  string
	set   bool
	root  universe.RootID
	atom  *atom.Atom
	exact *metadata.Package
	// rebuild: not an argument of the user's; the package is merged again because of this cpv.
	rebuild string
	// keep: not an argument of the user's; a member of @world that must not get lost.
	keep bool
	// greedy: another installed slot of an argument, which is updated if it can be.
	greedy bool
}

// standing reports whether an argument is a member of the sets that describe the system as a whole.
func (a *argument) standing() bool {
	switch a.text {
	case "@world", "@system", "@selected", "@profile":
		return a.set
	}
	return false
}

// requested reports whether a task is an argument of the user's.
func (t task) requested() bool { return t.arg != nil && t.arg.rebuild == "" && !t.arg.keep }

// missing is a dependency for which no candidate was left.
type missing struct {
	task task
}

// walk is one traversal. With a guide every choice is possible; without one it
// is the first choice of each dependency, which may contradict itself.
type walk struct {
	ctx      context.Context
	s        *Search
	u        *universe.Universe
	o        *universe.Options
	g        *guide // nil in the first pass
	nodes    []*universe.Node
	byCand   map[*universe.Candidate]*universe.Node
	slots    map[universe.SlotKey][]*universe.Node
	stack    []*universe.Node
	disj     []disjunction
	blocks   []*universe.Block
	missing  []missing
	conflict bool                    // two packages in one slot
	dead     bool                    // the guide is in a contradiction; learn and start again
	settled  map[*universe.Node]bool // installed nodes whose staying is certain
	targets  map[*universe.Node]bool // --onlydeps arguments
	gone     map[*universe.Node]bool // displaced nodes
	greedy   map[*universe.Node]bool // an argument, but only as another slot of it
	broken   []broken
	mending  *universe.Node          // the one of broken whose turn it is
	forced   map[*universe.Node]bool // in the graph because what is installed cannot stay, or was completed
}

func newWalk(ctx context.Context, s *Search, g *guide) *walk {
	return &walk{
		ctx: ctx, s: s, u: s.u, o: s.o, g: g,
		byCand:  map[*universe.Candidate]*universe.Node{},
		slots:   map[universe.SlotKey][]*universe.Node{},
		settled: map[*universe.Node]bool{},
		targets: map[*universe.Node]bool{},
		gone:    map[*universe.Node]bool{},
		forced:  map[*universe.Node]bool{},
		greedy:  map[*universe.Node]bool{},
	}
}

func (w *walk) stopped() bool { return w.dead || w.ctx.Err() != nil || w.u.Err() != nil }

func (w *walk) drain() {
	for !w.stopped() {
		if n := len(w.stack); n > 0 {
			node := w.stack[n-1]
			w.stack = w.stack[:n-1]
			w.expand(node)
			continue
		}
		if n := len(w.disj); n > 0 {
			d := w.disj[n-1]
			w.disj = w.disj[:n-1]
			w.choose(d)
			continue
		}
		return
	}
}

// expand adds the dependencies of a node.
func (w *walk) expand(n *universe.Node) {
	if w.o.NoDeps || w.gone[n] {
		return
	}
	for _, d := range w.u.Deps(n.Cand) {
		optional := false
		if !w.builds(n) && universe.BuildTime(d.Kind) {
			if !w.s.bdeps {
				continue
			}
			optional = true
		}
		if w.targets[n] && !w.s.targetKind(d.Kind) {
			continue
		}
		if n.Cand.Installed() && !w.targets[n] {
			d = w.setBrokenAside(n, d, optional)
		}
		w.queue(n, d, d.Expr, optional)
		w.direct(n, d, optional)
		if w.stopped() {
			return
		}
	}
}

// builds reports whether the node's build dependencies are really needed.
func (w *walk) builds(n *universe.Node) bool {
	return n.Cand.Pkg.Origin == metadata.Ebuild && (n.Merge || w.targets[n])
}

func isVirtual(a *atom.Atom) bool {
	return a.Category == "virtual" && a.Blocker == atom.NotBlocker
}

// direct adds what a dependency variable demands without a choice.
func (w *walk) direct(n *universe.Node, d universe.Dep, optional bool) {
	var atoms []*atom.Atom
	var collect func(*depend.Node)
	collect = func(e *depend.Node) {
		switch e.Kind {
		case depend.AtomLeaf:
			if !isVirtual(e.Atom) {
				atoms = append(atoms, e.Atom)
			}
		case depend.All:
			for _, ch := range e.Children {
				collect(ch)
			}
		}
	}
	collect(d.Expr)
	w.leaves(n, d, atoms, optional)
}

// leaves adds several atoms of one dependency variable. An atom for which another one of the same
// name has found a package that answers both takes that: >=x-2 and <x-4 mean one package, where there is one.
func (w *walk) leaves(n *universe.Node, d universe.Dep, atoms []*atom.Atom, optional bool) {
	for i, a := range atoms {
		if w.stopped() {
			return
		}
		if c := w.shared(n, d, atoms, i, optional); c != nil {
			t := task{parent: n, root: d.Root, atom: a, kind: d.Kind, depth: below(n), optional: optional}
			if w.take(t, c) {
				w.link(t, c)
				continue
			}
		}
		w.leaf(n, d, a, optional)
	}
}

// shared finds the package of another atom that answers atoms[i], too, if atoms[i] alone would
// take one that does not answer the other.
func (w *walk) shared(n *universe.Node, d universe.Dep, atoms []*atom.Atom, i int, optional bool) *universe.Candidate {
	a := atoms[i]
	if a.Blocker != atom.NotBlocker {
		return nil
	}
	t := task{parent: n, root: d.Root, atom: a, kind: d.Kind, depth: below(n), optional: optional}
	var own *universe.Candidate
	for j, b := range atoms {
		if j == i || b.CP != a.CP || b.Blocker != atom.NotBlocker {
			continue
		}
		if own == nil {
			if own = w.wish(t); own == nil {
				return nil
			}
		}
		if own.Matches(b) {
			continue
		}
		o := t
		o.atom = b
		if c := w.wish(o); c != nil && c != own && c.Matches(a) {
			return c
		}
	}
	return nil
}

func (w *walk) leaf(n *universe.Node, d universe.Dep, a *atom.Atom, optional bool) {
	if a.Blocker != atom.NotBlocker {
		w.blocks = append(w.blocks, &universe.Block{Parent: n, Root: d.Root, Atom: a, Kind: d.Kind})
		return
	}
	w.satisfy(task{parent: n, root: d.Root, atom: a, kind: d.Kind, depth: below(n), optional: optional})
}

// seeThrough reports whether a node only stands for its providers: a virtual that
// a dependency led to. It is looked through, whatever --deep says.
func seeThrough(n *universe.Node) bool {
	return n.Cand.CP().Category == "virtual" && len(n.Args) == 0
}

// below is the depth of what a node depends on.
func below(n *universe.Node) int {
	if seeThrough(n) {
		return n.Depth
	}
	return n.Depth + 1
}

// given reports whether a task needs no package of the selection: package.provided, or the old version of the
// parent that builds the new one.
func (w *walk) given(t task) bool {
	if w.u.Provided(t.root, t.atom) || t.parent == nil {
		return w.u.Provided(t.root, t.atom)
	}
	p := t.parent
	return w.builds(p) && w.u.OldSelf(p.Cand, t.root, t.kind, t.atom) != nil ||
		w.targets[p] && p.Cand.AnswersItself(universe.Dep{Kind: t.kind, Root: t.root}, t.atom)
}

// satisfy takes the best possible candidate for a task.
func (w *walk) satisfy(t task) {
	if w.stopped() || w.given(t) {
		return
	}
	if w.moveBinding(t) || w.stopped() {
		return
	}
	for _, c := range w.prefs(t) {
		if w.take(t, c) {
			w.link(t, c)
			return
		}
		if w.stopped() {
			return
		}
	}
	if t.parent != nil && t.parent.Cand.Installed() && (t.parent == w.mending || w.u.InstalledMatch(t.root, t.atom) == nil) {
		return // an installed package that was broken before may stay so
	}
	if !t.optional && (t.arg == nil || !t.arg.greedy) {
		w.missing = append(w.missing, missing{t})
	}
}

// take commits the guide to a candidate. Installed packages are taken on trust
// until the end: that something newer needs a rebuild of them must not keep it back.
func (w *walk) take(t task, c *universe.Candidate) bool {
	if w.g == nil {
		return true
	}
	if t.arg != nil && w.onlyDeps(t) {
		return w.commit(w.g.f.Target(c))
	}
	if n := w.byCand[c]; n != nil && !w.gone[n] {
		return true
	}
	l := w.g.f.Used(c)
	if l == 0 || w.g.isFalse(l) {
		return false
	}
	if c.Installed() && !t.optional {
		return true
	}
	if c.Installed() {
		return true
	}
	return w.commit(l)
}

// onlyDeps reports whether a task asks for the dependencies of a package, not for itself.
func (w *walk) onlyDeps(t task) bool {
	return t.requested() && w.o.OnlyDeps
}

// link adds the candidate as a node and the edge to it.
func (w *walk) link(t task, c *universe.Candidate) {
	n := w.byCand[c]
	if n != nil && w.gone[n] || w.onlyDeps(t) {
		n = nil
	}
	fresh := n == nil
	if fresh {
		n = w.node(c, t)
	}
	if t.arg != nil {
		w.greedy[n] = t.arg.greedy && (len(n.Args) == 0 || w.greedy[n])
	}
	if t.arg != nil && t.arg.rebuild != "" {
		w.forced[n] = true
		n.Why = append(n.Why, universe.Cause{Rebuild: t.arg.rebuild})
	} else if t.arg != nil && t.arg.keep {
		w.forced[n] = true
		n.Why = append(n.Why, universe.Cause{Arg: t.arg.text, Atom: t.atom})
	} else if t.arg != nil {
		n.Args = append(n.Args, t.arg.text)
		n.Why = append(n.Why, universe.Cause{Arg: t.arg.text, Atom: t.atom})
	} else {
		n.Why = append(n.Why, universe.Cause{Parent: t.parent, Atom: t.atom, Kind: t.kind})
		w.edge(t, n)
	}
	depth := t.depth
	if w.s.isArg(c) {
		depth = 0
	}
	deeper := !fresh && depth < n.Depth
	if fresh || deeper {
		n.Depth = depth
	}
	if fresh || deeper && !n.Merge {
		w.push(n, deeper)
	}
}

// push decides whether the dependencies of a node are looked at: always for what is merged, to the
// depth of --deep for what is installed.
func (w *walk) push(n *universe.Node, again bool) {
	if !n.Merge && !w.targets[n] && !seeThrough(n) {
		within := w.o.Deep == universe.Unlimited || n.Depth+1 <= w.o.Deep
		if !within {
			return
		}
		if again && w.o.Deep == universe.Unlimited {
			return // was expanded before
		}
	}
	w.stack = append(w.stack, n)
}

func (w *walk) node(c *universe.Candidate, t task) *universe.Node {
	n := &universe.Node{Index: len(w.nodes), Cand: c, Merge: !c.Installed(), Depth: t.depth}
	w.nodes = append(w.nodes, n)
	if w.onlyDeps(t) {
		n.Merge = false
		w.targets[n] = true
		return n
	}
	w.byCand[c] = n
	k := c.SlotKey()
	for _, other := range w.slots[k] {
		if !w.gone[other] && !w.supersede(other, n) {
			w.conflict = true
		}
	}
	w.slots[k] = append(w.slots[k], n)
	if n.Merge {
		n.Replaces = append(n.Replaces, w.u.InstalledIn(k)...)
	}
	return n
}

// supersede lets a package that is merged take the place of an installed one that an earlier
// dependency had found good enough, if it is good enough for those, too.
func (w *walk) supersede(old, new *universe.Node) bool {
	if old.Merge || !new.Merge || better(old.Cand, new.Cand) && old.Cand.Visible() {
		return false // a downgrade is a conflict that the guide has to judge
	}
	for _, e := range old.In {
		if !new.Cand.Matches(e.Atom) {
			return false
		}
	}
	w.replace(old, new)
	return true
}

// replace moves what depends on old to new.
func (w *walk) replace(old, new *universe.Node) {
	w.gone[old] = true
	for _, e := range old.In {
		if w.gone[e.Parent] {
			continue
		}
		e.Child = new
		new.In = append(new.In, e)
	}
	old.In = nil
	new.Why = append(new.Why, old.Why...)
	new.Args = append(new.Args, old.Args...)
	if old.Depth < new.Depth {
		new.Depth = old.Depth
	}
}

func (w *walk) edge(t task, child *universe.Node) {
	e := &universe.Edge{Parent: t.parent, Child: child, Kind: t.kind, Atom: t.atom}
	p := &e.Priority
	slotop := t.atom.SlotOp == atom.SlotOpEqual
	switch t.kind {
	case metadata.DEPEND, metadata.BDEPEND:
		p.Buildtime, p.BuildtimeSlotOp = true, slotop
	case metadata.PDEPEND:
		p.RuntimePost = true
	default:
		p.Runtime, p.RuntimeSlotOp = true, slotop
	}
	p.Optional = t.optional
	p.Cross = t.parent.Cand.Root != child.Cand.Root
	if i := w.u.InstalledMatch(t.root, t.atom); i != nil {
		p.Satisfied, p.SatisfiedBy = true, i
	}
	t.parent.Out = append(t.parent.Out, e)
	child.In = append(child.In, e)
}

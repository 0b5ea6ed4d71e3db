package search

import (
	"context"
	"sort"

	"github.com/portsolve/portsolve/solver/internal/cnf"
	"github.com/portsolve/portsolve/solver/internal/sat"
	"github.com/portsolve/portsolve/solver/universe"
)

// answer collects the result of a walk whose choices have a model.
func (s *Search) answer(w *walk, f *cnf.Formula, e *sat.Engine, round int) *Result {
	r := w.result()
	r.Formula, r.Engine, r.Rounds, r.Complete, r.Decisions = f, e, round, true, w.g.held
	r.Kept = s.keptList(func(c *universe.Candidate) bool { return w.g.isTrue(f.Exists(c)) && w.byCand[c] == nil })
	r.Removed = w.removed(f)
	w.noteHeld(r)
	return r
}

// fromModel walks once more with a model as the only guide: every dependency has an answer in it.
func (s *Search) fromModel(ctx context.Context, f *cnf.Formula, e *sat.Engine, round int) (*Result, error) {
	w := newWalk(ctx, s, newModelGuide(f, e))
	w.walkAll()
	w.missing = w.aliveMissing()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := s.u.Err(); err != nil {
		return nil, err
	}
	if w.dead || len(w.missing) > 0 {
		return nil, &LimitError{round}
	}
	return s.answer(w, f, e, round), nil
}

// maxRounds bounds the learn-and-walk-again loop. Each round learns a clause that excludes the choices
// made, so the bound only guards against time; 109 failing packages of a real tree need at most 20.
const maxRounds = 2000

// guided walks with the solver until its choices have a model.
func (s *Search) guided(ctx context.Context, first *walk) (*Result, error) {
	s.findKeep()
	goals := s.goals(first, true)
	f := s.encode(cnf.Input{U: s.u, Cands: s.closure(goals), NoDeps: s.o.NoDeps, Goals: goals,
		Kept: func(c *universe.Candidate) bool { return s.keep[c] }, Avoid: s.avoid,
		BuildDeps: s.holdsBuildDeps()})
	if err := s.u.Err(); err != nil {
		return nil, err
	}
	e := sat.New()
	f.Load(e)
	prop := sat.NewPropagator(f.Vars())
	f.Load(prop)
	fail := func() (*Result, error) {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		s.expose(ctx, first, f)
		r := first.result()
		r.Formula, r.Engine = f, e
		return r, s.u.Err()
	}
	keeps, st := s.softKeeps(ctx, f, e)
	if st != sat.Sat {
		return fail()
	}
	order := topological(first)
	for round := 1; round <= maxRounds; round++ {
		g := newGuide(f, prop)
		w := newWalk(ctx, s, g)
		w.lead(keeps, order, first)
		w.walkAll()
		if err := s.u.Err(); err != nil {
			return nil, err
		}
		w.missing = w.aliveMissing()
		ok := !w.dead && ctx.Err() == nil && e.Solve(ctx, g.held...) == sat.Sat && len(w.missing) == 0
		if ok && s.distrusts(w) {
			g.popTo(0)
			continue
		}
		if ok {
			if r := s.refuse(w); r != nil {
				return r, nil
			}
			return s.answer(w, f, e, round), nil
		}
		held := append([]sat.Lit(nil), g.held...)
		g.popTo(0)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		switch e.Solve(ctx, held...) {
		case sat.Sat:
			if s.o.Compat {
				return fail() // emerge would not look where the way is
			}
			return s.fromModel(ctx, f, e, round) // the walk lost its way although there is one
		case sat.Unknown:
			return fail()
		}
		core, _ := e.Shrink(ctx, e.Core())
		if len(core) == 0 {
			return fail()
		}
		cl := make([]sat.Lit, len(core))
		for i, l := range core {
			cl[i] = l.Not()
		}
		f.Learn(cl, e, prop)
	}
	return nil, &LimitError{maxRounds}
}

// walkAll walks from the arguments to the end. Their other slots, and what was broken before, come last, when everything else has
// what it needs.
func (w *walk) walkAll() {
	for _, part := range [...]func(){w.runArguments, w.runOtherSlots, w.mendAll} {
		part()
		if w.stopped() {
			return
		}
		w.finish()
	}
}

// aliveMissing leaves out what only packages missed that were replaced since.
func (w *walk) aliveMissing() []missing {
	var out []missing
	for _, m := range w.missing {
		if m.task.parent == nil || !w.gone[m.task.parent] {
			out = append(out, m)
		}
	}
	return out
}

// distrusts looks for packages that are merged only because of an installed package that could not stay in the
// end. The next walk relies on such a package last of all. false if there are none (or all are known).
func (s *Search) distrusts(w *walk) bool {
	reached := w.reached()
	found := false
	for _, n := range w.nodes {
		if !n.Merge || w.gone[n] || w.targets[n] || reached[n] {
			continue
		}
		for _, c := range n.Why {
			if c.Parent != nil && w.gone[c.Parent] && c.Parent.Cand.Installed() && !s.distrust[c.Parent.Cand] {
				s.distrust[c.Parent.Cand], found = true, true
			}
		}
	}
	return found
}

// reached marks the nodes that the request, or what had to be replaced for it, leads to.
func (w *walk) reached() map[*universe.Node]bool {
	seen := map[*universe.Node]bool{}
	var stack []*universe.Node
	for _, n := range w.nodes {
		if !w.gone[n] && (len(n.Args) > 0 || w.forced[n] || w.targets[n]) {
			seen[n] = true
			stack = append(stack, n)
		}
	}
	for len(stack) > 0 {
		n := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		for _, e := range n.Out {
			if !seen[e.Child] && !w.gone[e.Child] {
				seen[e.Child] = true
				stack = append(stack, e.Child)
			}
		}
	}
	return seen
}

// LimitError says that the search was given up; it is not an answer.
type LimitError struct{ Rounds int }

func (e *LimitError) Error() string {
	return "no answer after the search limit was reached; this is a limit of the program, not a proof that there is none"
}

// closure lists the candidates for the complete search.
func (s *Search) closure(goals []cnf.Goal) []*universe.Candidate {
	var seeds []*universe.Candidate
	for _, g := range goals {
		seeds = append(seeds, g.Cands...)
	}
	seeds = append(seeds, s.keptList(func(*universe.Candidate) bool { return true })...)
	return s.u.Closure(seeds, universe.ClosureOptions{Usable: s.usable, BuildDeps: s.bdeps && (s.o.Deep != 0)})
}

// softKeeps finds which slots can stay occupied, as many as possible in CPV
// order. The result is assumed by every walk.
func (s *Search) softKeeps(ctx context.Context, f *cnf.Formula, e *sat.Engine) ([]sat.Lit, sat.Status) {
	if st := e.Solve(ctx); st != sat.Sat {
		return nil, st
	}
	var want []sat.Lit
	for _, k := range f.Keeps() {
		if !s.outlived(k.Inst) {
			want = append(want, k.Lit)
		}
	}
	for len(want) > 0 {
		switch e.Solve(ctx, want...) {
		case sat.Sat:
			return want, sat.Sat
		case sat.Unknown:
			return nil, sat.Unknown
		}
		// Give up the last member of a contradiction.
		core, _ := e.Shrink(ctx, e.Core())
		if len(core) == 0 {
			return nil, sat.Unsat
		}
		bad := map[sat.Lit]bool{}
		for _, l := range core {
			bad[l] = true
		}
		for i := len(want) - 1; i >= 0; i-- {
			if bad[want[i]] {
				want = append(want[:i:i], want[i+1:]...)
				break
			}
		}
	}
	return want, sat.Sat
}

// outlived reports whether an update is wanted and an installed package has no future: it is masked now and
// nothing visible can take its slot, or a newer version in another slot blocks it. It stays
// if it can, but it keeps nothing back.
func (s *Search) outlived(c *universe.Candidate) bool {
	if s.o.Compat {
		return true // emerge removes what is blocked and not needed, rather than update it
	}
	if !s.o.Update {
		return false
	}
	successor, superseded := false, false
	for _, m := range s.u.Group(c.Root, c.CP()).All {
		switch {
		case m.Installed() || !s.usable(m):
		case m.Pkg.Slot == c.Pkg.Slot:
			successor = true
		case better(m, c) && s.blocks(m, c):
			superseded = true
		}
	}
	return superseded || !successor && !c.Visible()
}

// blocks reports whether a blocker of m matches c.
func (s *Search) blocks(m, c *universe.Candidate) bool {
	for _, b := range blockersOf(s.u, m) {
		if b.Atom.CP == c.CP() && b.Root == c.Root && c.Matches(b.Atom) {
			return true
		}
	}
	return false
}

// lead assumes the first choices of the first pass as far as they are possible together: a
// package before what it needs, so that the more wanted one wins.
func (w *walk) lead(keeps []sat.Lit, order []*universe.Node, first *walk) {
	for _, l := range keeps {
		if !w.commit(l) && w.dead {
			return
		}
	}
	if !w.leadArguments(first) {
		return
	}
	for _, d := range w.g.f.Downs() {
		if (d.Inst.Visible() || !w.o.Update) && !w.commit(d.Lit) && w.dead {
			return
		}
	}
	if !w.leadNodes(first, order, w.needed) {
		return
	}
	for _, k := range w.g.f.Keeps() {
		if !w.o.Compat && w.s.outlived(k.Inst) && !w.commit(k.Lit) && w.dead {
			return
		}
	}
}

// leadArguments commits to the first choices of the arguments, as they were given: the first of two that exclude each
// other wins, and wins again in the next run, when it is installed.
func (w *walk) leadArguments(first *walk) bool {
	downs := map[*universe.Candidate]sat.Lit{}
	for _, d := range w.g.f.Downs() {
		downs[d.Inst] = d.Lit
	}
	for _, n := range first.nodes {
		if len(n.Args) == 0 || first.targets[n] || first.greedy[n] {
			continue
		}
		l := downs[n.Cand]
		if !n.Cand.Installed() {
			l = w.g.f.Used(n.Cand)
		}
		if l != 0 && !w.commit(l) && w.dead {
			return false
		}
	}
	for i := range w.s.args {
		if !w.leadArgument(&w.s.args[i], downs) {
			return false
		}
	}
	return true
}

// leadArgument commits to the best choice of an argument that is possible still, before what other packages
// would like to have in its place.
func (w *walk) leadArgument(a *argument, downs map[*universe.Candidate]sat.Lit) bool {
	t := task{arg: a, root: a.root, atom: a.atom}
	if a.greedy || w.onlyDeps(t) || w.given(t) {
		return true
	}
	for _, c := range w.prefs(t) {
		l := w.g.f.Used(c)
		if c.Installed() {
			l = downs[c]
			if l == 0 || w.g.isFalse(w.g.f.Used(c)) {
				return true // nothing older, or to be replaced
			}
		} else if w.makesOlder(c) {
			break // not before everything else has been tried
		}
		if l != 0 && (w.g.isTrue(l) || w.commit(l)) || w.dead {
			break
		}
	}
	return !w.dead
}

// makesOlder reports whether a newer version is installed in the slot of c.
func (w *walk) makesOlder(c *universe.Candidate) bool {
	for _, i := range w.u.InstalledIn(c.SlotKey()) {
		if better(i, c) {
			return true
		}
	}
	return false
}

// leadNodes commits to what the first pass merged, as far as possible; false in a contradiction.
func (w *walk) leadNodes(first *walk, order []*universe.Node, want func(*universe.Node) bool) bool {
	for _, n := range order {
		if n.Cand.Installed() || first.targets[n] || first.greedy[n] && len(n.In) == 0 || !want(n) {
			continue
		}
		if l := w.g.f.Used(n.Cand); l != 0 && !w.commit(l) && w.dead {
			return false
		}
	}
	return true
}

// needed reports whether an argument or a parent wants the node: one that was committed to before, or an
// installed one that may stay.
func (w *walk) needed(n *universe.Node) bool {
	if len(n.In) == 0 {
		return true
	}
	for _, e := range n.In {
		l := w.g.f.Used(e.Parent.Cand)
		if l == 0 || w.g.isTrue(l) || e.Parent.Cand.Installed() && !w.g.isFalse(l) {
			return true
		}
	}
	return false
}

// topological orders the nodes of a walk parents first; cycles in discovery order.
func topological(w *walk) []*universe.Node {
	index := map[*universe.Node]int{}
	low := map[*universe.Node]int{}
	on := map[*universe.Node]bool{}
	var stack []*universe.Node
	var comps [][]*universe.Node
	type frame struct {
		n *universe.Node
		i int
	}
	for _, root := range w.nodes {
		if index[root] != 0 {
			continue
		}
		frames := []frame{{n: root}}
		for len(frames) > 0 {
			f := &frames[len(frames)-1]
			if f.i == 0 && index[f.n] == 0 {
				index[f.n] = len(index) + 1
				low[f.n] = index[f.n]
				stack = append(stack, f.n)
				on[f.n] = true
			}
			if f.i < len(f.n.Out) {
				ch := f.n.Out[f.i].Child
				f.i++
				if index[ch] == 0 {
					frames = append(frames, frame{n: ch})
				} else if on[ch] && index[ch] < low[f.n] {
					low[f.n] = index[ch]
				}
				continue
			}
			n := f.n
			frames = frames[:len(frames)-1]
			if len(frames) > 0 {
				if p := frames[len(frames)-1].n; low[n] < low[p] {
					low[p] = low[n]
				}
			}
			if low[n] == index[n] {
				var comp []*universe.Node
				for {
					m := stack[len(stack)-1]
					stack = stack[:len(stack)-1]
					on[m] = false
					comp = append(comp, m)
					if m == n {
						break
					}
				}
				sort.Slice(comp, func(i, j int) bool { return comp[i].Index < comp[j].Index })
				comps = append(comps, comp)
			}
		}
	}
	var out []*universe.Node
	for i := len(comps) - 1; i >= 0; i-- {
		out = append(out, comps[i]...)
	}
	return out
}

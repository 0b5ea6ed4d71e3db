package search

import (
	"context"
	"slices"
	"time"

	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/atom/metadata"
	"github.com/portsolve/portsolve/solver/internal/cnf"
	"github.com/portsolve/portsolve/solver/internal/sat"
	"github.com/portsolve/portsolve/solver/universe"
)

// Search is one request prepared for walking.
type Search struct {
	u    *universe.Universe
	o    *universe.Options
	args []argument

	byCP           map[atom.CP][]*argument
	selective      bool // what is installed and good enough is not merged again
	bdeps          bool // build dependencies of installed packages are looked at
	exclude        []*atom.Atom
	reinstallAtoms []*atom.Atom
	oldPkg         []*atom.Atom // --useoldpkg-atoms
	world          []argument
	skipped        []argument // members of sets that nothing answers
	keep           map[*universe.Candidate]bool
	argSeen        map[*universe.Candidate]int8
	usableSeen     []int8                          // by candidate ID: 0 not known yet, 1 usable, -1 not
	again          map[[2]*universe.Candidate]bool // installed, ebuild: to be merged again
	distrust       map[*universe.Candidate]bool    // installed packages that earlier walks relied on in vain
	loose          map[*atom.Atom]*atom.Atom       // atoms without their USE part
	unboundAtoms   map[*atom.Atom]*atom.Atom       // recorded bindings without their slot
	encoding       time.Duration
}

// Result is what Run found.
type Result struct {
	Nodes     []*universe.Node
	Blocks    []*universe.Block
	Removed   []*universe.Candidate
	Kept      []*universe.Candidate
	Complete  bool
	Missing   []Missing
	Conflicts []SlotConflict
	// Skipped lists members of sets that no package answers; they are left out of the request.
	Skipped []Missing
	// Final: no change of the configuration is to be tried (Options.Compat: the best candidate fails REQUIRED_USE).
	Final bool
	// VirtualCycle lists virtuals that need each other, where that ends the search (Options.Compat).
	VirtualCycle []string
	Rebuilds     map[string][]string
	HeldBack     []Held
	// Formula of the last stage; nil if even its goals could not be stated.
	Formula *cnf.Formula
	Rounds  int
	Engine  *sat.Engine
	// Decisions are the choices that led to a complete answer, in their order.
	Decisions []sat.Lit
}

// Missing is a dependency without a usable candidate.
type Missing struct {
	Arg    string
	Parent *universe.Node
	Root   universe.RootID
	Atom   *atom.Atom
	Kind   metadata.DepKind
}

// SlotConflict is several wanted packages for one slot.
type SlotConflict struct {
	Slot  universe.SlotKey
	Nodes []*universe.Node
}

// New prepares a search.
func New(u *universe.Universe) *Search {
	o := u.Req.Options
	o.Update = o.Update || o.UpdateIfInstalled
	s := &Search{u: u, o: &o, byCP: map[atom.CP][]*argument{}, argSeen: map[*universe.Candidate]int8{}, again: map[[2]*universe.Candidate]bool{}, distrust: map[*universe.Candidate]bool{},
		loose: map[*atom.Atom]*atom.Atom{}, unboundAtoms: map[*atom.Atom]*atom.Atom{}}
	// First of all, since what is usable is remembered.
	s.exclude = wildcards(o.Exclude)
	s.reinstallAtoms = wildcards(o.ReinstallAtoms)
	s.args = flatten(u.Req.Args)
	if o.UpdateIfInstalled {
		s.args = s.installedArgs()
	}
	s.args = append(s.args, s.greedy()...)
	s.world = flatten(u.Req.World)
	s.selective = o.Selective.Or(o.Update || o.NewUse || o.ChangedUse || o.NewRepo || o.ChangedDeps ||
		o.ChangedSlot) && !o.EmptyTree
	switch o.WithBdeps {
	case "y":
		s.bdeps = true
	case "", "auto":
		s.bdeps = o.WithBdepsAuto.Or(true) && !o.UsePkg && !o.UsePkgOnly
	}
	s.oldPkg = wildcards(o.UseOldPkgAtoms)
	s.skipMissing()
	for i := range s.args {
		a := &s.args[i]
		s.byCP[a.atom.CP] = append(s.byCP[a.atom.CP], a)
	}
	return s
}

// skipMissing drops members of sets that nothing answers: a package of @world that left the repositories is no
// reason to refuse the request. They are reported.
func (s *Search) skipMissing() {
	var kept []argument
	for _, a := range s.args {
		if a.standing() && !s.answerable(&a) {
			s.skipped = append(s.skipped, a)
			continue
		}
		kept = append(kept, a)
	}
	s.args = kept
}

func (s *Search) answerable(a *argument) bool {
	if s.u.Provided(a.root, a.atom) {
		return true
	}
	for _, c := range s.u.Match(a.root, a.atom) {
		if s.usable(c) && !c.Installed() || c.Installed() && (s.selective || a.standing()) && !s.avoid(c) {
			return true
		}
	}
	return false
}

// installedArgs drops the arguments that name nothing installed (--update-if-installed).
func (s *Search) installedArgs() []argument {
	var out []argument
	for _, a := range s.args {
		if len(s.u.InstalledGroup(a.root, a.atom.CP)) > 0 {
			out = append(out, a)
		}
	}
	return out
}

func flatten(in []universe.Arg) []argument {
	var out []argument
	for _, a := range in {
		for _, m := range a.Atoms {
			out = append(out, argument{text: a.Text, set: a.Set, root: a.Root, atom: m.Atom, exact: a.Exact})
		}
	}
	return out
}

// wildcards parses --exclude-like words; the command line has checked them.
func wildcards(words []string) []*atom.Atom {
	var out []*atom.Atom
	for _, w := range words {
		a, err := atom.ParseWildcard(w)
		if err != nil {
			if a, err = atom.ParseWildcard("*/" + w); err != nil {
				continue
			}
		}
		out = append(out, a)
	}
	return out
}

// greedy adds, with --update, one argument per installed slot of an argument
// that names no slot: updating a package means updating every slot of it.
func (s *Search) greedy() []argument {
	if !s.o.Update {
		return nil
	}
	var out []argument
	for _, a := range s.args {
		if a.set || a.atom.Slot != "" || a.exact != nil || a.atom.Op != atom.OpNone {
			continue
		}
		inst := s.u.InstalledGroup(a.root, a.atom.CP)
		if len(inst) == 0 || len(inst) == 1 && !s.higherSlot(inst[0], &a) {
			continue
		}
		for _, i := range inst {
			sl := *a.atom
			sl.Slot = i.Pkg.Slot
			out = append(out, argument{text: a.text, root: a.root, atom: &sl, greedy: true})
		}
	}
	return out
}

// usable tells whether a candidate may be merged at all.
func (s *Search) usable(c *universe.Candidate) bool {
	for c.ID >= len(s.usableSeen) {
		s.usableSeen = append(s.usableSeen, make([]int8, 1024)...)
	}
	seen := &s.usableSeen[c.ID]
	if *seen == 0 {
		*seen = -1
		if s.mergeable(c) {
			*seen = 1
		}
	}
	return *seen > 0
}

func (s *Search) mergeable(c *universe.Candidate) bool {
	if c.Pkg.Origin == metadata.Binary && !s.o.UsePkg && !s.o.UsePkgOnly {
		return false // known for buildpkg-proactive only
	}
	return c.Visible() && (s.o.Compat || !c.RequiredUseFails()) && !s.excluded(c)
}

// avoid tells which installed packages must not answer a dependency of what is merged: with
// --emptytree all, but for those that --exclude keeps.
func (s *Search) avoid(c *universe.Candidate) bool {
	return s.o.EmptyTree && c.Installed() && !s.excluded(c)
}

// excluded: --exclude keeps a package from being merged, installed or not (emerge(1)).
func (s *Search) excluded(c *universe.Candidate) bool {
	for _, a := range s.exclude {
		if c.Matches(a) {
			return true
		}
	}
	return false
}

// noUse is an atom without its USE part; the same atom each time, so that matches are found once.
func (s *Search) noUse(a *atom.Atom) *atom.Atom {
	l := s.loose[a]
	if l == nil {
		l = a.WithoutUse()
		s.loose[a] = l
	}
	return l
}

// unbound is a recorded binding without its slot; the same atom each time.
func (s *Search) unbound(a *atom.Atom) *atom.Atom {
	l := s.unboundAtoms[a]
	if l == nil {
		l = a.WithSlot("", "", a.SlotOp)
		s.unboundAtoms[a] = l
	}
	return l
}

// isArg reports whether a package answers an argument. An argument without a slot speaks of the
// highest slot that is visible.
func (s *Search) isArg(c *universe.Candidate) bool {
	if v := s.argSeen[c]; v != 0 {
		return v > 0
	}
	s.argSeen[c] = -1
	for _, a := range s.byCP[c.CP()] {
		if a.root == c.Root && c.Matches(a.atom) && !s.higherSlot(c, a) {
			s.argSeen[c] = 1
			return true
		}
	}
	return false
}

func (s *Search) higherSlot(c *universe.Candidate, a *argument) bool {
	if a.atom.Slot != "" {
		return false
	}
	for _, m := range s.u.Match(a.root, a.atom) {
		if m.Pkg.CPV.Version.Compare(c.Pkg.CPV.Version) <= 0 {
			return false
		}
		if m.Pkg.Slot != c.Pkg.Slot && !m.Installed() && s.usable(m) {
			return true
		}
	}
	return false
}

// targetKind tells which variables of an --onlydeps argument count.
func (s *Search) targetKind(k metadata.DepKind) bool {
	switch k {
	case metadata.RDEPEND, metadata.PDEPEND:
		return s.o.OnlyDepsWithRdeps.Or(true)
	case metadata.IDEPEND:
		return s.o.OnlyDepsWithIdeps.Or(s.o.OnlyDepsWithRdeps.Or(true))
	}
	return true
}

// Run finds the best selection. The error is ctx's or a source's.
func (s *Search) Run(ctx context.Context) (*Result, error) {
	first := newWalk(ctx, s, nil)
	first.run()
	if again := s.forcedRebuilds(first); len(again) > 0 {
		s.args = append(s.args, again...)
		first = newWalk(ctx, s, nil)
		first.run()
	}
	if err := s.u.Err(); err != nil {
		return nil, err
	}
	if r := s.refuse(first); r != nil {
		return r, nil
	}
	if len(first.missing) == 0 && !first.conflict {
		if r, err := s.accept(ctx, first); r != nil || err != nil {
			return r, err
		}
	}
	return s.guided(ctx, first)
}

// accept checks the first choices with the solver: the packages of the walk,
// what is installed and must keep working, and nothing else. nil if they contradict each other.
func (s *Search) accept(ctx context.Context, w *walk) (*Result, error) {
	cands := make([]*universe.Candidate, 0, len(w.nodes))
	in := map[*universe.Candidate]bool{}
	slot := map[universe.SlotKey]bool{}
	for _, n := range w.nodes {
		if w.gone[n] || w.targets[n] {
			continue
		}
		cands = append(cands, n.Cand)
		in[n.Cand] = true
		slot[n.Cand.SlotKey()] = true
	}
	var kept []*universe.Candidate
	if s.touchesInstalled(w) {
		s.findKeep()
		kept = s.keptList(func(c *universe.Candidate) bool { return !in[c] && !slot[c.SlotKey()] })
		cands = append(cands, kept...)
	}
	f := s.encode(cnf.Input{U: s.u, Cands: cands, NoDeps: s.o.NoDeps, Goals: s.goals(w, len(kept) > 0),
		Kept: func(c *universe.Candidate) bool { return true }, Whole: true, Avoid: s.avoid,
		BuildDeps: s.holdsBuildDeps()})
	e := sat.New()
	f.Load(e)
	assume := make([]sat.Lit, 0, len(cands))
	for _, c := range cands {
		assume = append(assume, f.Exists(c))
	}
	switch e.Solve(ctx, assume...) {
	case sat.Sat:
		r := w.result()
		r.Formula, r.Engine, r.Rounds, r.Complete, r.Decisions = f, e, 1, true, assume
		r.Kept = kept
		w.noteHeld(r)
		return r, s.u.Err()
	case sat.Unknown:
		return nil, ctx.Err()
	}
	return nil, nil
}

// result collects the nodes of a walk.
func (w *walk) result() *Result {
	r := &Result{Blocks: w.blocks, Rebuilds: map[string][]string{}}
	for _, n := range w.nodes {
		if w.gone[n] || w.targets[n] {
			continue // an --onlydeps argument is not part of the answer
		}
		n.Index = len(r.Nodes)
		n.Cand.Flags()
		r.Nodes = append(r.Nodes, n)
	}
	live := r.Nodes
	for _, n := range live {
		n.Out = w.alive(n.Out)
		n.In = w.alive(n.In)
		n.Why = slices.DeleteFunc(n.Why, func(c universe.Cause) bool { return c.Parent != nil && w.gone[c.Parent] })
	}
	for _, m := range w.missing {
		x := Missing{Parent: m.task.parent, Root: m.task.root, Atom: m.task.atom, Kind: m.task.kind}
		if m.task.arg != nil {
			x.Arg = m.task.arg.text
		}
		r.Missing = append(r.Missing, x)
	}
	for _, n := range live {
		k := n.Cand.SlotKey()
		var same []*universe.Node
		for _, m := range w.slots[k] {
			if !w.gone[m] {
				same = append(same, m)
			}
		}
		if len(same) > 1 && same[0] == n {
			r.Conflicts = append(r.Conflicts, SlotConflict{k, same})
		}
	}
	for _, a := range w.s.skipped {
		r.Skipped = append(r.Skipped, Missing{Arg: a.text, Root: a.root, Atom: a.atom})
	}
	r.noteRebuilds(w.u)
	return r
}

func (w *walk) alive(es []*universe.Edge) []*universe.Edge {
	out := es[:0]
	for _, e := range es {
		if !w.gone[e.Parent] && !w.gone[e.Child] && !w.targets[e.Parent] {
			out = append(out, e)
		}
	}
	return out
}

package portsolve

import (
	"context"
	"errors"
	"slices"
	"sort"

	"github.com/portsolve/portsolve/atom/metadata"
	"github.com/portsolve/portsolve/solver"
	"github.com/portsolve/portsolve/solver/answer"
	"github.com/portsolve/portsolve/solver/check"
	"github.com/portsolve/portsolve/solver/cycles"
	"github.com/portsolve/portsolve/solver/plan"
	"github.com/portsolve/portsolve/solver/universe"
)

// composer turns the outcome of the search and its order into a Result.
type composer struct {
	sys     *System
	options *universe.Options
	outcome *solver.Outcome
	plan    *plan.Plan
	cycle   *plan.CycleError
	cycles  *cycles.Report                                           // about cycle
	judge   func(*answer.Result, []*universe.Node) []check.Violation // what there is before, besides what is installed
	stats   answer.Stats
	index   map[*universe.Node]int // entry that merges a node
	slots   []map[string][]*metadata.Package
}

// order computes the merge order. An unbreakable cycle is part of the answer.
func (c *composer) order(ctx context.Context) error {
	if c.outcome.Selection == nil {
		c.plan = &plan.Plan{}
		return nil
	}
	p, err := plan.Order(ctx, c.outcome.Selection, c.planOptions())
	if err != nil && !errors.As(err, &c.cycle) {
		return err
	}
	if c.plan = p; p == nil {
		c.plan = &plan.Plan{}
	}
	if c.cycle != nil {
		c.appendUnordered()
	}
	return nil
}

func (c *composer) planOptions() plan.Options {
	return plan.Options{
		Compat: c.options.Compat, Tree: c.options.Tree, UnorderedDisplay: c.options.UnorderedDisplay,
		ImplicitSystemDeps: c.options.ImplicitSystemDeps.Or(true), BuildPkgOnly: c.options.BuildPkgOnly,
		System: c.outcome.Selection.Roots[universe.Host].System,
	}
}

// appendUnordered completes a plan that ended at a cycle: what was selected is
// part of the answer even where nothing says when to merge it.
func (c *composer) appendUnordered() {
	ordered := map[*universe.Node]bool{}
	for _, s := range c.plan.Steps {
		if s.Kind == plan.Merge {
			ordered[s.Node] = true
		}
	}
	for _, n := range c.outcome.Selection.Nodes {
		if n.Merge && !ordered[n] {
			c.plan.Steps = append(c.plan.Steps, plan.Step{Kind: plan.Merge, Node: n})
		}
	}
}

func (c *composer) result() *Result {
	o := c.outcome
	r := &Result{
		Schema: answer.Schema, Complete: o.Complete && c.cycle == nil && !c.plan.Unsolved,
		Changes: o.Changes, Conflict: o.Conflict, Conflicts: o.Conflicts, MoreConflicts: o.MoreConflicts, LeaveOut: o.LeaveOut, Unsatisfied: o.Unsatisfied, RequiredUse: o.RequiredUse,
		SlotConflicts: o.SlotConflicts, VirtualCycle: o.VirtualCycle, Rebuilds: o.Rebuilds, HeldBack: o.HeldBack,
		Plan: []answer.Entry{}, Warnings: c.warnings(), UseExpand: c.sys.useExpand(), Stats: c.stats,
	}
	c.entries(r)
	r.Changes.Entries = c.configEntries(r)
	c.downloads(r)
	r.Binaries = o.RejectedBinaries()
	c.needsInstalled(r)
	c.addRemovals(r)
	if c.cycles != nil {
		c.cycleAnswer(r)
	}
	r.Ordered = c.cycle == nil && len(o.VirtualCycle) == 0 &&
		(o.Complete || len(o.Unsatisfied)+len(o.RequiredUse) == 0 && len(o.SlotConflicts) > 0)
	r.Status = c.status(r)
	c.sys.addSuggestions(r.Unsatisfied)
	return r
}

// warnings adds what reading the installed packages has found.
func (c *composer) warnings() []string {
	list := c.sys.Warnings()
	for _, r := range c.sys.roots {
		for _, p := range c.sys.installedFor(r, c.options).Problems() {
			list = append(list, p.String())
		}
	}
	list = append(list, c.sys.binaryWarnings(c.options)...)
	if c.outcome != nil { // nil for removals
		for i := range c.outcome.Skipped {
			list = append(list, leftOut(&c.outcome.Skipped[i]))
		}
	}
	return list
}

func (c *composer) status(r *Result) answer.Status {
	switch {
	case !r.Complete || len(r.SlotConflicts) > 0:
		return answer.Unsolvable
	case c.options.Compat && c.builtSo(&r.Changes):
		return answer.Solved
	case !r.Changes.Empty():
		return answer.ChangesNeeded
	case len(r.Plan) == 0:
		return answer.NothingToDo
	}
	return answer.Solved
}

// builtSo: nothing is asked for but USE flags that binary packages of the plan were built with. emerge names them and
// goes on.
func (c *composer) builtSo(changes *answer.Changes) bool {
	only := *changes
	only.Use = nil
	if !only.Empty() || len(changes.Use) == 0 {
		return false
	}
	binary := map[string]bool{}
	for _, s := range c.plan.Steps {
		if s.Kind == plan.Merge && s.Node.Cand.Pkg.Origin == metadata.Binary {
			binary[s.Node.Cand.Pkg.CPV.String()] = true
		}
	}
	for cpv := range changes.Use {
		if !binary[cpv] {
			return false
		}
	}
	return true
}

// entries fills the plan, step by step.
func (c *composer) entries(r *Result) {
	c.index = map[*universe.Node]int{}
	removed := map[*universe.Candidate]int{}
	for i, s := range c.plan.Steps {
		switch s.Kind {
		case plan.Merge:
			c.index[s.Node] = i
		case plan.Uninstall:
			removed[s.Removed] = i
		}
	}
	for i := range c.plan.Steps {
		s := &c.plan.Steps[i]
		var e answer.Entry
		switch s.Kind {
		case plan.Merge:
			e = c.merge(i, s.Node)
		case plan.Uninstall:
			e = c.uninstall(s.Removed)
		case plan.Blocker:
			e = c.blocker(s)
		}
		r.Plan = append(r.Plan, e)
	}
	if c.outcome.Selection != nil {
		c.blockEdges(r.Plan, removed)
	}
}

func (c *composer) rootOf(id universe.RootID) *root { return c.sys.roots[id] }

func (c *composer) merge(i int, n *universe.Node) answer.Entry {
	p := n.Cand.Pkg
	e := answer.Entry{
		Action: answer.Merge, Type: "ebuild", CPV: p.CPV.String(), Slot: p.Slot, SubSlot: p.SubSlot, Repo: p.Repo,
		Root: c.rootOf(n.Cand.Root).path, Use: useMap(p, n.Cand.Use), Replaces: []string{}, Why: whyNode(n), Package: p,
	}
	if p.Origin == metadata.Binary {
		e.Type, e.BuildID, e.Remote, e.File = "binary", p.BuildID, p.Remote, p.File
	}
	for _, old := range c.plan.Replaces(n) {
		e.Replaces = append(e.Replaces, old.Pkg.CPV.String())
		e.Old = append(e.Old, old.Pkg)
	}
	for _, installed := range c.installed(n.Cand.Root, p.CPV.CP.String()) {
		if installed.Slot != p.Slot {
			e.InstalledSlots = append(e.InstalledSlots, installed)
		}
	}
	c.mark(&e, n.Cand)
	e.After = c.after(i, n)
	return e
}

// useMap gives the state of every flag of IUSE.
func useMap(p *metadata.Package, use metadata.UseSet) map[string]bool {
	m := make(map[string]bool, len(p.IUSE))
	for _, f := range p.IUSE {
		m[f.Name] = use.Has(f.Name)
	}
	return m
}

// installed lists the installed packages of a name in a root.
func (c *composer) installed(id universe.RootID, cp string) []*metadata.Package {
	if c.slots == nil {
		for _, r := range c.outcome.Selection.Roots {
			byName := map[string][]*metadata.Package{}
			for _, p := range r.Installed {
				name := p.CPV.CP.String()
				byName[name] = append(byName[name], p)
			}
			c.slots = append(c.slots, byName)
		}
	}
	return c.slots[id][cp]
}

func whyNode(n *universe.Node) []answer.Why {
	why := make([]answer.Why, 0, len(n.Args)+len(n.Why))
	seen := make(map[answer.Why]bool, cap(why))
	add := func(w answer.Why) {
		if !seen[w] {
			seen[w] = true
			why = append(why, w)
		}
	}
	for _, arg := range n.Args {
		add(answer.Why{Arg: arg})
	}
	for _, cause := range n.Why {
		w := answer.Why{Arg: cause.Arg, Rebuild: cause.Rebuild}
		if cause.Atom != nil {
			w.Atom = cause.Atom.String()
		}
		if cause.Parent != nil {
			w.Parent, w.Kind = cause.Parent.Cand.Pkg.CPV.String(), cause.Kind.String()
		} else if w.Arg != "" && w.Rebuild == "" {
			w.Atom = ""
		}
		add(w)
	}
	return why
}

// after lists the entries whose merge a node has to wait for.
func (c *composer) after(i int, n *universe.Node) []answer.After {
	var list []answer.After
	for _, edge := range n.Out {
		j, ok := c.index[edge.Child]
		if ok && j < i {
			kind := edgeKind(edge.Kind)
			if edge.Child.Cand.SlotKey() == n.Cand.SlotKey() {
				kind = "slot" // the first of two builds
			}
			list = append(list, answer.After{Entry: j, Kind: kind})
		}
	}
	return sortedAfter(list)
}

func sortedAfter(list []answer.After) []answer.After {
	sort.Slice(list, func(a, b int) bool {
		if list[a].Entry != list[b].Entry {
			return list[a].Entry < list[b].Entry
		}
		return list[a].Kind < list[b].Kind
	})
	return slices.Compact(list)
}

func edgeKind(k metadata.DepKind) string {
	switch k {
	case metadata.DEPEND, metadata.BDEPEND:
		return "build"
	case metadata.IDEPEND:
		return "install"
	case metadata.PDEPEND:
		return "post"
	}
	return "run"
}

func (c *composer) uninstall(cand *universe.Candidate) answer.Entry {
	p := cand.Pkg
	e := answer.Entry{
		Action: answer.Uninstall, Type: "installed", CPV: p.CPV.String(), Slot: p.Slot, SubSlot: p.SubSlot, Repo: p.Repo,
		Root: c.rootOf(cand.Root).path, Use: useMap(p, p.Use), Replaces: []string{}, Why: []answer.Why{}, Package: p,
	}
	for _, b := range c.outcome.Selection.Blocks {
		if b.Blocked == cand {
			e.Why = append(e.Why, answer.Why{Parent: b.Parent.Cand.Pkg.CPV.String(), Atom: b.Atom.String(), Kind: b.Kind.String()})
		}
	}
	e.Why = slices.Compact(e.Why)
	return e
}

func (c *composer) blocker(s *plan.Step) answer.Entry {
	e := answer.Entry{
		Action: answer.BlockerEntry, Atom: s.Atom.String(), Strong: isStrong(s), SolvedBlocker: s.Solved,
		Root: c.rootOf(universe.Host).path, Use: map[string]bool{}, Replaces: []string{}, Why: []answer.Why{},
	}
	blocks := s.Blocks
	if len(blocks) == 0 && s.Block != nil {
		blocks = []*universe.Block{s.Block}
	}
	for _, b := range blocks {
		if b.Blocked != nil {
			e.CPV, e.Slot, e.SubSlot, e.Repo = b.Blocked.Pkg.CPV.String(), b.Blocked.Pkg.Slot, b.Blocked.Pkg.SubSlot, b.Blocked.Pkg.Repo
			e.Root = c.rootOf(b.Blocked.Root).path
			e.Package = b.Blocked.Pkg
		}
		e.Parents = append(e.Parents, b.Parent.Cand.Pkg.CPV.String())
	}
	e.Parents = slices.Compact(e.Parents)
	return e
}

// blockEdges adds what blockers say about order: whichever of the blocking
// package and the removal the plan has first comes first for everyone.
func (c *composer) blockEdges(entries []answer.Entry, removed map[*universe.Candidate]int) {
	for _, b := range c.outcome.Selection.Blocks {
		i, ok := c.index[b.Parent]
		if !ok {
			continue
		}
		j, ok := removed[b.Blocked]
		if b.Planned != nil {
			j, ok = c.index[b.Planned]
		}
		if !ok || i == j {
			continue
		}
		later, earlier := max(i, j), min(i, j)
		entries[later].After = sortedAfter(append(entries[later].After, answer.After{Entry: earlier, Kind: "blocker"}))
	}
}

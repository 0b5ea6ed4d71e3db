package check

import (
	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/atom/depend"
	"github.com/portsolve/portsolve/atom/metadata"
	"github.com/portsolve/portsolve/solver/answer"
	"github.com/portsolve/portsolve/solver/universe"
)

// Times are positions in the plan. Time t is the moment at which step t starts;
// the number of entries is the time after the plan.
const (
	atStart = 0  // before the first step
	anytime = -1 // before or after: used where order is not judged
	working = -2 // after the plan, and without the installed packages that it breaks
	preset  = -1 // item.from of what is installed from the beginning
)

// item is one package that is installed in one root for some of the time.
type item struct {
	pkg    *metadata.Package
	root   universe.RootID
	use    metadata.UseSet
	from   int // the step that installs it, preset if it was there
	to     int // the step that removes or replaces it, the number of steps if it stays
	stays  bool
	entry  *answer.Entry // the entry that merges it, nil if preset
	parsed [metadata.NumDepKinds]*depend.Node
	broken [metadata.NumDepKinds]bool // the dependency does not parse
	fails  *failure                   // why an installed package stops working, nil if it does not
	blamed bool                       // that is reported
}

func (it *item) merged() bool { return it.entry != nil }

// there reports whether the item is installed at time t. What is replaced at
// step p is still there while p is being built.
func (it *item) there(t int) bool {
	if t == working {
		return it.stays && it.fails == nil
	}
	return t == anytime || it.from < t && t <= it.to
}

// state is the timeline of one root.
type state struct {
	id       universe.RootID
	root     *universe.Root
	items    []*item // preset ones in the order given, then merged ones in plan order
	byCP     map[atom.CP][]*item
	provided map[atom.CP][]atom.CPV
}

func newState(id universe.RootID, r *universe.Root, n int) *state {
	st := &state{id: id, root: r, byCP: make(map[atom.CP][]*item, len(r.Installed)), provided: map[atom.CP][]atom.CPV{}}
	for _, p := range r.Installed {
		st.put(&item{pkg: p, root: id, use: p.Use, from: preset, to: n, stays: true})
	}
	for _, cpv := range r.Provided {
		st.provided[cpv.CP] = append(st.provided[cpv.CP], cpv)
	}
	return st
}

func (st *state) put(it *item) {
	st.items = append(st.items, it)
	st.byCP[it.pkg.CPV.CP] = append(st.byCP[it.pkg.CPV.CP], it)
}

// replay runs the plan over the timelines and reports entries that make no sense.
func (c *checker) replay() {
	c.steps = make([]step, len(c.res.Plan))
	for i := range c.res.Plan {
		e := &c.res.Plan[i]
		c.steps[i].entry = e
		switch e.Action {
		case answer.Merge:
			c.replayMerge(i, e)
		case answer.Uninstall:
			c.replayUninstall(i, e)
		case answer.BlockerEntry:
		default:
			c.add(RulePlan, e.CPV, "entry %d (%s): unknown action %q", i+1, e.CPV, e.Action)
		}
	}
}

func (c *checker) replayMerge(i int, e *answer.Entry) {
	st := c.entryRoot(i, e)
	if st == nil || !c.describes(i, e) {
		return
	}
	c.inRepository(i, e, st)
	it := &item{pkg: e.Package, root: st.id, use: c.expectedUse(st, e.Package, e.Temporary), from: i, to: c.n, stays: true, entry: e}
	s := &c.steps[i]
	s.item = it
	for _, old := range st.byCP[it.pkg.CPV.CP] {
		if old.stays && occupiesSame(old.pkg, it.pkg) {
			old.to, old.stays = i, false
			s.ousted = append(s.ousted, old)
		}
	}
	st.put(it)
	c.replaces(i, s)
}

func (c *checker) replayUninstall(i int, e *answer.Entry) {
	st := c.entryRoot(i, e)
	if st == nil || !c.describes(i, e) {
		return
	}
	for _, old := range st.byCP[e.Package.CPV.CP] {
		if old.stays && !old.merged() && sameCPV(old.pkg, e.Package) && old.pkg.Slot == e.Package.Slot {
			old.to, old.stays = i, false
			c.steps[i].item, c.steps[i].removal = old, true
			return
		}
	}
	c.add(RulePlan, e.CPV, "entry %d removes %s, which is not installed at that point", i+1, e.CPV)
}

// occupiesSame: merging b makes a go. PMS 7.2 allows one package per slot;
// the database of installed packages has one place per name and version.
func occupiesSame(a, b *metadata.Package) bool {
	return a.Slot == b.Slot || sameCPV(a, b)
}

// sameCPV compares versions as PMS 3.3 does.
func sameCPV(a, b *metadata.Package) bool { return a.CPV.Compare(b.CPV) == 0 }

// label names a package in messages.
func label(p *metadata.Package) string {
	if p.Repo == "" {
		return p.CPV.String()
	}
	return p.CPV.String() + "::" + p.Repo
}

// name is label with the root, where that is not the only one.
func (c *checker) name(it *item) string {
	if len(c.roots) > 1 {
		return it.pkg.CPV.String() + " (in " + c.roots[it.root].root.Path + ")"
	}
	return it.pkg.CPV.String()
}

package search

import (
	"slices"
	"sort"

	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/atom/metadata"
	"github.com/portsolve/portsolve/solver/universe"
)

// prefs lists the candidates for a task, the preferred one first
// (docs/objective.md, "Which candidate").
func (w *walk) prefs(t task) []*universe.Candidate {
	var ebuilds, installed, stray []*universe.Candidate
	for _, c := range w.u.Match(t.root, t.atom) {
		switch {
		case c.Installed():
			installed = append(installed, c)
		case t.arg != nil && t.arg.exact != nil && c.Pkg != t.arg.exact:
		case w.s.usable(c) && w.u.Stray(c):
			stray = append(stray, c)
		case w.s.usable(c):
			ebuilds = append(ebuilds, c)
		}
	}
	if len(ebuilds)+len(installed) == 0 {
		ebuilds, stray = stray, nil
	}
	w.preferFitting(ebuilds)
	w.preferOld(ebuilds)
	if len(installed) == 0 {
		installed = w.reslotted(t, ebuilds)
	}
	if w.o.Compat && w.needsUseOnly(t) {
		ebuilds = nil // emerge does not look behind a version that only its USE flags exclude
	}
	if len(ebuilds)+len(installed) == 0 {
		return nil
	}
	want := w.wantsUpdate(t, ebuilds, installed)
	again := func(i *universe.Candidate) bool {
		if t.arg != nil && t.arg.rebuild != "" {
			return true
		}
		return !w.s.selective && !w.onlyDeps(t) && (t.requested() || len(ebuilds) > 0 && w.s.isArg(i))
	}
	var stay, last []*universe.Candidate
	for _, i := range installed {
		if w.slotMoved(t, i, ebuilds) {
			buildFirst(ebuilds)
		}
		switch {
		case w.onlyDeps(t) && len(ebuilds) > 0:
			// the dependencies of what would be merged are wanted
		case again(i) && !w.s.avoid(i) && (t.arg == nil || t.arg.standing()):
			// A dependency, or a member of @world, need not fail because its package can't be merged again.
			last = append(last, i)
		case again(i) || w.s.avoid(i):
			// never good enough
		case w.slotMoved(t, i, ebuilds) || w.s.distrust[i] || w.reinstalls(i, ebuilds) || want && !i.Visible() && len(ebuilds) > 0 && !(onlyKeywords(i) && sameVersion(i, ebuilds)):
			last = append(last, i)
		default:
			stay = append(stay, i)
		}
	}
	var out []*universe.Candidate
	if want {
		out = mergeByVersion(stay, ebuilds)
	} else {
		out = append(out, stay...)
		if !w.o.Compat && !w.o.EmptyTree {
			out = append(out, sameAgain(installed, ebuilds)...)
		}
		out = append(out, ebuilds...)
	}
	out = append(append(out, last...), stray...)
	if t.parent != nil {
		out = circularLast(out, w.u.Req.Circular[t.parent.Cand.Pkg])
	}
	return w.preferChosen(t, out)
}

// reslotted: the version that an argument asks for is installed, but was built when its ebuild had another slot. With a selective
// request emerge leaves that alone unless --changed-slot says otherwise; by default we merge what was asked for.
func (w *walk) reslotted(t task, ebuilds []*universe.Candidate) []*universe.Candidate {
	if !w.o.Compat || !t.requested() || !w.s.selective || t.atom.Slot == "" || w.o.ChangedSlot || len(ebuilds) == 0 {
		return nil
	}
	elsewhere := t.atom.WithSlot("", "", t.atom.SlotOp)
	for _, i := range w.u.InstalledGroup(t.root, t.atom.CP) {
		if i.Pkg.CPV.Version.Compare(ebuilds[0].Pkg.CPV.Version) == 0 && i.Matches(elsewhere) && !i.Matches(t.atom) {
			return []*universe.Candidate{i}
		}
	}
	return nil
}

// circularLast moves candidates that an earlier attempt found in a build cycle with the parent to the end.
func circularLast(list []*universe.Candidate, circular map[*metadata.Package]bool) []*universe.Candidate {
	if len(circular) == 0 {
		return list
	}
	var out, last []*universe.Candidate
	for _, c := range list {
		if circular[c.Pkg] {
			last = append(last, c)
		} else {
			out = append(out, c)
		}
	}
	return append(out, last...)
}

// slotMoved reports whether an installed package is in another slot or sub-slot than its own version's ebuild: what
// is built against it through := would be bound to a slot that is no more, so it is merged again first.
func (w *walk) slotMoved(t task, i *universe.Candidate, ebuilds []*universe.Candidate) bool {
	if t.parent == nil || t.atom.SlotOp != atom.SlotOpEqual || !w.builds(t.parent) {
		return false
	}
	for _, e := range ebuilds {
		if e.Pkg.Origin == metadata.Ebuild && e.Pkg.CPV.Version.Compare(i.Pkg.CPV.Version) == 0 &&
			(e.Pkg.Slot != i.Pkg.Slot || e.Pkg.SubSlot != i.Pkg.SubSlot) {
			return true
		}
	}
	return false
}

// buildFirst moves binary packages behind the ebuilds of their version.
func buildFirst(list []*universe.Candidate) {
	sort.SliceStable(list, func(i, j int) bool {
		a, b := list[i], list[j]
		if a.Pkg.CPV.Version.Compare(b.Pkg.CPV.Version) != 0 {
			return better(a, b)
		}
		return a.Pkg.Origin == metadata.Ebuild && b.Pkg.Origin != metadata.Ebuild
	})
}

// preferFitting moves binary packages behind the ebuilds of their version if they were built against a slot or sub-slot that
// the best version of its name is not in.
func (w *walk) preferFitting(list []*universe.Candidate) {
	if !slices.ContainsFunc(list, func(c *universe.Candidate) bool { return c.Pkg.Origin == metadata.Binary }) {
		return
	}
	sort.SliceStable(list, func(i, j int) bool {
		a, b := list[i], list[j]
		if a.Pkg.CPV.Version.Compare(b.Pkg.CPV.Version) != 0 {
			return better(a, b)
		}
		return w.fitting(a) && !w.fitting(b)
	})
}

func (w *walk) fitting(c *universe.Candidate) bool {
	if c.Pkg.Origin != metadata.Binary {
		return true
	}
	ok := true
	for _, d := range w.u.Deps(c) {
		if universe.BuildTime(d.Kind) {
			continue
		}
		d.Expr.Atoms(func(a *atom.Atom) {
			if !isBuilt(a) || a.Blocker != atom.NotBlocker {
				return
			}
			for _, m := range w.u.Match(d.Root, w.s.unbound(a)) {
				if m.Installed() || w.s.usable(m) {
					ok = ok && m.Matches(a)
					return
				}
			}
		})
	}
	return ok
}

// onlyKeywords reports whether a masked package is masked by nothing but its keywords.
func onlyKeywords(c *universe.Candidate) bool {
	for _, x := range c.Excluded {
		if x.Kind != metadata.ExclKeyword {
			return false
		}
	}
	return true
}

// sameVersion: a package is not merged again only because its keywords are not accepted any more.
func sameVersion(i *universe.Candidate, list []*universe.Candidate) bool {
	for _, c := range list {
		if c.Pkg.CPV.Version.Compare(i.Pkg.CPV.Version) == 0 && c.Pkg.Slot == i.Pkg.Slot {
			return true
		}
	}
	return false
}

// sameAgain lists the ebuilds of installed versions: where no update is wanted, what cannot stay is
// rather built again than updated. They are listed a second time further down, which does no harm.
func sameAgain(installed, ebuilds []*universe.Candidate) []*universe.Candidate {
	var out []*universe.Candidate
	for _, i := range installed {
		for _, e := range ebuilds {
			if e.Pkg.Slot == i.Pkg.Slot && e.Pkg.CPV.Version.Compare(i.Pkg.CPV.Version) == 0 {
				out = append(out, e)
			}
		}
	}
	return out
}

// mergeByVersion merges two descending lists; at equal versions the installed package comes first.
func mergeByVersion(inst, ebuilds []*universe.Candidate) []*universe.Candidate {
	out := make([]*universe.Candidate, 0, len(inst)+len(ebuilds))
	for len(inst) > 0 && len(ebuilds) > 0 {
		if inst[0].Pkg.CPV.Version.Compare(ebuilds[0].Pkg.CPV.Version) >= 0 {
			out = append(out, inst[0])
			inst = inst[1:]
			continue
		}
		out = append(out, ebuilds[0])
		ebuilds = ebuilds[1:]
	}
	return append(append(out, inst...), ebuilds...)
}

// preferChosen moves a candidate that is in the graph already to the front, if it occupies the slot of
// the first preference: one slot holds one package.
func (w *walk) preferChosen(t task, out []*universe.Candidate) []*universe.Candidate {
	if len(out) == 0 {
		return out
	}
	front, wish := -1, w.possible(out).SlotKey()
	for i, c := range out {
		if w.g != nil && w.g.isTrue(w.g.f.Exists(c)) && c.SlotKey() == wish && !c.Installed() {
			front = i
			break
		}
		if n := w.byCand[c]; n != nil && !w.gone[n] && !w.targets[n] && c.SlotKey() == wish && (n.Merge || w.g == nil) {
			front = i
			break
		}
	}
	if front <= 0 {
		return out
	}
	moved := make([]*universe.Candidate, 0, len(out))
	moved = append(moved, out[front])
	moved = append(moved, out[:front]...)
	return append(moved, out[front+1:]...)
}

// possible is the first candidate that is not known to be impossible, else the first.
func (w *walk) possible(list []*universe.Candidate) *universe.Candidate {
	if w.g != nil {
		for _, c := range list {
			if !w.g.isFalse(w.g.f.Used(c)) {
				return c
			}
		}
	}
	return list[0]
}

// wantsUpdate tells whether the newest version is wanted rather than the installed one: for arguments,
// and with --update for what is not deeper than --deep says.
func (w *walk) wantsUpdate(t task, ebuilds, installed []*universe.Candidate) bool {
	if t.arg != nil && !t.arg.keep {
		return w.o.Update || !w.s.selective || t.arg.rebuild != ""
	}
	top := ebuilds
	if len(top) == 0 {
		return false
	}
	c := top[0]
	depth := t.depth
	arg := w.s.isArg(c)
	if arg {
		depth = 0
	}
	if !arg && !w.o.Update {
		return false
	}
	return w.o.Deep == universe.Unlimited || depth <= w.o.Deep
}

// reinstalls tells whether an installed package has to be merged again although its version is right.
func (w *walk) reinstalls(i *universe.Candidate, ebuilds []*universe.Candidate) bool {
	o := w.o
	if !o.NewUse && !o.ChangedUse && !o.ChangedDeps && !o.ChangedSlot && !o.NewRepo && !o.RebuiltBinaries.Or(false) && !o.BuildPkgProactive &&
		len(w.s.reinstallAtoms) == 0 {
		return false
	}
	var e *universe.Candidate
	for _, c := range ebuilds {
		if c.Pkg.CPV.Version.Compare(i.Pkg.CPV.Version) == 0 {
			if e == nil || c.Pkg.Repo == i.Pkg.Repo && e.Pkg.Repo != i.Pkg.Repo && !o.NewRepo {
				e = c
			}
		}
	}
	if e == nil {
		return false
	}
	k := [2]*universe.Candidate{i, e}
	again, known := w.s.again[k]
	if !known {
		again = w.mergeAgain(i, e)
		w.s.again[k] = again
	}
	return again
}

func (w *walk) mergeAgain(i, e *universe.Candidate) bool {
	o := w.o
	for _, a := range w.s.reinstallAtoms {
		if e.Matches(a) {
			return true
		}
	}
	return o.NewRepo && e.Pkg.Repo != i.Pkg.Repo ||
		o.ChangedSlot && (e.Pkg.Slot != i.Pkg.Slot || e.Pkg.SubSlot != i.Pkg.SubSlot) ||
		(o.NewUse || o.ChangedUse) && w.useChanged(i, e) ||
		o.ChangedDeps && universe.DepsChanged(i, e, w.s.bdeps) ||
		w.rebuilt(i, e) ||
		o.BuildPkgProactive && e.Pkg.Origin == metadata.Ebuild && !w.packaged(i)
}

// packaged reports whether there is a binary package of an installed version that could be used now.
func (w *walk) packaged(i *universe.Candidate) bool {
	for _, c := range w.u.Group(i.Root, i.CP()).All {
		if c.Pkg.Origin == metadata.Binary && c.Pkg.CPV.Version.Compare(i.Pkg.CPV.Version) == 0 && c.Visible() {
			return true
		}
	}
	return false
}

// useChanged compares the flags a package was built with to what it would be built with now.
// --newuse also notices flags that were added or removed unless they are disabled by
// USE; --changed-use only those whose effect differs.
func (w *walk) useChanged(i, e *universe.Candidate) bool {
	now, was := e.Flags(), i.Flags()
	fixed := func(f string) bool {
		_, forced, masked, _ := e.ForcedFlag(f)
		return forced || masked
	}
	for _, f := range e.Pkg.IUSE {
		switch {
		case i.Pkg.HasIUSE(f.Name):
			if now.Has(f.Name) != was.Has(f.Name) {
				return true
			}
		case w.o.NewUse && !fixed(f.Name), w.o.ChangedUse && now.Has(f.Name) && !fixed(f.Name):
			return true
		}
	}
	for _, f := range i.Pkg.IUSE {
		if e.Pkg.HasIUSE(f.Name) {
			continue
		}
		if w.o.NewUse && !fixed(f.Name) || w.o.ChangedUse && was.Has(f.Name) {
			return true
		}
	}
	return false
}

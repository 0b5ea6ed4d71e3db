package alternatives

import (
	"slices"

	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/atom/metadata"
	"github.com/portsolve/portsolve/solver"
	"github.com/portsolve/portsolve/solver/universe"
)

// What follows are changes of the request and of what is installed, not of the configuration. They are made only if the
// user allows them.

// dropping is the change that gives up an argument; ok is false if that is not allowed, or if it is the only one.
func (w *world) dropping(arg string) (id int32, ok bool) {
	args := w.in.Problem.Request.Args
	if arg == "" || !w.in.Allowed[Drop] || len(args) < 2 {
		return 0, false
	}
	if !slices.ContainsFunc(args, func(a universe.Arg) bool { return a.Text == arg && !a.Set }) {
		return 0, false
	}
	return w.id(Change{Kind: Drop, Flag: arg}, w.slotID(slotName{slot: arg}), metadata.Source{}), true
}

// removal is the change that removes an installed package; ok is false if that is not allowed. What @system names
// stays.
func (w *world) removal(c *universe.Candidate) (id int32, ok bool) {
	if !w.in.Allowed[Remove] || !c.Installed() {
		return 0, false
	}
	if slices.ContainsFunc(w.u.Roots[c.Root].System, func(a *atom.Atom) bool { return c.Matches(a) }) {
		return 0, false
	}
	name := slotName{c.CP(), c.Pkg.Slot}
	return w.id(Change{CP: name.cp, Slot: name.slot, Kind: Remove}, w.slotID(name), metadata.Source{}), true
}

// slotID numbers a slot.
func (w *world) slotID(name slotName) int32 {
	slot, ok := w.slots[name]
	if !ok {
		slot = int32(len(w.slots))
		w.slots[name] = slot
	}
	return slot
}

// voids adds what takes a rule away altogether.
func (w *world) voids(k *core, r *solver.Rule) {
	add := func(s set) {
		if len(s) > 0 && !slices.ContainsFunc(k.voids, func(v set) bool { return slices.Equal(v, s) }) {
			k.voids = append(k.voids, s)
		}
	}
	if id, ok := w.dropping(r.Arg); ok {
		add(set{id})
	}
	for _, c := range []*universe.Candidate{r.Cand, r.Blocked} {
		if c == nil {
			continue
		}
		if id, ok := w.removal(c); ok {
			add(set{id})
		}
	}
	var all set
	for _, c := range r.Has {
		id, ok := w.removal(c)
		if !ok {
			return
		}
		all = all.with(set{id})
	}
	add(all)
}

// installed are the packages that a removal is about.
func (w *world) installed(ch Change) []*metadata.Package {
	var out []*metadata.Package
	for _, r := range w.in.Problem.Roots {
		for _, p := range r.Installed {
			if p.CPV.CP == ch.CP && p.Slot == ch.Slot && !slices.Contains(out, p) {
				out = append(out, p)
			}
		}
	}
	return out
}

// problem is the problem under a set of changes, with what apply gives of it.
func (w *world) problem(s set, over map[*metadata.Package]map[string]bool, accepted map[*metadata.Package]bool) *solver.Problem {
	p := *w.in.Problem
	p.Overrides, p.Accepted = over, accepted
	var drop []string
	gone := map[*metadata.Package]bool{}
	for _, id := range s {
		switch ch := w.changes[id]; ch.Kind {
		case Drop:
			drop = append(drop, ch.Flag)
		case Remove:
			for _, m := range w.installed(ch) {
				gone[m] = true
			}
		}
	}
	if len(drop)+len(gone) > 0 {
		Without(&p, drop, gone)
	}
	return &p
}

// Without takes arguments, and installed packages with the members of sets that name them, out of a problem.
func Without(p *solver.Problem, drop []string, gone map[*metadata.Package]bool) {
	p.Cache = nil // which is for problems with the same roots and arguments
	p.Roots = slices.Clone(p.Roots)
	for i := range p.Roots {
		r := &p.Roots[i]
		r.Installed = slices.DeleteFunc(slices.Clone(r.Installed), func(m *metadata.Package) bool { return gone[m] })
	}
	p.Request.Args = remaining(p.Request.Args, drop, gone)
	p.Request.World = remaining(p.Request.World, nil, gone)
}

func remaining(args []universe.Arg, drop []string, gone map[*metadata.Package]bool) []universe.Arg {
	var out []universe.Arg
	for _, a := range args {
		if !a.Set && slices.Contains(drop, a.Text) {
			continue
		}
		if a.Set {
			a.Atoms = slices.DeleteFunc(slices.Clone(a.Atoms), func(m universe.ArgAtom) bool {
				for p := range gone {
					if m.Atom.CP == p.CPV.CP && (m.Atom.Slot == "" || m.Atom.Slot == p.Slot) {
						return true
					}
				}
				return false
			})
		}
		out = append(out, a)
	}
	return out
}

// Extend takes an alternative back that breaks installed packages by what it removes, and looks at larger ones, in which one of
// these is removed as well. It reports whether there are any. Names are cpvs.
func (f *Finder) Extend(a *Alternative, names []string) bool {
	var s set
	for _, c := range a.Changes {
		s = s.with(set{f.w.ids[c]})
	}
	f.found = slices.DeleteFunc(f.found, func(t set) bool { return slices.Equal(s, t) })
	more := false
	for root := range f.w.u.Roots {
		for _, c := range f.w.u.AllInstalled(universe.RootID(root)) {
			if id, ok := f.w.removal(c); ok && slices.Contains(names, c.Pkg.CPV.String()) && !s.has(id) {
				n := &node{set: s.with(set{id}), found: -1}
				n.bound = f.w.cost(n.set)
				f.push(n)
				more = true
			}
		}
	}
	return more
}

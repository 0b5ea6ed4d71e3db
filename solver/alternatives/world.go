package alternatives

import (
	"maps"
	"slices"

	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/atom/depend"
	"github.com/portsolve/portsolve/atom/metadata"
	"github.com/portsolve/portsolve/solver/universe"
)

// world tells what candidates would be like under a set of changes. Changes are numbered as they turn up.
type world struct {
	in      *Input
	u       *universe.Universe // under no change
	changes []Change
	weights []Cost
	sources []metadata.Source // the user's setting that a change contradicts
	slotOf  []int32           // by change
	ids     map[Change]int32
	slots   map[slotName]int32
	infos   map[candidateKey]*info
	pairs   map[pairKey]*pair
	scratch set // of under
	key     []byte
	cut     bool // some flags were not looked at
}

type slotName struct {
	cp   atom.CP
	slot string
}

type candidateKey struct {
	pkg  *metadata.Package
	root universe.RootID
}

type pairKey struct {
	i *info
	a string
}

// info is what changes can make of an ebuild.
type info struct {
	c        *universe.Candidate
	slot     int32
	need     set  // changes that make it visible
	liftable bool // they are allowed and suffice
	required *depend.Node
	flags    map[string]*flag
}

// flag is one USE flag of an ebuild.
type flag struct {
	on         bool // as configured
	changeable bool
	set, unset int32 // the changes, if changeable
}

func newWorld(in *Input, u *universe.Universe) *world {
	return &world{in: in, u: u, ids: map[Change]int32{}, slots: map[slotName]int32{},
		infos: map[candidateKey]*info{}, pairs: map[pairKey]*pair{}}
}

// id numbers a change.
func (w *world) id(c Change, slot int32, contradicts metadata.Source) int32 {
	if id, ok := w.ids[c]; ok {
		return id
	}
	id := int32(len(w.changes))
	explicit := w.in.Explicit != nil && !contradicts.IsZero() && w.in.Explicit(contradicts)
	if !explicit {
		contradicts = metadata.Source{}
	}
	w.ids[c] = id
	w.changes = append(w.changes, c)
	w.weights = append(w.weights, c.weight(explicit))
	w.sources = append(w.sources, contradicts)
	w.slotOf = append(w.slotOf, slot)
	return id
}

// find is the world's own candidate for one of another universe, nil if there is none.
func (w *world) find(c *universe.Candidate) *universe.Candidate {
	for _, m := range w.u.Group(c.Root, c.CP()).All {
		if m.Pkg == c.Pkg {
			return m
		}
	}
	return nil
}

// info of one of the world's own candidates, an ebuild.
func (w *world) info(c *universe.Candidate) *info {
	k := candidateKey{c.Pkg, c.Root}
	if i := w.infos[k]; i != nil {
		return i
	}
	name := slotName{c.CP(), c.Pkg.Slot}
	slot := w.slotID(name)
	i := &info{c: c, slot: slot, liftable: true, flags: map[string]*flag{}}
	w.infos[k] = i
	if !c.Visible() {
		for n := range c.Excluded {
			x := &c.Excluded[n]
			kind, ok := kindFor(w.in.Arch, c.Pkg, x)
			if !ok || !w.in.Allowed[kind] || c.Pkg.Invalid != nil || c.Pkg.EAPI == nil {
				i.liftable = false
				break
			}
			var against metadata.Source
			if kind == Unmask {
				against = x.Source
			}
			i.need = i.need.with(set{w.id(Change{CP: name.cp, Slot: name.slot, Kind: kind}, slot, against)})
		}
	}
	if c.Pkg.EAPI != nil && c.Pkg.EAPI.RequiredUse && c.Pkg.Var("REQUIRED_USE") != "" {
		if n, err := c.Pkg.RequiredUse(); err == nil {
			i.required = n
		}
	}
	return i
}

// flag of a candidate.
func (w *world) flag(i *info, name string) *flag {
	f := i.flags[name]
	if f != nil {
		return f
	}
	f = &flag{on: i.c.Flags().Has(name)}
	i.flags[name] = f
	_, fixed := w.in.Problem.Overrides[i.c.Pkg][name]
	if fixed || !w.in.Allowed[Use] || !i.c.Pkg.HasIUSE(name) {
		return f
	}
	_, forced, masked, src := i.c.ForcedFlag(name)
	kind := Use
	if forced || masked {
		if kind = MaskedUse; !w.in.Allowed[MaskedUse] {
			return f
		}
	}
	f.changeable = true
	c := Change{CP: i.c.CP(), Slot: i.c.Pkg.Slot, Kind: kind, Flag: name}
	on, off := c, c
	on.On = true
	var againstOn, againstOff metadata.Source
	if f.on {
		againstOff = src
	} else {
		againstOn = src
	}
	f.set, f.unset = w.id(on, i.slot, againstOn), w.id(off, i.slot, againstOff)
	return f
}

// value is the state of a flag under changes.
func (w *world) value(i *info, name string, s set) bool {
	f := w.flag(i, name)
	switch {
	case !f.changeable:
		return f.on
	case s.has(f.set):
		return true
	case s.has(f.unset):
		return false
	}
	return f.on
}

// turn is the change that gives a flag a state; ok is false if there is none, or s has the opposite.
func (w *world) turn(i *info, name string, on bool, s set) (id int32, ok bool) {
	f := w.flag(i, name)
	if !f.changeable {
		return 0, false
	}
	if on {
		return f.set, !s.has(f.unset)
	}
	return f.unset, !s.has(f.set)
}

// ofSlot are the changes of a set that are about one slot.
func (w *world) ofSlot(s set, slot int32) set {
	var out set
	for _, id := range s {
		if w.slotOf[id] == slot {
			out = append(out, id)
		}
	}
	return out
}

// cost of a set.
func (w *world) cost(s set) Cost {
	var c Cost
	var slots []int32
	for _, id := range s {
		c = c.plus(w.weights[id])
		slots = append(slots, w.slotOf[id])
	}
	slices.Sort(slots)
	c[CostPackages] = len(slices.Compact(slots))
	return c
}

// apply gives the changes as the solver takes them: for every version in the slots.
func (w *world) apply(s set) (map[*metadata.Package]map[string]bool, map[*metadata.Package]bool) {
	over := map[*metadata.Package]map[string]bool{}
	for p, flags := range w.in.Problem.Overrides {
		over[p] = maps.Clone(flags)
	}
	accepted := maps.Clone(w.in.Problem.Accepted)
	if accepted == nil {
		accepted = map[*metadata.Package]bool{}
	}
	for _, id := range s {
		ch := &w.changes[id]
		if ch.Kind == Drop || ch.Kind == Remove {
			continue // problem
		}
		for root := range w.u.Roots {
			for _, c := range w.u.Group(universe.RootID(root), ch.CP).All {
				if c.Pkg.Origin != metadata.Ebuild || c.Pkg.Slot != ch.Slot {
					continue
				}
				i := w.info(c)
				if ch.Kind != Use && ch.Kind != MaskedUse {
					accepted[c.Pkg] = accepted[c.Pkg] || i.liftable && len(i.need) > 0 && s.contains(i.need)
					continue
				}
				if w.flag(i, ch.Flag).changeable {
					if over[c.Pkg] == nil {
						over[c.Pkg] = map[string]bool{}
					}
					over[c.Pkg][ch.Flag] = ch.On
				}
			}
		}
	}
	maps.DeleteFunc(accepted, func(_ *metadata.Package, yes bool) bool { return !yes })
	return over, accepted
}

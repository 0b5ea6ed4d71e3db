// Package apply executes a plan in memory: it says what is installed afterwards, as the
// database of installed packages would record it. Nothing is built.
package apply

import (
	"fmt"
	"maps"
	"slices"

	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/atom/depend"
	"github.com/portsolve/portsolve/atom/metadata"
	"github.com/portsolve/portsolve/solver/answer"
	"github.com/portsolve/portsolve/solver/universe"
)

// Plan returns, root by root, what is installed once the entries were executed in their order. roots are
// the state before; neither they nor their packages are changed. What is merged takes the place of what is in its
// slot, and of the same version in another slot (there is one place for it in the database). What stays
// keeps its order; what is merged follows in the order of the plan.
//
// An entry without a package, or for a root that does not exist, is an error.
func Plan(roots []universe.Root, entries []answer.Entry) ([][]*metadata.Package, error) {
	s := state{roots: roots, installed: make([][]*metadata.Package, len(roots))}
	for i := range roots {
		s.installed[i] = slices.Clone(roots[i].Installed)
		for _, p := range roots[i].Installed {
			s.counter = max(s.counter, p.Counter)
		}
	}
	for i := range entries {
		e := &entries[i]
		if e.Action == answer.BlockerEntry {
			continue
		}
		at := slices.IndexFunc(roots, func(r universe.Root) bool { return r.Path == e.Root || e.Root == "" && len(roots) == 1 })
		if at < 0 {
			return nil, fmt.Errorf("entry %d of the plan (%s) is for the root %q, which does not exist", i+1, e.CPV, e.Root)
		}
		if e.Package == nil {
			return nil, fmt.Errorf("entry %d of the plan (%s) has no package behind it", i+1, e.CPV)
		}
		if e.Action == answer.Uninstall {
			s.remove(at, func(p *metadata.Package) bool { return p.CPV == e.Package.CPV && p.Slot == e.Package.Slot })
			continue
		}
		s.merge(at, e)
	}
	return s.installed, nil
}

// state is what is installed at one step of the plan.
type state struct {
	roots     []universe.Root
	installed [][]*metadata.Package
	counter   int64
}

func (s *state) remove(at int, gone func(*metadata.Package) bool) {
	s.installed[at] = slices.DeleteFunc(s.installed[at], gone)
}

func (s *state) merge(at int, e *answer.Entry) {
	s.counter++
	built := s.record(at, e)
	s.remove(at, func(p *metadata.Package) bool { return replaces(built, p) })
	s.installed[at] = append(s.installed[at], built)
}

// replaces: p takes the place of old.
func replaces(p, old *metadata.Package) bool {
	return p.CPV.CP == old.CPV.CP && (p.Slot == old.Slot || p.CPV.Compare(old.CPV) == 0)
}

// record is the database entry of what an entry merges, at the moment of its build: USE conditionals are
// resolved and slot operators are bound to what is installed (PMS 8.3.3).
func (s *state) record(at int, e *answer.Entry) *metadata.Package {
	p := e.Package.Clone()
	p.Origin, p.Counter, p.File = metadata.Installed, s.counter, ""
	p.Remote, p.Binhost = false, ""
	if e.Package.Built() {
		return p
	}
	p.Use = flags(s.roots[at].Policy.Use(e.Package), e.Use)
	p.IUSEEffective = effective(p)
	p.Raw = maps.Clone(p.Raw)
	if p.Raw == nil {
		p.Raw = map[string]string{}
	}
	for k := range metadata.NumDepKinds {
		n, err := e.Package.Deps(k)
		if err != nil {
			continue // it stays as it is, and unreadable
		}
		from := at
		if k != metadata.RDEPEND && k != metadata.PDEPEND {
			from = int(universe.Host)
		}
		p.Raw[k.String()] = s.bind(from, p, from == at, n.Evaluate(p.Use.Has)).String()
	}
	return p
}

// flags are those of the configuration, with what the entry says of the flags of IUSE (proposed changes are in that).
func flags(configured metadata.UseSet, said map[string]bool) metadata.UseSet {
	on := slices.DeleteFunc(slices.Clone(configured), func(f string) bool {
		enabled, known := said[f]
		return known && !enabled
	})
	for f, enabled := range said {
		if enabled {
			on = append(on, f)
		}
	}
	return metadata.NewUseSet(on)
}

// effective is IUSE with the implicit flags that are on; which of those that are off exist nobody told us.
func effective(p *metadata.Package) metadata.UseSet {
	list := slices.Clone([]string(p.Use))
	for _, f := range p.IUSE {
		list = append(list, f.Name)
	}
	return metadata.NewUseSet(list)
}

// bind replaces := and :slot= by the slot and sub-slot of the best match that is installed when p is built. Where p is going
// to be in the same root (own) it counts, and what it replaces does not. Where nothing matches, nothing is bound.
func (s *state) bind(at int, p *metadata.Package, own bool, n *depend.Node) *depend.Node {
	m := *n
	if n.Kind == depend.AtomLeaf {
		if to := s.boundTo(at, p, own, n.Atom); to != nil {
			m.Atom = n.Atom.WithSlot(to.Slot, to.SubSlot, n.Atom.SlotOp)
		}
		return &m
	}
	m.Children = make([]*depend.Node, len(n.Children))
	for i, ch := range n.Children {
		m.Children[i] = s.bind(at, p, own, ch)
	}
	return &m
}

func (s *state) boundTo(at int, p *metadata.Package, own bool, a *atom.Atom) *metadata.Package {
	if a.SlotOp != atom.SlotOpEqual || a.SubSlot != "" || a.Blocker != atom.NotBlocker {
		return nil
	}
	pol := s.roots[at].Policy
	var best *metadata.Package
	if own && matches(pol, a, p) {
		best = p
	}
	for _, q := range s.installed[at] {
		if matches(pol, a, q) && !(own && replaces(p, q)) && (best == nil || q.CPV.Compare(best.CPV) > 0) {
			best = q
		}
	}
	return best
}

func matches(pol universe.Policy, a *atom.Atom, p *metadata.Package) bool {
	return p.CPV.CP == a.CP && a.MatchVersion(p.CPV) && a.MatchSlot(p.Slot, p.SubSlot) && (a.Repo == "" || a.Repo == p.Repo) &&
		a.MatchUse(func(f string) bool { return pol.HasFlag(p, f) }, p.Use.Has)
}

package repo

import (
	"slices"

	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/atom/metadata"
)

// Moves applies profiles/updates in memory: to atoms of configuration files and
// world, and to installed and binary packages. Nothing on disk changes. Immutable;
// safe for concurrent use. A nil *Moves moves nothing.
//
// A package or atom that names its repository follows the main repository's moves, then
// those of the masters, then the repository's own. An atom that names no repository follows
// the main repository's, and those of the others only where no repository has a
// package of the old name any more: an overlay that renames its fork must not
// rename what everyone else still has.
type Moves struct {
	byRepo   map[string]*moveTable // repositories whose table differs from main's
	main     *moveTable
	everyone *moveTable
}

// Moves reads the updates of all repositories. Warnings name lines that are
// wrong, with file and line.
func (s *Set) Moves() (m *Moves, warnings []string, err error) {
	own := make(map[*Repo][]Move, len(s.Repos))
	for _, r := range s.Repos {
		moves, w, err := r.readUpdates()
		if err != nil {
			return nil, nil, err
		}
		own[r] = moves
		warnings = append(warnings, w...)
	}
	m = &Moves{byRepo: map[string]*moveTable{}, main: newMoveTable(own[s.Main])}
	every := slices.Clone(own[s.Main])
	for _, r := range s.Repos {
		if r != s.Main {
			every = append(every, own[r]...)
			if t := s.tableOf(r, own); len(t) > len(own[s.Main]) {
				m.byRepo[r.Name] = newMoveTable(t)
			}
		}
	}
	m.everyone = newMoveTable(every)
	m.everyone.guarded = len(own[s.Main])
	m.everyone.exists = s.has
	return m, warnings, nil
}

func (s *Set) tableOf(r *Repo, own map[*Repo][]Move) []Move {
	out := slices.Clone(own[s.Main])
	for _, master := range r.Masters {
		if master != s.Main {
			out = append(out, own[master]...)
		}
	}
	return append(out, own[r]...)
}

// has reports whether any repository has the package; one that cannot be read counts as having it.
func (s *Set) has(cp atom.CP) bool {
	for _, r := range s.Repos {
		if found, err := r.Has(cp); found || err != nil {
			return true
		}
	}
	return false
}

// forRepo picks the table of a package recorded as coming from a repository, or
// of an atom with ::repo.
func (m *Moves) forRepo(name string) *moveTable {
	if t := m.byRepo[name]; t != nil {
		return t
	}
	return m.main
}

// Empty reports whether there is nothing to apply.
func (m *Moves) Empty() bool { return m == nil || len(m.everyone.moves) == 0 }

// Atom returns a with its name and slot brought up to date; a itself when
// nothing applies. A pattern (a.Wild) is never changed.
func (m *Moves) Atom(a *atom.Atom) *atom.Atom {
	switch {
	case m.Empty() || a.Wild:
		return a
	case a.Repo != "":
		return m.forRepo(a.Repo).atom(a)
	}
	return m.everyone.atom(a)
}

// CP returns the present name of a package name.
func (m *Moves) CP(cp atom.CP) atom.CP {
	if m.Empty() {
		return cp
	}
	m.everyone.follow(cp, func(mv *Move) bool {
		if mv.Slot == nil {
			cp = mv.To
		}
		return mv.Slot == nil
	})
	return cp
}

// Package returns p with its name, its slot and the atoms of its dependency
// variables brought up to date; p itself when nothing applies. It is meant for
// installed and binary packages: ebuilds are never moved.
func (m *Moves) Package(p *metadata.Package) *metadata.Package {
	if m.Empty() {
		return p
	}
	t := m.forRepo(p.Repo)
	if len(t.moves) == 0 {
		return p
	}
	id := t.identity(p)
	deps := t.depends(p)
	if id == (identity{p.CPV.CP, p.Slot, p.SubSlot}) && deps == nil {
		return p
	}
	q := p.Clone()
	q.CPV.CP, q.Slot, q.SubSlot = id.cp, id.slot, id.sub
	raw := make(map[string]string, len(p.Raw)+len(deps))
	for k, v := range p.Raw {
		raw[k] = v
	}
	for _, d := range deps {
		raw[d.name] = d.text
	}
	if id.slot != p.Slot || id.sub != p.SubSlot {
		raw["SLOT"] = id.slot
		if id.sub != id.slot {
			raw["SLOT"] += "/" + id.sub
		}
	}
	q.Raw = raw
	return q
}

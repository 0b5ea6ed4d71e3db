package repo

import (
	"slices"
	"strings"

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

// moveTable is a sequence of moves, indexed by the name they apply to.
type moveTable struct {
	moves []Move
	index map[atom.CP][]int
	// filter rejects nearly all names before they are looked up: by first byte, a
	// bit for each length modulo 64 that occurs.
	filter [256]uint64
	// guarded are the positions from which on a move needs its old name to be gone.
	guarded int
	exists  func(atom.CP) bool
}

func newMoveTable(moves []Move) *moveTable {
	t := &moveTable{moves: moves, index: make(map[atom.CP][]int, len(moves)), guarded: len(moves)}
	for i, m := range moves {
		t.index[m.From] = append(t.index[m.From], i)
		t.filter[m.From.Package[0]] |= 1 << (len(m.From.Package) % 64)
	}
	return t
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

// follow calls apply for every move of cp in order; apply says whether it
// changed the name to the move's To, whose later moves follow.
func (t *moveTable) follow(cp atom.CP, apply func(*Move) (renamed bool)) {
	next := 0
	for {
		moved := false
		for _, i := range t.index[cp] {
			if i < next || i >= t.guarded && t.exists(cp) {
				continue
			}
			next = i + 1
			if mv := &t.moves[i]; apply(mv) {
				cp, moved = mv.To, true
				break
			}
		}
		if !moved {
			return
		}
	}
}

func (t *moveTable) atom(a *atom.Atom) *atom.Atom {
	if len(t.index[a.CP]) == 0 {
		return a
	}
	t.follow(a.CP, func(mv *Move) bool {
		if mv.Slot == nil {
			a = a.WithCP(mv.To)
			return true
		}
		if a.Slot == mv.FromSlot && slotMoveConcerns(mv.Slot, a) {
			sub := a.SubSlot
			if sub == mv.FromSlot {
				sub = mv.ToSlot
			}
			a = a.WithSlot(mv.ToSlot, sub, a.SlotOp)
		}
		return false
	})
	return a
}

// slotMoveConcerns reports whether a slotmove of the packages that match moved
// changes the meaning of a, too: always if it moves every version, otherwise if a
// asks for one version and that is moved. An atom that could mean both moved and
// unmoved versions keeps its slot.
func slotMoveConcerns(moved, a *atom.Atom) bool {
	switch {
	case moved.Op == atom.OpNone:
		return true
	case a.Op == atom.OpEqual, a.Op == atom.OpRevision:
		return moved.MatchVersion(a.CPV())
	}
	return false
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

// identity is what a move can change of a package, its dependencies aside.
type identity struct {
	cp        atom.CP
	slot, sub string
}

func (t *moveTable) identity(p *metadata.Package) identity {
	id := identity{p.CPV.CP, p.Slot, p.SubSlot}
	t.follow(p.CPV.CP, func(mv *Move) bool {
		if mv.Slot == nil {
			id.cp = mv.To
			return true
		}
		if id.slot == mv.FromSlot && mv.Slot.MatchVersion(atom.CPV{CP: id.cp, Version: p.CPV.Version}) {
			id.slot = mv.ToSlot
			// A sub-slot that was only the slot's name follows it.
			if id.sub == mv.FromSlot {
				id.sub = mv.ToSlot
			}
		}
		return false
	})
	return id
}

// changedVar is a dependency variable with new text.
type changedVar struct{ name, text string }

// depends returns the dependency variables that change.
func (t *moveTable) depends(p *metadata.Package) []changedVar {
	var out []changedVar
	for k := range metadata.NumDepKinds {
		name := k.String()
		if text, changed := t.rewrite(p.Var(name)); changed {
			out = append(out, changedVar{name, text})
		}
	}
	return out
}

// rewrite brings the atoms of a dependency text up to date, keeping all else as
// it stands. Most texts do not change: they are only scanned.
func (t *moveTable) rewrite(text string) (string, bool) {
	var b strings.Builder
	done := 0 // text[:done] has been written to b
	for pos := 0; pos < len(text); {
		end := pos
		for end < len(text) && !isSpace(text[end]) {
			end++
		}
		token := text[pos:end]
		if t.mentions(token) {
			if a, err := atom.ParseBuilt(token, nil); err == nil {
				if moved := t.atom(a); moved != a {
					b.WriteString(text[done:pos])
					b.WriteString(moved.String())
					done = end
				}
			}
		}
		pos = end + 1
	}
	if done == 0 {
		return text, false
	}
	b.WriteString(text[done:])
	return b.String(), true
}

// mentions reports whether token is an atom whose name has a move. With a
// version, every place where the version could begin is tried.
func (t *moveTable) mentions(token string) bool {
	slash := strings.IndexByte(token, '/')
	if slash < 0 {
		return false
	}
	start := 0
	for start < slash && strings.IndexByte("!<>=~", token[start]) >= 0 {
		start++
	}
	category, name := token[start:slash], token[slash+1:]
	if i := strings.IndexAny(name, ":["); i >= 0 {
		name = name[:i]
	}
	for i := 1; i+1 < len(name); i++ {
		if name[i] == '-' && '0' <= name[i+1] && name[i+1] <= '9' && t.has(category, name[:i]) {
			return true
		}
	}
	return t.has(category, name)
}

func (t *moveTable) has(category, name string) bool {
	if name == "" || t.filter[name[0]]&(1<<(len(name)%64)) == 0 {
		return false
	}
	_, ok := t.index[atom.CP{Category: category, Package: name}]
	return ok
}

func isSpace(c byte) bool { return c == ' ' || '\t' <= c && c <= '\r' }

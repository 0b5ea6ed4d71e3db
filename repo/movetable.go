package repo

import (
	"strings"

	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/atom/metadata"
)

// moveTable is a sequence of moves, indexed by the name they apply to.
type moveTable struct {
	moves []Move
	index map[atom.CP][]int
	// filter rejects nearly all names before they are looked up: by first byte, a
	// bit for each length modulo 64 that occurs.
	filter  [256]uint64
	longest int // of the names that move; a longer text need not be tried
	// guarded are the positions from which on a move needs its old name to be gone.
	guarded int
	exists  func(atom.CP) bool
}

func newMoveTable(moves []Move) *moveTable {
	t := &moveTable{moves: moves, index: make(map[atom.CP][]int, len(moves)), guarded: len(moves)}
	for i, m := range moves {
		t.index[m.From] = append(t.index[m.From], i)
		t.filter[m.From.Package[0]] |= 1 << (len(m.From.Package) % 64)
		t.longest = max(t.longest, len(m.From.Package))
	}
	return t
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
	for i := 1; i+1 < len(name) && i <= t.longest; i++ {
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

// Package atom holds Gentoo's names, versions and package dependency
// specifications ("atoms"), as PMS chapter 3 and section 8.3 define them and
// portage(5) extends them for configuration files.
package atom

import (
	"slices"
	"strconv"
	"strings"
)

// Op is the version operator of an atom (PMS 8.3.1).
type Op uint8

// The operators; OpNone means any version.
const (
	OpNone      Op = iota
	OpLess         // <
	OpLessEq       // <=
	OpEqual        // =
	OpGlob         // =cat/pkg-1*
	OpRevision     // ~
	OpGreaterEq    // >=
	OpGreater      // >
)

// String is the operator as it stands before the name; OpGlob's is "=", its
// asterisk stands after the version.
func (o Op) String() string {
	if o > OpGreater {
		return "?"
	}
	return [...]string{"", "<", "<=", "=", "=", "~", ">=", ">"}[o]
}

// Blocker strength; PMS 8.3.2.
type Blocker uint8

// Strengths. A single exclamation mark in EAPI 0 and 1, whose strength PMS
// leaves open, is Weak.
const (
	NotBlocker Blocker = iota
	Weak               // !
	Strong             // !!
)

// String is "", "!" or "!!".
func (b Blocker) String() string { return "!!"[:min(int(b), 2)] }

// SlotOp is the slot operator; PMS 8.3.3.
type SlotOp uint8

// Slot operators; none of them restricts which slot matches.
const (
	SlotOpNone  SlotOp = iota
	SlotOpAny          // :*
	SlotOpEqual        // := or :slot=; with SubSlot set it is the built form :slot/sub=
)

// Atom is a parsed package dependency specification. It is immutable after
// parsing and safe to share. Category or Package hold '*' patterns only in
// atoms made by ParseWildcard.
type Atom struct {
	CP
	Blocker Blocker
	Op      Op
	// Version is zero when Op is OpNone. With OpGlob it is the version before the
	// asterisk, or, in atoms made by ParseWildcard, a pattern "*text*" that
	// matches versions which contain the text.
	Version Version
	Slot    string // "" = any
	SubSlot string // "" = any
	SlotOp  SlotOp
	Repo    string   // "" = any
	Use     []UseDep // in the order written; may repeat flags
	BuildID int      // portage(5): =cat/pkg-1-2 build-id form, 0 none
	Wild    bool     // made by ParseWildcard and holds a '*' in category, package or "*text*" version

	// conditional is the USE part as it was before EvaluateUse, nil where nothing was conditional.
	conditional []UseDep
}

// CPV is the name and version in the atom; the version is zero without operator.
func (a *Atom) CPV() CPV { return CPV{a.CP, a.Version} }

// Built reports the form that package managers record in built packages,
// :slot/sub= (PMS 8.3.3).
func (a *Atom) Built() bool { return a.SlotOp == SlotOpEqual && a.SubSlot != "" }

// Equal reports that all parts are the same as written; versions that merely
// compare equal make different atoms.
func (a *Atom) Equal(b *Atom) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.CP == b.CP && a.Blocker == b.Blocker && a.Op == b.Op && a.Version == b.Version &&
		a.Slot == b.Slot && a.SubSlot == b.SubSlot && a.SlotOp == b.SlotOp && a.Repo == b.Repo &&
		a.BuildID == b.BuildID && a.Wild == b.Wild && slices.Equal(a.Use, b.Use)
}

// String gives the atom in canonical spelling; Parse(a.String()) equals a.
func (a *Atom) String() string {
	var b strings.Builder
	n := len(a.Category) + len(a.Package) + len(a.Version.s) + len(a.Slot) + len(a.SubSlot) + len(a.Repo) + 12
	for i := range a.Use {
		n += len(a.Use[i].Flag) + 6
	}
	b.Grow(n)
	b.WriteString(a.Blocker.String())
	b.WriteString(a.Op.String())
	if a.Category != "" {
		b.WriteString(a.Category)
		b.WriteByte('/')
	}
	b.WriteString(a.Package)
	if a.Op != OpNone {
		b.WriteByte('-')
		b.WriteString(a.Version.s)
		if a.BuildID != 0 {
			b.WriteByte('-')
			b.WriteString(strconv.Itoa(a.BuildID))
		}
		if a.Op == OpGlob && !a.Version.isPattern() {
			b.WriteByte('*')
		}
	}
	a.writeSlot(&b)
	if a.Repo != "" {
		b.WriteString("::")
		b.WriteString(a.Repo)
	}
	a.writeUse(&b)
	return b.String()
}

func (a *Atom) writeSlot(b *strings.Builder) {
	if a.Slot == "" && a.SlotOp == SlotOpNone {
		return
	}
	b.WriteByte(':')
	b.WriteString(a.Slot)
	if a.SubSlot != "" {
		b.WriteByte('/')
		b.WriteString(a.SubSlot)
	}
	switch a.SlotOp {
	case SlotOpAny:
		b.WriteByte('*')
	case SlotOpEqual:
		b.WriteByte('=')
	}
}

func (a *Atom) writeUse(b *strings.Builder) {
	for i := range a.Use {
		if i == 0 {
			b.WriteByte('[')
		} else {
			b.WriteByte(',')
		}
		a.Use[i].write(b)
	}
	if len(a.Use) > 0 {
		b.WriteByte(']')
	}
}

// WithoutUse returns the atom without USE dependencies, a itself when it has none.
func (a *Atom) WithoutUse() *Atom {
	if !a.RestrictsUse() {
		return a
	}
	c := *a
	c.Use, c.conditional = nil, nil
	return &c
}

// WithoutSlotOp returns the atom without slot operator; what was bound in the
// built form (:slot/sub=) stays as a plain slot restriction.
func (a *Atom) WithoutSlotOp() *Atom {
	if a.SlotOp == SlotOpNone {
		return a
	}
	c := *a
	c.SlotOp = SlotOpNone
	return &c
}

// Unbound turns the built form :slot/sub= into :slot=, as the ebuild may have
// had it, and returns other atoms unchanged. Whether the ebuild had := is not recorded.
func (a *Atom) Unbound() *Atom {
	if !a.Built() {
		return a
	}
	c := *a
	c.SubSlot = ""
	return &c
}

// WithoutSlot returns the atom without slot, sub-slot and slot operator.
func (a *Atom) WithoutSlot() *Atom { return a.WithSlot("", "", SlotOpNone) }

// WithSlot returns the atom with that slot part in place of its own.
func (a *Atom) WithSlot(slot, subslot string, op SlotOp) *Atom {
	if a.Slot == slot && a.SubSlot == subslot && a.SlotOp == op {
		return a
	}
	c := *a
	c.Slot, c.SubSlot, c.SlotOp = slot, subslot, op
	return &c
}

// WithoutBlocker returns the atom that a blocker blocks.
func (a *Atom) WithoutBlocker() *Atom {
	if a.Blocker == NotBlocker {
		return a
	}
	c := *a
	c.Blocker = NotBlocker
	return &c
}

// WithoutRepo returns the atom without ::repo.
func (a *Atom) WithoutRepo() *Atom { return a.WithRepo("") }

// WithRepo returns the atom restricted to the repository; "" lifts the restriction.
func (a *Atom) WithRepo(repo string) *Atom {
	if a.Repo == repo {
		return a
	}
	c := *a
	c.Repo = repo
	return &c
}

// WithUse returns the atom with that list of USE dependencies in place of its own.
func (a *Atom) WithUse(use []UseDep) *Atom {
	c := *a
	c.Use, c.conditional = slices.Clip(use), nil
	return &c
}

// WithCP returns the atom for another package: a package move, or the category
// that was missing in an atom of ParseNameless.
func (a *Atom) WithCP(cp CP) *Atom {
	if a.CP == cp {
		return a
	}
	c := *a
	c.CP = cp
	return &c
}

// Package atom holds Gentoo's names, versions and package dependency
// specifications ("atoms"), as PMS chapter 3 and section 8.3 define them and
// portage(5) extends them for configuration files.
package atom

import "github.com/portsolve/portsolve/atom/eapi"

// CP is a qualified package name, category and package ("dev-libs/icu").
// It is comparable and serves as a map key.
type CP struct{ Category, Package string }

func (c CP) String() string { return c.Category + "/" + c.Package }

// Compare orders by category, then package.
func (c CP) Compare(d CP) int { panic("stub") }

// Version is a parsed version with revision (PMS 3.2). The zero value is
// "no version". Comparable with Compare only: 1.0 and 1.0-r0 are different
// values that compare equal.
type Version struct{ s string }

func (v Version) String() string        { return v.s }
func (v Version) IsZero() bool          { return v.s == "" }
func (v Version) Compare(w Version) int { panic("stub") }

// Revision is the text after "-r", "" when absent; Base is the version without it.
func (v Version) Revision() string { panic("stub") }
func (v Version) Base() Version    { panic("stub") }

// Live reports versions such as 9999 by convention (all 9s, at least four).
func (v Version) Live() bool { panic("stub") }

// CPV is a package name with version: "dev-libs/icu-68.2-r1".
type CPV struct {
	CP
	Version Version
}

func (c CPV) String() string    { panic("stub") }
func (c CPV) Compare(d CPV) int { panic("stub") }

// PF is "icu-68.2-r1".
func (c CPV) PF() string { panic("stub") }

func ParseVersion(s string) (Version, error) { panic("stub") }
func ParseCP(s string) (CP, error)           { panic("stub") }
func ParseCPV(s string) (CPV, error)         { panic("stub") }

// Op is the version operator of an atom.
type Op uint8

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

// Blocker strength; PMS 8.3.2.
type Blocker uint8

const (
	NotBlocker Blocker = iota
	Weak               // !
	Strong             // !!
)

// SlotOp is the slot operator; PMS 8.3.3.
type SlotOp uint8

const (
	SlotOpNone  SlotOp = iota
	SlotOpAny          // :*
	SlotOpEqual        // := or :slot=; with SubSlot set it is the built form :slot/sub=
)

// UseDepKind is one of the six forms of a USE dependency; PMS 8.3.4.
type UseDepKind uint8

const (
	UseEnabled    UseDepKind = iota // [flag]
	UseDisabled                     // [-flag]
	UseEqual                        // [flag=]
	UseNotEqual                     // [!flag=]
	UseIfEnabled                    // [flag?]
	UseIfDisabled                   // [!flag?]
)

// UseDep is one element of the bracketed list. Default is '+' or '-' for
// [flag(+)] and [flag(-)], 0 without a default.
type UseDep struct {
	Kind    UseDepKind
	Flag    string
	Default byte
}

func (u UseDep) String() string { panic("stub") }

// Atom is a parsed package dependency specification. It is immutable after
// parsing and safe to share. Category or Package hold '*' patterns only in
// atoms made by ParseWildcard.
type Atom struct {
	CP
	Blocker Blocker
	Op      Op
	Version Version
	Slot    string // "" = any
	SubSlot string // "" = any
	SlotOp  SlotOp
	Repo    string
	Use     []UseDep
	BuildID int  // portage(5): =cat/pkg-1-2 build-id form, 0 none
	Wild    bool // made by ParseWildcard and holds a '*' in category, package, or slot
}

// Parse parses an atom as a *DEPEND of EAPI e may contain it.
// The error is a *SyntaxError naming token, offset, EAPI and rule.
func Parse(s string, e *eapi.EAPI) (*Atom, error) { panic("stub") }

// ParseWildcard parses an atom of a configuration file or command line: all
// EAPI features, ::repo, and portage(5)'s extended syntax (*/*, cat/*, */pkg,
// =*/*-9999*, slot wildcards).
func ParseWildcard(s string) (*Atom, error) { panic("stub") }

// String gives the atom in canonical spelling; Parse(a.String()) equals a.
func (a *Atom) String() string { panic("stub") }

// WithoutUse, WithoutSlotOp … return modified copies.
func (a *Atom) WithoutUse() *Atom { panic("stub") }

// EvaluateUse resolves the conditional forms ([flag=], [flag?] …) against the
// parent's USE, leaving only UseEnabled/UseDisabled. Returns a itself when nothing is conditional.
func (a *Atom) EvaluateUse(parent func(flag string) bool) *Atom { panic("stub") }

// MatchVersion reports whether name and version match, ignoring slot, repo and USE.
func (a *Atom) MatchVersion(c CPV) bool { panic("stub") }

// MatchSlot reports whether the slot part matches (SlotOp itself never restricts).
func (a *Atom) MatchSlot(slot, subslot string) bool { panic("stub") }

// MatchUse reports whether the (already evaluated) USE part matches a package
// for which iuse tells the flags it has and use those enabled. A flag that the
// package lacks fails unless the dependency has a default.
func (a *Atom) MatchUse(iuse, use func(flag string) bool) bool { panic("stub") }

// SyntaxError says what is wrong with a name, version, atom or expression.
type SyntaxError struct {
	Text   string // the whole text given to the parser
	Token  string // the offending token
	Offset int    // byte offset of Token in Text
	EAPI   string // "" where no EAPI is involved
	Rule   string // what was expected, in words, with the PMS section
}

func (e *SyntaxError) Error() string { panic("stub") }

// Package metadata is what every reader of packages returns: one version of a
// package with its metadata, wherever it came from.
package metadata

import (
	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/atom/depend"
	"github.com/portsolve/portsolve/atom/eapi"
)

// Origin says where a package comes from.
type Origin uint8

const (
	Ebuild Origin = iota
	Binary
	Installed
)

// DepKind names a dependency variable; the values index arrays.
type DepKind uint8

const (
	DEPEND DepKind = iota
	BDEPEND
	IDEPEND
	RDEPEND
	PDEPEND
	NumDepKinds
)

func (k DepKind) String() string {
	return [...]string{"DEPEND", "BDEPEND", "IDEPEND", "RDEPEND", "PDEPEND"}[k]
}

// IUSEFlag is one element of IUSE; Default is '+', '-' or 0.
type IUSEFlag struct {
	Name    string
	Default byte
}

// UseSet is a sorted, duplicate-free list of flags.
type UseSet []string

// Has reports membership by binary search.
func (u UseSet) Has(flag string) bool { panic("stub") }

// NewUseSet sorts and removes duplicates.
func NewUseSet(flags []string) UseSet { panic("stub") }

// Package is one version of a package as a reader found it. Readers fill it
// once; it is immutable afterwards. The raw expressions are parsed on demand by
// Deps and friends, which cache and are safe for concurrent use.
type Package struct {
	CPV      atom.CPV
	Origin   Origin
	Repo     string     // repository name; for installed and binary the recorded one
	EAPI     *eapi.EAPI // nil if unsupported; EAPIName then tells
	EAPIName string
	Slot     string
	SubSlot  string // equal to Slot when SLOT has no sub-slot
	Keywords []string
	IUSE     []IUSEFlag // in file order, without duplicates
	// Raw holds the unparsed values by variable name: DEPEND … PDEPEND,
	// REQUIRED_USE, LICENSE, RESTRICT, PROPERTIES, SRC_URI, DESCRIPTION, HOMEPAGE,
	// DEFINED_PHASES, INHERITED, PROVIDES, REQUIRES, CHOST, … ; absent = "".
	Raw map[string]string

	// Built packages (binary, installed) only.
	Use           UseSet // enabled flags it was built with
	IUSEEffective UseSet // recorded IUSE_EFFECTIVE, nil when not recorded
	BuildTime     int64  // seconds since the epoch, 0 unknown
	BuildID       int    // 0 none
	Counter       int64  // VDB COUNTER, 0 unknown

	// File is the path of the entry, for messages.
	File string
	// Invalid is set when the metadata could not be read or is wrong for its EAPI;
	// such a package is a candidate excluded for that reason.
	Invalid error

	cache *parsed
}

type parsed struct{}

// Deps returns the parsed dependency variable (USE conditionals unresolved).
func (p *Package) Deps(k DepKind) (*depend.Node, error) { panic("stub") }

// RequiredUse, License, Restrict, Properties: parsed expressions.
func (p *Package) RequiredUse() (*depend.Node, error) { panic("stub") }
func (p *Package) License() (*depend.Node, error)     { panic("stub") }
func (p *Package) Restrict() (*depend.Node, error)    { panic("stub") }
func (p *Package) Properties() (*depend.Node, error)  { panic("stub") }

// HasIUSE reports whether flag is in the explicit IUSE.
func (p *Package) HasIUSE(flag string) bool { panic("stub") }

// Validate parses every expression and returns the first error; readers that
// must report invalid metadata eagerly call it.
func (p *Package) Validate() error { panic("stub") }

// Source (file and line) of a setting or mask.
type Source struct {
	File    string
	Line    int
	Text    string // the line itself, trimmed
	Comment string // the comment block directly above a mask, without '#'
}

func (s Source) String() string { panic("stub") } // "path:line"

// ExclusionKind tells why a candidate may not be chosen. The spelling is
// Portage's where it has one.
type ExclusionKind string

const (
	ExclKeyword     ExclusionKind = "KEYWORDS"
	ExclMask        ExclusionKind = "package.mask"
	ExclLicense     ExclusionKind = "LICENSE"
	ExclProperties  ExclusionKind = "PROPERTIES"
	ExclRestrict    ExclusionKind = "RESTRICT"
	ExclEAPI        ExclusionKind = "EAPI.unsupported"
	ExclInvalid     ExclusionKind = "invalid"
	ExclNoMetadata  ExclusionKind = "no metadata"
	ExclCHOST       ExclusionKind = "CHOST"
	ExclRequiredUse ExclusionKind = "REQUIRED_USE"
	ExclOption      ExclusionKind = "option" // --exclude and the like
)

// Exclusion is one reason why a candidate is not visible.
type Exclusion struct {
	Kind   ExclusionKind
	Tokens []string // the keywords, licenses … that would have to be accepted
	Detail string   // one sentence
	Source Source   // file and line, zero when none
}

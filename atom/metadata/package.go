// Package metadata is what every reader of packages returns: one version of a
// package with its metadata, wherever it came from.
package metadata

import (
	"slices"
	"strings"
	"sync/atomic"

	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/atom/eapi"
)

// Origin says where a package comes from.
type Origin uint8

// Origins.
const (
	Ebuild Origin = iota
	Binary
	Installed
)

// String is "ebuild", "binary" or "installed".
func (o Origin) String() string {
	if o > Installed {
		return "?"
	}
	return [...]string{"ebuild", "binary", "installed"}[o]
}

// DepKind names a dependency variable; the values index arrays.
type DepKind uint8

// Dependency variables (PMS 8.1).
const (
	DEPEND DepKind = iota
	BDEPEND
	IDEPEND
	RDEPEND
	PDEPEND
	NumDepKinds
)

// String is the variable's name.
func (k DepKind) String() string {
	if k >= NumDepKinds {
		return "?"
	}
	return [...]string{"DEPEND", "BDEPEND", "IDEPEND", "RDEPEND", "PDEPEND"}[k]
}

// In reports whether the EAPI has the variable.
func (k DepKind) In(e *eapi.EAPI) bool {
	switch k {
	case BDEPEND:
		return e != nil && e.BDepend
	case IDEPEND:
		return e != nil && e.IDepend
	}
	return true
}

// IUSEFlag is one element of IUSE; Default is '+', '-' or 0.
type IUSEFlag struct {
	Name    string
	Default byte
}

// UseSet is a sorted, duplicate-free list of flags.
type UseSet []string

// Has reports membership by binary search.
func (u UseSet) Has(flag string) bool {
	_, ok := slices.BinarySearch(u, flag)
	return ok
}

// NewUseSet sorts and removes duplicates. It takes over the slice.
func NewUseSet(flags []string) UseSet {
	slices.Sort(flags)
	return UseSet(slices.Compact(flags))
}

// Package is one version of a package as a reader found it. Readers fill it
// once; it is immutable afterwards. The raw expressions are parsed on demand by
// Deps and friends, which cache and are safe for concurrent use. It must not be
// copied by assignment; Clone copies.
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
	// Consumers read it with Var.
	Raw map[string]string
	// Text is a compact alternative to Raw: lines NAME=value as an md5-cache entry
	// holds them. Where both are set, a name in Raw wins.
	Text string

	// Built packages (binary, installed) only.
	Use           UseSet // enabled flags it was built with
	IUSEEffective UseSet // recorded IUSE_EFFECTIVE, nil when not recorded
	BuildTime     int64  // seconds since the epoch, 0 unknown
	BuildID       int    // 0 none
	Counter       int64  // VDB COUNTER, 0 unknown
	// AsBuilt is what was recorded, where the dependencies here are those of the ebuild
	// (--dynamic-deps); nil otherwise.
	AsBuilt *Package

	// Binary packages only. Remote: it must be fetched first, from the binhost of
	// this name (a section of binrepos.conf); otherwise it is a file of PKGDIR.
	Remote  bool
	Binhost string

	// File is the path of the entry, for messages.
	File string
	// Invalid is set when the metadata could not be read or is wrong for its EAPI;
	// such a package is a candidate excluded for that reason.
	Invalid error

	cache atomic.Pointer[parsed]
}

// Clone returns a copy that a reader may modify before it shows it to others.
// It shares slices and the Raw map with p (replace, do not change them) and
// forgets the parsed expressions.
func (p *Package) Clone() *Package {
	return &Package{
		CPV: p.CPV, Origin: p.Origin, Repo: p.Repo, EAPI: p.EAPI, EAPIName: p.EAPIName,
		Slot: p.Slot, SubSlot: p.SubSlot, Keywords: p.Keywords, IUSE: p.IUSE,
		Raw: p.Raw, Text: p.Text,
		Use: p.Use, IUSEEffective: p.IUSEEffective, BuildTime: p.BuildTime, BuildID: p.BuildID,
		Counter: p.Counter, AsBuilt: p.AsBuilt, Remote: p.Remote, Binhost: p.Binhost, File: p.File, Invalid: p.Invalid,
	}
}

// Built reports a binary or installed package: its expressions were recorded
// by a package manager and its USE is fixed.
func (p *Package) Built() bool { return p.Origin != Ebuild }

// Var returns the unparsed value of a variable, "" when absent.
func (p *Package) Var(name string) string {
	if v, ok := p.Raw[name]; ok || p.Text == "" {
		return v
	}
	v, _ := lookup(p.Text, name)
	return v
}

// lookup finds the first line NAME=value.
func lookup(text, name string) (string, bool) {
	for text != "" {
		line, rest, _ := strings.Cut(text, "\n")
		if len(line) > len(name) && line[len(name)] == '=' && line[:len(name)] == name {
			return line[len(name)+1:], true
		}
		text = rest
	}
	return "", false
}

// HasIUSE reports whether flag is in the explicit IUSE.
func (p *Package) HasIUSE(flag string) bool {
	for i := range p.IUSE {
		if p.IUSE[i].Name == flag {
			return true
		}
	}
	return false
}

// Package eapi is the table of what each EAPI of the Package Manager
// Specification (PMS) allows. Nothing else in the module compares EAPI names.
package eapi

// EAPI is one row of the feature table. Rows are shared and immutable; compare
// by pointer or by Name. The zero value is not a valid EAPI.
type EAPI struct {
	// Name as written in an ebuild, "0" … "9".
	Name string

	SlotDeps             bool // cat/pkg:slot (EAPI 1)
	IUSEDefaults         bool // IUSE="+flag" (EAPI 1)
	UseDeps              bool // cat/pkg[flag] (EAPI 2)
	StrongBlockers       bool // !!cat/pkg (EAPI 2)
	SrcURIArrows         bool // uri -> name (EAPI 2)
	UseDepDefaults       bool // cat/pkg[flag(+)] (EAPI 4)
	RequiredUse          bool // REQUIRED_USE (EAPI 4)
	AtMostOneOf          bool // ?? ( ) (EAPI 5)
	SlotOperators        bool // cat/pkg:=, :*, :slot= (EAPI 5)
	SubSlots             bool // SLOT="slot/sub" (EAPI 5)
	IUSEEffective        bool // profile-injected IUSE (EAPI 5)
	StableUse            bool // use.stable.mask and friends in profiles (EAPI 5)
	BDepend              bool // BDEPEND (EAPI 7)
	EmptyGroupsMatch     bool // empty || and ^^ groups count as true (EAPI <= 6)
	RDependFromDepend    bool // RDEPEND defaults to DEPEND (EAPI <= 3)
	IDepend              bool // IDEPEND (EAPI 8)
	SelectiveURIRestrict bool // fetch+ and mirror+ (EAPI 8)
	ProfileDirs          bool // package.mask etc. may be directories (EAPI 7)
	StableUseFiles       bool // use.stable, package.use.stable (EAPI 9)
	DependOnSysroot      bool // DEPEND goes to SYSROOT instead of the build host (EAPI 7)

	// PackageProvided reports whether a profile of this EAPI may hold
	// package.provided (EAPI <= 6; PMS 5.2.9).
	PackageProvided bool
	// ProfileInheritsEAPI reports whether a profile directory without an eapi file
	// has the EAPI of its repository's profiles directory, when that is this one;
	// otherwise it has EAPI 0 (EAPI 9; PMS 5.2.2).
	ProfileInheritsEAPI bool
}

// table is indexed by the decimal digit that names the EAPI. It is written
// once, here, as a value: rows are derived from their predecessor, as the
// specification describes them.
var table = build()

func build() [10]EAPI {
	var t [10]EAPI
	e := EAPI{RDependFromDepend: true, EmptyGroupsMatch: true, PackageProvided: true}
	for i := range t {
		switch i {
		case 1:
			e.SlotDeps, e.IUSEDefaults = true, true
		case 2:
			e.UseDeps, e.StrongBlockers, e.SrcURIArrows = true, true, true
		case 4:
			e.UseDepDefaults, e.RequiredUse, e.RDependFromDepend = true, true, false
		case 5:
			e.AtMostOneOf, e.SlotOperators, e.SubSlots = true, true, true
			e.IUSEEffective, e.StableUse = true, true
		case 7:
			e.BDepend, e.EmptyGroupsMatch, e.PackageProvided = true, false, false
			e.ProfileDirs, e.DependOnSysroot = true, true
		case 8:
			e.IDepend, e.SelectiveURIRestrict = true, true
		case 9:
			e.StableUseFiles, e.ProfileInheritsEAPI = true, true
		}
		e.Name = string(rune('0' + i))
		t[i] = e
	}
	return t
}

// Lookup returns the row of the named EAPI. ok is false for an EAPI this
// program does not know: such a package is a candidate excluded with that
// reason. The empty name is not EAPI 0 here; PMS 7.3.1 makes an unset EAPI
// variable equal to 0, and the readers of variables apply that.
func Lookup(name string) (e *EAPI, ok bool) {
	if len(name) != 1 || name[0] < '0' || name[0] > '9' {
		return nil, false
	}
	return &table[name[0]-'0'], true
}

// Latest is the newest EAPI of the table; configuration files are parsed with it.
func Latest() *EAPI { return &table[len(table)-1] }

// String is the name.
func (e *EAPI) String() string {
	if e == nil {
		return "unknown"
	}
	return e.Name
}

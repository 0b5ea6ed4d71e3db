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
}

// Lookup returns the row of the named EAPI. ok is false for an EAPI this
// program does not know: such a package is a candidate excluded with that reason.
func Lookup(name string) (e *EAPI, ok bool) { panic("stub") }

// Latest is the newest EAPI of the table; configuration files are parsed with it.
func Latest() *EAPI { panic("stub") }

package universe

import "fmt"

// Tri is an option with a y/n value and a default of its own when unset.
type Tri uint8

const (
	Unset Tri = iota
	Yes
	No
)

// Or gives the value, or def when unset.
func (t Tri) Or(def bool) bool {
	if t == Unset {
		return def
	}
	return t == Yes
}

// MarshalText writes "y", "n" or nothing.
func (t Tri) MarshalText() ([]byte, error) {
	switch t {
	case Yes:
		return []byte("y"), nil
	case No:
		return []byte("n"), nil
	}
	return nil, nil
}

// UnmarshalText reads what MarshalText writes.
func (t *Tri) UnmarshalText(text []byte) error {
	switch string(text) {
	case "":
		*t = Unset
	case "y":
		*t = Yes
	case "n":
		*t = No
	default:
		return fmt.Errorf("%q is not y, n or empty", text)
	}
	return nil
}

// Unlimited is --deep without a number.
const Unlimited = -1

// Options are emerge's options as far as they change the answer; the zero value is emerge's
// default. docs/emerge-options.md lists each.
type Options struct {
	Action string // "" install, "depclean", "prune", …
	Compat bool   // --compat=emerge

	DepcleanLibCheck Tri // removal keeps what provides a shared library to what stays (default y)
	Deselect         Tri // removal takes what is named out of world, too: world does not keep it (default y)

	Update, NewUse, ChangedUse, ChangedDeps, ChangedSlot, NewRepo bool
	UpdateIfInstalled                                             bool
	Deep                                                          int // 0 none, n levels, Unlimited
	EmptyTree                                                     bool
	Selective                                                     Tri // --selective, --noreplace; Unset: implied by other options
	Exclude                                                       []string
	ReinstallAtoms                                                []string
	OneShot, NoDeps, OnlyDeps                                     bool
	OnlyDepsWithRdeps, OnlyDepsWithIdeps                          Tri
	WithBdeps                                                     string // "", "y", "n", "auto"
	WithBdepsAuto                                                 Tri
	WithTestDeps                                                  bool
	BuildPkgOnly                                                  bool
	CompleteGraph                                                 bool
	CompleteGraphIfNewUse, CompleteGraphIfNewVer                  Tri
	IgnoreWorld                                                   bool
	DynamicDeps                                                   Tri // default y
	IgnoreBuiltSlotOperatorDeps                                   bool
	ImplicitSystemDeps                                            Tri    // default y
	RootDeps                                                      string // "", "true", "rdeps"
	SysrootIsTarget                                               bool   // SYSROOT is ROOT, not "/"
	RebuildIfNewSlot                                              Tri    // default y
	RebuildIfNewRev, RebuildIfNewVer, RebuildIfUnbuilt            bool
	RebuildExclude, RebuildIgnore                                 []string
	IgnoreSonameDeps                                              Tri // default y

	Autounmask, AutounmaskUse, AutounmaskLicense, AutounmaskKeepKeywords, AutounmaskKeepMasks             Tri
	AutounmaskBacktrack, AutounmaskContinue, AutounmaskWrite, AutounmaskOnly, AutounmaskUnrestrictedAtoms Tri
	Backtrack                                                                                             int // accepted; 0 unset

	// Binary packages.
	UsePkg, UsePkgOnly, GetBinPkg, GetBinPkgOnly, NoBinDeps          bool
	UsePkgExcludeLive                                                bool     // no binary packages with PROPERTIES=live
	UseOldPkgAtoms                                                   []string // their binary packages come before newer ebuilds
	UsePkgExclude, UsePkgInclude, GetBinPkgExclude, GetBinPkgInclude []string
	BinpkgRespectUse, BinpkgChangedDeps                              string
	UseEbuildVisibility                                              Tri
	// BuildPkgProactive is FEATURES=buildpkg-proactive: what is installed and looked at is merged again if
	// there is no binary package of it that could be used now.
	BuildPkgProactive bool
	RebuiltBinaries   Tri
	// RebuiltBinariesTimestamp confines RebuiltBinaries to packages built later than what is installed and than
	// this time (seconds since 1970); 0: whatever was built at another time counts.
	RebuiltBinariesTimestamp int

	Tree, UnorderedDisplay, Alphabetical, Columns, VerboseConflicts, Quiet bool
	Verbose                                                                bool
}

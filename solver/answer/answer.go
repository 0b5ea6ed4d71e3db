// Package answer is the result of a resolution as plain data: what the façade
// returns, --format json prints (docs/json.md) and the independent checker judges.
package answer

import (
	"strings"

	"github.com/portsolve/portsolve/atom/metadata"
)

// Schema is the version of the JSON form.
const Schema = 1

type Status string

const (
	Solved        Status = "solved"
	ChangesNeeded Status = "changes-needed"
	Unsolvable    Status = "unsolvable"
	NothingToDo   Status = "nothing-to-do"
)

// Result of one resolution.
type Result struct {
	Schema       int           `json:"schema"`
	Status       Status        `json:"status"`
	Complete     bool          `json:"complete"`     // false: Plan is the best incomplete selection
	Ordered      bool          `json:"plan_ordered"` // false: no order exists (cycle, dependency errors)
	Plan         []Entry       `json:"plan"`
	Changes      Changes       `json:"changes"`
	Alternatives []Alternative `json:"alternatives"`
	// AlternativesEnd says why there are no more: "all" (there are none), "limit" (as many as were asked for, or
	// another bound), "time"; empty if none were looked for.
	AlternativesEnd string    `json:"alternatives_end,omitempty"`
	Conflict        *Conflict `json:"conflict"`
	// Conflicts are all reasons that do not follow from one another, Conflict first. LeaveOut are arguments without
	// any one of which the rest of the request would have a solution.
	Conflicts     []Conflict          `json:"conflicts"`
	MoreConflicts bool                `json:"more_conflicts"` // the search for conflicts was ended by a bound
	LeaveOut      []Why               `json:"leave_out"`
	Unsatisfied   []Unsatisfied       `json:"unsatisfied"`
	RequiredUse   []RequiredUse       `json:"required_use"`
	SlotConflicts []SlotConflict      `json:"slot_conflicts"`
	Cycles        []Cycle             `json:"cycles"`
	TwoStep       *TwoStep            `json:"two_step,omitempty"` // a way around Cycles, if there is one
	VirtualCycle  []string            `json:"virtual_cycle"`
	Rebuilds      map[string][]string `json:"rebuilds"` // cause cpv -> rebuilt cpvs, sorted
	HeldBack      []HeldBack          `json:"held_back"`
	Binaries      []RejectedBinary    `json:"rejected_binaries"` // binary packages that are not used, where they were asked for
	Removal       *Removal            `json:"removal,omitempty"`
	Warnings      []string            `json:"warnings"`
	// Select are sets, and atoms of what is installed already, that executing the plan records in world_sets and
	// world at once; what is recorded once a package is merged stands with its entry.
	Select    []string   `json:"select,omitempty"`
	UseExpand []UseGroup `json:"use_expand"` // USE_EXPAND, to group the flags of Use for display
	Stats     Stats      `json:"stats"`
}

// UseGroup is one USE_EXPAND variable: the flags "python_targets_…" are shown as PYTHON_TARGETS="…".
type UseGroup struct {
	Prefix string `json:"prefix"` // lower case, without the final underscore: "python_targets"
	Hidden bool   `json:"hidden"` // USE_EXPAND_HIDDEN: never shown
}

type Action string

const (
	Merge        Action = "merge"
	Uninstall    Action = "uninstall"
	BlockerEntry Action = "blocker"
)

// Entry is one line of the plan, in order of execution.
type Entry struct {
	Action   Action          `json:"action"`
	Type     string          `json:"type"` // "ebuild", "binary", "installed" (uninstall)
	CPV      string          `json:"cpv"`
	Slot     string          `json:"slot"`
	SubSlot  string          `json:"subslot"`
	Repo     string          `json:"repo"`
	Root     string          `json:"root"`
	Use      map[string]bool `json:"use"`      // every flag of IUSE
	Replaces []string        `json:"replaces"` // cpvs
	Why      []Why           `json:"why"`
	BuildID  int             `json:"build_id,omitempty"`
	Remote   bool            `json:"remote,omitempty"`
	// File is the package file of a binary package on this machine, or its URI if it is Remote.
	File string `json:"file,omitempty"`
	// Select are the atoms that world gets when the entry has been executed.
	Select []string `json:"select,omitempty"`
	// Blocker entries:
	Atom          string   `json:"atom,omitempty"`
	Strong        bool     `json:"strong,omitempty"`
	SolvedBlocker bool     `json:"solved,omitempty"`
	Parents       []string `json:"parents,omitempty"`
	// Forced are the flags of Use that the profile fixes (use.force, use.mask), sorted; Feature those that
	// FEATURES switches (FEATURES=test). Mark is "~" (accepted testing keyword), "*" (keyword missing),
	// "#" (unmasked by the user) or "". Download is the size in bytes of the files still to be fetched, nil
	// when unknown.
	Forced   []string `json:"forced,omitempty"`
	Feature  []string `json:"feature,omitempty"`
	Mark     string   `json:"mark,omitempty"`
	Download *int64   `json:"download,omitempty"`
	// Temporary are the flags of Use that differ from the configuration because the package is built again
	// later (TwoStep).
	Temporary map[string]bool `json:"temporary,omitempty"`
	// After lists the indexes of plan entries that must precede this one, with the kind of edge.
	After []After `json:"after,omitempty"`

	Package        *metadata.Package   `json:"-"` // what is merged or removed
	Old            []*metadata.Package `json:"-"` // the packages behind Replaces
	InstalledSlots []*metadata.Package `json:"-"` // installed packages of the same name in other slots
}

// After is one edge of the plan DAG.
type After struct {
	Entry int    `json:"entry"`
	Kind  string `json:"kind"` // "build", "run", "post", "install", "slot", "blocker"
}

// Why is one reason for an entry: an argument or a parent's dependency.
type Why struct {
	Arg     string `json:"arg,omitempty"`
	Parent  string `json:"parent,omitempty"`
	Atom    string `json:"atom,omitempty"`
	Kind    string `json:"kind,omitempty"` // DEPEND …
	Rebuild string `json:"rebuild,omitempty"`
}

// Changes are configuration changes that the plan assumes.
type Changes struct {
	Use      map[string]map[string]bool `json:"use"`
	License  map[string][]string        `json:"license"`
	Keywords []string                   `json:"keywords"`
	Unmask   []string                   `json:"unmask"`
	// Properties and Restrict are accepted by package.properties and package.accept_restrict: cpv -> words.
	Properties map[string][]string `json:"properties"`
	Restrict   map[string][]string `json:"restrict"`
	// UseMask are those flags of Use that the profile forces or masks: cpv -> flags. Only with --allow.
	UseMask map[string][]string `json:"use_mask"`
	// Drop are arguments to be given up, Remove installed packages (cpvs) to be removed first: with --allow only.
	Drop   []string `json:"drop"`
	Remove []string `json:"remove"`
	// Entries are the same changes as lines for the files of /etc/portage.
	Entries []ConfigEntry `json:"entries"`
}

// ConfigEntry is one line for a file of /etc/portage (portage(5)).
type ConfigEntry struct {
	File   string   `json:"file"` // "package.use"
	Atom   string   `json:"atom"`
	Tokens []string `json:"tokens"` // flags, keywords, licenses; none in package.unmask
	CPV    string   `json:"cpv"`    // the package that it is for
	Repo   string   `json:"repo"`
	Cause  []Cause  `json:"cause"` // the way from the package up to the request
	// MaskFile is where the mask stands that an entry of package.unmask lifts, and MaskComment the comment above it.
	MaskFile    string `json:"mask_file,omitempty"`
	MaskComment string `json:"mask_comment,omitempty"`
}

// Cause is one step of the way from a package to the request: the package that needs the one before, or the argument.
type Cause struct {
	Package string `json:"package,omitempty"` // cpv
	Repo    string `json:"repo,omitempty"`
	Arg     string `json:"arg,omitempty"`
}

// Line is the entry as it is written.
func (e *ConfigEntry) Line() string { return strings.Join(append([]string{e.Atom}, e.Tokens...), " ") }

// Comment is what emerge writes above an entry, without "#".
func (e *ConfigEntry) Comment() []string {
	var out []string
	for _, c := range e.Cause {
		if c.Package == "" {
			out = append(out, "required by "+c.Arg+" (argument)")
		} else {
			out = append(out, strings.TrimSuffix("required by "+c.Package+"::"+c.Repo, "::"))
		}
	}
	if e.MaskFile != "" {
		out = append(out, e.MaskFile+":")
		out = append(out, strings.Split(strings.TrimSpace(e.MaskComment), "\n")...)
	}
	return out
}

// Empty reports whether nothing has to be changed.
func (c Changes) Empty() bool {
	return len(c.Use)+len(c.License)+len(c.Keywords)+len(c.Unmask)+len(c.Properties)+len(c.Restrict)+len(c.Drop)+len(c.Remove) == 0
}

type Unsatisfied struct {
	Atom        string     `json:"atom"`
	Root        string     `json:"root"`
	Parent      string     `json:"parent"` // cpv or argument
	Kind        string     `json:"kind,omitempty"`
	Candidates  []Rejected `json:"candidates"` // why each match was not usable
	Suggestions []string   `json:"suggestions,omitempty"`
}

// Rejected is a candidate and every reason why it could not be used.
type Rejected struct {
	CPV        string               `json:"cpv"`
	Repo       string               `json:"repo"`
	Type       string               `json:"type,omitempty"` // "binary", else an ebuild
	BuildID    int                  `json:"build_id,omitempty"`
	Reasons    []string             `json:"reasons"` // one sentence each
	Exclusions []metadata.Exclusion `json:"-"`
}

type RequiredUse struct {
	Atom       string `json:"atom"`
	CPV        string `json:"cpv"`
	Expression string `json:"expression"` // the part that fails
}

type SlotConflict struct {
	Slot      string                       `json:"slot"`
	Root      string                       `json:"root"`
	Packages  []ConflictPackage            `json:"packages"`
	Solutions []map[string]map[string]bool `json:"solutions"`
}

type ConflictPackage struct {
	CPV       string `json:"cpv"`
	Repo      string `json:"repo"`
	Installed bool   `json:"installed"`
	Parents   []Why  `json:"parents"`
}

// HeldBack is an update that did not happen, and who prevents it.
type HeldBack struct {
	CPV      string `json:"cpv"`      // the version not taken
	Selected string `json:"selected"` // what stays or is taken
	By       []Why  `json:"by"`
}

// Removal is the answer of depclean, prune, unmerge, clean and dep_check (docs/removal.md).
type Removal struct {
	Action    string   `json:"action"`    // "depclean", "prune", "unmerge", "rage-clean", "clean", "dep_check", "deselect"
	Root      string   `json:"root"`      // what is removed is removed here
	CleanList []string `json:"cleanlist"` // cpvs in order: dependents before what they depend on
	Ordered   bool     `json:"ordered"`   // false: nothing on CleanList depends on anything else on it
	Kept      int      `json:"kept"`      // installed packages that stay
	// Broken lists what is missing already: cpv or set -> atoms. Blocked says that nothing is removed because of it.
	Broken  map[string][]string `json:"broken"`
	Blocked bool                `json:"blocked"`
	// Breaks lists what the removal would break: cpv that stays -> atoms. Only actions that do not look at
	// dependencies (unmerge, clean, --nodeps) can break anything.
	Breaks   map[string][]string `json:"breaks"`
	Packages []RemovalPackage    `json:"packages"`  // the names on CleanList, and protected ones that were asked for
	NotFound []string            `json:"not_found"` // arguments that match nothing installed
	KeptBy   []KeptBy            `json:"kept_by"`   // reverse dependencies: of the arguments' packages, or with --verbose of all
	// Installed, World and System count installed packages, atoms of @selected and atoms of @system.
	Installed int `json:"installed"`
	// Everything: no package was named, so all that is not needed goes.
	Everything bool `json:"everything,omitempty"`
	World      int  `json:"world"`
	System     int  `json:"system"`

	Deselected []string `json:"deselected"` // atoms of the world file that match only what goes; unless --deselect=n. The answer of "deselect"

	Remove []*metadata.Package `json:"-"` // the packages behind CleanList
}

// RemovalPackage is what happens to the installed versions of one package, ascending.
type RemovalPackage struct {
	Name      string   `json:"name"`      // cat/pkg
	Selected  []string `json:"selected"`  // versions that go
	Protected []string `json:"protected"` // versions that were asked for but may not go
	Omitted   []string `json:"omitted"`   // other versions
	System    bool     `json:"system"`    // @system names it
}

// KeptBy is a package that stays, and the dependencies and sets that keep it.
type KeptBy struct {
	CPV string `json:"cpv"`
	By  []Why  `json:"by"`
}

type Stats struct {
	Versions  int     `json:"versions"`
	Variables int     `json:"variables"`
	Clauses   int     `json:"clauses"`
	LoadMS    float64 `json:"load_ms"`
	EncodeMS  float64 `json:"encode_ms"`
	SolveMS   float64 `json:"solve_ms"`
	OrderMS   float64 `json:"order_ms"`
}

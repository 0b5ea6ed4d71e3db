package answer

// The answers of the commands beside resolve. Like Result they are plain data,
// printed by --format json as they are (docs/json.md).

// Search is the answer of `portsolve search`.
type Search struct {
	Schema  int        `json:"schema"`
	Pattern string     `json:"pattern"` // as given
	Kind    string     `json:"kind"`    // how it was understood: "text", "fuzzy", "regexp"
	Found   []Found    `json:"found"`   // by name
	Sets    []FoundSet `json:"sets"`    // by name
}

// Found is one package that a search found.
type Found struct {
	Name        string `json:"name"`      // cat/pkg
	Version     string `json:"version"`   // the best visible version, or the highest if none is visible
	Masked      bool   `json:"masked"`    // no version is visible
	Repo        string `json:"repo"`      // where Version is
	Installed   string `json:"installed"` // the highest installed version, "" none
	Homepage    string `json:"homepage"`
	Description string `json:"description"`
	License     string `json:"license"`
	// Size is the sum of all files of Version in bytes, nil when there is no Manifest.
	Size *int64 `json:"size"`
}

// FoundSet is a package set that a search found.
type FoundSet struct {
	Name string `json:"name"` // without "@"
	File string `json:"file"` // where it is defined, "" for a standard set
}

// Info is the answer of `portsolve info`.
type Info struct {
	Schema       int           `json:"schema"`
	Profile      string        `json:"profile"`  // the directory that make.profile names
	Profiles     []string      `json:"profiles"` // the stack, ancestors first
	Roots        []string      `json:"roots"`    // the last one is where packages are merged
	Repositories []RepoInfo    `json:"repositories"`
	Tools        []Tool        `json:"tools"`     // profiles/info_pkgs
	WorldSets    []string      `json:"sets"`      // installed sets (world_sets)
	Variables    []Variable    `json:"variables"` // by name; USE and USE_EXPAND first
	Unset        []string      `json:"unset"`     // variables of interest without a value
	Packages     []PackageInfo `json:"packages"`
	UseExpand    []UseGroup    `json:"use_expand"` // to group flags for display
	Warnings     []string      `json:"warnings"`
}

// RepoInfo is one configured repository.
type RepoInfo struct {
	Name     string   `json:"name"`
	Location string   `json:"location"`
	Priority int      `json:"priority"`
	Masters  []string `json:"masters"`
	SyncType string   `json:"sync_type"`
	SyncURI  string   `json:"sync_uri"`
}

// Tool is a package of which problem reports name the installed versions.
type Tool struct {
	Atom      string   `json:"atom"`
	Installed []string `json:"installed"` // "1.2-r3::repo", ascending
}

// Variable is the final value of a configuration variable.
type Variable struct {
	Name   string `json:"name"`
	Value  string `json:"value"`
	Source string `json:"source"` // file:line where it was set last, "" for a default of the program
}

// PackageInfo is one version and the flags it has or would have.
type PackageInfo struct {
	CPV       string     `json:"cpv"`
	Slot      string     `json:"slot"`
	SubSlot   string     `json:"subslot"`
	Repo      string     `json:"repo"`
	Installed bool       `json:"installed"` // Flags are those it was built with, not those it would get
	Visible   bool       `json:"visible"`
	Flags     []FlagInfo `json:"flags"` // IUSE, by name
	Hidden    []Reason   `json:"hidden,omitempty"`
}

// FlagInfo is the state of one USE flag of one package.
type FlagInfo struct {
	Name        string `json:"name"`
	Enabled     bool   `json:"enabled"`
	Configured  bool   `json:"configured"` // what the configuration says now; differs from Enabled for installed packages only
	Forced      bool   `json:"forced,omitempty"`
	Masked      bool   `json:"masked,omitempty"`
	Source      string `json:"source"` // file:line that decides Configured, "" if nothing mentions the flag
	Setting     string `json:"setting,omitempty"`
	Description string `json:"description,omitempty"`
}

// Reason is one reason that keeps a version from being used.
type Reason struct {
	Kind    string   `json:"kind"`   // metadata.ExclusionKind
	Text    string   `json:"text"`   // one sentence
	Source  string   `json:"source"` // file:line, "" none
	Tokens  []string `json:"tokens,omitempty"`
	Comment string   `json:"comment,omitempty"` // what the author of a mask wrote
	// Flags are the differences of kind "USE", of binary packages.
	Flags []FlagDifference `json:"flags,omitempty"`
}

// SetList is the answer of `portsolve list-sets`.
type SetList struct {
	Schema int       `json:"schema"`
	Sets   []SetInfo `json:"sets"` // by name
}

// SetInfo is one package set.
type SetInfo struct {
	Name  string `json:"name"`  // without "@"
	Class string `json:"class"` // Portage's name of what computes it
	File  string `json:"file"`  // where it is defined, "" for a standard set
}

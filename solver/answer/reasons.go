package answer

// Reasons is the answer of `portsolve why`.
type Reasons struct {
	Schema   int         `json:"schema"`
	Asked    string      `json:"asked"`
	For      []string    `json:"for"` // the request that was looked at; empty: what is installed, for @world
	Packages []Explained `json:"packages"`
	// HeldBack are updates of the package that the request does not make, Removed what it uninstalls of it.
	HeldBack []HeldBack `json:"held_back"`
	Removed  []Entry    `json:"removed"`
	// Suggestions are similar names when there is no such package.
	Suggestions []string `json:"suggestions"`
}

// Explained says why one package is there.
type Explained struct {
	CPV       string `json:"cpv"`
	Slot      string `json:"slot"`
	SubSlot   string `json:"subslot"`
	Repo      string `json:"repo"`
	Root      string `json:"root"`
	Installed bool   `json:"installed"`
	Merge     bool   `json:"merge"` // the request merges it
	// Path is a shortest chain from an argument down to the package: Path[0] has
	// Arg, each further step the dependency of the step before it. Empty: nothing
	// that was asked for leads to the package.
	Path []PathStep `json:"path"`
	// Rebuild names packages whose change makes a rebuild necessary.
	Rebuild []string `json:"rebuild,omitempty"`
	// Parents counts the packages that need it directly, whether or not anything needs them.
	Parents int `json:"parents"`
	// Links are all dependencies on all paths: of the package, of what needs it,
	// and so on up to the arguments, each package once, nearest first.
	Links []PathLink `json:"links,omitempty"`
}

// PathStep is one member of a chain of dependencies.
type PathStep struct {
	CPV    string   `json:"cpv"`
	Arg    string   `json:"arg,omitempty"`    // the argument or set that asks for it
	Sets   []string `json:"sets,omitempty"`   // sets within the set, outermost first
	Source string   `json:"source,omitempty"` // file:line of the argument
	Atom   string   `json:"atom"`             // what the argument or the step before says
	Kind   string   `json:"kind,omitempty"`   // the variable that Atom is in
}

// PathLink is one dependency between two packages, or an argument and a package (From is empty then).
type PathLink struct {
	From   string   `json:"from"`
	To     string   `json:"to"`
	Arg    string   `json:"arg,omitempty"`
	Source string   `json:"source,omitempty"`
	Atom   string   `json:"atom"`
	Kinds  []string `json:"kinds,omitempty"`
}

// WhyNot is the answer of `portsolve why-not`.
type WhyNot struct {
	Schema      int       `json:"schema"`
	Atom        string    `json:"atom"`
	For         []string  `json:"for"` // further arguments of the request that was tried
	Versions    []Version `json:"versions"`
	Others      []string  `json:"others"`      // versions that exist when the atom matches none
	Suggestions []string  `json:"suggestions"` // similar names when there is no such package
}

// Version is one version and what stands in its way.
type Version struct {
	CPV       string `json:"cpv"`
	Slot      string `json:"slot"`
	SubSlot   string `json:"subslot"`
	Repo      string `json:"repo"`
	Installed bool   `json:"installed"`
	// State is "installed", "hidden" (Reasons say why), "possible" (Try is the
	// plan), "impossible" (Try says why), "changes" (possible after the changes of
	// Try), or "passed-over" (not tried: By is preferred in its slot).
	State   string   `json:"state"`
	Reasons []Reason `json:"reasons,omitempty"`
	By      string   `json:"by,omitempty"`
	// Try is the answer to the request for this version.
	Try *Result `json:"try,omitempty"`
	// Binaries are the binary packages of this version, if the request may use any; without Reasons: may be used.
	Binaries []RejectedBinary `json:"binaries,omitempty"`
	// HeldBack are the dependencies that kept the request without this version from taking it.
	HeldBack []Why `json:"held_back,omitempty"`
}

// Graph is the answer of `portsolve depgraph`: what was selected, and the
// dependencies between it.
type Graph struct {
	Schema   int         `json:"schema"`
	For      []string    `json:"for"`    // the request; empty: what is installed
	Status   Status      `json:"status"` // of the request
	Packages []GraphNode `json:"packages"`
	Edges    []GraphEdge `json:"edges"`
}

// GraphNode is a package of the graph. Its place in Graph.Packages is its number.
type GraphNode struct {
	CPV      string   `json:"cpv"`
	Slot     string   `json:"slot"`
	SubSlot  string   `json:"subslot"`
	Repo     string   `json:"repo"`
	Root     string   `json:"root"`
	Merge    bool     `json:"merge"`                // false: installed, and stays
	Step     *int     `json:"step,omitempty"`       // index in the plan of resolve
	Args     []string `json:"args,omitempty"`       // arguments that ask for it
	Replaces []string `json:"replaces,omitempty"`   // cpvs
	Rebuild  []string `json:"rebuild_of,omitempty"` // packages whose change makes the rebuild necessary
}

// GraphEdge is a dependency between packages given by number.
type GraphEdge struct {
	From int    `json:"from"`
	To   int    `json:"to"`
	Kind string `json:"kind"` // DEPEND, BDEPEND, IDEPEND, RDEPEND, PDEPEND
	Atom string `json:"atom"`
}

package answer

// Cycle is one cycle of dependencies that no order can keep. With many of them in one group of packages,
// those are listed that have to be broken one after the other (docs/cycles.md).
type Cycle struct {
	Members []string    `json:"members"` // cpvs, in the order of Edges
	Edges   []CycleEdge `json:"edges"`   // each To is the next From, the last one's the first
	Group   int         `json:"group"`   // packages that are tangled up in this and other cycles
	// Solutions are the settings of one package alone that break the cycle: cpv -> alternatives.
	Solutions map[string][]map[string]bool `json:"solutions"`
	// Breaks are all minimal ways to break it, those with the fewest flags first.
	Breaks []Break `json:"breaks"`
}

// CycleEdge says that From needs To before it can be built.
type CycleEdge struct {
	From string `json:"from"`
	To   string `json:"to"`
	Kind string `json:"kind"` // DEPEND or BDEPEND, or RDEPEND of a build dependency
	Atom string `json:"atom"`
}

// Break is one minimal way to break a cycle by USE flags.
type Break struct {
	Settings map[string]map[string]bool `json:"settings"` // cpv -> flag -> state, all of them together
	Removes  CycleEdge                  `json:"removes"`  // the dependency that goes
	Verified bool                       `json:"verified"` // solving again with the settings proved it
	Suffices bool                       `json:"suffices"` // with these settings alone nothing else was in a cycle
}

// TwoStep is an order for what was chosen in which some packages are built twice.
type TwoStep struct {
	Plan  []Entry `json:"plan"`
	Twice []Twice `json:"twice"`
	// Needs lists packages that have to be there before the first step, from a stage archive or as binary
	// packages: no flag keeps them from needing each other. The steps are complete if it is empty.
	Needs []string `json:"needs"`
}

// Twice is a package that is built twice.
type Twice struct {
	CPV   string          `json:"cpv"`
	Flags map[string]bool `json:"flags"` // of the first build, as far as they differ
	First int             `json:"first"` // its entry of the plan
	Again int             `json:"again"` // that of the second build, with the flags as configured
}

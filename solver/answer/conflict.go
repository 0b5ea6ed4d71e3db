package answer

// Conflict is one reason why a request cannot be fulfilled: a minimal set of rules that contradict each
// other, in the order in which they tell the story (docs/explanations.md).
type Conflict struct {
	Kind    string `json:"kind"`    // what it ends in: "missing", "excluded", "required-use", "use", "any-of", "slot", "blocker", "library"
	Summary string `json:"summary"` // one sentence: what cannot be
	Rules   []Rule `json:"rules"`
	Minimal bool   `json:"minimal"`
	// Also are further rules that contradict in the same way: they have to give way together with one of Rules.
	Also []Rule `json:"also"`
	// Nodes and Edges are the same as a graph. The numbers in Edges are places in Nodes, and in Rules followed by Also.
	Nodes []ConflictNode `json:"nodes"`
	Edges []ConflictEdge `json:"edges"`
}

// Rule is one member of a conflict, in words and data.
type Rule struct {
	Kind    string `json:"kind"` // "request", "dependency", "any-of", "slot", "blocker", "use-dependency", "required-use", "slot-operator", "keep", "excluded", "library"
	Package string `json:"package,omitempty"`
	// Packages are all that have the rule where several versions have the same, Package among them.
	Packages []string `json:"packages,omitempty"`
	Atom     string   `json:"atom,omitempty"`
	DepKind  string   `json:"dep,omitempty"`
	DepKinds []string `json:"deps,omitempty"` // all variables, if it is in several
	Root     string   `json:"root,omitempty"` // where Atom has to be satisfied; empty: the only root
	Others   []string `json:"others,omitempty"`
	// Answers are the packages that satisfy the rule and can be chosen; Refused those that would satisfy it,
	// but for reasons of their own cannot.
	Answers []string  `json:"answers,omitempty"`
	Refused []Refused `json:"refused,omitempty"`
	// Flags are USE flags of Package without which it would not have the rule.
	Flags []FlagState `json:"flags,omitempty"`
	Text  string      `json:"text"`           // one sentence
	Lead  string      `json:"lead,omitempty"` // Text without the list of what is refused; empty: the same
	File  string      `json:"file,omitempty"`
}

// Refused are packages that cannot be chosen, for the same reasons.
type Refused struct {
	Packages []string `json:"packages"` // cpvs
	Names    string   `json:"names"`    // the same as people write it, versions in ranges
	Text     string   `json:"text"`     // the reasons in a few words
	Reasons  []Reason `json:"reasons"`
}

// FlagState is the state of a USE flag and what decided it.
type FlagState struct {
	Flag   string `json:"flag"`
	On     bool   `json:"on"`
	Fixed  bool   `json:"fixed,omitempty"` // by the profile
	Source string `json:"source"`          // file:line, "" for the default
}

// ConflictNode is a thing in the graph of a conflict.
type ConflictNode struct {
	Kind     string   `json:"kind"` // "argument", "package", "choice", "missing", "slot"
	Label    string   `json:"label"`
	Packages []string `json:"packages,omitempty"` // "package": versions for which the same rules hold
}

// ConflictEdge says that From leads to To, or excludes it.
type ConflictEdge struct {
	From  int    `json:"from"`
	To    int    `json:"to"`
	Kind  string `json:"kind"` // "wants", "needs", "blocks", "one-of"
	Label string `json:"label,omitempty"`
	Rule  int    `json:"rule"`
}

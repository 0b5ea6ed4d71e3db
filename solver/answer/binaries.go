package answer

// RejectedBinary is a binary package that was looked at and is not used, with every reason.
type RejectedBinary struct {
	CPV     string `json:"cpv"`
	BuildID int    `json:"build_id,omitempty"`
	Slot    string `json:"slot"`
	SubSlot string `json:"subslot"`
	Repo    string `json:"repo"`
	Root    string `json:"root"`              // where it would go
	Binhost string `json:"binhost,omitempty"` // "" in PKGDIR
	Path    string `json:"path"`              // file or URI
	Instead string `json:"instead,omitempty"` // the cpv that is built instead
	// Reasons are what forbids it (kinds of metadata.ExclusionKind), or if nothing does what the selection made
	// of it: "slot-operator", "dependency", "rebuild", "version", "choice".
	Reasons []Reason `json:"reasons"`
}

// FlagDifference is one USE flag in which a binary package is not what would be built now.
type FlagDifference struct {
	Flag   string `json:"flag"`
	Wanted bool   `json:"wanted"`
	Built  string `json:"built"`            // "on", "off", "missing"
	Gone   bool   `json:"gone,omitempty"`   // its ebuild has no such flag any more
	Source string `json:"source,omitempty"` // file:line that decides Wanted, "" for a default
}

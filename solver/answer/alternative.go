package answer

// Alternative is one minimal set of configuration changes with what it does (docs/alternatives.md).
type Alternative struct {
	Changes Changes `json:"changes"`
	// Against are settings of the user that the changes contradict.
	Against []Against `json:"against"`
	Plan    []Entry   `json:"plan"`
	Ordered bool      `json:"plan_ordered"` // false: a build cycle leaves the plan without an order
	// Merged, Rebuilt (at the same version) and Removed count packages of the plan. Download is the sum of the known
	// sizes, in bytes.
	Merged   int   `json:"merged"`
	Rebuilt  int   `json:"rebuilt"`
	Removed  int   `json:"removed"`
	Download int64 `json:"download"`
	// Group is the number (from 1) of the first alternative that makes the same choice in another way: another value of a
	// USE_EXPAND variable, another package for the same dependency; its own number if there is none. Choice is
	// what tells it from the others of its group; empty if it is alone.
	Group  int    `json:"group"`
	Choice string `json:"choice"`
	// Cost: what counts most comes first, and less is better.
	Cost []int `json:"cost"`
}

// Against is a setting of the user that a change contradicts.
type Against struct {
	Package string `json:"package"` // cpv
	Setting string `json:"setting"` // as the change wants it: "flag", "-flag", "unmask"
	File    string `json:"file"`    // "path:line" of the user's setting
}

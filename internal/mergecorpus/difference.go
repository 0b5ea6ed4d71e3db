package mergecorpus

import "fmt"

// Area says what part of a state a difference is in.
type Area string

// The areas.
const (
	InExit    Area = "exit" // whether the step failed
	InRoot    Area = "root"
	InVDB     Area = "vdb"
	InOutside Area = "outside" // outside of ROOT
)

// Difference is one way in which what we made is not what was recorded.
type Difference struct {
	Step int // after which; 0: before the first
	Area Area
	Path string // of the file, or CATEGORY/PF in the VDB
	// Field is what of it differs, as Text begins; "" if it is missing on one side or of another type.
	Field string
	Text  string // "recorded → ours"
}

// Where is the place in words: "/usr/x", "vdb app-mc/x-1", "outside /x", "exit".
func (d *Difference) Where() string {
	switch {
	case d.Area == InRoot:
		return d.Path
	case d.Path == "":
		return string(d.Area)
	}
	return string(d.Area) + " " + d.Path
}

// String is one line without the step.
func (d Difference) String() string { return d.Where() + ": " + d.Text }

// Line is one line with the step, as docs/merge-deviations.md has them.
func (d Difference) Line() string {
	if d.Step == 0 {
		return "before: " + d.String()
	}
	return fmt.Sprintf("after-%d: %s", d.Step, d)
}

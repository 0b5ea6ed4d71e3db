package mergecorpus

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"slices"
	"strings"
)

// Deviations is docs/merge-deviations.md: the differences that are meant.
type Deviations struct {
	lines []string
	// Lists are the differences of a scenario, by its ID: the lines of the block below
	// "### NN-name".
	Lists map[string][]string
	// Pending are scenarios that are not settled yet, by ID: "- NN-name: why" below "## Not settled".
	Pending map[string]string
}

// pendingLine is one line of the list of what is not settled.
var pendingLine = regexp.MustCompile(`^- ([0-9]+-[a-z0-9-]+): (.*)$`)

// ReadDeviations reads the document. A missing one is empty.
func ReadDeviations(path string) (*Deviations, error) {
	d := &Deviations{Lists: map[string][]string{}, Pending: map[string]string{}}
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return d, nil
	}
	if err != nil {
		return nil, err
	}
	d.lines = strings.Split(string(text), "\n")
	name, inside := "", false
	for _, line := range d.lines {
		switch {
		case strings.HasPrefix(line, "### "):
			name = strings.TrimSpace(line[4:])
			d.Lists[name] = nil
		case strings.HasPrefix(line, "```"):
			inside = !inside
		case inside && name != "":
			d.Lists[name] = append(d.Lists[name], line)
		}
		if m := pendingLine.FindStringSubmatch(line); m != nil && !inside {
			d.Pending[m[1]] = m[2]
		}
	}
	return d, nil
}

// Update puts new lists of differences into the document's blocks.
func (d *Deviations) Update(path string, lists map[string][]string) error {
	var out []string
	name, inside := "", false
	for _, line := range d.lines {
		list, ok := lists[name]
		switch {
		case strings.HasPrefix(line, "### "):
			name = strings.TrimSpace(line[4:])
		case strings.HasPrefix(line, "```"):
			if inside = !inside; inside && ok {
				out = append(append(out, line), list...)
				continue
			}
		case inside && ok:
			continue
		}
		out = append(out, line)
	}
	return os.WriteFile(path, []byte(strings.Join(out, "\n")), 0o644)
}

// Judge says what is wrong with the differences of a scenario: nothing if there are
// none, or exactly those that are documented.
func (d *Deviations) Judge(id string, differences []string) []string {
	expected := d.Lists[id]
	var wrong []string
	for _, x := range differences {
		if !slices.Contains(expected, x) {
			wrong = append(wrong, x)
		}
	}
	for _, x := range expected {
		if !slices.Contains(differences, x) {
			wrong = append(wrong, fmt.Sprintf("documented, but not found: %s", x))
		}
	}
	return wrong
}

package differences

import (
	"fmt"
	"os"
	"strings"
)

// Part is the tables of one harness within the document.
type Part string

// The parts of the document that are generated.
const (
	Scenarios Part = "scenarios"
	Machines  Part = "machines"
)

func (p Part) markers() (begin, end string) {
	return "<!-- generated: " + string(p) + " -->\n", "<!-- end of " + string(p) + " -->\n"
}

// In returns the part as it stands in the document.
func (p Part) In(document string) (string, error) {
	_, text, _, err := p.cut(document)
	return text, err
}

// Write replaces the part in the document at path.
func (p Part) Write(path, text string) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	before, _, after, err := p.cut(string(data))
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return os.WriteFile(path, []byte(before+text+after), 0o644)
}

// cut splits a document; before and after include the markers.
func (p Part) cut(document string) (before, text, after string, err error) {
	begin, end := p.markers()
	before, rest, found := strings.Cut(document, begin)
	text, after, closed := strings.Cut(rest, end)
	if !found || !closed {
		return "", "", "", fmt.Errorf("the lines %q and %q are not both there", strings.TrimSpace(begin), strings.TrimSpace(end))
	}
	return before + begin, text, end + after, nil
}

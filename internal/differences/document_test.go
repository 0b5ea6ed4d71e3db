package differences

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The document is read once more as a reader would: every principle that a
// table names is explained, every deviation has its reason, and neither is
// there for nothing.
func TestDocument(t *testing.T) {
	data, err := os.ReadFile(filepath.Join("..", "..", "docs", "portage-differences.md"))
	if err != nil {
		t.Fatal(err)
	}
	document := string(data)
	for _, c := range Classes() {
		if strings.Count(document, "\n## "+string(c)+"\n") != 1 {
			t.Errorf("the document does not explain %q under a heading of its own", c)
		}
	}
	_, reasons, found := strings.Cut(document, "\n# Reasons for the deviations\n")
	if !found {
		t.Fatal("no chapter with the reasons for the deviations")
	}
	explained := map[string]bool{}
	for _, item := range strings.Split(reasons, "\n- ")[1:] {
		names, _, _ := strings.Cut(item, ":")
		for _, m := range codeSpan.FindAllStringSubmatch(names, -1) {
			explained[m[1]] = true
		}
	}
	deviations := deviationsIn(t, document)
	for name := range deviations {
		if !explained[name] {
			t.Errorf("the deviation %q has no reason in the last chapter", name)
		}
	}
	for name := range explained {
		if !deviations[name] {
			t.Errorf("%q is no deviation any more: its reason in the last chapter is to go", name)
		}
	}
}

var (
	codeSpan = regexp.MustCompile("`([^`]+)`")
	firstCol = regexp.MustCompile("^\\| `([^`]+)`")
)

// deviationsIn reads the names in the second table of each part.
func deviationsIn(t *testing.T, document string) map[string]bool {
	t.Helper()
	names := map[string]bool{}
	for _, p := range []Part{Scenarios, Machines} {
		text, err := p.In(document)
		if err != nil {
			t.Fatal(err)
		}
		_, second, found := strings.Cut(text, "deviations: `--compat=emerge` differs")
		for line := range strings.Lines(second) {
			if m := firstCol.FindStringSubmatch(line); found && m != nil {
				names[m[1]] = true
			}
		}
	}
	return names
}

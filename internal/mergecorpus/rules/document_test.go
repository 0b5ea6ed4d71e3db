package rules

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/portsolve/portsolve/internal/mergecorpus"
)

// TestDocument: the document's table of rules is that of the code, and everything in it is read.
func TestDocument(t *testing.T) {
	path := filepath.Join("..", "..", "..", "docs", "merge-deviations.md")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range All() {
		row := fmt.Sprintf("\n| %d | ", r.Number)
		_, rest, ok := strings.Cut(string(text), row)
		rest, _, _ = strings.Cut(rest, "\n")
		if !ok || !strings.HasSuffix(rest, "| "+r.Points+" |") {
			t.Errorf("the document has no row of rule %d (%s) with point %s: %q", r.Number, r.Name, r.Points, rest)
		}
	}
	d, err := ReadDocument(path)
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(text), "## Table\n")
	table, _, _ = strings.Cut(table, "\n## ")
	if rows := strings.Count(table, "\n| ") - 1; rows != len(d.IDs()) {
		t.Errorf("the table has %d rows, of which %d are understood", rows, len(d.IDs()))
	}
}

const document = `# x
| scenario | what | point | differences |
|---|---|---|---|
| 01-a | this | 6 | rule 1: 2, rule 4: 1 |
| [02-b](#02-b) | that | none | the list below |

### 02-b

` + "```" + `
after-1: /x: missing → file
` + "```\n"

func TestJudge(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.md")
	if err := os.WriteFile(path, []byte(document), 0o644); err != nil {
		t.Fatal(err)
	}
	d, err := ReadDocument(path)
	if err != nil {
		t.Fatal(err)
	}
	verdict := func(rule int) Verdict {
		return Verdict{mergecorpus.Difference{Step: 1, Area: mergecorpus.InRoot, Path: "/x", Text: "missing → file"}, rule}
	}
	list := func(rules ...int) (out []Verdict) {
		for _, r := range rules {
			out = append(out, verdict(r))
		}
		return out
	}
	for _, tt := range []struct {
		id    string
		list  []Verdict
		wrong int
	}{
		{"01-a", list(1, 4, 1), 0},
		{"01-a", list(1, 4), 1},
		{"01-a", list(1, 4, 1, 1), 1},
		{"01-a", list(1, 1, 0), 2},
		{"01-a", nil, 1},
		{"02-b", list(0), 0},
		{"02-b", nil, 1},
		{"03-c", nil, 0},
		{"03-c", list(2, 2), 0},
		{"03-c", list(2, 0), 1},
	} {
		if wrong := d.Judge(tt.id, tt.list); len(wrong) != tt.wrong {
			t.Errorf("%s %v: %q", tt.id, tt.list, wrong)
		}
	}
	other := verdict(0)
	other.Path = "/y"
	if err := d.Update(path, map[string][]Verdict{"01-a": list(1, 2), "02-b": {other}}); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	want := strings.NewReplacer("rule 1: 2, rule 4: 1", "rule 1: 1, rule 2: 1", "after-1: /x", "after-1: /y").Replace(document)
	if diff := cmp.Diff(want, string(text)); diff != "" {
		t.Errorf("after an update (-want +got):\n%s", diff)
	}
}

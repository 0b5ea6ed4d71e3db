package solver_test

import (
	"context"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/portsolve/portsolve/internal/emergeopts"
	"github.com/portsolve/portsolve/solver"
	"github.com/portsolve/portsolve/solver/answer"
	"github.com/portsolve/portsolve/solver/scenario"
)

var update = flag.Bool("update", false, "rewrite the section explain of testdata/explain")

// explainSection is what follows the scenario: the sentences of the conflict, one on a line.
const explainSection = "-- explain --\n"

// TestExplain compares the words of conflicts. They are read by people: look at what -update changes.
func TestExplain(t *testing.T) {
	files, err := filepath.Glob("testdata/explain/*.txtar")
	if err != nil || len(files) < 12 {
		t.Fatalf("%d files: %v", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			world, want, _ := strings.Cut(string(data), explainSection)
			got := explain(t, world)
			if *update {
				if err := os.WriteFile(file, []byte(world+explainSection+got), 0o644); err != nil {
					t.Fatal(err)
				}
			} else if d := cmp.Diff(want, got); d != "" {
				t.Errorf("the conflict is told otherwise (-want +got):\n%s", d)
			}
		})
	}
}

func explain(t *testing.T, world string) string {
	t.Helper()
	sc, err := scenario.Parse([]byte(world))
	if err != nil {
		t.Fatal(err)
	}
	emergeopts.Normalize(&sc.Request.Options)
	o, err := solver.Solve(context.Background(), &solver.Problem{Roots: sc.Roots, Request: sc.Request})
	if err != nil {
		t.Fatal(err)
	}
	if o.Complete || o.Conflict == nil {
		t.Fatal("there is no conflict")
	}
	if !o.Conflict.Minimal {
		t.Error("the conflict is not minimal")
	}
	var b strings.Builder
	for _, r := range o.Conflict.Rules {
		checkRule(t, &r)
		b.WriteString(r.Text + "\n")
	}
	return b.String()
}

// checkRule: the data of a rule are there for programs.
func checkRule(t *testing.T, r *answer.Rule) {
	t.Helper()
	switch r.Kind {
	case "request", "keep":
		if r.Atom == "" {
			t.Errorf("%q has no atom", r.Text)
		}
	case "dependency", "use-dependency", "required-use", "excluded", "slot-operator", "blocker":
		if r.Atom == "" || r.Package == "" || r.DepKind == "" {
			t.Errorf("%q: atom %q, package %q, variable %q", r.Text, r.Atom, r.Package, r.DepKind)
		}
	case "any-of":
		if r.Package == "" || r.DepKind == "" {
			t.Errorf("%q: package %q, variable %q", r.Text, r.Package, r.DepKind)
		}
	case "slot":
		if len(r.Others) < 2 {
			t.Errorf("%q: others %v", r.Text, r.Others)
		}
	default:
		t.Errorf("%q is of kind %q", r.Text, r.Kind)
	}
}

package solver_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/portsolve/portsolve/internal/emergeopts"
	"github.com/portsolve/portsolve/solver"
	"github.com/portsolve/portsolve/solver/answer"
	"github.com/portsolve/portsolve/solver/scenario"
	"github.com/portsolve/portsolve/solver/solvertest"
	"github.com/portsolve/portsolve/solver/universe"
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

// explain gives the conflicts of a world in words: what cannot be, then the sentences that lead there.
func explain(t *testing.T, world string) string {
	t.Helper()
	sc, err := scenario.Parse([]byte(world))
	if err != nil {
		t.Fatal(err)
	}
	emergeopts.Normalize(&sc.Request.Options)
	problem := &solver.Problem{Roots: sc.Roots, Request: sc.Request}
	o, err := solver.Solve(context.Background(), problem)
	if err != nil {
		t.Fatal(err)
	}
	if o.Complete || o.Conflict == nil {
		t.Fatal("there is no conflict")
	}
	if o.Conflict != &o.Conflicts[0] {
		t.Error("the conflict is not the first of all")
	}
	faults, tried := o.CheckConflicts(context.Background())
	for _, f := range faults {
		t.Error(f)
	}
	if tried == 0 {
		t.Error("nothing was left out")
	}
	var b strings.Builder
	for i := range o.Conflicts {
		b.WriteString(conflictWords(t, &o.Conflicts[i]))
	}
	for _, w := range o.LeaveOut {
		fmt.Fprintf(&b, "without %s (%s)\n", w.Atom, w.Arg)
		checkLeaveOut(t, *problem, w)
	}
	return b.String()
}

func conflictWords(t *testing.T, c *answer.Conflict) string {
	t.Helper()
	if !c.Minimal {
		t.Error("the conflict is not minimal")
	}
	checkGraph(t, c)
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s\n", c.Kind, c.Summary)
	for _, r := range c.Rules {
		checkRule(t, &r)
		fmt.Fprintf(&b, "  %s\n", r.Text)
	}
	for _, r := range c.Also {
		checkRule(t, &r)
		fmt.Fprintf(&b, "  also: %s\n", r.Text)
	}
	return b.String()
}

// checkLeaveOut solves the request again without one argument.
func checkLeaveOut(t *testing.T, p solver.Problem, w answer.Why) {
	t.Helper()
	without := func(args []universe.Arg) (out []universe.Arg) {
		for _, a := range args {
			a.Atoms = slices.DeleteFunc(slices.Clone(a.Atoms), func(m universe.ArgAtom) bool { return a.Text == w.Arg && m.Atom.String() == w.Atom })
			if len(a.Atoms) > 0 {
				out = append(out, a)
			}
		}
		return out
	}
	p.Request.Args, p.Request.World = without(p.Request.Args), without(p.Request.World)
	if o, err := solver.Solve(context.Background(), &p); err != nil || !o.Complete {
		t.Errorf("without %s there is still no solution: %v", w.Atom, err)
	}
}

// checkGraph: every rule is drawn, between nodes that there are, and every node has an edge.
func checkGraph(t *testing.T, c *answer.Conflict) {
	t.Helper()
	drawn, touched := map[int]bool{}, map[int]bool{}
	for _, e := range c.Edges {
		if e.From < 0 || e.From >= len(c.Nodes) || e.To < 0 || e.To >= len(c.Nodes) {
			t.Fatalf("edge %+v of %d nodes", e, len(c.Nodes))
		}
		drawn[e.Rule], touched[e.From], touched[e.To] = true, true, true
	}
	for i := range len(c.Rules) + len(c.Also) {
		if !drawn[i] {
			t.Errorf("rule %d of %q is not drawn", i, c.Summary)
		}
	}
	for i, n := range c.Nodes {
		if !touched[i] || n.Label == "" {
			t.Errorf("node %d, %q, hangs in the air", i, n.Label)
		}
	}
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
		if len(r.Others) == 0 {
			t.Errorf("%q: others %v", r.Text, r.Others)
		}
	case "library":
		if r.Package == "" {
			t.Errorf("%q has no package", r.Text)
		}
	default:
		t.Errorf("%q is of kind %q", r.Text, r.Kind)
	}
}

// TestExplainRandom: what is said of random worlds that have no solution contradicts itself, and nothing of it can be left out.
func TestExplainRandom(t *testing.T) {
	worlds := rapid.Custom(solvertest.World)
	failed := 0
	for seed := range setting("PORTSOLVE_RANDOM_WORLDS", 600) {
		text := worlds.Example(first() + seed)
		sc, err := scenario.Parse([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		emergeopts.Normalize(&sc.Request.Options)
		problem := &solver.Problem{Roots: sc.Roots, Request: sc.Request}
		problem.Request.Options.Autounmask = universe.No
		o, err := solver.Solve(context.Background(), problem)
		if err != nil || o.Complete || len(o.Conflicts) == 0 {
			continue
		}
		failed++
		faults, _ := o.CheckConflicts(context.Background())
		for _, f := range faults {
			t.Errorf("world %d %s:\n%s", first()+seed, f, text)
		}
		for i := range o.Conflicts {
			if c := &o.Conflicts[i]; c.Kind == "other" || c.Summary == "" {
				t.Errorf("world %d is of kind %q: %s", first()+seed, c.Kind, c.Summary)
			}
			conflictWords(t, &o.Conflicts[i])
		}
		for _, w := range o.LeaveOut {
			checkLeaveOut(t, *problem, w)
		}
		if t.Failed() {
			t.Fatalf("world %d:\n%s", first()+seed, text)
		}
	}
	if failed < 20 {
		t.Errorf("only %d worlds have no solution", failed)
	}
}

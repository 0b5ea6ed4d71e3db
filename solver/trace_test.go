package solver_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/portsolve/portsolve/internal/emergeopts"
	"github.com/portsolve/portsolve/solver"
	"github.com/portsolve/portsolve/solver/scenario"
)

// TestTrace writes the stages of every case: the model must be one of the formula, every variable must
// have a meaning, and every clause a rule.
func TestTrace(t *testing.T) {
	files, err := filepath.Glob("testdata/cases/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d cases: %v", len(files), err)
	}
	models := 0
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			o := outcome(t, file)
			clauses, vars := readDIMACS(t, written(t, o.WriteFormula))
			table := strings.Split(strings.TrimSuffix(written(t, o.WriteVariables), "\n"), "\n")
			if table[0] != "variable\tmeaning\tpackage" || len(table) != vars+1 {
				t.Errorf("the table has %d lines below %q, the formula %d variables", len(table)-1, table[0], vars)
			}
			for i, line := range table[1:] {
				cells := strings.Split(line, "\t")
				if len(cells) != 3 || cells[0] != strconv.Itoa(i+1) || cells[1] == "" {
					t.Errorf("line %q", line)
				}
			}
			text := written(t, o.WriteModel)
			if !o.Complete {
				if !strings.Contains(text, "no model") || strings.Count(text, "\n") < 2 {
					t.Errorf("the model of a failure:\n%s", text)
				}
				return
			}
			model, decisions := readModel(t, text)
			for _, c := range clauses {
				if !satisfied(c, model) {
					t.Errorf("the model does not satisfy %v", c)
				}
			}
			if len(decisions) == 0 && t.Name() == "TestTrace/held-back" {
				t.Error("nothing was decided")
			}
			for _, d := range decisions {
				if model[abs(d)] != (d > 0) {
					t.Errorf("decision %d is not in the model", d)
				}
			}
			models++
		})
	}
	if models < len(files)/2 {
		t.Errorf("only %d of %d cases have a model", models, len(files))
	}
}

// TestTraceMeanings looks at the variables that only rules know of.
func TestTraceMeanings(t *testing.T) {
	text := "-- repo --\n"
	for v := range 8 {
		text += fmt.Sprintf("dev-lang/many-%d\n", v)
	}
	text += `app-misc/app-1 DEPEND="|| ( ( dev-libs/a dev-libs/b:0 ) || ( dev-libs/c !dev-libs/d ) )" RDEPEND="dev-lang/many <dev-libs/d-2 || ( dev-libs/dead dev-libs/end )"
dev-libs/dead-1 RDEPEND=dev-libs/nowhere
dev-libs/end-1
dev-libs/a-1
dev-libs/b-1 SLOT=1
dev-libs/c-1
dev-libs/d-1
dev-libs/d-2
-- installed --
dev-libs/d-2 RDEPEND=dev-libs/c
dev-libs/c-1
-- world --
dev-libs/d
-- request --
app-misc/app
`
	o := solve(t, []byte(text))
	vars := written(t, o.WriteVariables)
	for _, want := range []string{
		"there\tapp-misc/app-1::gentoo", "whole\tdev-libs/d-2::gentoo (installed)", "slot-kept\tdev-libs/d-2::gentoo (installed)",
		"not-older\tdev-libs/d-2::gentoo (installed)", "branch ( dev-libs/a dev-libs/b:0 )\tapp-misc/app-1::gentoo",
		"branch ( !dev-libs/d )\tapp-misc/app-1::gentoo", "one-of-first\tdev-lang/many:0",
	} {
		if !strings.Contains(vars, "\t"+want+"\n") {
			t.Errorf("no variable is %q:\n%s", want, vars)
		}
	}
	formula := written(t, o.WriteFormula)
	for _, want := range []string{
		" request app-misc/app", " world @world dev-libs/d", " dependency app-misc/app-1::gentoo RDEPEND dev-lang/many", " slot dev-lang/many:0",
		" any-of app-misc/app-1::gentoo DEPEND || ( ", " no-downgrade dev-libs/d-2::gentoo (installed)",
	} {
		if !strings.Contains(formula, want) {
			t.Errorf("no rule is %q:\n%s", want, formula)
		}
	}
}

func outcome(t *testing.T, file string) *solver.Outcome {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return solve(t, data)
}

func solve(t *testing.T, data []byte) *solver.Outcome {
	t.Helper()
	sc, err := scenario.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	emergeopts.Normalize(&sc.Request.Options)
	o, err := solver.Solve(context.Background(), &solver.Problem{Roots: sc.Roots, Request: sc.Request})
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func written(t *testing.T, write func(io.Writer) error) string {
	t.Helper()
	var b bytes.Buffer
	if err := write(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// readDIMACS demands a rule in front of every clause.
func readDIMACS(t *testing.T, text string) (clauses [][]int, vars int) {
	t.Helper()
	announced, rule := -1, ""
	for _, line := range strings.Split(strings.TrimSuffix(text, "\n"), "\n") {
		switch {
		case strings.HasPrefix(line, "c "):
			if announced >= 0 {
				rule = line
			}
		case strings.HasPrefix(line, "p cnf "):
			if _, err := fmt.Sscanf(line, "p cnf %d %d", &vars, &announced); err != nil {
				t.Fatal(err)
			}
		default:
			var c []int
			for _, w := range strings.Fields(line) {
				n, err := strconv.Atoi(w)
				if err != nil || abs(n) > vars {
					t.Fatalf("line %q: %v", line, err)
				}
				c = append(c, n)
			}
			if c[len(c)-1] != 0 || rule == "" {
				t.Fatalf("clause %q, rule %q", line, rule)
			}
			clauses = append(clauses, c[:len(c)-1])
		}
	}
	if len(clauses) != announced {
		t.Errorf("%d clauses, announced are %d", len(clauses), announced)
	}
	return clauses, vars
}

func readModel(t *testing.T, text string) (model map[int]bool, decisions []int) {
	t.Helper()
	model = map[int]bool{}
	first, second, ok := strings.Cut(text, "\n\n")
	if !ok {
		t.Fatalf("model:\n%s", text)
	}
	numbers := func(part string) (out []int) {
		for _, line := range strings.Split(strings.TrimSpace(part), "\n") {
			if strings.HasPrefix(line, "#") {
				continue
			}
			n, err := strconv.Atoi(strings.Split(line, "\t")[0])
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, n)
		}
		return out
	}
	for _, n := range numbers(second) {
		model[n] = true
	}
	return model, numbers(first)
}

func satisfied(clause []int, model map[int]bool) bool {
	for _, l := range clause {
		if model[abs(l)] == (l > 0) {
			return true
		}
	}
	return false
}

func abs(n int) int {
	if n < 0 {
		return -n
	}
	return n
}

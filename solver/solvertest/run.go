// Package solvertest tests resolvers: it runs the scenarios of package
// scenario, generates random worlds, and has a brute-force oracle for small ones.
// Only tests import it.
package solvertest

import (
	"bytes"
	"context"
	"encoding/json"
	"io/fs"
	"strings"
	"testing"

	"github.com/portsolve/portsolve/solver/answer"
	"github.com/portsolve/portsolve/solver/check"
	"github.com/portsolve/portsolve/solver/scenario"
	"github.com/portsolve/portsolve/solver/universe"
)

// Solver resolves a request in a world: search and ordering together.
type Solver func(ctx context.Context, roots []universe.Root, req *universe.Request) (*answer.Result, error)

// Run resolves every *.txtar scenario of fsys as a subtest. An answer must be
// what the scenario expects and pass the independent checker; the same request
// in a fresh world, and in the world that Write saves, must give the same answer.
func Run(t *testing.T, fsys fs.FS, solve Solver) {
	t.Helper()
	names, err := fs.Glob(fsys, "*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	if len(names) == 0 {
		t.Fatal("there are no scenarios")
	}
	for _, name := range names {
		t.Run(strings.TrimSuffix(name, ".txtar"), func(t *testing.T) {
			data, err := fs.ReadFile(fsys, name)
			if err != nil {
				t.Fatal(err)
			}
			RunOne(t, data, solve)
		})
	}
}

// RunOne is Run for the text of one scenario.
func RunOne(t *testing.T, data []byte, solve Solver) {
	t.Helper()
	sc, res := resolve(t, data, solve)
	for _, d := range sc.Expect.Diff(res) {
		t.Error(d)
	}
	for _, v := range check.Check(&sc.Request, sc.Roots, res) {
		t.Errorf("the checker rejects the answer: %s", v)
	}
	first := render(t, res)
	if _, again := resolve(t, data, solve); render(t, again) != first {
		t.Errorf("resolving again gave another answer:\n%s\n%s", first, render(t, again))
	}
	var saved bytes.Buffer
	if err := scenario.Write(context.Background(), &saved, sc.Roots, &sc.Request, nil); err != nil {
		t.Fatal(err)
	}
	if _, other := resolve(t, saved.Bytes(), solve); planText(other) != planText(res) {
		t.Errorf("the saved world has another answer:\n%s\ninstead of\n%s\nthe saved world:\n%s", planText(other), planText(res), saved.Bytes())
	}
}

func resolve(t *testing.T, data []byte, solve Solver) (*scenario.Scenario, *answer.Result) {
	t.Helper()
	sc, err := scenario.Parse(data)
	if err != nil {
		t.Fatalf("%v\nin:\n%s", err, data)
	}
	res, err := solve(context.Background(), sc.Roots, &sc.Request)
	if err != nil {
		t.Fatal(err)
	}
	return sc, res
}

// render is the whole answer without its timings.
func render(t *testing.T, res *answer.Result) string {
	t.Helper()
	timeless := *res
	timeless.Stats = answer.Stats{}
	data, err := json.MarshalIndent(&timeless, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// planText is what the plan does, without reasons and places.
func planText(res *answer.Result) string {
	var b strings.Builder
	b.WriteString(string(res.Status))
	for _, e := range res.Plan {
		b.WriteString("\n" + string(e.Action) + " " + e.CPV + ":" + e.Slot + "::" + e.Repo + " " + e.Root + " " + e.Atom)
	}
	return b.String()
}

package portsolve_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/portsolve/portsolve"
	"github.com/portsolve/portsolve/solver"
	"github.com/portsolve/portsolve/solver/answer"
	"github.com/portsolve/portsolve/solver/check"
	"github.com/portsolve/portsolve/solver/plan"
	"github.com/portsolve/portsolve/solver/scenario"
	"github.com/portsolve/portsolve/solver/solvertest"
	"github.com/portsolve/portsolve/solver/universe"
)

// traced resolves and collects the files of the trace.
func traced(t *testing.T, sys *portsolve.System, o universe.Options, args ...string) (*portsolve.Result, map[string]string) {
	t.Helper()
	files := map[string]string{}
	var order []string
	res, err := sys.Resolve(context.Background(), portsolve.Request{Args: args, Options: o,
		Trace: func(file string, write func(io.Writer) error) error {
			var b bytes.Buffer
			order = append(order, file)
			err := write(&b)
			files[file] = b.String()
			return err
		}})
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"universe.txtar", "problem.cnf", "vars.tsv", "model.txt"}; !slices.Equal(order, want) {
		t.Errorf("files %v, want %v", order, want)
	}
	return res, files
}

// replay solves a saved universe without the system it came from.
func replay(t *testing.T, text string) (*scenario.Scenario, *answer.Result) {
	t.Helper()
	sc, err := scenario.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	o, err := solver.Solve(context.Background(), &solver.Problem{Roots: sc.Roots, Request: sc.Request})
	if err != nil {
		t.Fatal(err)
	}
	res := &answer.Result{Status: answer.Solved, Complete: o.Complete, Ordered: true, HeldBack: o.HeldBack, Changes: o.Changes}
	options := &sc.Request.Options
	p, err := plan.Order(context.Background(), o.Selection, plan.Options{Compat: options.Compat, System: sc.Roots[0].System,
		ImplicitSystemDeps: options.ImplicitSystemDeps.Or(true), BuildPkgOnly: options.BuildPkgOnly})
	var cycle *plan.CycleError
	if errors.As(err, &cycle) {
		res.Complete, res.Ordered, res.Status = false, false, answer.Unsolvable
		return sc, res
	}
	if err != nil {
		t.Fatal(err)
	}
	res.Plan = solvertest.Entries(sc.Roots, p)
	switch {
	case !o.Complete:
		res.Status = answer.Unsolvable
	case !o.Changes.Empty():
		res.Status = answer.ChangesNeeded
	case len(res.Plan) == 0:
		res.Status = answer.NothingToDo
	}
	return sc, res
}

// mustReplay demands the same answer from the saved universe, in the same order and with the same flags.
func mustReplay(t *testing.T, res *portsolve.Result, universe string) {
	t.Helper()
	sc, again := replay(t, universe)
	for _, d := range sc.Expect.Diff(again) {
		t.Error(d)
	}
	if got, want := outline(again), outline(res); again.Ordered && got != want {
		t.Errorf("the saved universe has another answer:\n%s\ninstead of:\n%s", got, want)
	}
	if res.Complete {
		for _, v := range check.Check(&sc.Request, sc.Roots, again) {
			t.Errorf("the checker rejects the second answer: %s", v)
		}
	}
}

func outline(res *answer.Result) string {
	lines := []string{string(res.Status)}
	for _, e := range res.Plan {
		if e.Action == answer.BlockerEntry {
			continue
		}
		line := string(e.Action) + " " + e.CPV + "::" + e.Repo
		for _, f := range e.Package.IUSE {
			if e.Use[f.Name] {
				line += " " + f.Name
			}
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

func TestTraceIsAScenario(t *testing.T) {
	world := base().install("cat/lib-1", "SLOT=0/1").install("cat/app-1", "RDEPEND=cat/lib:0/1=").
		with("var/lib/portage/world", "cat/app\n").
		with("repo/profiles/base/packages", "*cat/provider\n").
		with("repo/metadata/md5-cache/cat/loop-1", entry("DEPEND=|| ( cat/ring cat/line )")).
		with("repo/metadata/md5-cache/cat/ring-1", entry("DEPEND=cat/loop")).
		with("repo/metadata/md5-cache/cat/line-1", entry()).
		with("repo/metadata/md5-cache/cat/round-1", entry("DEPEND=cat/about")).
		with("repo/metadata/md5-cache/cat/about-1", entry("DEPEND=cat/round")).
		with("repo/metadata/md5-cache/cat/flag-1", entry("RDEPEND=cat/lib2[x]")).
		with("repo/metadata/md5-cache/cat/lib2-1", entry("IUSE=x y", "RDEPEND=x? ( cat/line )"))
	for _, tt := range []struct {
		name string
		o    universe.Options
		args []string
		want answer.Status
	}{
		{"install", universe.Options{}, []string{"virtual/provider"}, answer.Solved},
		{"update", universe.Options{Update: true, Deep: universe.Unlimited, NewUse: true}, []string{"@world"}, answer.Solved},
		{"cycle avoided", universe.Options{}, []string{"cat/loop"}, answer.Solved},
		{"cycle", universe.Options{}, []string{"cat/round"}, answer.Unsolvable},
		{"changes", universe.Options{}, []string{"cat/flag"}, answer.ChangesNeeded},
		{"unsolvable", universe.Options{}, []string{"=cat/app-2"}, answer.Unsolvable},
		{"nothing", universe.Options{Selective: universe.Yes}, []string{"cat/app"}, answer.NothingToDo},
		{"nodeps", universe.Options{NoDeps: true}, []string{"virtual/provider", "cat/app"}, answer.Solved},
	} {
		t.Run(tt.name, func(t *testing.T) {
			sys := world.open(t)
			res, files := traced(t, sys, tt.o, tt.args...)
			if res.Status != tt.want {
				t.Fatalf("%s, want %s", res.Status, tt.want)
			}
			mustReplay(t, res, files["universe.txtar"])
			if _, again := traced(t, sys, tt.o, tt.args...); !maps.Equal(again, files) {
				t.Error("another trace of the same request differs")
			}
		})
	}
}

func TestTraceErrorEndsResolve(t *testing.T) {
	full := errors.New("the disk is full")
	_, err := base().open(t).Resolve(context.Background(), portsolve.Request{Args: []string{"cat/app"},
		Trace: func(string, func(io.Writer) error) error { return full }})
	if !errors.Is(err, full) {
		t.Errorf("error %v", err)
	}
}

// TestTraceOfRealWorld updates a server of two years ago. It needs the shared data.
func TestTraceOfRealWorld(t *testing.T) {
	tree, dir := realSystem(t, "server-old")
	sys, err := portsolve.Open(context.Background(), portsolve.Options{
		System: dir, Repos: map[string]string{"gentoo": tree}, Env: map[string]string{},
	})
	if err != nil {
		t.Fatal(err)
	}
	res, files := traced(t, sys, universe.Options{Update: true, NewUse: true, Deep: universe.Unlimited, WithBdeps: "y"}, "@world")
	if len(res.Plan) < 50 {
		t.Fatalf("%s with %d entries", res.Status, len(res.Plan))
	}
	mustReplay(t, res, files["universe.txtar"])
}

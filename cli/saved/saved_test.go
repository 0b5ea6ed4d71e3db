package saved_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/atom/metadata"
	"github.com/portsolve/portsolve/cli/render"
	"github.com/portsolve/portsolve/cli/report"
	"github.com/portsolve/portsolve/cli/saved"
	"github.com/portsolve/portsolve/solver/answer"
)

func pkg(t *testing.T, cpv string, origin metadata.Origin, vars map[string]string) *metadata.Package {
	t.Helper()
	parsed, err := atom.ParseCPV(cpv)
	if err != nil {
		t.Fatal(err)
	}
	p := metadata.FromVars(parsed, origin, vars)
	p.Repo = "gentoo"
	return p
}

// answered is an answer whose display needs what JSON leaves out: flags of before, RESTRICT, the comment of a mask.
func answered(t *testing.T) *answer.Result {
	t.Helper()
	icu := pkg(t, "dev-libs/icu-2", metadata.Ebuild, map[string]string{"EAPI": "8", "SLOT": "0/2", "IUSE": "+a b", "RESTRICT": "fetch"})
	was := pkg(t, "dev-libs/icu-1", metadata.Installed, map[string]string{"EAPI": "8", "SLOT": "0/1", "IUSE": "a c", "USE": "c"})
	py := pkg(t, "dev-lang/python-3.12", metadata.Ebuild, map[string]string{"EAPI": "8", "SLOT": "3.12", "PROPERTIES": "interactive"})
	old := pkg(t, "dev-lang/python-3.11", metadata.Installed, map[string]string{"EAPI": "8", "SLOT": "3.11"})
	return &answer.Result{
		Schema: answer.Schema, Status: answer.Unsolvable,
		Plan: []answer.Entry{
			{Action: answer.Merge, Type: "ebuild", CPV: "dev-libs/icu-2", Slot: "0", SubSlot: "2", Repo: "gentoo", Root: "/", Use: map[string]bool{"a": true, "b": false},
				Replaces: []string{"dev-libs/icu-1"}, Why: []answer.Why{{Arg: "@world"}}, Package: icu, Old: []*metadata.Package{was}},
			{Action: answer.Merge, Type: "ebuild", CPV: "dev-lang/python-3.12", Slot: "3.12", SubSlot: "3.12", Repo: "gentoo", Root: "/", Package: py, InstalledSlots: []*metadata.Package{old},
				After: []answer.After{{Entry: 0, Kind: "build"}}},
		},
		Unsatisfied: []answer.Unsatisfied{{Atom: "a/b", Candidates: []answer.Rejected{{CPV: "a/b-1", Reasons: []string{"masked"},
			Exclusions: []metadata.Exclusion{{Kind: metadata.ExclMask, Source: metadata.Source{File: "/p/package.mask", Line: 3, Comment: "It leaks."}}}}}}},
	}
}

func text(t *testing.T, res *answer.Result) string {
	t.Helper()
	var b bytes.Buffer
	if err := render.Text(&b, res, render.Options{Level: render.Verbose, Causes: true}); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// What is read back looks as it did.
func TestRoundTrip(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state", "portsolve", "last.json")
	res := answered(t)
	if err := saved.Write(path, &saved.Document{Command: []string{"resolve", "-pv"}, Result: res}, ""); err != nil {
		t.Fatal(err)
	}
	d, err := saved.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(text(t, res), text(t, d.Result)); diff != "" {
		t.Errorf("it looks otherwise (-before +after):\n%s", diff)
	}
	for _, want := range []string{"(-c%*)", "It leaks.", "NS", "I", " FU"} {
		if !strings.Contains(text(t, d.Result), want) {
			t.Errorf("%q is not shown:\n%s", want, text(t, d.Result))
		}
	}
	if diff := cmp.Diff([]string{"resolve", "-pv"}, d.Command); diff != "" {
		t.Error(diff)
	}
}

// The output of --format json, and the directory of a trace, are answers, too.
func TestPlainAnswer(t *testing.T) {
	dir := t.TempDir()
	f, err := os.Create(filepath.Join(dir, "plan.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := answer.Encode(f, answered(t)); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	d, err := saved.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if out := text(t, d.Result); !strings.Contains(out, "[1]") {
		t.Errorf("the old version is not shown:\n%s", out)
	}
}

func TestWriteReplaces(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "last.json")
	for range 2 {
		if err := saved.Write(path, &saved.Document{Result: &answer.Result{Schema: answer.Schema, Status: answer.Solved, Warnings: []string{"/secret/place/x"}}}, "/secret/place"); err != nil {
			t.Fatal(err)
		}
	}
	files, err := os.ReadDir(dir)
	if err != nil || len(files) != 1 {
		t.Errorf("%d files: %v", len(files), err)
	}
	d, err := saved.Open(path)
	if err != nil || d.Result.Warnings[0] != "/x" {
		t.Errorf("%+v, %v", d, err)
	}
	if err := saved.Write(os.DevNull, d, ""); err != nil {
		t.Error(err)
	}
	if info, err := os.Stat(os.DevNull); err != nil || info.Mode().IsRegular() {
		t.Fatal("the device was replaced")
	}
	if err := saved.Write(filepath.Join(path, "below"), d, ""); err == nil {
		t.Error("a file below a file could be written")
	}
}

func TestPlace(t *testing.T) {
	for want, env := range map[string]map[string]string{
		"/s/portsolve/last.json":                  {"XDG_STATE_HOME": "/s", "HOME": "/h"},
		"/h/.local/state/portsolve/last.json":     {"HOME": "/h"},
		"/h/.local/state/portsolve/last.json\x00": {"XDG_STATE_HOME": "relative", "HOME": "/h"},
		"": {"HOME": "h"},
	} {
		if got := saved.Place(env); got != strings.TrimSuffix(want, "\x00") {
			t.Errorf("%v: %q", env, got)
		}
	}
}

func TestReadErrors(t *testing.T) {
	for text, want := range map[string]string{
		"":                                  "no answer of portsolve",
		"[]":                                "no answer of portsolve",
		`{}`:                                "neither a saved one",
		`{"schema":1}`:                      "neither a saved one",
		`{"saved":2,"result":{"schema":1}}`: "another version",
		`{"saved":1,"result":{"schema":9}}`: "another version",
		`{"schema":1,"status":"solved","plan":[{"cpv":"a/b-1","after":[{"entry":4}]}]}`:                  "contradicts itself",
		`{"schema":1,"status":"x","conflicts":[{"summary":"s","edges":[{"from":0,"to":1}]}]}`:            "contradicts itself",
		`{"schema":1,"status":"x","two_step":{"plan":[],"twice":[{"cpv":"a/b-1","first":0,"again":1}]}}`: "contradicts itself",
		`{"schema":1,"status":"x","alternatives":[{"plan":[{"cpv":"a/b-1","after":[{"entry":-1}]}]}]}`:   "contradicts itself",
	} {
		if _, err := saved.Read(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", text, err)
		}
	}
	_, err := saved.Open(filepath.Join(t.TempDir(), "none"))
	if !saved.Missing(err) {
		t.Errorf("a file that is not there: %v", err)
	}
}

// FuzzRead: whatever can be read can be shown.
func FuzzRead(f *testing.F) {
	f.Add([]byte(`{"saved":1,"result":{"schema":1,"status":"solved","plan":[{"action":"merge","cpv":"a/b-1","after":[]}]},"packages":[{"cpv":"a/b-1","vars":{"EAPI":"8"}}],"entries":[{"package":0,"old":[0],"slots":[5]}]}`))
	f.Add([]byte(`{"schema":1,"status":"unsolvable","conflicts":[{"summary":"s","nodes":[{},{}],"rules":[{"text":"x"}],"edges":[{"from":0,"to":1},{"from":1,"to":0}]}]}`))
	f.Add([]byte(`{"schema":1,"status":"unsolvable","removal":{"action":"depclean","cleanlist":["a/b"]},"cycles":[{"edges":[{}]}],"alternatives":[{}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		d, err := saved.Read(bytes.NewReader(text))
		if err != nil {
			return
		}
		var b bytes.Buffer
		show := render.Text
		if d.Result.Removal != nil {
			show = render.Removal
		}
		if err := show(&b, d.Result, render.Options{Level: render.Verbose, Causes: true, Tree: true}); err != nil {
			t.Error(err)
		}
		if err := render.AnswerDot(&b, d.Result); err != nil {
			t.Error(err)
		}
		if err := report.Write(&b, d.Result, "x"); err != nil {
			t.Error(err)
		}
	})
}

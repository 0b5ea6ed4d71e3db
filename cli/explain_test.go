package cli

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/portsolve/portsolve/internal/emergeopts"
	"github.com/portsolve/portsolve/solver"
	"github.com/portsolve/portsolve/solver/scenario"
)

// TestExplanations compares what people read when a request fails, or when its plan has reasons to give. Each file of testdata/explain
// has a system (see tinyWorld), a request, and the text of `portsolve explain` for it. Look at what -update changes.
func TestExplanations(t *testing.T) {
	files, err := filepath.Glob("testdata/explain/*.txtar")
	if err != nil || len(files) < 40 {
		t.Fatalf("%d files: %v", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			archive := txtar.Parse(data)
			section := map[string]*txtar.File{}
			for i := range archive.Files {
				section[archive.Files[i].Name] = &archive.Files[i]
			}
			if section["world"] == nil || section["request"] == nil || section["shown"] == nil {
				t.Fatal("the sections are world, request and shown")
			}
			got := explained(t, string(section["world"].Data), strings.TrimSpace(string(section["request"].Data)))
			if *update {
				section["shown"].Data = []byte(got)
				if err := os.WriteFile(file, txtar.Format(archive), 0o644); err != nil {
					t.Fatal(err)
				}
			} else if want := string(section["shown"].Data); got != want {
				t.Errorf("it says\n%s\nand should say\n%s", got, want)
			}
			for _, word := range []string{"backtrack", "clause", "literal", "unsat", "core", "collision handler", "SAT"} {
				if strings.Contains(got, word) {
					t.Errorf("it says %q, which means nothing to its reader", word)
				}
			}
		})
	}
}

// checkPremises solves the traced problem again. Without any one of the sentences of a conflict the rest must have a solution.
func checkPremises(t *testing.T, universe string) {
	t.Helper()
	text, err := os.ReadFile(universe)
	if errors.Is(err, fs.ErrNotExist) {
		return // an unknown name is not resolved at all
	}
	if err != nil {
		t.Fatal(err)
	}
	sc, err := scenario.Parse(text)
	if err != nil && strings.HasSuffix(t.Name(), "/invalid") {
		return // scenarios have no ebuilds that cannot be read
	}
	if err != nil {
		t.Fatal(err)
	}
	emergeopts.Normalize(&sc.Request.Options)
	o, err := solver.Attempt(t.Context(), &solver.Problem{Roots: sc.Roots, Request: sc.Request})
	if err != nil {
		t.Fatal(err)
	}
	faults, tried := o.CheckConflicts(t.Context())
	for _, f := range faults {
		t.Error(f)
	}
	if !o.Complete && tried == 0 {
		t.Error("it fails, and nothing is said that could be left out")
	}
}

// explained resolves a request, keeps the answer, and shows it again.
func explained(t *testing.T, world, request string) string {
	t.Helper()
	dir := tinyWorld(t, world)
	env := []string{"XDG_STATE_HOME=" + t.TempDir()}
	words, err := splitWords(request)
	if err != nil {
		t.Fatal(err)
	}
	trace := t.TempDir()
	if _, stderr, code := say(t, dir, env, append([]string{"resolve", "--system", dir, "--trace", trace}, words...)...); code > ExitUnsolved {
		t.Fatalf("resolve ends with %d: %s", code, stderr)
	}
	checkPremises(t, filepath.Join(trace, "universe.txtar"))
	stdout, stderr, code := say(t, dir, env, "explain")
	if code != ExitOK || stderr != "" {
		t.Fatalf("explain ends with %d: %s", code, stderr)
	}
	_, text, _ := strings.Cut(stdout, "\n") // without the command line
	return text
}

// why tells of what is held back and what is uninstalled, too.
func TestWhyNothingHappens(t *testing.T) {
	dir := tinyWorld(t, `repo dev-libs/lib-1
repo dev-libs/lib-2
repo app-misc/app-1 RDEPEND=<dev-libs/lib-2
repo sys-apps/one-1 RDEPEND=!sys-apps/two
inst dev-libs/lib-1
inst app-misc/app-1 RDEPEND=<dev-libs/lib-2
inst sys-apps/two-1
file var/lib/portage/world app-misc/app dev-libs/lib`)
	for request, want := range map[string]string{
		`why dev-libs/lib -uD --for @world`:       "dev-libs/lib-2 is not taken; it stays at dev-libs/lib-1, because of\n    <dev-libs/lib-2 of app-misc/app-1 (RDEPEND)\n    A version of app-misc/app that accepts it, or going without that package, would free it.\n",
		`why sys-apps/two --for sys-apps/one`:     "sys-apps/two-1 is uninstalled: it makes way: sys-apps/one-1 does not tolerate it (!sys-apps/two).\n",
		`why =dev-libs/lib-2 -uD --for @world -q`: "dev-libs/lib-2 is not taken",
	} {
		stdout, stderr, code := runLine(t, dir, request)
		if code != ExitOK || !strings.Contains(stdout, want) {
			t.Errorf("%s: %d\n%s%s", request, code, stdout, stderr)
		}
	}
}

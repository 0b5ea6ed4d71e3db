package cli

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// answering is a person at the keyboard: before each answer something happens.
type answering struct {
	answers []string
	before  func(n int)
	n       int
}

func (a *answering) Read(p []byte) (int, error) {
	a.before(a.n)
	n := copy(p, a.answers[min(a.n, len(a.answers)-1)]+"\n")
	a.n++
	return n, nil
}

// What another process installs or removes while somebody thinks about the answer makes the plan wrong: it is made again,
// shown again and asked again.
func TestOvertaken(t *testing.T) {
	dir := tinyWorld(t, "")
	makeTool(t, filepath.Join(dir, "var/cache/binpkgs")) // app-misc/tool, which needs app-misc/lib
	run := func(words ...string) (string, string, int) {
		return say(t, dir, nil, append([]string{words[0], "--system", dir}, words[1:]...)...)
	}
	if _, stderr, code := run("merge", "-K1", "app-misc/lib"); code != ExitOK {
		t.Fatal(stderr)
	}
	in := &answering{answers: []string{"yes"}, before: func(n int) {
		if n == 0 {
			if _, stderr, code := run("unmerge", "app-misc/lib"); code != ExitOK {
				t.Errorf("the other process: %s", stderr)
			}
		}
	}}
	var out, errs bytes.Buffer
	code := Main(t.Context(), []string{"portsolve", "merge", "--system", dir, "-aK", "app-misc/tool"}, nil, in, &out, &errs)
	if code != ExitOK || in.n != 2 || !strings.Contains(errs.String(), "another process has changed what is installed; looking at it again") ||
		!containsAll(out.String(), ">>> Merging (1 of 2) app-misc/lib-1 to /", ">>> Packages: 2 merged.") || strings.Contains(out.String(), "(1 of 1)") {
		t.Errorf("exit code %d, %d questions\n%s%s", code, in.n, &out, &errs)
	}
	if text, _ := os.ReadFile(filepath.Join(dir, "var/cache/edb/mtimedb")); bytes.Contains(text, []byte("mergelist")) {
		t.Errorf("there is something to resume: %s", text)
	}
	// depclean does not remove what has become wanted.
	in = &answering{answers: []string{"yes"}, before: func(n int) {
		if n == 0 {
			if _, stderr, code := run("merge", "-K", "--noreplace", "app-misc/tool"); code != ExitOK {
				t.Errorf("the other process: %s", stderr)
			}
		}
	}}
	if _, stderr, code := run("deselect", "app-misc/tool"); code != ExitOK {
		t.Fatal(stderr)
	}
	if _, stderr, code := run("merge", "-K", "--noreplace", "app-misc/lib"); code != ExitOK {
		t.Fatal(stderr)
	}
	out.Reset()
	code = Main(t.Context(), []string{"portsolve", "depclean", "--system", dir, "--ask"}, nil, in, &out, &errs)
	if _, err := os.Stat(filepath.Join(dir, "usr/bin/tool")); err != nil || code != ExitOK || in.n != 1 {
		t.Errorf("exit code %d, %d questions: %v\n%s", code, in.n, err, &out)
	}
}

// With --format=json, where there can be one answer only, it is an error; a saved plan is carried out whatever is installed.
func TestOvertakenJSON(t *testing.T) {
	dir := tinyWorld(t, "")
	makeTool(t, filepath.Join(dir, "var/cache/binpkgs"))
	in := &answering{answers: []string{"yes"}, before: func(int) {
		if _, stderr, code := say(t, dir, nil, "merge", "--system", dir, "-K1", "app-misc/lib"); code != ExitOK {
			t.Errorf("the other process: %s", stderr)
		}
	}}
	var out, errs bytes.Buffer
	code := Main(t.Context(), []string{"portsolve", "merge", "--system", dir, "-aK", "--format=json", "app-misc/tool"}, nil, in, &out, &errs)
	if code != ExitUnsolved || !strings.Contains(errs.String(), "has changed since this was planned, by another process; nothing was changed for it: run it again") {
		t.Errorf("exit code %d\n%s", code, &errs)
	}
	if d := json.NewDecoder(&out); d.Decode(&struct{}{}) != nil || d.More() {
		t.Errorf("the answer is not one JSON document")
	}
	var plan bytes.Buffer
	if code := Main(t.Context(), []string{"portsolve", "resolve", "--system", dir, "-K1", "--format=json", "=app-misc/tool-2"}, nil, nil, &plan, &errs); code != ExitOK {
		t.Fatal(&errs)
	}
	saved := filepath.Join(t.TempDir(), "plan.json")
	check(t, os.WriteFile(saved, plan.Bytes(), 0o644))
	in.n = 0
	if code := Main(t.Context(), []string{"portsolve", "merge", "--system", dir, "-a", "--plan", saved}, nil, in, &out, &errs); code != ExitOK || in.n != 1 {
		t.Errorf("--plan: exit code %d, %d questions\n%s", code, in.n, &errs)
	}
}

package cli

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/portsolve/portsolve/internal/emergeopts"
	"github.com/portsolve/portsolve/solver/answer"
)

// effect is one line of testdata/effects.txt: an option that changes an answer.
type effect struct {
	option, world, base, added string
	without, with              string
}

// effects reads testdata/effects.txt.
func effects(t *testing.T) []effect {
	t.Helper()
	var out []effect
	for _, f := range columns(t, "effects.txt", 6) {
		out = append(out, effect{f[0], f[1], f[2], f[3], f[4], f[5]})
	}
	return out
}

// columns reads a table below testdata; its first lines describe it. The last
// column may hold the separator.
func columns(t *testing.T, name string, n int) [][]string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	var out [][]string
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		f := strings.SplitN(line, "|", n)
		if len(f) != n {
			t.Fatalf("%s: %q: %d columns expected", name, line, n)
		}
		for i := range f {
			f[i] = strings.TrimSpace(f[i])
		}
		f[1] = strings.ReplaceAll(f[1], ";", "\n")
		out = append(out, f)
	}
	return out
}

// TestEffects shows of every option that concerns the answer that it does: the
// same request without and with it.
func TestEffects(t *testing.T) {
	for _, e := range effects(t) {
		t.Run(strings.TrimPrefix(e.option, "--")+" "+e.added, func(t *testing.T) {
			dir := tinyWorld(t, e.world)
			for added, want := range map[string]string{"": e.without, e.added: e.with} {
				if got := planOf(t, dir, e.base+" "+added); got != want {
					t.Errorf("%s %s: %q, want %q", e.base, added, got, want)
				}
			}
			if e.with == e.without {
				t.Errorf("%s has no effect here", e.option)
			}
			if !strings.HasPrefix(e.added, e.option) || emergeopts.Lookup(e.option) == nil {
				t.Errorf("%s is not what is added", e.option)
			}
		})
	}
}

// TestShown shows of every option that concerns the display, and of actions,
// what is printed with it and not without.
func TestShown(t *testing.T) {
	for _, f := range columns(t, "shown.txt", 5) {
		option, base, added, pattern := f[0], f[2], f[3], f[4]
		t.Run(strings.TrimPrefix(option, "--")+" "+added, func(t *testing.T) {
			pattern, inverse := strings.CutPrefix(pattern, "not ")
			re, err := regexp.Compile(pattern)
			if err != nil {
				t.Fatal(err)
			}
			dir := tinyWorld(t, f[1])
			for _, with := range []bool{false, true} {
				line := base
				if with {
					line += " " + added
				}
				stdout, stderr, _ := runLine(t, dir, line)
				if re.MatchString(stdout) != (with != inverse) {
					t.Errorf("%s: matches %q: %v\n%s%s", line, pattern, with == inverse, stdout, stderr)
				}
			}
		})
	}
}

// runLine runs a command line, of `portsolve resolve` unless its first word is
// another command.
func runLine(t *testing.T, dir, line string, more ...string) (stdout, stderr string, code int) {
	t.Helper()
	words, err := splitWords(line)
	if err != nil {
		t.Fatal(err)
	}
	name := "resolve"
	if !strings.HasPrefix(words[0], "-") && !strings.Contains(words[0], "/") && !strings.HasPrefix(words[0], "@") {
		name, words = words[0], words[1:]
	}
	return say(t, dir, nil, append(append([]string{name, "--system", dir}, more...), words...)...)
}

// planOf says in short what comes out of a command line.
func planOf(t *testing.T, dir, line string) string {
	t.Helper()
	stdout, stderr, _ := runLine(t, dir, line, "--format=json")
	var res answer.Result
	if err := json.Unmarshal([]byte(stdout), &res); err != nil {
		return strings.TrimSpace(stderr)
	}
	var out []string
	if res.Removal != nil {
		for _, cpv := range res.Removal.CleanList {
			out = append(out, "uninstall "+cpv)
		}
	}
	for i := range res.Plan {
		e := &res.Plan[i]
		if e.Action == answer.Merge {
			out = append(out, e.CPV+kindOf(e))
		}
	}
	switch {
	case res.Status == answer.Unsolvable:
		return "unsolvable"
	case res.Status == answer.ChangesNeeded:
		return changesOf(&res.Changes)
	case len(out) == 0:
		return "-"
	}
	return strings.Join(out, " ")
}

// kindOf marks binary packages, those of a binhost with an "r".
func kindOf(e *answer.Entry) string {
	switch {
	case e.Remote:
		return "[r]"
	case e.Type == "binary":
		return "[b]"
	}
	return ""
}

func changesOf(c *answer.Changes) string {
	var out []string
	for _, cpv := range slices.Sorted(maps.Keys(c.Use)) {
		out = append(out, "use "+cpv+" "+strings.Join(slices.Sorted(maps.Keys(c.Use[cpv])), " "))
	}
	for _, cpv := range slices.Sorted(maps.Keys(c.License)) {
		out = append(out, "license "+cpv+" "+strings.Join(c.License[cpv], " "))
	}
	for _, cpv := range c.Keywords {
		out = append(out, "keyword "+cpv)
	}
	for _, cpv := range c.Unmask {
		out = append(out, "unmask "+cpv)
	}
	return strings.Join(out, " ")
}

// TestEveryOptionHasATest: each option that works is shown to do so by
// testdata/effects.txt, shown.txt, a test of roots, or a script that uses it; what is accepted and does
// nothing says so; what is planned is refused.
func TestEveryOptionHasATest(t *testing.T) {
	tested := map[string]bool{}
	for _, e := range effects(t) {
		tested[e.option] = true
	}
	for _, f := range columns(t, "shown.txt", 5) {
		tested[f[0]] = true
	}
	scripts, err := filepath.Glob(filepath.Join("testdata", "script", "*.txtar"))
	if err != nil || len(scripts) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	for _, path := range scripts {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			testedBy(line, tested)
		}
	}
	for _, name := range [...]string{"--root", "--sysroot", "--config-root", "--prefix", "--root-deps", "--nospinner"} {
		tested[name] = true // places_test.go
	}
	for _, name := range [...]string{"write", "continue", "only", "unrestricted-atoms"} {
		tested["--autounmask-"+name] = true // autounmask_test.go
	}
	for _, o := range emergeopts.All() {
		if o.Status == emergeopts.Works && !tested[o.Name] {
			t.Errorf("%s works, but no test shows it", o.Name)
		}
	}
}

// testedBy notes the options, and the commands that are actions of emerge, of a
// line that runs portsolve.
func testedBy(line string, tested map[string]bool) {
	_, args, found := strings.Cut(line, "portsolve ")
	if !found || strings.HasPrefix(line, "#") {
		return
	}
	for i, word := range strings.Fields(args) {
		name, _, _ := strings.Cut(strings.Trim(word, `'"`), "=")
		switch {
		case strings.HasPrefix(name, "--"):
			tested[name] = true
		case i == 0:
			tested["--"+name] = true
		case len(name) > 1 && name[0] == '-':
			for _, letter := range name[1:] {
				if o := emergeopts.Lookup("-" + string(letter)); o != nil {
					tested[o.Name] = true
				}
			}
		}
	}
}

// TestOptionsWithoutEffect: what does nothing says so, what is planned is
// refused, and what is unknown, too.
func TestOptionsWithoutEffect(t *testing.T) {
	dir := tinyWorld(t, "repo a/b-1")
	for _, o := range emergeopts.All() {
		if o.Status == emergeopts.Works {
			continue
		}
		value := "y"
		switch o.Kind {
		case emergeopts.OptLevel, emergeopts.OptNumber, emergeopts.Number:
			value = "1"
		case emergeopts.Choice, emergeopts.OptWord:
			value = o.Values[0]
		}
		stdout, stderr, code := say(t, dir, nil, "resolve", "--system", dir, o.Name+"="+value, "a/b")
		switch {
		case o.Status == emergeopts.Planned || o.Action:
			if code != 2 || !strings.Contains(stderr, o.Name) {
				t.Errorf("%s: exit %d, and says: %s", o.Name, code, stderr)
			}
		case code != 0 || !strings.Contains(stderr, o.Name+" is accepted but does nothing: ") || !strings.Contains(stdout, "a/b-1"):
			t.Errorf("%s: exit %d, and says: %s%s", o.Name, code, stdout, stderr)
		}
	}
	if _, stderr, code := say(t, dir, nil, "resolve", "--system", dir, "--nosuch", "a/b"); code != 2 || !strings.Contains(stderr, "unknown option --nosuch") {
		t.Errorf("an unknown option: exit %d, %s", code, stderr)
	}
}

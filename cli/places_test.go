package cli

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"github.com/portsolve/portsolve/solver/answer"
)

// TestRoots: what goes where when the target is not the running system. ROOT and
// SYSROOT come from the environment, because --root beside --system is an error.
func TestRoots(t *testing.T) {
	dir := tinyWorld(t, strings.Join([]string{
		"repo a/app-1 EAPI=6 DEPEND=a/d RDEPEND=a/r", "repo a/d-1", "repo a/r-1", "repo a/new-1 DEPEND=a/d",
		"file target/var/db/pkg/a/d-1/SLOT 0", "file target/var/db/pkg/a/d-1/EAPI 8", "file target/var/db/pkg/a/d-1/repository gentoo",
	}, "\n"))
	for _, tt := range []struct{ env, line, want string }{
		{"", "a/r", "a/r-1@/"},
		{"", "-n a/d", "a/d-1@/"},
		{"ROOT=/target", "-n a/d", "-"},
		{"ROOT=/target", "a/app", "a/d-1@/ a/r-1@/target/ a/app-1@/target/"},
		{"ROOT=/target", "a/new", "a/d-1@/ a/new-1@/target/"},
		{"ROOT=/target SYSROOT=/target", "a/new", "a/new-1@/target/"},
		{"ROOT=/target", "--root-deps --emptytree a/app", "a/d-1@/ a/d-1@/target/ a/r-1@/target/ a/app-1@/target/"},
		{"ROOT=/target", "--root-deps=rdeps a/app", "a/r-1@/target/ a/app-1@/target/"},
	} {
		words, err := splitWords(tt.line)
		if err != nil {
			t.Fatal(err)
		}
		stdout, stderr, _ := say(t, dir, strings.Fields(tt.env), append([]string{"resolve", "--system", dir, "--format=json"}, words...)...)
		var res answer.Result
		if err := json.Unmarshal([]byte(stdout), &res); err != nil {
			t.Errorf("%s: %s", tt.line, stderr)
			continue
		}
		got := []string{}
		for _, e := range res.Plan {
			got = append(got, e.CPV+"@"+e.Root)
		}
		if text := strings.Join(got, " "); text != tt.want && !(text == "" && tt.want == "-") {
			t.Errorf("%s %s: %s, want %s", tt.env, tt.line, text, tt.want)
		}
	}
}

// TestPlaces: the options that say where things are change where they are looked for.
func TestPlaces(t *testing.T) {
	dir := tinyWorld(t, "repo a/b-1")
	repo := "--repo=gentoo=" + filepath.Join(dir, "repos", "gentoo")
	for _, tt := range []struct {
		words string
		code  int
		want  string
	}{
		{"--config-root=DIR a/b", 0, "a/b-1"},
		{"--config-root=DIR/none a/b", 3, "DIR/none/etc/portage"},
		{"--config-root=DIR --sysroot=DIR/other a/b", 2, "SYSROOT"},
		{"--config-root=DIR --root=DIR/target --prefix=/none a/b", 3, "/none/etc/portage"},
	} {
		words := strings.Fields(strings.ReplaceAll(tt.words, "DIR", dir))
		stdout, stderr, code := say(t, dir, nil, append([]string{"resolve", repo}, words...)...)
		if code != tt.code || !strings.Contains(stdout+stderr, tt.want) {
			t.Errorf("%s: exit %d, want %d and %q\n%s%s", tt.words, code, tt.code, tt.want, stdout, stderr)
		}
	}
}

func TestProgressLine(t *testing.T) {
	for _, tt := range []struct {
		words    string
		terminal bool
		want     bool
	}{
		{"", true, true}, {"", false, false}, {"--nospinner", true, false}, {"--quiet", true, false}, {"--format=json", true, false},
	} {
		words, err := canonical(strings.Fields(tt.words))
		if err != nil {
			t.Fatal(err)
		}
		var settings []setting
		for _, w := range words[:len(words)-1] { // without "--"
			name, value, _ := strings.Cut(w, "=")
			settings = append(settings, setting{name: name, value: value})
		}
		c := new(command)
		if err := c.apply(settings); err != nil {
			t.Fatal(err)
		}
		if got := c.wantsProgress(tt.terminal); got != tt.want {
			t.Errorf("%q on a terminal: %v: %v", tt.words, tt.terminal, got)
		}
	}
}

package portsolve_test

import (
	"context"
	"crypto/md5"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/portsolve/portsolve"
	"github.com/portsolve/portsolve/atom/metadata"
	"github.com/portsolve/portsolve/solver/answer"
	"github.com/portsolve/portsolve/solver/universe"
)

// files is a system in miniature: path -> content.
type files map[string]string

// base is a system with one metadata-only repository and nothing installed.
func base() files {
	return files{
		"etc/portage/repos.conf":                     "[DEFAULT]\nmain-repo = test\n[test]\nlocation = /repo\n",
		"etc/portage/make.profile/parent":            "test:base\n",
		"repo/profiles/repo_name":                    "test\n",
		"repo/profiles/categories":                   "cat\nother\nvirtual\n",
		"repo/profiles/arch.list":                    "amd64\n",
		"repo/profiles/base/make.defaults":           "ARCH=\"amd64\"\nACCEPT_KEYWORDS=\"amd64\"\n",
		"repo/metadata/layout.conf":                  "masters =\nprofile-formats = portage-2\ncache-formats = md5-dict\n",
		"repo/metadata/md5-cache/cat/app-1":          entry("RDEPEND=cat/lib:="),
		"repo/metadata/md5-cache/cat/app-2":          entry("RDEPEND=>=cat/lib-2:=", "KEYWORDS=~amd64"),
		"repo/metadata/md5-cache/cat/lib-1":          entry("SLOT=0/1"),
		"repo/metadata/md5-cache/cat/lib-2":          entry("SLOT=0/2"),
		"repo/metadata/md5-cache/cat/twice-1":        entry(),
		"repo/metadata/md5-cache/other/twice-1":      entry(),
		"repo/metadata/md5-cache/cat/provider-1":     entry(),
		"repo/metadata/md5-cache/virtual/provider-1": entry("RDEPEND=cat/provider"),
	}
}

// entry is an md5-cache entry with defaults that lines replace.
func entry(lines ...string) string {
	vars := map[string]string{"EAPI": "8", "SLOT": "0", "KEYWORDS": "amd64", "DEFINED_PHASES": "-", "DESCRIPTION": "test"}
	for _, l := range lines {
		name, value, _ := strings.Cut(l, "=")
		vars[name] = value
	}
	var b strings.Builder
	names := make([]string, 0, len(vars))
	for name := range vars {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		b.WriteString(name + "=" + vars[name] + "\n")
	}
	b.WriteString("_md5_=d41d8cd98f00b204e9800998ecf8427e\n")
	return b.String()
}

// install adds a VDB entry.
func (f files) install(cpv string, lines ...string) files {
	dir := "var/db/pkg/" + cpv + "/"
	for _, l := range append([]string{"EAPI=8", "SLOT=0", "KEYWORDS=amd64", "repository=test", "CONTENTS="}, lines...) {
		name, value, _ := strings.Cut(l, "=")
		f[dir+name] = value + "\n"
	}
	return f
}

func (f files) with(path, content string) files {
	f[path] = content
	return f
}

func (f files) write(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	for path, content := range f {
		path = filepath.Join(dir, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func (f files) open(t testing.TB) *portsolve.System {
	t.Helper()
	sys, err := portsolve.Open(context.Background(), portsolve.Options{System: f.write(t), Env: map[string]string{}})
	if err != nil {
		t.Fatal(err)
	}
	return sys
}

// resolve answers and has the checker agree.
func resolve(t testing.TB, sys *portsolve.System, o universe.Options, args ...string) *portsolve.Result {
	t.Helper()
	request := portsolve.Request{Args: args, Options: o}
	res, err := sys.Resolve(context.Background(), request)
	if err != nil {
		t.Fatalf("%v: %v", args, err)
	}
	violations, err := sys.Verify(context.Background(), request, res)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range violations {
		t.Errorf("%v: rejected by the checker: %v", args, v)
	}
	return res
}

func merged(res *portsolve.Result) []string {
	var list []string
	for _, e := range res.Plan {
		if e.Action == answer.Merge {
			list = append(list, e.CPV)
		}
	}
	return list
}

func TestResolve(t *testing.T) {
	res := resolve(t, base().open(t), universe.Options{}, "cat/app")
	if got, want := merged(res), []string{"cat/lib-2", "cat/app-1"}; res.Status != answer.Solved || !slices.Equal(got, want) {
		t.Fatalf("%s %v, want %v", res.Status, got, want)
	}
	app := res.Plan[1]
	if app.Root != "/" || app.Repo != "test" || app.Slot != "0" || len(app.Why) == 0 || app.Why[0].Arg != "cat/app" {
		t.Errorf("entry %+v", app)
	}
	if want := []answer.After{{Entry: 0, Kind: "run"}}; !slices.Equal(app.After, want) {
		t.Errorf("After = %v, want %v", app.After, want)
	}
	if w := res.Plan[0].Why; len(w) != 1 || w[0].Parent != "cat/app-1" || w[0].Kind != "RDEPEND" {
		t.Errorf("the library is there because of %v", w)
	}
}

func TestResolveTwiceGivesTheSame(t *testing.T) {
	sys := base().open(t)
	first := merged(resolve(t, sys, universe.Options{}, "cat/app", "virtual/provider"))
	for range 3 {
		if again := merged(resolve(t, sys, universe.Options{}, "cat/app", "virtual/provider")); !slices.Equal(first, again) {
			t.Fatalf("%v, then %v", first, again)
		}
	}
}

func TestSubSlotRebuild(t *testing.T) {
	f := base().install("cat/app-1", "RDEPEND=cat/lib:0/1=").install("cat/lib-1", "SLOT=0/1").
		with("var/lib/portage/world", "cat/app\n")
	res := resolve(t, f.open(t), universe.Options{Update: true, Deep: universe.Unlimited}, "@world")
	if got, want := merged(res), []string{"cat/lib-2", "cat/app-1"}; !slices.Equal(got, want) {
		t.Fatalf("%v, want %v", got, want)
	}
	if got := res.Plan[0].Replaces; !slices.Equal(got, []string{"cat/lib-1"}) {
		t.Errorf("cat/lib-2 replaces %v", got)
	}
	if got := res.Rebuilds["cat/lib-2"]; !slices.Equal(got, []string{"cat/app-1"}) {
		t.Errorf("rebuilds = %v", res.Rebuilds)
	}
}

func TestBareNames(t *testing.T) {
	tests := []struct {
		name string
		sys  files
		arg  string
		want []string
	}{
		{"unique", base(), "lib", []string{"cat/lib-2"}},
		{"with operator, slot and repository", base(), "<lib-2:0::test", []string{"cat/lib-1"}},
		{"virtuals do not make it ambiguous", base(), "provider", []string{"cat/provider-1"}},
		{"the installed one", base().install("other/twice-1"), "twice", []string{"other/twice-1"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := merged(resolve(t, tt.sys.open(t), universe.Options{}, tt.arg)); !slices.Equal(got, tt.want) {
				t.Errorf("%v, want %v", got, tt.want)
			}
		})
	}
}

func TestUsageErrors(t *testing.T) {
	sys := base().open(t)
	for arg, want := range map[string]string{
		"twice":                "cat/twice, other/twice",
		"@nosuchset":           "nosuchset",
		"":                     "empty",
		"cat/app[":             "cat/app[",
		"!cat/app":             "blocker",
		"cat/*":                "wildcard",
		"/usr/bin/nothing":     "does not belong",
		"cat/app/app-1.ebuild": "repository",
		"app-1.tbz2":           "binary package",
		"\x00":                 "not a valid",
	} {
		_, err := sys.Resolve(context.Background(), portsolve.Request{Args: []string{arg}})
		var usage *portsolve.UsageError
		if !errors.As(err, &usage) {
			t.Errorf("%q: %v is no UsageError", arg, err)
		} else if !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v does not mention %q", arg, err, want)
		}
	}
	if _, err := sys.Resolve(context.Background(), portsolve.Request{}); err == nil {
		t.Error("a request without arguments was answered")
	}
}

func TestMisspeltNames(t *testing.T) {
	sys := base().open(t)
	for _, arg := range []string{"providr", "cat/providr", "virtual/lib"} {
		res := resolve(t, sys, universe.Options{}, arg)
		if res.Status != answer.Unsolvable || len(res.Unsatisfied) != 1 {
			t.Fatalf("%s: %s, unsatisfied %v", arg, res.Status, res.Unsatisfied)
		}
		if s := res.Unsatisfied[0].Suggestions; len(s) == 0 || !strings.HasPrefix(s[0], "cat/") {
			t.Errorf("%s: suggestions %v", arg, s)
		}
	}
}

func TestFileArgument(t *testing.T) {
	f := base().install("cat/lib-1", "SLOT=0/1", "CONTENTS=obj /usr/lib/lib.so d41d8cd98f00b204e9800998ecf8427e 1")
	sys := f.open(t)
	res := resolve(t, sys, universe.Options{}, "/usr/lib/lib.so")
	if got := merged(res); !slices.Equal(got, []string{"cat/lib-2"}) {
		t.Errorf("the owner of the file gives %v", got)
	}
}

func TestEbuildArgumentIgnoresMasks(t *testing.T) {
	text := "EAPI=8\n"
	f := base().with("repo/cat/masked/masked-1.ebuild", text).
		with("repo/metadata/md5-cache/cat/masked-1", strings.Replace(entry("KEYWORDS="), "d41d8cd98f00b204e9800998ecf8427e", fmt.Sprintf("%x", md5.Sum([]byte(text))), 1))
	dir := f.write(t)
	sys, err := portsolve.Open(context.Background(), portsolve.Options{System: dir, Env: map[string]string{}})
	if err != nil {
		t.Fatal(err)
	}
	for _, arg := range []string{filepath.Join(dir, "repo/cat/masked/masked-1.ebuild"), "/repo/cat/masked/masked-1.ebuild"} {
		res := resolve(t, sys, universe.Options{}, arg)
		if got := merged(res); !slices.Equal(got, []string{"cat/masked-1"}) {
			t.Errorf("%s: %s %v", arg, res.Status, got)
		}
	}
}

func TestProfileUpdatesApplyToWhatIsInstalled(t *testing.T) {
	f := base().install("cat/oldlib-1", "SLOT=0/1").with("repo/profiles/updates/1Q-2021", "move cat/oldlib cat/lib\n").
		with("var/lib/portage/world", "cat/oldlib\n")
	res := resolve(t, f.open(t), universe.Options{Update: true}, "@world")
	if len(res.Plan) != 1 || res.Plan[0].CPV != "cat/lib-2" || !slices.Equal(res.Plan[0].Replaces, []string{"cat/lib-1"}) {
		t.Errorf("plan %+v", res.Plan)
	}
}

func TestTargetRoot(t *testing.T) {
	dir := base().install("cat/lib-1", "SLOT=0/1").write(t)
	sys, err := portsolve.Open(context.Background(), portsolve.Options{System: dir, Root: "/target", Env: map[string]string{}})
	if err != nil {
		t.Fatal(err)
	}
	res := resolve(t, sys, universe.Options{}, "cat/app")
	for _, e := range res.Plan {
		if e.Root != "/target/" || len(e.Replaces) > 0 {
			t.Errorf("%s goes to %s and replaces %v", e.CPV, e.Root, e.Replaces)
		}
	}
	if got := merged(res); !slices.Equal(got, []string{"cat/lib-2", "cat/app-1"}) {
		t.Errorf("%v", got)
	}
}

func TestRootsThatDoNotFit(t *testing.T) {
	dir := base().write(t)
	for name, o := range map[string]portsolve.Options{
		"SYSROOT":            {System: dir, Root: "/target", SysRoot: "/elsewhere"},
		"configuration root": {System: dir, Root: "/target", ConfigRoot: "/elsewhere"},
		"no such directory":  {System: filepath.Join(dir, "nowhere")},
	} {
		o.Env = map[string]string{}
		if name == "configuration root" {
			if err := os.Symlink(".", filepath.Join(dir, "elsewhere")); err != nil {
				t.Fatal(err)
			}
		}
		_, err := portsolve.Open(context.Background(), o)
		var usage *portsolve.UsageError
		if !errors.As(err, &usage) || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestBrokenInput(t *testing.T) {
	for name, f := range map[string]files{
		"no profile":   func() files { f := base(); delete(f, "etc/portage/make.profile/parent"); return f }(),
		"parent loop":  base().with("repo/profiles/base/parent", "../base\n"),
		"no main repo": base().with("etc/portage/repos.conf", "[DEFAULT]\nmain-repo = test\n[test]\nlocation = /nowhere\n"),
	} {
		_, err := portsolve.Open(context.Background(), portsolve.Options{System: f.write(t), Env: map[string]string{}})
		var input *portsolve.InputError
		if !errors.As(err, &input) {
			t.Errorf("%s: %v is no InputError", name, err)
		}
	}
	_, err := portsolve.Open(context.Background(), portsolve.Options{System: t.TempDir(), Env: map[string]string{}})
	if !errors.Is(err, portsolve.ErrNoConfiguration) {
		t.Errorf("an empty directory: %v", err)
	}
}

func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	sys := base().open(t)
	cancel()
	if _, err := sys.Resolve(ctx, portsolve.Request{Args: []string{"cat/app"}}); !errors.Is(err, context.Canceled) {
		t.Errorf("Resolve: %v", err)
	}
	if _, err := portsolve.Open(ctx, portsolve.Options{System: base().write(t), Env: map[string]string{}}); !errors.Is(err, context.Canceled) {
		t.Errorf("Open: %v", err)
	}
}

func TestDamagedEntriesAreReported(t *testing.T) {
	f := base().install("cat/lib-1", "SLOT=0/1").install("cat/broken-1", "SLOT=\x00").
		with("var/lib/portage/world", "cat/lib\nnot an atom\n")
	res := resolve(t, f.open(t), universe.Options{}, "cat/app")
	for _, want := range []string{"world:2", "cat/broken-1"} {
		if !slices.ContainsFunc(res.Warnings, func(w string) bool { return strings.Contains(w, want) }) {
			t.Errorf("no warning mentions %s: %q", want, res.Warnings)
		}
	}
}

func TestProfileUpdatesApplyToConfiguration(t *testing.T) {
	f := base().with("repo/profiles/updates/1Q-2021", "move cat/oldlib cat/lib\n").
		with("etc/portage/package.mask", "=cat/oldlib-2\n")
	if got := merged(resolve(t, f.open(t), universe.Options{}, "cat/lib")); !slices.Equal(got, []string{"cat/lib-1"}) {
		t.Errorf("the mask of the old name did not follow: %v", got)
	}
}

func TestCandidates(t *testing.T) {
	sys := base().install("cat/app-1", "RDEPEND=cat/lib:0/1=").open(t)
	list, err := sys.Candidates(context.Background(), "cat/app")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range list {
		s := c.Pkg.CPV.String()
		if c.Pkg.Origin == metadata.Installed {
			s += " installed"
		}
		for _, e := range c.Excluded {
			s += " " + string(e.Kind)
		}
		got = append(got, s)
	}
	if want := []string{"cat/app-1 installed", "cat/app-1", "cat/app-2 KEYWORDS"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if _, err := sys.Candidates(context.Background(), "cat/*"); err == nil {
		t.Error("a wildcard was accepted")
	}
	if got := sys.Var("ARCH"); got != "amd64" {
		t.Errorf("Var(ARCH) = %q", got)
	}
}

func TestOpenDoesNotWrite(t *testing.T) {
	dir := base().install("cat/lib-1").write(t)
	before := listing(t, dir)
	sys, err := portsolve.Open(context.Background(), portsolve.Options{System: dir, Env: map[string]string{}})
	if err != nil {
		t.Fatal(err)
	}
	resolve(t, sys, universe.Options{}, "cat/app")
	if after := listing(t, dir); !slices.Equal(before, after) {
		t.Errorf("files changed: %v, then %v", before, after)
	}
}

func listing(t *testing.T, dir string) []string {
	t.Helper()
	var list []string
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		list = append(list, path+" "+info.ModTime().String())
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

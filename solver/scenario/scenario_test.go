package scenario

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/portsolve/portsolve/solver/answer"
	"github.com/portsolve/portsolve/solver/universe"
)

func write(t *testing.T, sc *Scenario) string {
	t.Helper()
	var b bytes.Buffer
	if err := Write(context.Background(), &b, sc.Roots, &sc.Request, nil); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func mustParse(t testing.TB, text string) *Scenario {
	t.Helper()
	sc, err := Parse([]byte(text))
	if err != nil {
		t.Fatalf("%v\nin:\n%s", err, text)
	}
	return sc
}

// What is saved of a world is saved of the world read back, too.
func TestWriteRoundTrip(t *testing.T) {
	files, err := filepath.Glob("../testdata/cases/*.txtar")
	if err != nil || len(files) < 30 {
		t.Fatalf("%d files: %v", len(files), err)
	}
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		first := write(t, mustParse(t, string(data)))
		second := write(t, mustParse(t, first))
		if d := cmp.Diff(first, second); d != "" {
			t.Errorf("%s: %s", f, d)
		}
	}
}

// Everything a package line can say survives.
func TestWriteKeepsAll(t *testing.T) {
	const text = `-- request --
--update
--deep=2
--exclude="dev-libs/x dev-libs/y"
--dynamic-deps=n
@world
@mine
dev-libs/a[x(+)]
file:dev-libs/a-2::local
-- world @world target --
dev-libs/a:0 @selected
-- set @mine target --
dev-libs/b @mine
-- repo gentoo --
-- installed --
-- provided --
-- repo local target --
dev-libs/a-2 EAPI=6 SLOT=0/2 KEYWORDS="~amd64 x86" IUSE="+x -y z" USE="x z" IMPLICIT=w USE_FORCE=z USE_MASK=y MASKED="package.mask; LICENSE: EULA BSD" DEPEND=dev-libs/b:= REQUIRED_USE="x? ( z )"
dev-libs/a-3 EAPI=0 USE="" DEPEND=dev-libs/b RDEPEND=""
dev-libs/b-1 MASKED=invalid RDEPEND=dev-libs/a[w(-)] LICENSE="|| ( MIT BSD )" INVALID="it's \"bad\""
-- installed target --
dev-libs/b-0::other IUSE=x USE=x USE_NOW="" RDEPEND=dev-libs/a:0/2= BUILD_TIME=12 COUNTER=3
-- provided target --
sys-kernel/src-5
`
	got := write(t, mustParse(t, text))
	want := strings.Replace(text, ` USE="" DEPEND`, " DEPEND", 1) // nothing to say without IUSE
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

// Every field of the options has a spelling that reads back.
func TestOptionWords(t *testing.T) {
	var o universe.Options
	v := reflect.ValueOf(&o).Elem()
	for i := range v.NumField() {
		switch f := v.Field(i); {
		case f.Type() == reflect.TypeFor[universe.Tri]():
			f.SetUint(uint64(universe.No))
		case f.Kind() == reflect.Bool:
			f.SetBool(true)
		case f.Kind() == reflect.Int:
			f.SetInt(int64(i) - 1)
		case f.Kind() == reflect.String:
			f.SetString("y")
		case f.Kind() == reflect.Slice && f.Type().Elem().Kind() == reflect.String:
			f.Set(reflect.ValueOf([]string{"a/b", "c"}))
		}
	}
	var back universe.Options
	for _, w := range optionWords(&o) {
		words, err := splitWords(w)
		if err != nil || len(words) != 1 {
			t.Fatalf("%s: %q %v", w, words, err)
		}
		if err := setOption(&back, words[0]); err != nil {
			t.Error(err)
		}
	}
	if d := cmp.Diff(o, back); d != "" {
		t.Error(d)
	}
	var plain universe.Options
	for _, w := range []string{"--deep", "--newuse", "--root-deps", "--with-bdeps=y", "--selective"} {
		if err := setOption(&plain, w); err != nil {
			t.Error(err)
		}
	}
	want := universe.Options{Deep: universe.Unlimited, NewUse: true, RootDeps: "true", WithBdeps: "y", Selective: universe.Yes}
	if d := cmp.Diff(want, plain); d != "" {
		t.Error(d)
	}
}

func TestParseErrors(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"-- nonsense --\n", `line 1: there is no section "nonsense"`},
		{"-- repo --\ndev-libs/a\n", "line 2: "},
		{"-- repo --\n\ndev-libs/a-1 FOO=1\n", "line 3: dev-libs/a-1: unknown variable FOO"},
		{"-- repo --\ndev-libs/a-1 SLOT=0 SLOT=1\n", "line 2: SLOT is given twice"},
		{"-- repo --\ndev-libs/a-1 x\n", `line 2: "x" is not of the form KEY=value`},
		{"-- repo --\ndev-libs/a-1 DEPEND=\"a\n", "line 2: the quotation mark"},
		{"-- repo --\ndev-libs/a-1 DEPEND=\"( a/b\"\n", "line 2: dev-libs/a-1: "},
		{"-- repo --\ndev-libs/a-1\ndev-libs/a-1\n", "line 3: dev-libs/a-1 is there twice"},
		{"-- repo --\ndev-libs/a-1::x\n", "line 2: the repository of an ebuild"},
		{"-- installed --\ndev-libs/a-1\ndev-libs/a-2\n", "line 3: dev-libs/a-1 and dev-libs/a-2 are installed in one slot"},
		{"-- installed --\ndev-libs/a-1 BUILD_TIME=x\n", "line 2: "},
		{"-- provided --\ndev-libs/a\n", "line 2: "},
		{"-- world --\n=dev-libs/a\n", "line 2: "},
		{"-- config --\nUSES x\n", "line 2: unknown setting USES"},
		{"-- config --\npackage.use\n", "line 2: an atom is missing"},
		{"-- request --\n@nosuch\n", "line 2: the request names @nosuch"},
		{"-- request --\n--frobnicate\n", "line 2: unknown option --frobnicate"},
		{"-- request --\n--update=maybe\n", "line 2: option --update does not take"},
		{"-- request --\n--deep=x\n", "line 2: option --deep does not take"},
		{"-- request --\nfile:a/b-1\n", "line 2: no repository has the file a/b-1"},
		{"-- expect --\nmaybe\n", `line 2: "maybe": expected`},
		{"-- expect --\nplan:\nx\n", "line 3: "},
	} {
		_, err := Parse([]byte(c.text))
		if err == nil || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%q:\n got %v\nwant %s", c.text, err, c.want)
		}
	}
}

func TestPolicy(t *testing.T) {
	sc := mustParse(t, `
-- config --
USE a -b
package.use dev-libs/lib c -a
use.force f
use.mask m
package.mask >=dev-libs/lib-3
package.unmask =dev-libs/lib-4
package.accept_keywords =dev-libs/lib-5 **
-- repo --
dev-libs/lib-1 IUSE="a +b c +d e f +m"
dev-libs/lib-2 KEYWORDS="~amd64"
dev-libs/lib-3
dev-libs/lib-4
dev-libs/lib-5 KEYWORDS=""
dev-libs/lib-6 EAPI=99 MASKED=""
dev-libs/lib-7 KEYWORDS="" EAPI=99
`)
	root := sc.Roots[0]
	pkgs, err := root.Repos[0].Packages(context.Background(), sc.Roots[0].Repos[0].Source.(*Repo).Names()[0])
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(root.Policy.Use(pkgs[0]), " "); got != "c d f" {
		t.Errorf("USE is %q", got)
	}
	var got []string
	for _, p := range pkgs {
		var kinds []string
		for _, x := range root.Policy.Exclusions(p) {
			kinds = append(kinds, string(x.Kind))
		}
		got = append(got, strings.Join(kinds, " "))
	}
	want := []string{"", "KEYWORDS", "package.mask", "", "package.mask", "", "EAPI.unsupported package.mask KEYWORDS"}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	on, forced, masked, src := root.Policy.ExplainUse(pkgs[0], "c")
	if !on || forced || masked || src.Line != 4 {
		t.Error(on, forced, masked, src)
	}
	if _, forced, masked, _ := root.Policy.ExplainUse(pkgs[0], "m"); forced || !masked {
		t.Error("the flag m is masked")
	}
}

func TestExpectDiff(t *testing.T) {
	entry := func(action answer.Action, cpv string) answer.Entry {
		return answer.Entry{Action: action, CPV: cpv, Repo: "gentoo", Root: "/", Use: map[string]bool{"x": true}}
	}
	res := &answer.Result{Status: answer.Solved, Plan: []answer.Entry{
		entry(answer.Merge, "a/a-1"), entry(answer.BlockerEntry, "a/b-1"), entry(answer.Merge, "a/c-1"), entry(answer.Uninstall, "a/b-1"),
	}}
	for _, c := range []struct {
		expect string
		good   bool
	}{
		{"plan:\na/a-1[x]@host\na/c-1::gentoo\nuninstall a/b-1", true},
		{"plan:\nany order: a/c-1 a/a-1\nuninstall a/b-1", true},
		{"plan:\na/c-1\na/a-1\nuninstall a/b-1", false},
		{"plan:\na/a-1\na/c-1", false},
		{"plan:\na/a-1\na/c-1\nuninstall a/b-1\na/d-1", false},
		{"plan:\na/a-1[-x]\na/c-1\nuninstall a/b-1", false},
		{"plan:\na/a-1@target\na/c-1\nuninstall a/b-1", false},
		{"plan:\na/a-1\na/c-1::other\nuninstall a/b-1", false},
		{"plan:\na/a-1\na/c-1\na/b-1", false},
		{"nothing", false},
		{"fails: a/a", false},
		{"held: a/a-2", false},
	} {
		sc := mustParse(t, "-- expect --\n"+c.expect+"\n")
		if diff := sc.Expect.Diff(res); (len(diff) == 0) != c.good {
			t.Errorf("%s: %v", c.expect, diff)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("-- repo --\ndev-libs/a-1 EAPI=7 SLOT=0/1 IUSE=\"+x\" RDEPEND=\"|| ( a/b c/d:= )\"\n-- request --\n--deep=2 dev-libs/a\n-- expect --\nplan:\n")
	f.Add("-- installed target --\na/b-1 USE=\"\n")
	f.Fuzz(func(t *testing.T, text string) {
		sc, err := Parse([]byte(text))
		if err != nil {
			return
		}
		var b bytes.Buffer
		if err := Write(context.Background(), &b, sc.Roots, &sc.Request, nil); err != nil {
			t.Fatal(err)
		}
		if _, err := Parse(b.Bytes()); err != nil {
			t.Fatalf("what was written does not parse: %v\n%s", err, b.Bytes())
		}
	})
}

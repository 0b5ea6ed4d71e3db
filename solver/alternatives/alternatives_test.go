package alternatives_test

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/portsolve/portsolve/atom/metadata"
	"github.com/portsolve/portsolve/solver"
	"github.com/portsolve/portsolve/solver/alternatives"
	"github.com/portsolve/portsolve/solver/answer"
	"github.com/portsolve/portsolve/solver/scenario"
)

// everything that is a matter of the configuration.
func everything() [alternatives.NumKinds]bool {
	var all [alternatives.NumKinds]bool
	for k := range alternatives.MaskedUse {
		all[k] = true
	}
	return all
}

// words writes an alternative in short: "a/b:0 +x, a/c:0 testing".
func words(a *alternatives.Alternative) string {
	var out []string
	for _, c := range a.Changes {
		s := c.CP.String() + ":" + c.Slot + " "
		switch {
		case c.Kind != alternatives.Use:
			s += [...]string{"use", "license", "properties", "restrict", "testing", "foreign", "unkeyworded", "live", "unmask"}[c.Kind]
		case c.On:
			s += "+" + c.Flag
		default:
			s += "-" + c.Flag
		}
		out = append(out, s)
	}
	return strings.Join(out, ", ")
}

// find lists all alternatives of a scenario in the order in which they come.
func find(t *testing.T, text string, in alternatives.Input) (list []string, f *alternatives.Finder) {
	t.Helper()
	sc, err := scenario.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	in.Problem = &solver.Problem{Roots: sc.Roots, Request: sc.Request}
	if in.Allowed == [alternatives.NumKinds]bool{} {
		in.Allowed = everything()
	}
	if in.Explicit == nil {
		in.Explicit = func(src metadata.Source) bool { return src.File == "scenario" }
	}
	in.Arch = "amd64"
	f = alternatives.New(context.Background(), &in)
	for {
		a, err := f.Next(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		if a == nil {
			return list, f
		}
		if !a.Outcome.Complete {
			t.Errorf("%s is no solution", words(a))
		}
		list = append(list, words(a))
	}
}

func TestAlternatives(t *testing.T) {
	tests := []struct {
		name, world string
		want        []string
	}{
		{"nothing to change", `
-- repo --
a/a-1
-- request --
a/a
`, nil},
		{"nothing helps", `
-- repo --
a/a-1 RDEPEND="a/none"
-- request --
a/a
`, nil},
		{"apache threads", `
-- repo --
www-apps/gallery-1 RDEPEND="dev-lang/php[apache2]"
dev-lang/php-8 IUSE="apache2 threads" RDEPEND="apache2? ( www-servers/apache[threads=] )"
www-servers/apache-2 IUSE="threads"
-- config --
package.use dev-lang/php apache2 threads
package.use www-servers/apache -threads
-- request --
www-apps/gallery
`, []string{"www-servers/apache:0 +threads", "dev-lang/php:0 -threads"}},
		{"the version or the flag", `
-- repo --
a/a-1 IUSE="+x" RDEPEND="x? ( a/b )"
a/b-1 KEYWORDS="~amd64"
-- request --
a/a
`, []string{"a/a:0 -x", "a/b:0 testing"}},
		{"two obstacles", `
-- repo --
a/a-1 RDEPEND="a/b[x]"
a/b-1 IUSE="x" MASKED="KEYWORDS: ~amd64; LICENSE: EULA"
-- request --
a/a
`, []string{"a/b:0 +x, a/b:0 license, a/b:0 testing"}},
		{"REQUIRED_USE", `
-- repo --
a/a-1 IUSE="t1 t2" REQUIRED_USE="^^ ( t1 t2 )" RDEPEND="t1? ( a/b[t1] ) t2? ( a/b[t2] )"
a/b-1 IUSE="+t1 t2" REQUIRED_USE="^^ ( t1 t2 )"
-- request --
a/a
`, []string{"a/a:0 +t1", "a/a:0 +t2, a/b:0 -t1, a/b:0 +t2"}},
		{"masked branch", `
-- repo --
a/a-1 RDEPEND="|| ( a/b a/c[x] )"
a/b-1
a/c-1 IUSE="x"
-- config --
package.mask a/b
-- request --
a/a
`, []string{"a/c:0 +x", "a/b:0 unmask"}},
		{"deeper", `
-- repo --
a/a-1 RDEPEND="a/b[x]"
a/b-1 IUSE="x y" REQUIRED_USE="x? ( y )" RDEPEND="y? ( a/c[z] )"
a/c-1 IUSE="z"
-- request --
a/a
`, []string{"a/b:0 +x, a/b:0 +y, a/c:0 +z"}},
		{"a blocker", `
-- repo --
a/a-1 RDEPEND="a/b a/c"
a/b-1 IUSE="+x" RDEPEND="x? ( !a/c[y] )"
a/c-1 IUSE="+y"
-- request --
a/a
`, []string{"a/b:0 -x", "a/c:0 -y"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, f := find(t, tt.world, alternatives.Input{})
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Error(d)
			}
			if !f.Complete() {
				t.Error("nothing bounded the search, but it says that there may be more")
			}
		})
	}
}

// What is known to help is cut down to what is needed; a search that was cut off says so.
func TestReduce(t *testing.T) {
	sc, err := scenario.Parse([]byte(`
-- repo --
a/a-1 RDEPEND="a/b[x] a/c"
a/b-1 IUSE="x y z"
a/c-1 KEYWORDS="~amd64" IUSE="x"
-- request --
a/a
`))
	if err != nil {
		t.Fatal(err)
	}
	in := &alternatives.Input{Problem: &solver.Problem{Roots: sc.Roots, Request: sc.Request}, Allowed: everything(), Arch: "amd64", MaxAttempts: 1}
	f := alternatives.New(t.Context(), in)
	if a, err := f.Next(t.Context()); a != nil || err != nil || f.Complete() {
		t.Errorf("one attempt: %v, %v, complete: %v", a, err, f.Complete())
	}
	more := answer.Changes{Keywords: []string{"a/c-1"}, Use: map[string]map[string]bool{"a/b-1": {"x": true, "y": true}, "a/c-1": {"x": true}}}
	a, err := f.Reduce(t.Context(), more)
	if err != nil || a == nil {
		t.Fatal(a, err)
	}
	if got, want := words(a), "a/b:0 +x, a/c:0 testing"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if a, err := f.Reduce(t.Context(), more); a != nil || err != nil {
		t.Errorf("once more: %v, %v", a, err)
	}
	if a, err := f.Reduce(t.Context(), answer.Changes{Unmask: []string{"a/b-1", "none/such-1"}}); a != nil || err != nil {
		t.Errorf("no such package: %v, %v", a, err)
	}
}

// The order of docs/alternatives.md, section 4: one branch for each kind of change, in the opposite order.
func TestRanking(t *testing.T) {
	got, f := find(t, `
-- repo --
a/a-1 RDEPEND="|| ( a/masked a/live a/set[x] a/bare a/foreign a/testing a/fetch a/asks a/license a/two[x,y] a/off[-x] a/use[x] )"
a/masked-1
a/live-9999 MASKED="KEYWORDS: **"
a/set-1 IUSE=x
a/bare-1 MASKED="KEYWORDS: **"
a/foreign-1 MASKED="KEYWORDS: ~arm"
a/testing-1 KEYWORDS=~amd64
a/fetch-1 MASKED="RESTRICT: fetch"
a/asks-1 MASKED="PROPERTIES: interactive"
a/license-1 MASKED="LICENSE: EULA"
a/two-1 IUSE="x y"
a/off-1 IUSE="+x"
a/use-1 IUSE=x
-- config --
package.mask a/masked
package.use a/set -x
-- request --
a/a
`, alternatives.Input{})
	want := []string{"a/use:0 +x", "a/off:0 -x", "a/two:0 +x, a/two:0 +y", "a/license:0 license", "a/fetch:0 restrict", "a/asks:0 properties",
		"a/testing:0 testing", "a/foreign:0 foreign", "a/bare:0 unkeyworded", "a/set:0 +x", "a/live:0 live", "a/masked:0 unmask"}
	if d := cmp.Diff(want, got); d != "" || !f.Complete() {
		t.Errorf("complete: %v\n%s", f.Complete(), d)
	}
}

// Fewer packages count more than fewer flags, and a kind that costs more is not made up for by fewer packages.
func TestRankingOfSums(t *testing.T) {
	got, _ := find(t, `
-- repo --
a/a-1 RDEPEND="|| ( ( a/b[x] a/c[x] ) a/d[x,y,z] a/e )"
a/b-1 IUSE=x
a/c-1 IUSE=x
a/d-1 IUSE="x y z"
a/e-1 KEYWORDS=~amd64
-- request --
a/a
`, alternatives.Input{})
	want := []string{"a/d:0 +x, a/d:0 +y, a/d:0 +z", "a/b:0 +x, a/c:0 +x", "a/e:0 testing"}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

package solvertest

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/portsolve/portsolve/solver/answer"
	"github.com/portsolve/portsolve/solver/scenario"
)

// The oracle finds exactly the results one can work out by hand.
func TestOracle(t *testing.T) {
	for _, c := range []struct{ name, world, want string }{
		{"either branch, or both", `
-- repo --
c/app-1 RDEPEND="|| ( c/a c/b )"
c/a-1
c/b-1
-- request --
c/app
`, "c/a-1 c/app-1; c/app-1 c/b-1; c/a-1 c/app-1 c/b-1"},
		{"a blocker excludes one and removes another", `
-- repo --
c/app-1 RDEPEND="!c/old !c/b c/a"
c/a-1
c/b-1
-- installed --
c/old-1
-- request --
c/app
`, "c/a-1 c/app-1 -c/old-1"},
		{"an upgrade must rebuild", `
-- repo --
c/lib-2 SLOT=0/2
c/user-1 RDEPEND="c/lib:="
-- installed --
c/lib-1 SLOT=0/1
c/user-1 RDEPEND="c/lib:0/1="
-- world --
c/user
-- request --
>=c/lib-2
`, "c/lib-2 c/user-1"},
		{"the old version builds the new one, another package does not", `
-- repo --
c/gcc-2 DEPEND="<c/gcc-2"
c/app-1 DEPEND="<c/gcc-2"
-- installed --
c/gcc-1
-- request --
c/app
`, "c/app-1"},
		{"the old version builds the new one", `
-- repo --
c/gcc-2 DEPEND="<c/gcc-2"
-- installed --
c/gcc-1
-- request --
>=c/gcc-2
`, "c/gcc-2"},
		{"masked, unknown and contradictory", `
-- repo --
c/app-1 RDEPEND="c/a"
c/app-2 KEYWORDS="~amd64"
c/app-3 RDEPEND="c/b <c/b-2"
c/b-2
-- request --
c/app
`, ""},
	} {
		sc, err := scenario.Parse([]byte(c.world))
		if err != nil {
			t.Fatal(err)
		}
		valid, ok := Oracle(sc, 1000)
		if !ok {
			t.Fatal("too many results")
		}
		var got []string
		for _, plan := range valid {
			var words []string
			for _, e := range plan {
				words = append(words, map[bool]string{true: "-"}[e.Action == answer.Uninstall]+e.CPV)
			}
			got = append(got, strings.Join(words, " "))
		}
		if s := strings.Join(got, "; "); s != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.name, s, c.want)
		}
	}
}

func TestOracleLimit(t *testing.T) {
	sc, err := scenario.Parse([]byte("-- repo --\nc/a-1\nc/b-1\nc/c-1\n-- request --\nc/a\n"))
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := Oracle(sc, 7); ok {
		t.Error("8 sets were tried with a limit of 7")
	}
	if _, ok := Oracle(sc, 8); !ok {
		t.Error("8 sets were too many with a limit of 8")
	}
}

// Every world that is drawn parses, the same number gives the same world, and
// all that the generator can say is said some time.
func TestWorld(t *testing.T) {
	var all strings.Builder
	for seed := range 200 {
		text := rapid.Custom(World).Example(seed)
		texts := []string{text}
		if seed < 20 {
			if rapid.Custom(World).Example(seed) != text {
				t.Fatalf("number %d gives two worlds", seed)
			}
			texts = append(texts, rapid.Custom(LargeWorld).Example(seed))
		}
		for _, text := range texts {
			if _, err := scenario.Parse([]byte(text)); err != nil {
				t.Fatalf("%v\n%s", err, text)
			}
			all.WriteString(text)
		}
	}
	for _, word := range []string{"|| (", "x? (", "!c/", "!!", ":=", ":0/1=", "SLOT=1", "[x]", "[-x]", "REQUIRED_USE", "KEYWORDS", "PDEPEND", "BDEPEND",
		"@world", "--onlydeps", "--exclude", "~c/", "<c/", ">=c/", "installed target", "-- provided", "package.use", "c/p19-1"} {
		if !strings.Contains(all.String(), word) {
			t.Errorf("no world has %s", word)
		}
	}
}

// plans are the answers of a small world by the words that Oracle's test uses.
func plans(t *testing.T, sc *scenario.Scenario) map[string][]answer.Entry {
	t.Helper()
	valid, ok := Oracle(sc, 1000)
	if !ok {
		t.Fatal("too many results")
	}
	out := map[string][]answer.Entry{}
	for _, plan := range valid {
		var words []string
		for _, e := range plan {
			words = append(words, map[bool]string{true: "-"}[e.Action == answer.Uninstall]+e.CPV)
		}
		out[strings.Join(words, " ")] = plan
	}
	return out
}

// Of two answers the better one is known, and why it is better.
func TestBetter(t *testing.T) {
	for _, c := range []struct{ name, world, good, bad, why string }{
		{"newer", `
-- repo --
c/a-1
c/a-2
-- request --
c/a
`, "c/a-2", "c/a-1", "newer"},
		{"stays where no update is wanted", `
-- repo --
c/a-2
-- installed --
c/a-1
-- request --
--selective c/a
`, "", "c/a-2", "newer"},
		{"not older", `
-- repo --
c/a-1
c/b-1
-- installed --
c/b-2
-- world --
c/b
-- request --
c/a
`, "c/a-1", "c/a-1 c/b-1", "/c/b:0 gets older"},
		{"what is asked for goes before that", `
-- repo --
c/a-1
c/a-2 RDEPEND="<c/b-2"
c/b-1
-- installed --
c/b-2
-- world --
c/b
-- request --
c/a
`, "c/a-2 c/b-1", "c/a-1", "newer"},
		{"not removed", `
-- repo --
c/a-1
c/a-2 RDEPEND="!c/b"
-- installed --
c/b-1
c/user-1 RDEPEND="|| ( c/b c/a )"
-- world --
c/user
-- request --
c/a
`, "c/a-1", "c/a-2 -c/b-1", "/c/b:0 is removed"},
	} {
		sc, err := scenario.Parse([]byte(c.world))
		if err != nil {
			t.Fatal(err)
		}
		all := plans(t, sc)
		good, bad := all[c.good], all[c.bad]
		if _, found := all[c.good]; !found || bad == nil {
			t.Fatalf("%s: the answers are %v", c.name, all)
		}
		if _, why := Better(sc, bad, [][]answer.Entry{good}); !strings.Contains(why, c.why) {
			t.Errorf("%s: %q is better than %q because of %q, expected %q", c.name, c.good, c.bad, why, c.why)
		}
		if _, why := Better(sc, good, [][]answer.Entry{bad}); why != "" {
			t.Errorf("%s: %q is better than %q because %s", c.name, c.bad, c.good, why)
		}
	}
}

func TestUnasked(t *testing.T) {
	sc, err := scenario.Parse([]byte("-- repo --\nc/a-1 RDEPEND=\"|| ( c/b c/c )\"\nc/b-1\nc/c-1\nc/d-1\n-- request --\nc/a\n"))
	if err != nil {
		t.Fatal(err)
	}
	all := plans(t, sc)
	for plan, want := range map[string]string{"c/a-1 c/b-1": "", "c/a-1 c/b-1 c/c-1": "", "c/a-1 c/b-1 c/d-1": "c/d-1"} {
		if got := strings.Join(Unasked(sc, all[plan]), " "); got != want {
			t.Errorf("%s: %q is unasked, expected %q", plan, got, want)
		}
	}
}

func TestWithoutEachDependency(t *testing.T) {
	got := WithoutEachDependency("c/a-1 DEPEND=\"c/b c/c\" RDEPEND=\"c/d\"\nc/b-1\n")
	if want := []string{"c/a-1 RDEPEND=\"c/d\"\nc/b-1\n", "c/a-1 DEPEND=\"c/b c/c\"\nc/b-1\n"}; !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}

func TestMinimize(t *testing.T) {
	text := "a b c\nd e f\ng h bad i\nj worse k\n"
	got := Minimize(text, func(s string) bool { return strings.Contains(s, "bad") && strings.Contains(s, "worse") })
	if got != "bad\nworse" {
		t.Errorf("%q", got)
	}
}

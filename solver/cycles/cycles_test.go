package cycles_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/portsolve/portsolve/solver/cycles"
	"github.com/portsolve/portsolve/solver/universe"
)

func TestFind(t *testing.T) {
	for _, c := range []struct {
		name, text string
		want       []string
	}{
		{"either of two flags", `
-- repo --
dev-libs/expat-1 IUSE="+docs small" USE="docs" DEPEND="docs? ( !small? ( app-text/xmlto ) )"
app-text/xmlto-1 DEPEND="dev-libs/expat"
-- request --
dev-libs/expat
`, []string{
			"loop dev-libs/expat-1 app-text/xmlto-1",
			"break dev-libs/expat-1[-docs]", "break dev-libs/expat-1[+small]",
			"steps dev-libs/expat-1[-docs] app-text/xmlto-1 dev-libs/expat-1",
		}},
		{"both of two flags", `
-- repo --
dev-libs/expat-1 IUSE="+docs small" USE="docs" DEPEND="docs? ( app-text/xmlto ) !small? ( app-text/xmlto )"
app-text/xmlto-1 DEPEND="dev-libs/expat"
-- request --
dev-libs/expat
`, []string{
			"loop dev-libs/expat-1 app-text/xmlto-1",
			"break dev-libs/expat-1[-docs,+small]",
			"steps dev-libs/expat-1[-docs,+small] app-text/xmlto-1 dev-libs/expat-1",
		}},
		{"the build and the run-time dependency have to go", `
-- repo --
dev-ruby/hoe-2 IUSE="test" USE="test" BDEPEND="test? ( dev-ruby/rdoc )" RDEPEND="dev-ruby/rdoc"
dev-ruby/rdoc-3 IUSE="test" USE="test" DEPEND="test? ( dev-ruby/hoe )"
-- request --
dev-ruby/hoe
`, []string{
			"loop dev-ruby/hoe-2 dev-ruby/rdoc-3",
			"break dev-ruby/rdoc-3[-test]",
			"steps dev-ruby/rdoc-3[-test] dev-ruby/hoe-2 dev-ruby/rdoc-3",
		}},
		{"REQUIRED_USE has to hold", `
-- repo --
app-misc/a-1 IUSE="+gtk qt" USE="gtk" REQUIRED_USE="^^ ( gtk qt )" DEPEND="gtk? ( app-misc/b )"
app-misc/b-1 DEPEND="app-misc/a"
-- request --
app-misc/b
`, []string{
			"loop app-misc/b-1 app-misc/a-1",
			"break app-misc/a-1[-gtk,+qt]",
			"steps app-misc/a-1[-gtk,+qt] app-misc/b-1 app-misc/a-1",
		}},
		{"REQUIRED_USE forbids every way", `
-- repo --
app-misc/a-1 IUSE="+gtk qt" USE="gtk" REQUIRED_USE="^^ ( gtk qt )" DEPEND="gtk? ( app-misc/b ) qt? ( app-misc/b )"
app-misc/b-1 DEPEND="app-misc/a"
-- request --
app-misc/b
`, []string{
			"loop app-misc/b-1 app-misc/a-1",
			"steps app-misc/b-1 app-misc/a-1", "needs app-misc/a-1",
		}},
		{"the profile forces the flag", `
-- repo --
app-misc/a-1 IUSE="gtk" USE="gtk" USE_FORCE="gtk" DEPEND="gtk? ( app-misc/b )"
app-misc/b-1 DEPEND="app-misc/a"
-- request --
app-misc/b
`, []string{
			"loop app-misc/b-1 app-misc/a-1",
			"steps app-misc/b-1 app-misc/a-1", "needs app-misc/a-1",
		}},
		{"somebody insists on the flag: only twice works", `
-- repo --
sys-libs/ncurses-6 IUSE="gpm" USE="gpm" DEPEND="gpm? ( sys-libs/gpm )"
sys-libs/gpm-1 DEPEND="sys-libs/ncurses"
app-misc/mc-4 DEPEND="sys-libs/ncurses[gpm] sys-libs/gpm"
-- request --
app-misc/mc
`, []string{
			"loop sys-libs/ncurses-6 sys-libs/gpm-1",
			"steps sys-libs/ncurses-6[-gpm] sys-libs/gpm-1 sys-libs/ncurses-6 app-misc/mc-4",
		}},
		{"a member of the cycle insists on the flag", `
-- repo --
sys-libs/ncurses-6 IUSE="gpm" USE="gpm" DEPEND="gpm? ( sys-libs/gpm )"
sys-libs/gpm-1 DEPEND="sys-libs/ncurses[gpm]"
-- request --
sys-libs/gpm
`, []string{
			"loop sys-libs/gpm-1 sys-libs/ncurses-6",
			"steps sys-libs/gpm-1 sys-libs/ncurses-6", "needs sys-libs/ncurses-6",
		}},
		{"the request insists on the flag", `
-- repo --
sys-libs/ncurses-6 IUSE="gpm" USE="gpm" DEPEND="gpm? ( sys-libs/gpm )"
sys-libs/gpm-1 DEPEND="sys-libs/ncurses"
-- request --
sys-libs/ncurses[gpm]
`, []string{
			"loop sys-libs/ncurses-6 sys-libs/gpm-1",
			"steps sys-libs/ncurses-6[-gpm] sys-libs/gpm-1 sys-libs/ncurses-6",
		}},
		{"a user's flag follows", `
-- repo --
sys-libs/ncurses-6 IUSE="gpm" USE="gpm" DEPEND="gpm? ( sys-libs/gpm )"
sys-libs/gpm-1 DEPEND="sys-libs/ncurses"
app-misc/mc-4 IUSE="gpm" USE="gpm" DEPEND="sys-libs/ncurses[gpm=] sys-libs/gpm"
-- request --
app-misc/mc
`, []string{
			"loop sys-libs/ncurses-6 sys-libs/gpm-1",
			"break sys-libs/ncurses-6[-gpm] app-misc/mc-4[-gpm]",
			"steps sys-libs/ncurses-6[-gpm] sys-libs/gpm-1 sys-libs/ncurses-6 app-misc/mc-4",
		}},
		{"a user's flag could follow but the profile masks it", `
-- repo --
sys-libs/ncurses-6 IUSE="gpm" USE="gpm" DEPEND="gpm? ( sys-libs/gpm )"
sys-libs/gpm-1 DEPEND="sys-libs/ncurses"
app-misc/mc-4 IUSE="gpm" USE="gpm" USE_FORCE="gpm" DEPEND="sys-libs/ncurses[gpm=] sys-libs/gpm"
-- request --
app-misc/mc
`, []string{
			"loop sys-libs/ncurses-6 sys-libs/gpm-1",
			"steps sys-libs/ncurses-6[-gpm] sys-libs/gpm-1 sys-libs/ncurses-6 app-misc/mc-4",
		}},
		{"the setting brings in something new", `
-- repo --
app-misc/a-1 IUSE="gtk" USE="gtk" DEPEND="gtk? ( app-misc/b ) !gtk? ( app-misc/c )"
app-misc/b-1 DEPEND="app-misc/a"
app-misc/c-1
-- request --
app-misc/b
`, []string{
			"loop app-misc/b-1 app-misc/a-1",
			"break app-misc/a-1[-gtk]",
		}},
		{"what the setting brings in leads back", `
-- repo --
app-misc/a-1 IUSE="gtk" USE="gtk" DEPEND="gtk? ( app-misc/b ) !gtk? ( app-misc/c )"
app-misc/b-1 DEPEND="app-misc/a"
app-misc/c-1 DEPEND="app-misc/b"
-- request --
app-misc/b
`, []string{
			"loop app-misc/b-1 app-misc/a-1",
			"steps app-misc/b-1 app-misc/a-1", "needs app-misc/a-1",
		}},
		{"what the setting brings in blocks", `
-- repo --
app-misc/a-1 IUSE="gtk" USE="gtk" DEPEND="gtk? ( app-misc/b ) !gtk? ( !!app-misc/b )"
app-misc/b-1 DEPEND="app-misc/a"
-- request --
app-misc/b
`, []string{
			"loop app-misc/b-1 app-misc/a-1",
			"steps app-misc/b-1 app-misc/a-1", "needs app-misc/a-1",
		}},
		{"a user takes another branch", `
-- repo --
app-misc/a-2 IUSE="gtk" USE="gtk" DEPEND="gtk? ( app-misc/b )"
app-misc/a-1
app-misc/b-1 DEPEND="|| ( >=app-misc/a-2[gtk] app-misc/a )"
-- request --
app-misc/a app-misc/b
`, []string{
			"loop app-misc/a-2 app-misc/b-1",
			"break app-misc/a-2[-gtk]",
		}},
		{"cycles that have nothing to do with each other", `
-- repo --
a/x-1 IUSE="f" USE="f" DEPEND="f? ( a/y )"
a/y-1 DEPEND="a/x"
b/x-1 IUSE="g" USE="g" DEPEND="g? ( b/y )"
b/y-1 DEPEND="b/x"
-- request --
a/y b/y
`, []string{
			"loop a/y-1 a/x-1", "break a/x-1[-f] not enough",
			"loop b/y-1 b/x-1", "break b/x-1[-g] not enough",
			"steps a/x-1[-f] b/x-1[-g] a/y-1 b/y-1 b/x-1 a/x-1",
		}},
		{"two cycles through one package", `
-- repo --
a/x-1 IUSE="f g" USE="f g" DEPEND="f? ( a/y ) g? ( a/z )"
a/y-1 DEPEND="a/x"
a/z-1 DEPEND="a/x"
-- request --
a/y a/z
`, []string{
			"loop a/y-1 a/x-1", "break a/x-1[-f] not enough",
			"loop a/z-1 a/x-1", "break a/x-1[-g] not enough",
			"steps a/x-1[-f,-g] a/y-1 a/z-1 a/x-1",
		}},
		{"a package that needs itself", `
-- repo --
dev-lang/ghc-9 IUSE="bin" DEPEND="!bin? ( dev-lang/ghc )"
-- request --
dev-lang/ghc
`, []string{
			"loop dev-lang/ghc-9", "break dev-lang/ghc-9[+bin]",
			"steps dev-lang/ghc-9[+bin] dev-lang/ghc-9",
		}},
		{"what is needed from elsewhere breaks other cycles, too", `
-- repo --
a/gcc-1 IUSE="nls" USE="nls" DEPEND="nls? ( a/gettext ) a/libc"
a/libc-1 DEPEND="a/gcc"
a/gettext-1 DEPEND="a/gcc"
-- request --
a/gcc
`, []string{
			"loop a/gcc-1 a/gettext-1", "break a/gcc-1[-nls] not enough",
			"loop a/libc-1 a/gcc-1",
			"steps a/gettext-1 a/libc-1 a/gcc-1", "needs a/gcc-1",
		}},
		{"compat takes emerge's word", `
-- repo --
sys-libs/ncurses-6 IUSE="gpm" USE="gpm" DEPEND="gpm? ( sys-libs/gpm )"
sys-libs/gpm-1 DEPEND="sys-libs/ncurses"
app-misc/mc-4 IUSE="gpm" USE="gpm" DEPEND="sys-libs/ncurses[gpm=] sys-libs/gpm"
-- request --
--compat app-misc/mc
`, []string{
			"loop sys-libs/ncurses-6 sys-libs/gpm-1",
			"break sys-libs/ncurses-6[-gpm] unverified",
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := find(t, c.text)
			got := w.describe()
			if !slices.Equal(got, c.want) {
				t.Errorf("got:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(c.want, "\n"))
			}
			if again := find(t, c.text).describe(); !slices.Equal(got, again) {
				t.Errorf("the second time:\n%s", strings.Join(again, "\n"))
			}
			if s := w.report.TwoStep; s != nil && len(s.Needs) == 0 {
				for _, v := range w.judge() {
					t.Error(v)
				}
			}
		})
	}
}

// TestBounds: however many settings there are, the request is solved again a few times only, and what was
// not verified is not claimed.
func TestBounds(t *testing.T) {
	var b strings.Builder
	b.WriteString("-- repo --\n")
	var flags, conditions []string
	for i := range 12 {
		flags = append(flags, fmt.Sprintf("f%d", i))
		conditions = append(conditions, fmt.Sprintf("f%d? (", i))
	}
	fmt.Fprintf(&b, "a/x-1 IUSE=%q USE=%q DEPEND=%q\na/y-1 DEPEND=\"a/x\"\n-- request --\na/y\n",
		strings.Join(flags, " "), strings.Join(flags, " "), strings.Join(conditions, " ")+" a/y"+strings.Repeat(" )", len(flags)))
	w := find(t, b.String())
	if n := len(w.report.Loops[0].Breaks); n != w.resolved || n == 0 || n > 6 {
		t.Errorf("%d settings after %d solutions", n, w.resolved)
	}
	if w.report.TwoStep == nil {
		t.Error("no two-step plan")
	}
}

// TestCancelled: the end of ctx is an error, not a report.
func TestCancelled(t *testing.T) {
	w := find(t, "-- repo --\na/x-1 IUSE=\"f\" USE=\"f\" DEPEND=\"f? ( a/y )\"\na/y-1 DEPEND=\"a/x\"\n-- request --\na/y\n")
	ctx := context.Background()
	first, _, err := w.solve(ctx, w.problem)
	if err != nil {
		t.Fatal(err)
	}
	ended, cancel := context.WithCancel(ctx)
	cancel()
	r, err := cycles.Find(ended, &cycles.Input{Request: &w.problem.Request, Selection: first.Selection, Cycle: first.Cycle})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, %v", r, err)
	}
}

// TestSelectionIsKept: looking for ways around cycles does not change the answer.
func TestSelectionIsKept(t *testing.T) {
	w := find(t, "-- repo --\na/x-1 IUSE=\"f\" USE=\"f\" DEPEND=\"f? ( a/y )\"\na/y-1 DEPEND=\"a/x\"\n-- request --\na/y\n")
	ctx := context.Background()
	first, _, err := w.solve(ctx, w.problem)
	if err != nil {
		t.Fatal(err)
	}
	before := edges(t, first.Selection)
	_, err = cycles.Find(ctx, &cycles.Input{Request: &w.problem.Request, Selection: first.Selection, Cycle: first.Cycle,
		Resolve: func(ctx context.Context, use cycles.Overrides) (*cycles.Attempt, error) {
			again := *w.problem
			again.Overrides = use
			a, _, err := w.solve(ctx, &again)
			return a, err
		}})
	if err != nil {
		t.Fatal(err)
	}
	if after := edges(t, first.Selection); after != before {
		t.Errorf("before:\n%s\nafter:\n%s", before, after)
	}
}

func edges(t *testing.T, s *universe.Selection) string {
	t.Helper()
	var out []string
	for _, n := range s.Nodes {
		for _, e := range n.Out {
			out = append(out, fmt.Sprint(n.Index, n.Cand, n.Cand.Use, e.Kind, e.Child.Index))
		}
	}
	data, err := json.Marshal(out)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

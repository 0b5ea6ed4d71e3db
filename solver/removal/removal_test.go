package removal_test

import (
	"context"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/atom/metadata"
	"github.com/portsolve/portsolve/solver/answer"
	"github.com/portsolve/portsolve/solver/check"
	"github.com/portsolve/portsolve/solver/removal"
	"github.com/portsolve/portsolve/solver/scenario"
)

// story is a world, a removal in it, and what goes, in order.
type story struct {
	name, world string
	goes        string
	ordered     bool
	broken      string // "parent: atom atom" joined with "; "
	blocked     bool
}

// plan answers the request of a world, and has it judged.
func plan(t *testing.T, text string) (*scenario.Scenario, *answer.Removal) {
	t.Helper()
	sc, err := scenario.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return sc, planned(t, sc)
}

func planned(t *testing.T, sc *scenario.Scenario) *answer.Removal {
	t.Helper()
	if sc.Request.Options.Action == "" {
		sc.Request.Options.Action = removal.DepClean
	}
	r, err := removal.Plan(context.Background(), sc.Roots, &sc.Request)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range check.Removal(&sc.Request, sc.Roots, &answer.Result{Removal: r}) {
		t.Errorf("the checker rejects the answer: %s", v)
	}
	return r
}

func brokenText(r *answer.Removal) string {
	var all []string
	for _, parent := range slices.Sorted(maps.Keys(r.Broken)) {
		all = append(all, parent+": "+strings.Join(r.Broken[parent], " "))
	}
	return strings.Join(all, "; ")
}

func runStories(t *testing.T, stories []story) {
	t.Helper()
	for _, s := range stories {
		t.Run(s.name, func(t *testing.T) {
			sc, r := plan(t, s.world)
			if got := strings.Join(r.CleanList, " "); got != s.goes {
				t.Errorf("goes: %q, expected %q", got, s.goes)
			}
			if r.Ordered != s.ordered || r.Blocked != s.blocked {
				t.Errorf("ordered %v, blocked %v; expected %v, %v", r.Ordered, r.Blocked, s.ordered, s.blocked)
			}
			if got := brokenText(r); got != s.broken {
				t.Errorf("broken: %q, expected %q", got, s.broken)
			}
			if len(r.CleanList) != len(r.Remove) {
				t.Errorf("%d packages behind %d names", len(r.Remove), len(r.CleanList))
			}
			n := len(sc.Roots[len(sc.Roots)-1].Installed)
			if r.Installed != n || r.Kept != n-len(r.CleanList) {
				t.Errorf("%d of %d stay", r.Kept, r.Installed)
			}
		})
	}
}

func TestDependencies(t *testing.T) {
	runStories(t, []story{{
		name: "every kind of dependency keeps",
		world: `
-- installed --
app-misc/app-1 RDEPEND="dev-libs/r" PDEPEND="dev-libs/p" IDEPEND="dev-libs/i" DEPEND="dev-libs/d" BDEPEND="dev-libs/b"
dev-libs/r-1 RDEPEND="dev-libs/deep"
dev-libs/p-1
dev-libs/i-1
dev-libs/d-1
dev-libs/b-1
dev-libs/deep-1
dev-libs/orphan-1
-- world @selected --
app-misc/app
`,
		goes: "dev-libs/orphan-1",
	}, {
		name: "without build dependencies",
		world: `
-- installed --
app-misc/app-1 RDEPEND="dev-libs/r" DEPEND="dev-libs/d" BDEPEND="dev-libs/b"
dev-libs/r-1
dev-libs/d-1
dev-libs/b-1
-- world @selected --
app-misc/app
-- request --
--with-bdeps=n
`,
		goes: "dev-libs/b-1 dev-libs/d-1",
	}, {
		name: "conditionals and USE dependencies are those of what is installed",
		world: `
-- installed --
app-misc/app-1 IUSE="x y" USE="x" RDEPEND="x? ( dev-libs/x[a] ) y? ( dev-libs/y )"
dev-libs/x-1 IUSE="a" USE="a"
dev-libs/y-1
-- world @selected --
app-misc/app
`,
		goes: "dev-libs/y-1",
	}, {
		name: "slots",
		world: `
-- installed --
app-misc/app-1 RDEPEND="dev-lang/py:3.9= dev-libs/lib:0/1="
dev-lang/py-3.9 SLOT=3.9
dev-lang/py-3.10 SLOT=3.10
dev-libs/lib-1 SLOT=0/1
-- world @selected --
app-misc/app
`,
		goes: "dev-lang/py-3.10",
	}, {
		name: "the highest match stays",
		world: `
-- repo --
dev-lang/py-3.9 SLOT=3.9
dev-lang/py-3.10 SLOT=3.10
-- installed --
app-misc/app-1 RDEPEND="dev-lang/py"
dev-lang/py-3.9 SLOT=3.9
dev-lang/py-3.10 SLOT=3.10
-- world @selected --
app-misc/app
`,
		goes: "dev-lang/py-3.9",
	}, {
		name: "what is still available goes before what is higher",
		world: `
-- repo --
dev-lang/py-3.9 SLOT=3.9
-- installed --
dev-lang/py-3.9 SLOT=3.9
dev-lang/py-3.10 SLOT=3.10
-- world @selected --
dev-lang/py
`,
		goes: "dev-lang/py-3.10",
	}, {
		name: "what is not masked goes before what is higher",
		world: `
-- config --
package.mask >=dev-lang/py-3.10
-- repo --
dev-lang/py-3.9 SLOT=3.9
dev-lang/py-3.10 SLOT=3.10
-- installed --
dev-lang/py-3.9 SLOT=3.9
dev-lang/py-3.10 SLOT=3.10
-- world @selected --
dev-lang/py
`,
		goes: "dev-lang/py-3.10",
	}, {
		name: "package.provided",
		world: `
-- provided --
dev-libs/lib-1
-- installed --
app-misc/app-1 RDEPEND="dev-libs/lib dev-libs/other"
dev-libs/lib-1
dev-libs/other-1
-- world @selected --
app-misc/app
`,
		goes: "dev-libs/lib-1",
	}, {
		name: "a slot that only the ebuild has now",
		world: `
-- repo --
sys-devel/cc-4 SLOT=4.4
-- installed --
app-misc/app-1 RDEPEND="sys-devel/cc:4.4"
sys-devel/cc-4 SLOT=4.4.4
-- world @selected --
app-misc/app
`,
	}, {
		name: "shared libraries",
		world: `
-- installed --
app-misc/app-1 REQUIRES="x86_64: libz.so.1 libgone.so.2"
sys-libs/zlib-1 PROVIDES="x86_32: libz.so.1 x86_64: libz.so.1"
sys-libs/other-1 PROVIDES="arm: libz.so.1"
-- world @selected --
app-misc/app
-- request --
--ignore-soname-deps=n
`,
		goes: "sys-libs/other-1",
	}, {
		name: "libraries that no dependency names",
		world: `
-- installed --
app-misc/app-1 REQUIRES="x86_64: libz.so.1 libssl.so.1"
sys-libs/zlib-1 PROVIDES="x86_64: libz.so.1" RDEPEND="sys-libs/base" REQUIRES="x86_64: libbase.so.1"
sys-libs/base-1
sys-libs/low-1 PROVIDES="x86_64: libbase.so.1"
dev-libs/ssl-1 PROVIDES="x86_64: libssl.so.1"
dev-libs/ssl-compat-1 PROVIDES="x86_64: libssl.so.1"
sys-libs/other-1 PROVIDES="x86_32: libz.so.1"
-- world @selected --
app-misc/app
dev-libs/ssl
`,
		goes: "dev-libs/ssl-compat-1 sys-libs/other-1",
	}, {
		name: "libraries that nobody asks about",
		world: `
-- installed --
app-misc/app-1 REQUIRES="x86_64: libz.so.1"
sys-libs/zlib-1 PROVIDES="x86_64: libz.so.1"
-- world @selected --
app-misc/app
-- request --
--depclean-lib-check=n
`,
		goes: "sys-libs/zlib-1",
	}, {
		name: "a target root",
		world: `
-- installed --
dev-util/tool-1
-- installed target --
app-misc/app-1 RDEPEND="dev-libs/lib" BDEPEND="dev-util/tool"
dev-libs/lib-1
dev-util/tool-1
-- world @selected target --
app-misc/app
`,
		goes: "dev-util/tool-1",
	}})
}

func TestChoices(t *testing.T) {
	runStories(t, []story{{
		name: "the first branch that is installed",
		world: `
-- installed --
app-misc/app-1 RDEPEND="|| ( dev-libs/gone dev-libs/a dev-libs/b )"
dev-libs/a-1
dev-libs/b-1
-- world @selected --
app-misc/app
`,
		goes: "dev-libs/b-1",
	}, {
		name: "the branch that stays anyway",
		world: `
-- installed --
app-misc/app-1 RDEPEND="|| ( dev-libs/a dev-libs/b )"
app-misc/other-1 RDEPEND="dev-libs/b"
dev-libs/a-1
dev-libs/b-1
-- world @selected --
app-misc/app
app-misc/other
`,
		goes: "dev-libs/a-1",
	}, {
		name: "a higher version of what stays anyway",
		world: `
-- installed --
app-misc/app-1 RDEPEND="|| ( dev-lang/py:3.10 dev-lang/py:3.9 )"
app-misc/other-1 RDEPEND="dev-lang/py:3.9"
dev-lang/py-3.9 SLOT=3.9
dev-lang/py-3.10 SLOT=3.10
-- world @selected --
app-misc/app
app-misc/other
`,
	}, {
		name: "virtuals are looked through",
		world: `
-- installed --
app-misc/app-1 RDEPEND="|| ( virtual/w www-client/lynx )"
virtual/w-0 RDEPEND="|| ( www-client/w www-client/v )"
www-client/lynx-1
www-client/w-1
-- world @selected --
app-misc/app
www-client/lynx
`,
		goes: "virtual/w-0 www-client/w-1", ordered: true,
	}, {
		name: "a virtual whose provider stays",
		world: `
-- installed --
app-misc/app-1 RDEPEND="|| ( virtual/w www-client/lynx )"
virtual/w-0 RDEPEND="|| ( www-client/w www-client/v )"
www-client/lynx-1
www-client/w-1
-- world @selected --
app-misc/app
www-client/lynx
www-client/w
`,
	}, {
		name: "a bootstrap package is not needed beside the real one",
		world: `
-- installed --
dev-libs/json-1 BDEPEND="|| ( dev-util/make-bootstrap dev-util/make )"
dev-util/make-1 BDEPEND="dev-libs/json"
dev-util/make-bootstrap-1
-- world @selected --
dev-util/make
`,
		goes: "dev-util/make-bootstrap-1",
	}, {
		name: "virtuals that lead to each other",
		world: `
-- installed --
app-misc/app-1 RDEPEND="|| ( virtual/a dev-libs/b )"
virtual/a-0 RDEPEND="virtual/c"
virtual/c-0 RDEPEND="virtual/a"
dev-libs/b-1
-- world @selected --
app-misc/app
`,
		goes: "dev-libs/b-1",
	}, {
		name: "nested groups",
		world: `
-- installed --
app-misc/app-1 RDEPEND="|| ( ( dev-libs/a || ( dev-libs/gone dev-libs/b ) ) dev-libs/c )"
dev-libs/a-1
dev-libs/b-1
dev-libs/c-1
-- world @selected --
app-misc/app
`,
		goes: "dev-libs/c-1",
	}})
}

func TestArguments(t *testing.T) {
	const world = `
-- installed --
dev-libs/A-1
dev-libs/B-1 RDEPEND="dev-libs/A"
dev-libs/C-1
-- world @selected --
dev-libs/gone
-- request --
`
	runStories(t, []story{
		{name: "none", world: world, goes: "dev-libs/C-1 dev-libs/B-1 dev-libs/A-1", ordered: true, broken: "@selected: dev-libs/gone"},
		{name: "needed", world: world + "dev-libs/A", broken: "@selected: dev-libs/gone"},
		{name: "not needed", world: world + "dev-libs/B", goes: "dev-libs/B-1", broken: "@selected: dev-libs/gone"},
		{name: "both", world: world + "dev-libs/A dev-libs/B", goes: "dev-libs/B-1 dev-libs/A-1", ordered: true, broken: "@selected: dev-libs/gone"},
		{name: "wildcard", world: world + "*/*", goes: "dev-libs/C-1 dev-libs/B-1 dev-libs/A-1", ordered: true, broken: "@selected: dev-libs/gone"},
		{name: "excluded", world: world + "--exclude=dev-libs/A", goes: "dev-libs/B-1 dev-libs/C-1", broken: "@selected: dev-libs/gone"},
		{name: "excluded by name", world: world + "--exclude=B", goes: "dev-libs/C-1", broken: "@selected: dev-libs/gone"},
		{name: "named and excluded", world: world + "dev-libs/B --exclude=dev-libs/B", broken: "@selected: dev-libs/gone"},
	})
	_, r := plan(t, world+"dev-libs/B dev-libs/nothing")
	if !slices.Equal(r.NotFound, []string{"dev-libs/nothing"}) {
		t.Errorf("not found: %v", r.NotFound)
	}
	_, r = plan(t, world+"dev-libs/A")
	want := []answer.KeptBy{{CPV: "dev-libs/A-1", By: []answer.Why{{Parent: "dev-libs/B-1", Atom: "dev-libs/A", Kind: "RDEPEND"}}}}
	if len(r.KeptBy) != 1 || r.KeptBy[0].CPV != want[0].CPV || !slices.Equal(r.KeptBy[0].By, want[0].By) {
		t.Errorf("kept by %+v, expected %+v", r.KeptBy, want)
	}
}

func TestMissingDependencies(t *testing.T) {
	const world = `
-- installed --
app-misc/app-1 RDEPEND="dev-libs/lib[x]" DEPEND="dev-util/gone"
dev-libs/lib-1 IUSE="x"
dev-libs/orphan-1
-- world @selected --
app-misc/app
-- request --
`
	const broken = "app-misc/app-1: dev-libs/lib[x]"
	runStories(t, []story{
		{name: "nothing goes", world: world, broken: broken, blocked: true},
		{name: "a person named it", world: world + "dev-libs/orphan", goes: "dev-libs/orphan-1", broken: broken},
		{name: "what the missing dependency is about", world: world + "dev-libs/lib", broken: broken, blocked: true},
		{name: "emerge", world: world + "dev-libs/lib --compat", goes: "dev-libs/lib-1", broken: broken},
		{name: "the check", world: world + "--action=dep_check", broken: broken},
		{name: "what is not needed may be broken", world: `
-- installed --
app-misc/app-1 RDEPEND="dev-libs/gone"
`, goes: "app-misc/app-1"},
	})
}

func TestOrder(t *testing.T) {
	runStories(t, []story{{
		name: "chains",
		world: `
-- installed --
a/a-1
b/b-1 RDEPEND="a/a"
c/c-1 IDEPEND="b/b"
d/d-1
`,
		goes: "d/d-1 c/c-1 b/b-1 a/a-1", ordered: true,
	}, {
		name: "the weaker edge of a cycle gives way",
		world: `
-- installed --
a/a-1 SLOT=0/1 RDEPEND="b/b:0/1="
b/b-1 SLOT=0/1 RDEPEND="a/a"
`,
		goes: "a/a-1 b/b-1", ordered: true,
	}, {
		name: "what a cycle needs goes after it",
		world: `
-- installed --
dev-util/A-1
dev-libs/B-1 SLOT=1 IDEPEND="dev-util/A" RDEPEND="dev-libs/B:2/2="
dev-libs/B-2 SLOT=2 IDEPEND="dev-util/A" RDEPEND="dev-libs/B:1/1="
`,
		goes: "dev-libs/B-2 dev-libs/B-1 dev-util/A-1", ordered: true,
	}, {
		name: "a group that something else satisfies makes no order",
		world: `
-- installed --
a/app-1 RDEPEND="|| ( b/b c/c )"
b/b-1
c/c-1
-- world @selected --
c/c
`,
		goes: "a/app-1 b/b-1",
	}})
}

func TestPrune(t *testing.T) {
	const world = `
-- installed --
app-misc/app-1 RDEPEND=">=virtual/jdk-6"
app-misc/old-1 RDEPEND="dev-lang/py:3.9"
dev-java/ice-6 SLOT=6
dev-java/ice-7 SLOT=7
dev-lang/py-3.8 SLOT=3.8
dev-lang/py-3.9 SLOT=3.9
dev-lang/py-3.10 SLOT=3.10
virtual/jdk-6 SLOT=6 RDEPEND="|| ( =dev-java/ice-6* dev-java/sun:6 )"
virtual/jdk-7 SLOT=7 RDEPEND="|| ( =dev-java/ice-7* dev-java/sun:7 )"
-- request --
--action=prune
`
	runStories(t, []story{
		{name: "all", world: world, goes: "virtual/jdk-6 dev-lang/py-3.8 dev-java/ice-6", ordered: true},
		{name: "one name", world: world + "dev-lang/py", goes: "dev-lang/py-3.8"},
		{name: "needed by what was not named", world: world + "dev-java/ice"},
		{name: "regardless", world: world + "dev-lang/py --nodeps", goes: "dev-lang/py-3.8 dev-lang/py-3.9"},
		{name: "excluded", world: world + "--exclude=virtual/jdk", goes: "dev-lang/py-3.8"},
	})
	_, r := plan(t, world+"dev-lang/py --nodeps")
	if got := r.Breaks["app-misc/old-1"]; len(r.Breaks) != 1 || !slices.Equal(got, []string{"dev-lang/py:3.9"}) {
		t.Errorf("breaks %v", r.Breaks)
	}
	if e := r.Packages; len(e) != 1 || e[0].Name != "dev-lang/py" || !slices.Equal(e[0].Selected, []string{"3.8", "3.9"}) ||
		!slices.Equal(e[0].Omitted, []string{"3.10"}) {
		t.Errorf("packages %+v", e)
	}
}

func TestUnmerge(t *testing.T) {
	const world = `
-- installed --
app-misc/app-1 RDEPEND="dev-libs/lib || ( dev-libs/x dev-libs/y )"
dev-libs/lib-1
dev-libs/x-1
dev-libs/y-1
sys-apps/portage-3 RDEPEND="dev-lang/py"
dev-lang/py-3
-- world @selected --
app-misc/app
-- world @system --
dev-libs/x
-- request --
--action=unmerge
`
	runStories(t, []story{
		{name: "whatever needs it", world: world + "dev-libs/*", goes: "dev-libs/lib-1 dev-libs/x-1 dev-libs/y-1"},
		{name: "never the package manager", world: world + "sys-apps/portage"},
		{name: "dependents first", world: world + "dev-libs/lib app-misc/app", goes: "app-misc/app-1 dev-libs/lib-1", ordered: true},
		{name: "depclean keeps what runs it", world: strings.Replace(world, "=unmerge", "=depclean", 1), goes: "dev-libs/y-1"},
	})
	_, r := plan(t, world+"dev-libs/x sys-apps/portage dev-libs/lib")
	if got := r.Breaks["app-misc/app-1"]; len(r.Breaks) != 1 || !slices.Equal(got, []string{"dev-libs/lib"}) {
		t.Errorf("breaks %v: the group still holds", r.Breaks)
	}
	var system, protected []string
	for _, e := range r.Packages {
		if e.System {
			system = append(system, e.Name)
		}
		if len(e.Protected) > 0 {
			protected = append(protected, e.Name)
		}
	}
	if !slices.Equal(system, []string{"dev-libs/x"}) || !slices.Equal(protected, []string{"sys-apps/portage"}) {
		t.Errorf("of @system: %v, protected: %v", system, protected)
	}
}

// TestClean: two packages in one slot are what an interrupted merge leaves behind.
func TestClean(t *testing.T) {
	sc, err := scenario.Parse([]byte("-- installed --\na/a-1 COUNTER=7\nb/b-1 COUNTER=1\n-- request --\n--action=clean\n"))
	if err != nil {
		t.Fatal(err)
	}
	root := &sc.Roots[0]
	for _, counter := range []int64{6, 8} {
		old := root.Installed[0].Clone()
		old.Counter = counter
		old.CPV, err = atom.ParseCPV("a/a-2")
		if err != nil {
			t.Fatal(err)
		}
		here := *sc
		here.Roots = slices.Clone(sc.Roots)
		here.Roots[0].Installed = append(slices.Clone(root.Installed), old)
		want := map[int64]string{6: "a/a-2", 8: "a/a-1"}[counter]
		if r := planned(t, &here); !slices.Equal(r.CleanList, []string{want}) {
			t.Errorf("counters 7 and %d: %v goes, expected %s", counter, r.CleanList, want)
		}
	}
}

func TestUnknownAction(t *testing.T) {
	sc, err := scenario.Parse([]byte("-- installed --\na/a-1\n-- request --\n--action=sync\n"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := removal.Plan(context.Background(), sc.Roots, &sc.Request); err == nil || removal.IsAction("sync") {
		t.Error("sync is no removal")
	}
}

func TestInterrupted(t *testing.T) {
	sc, err := scenario.Parse([]byte("-- installed --\na/a-1\n"))
	if err != nil {
		t.Fatal(err)
	}
	sc.Request.Options.Action = removal.DepClean
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := removal.Plan(ctx, sc.Roots, &sc.Request); err == nil {
		t.Error("an interrupted walk gave an answer")
	}
}

// without is the root's packages but for those that go.
func without(all []*metadata.Package, gone []*metadata.Package) []*metadata.Package {
	return slices.DeleteFunc(slices.Clone(all), func(p *metadata.Package) bool { return slices.Contains(gone, p) })
}

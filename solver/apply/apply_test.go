package apply_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/portsolve/portsolve/atom/metadata"
	"github.com/portsolve/portsolve/solver/answer"
	"github.com/portsolve/portsolve/solver/apply"
	"github.com/portsolve/portsolve/solver/scenario"
	"github.com/portsolve/portsolve/solver/universe"
)

const before = `
-- repo --
dev-libs/icu-69 SLOT=0/69.1
dev-libs/lib-2 SLOT=2 RDEPEND="dev-libs/lib:="
app-misc/app-1 IUSE="+x y" RDEPEND="x? ( dev-libs/icu:= ) y? ( dev-libs/none ) || ( >=dev-libs/none-2:= dev-libs/icu:0= )"
                 DEPEND="dev-libs/icu:=" PDEPEND="app-misc/later:="
app-misc/later-1
-- installed --
dev-libs/icu-68 SLOT=0/68.2 COUNTER=7
dev-libs/lib-2 SLOT=0/2
app-misc/old-1
`

func world(t *testing.T) (*scenario.Scenario, func(action answer.Action, name string) answer.Entry) {
	t.Helper()
	sc, err := scenario.Parse([]byte(before))
	if err != nil {
		t.Fatal(err)
	}
	root := &sc.Roots[0]
	return sc, func(action answer.Action, name string) answer.Entry {
		e := answer.Entry{Action: action, CPV: name, Root: root.Path, Use: map[string]bool{}}
		list := root.Installed
		if action == answer.Merge {
			repo := root.Repos[0].Source.(*scenario.Repo)
			list = nil
			for _, cp := range repo.Names() {
				pkgs, _ := repo.Packages(t.Context(), cp)
				list = append(list, pkgs...)
			}
		}
		at := slices.IndexFunc(list, func(p *metadata.Package) bool { return p.CPV.String() == name })
		e.Package = list[at]
		return e
	}
}

// A merge takes its place, and records USE and bindings of its moment; removals and blockers do what they say.
func TestPlan(t *testing.T) {
	sc, entry := world(t)
	first := entry(answer.Merge, "app-misc/app-1")
	first.Use = map[string]bool{"x": true, "y": false}
	after, err := apply.Plan(sc.Roots, []answer.Entry{
		first, entry(answer.Merge, "dev-libs/icu-69"), {Action: answer.BlockerEntry, Atom: "!a/b"},
		entry(answer.Merge, "dev-libs/lib-2"), entry(answer.Uninstall, "app-misc/old-1"),
	})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, p := range after[0] {
		got = append(got, p.CPV.String()+":"+p.Slot+"/"+p.SubSlot)
		if p.Origin != metadata.Installed {
			t.Errorf("%s is not installed", p.CPV)
		}
	}
	if want := "app-misc/app-1:0/0 dev-libs/icu-69:0/69.1 dev-libs/lib-2:2/2"; strings.Join(got, " ") != want {
		t.Errorf("installed: %q, expected %s", got, want)
	}
	if lib := after[0][2]; lib.Var("RDEPEND") != "dev-libs/lib:2/2=" {
		t.Errorf("bound to %s instead of itself", lib.Var("RDEPEND"))
	}
	app := after[0][0]
	if app.Counter != 8 || !app.Use.Has("x") || app.Use.Has("y") {
		t.Errorf("counter %d, USE %v", app.Counter, app.Use)
	}
	for name, want := range map[string]string{
		"RDEPEND": "dev-libs/icu:0/68.2= || ( >=dev-libs/none-2:= dev-libs/icu:0/68.2= )",
		"DEPEND":  "dev-libs/icu:0/68.2=", "PDEPEND": "app-misc/later:=",
	} {
		if app.Var(name) != want {
			t.Errorf("%s is %q, expected %q", name, app.Var(name), want)
		}
	}
	if len(sc.Roots[0].Installed) != 3 || first.Package.Var("PDEPEND") != "app-misc/later:=" {
		t.Error("the state before was changed")
	}
}

// What an entry says of USE goes before the configuration.
func TestProposedUse(t *testing.T) {
	sc, entry := world(t)
	e := entry(answer.Merge, "app-misc/app-1")
	e.Use = map[string]bool{"x": false, "y": true}
	after, err := apply.Plan(sc.Roots, []answer.Entry{e})
	if err != nil {
		t.Fatal(err)
	}
	app := after[0][len(after[0])-1]
	if !slices.Equal(app.Use, metadata.UseSet{"y"}) || !strings.HasPrefix(app.Var("RDEPEND"), "dev-libs/none ") {
		t.Errorf("USE %v, RDEPEND %q", app.Use, app.Var("RDEPEND"))
	}
}

func TestBadEntries(t *testing.T) {
	sc, entry := world(t)
	elsewhere := entry(answer.Merge, "dev-libs/icu-69")
	elsewhere.Root = "/mnt/"
	nothing := entry(answer.Merge, "dev-libs/icu-69")
	nothing.Package = nil
	for _, e := range []answer.Entry{elsewhere, nothing} {
		if _, err := apply.Plan(sc.Roots, []answer.Entry{e}); err == nil || !strings.Contains(err.Error(), "dev-libs/icu-69") {
			t.Errorf("%v", err)
		}
	}
	if _, err := apply.Plan([]universe.Root{}, nil); err != nil {
		t.Error(err)
	}
}

package repo_test

import (
	"strings"
	"testing"

	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/atom/metadata"
	"github.com/portsolve/portsolve/repo"
)

func wildcard(t *testing.T, s string) *atom.Atom {
	t.Helper()
	a, err := atom.ParseWildcard(s)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// movesTree has a main repository and two overlays with updates, one of which is
// a fork of a package that main still has.
func movesTree(t *testing.T) (*repo.Set, *repo.Moves, []string) {
	d := newTree(t)
	d.repository("main", "main", "masters =\n")
	d.write("main/profiles/updates/4Q-2019", "move app-misc/b app-misc/c # why\n")
	d.write("main/profiles/updates/1Q-2020", "# comment\nmove app-misc/c dev-libs/d\nslotmove app-misc/s 0 1\n")
	d.write("main/profiles/updates/3Q-2019", "move app-misc/a app-misc/b\nslotmove >=app-misc/v-2 0 2\n")
	d.write("main/profiles/updates/1Q-2021", "slotmove dev-libs/d 0 5\nmove dev-libs/x1 dev-libs/y1\n"+
		"move back/one back/two\nmove back/two back/one\n")
	d.write("main/profiles/updates/README", "move not-read/x not-read/y\n")
	d.write("main/profiles/updates/2Q-2021", strings.Join([]string{
		"move app-misc/q", "rename a b", "slotmove app-misc/q:3 0 1", "slotmove app-misc/q 0/1 2", "move ok-ok/x >=app-misc/z-1", ""}, "\n"))
	d.ebuild("main", "app-misc/kept-1")
	d.repository("fork", "fork", "masters = main\n")
	d.write("fork/profiles/updates/1Q-2020", "move app-misc/kept app-misc/forked\nmove app-misc/left app-misc/right\n")
	d.repository("modern", "modern", "masters =\n")
	d.write("modern/profiles/eapi", "8\n")
	d.write("modern/profiles/updates/anything", "move app-misc/late app-misc/later\n")
	d.write("modern/profiles/updates/1Q-2030", "move app-misc/early app-misc/late\n")
	d.write("modern/profiles/updates/.hidden", "rubbish\n")
	d.write("repos.conf", "[DEFAULT]\nmain-repo = main\n")
	s := d.open(repo.Options{ReposConf: []string{d.path("repos.conf")},
		Override: map[string]string{"main": d.path("main"), "fork": d.path("fork"), "modern": d.path("modern")}})
	m, warnings, err := s.Moves()
	if err != nil {
		t.Fatal(err)
	}
	return s, m, warnings
}

func TestMovesAtom(t *testing.T) {
	_, m, warnings := movesTree(t)
	for in, want := range map[string]string{
		"app-misc/a":                   "dev-libs/d", // through two files, in order of time
		">=app-misc/b-1.2:0[x]":        ">=dev-libs/d-1.2:5[x]",
		"app-misc/a:0/3=":              "dev-libs/d:5/3=",
		"app-misc/c::other":            "dev-libs/d::other",
		"dev-libs/d:0":                 "dev-libs/d:5",
		"dev-libs/d:1":                 "dev-libs/d:1",
		"app-misc/s:0":                 "app-misc/s:1",
		"app-misc/s:0/0":               "app-misc/s:1/1",
		"app-misc/s":                   "app-misc/s",
		"=app-misc/v-3:0":              "=app-misc/v-3:2",
		"=app-misc/v-1:0":              "=app-misc/v-1:0",
		">=app-misc/v-1:0":             ">=app-misc/v-1:0", // may mean either slot
		"app-misc/v:0":                 "app-misc/v:0",
		"back/one":                     "back/one",
		"app-misc/*":                   "app-misc/*",
		"not-read/x":                   "not-read/x",
		"app-misc/kept":                "app-misc/kept", // main still has it
		"app-misc/kept::fork":          "app-misc/forked::fork",
		"app-misc/kept::main":          "app-misc/kept::main",
		"app-misc/left":                "app-misc/right", // nobody has it
		"app-misc/left::main":          "app-misc/left::main",
		"app-misc/a::fork":             "dev-libs/d::fork",
		"app-misc/early":               "app-misc/later", // from EAPI 8 on, any file name
		"=app-misc/unconcerned-1:0[a]": "=app-misc/unconcerned-1:0[a]",
	} {
		a := wildcard(t, in)
		got := m.Atom(a)
		if got.String() != want {
			t.Errorf("%s -> %s, want %s", in, got, want)
		}
		if in == want && got != a && in != "back/one" {
			t.Errorf("%s: a copy was made though nothing changed", in)
		}
	}
	if got := m.CP(atom.CP{Category: "app-misc", Package: "a"}); got.String() != "dev-libs/d" {
		t.Errorf("CP = %s", got)
	}
	if len(warnings) != 5 {
		t.Errorf("%d warnings: %q", len(warnings), warnings)
	}
	wantContains(t, "warnings", strings.Join(warnings, "\n"), "2Q-2021:1:", "2Q-2021:2:", "2Q-2021:3:", "2Q-2021:4:", "2Q-2021:5:")
}

func installed(t *testing.T, cpv, from string, vars map[string]string) *metadata.Package {
	t.Helper()
	c, err := atom.ParseCPV(cpv)
	if err != nil {
		t.Fatal(err)
	}
	p := metadata.FromVars(c, metadata.Installed, vars)
	p.Repo = from
	if p.Invalid != nil {
		t.Fatal(p.Invalid)
	}
	return p
}

func TestMovesPackage(t *testing.T) {
	_, m, _ := movesTree(t)
	p := installed(t, "app-misc/a-1", "main", map[string]string{"EAPI": "8", "SLOT": "0/3", "USE": "x",
		"RDEPEND": "|| ( app-misc/unmoved-1  >=app-misc/b-2:0/1= ) !!<app-misc/c-0.1-r1[x?]\tdev-libs/x1",
		"BDEPEND": "dev-libs/x1-plus dev-libs/x", "DESCRIPTION": "app-misc/a"})
	q := m.Package(p)
	if q == p || q.CPV.String() != "dev-libs/d-1" || q.Slot != "5" || q.SubSlot != "3" || q.Var("SLOT") != "5/3" || !q.Use.Has("x") {
		t.Fatalf("moved package = %v:%s/%s %q", q.CPV, q.Slot, q.SubSlot, q.Var("SLOT"))
	}
	if want := "|| ( app-misc/unmoved-1  >=dev-libs/d-2:5/1= ) !!<dev-libs/d-0.1-r1[x?]\tdev-libs/y1"; q.Var("RDEPEND") != want {
		t.Errorf("RDEPEND = %q, want %q", q.Var("RDEPEND"), want)
	}
	if q.Var("BDEPEND") != "dev-libs/x1-plus dev-libs/x" || q.Var("DESCRIPTION") != "app-misc/a" {
		t.Errorf("other variables changed: %v", q.Raw)
	}
	if p.CPV.String() != "app-misc/a-1" || p.Var("SLOT") != "0/3" || !strings.Contains(p.Var("RDEPEND"), "app-misc/b") {
		t.Error("the original was modified")
	}

	same := installed(t, "dev-libs/d-1", "main", map[string]string{"EAPI": "8", "SLOT": "1", "DEPEND": "app-misc/unmoved app-misc/aa"})
	if m.Package(same) != same {
		t.Error("a copy was made though nothing changed")
	}
	for _, tc := range []struct{ cpv, from, slot, want string }{
		{"app-misc/v-2", "main", "0", "app-misc/v-2:2/2"},
		{"app-misc/v-2", "main", "0/7", "app-misc/v-2:2/7"},
		{"app-misc/v-1.9", "main", "0", "app-misc/v-1.9:0/0"},
		{"app-misc/v-2", "main", "1", "app-misc/v-2:1/1"},
		{"app-misc/kept-1", "main", "0", "app-misc/kept-1:0/0"},
		{"app-misc/kept-1", "fork", "0", "app-misc/forked-1:0/0"},
		{"app-misc/a-1", "fork", "0", "dev-libs/d-1:5/5"},
		{"app-misc/a-1", "gone-overlay", "0", "dev-libs/d-1:5/5"},
	} {
		q := m.Package(installed(t, tc.cpv, tc.from, map[string]string{"SLOT": tc.slot, "EAPI": "8"}))
		if got := q.CPV.String() + ":" + q.Slot + "/" + q.SubSlot; got != tc.want {
			t.Errorf("%s:%s of %s -> %s, want %s", tc.cpv, tc.slot, tc.from, got, tc.want)
		}
	}
}

func TestMovesEmpty(t *testing.T) {
	d := newTree(t)
	d.repository("r", "r", "masters =\n")
	m, _, err := d.open(repo.Options{Override: map[string]string{"r": d.path("r")}}).Moves()
	if err != nil || !m.Empty() {
		t.Fatalf("Moves = %+v, %v", m, err)
	}
	var none *repo.Moves
	a, p := wildcard(t, "a-a/b"), installed(t, "a-a/b-1", "", map[string]string{"SLOT": "0"})
	if none.Atom(a) != a || none.Package(p) != p || m.Package(p) != p || none.CP(a.CP) != a.CP {
		t.Error("moving nothing changed something")
	}
}

func TestUpdates(t *testing.T) {
	s, _, _ := movesTree(t)
	moves, err := s.ByName("main").Updates()
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, m := range moves[:3] {
		got = append(got, m.Source.File[strings.LastIndex(m.Source.File, "/")+1:]+" "+m.Source.Text)
	}
	want := "3Q-2019 move app-misc/a app-misc/b|3Q-2019 slotmove >=app-misc/v-2 0 2|4Q-2019 move app-misc/b app-misc/c"
	if strings.Join(got, "|") != want || moves[1].Source.Line != 2 {
		t.Errorf("moves = %q", got)
	}
}

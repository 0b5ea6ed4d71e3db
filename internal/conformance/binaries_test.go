package main

import (
	"context"
	"fmt"
	"testing"
)

// What the fixture says of binary packages is what the readers find on disk, in
// both formats: files in PKGDIR, an index on hosts.
func TestBinaryPlayground(t *testing.T) {
	for _, format := range []string{"xpak", "gpkg"} {
		s := &scenario{BinpkgFormat: format, Fixture: fixture{
			Ebuilds: []fixturePackage{{CPV: "a/b-1"}},
			Binpkgs: []fixturePackage{
				{CPV: "a/b-1", Metadata: ordered{{"EAPI", "5"}, {"SLOT", "2/3"}, {"USE", "y x"}, {"IUSE", "x y z"}}},
				{CPV: "a/b-1::other", Metadata: ordered{{"BUILD_ID", "7"}, {"BUILD_TIME", "9"}, {"KEYWORDS", "~x86"}}},
			},
			Binrepos: []fixtureBinrepo{
				{Name: "low", Binpkgs: []fixturePackage{{CPV: "a/b-2", Metadata: ordered{{"RDEPEND", "a/c"}}}}},
				{Name: "high", Binpkgs: []fixturePackage{{CPV: "a/b-2", Metadata: ordered{{"BUILD_ID", "1"}}}}},
			},
			UserConfig: map[string][]string{"binrepos.conf": {"[high]", "priority = 3"}},
		}}
		p, err := layOut(t.TempDir(), s)
		if err != nil {
			t.Fatal(err)
		}
		sys, err := open(context.Background(), p)
		if err != nil {
			t.Fatal(err)
		}
		all, err := sys.BinaryCandidates(context.Background(), "a/b", true)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, c := range all {
			got = append(got, fmt.Sprint(c.Pkg.CPV, " ", c.Pkg.Slot, "/", c.Pkg.SubSlot, "::", c.Pkg.Repo, " ", c.Pkg.EAPIName, " ",
				c.Use, " ", c.Pkg.BuildID, " ", c.Pkg.Binhost, " ", c.Pkg.Var("RDEPEND"), " ", c.Visible()))
		}
		want := []string{
			"a/b-1 2/3::test_repo 5 [x y] 0   true", "a/b-1 0/0::other 0 [] 7   false",
			"a/b-2 0/0::test_repo 0 [] 0 low a/c true", "a/b-2 0/0::test_repo 0 [] 1 high  true",
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s:\n got %q\nwant %q", format, got, want)
		}
	}
}

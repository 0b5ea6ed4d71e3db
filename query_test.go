package portsolve_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/portsolve/portsolve"
	"github.com/portsolve/portsolve/solver/answer"
	"github.com/portsolve/portsolve/solver/universe"
)

// ebuild adds a version with an (empty) ebuild to a tree that has package
// directories.
func (f files) ebuild(cpv string, lines ...string) files {
	category, pf, _ := strings.Cut(cpv, "/")
	name := pf[:strings.LastIndexByte(pf, '-')]
	return f.with("repo/"+category+"/"+name+"/"+pf+".ebuild", "").with("repo/metadata/md5-cache/"+cpv, entry(lines...))
}

func fetching() files {
	f := base()
	for path := range f {
		if strings.HasPrefix(path, "repo/metadata/md5-cache/") {
			delete(f, path)
		}
	}
	f.ebuild("cat/app-1").ebuild("cat/app-2", "IUSE=+doc extra",
		"SRC_URI=mirror://x/app-2.tar.gz https://x/y?f=3 -> y-3.zip doc? ( https://x/doc.pdf ) extra? ( https://x/extra ) https://x/common",
		"DEPEND=cat/lib cat/virtual cat/unlisted cat/noted")
	f.ebuild("cat/lib-1", "SRC_URI=https://x/common https://x/lib.tgz")
	f.ebuild("cat/virtual-1")
	f.ebuild("cat/unlisted-1", "SRC_URI=https://x/unlisted")
	f.ebuild("cat/noted-1", "SRC_URI=https://x/noted")
	f.with("repo/cat/app/Manifest", "DIST app-2.tar.gz 1000 SHA512 0\nDIST y-3.zip 100 SHA512 0\nDIST doc.pdf 10 SHA512 0\nDIST common 1 SHA512 0\nDIST extra 7777 SHA512 0\n")
	f.with("repo/cat/lib/Manifest", "DIST common 1 SHA512 0\nDIST lib.tgz 50 SHA512 0\n")
	f.with("repo/cat/noted/Manifest", "DIST noted big SHA512 0\n")
	f.with("var/cache/distfiles/y-3.zip", strings.Repeat("z", 100)) // in full
	f.with("var/cache/distfiles/lib.tgz", "partial")
	return f
}

// Files in DISTDIR and files that were counted before cost nothing; without a
// Manifest the size is unknown.
func TestDownloads(t *testing.T) {
	res := resolve(t, fetching().open(t), universe.Options{}, "cat/app")
	got := map[string]string{}
	for _, e := range res.Plan {
		got[e.CPV] = "unknown"
		if e.Download != nil {
			got[e.CPV] = fmt.Sprint(*e.Download)
		}
	}
	want := map[string]string{"cat/app-2": "1010", "cat/lib-1": "51", "cat/virtual-1": "0", "cat/unlisted-1": "unknown", "cat/noted-1": "unknown"}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if text := strings.Join(res.Warnings, "\n"); !strings.Contains(text, "cat/noted/Manifest:1:") {
		t.Errorf("no warning about the broken Manifest: %q", res.Warnings)
	}
}

func TestSearchSize(t *testing.T) {
	sys := fetching().open(t)
	res, err := sys.Search(t.Context(), portsolve.SearchQuery{Pattern: "%^(app|unlisted)$"})
	if err != nil || len(res.Found) != 2 {
		t.Fatal(res, err)
	}
	if size := res.Found[0].Size; size == nil || *size != 8888 {
		t.Errorf("all files of %s: %v bytes, want 8888", res.Found[0].Name, size)
	}
	if res.Found[1].Size != nil {
		t.Errorf("%s: %d bytes, want unknown", res.Found[1].Name, *res.Found[1].Size)
	}
}

// A package that is installed and in no repository is found, as masked; a
// description counts only of the version that is shown.
func TestSearchVersions(t *testing.T) {
	f := base().install("cat/gone-3", "DESCRIPTION=an old friend")
	f.with("repo/metadata/md5-cache/cat/app-2", entry("KEYWORDS=~amd64", "DESCRIPTION=rewritten"))
	sys := f.open(t)
	for _, c := range []struct {
		query portsolve.SearchQuery
		want  []string
	}{
		{portsolve.SearchQuery{Pattern: "gone"}, []string{"cat/gone 3 masked installed 3"}},
		{portsolve.SearchQuery{Pattern: "app"}, []string{"cat/app 1"}},
		{portsolve.SearchQuery{Pattern: "rewritten", Descriptions: true}, nil},
		{portsolve.SearchQuery{Pattern: "old friend", Descriptions: true}, []string{"cat/gone 3 masked installed 3"}},
		{portsolve.SearchQuery{Pattern: "twise"}, []string{"cat/twice 1", "other/twice 1"}},
		{portsolve.SearchQuery{Pattern: "twise", Fuzzy: universe.No}, nil},
	} {
		res, err := sys.Search(t.Context(), c.query)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, f := range res.Found {
			s := f.Name + " " + f.Version
			if f.Masked {
				s += " masked"
			}
			if f.Installed != "" {
				s += " installed " + f.Installed
			}
			got = append(got, s)
		}
		if d := cmp.Diff(c.want, got); d != "" {
			t.Errorf("%+v (-want +got):\n%s", c.query, d)
		}
	}
}

// What keeps an installed package's version from being replaced.
func TestWhyNotHeldBack(t *testing.T) {
	f := base().install("cat/lib-1", "SLOT=0/1").install("cat/user-1", "RDEPEND=<cat/lib-2")
	f.with("repo/metadata/md5-cache/cat/user-1", entry("RDEPEND=<cat/lib-2"))
	f.with("var/lib/portage/world", "cat/user\n")
	sys := f.open(t)
	update := portsolve.Request{Args: []string{"@world"}, Options: universe.Options{Update: true, Deep: universe.Unlimited}}
	res, err := sys.WhyNot(t.Context(), "lib", update)
	if err != nil {
		t.Fatal(err)
	}
	if len(res.Versions) != 2 || res.Versions[0].State != "impossible" || res.Versions[1].State != "installed" {
		t.Fatalf("versions: %+v", res.Versions)
	}
	newer := res.Versions[0]
	if newer.Try.Conflict == nil || len(newer.Try.Conflict.Rules) == 0 {
		t.Error("no conflict is named")
	}
	if len(newer.HeldBack) == 0 || newer.HeldBack[0].Parent != "cat/user-1" || newer.HeldBack[0].Atom != "<cat/lib-2" {
		t.Errorf("held back by %+v", newer.HeldBack)
	}
	// Alone it is possible only if user-1 may break, which it may not.
	res, err = sys.WhyNot(t.Context(), "=cat/lib-2", portsolve.Request{})
	if err != nil || len(res.Versions) != 1 || res.Versions[0].State != "impossible" {
		t.Errorf("%+v, %v", res.Versions, err)
	}
}

func TestGraphOfInstalled(t *testing.T) {
	f := base().install("cat/lib-1", "SLOT=0/1").install("cat/app-1", "RDEPEND=cat/lib:0/1=").install("cat/orphan-1")
	sys := f.with("var/lib/portage/world", "cat/app\n").open(t)
	g, err := sys.Graph(t.Context(), portsolve.Request{})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, n := range g.Packages {
		got = append(got, fmt.Sprintf("%s %v %v", n.CPV, n.Merge, n.Args))
	}
	if d := cmp.Diff([]string{"cat/app-1 false [@world]", "cat/lib-1 false []", "cat/orphan-1 false []"}, got); d != "" {
		t.Error(d)
	}
	for _, e := range g.Edges {
		if e.From != 0 || e.To != 1 || e.Kind != "RDEPEND" {
			t.Errorf("edge %+v", e)
		}
	}
	res, err := sys.Why(t.Context(), "orphan", portsolve.Request{}, false)
	if err != nil || len(res.Packages) != 1 || len(res.Packages[0].Path) != 0 || res.Packages[0].Parents != 0 {
		t.Errorf("orphan: %+v, %v", res, err)
	}
}

func TestChangeLog(t *testing.T) {
	f := fetching().install("cat/app-1")
	f.with("repo/cat/app/ChangeLog", "# head\n*app-3 (later)\n\n  not yet\n\n*app-2 (now)\n\n  this\n\n*app-1 (then)\n\n  known\n")
	sys := f.open(t)
	res := resolve(t, sys, universe.Options{Update: true}, "cat/app")
	for _, e := range res.Plan {
		want := []string(nil)
		if e.CPV == "cat/app-2" {
			want = []string{"*app-2 (now)\n\n  this"}
		}
		got, err := sys.ChangeLog(&e)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", e.CPV, d)
		}
	}
	if got, err := sys.ChangeLog(&answer.Entry{CPV: "cat/app-2"}); got != nil || err != nil {
		t.Errorf("an entry read from JSON: %v, %v", got, err)
	}
}

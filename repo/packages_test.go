package repo_test

import (
	"context"
	"errors"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/repo"
)

func TestPackages(t *testing.T) {
	d := newTree(t)
	d.repository("r", "r", "masters =\n")
	d.write("r/profiles/categories", "app-misc\n")
	d.ebuild("r", "app-misc/foo-1.10", "DEPEND=dev-libs/bar", "SLOT=2/3", "IUSE=+a b", "KEYWORDS=amd64 ~x86", "EAPI=8")
	d.ebuild("r", "app-misc/foo-1.9-r1")
	d.ebuild("r", "app-misc/foo-1.9")
	d.ebuild("r", "app-misc/foo-bar-2")
	d.write("r/app-misc/foo/foo-9999.ebuild", "# no entry\nEAPI='7' # yes\n")
	d.write("r/app-misc/foo/foo-3.ebuild", "EAPI=17\n")
	d.write("r/app-misc/foo/other-1.ebuild", "")
	d.write("r/app-misc/foo/foo-bar.ebuild", "")
	d.write("r/app-misc/foo/foo-1.ebuild~", "")
	d.write("r/app-misc/foo/metadata.xml", "")
	d.entry("r", "app-misc/foo-0.1") // stale: no ebuild
	d.entry("r", "app-misc/gone-1")
	r := d.one("r")

	list := packages(t, r, "app-misc/foo")
	if got := versions(list); got != "1.9 1.9-r1 1.10 3! 9999!" {
		t.Fatalf("versions = %q", got)
	}
	p := list[2]
	if p.Slot != "2" || p.SubSlot != "3" || p.Repo != "r" || p.EAPIName != "8" || p.Var("DEPEND") != "dev-libs/bar" ||
		!p.HasIUSE("a") || len(p.Keywords) != 2 || p.File != d.path("r/app-misc/foo/foo-1.10.ebuild") {
		t.Errorf("package = %+v", p)
	}
	if p := list[3]; !errors.Is(p.Invalid, repo.ErrNoMetadata) || p.EAPIName != "17" || p.EAPI != nil {
		t.Errorf("unknown EAPI: %q %v", p.EAPIName, p.Invalid)
	}
	if p := list[4]; !errors.Is(p.Invalid, repo.ErrNoMetadata) || p.EAPIName != "7" || p.EAPI == nil || p.Repo != "r" {
		t.Errorf("without entry: %q %v", p.EAPIName, p.Invalid)
	}
	if again := packages(t, r, "app-misc/foo"); again[0] != list[0] {
		t.Error("results are not shared")
	}
	for _, none := range []string{"app-misc/gone", "app-misc/nope", "no-where/foo"} {
		if list := packages(t, r, none); len(list) != 0 {
			t.Errorf("%s: %v", none, versions(list))
		}
	}
	for _, cp := range []atom.CP{{}, {Category: "..", Package: "x"}, {Category: "app-misc", Package: "*"}, {Category: "a/b", Package: "c"}} {
		if list, err := r.Packages(context.Background(), cp); len(list) != 0 || err != nil {
			t.Errorf("%v: %v, %v", cp, list, err)
		}
	}
}

func TestPackagesCancelled(t *testing.T) {
	d := newTree(t)
	d.repository("r", "r", "masters =\n")
	d.ebuild("r", "app-misc/foo-1")
	r := d.one("r")
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := r.Packages(ctx, atom.CP{Category: "app-misc", Package: "foo"}); !errors.Is(err, context.Canceled) {
		t.Errorf("error = %v", err)
	}
	if got := versions(packages(t, r, "app-misc/foo")); got != "1" {
		t.Errorf("after a cancelled call: %q", got)
	}
}

func TestPackagesConcurrently(t *testing.T) {
	d := newTree(t)
	d.repository("r", "r", "masters =\n")
	d.write("r/eclass/e.eclass", "x")
	for _, cpv := range []string{"a-a/x-1", "a-a/x-2", "a-a/y-1", "b-b/x-1"} {
		d.entry("r", cpv, "_eclasses_=e\t"+sum("x"))
	}
	r := d.one("r")
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for cp, want := range map[string]string{"a-a/x": "1 2", "a-a/y": "1", "b-b/x": "1"} {
				if got := versions(packages(t, r, cp)); got != want {
					t.Errorf("%s: %q, want %q", cp, got, want)
				}
			}
		})
	}
	wg.Wait()
}

// TestCacheValidity has one ebuild per row and says what its entry becomes.
func TestCacheValidity(t *testing.T) {
	const text = "EAPI=8\n"
	const base = "EAPI=8\nSLOT=0\n"
	ok := "_md5_=" + sum(text) + "\n"
	for _, tc := range []struct {
		name, entry string
		want        string // part of the error; "" = valid
	}{
		{"valid", base + ok, ""},
		{"upper case", base + "_md5_=" + strings.ToUpper(sum(text)), ""},
		{"unknown keys", base + ok + "FUTURE=x\n_other_=y\n\n", ""},
		{"no checksum", base, "no _md5_ line"},
		{"other ebuild", base + "_md5_=" + sum("x") + "\n", "not the checksum of the ebuild"},
		{"own eclass", base + ok + "_eclasses_=own\t" + sum("own text"), ""},
		{"both eclasses", base + ok + "_eclasses_=own\t" + sum("own text") + "\tshared\t" + sum("shared text"), ""},
		{"older form", base + ok + "_eclasses_=own\t/var/db/eclass\t" + sum("own text") + "\tshared\t/x\t" + sum("shared text"), ""},
		{"own overrides master", base + ok + "_eclasses_=both\t" + sum("of r"), ""},
		{"master's version", base + ok + "_eclasses_=both\t" + sum("of master"), "both.eclass has changed"},
		{"changed eclass", base + ok + "_eclasses_=own\t" + sum("older text"), "own.eclass has changed"},
		{"missing eclass", base + ok + "_eclasses_=nope\t" + sum(""), "nope.eclass"},
		{"malformed line", base + ok + "rubbish\n", "foo-1:4: the line is not of the form"},
		{"NUL byte", base + "DEPEND=\x00\n" + ok, "foo-1:3: contains a NUL byte"},
		{"ten megabytes", base + ok + "DEPEND=" + strings.Repeat("x", 10<<20), "is longer than"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			d := newTree(t)
			d.repository("m", "m", "masters =\n")
			d.write("m/eclass/shared.eclass", "shared text")
			d.write("m/eclass/both.eclass", "of master")
			d.repository("r", "r", "masters = m\n")
			d.write("r/eclass/own.eclass", "own text")
			d.write("r/eclass/both.eclass", "of r")
			d.write("r/app-misc/foo/foo-1.ebuild", text)
			d.write("r/metadata/md5-cache/app-misc/foo-1", tc.entry)
			s := d.open(repo.Options{Override: map[string]string{"m": d.path("m"), "r": d.path("r")}})
			p := packages(t, s.ByName("r"), "app-misc/foo")[0]
			if tc.want == "" {
				if p.Invalid != nil {
					t.Errorf("Invalid = %v", p.Invalid)
				}
				return
			}
			if !errors.Is(p.Invalid, repo.ErrNoMetadata) {
				t.Fatalf("Invalid = %v, want ErrNoMetadata", p.Invalid)
			}
			wantContains(t, "Invalid", p.Invalid.Error(), tc.want)
		})
	}
}

func TestCacheInvalidForEAPI(t *testing.T) {
	d := newTree(t)
	d.repository("r", "r", "masters =\n")
	d.entry("r", "app-misc/foo-1", "EAPI=4", "SLOT=0/1")
	d.entry("r", "app-misc/foo-2", "SLOT=")
	for _, p := range packages(t, d.one("r"), "app-misc/foo") {
		if p.Invalid == nil || errors.Is(p.Invalid, repo.ErrNoMetadata) {
			t.Errorf("%s: Invalid = %v, want an error that is not ErrNoMetadata", p.CPV, p.Invalid)
		}
	}
}

func TestMtimeEntry(t *testing.T) {
	d := newTree(t)
	d.repository("r", "r", "masters =\n")
	when := time.Unix(1600000000, 0)
	for _, cpv := range []string{"app-misc/foo-1", "app-misc/foo-2"} {
		d.write("r/"+ebuildPath(cpv), "EAPI=8\n")
		if err := os.Chtimes(d.path("r/"+ebuildPath(cpv)), when, when); err != nil {
			t.Fatal(err)
		}
	}
	d.entry("r", "app-misc/foo-1", "_mtime_=1600000000")
	d.entry("r", "app-misc/foo-2", "_mtime_=1600000001")
	if got := versions(packages(t, d.one("r"), "app-misc/foo")); got != "1 2!" {
		t.Errorf("versions = %q", got)
	}
}

// pmsEntry is an entry of the legacy format: line 3 is SLOT, 11 IUSE, 15 EAPI.
const pmsEntry = "dev-libs/a\n\n0/2\n\n\n\n\n\n~amd64\n\nflag\n\n\n\n5\n\ncompile\n\n\n\n\n\n"

func TestPMSCache(t *testing.T) {
	d := newTree(t)
	d.repository("r", "r", "masters =\n")
	old, now := time.Unix(1600000000, 0), time.Unix(1700000000, 0)
	for cpv, entryTime := range map[string]time.Time{"app-misc/foo-1": now, "app-misc/foo-2": old} {
		d.write("r/"+ebuildPath(cpv), "EAPI=5\n")
		d.write("r/metadata/cache/"+cpv, pmsEntry)
		mid := old.Add(time.Hour)
		if err := errors.Join(os.Chtimes(d.path("r/"+ebuildPath(cpv)), mid, mid),
			os.Chtimes(d.path("r/metadata/cache/"+cpv), entryTime, entryTime)); err != nil {
			t.Fatal(err)
		}
	}
	d.write("r/app-misc/foo/foo-3.ebuild", "EAPI=5\n")
	d.write("r/metadata/cache/app-misc/foo-3", "a\nb\n")
	list := packages(t, d.one("r"), "app-misc/foo")
	if got := versions(list); got != "1 2! 3!" {
		t.Fatalf("versions = %q", got)
	}
	if p := list[0]; p.Slot != "0" || p.SubSlot != "2" || p.Var("DEPEND") != "dev-libs/a" || !p.HasIUSE("flag") ||
		p.EAPIName != "5" || p.Var("DEFINED_PHASES") != "compile" || p.Keywords[0] != "~amd64" {
		t.Errorf("package = %+v", p)
	}
	wantContains(t, "Invalid", list[1].Invalid.Error(), "the ebuild is newer")
	wantContains(t, "Invalid", list[2].Invalid.Error(), "foo-3:3: the entry ends before its line for SLOT")
}

// TestCacheFallsBack: an entry that one cache lacks or has out of date may be
// valid in the next.
func TestCacheFallsBack(t *testing.T) {
	d := newTree(t)
	d.repository("r", "r", "masters =\ncache-formats = md5-dict pms\n")
	d.ebuild("r", "app-misc/foo-1", "EAPI=8")
	for _, v := range []string{"2", "3"} {
		d.write("r/app-misc/foo/foo-"+v+".ebuild", "EAPI=5\n")
		d.write("r/metadata/cache/app-misc/foo-"+v, pmsEntry)
	}
	d.entry("r", "app-misc/foo-3", "_md5_=bad")
	if got := versions(packages(t, d.one("r"), "app-misc/foo")); got != "1 2 3" {
		t.Errorf("versions = %q", got)
	}
}

func TestMetadataAlone(t *testing.T) {
	d := newTree(t)
	d.repository("r", "r", "masters =\n")
	d.write("r/profiles/categories", "app-misc\ndev-libs\n")
	d.write("r/licenses/GPL-2", "")
	d.write("r/eclass/known.eclass", "x")
	d.write("r/scripts/tool/run", "") // not a category
	d.entry("r", "app-misc/foo-1.10", "_md5_=0", "_eclasses_=unknown\t0\tknown\t"+sum("x"))
	d.entry("r", "app-misc/foo-1.9", "_eclasses_=known\t0")
	d.entry("r", "app-misc/foo-bar-2-r1")
	d.entry("r", "dev-libs/foo-1")
	d.write("r/metadata/md5-cache/app-misc/Manifest.gz", "")
	d.write("r/metadata/md5-cache/timestamp", "")
	r := d.one("r")
	if alone, err := r.MetadataOnly(); !alone || err != nil {
		t.Fatalf("MetadataOnly = %v, %v", alone, err)
	}
	list := packages(t, r, "app-misc/foo")
	if got := versions(list); got != "1.9! 1.10" {
		t.Errorf("versions = %q", got)
	}
	if want := d.path("r/metadata/md5-cache/app-misc/foo-1.10"); list[1].File != want {
		t.Errorf("File = %q, want %q", list[1].File, want)
	}
	if got := versions(packages(t, r, "app-misc/foo-bar")); got != "2-r1" {
		t.Errorf("versions of foo-bar = %q", got)
	}
	all, err := r.Names()
	if got := names(all); got != "app-misc/foo app-misc/foo-bar dev-libs/foo" || err != nil {
		t.Errorf("Names = %q, %v", got, err)
	}
	some, err := r.NamesWithPackage("foo")
	if got := names(some); got != "app-misc/foo dev-libs/foo" || err != nil {
		t.Errorf("NamesWithPackage = %q, %v", got, err)
	}
	if _, err := r.ByPath(context.Background(), d.path("r/app-misc/foo/foo-1.10.ebuild")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("ByPath of an ebuild that is not there: %v", err)
	}

	// One package directory, and the cache is no longer the list.
	d.ebuild("r", "dev-libs/new-1")
	r = d.one("r")
	if got := versions(packages(t, r, "app-misc/foo")) + "|" + versions(packages(t, r, "dev-libs/new")); got != "|1" {
		t.Errorf("with a package directory: %q", got)
	}
}

func TestNames(t *testing.T) {
	d := newTree(t)
	d.repository("m", "m", "masters =\n")
	d.write("m/profiles/categories", "dev-libs\n# comment\nvirtual\n")
	d.repository("r", "r", "masters = m\n")
	d.write("r/profiles/categories", "app-misc\n")
	d.ebuild("r", "app-misc/foo-1")
	d.ebuild("r", "dev-libs/foo-1")
	d.ebuild("r", "unlisted/foo-1")
	d.write("r/app-misc/metadata.xml", "")
	d.write("r/app-misc/bad.name/x", "")
	d.write("r/app-misc/.git/x", "")
	d.write("r/app-misc/empty/metadata.xml", "")
	s := d.open(repo.Options{Override: map[string]string{"m": d.path("m"), "r": d.path("r")}})
	r := s.ByName("r")
	all, err := r.Names()
	if got := names(all); got != "app-misc/empty app-misc/foo dev-libs/foo" || err != nil {
		t.Errorf("Names = %q, %v", got, err)
	}
	some, err := r.NamesWithPackage("foo")
	if got := names(some); got != "app-misc/foo dev-libs/foo" || err != nil {
		t.Errorf("NamesWithPackage = %q, %v", got, err)
	}
	for _, n := range []string{"empty", "nope", "", "..", "a/b", "*"} {
		if some, err := r.NamesWithPackage(n); len(some) > 0 || err != nil {
			t.Errorf("NamesWithPackage(%q) = %v, %v", n, some, err)
		}
	}
	if got := strings.Join(r.Categories(), " "); got != "app-misc dev-libs virtual" {
		t.Errorf("Categories = %q", got)
	}
}

func TestByPath(t *testing.T) {
	d := newTree(t)
	d.repository("r", "r", "masters =\n")
	d.ebuild("r", "app-misc/foo-1")
	d.ebuild("r", "app-misc/foo-1-r0")
	if err := os.Symlink(d.path("r"), d.path("link")); err != nil {
		t.Fatal(err)
	}
	s := d.open(repo.Options{Override: map[string]string{"r": d.path("r")}})
	for _, path := range []string{"r/app-misc/foo/foo-1-r0.ebuild", "link/app-misc/foo/foo-1-r0.ebuild", "r/app-misc/../app-misc/foo/foo-1-r0.ebuild"} {
		r, p, err := s.ByPath(context.Background(), d.path(path))
		if err != nil || r != s.Repos[0] || p.CPV.String() != "app-misc/foo-1-r0" {
			t.Errorf("%s: %v, %v", path, p, err)
		}
	}
	for path, want := range map[string]string{
		"r/app-misc/foo/foo-2.ebuild": "no such ebuild",
		"r/app-misc/bar/foo-1.ebuild": "should be bar-VERSION.ebuild",
		"r/app-misc/foo/foo.ebuild":   "version",
		"r/app-misc/foo/metadata.xml": "is not an ebuild's path",
		"r/foo-1.ebuild":              "is not an ebuild's path",
		"elsewhere/foo-1.ebuild":      "not inside any configured repository",
	} {
		_, _, err := s.ByPath(context.Background(), d.path(path))
		if err == nil {
			t.Errorf("%s: no error", path)
			continue
		}
		wantContains(t, path, err.Error(), want)
	}
}

// TestUnreadableEntry: what cannot be read is a reason, never a crash or a lost version.
func TestUnreadableEntry(t *testing.T) {
	d := newTree(t)
	d.repository("r", "r", "masters =\n")
	d.write("r/metadata/md5-cache/app-misc/foo-1/file", "")
	d.entry("r", "app-misc/foo-2")
	if err := os.Symlink("foo-3", d.path("r/metadata/md5-cache/app-misc/foo-3")); err != nil {
		t.Fatal(err)
	}
	list := packages(t, d.one("r"), "app-misc/foo")
	if got := versions(list); got != "1! 2 3!" {
		t.Fatalf("versions = %q", got)
	}
	for _, p := range []int{0, 2} {
		if err := list[p].Invalid; !errors.Is(err, repo.ErrNoMetadata) || !strings.Contains(err.Error(), "md5-cache/app-misc/foo-") {
			t.Errorf("%s: Invalid = %v", list[p].CPV, err)
		}
	}
}

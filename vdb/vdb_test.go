package vdb

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/portsolve/portsolve/atom/metadata"
)

func TestReadsEveryField(t *testing.T) {
	root := t.TempDir()
	dir := writeEntry(t, root, "dev-libs/icu-68.2-r1", files{
		"SLOT": "0/68.2\n", "EAPI": "7\n", "USE": "static-libs abi_x86_64 amd64\n",
		"IUSE": "debug +static-libs -doc debug\n", "IUSE_EFFECTIVE": "amd64 debug doc static-libs\n",
		"KEYWORDS": "amd64 ~arm\n", "repository": "gentoo\n", "BUILD_TIME": "1620042000\n",
		"COUNTER": "701\n", "BUILD_ID": "3\n", "RDEPEND": "dev-lang/a\n\tdev-lang/b:0/1=\n",
		"DEPEND": "dev-lang/c", "BDEPEND": "dev-lang/d", "IDEPEND": "dev-lang/e", "PDEPEND": "dev-lang/f",
		"REQUIRED_USE": "debug? ( doc )", "LICENSE": "BSD", "RESTRICT": "test", "PROPERTIES": "live",
		"PROVIDES": "x86_64: libicu.so.68", "REQUIRES": "x86_64: libc.so.6",
		"DEFINED_PHASES": "compile", "CHOST": "x86_64-pc-linux-gnu",
		"DESCRIPTION": "not read", "CONTENTS": "obj /a b 1",
	})
	all := open(t, root).All()
	if len(all) != 1 {
		t.Fatalf("got %v", cpvs(all))
	}
	p := all[0]
	if p.EAPI == nil || p.EAPI.Name != "7" {
		t.Errorf("EAPI %+v", p.EAPI)
	}
	type fields struct {
		CPV, Slot, SubSlot, EAPI, Repo, File string
		Origin                               metadata.Origin
		Keywords                             []string
		IUSE                                 []metadata.IUSEFlag
		Use, Effective                       metadata.UseSet
		BuildTime, Counter                   int64
		BuildID                              int
		Raw                                  map[string]string
	}
	got := fields{
		p.CPV.String(), p.Slot, p.SubSlot, p.EAPIName, p.Repo, p.File, p.Origin, p.Keywords, p.IUSE,
		p.Use, p.IUSEEffective, p.BuildTime, p.Counter, p.BuildID, p.Raw,
	}
	want := fields{
		"dev-libs/icu-68.2-r1", "0", "68.2", "7", "gentoo", dir, metadata.Installed,
		[]string{"amd64", "~arm"},
		[]metadata.IUSEFlag{{Name: "debug"}, {Name: "static-libs", Default: '+'}, {Name: "doc", Default: '-'}},
		metadata.UseSet{"abi_x86_64", "amd64", "static-libs"},
		metadata.UseSet{"amd64", "debug", "doc", "static-libs"},
		1620042000, 701, 3,
		map[string]string{
			"RDEPEND": "dev-lang/a\n\tdev-lang/b:0/1=", "DEPEND": "dev-lang/c", "BDEPEND": "dev-lang/d",
			"IDEPEND": "dev-lang/e", "PDEPEND": "dev-lang/f", "REQUIRED_USE": "debug? ( doc )",
			"LICENSE": "BSD", "RESTRICT": "test", "PROPERTIES": "live",
			"PROVIDES": "x86_64: libicu.so.68", "REQUIRES": "x86_64: libc.so.6",
			"DEFINED_PHASES": "compile", "CHOST": "x86_64-pc-linux-gnu",
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestDefaultsOfMissingFiles(t *testing.T) {
	root := t.TempDir()
	writeEntry(t, root, "a/b-1", files{"SLOT": "2"})
	p := open(t, root).All()[0]
	if p.EAPIName != "0" || p.EAPI == nil || p.Slot != "2" || p.SubSlot != "2" || p.Repo != "" ||
		p.IUSEEffective != nil || len(p.Use) != 0 || len(p.Raw) != 0 {
		t.Errorf("%+v", p)
	}
}

func TestUnknownEAPIIsKept(t *testing.T) {
	root := t.TempDir()
	writeEntry(t, root, "a/b-1", files{"SLOT": "0", "EAPI": "77-future"})
	p := open(t, root).All()[0]
	if p.EAPI != nil || p.EAPIName != "77-future" {
		t.Errorf("%v %q", p.EAPI, p.EAPIName)
	}
}

func TestOrderAndLookup(t *testing.T) {
	root := t.TempDir()
	for _, c := range []string{"b/x-10", "b/x-9", "a/z-1", "b/x-9_p1", "a/z-0.5-r3"} {
		writeEntry(t, root, c, files{"SLOT": "0"})
	}
	d := open(t, root)
	if diff := cmp.Diff([]string{"b/x-9", "b/x-9_p1", "b/x-10"}, cpvs(d.Packages(cp(t, "b/x")))); diff != "" {
		t.Error(diff)
	}
	if got := d.Packages(cp(t, "b/y")); got != nil {
		t.Errorf("b/y: %v", got)
	}
	if diff := cmp.Diff([]string{"a/z-0.5-r3", "a/z-1", "b/x-9", "b/x-9_p1", "b/x-10"}, cpvs(d.All())); diff != "" {
		t.Error(diff)
	}
	if names := d.Names(); len(names) != 2 || names[0].String() != "a/z" || names[1].String() != "b/x" {
		t.Errorf("names %v", names)
	}
	if d.Packages(cp(t, "a/z"))[0] != d.All()[0] {
		t.Error("a package was read twice")
	}
}

func TestMissingDirectoryIsEmpty(t *testing.T) {
	d := open(t, t.TempDir())
	if len(d.All()) != 0 || len(d.Problems()) != 0 {
		t.Errorf("%v %v", d.All(), d.Problems())
	}
}

func TestUnreadableDirectoryIsAnError(t *testing.T) {
	root := t.TempDir()
	writeFile(t, filepath.Join(root, "var/db/pkg"), "a file")
	if _, err := Open(context.Background(), Options{Root: root}); err == nil {
		t.Error("no error")
	}
}

func TestCancelledOpen(t *testing.T) {
	root := t.TempDir()
	writeEntry(t, root, "a/b-1", files{"SLOT": "0"})
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Open(ctx, Options{Root: root}); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	d := open(t, root)
	if err := d.Preload(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("Preload: error %v", err)
	}
	if len(d.All()) != 1 {
		t.Error("a cancelled Preload must not lose packages")
	}
}

func TestDamagedEntries(t *testing.T) {
	root := t.TempDir()
	db := filepath.Join(root, "var/db/pkg")
	ok := files{"SLOT": "0"}
	writeEntry(t, root, "a/good-1", ok)
	writeEntry(t, root, "a/kept-1", files{"SLOT": "0", "BUILD_TIME": "yesterday", "COUNTER": "-4", "IUSE": "a ++ b"})
	writeEntry(t, root, "a/noslot-1", files{"EAPI": "7"})
	writeEntry(t, root, "a/emptyslot-1", files{"SLOT": " \n"})
	writeEntry(t, root, "a/badslot-1", files{"SLOT": "0/a/b"})
	writeEntry(t, root, "a/nul-1", files{"SLOT": "0", "RDEPEND": "a/b\x00\x00"})
	writeEntry(t, root, "a/not_a_version", ok)
	writeEntry(t, root, "a/-MERGING-good-2", ok)
	writeEntry(t, root, "a/.hidden-1", ok)
	writeFile(t, filepath.Join(db, "a/.good-1.portage_lockfile"), "")
	writeFile(t, filepath.Join(db, "a/stray-1"), "")
	writeFile(t, filepath.Join(db, ".cache"), "")
	writeEntry(t, root, "a/dir-1/SLOT", nil)
	writeSpecialFiles(t, root)
	huge := writeEntry(t, root, "a/huge-1", files{"SLOT": "0", "USE": ""})
	if err := os.Truncate(filepath.Join(huge, "USE"), 1<<40); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{ // path below var/db/pkg: part of the message
		"a/kept-1/BUILD_TIME": "not a number", "a/kept-1/COUNTER": "not a number", "a/kept-1/IUSE": "IUSE",
		"a/noslot-1": "SLOT is missing", "a/emptyslot-1": "SLOT is missing", "a/badslot-1": "SLOT",
		"a/nul-1": "RDEPEND: contains a NUL", "a/not_a_version": "not a package name and version",
		"a/-MERGING-good-2": "interrupted merge", "a/dir-1": "SLOT: not a regular file",
		"a/huge-1": "USE: larger than",
	}
	for _, name := range specialFiles() {
		want["a/"+name] = "USE: not a regular file"
	}
	d := open(t, root)
	if diff := cmp.Diff([]string{"a/good-1", "a/kept-1"}, cpvs(d.All())); diff != "" {
		t.Error(diff)
	}
	problems := d.Problems()
	for i, p := range problems {
		rel, _ := filepath.Rel(db, p.Path)
		if i > 0 && problems[i-1].Path > p.Path {
			t.Errorf("not sorted: %s after %s", p.Path, problems[i-1].Path)
		}
		if part, ok := want[rel]; !ok || !strings.Contains(p.Err.Error(), part) {
			t.Errorf("problem %s, want text %q", p, part)
		}
		if p.Kept != strings.HasPrefix(rel, "a/kept-1") || p.Kept == strings.Contains(p.String(), "ignored") {
			t.Errorf("kept = %v: %s", p.Kept, p)
		}
		delete(want, rel)
	}
	for rel := range want {
		t.Errorf("no problem reported for %s", rel)
	}
}

func TestLargeFilesAreReadWhole(t *testing.T) {
	root := t.TempDir()
	long := strings.Repeat("a/b ", 50_000)
	writeEntry(t, root, "a/b-1", files{"SLOT": "0", "RDEPEND": long, "PDEPEND": "a/c", "USE": "z a"})
	p := open(t, root).All()[0]
	if p.Raw["RDEPEND"] != strings.TrimSpace(long) || p.Raw["PDEPEND"] != "a/c" {
		t.Errorf("RDEPEND of %d bytes, PDEPEND %q", len(p.Raw["RDEPEND"]), p.Raw["PDEPEND"])
	}
	if diff := cmp.Diff(metadata.UseSet{"a", "z"}, p.Use); diff != "" {
		t.Error(diff)
	}
}

func TestSymlinkedDirectories(t *testing.T) {
	root := t.TempDir()
	writeEntry(t, root, "real/b-1", files{"SLOT": "0"})
	if err := os.Symlink("real", filepath.Join(root, "var/db/pkg/link")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("nowhere", filepath.Join(root, "var/db/pkg/dangling")); err != nil {
		t.Fatal(err)
	}
	d := open(t, root)
	if diff := cmp.Diff([]string{"link/b-1", "real/b-1"}, cpvs(d.All())); diff != "" {
		t.Error(diff)
	}
	if len(d.Problems()) != 0 {
		t.Error(d.Problems())
	}
}

func TestConcurrentUse(t *testing.T) {
	root := t.TempDir()
	for _, c := range []string{"a/b-1", "a/b-2", "a/c-1", "b/d-1"} {
		writeEntry(t, root, c, files{"SLOT": "0", "USE": "x"})
	}
	d := open(t, root).Map(func(p *metadata.Package) *metadata.Package { return p })
	results := make(chan []*metadata.Package)
	for i := range 8 {
		go func() {
			if i%2 == 0 {
				d.Packages(cp(t, "a/b"))
			}
			results <- d.All()
		}()
	}
	for range 8 {
		if got := <-results; len(got) != 4 {
			t.Errorf("%v", cpvs(got))
		}
	}
}

func TestFileNamesAndLookupAgree(t *testing.T) {
	for id, name := range fileNames {
		if got, ok := lookupFile([]byte(name)); !ok || int(got) != id {
			t.Errorf("%s: %d, %v", name, got, ok)
		}
	}
	if _, ok := lookupFile([]byte("CONTENTS")); ok {
		t.Error("CONTENTS is read eagerly")
	}
}

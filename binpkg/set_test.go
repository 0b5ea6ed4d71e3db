package binpkg

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/portsolve/portsolve/atom"
)

// list opens a set and describes every package, in order; problems by their beginning.
func list(t *testing.T, o Options) (packages []string, problems []Problem) {
	t.Helper()
	s, err := Open(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	all, err := s.All(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range all {
		text := p.CPV.String()
		if p.BuildID > 0 {
			text += "-" + strconv.Itoa(p.BuildID)
		}
		if p.Remote {
			text += "@" + p.Binhost
		}
		if p.Invalid != nil {
			text += " invalid"
		}
		packages = append(packages, text+" "+p.Var("DESCRIPTION"))
	}
	return packages, s.Problems()
}

func check(t *testing.T, o Options, want ...string) []Problem {
	t.Helper()
	got, problems := list(t, o)
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	return problems
}

// described is a package whose DESCRIPTION tells it from what an index says.
func described(pf, text string, extra ...Value) []Value {
	return vars(append(extra, Value{"PF", []byte(pf)}, Value{"DESCRIPTION", []byte(text)})...)
}

func TestPkgDirWithoutIndex(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, "cat/app-1.tbz2", makeXPAK(nil, described("app-1", "old layout")))
	put(t, dir, "cat/app-2.gpkg.tar", makeGPKG(t, Zstd, described("app-2", "old layout, new format")))
	put(t, dir, "cat/app/app-3-1.xpak", makeXPAK(nil, described("app-3", "first build", Value{"BUILD_ID", []byte("1")})))
	put(t, dir, "cat/app/app-3-12.gpkg.tar", makeGPKG(t, None, described("app-3", "build by name", Value{"BUILD_TIME", []byte("1700000001")})))
	put(t, dir, "cat/app/app-4.xpak", makeXPAK(nil, described("app-4", "no build")))
	put(t, dir, "cat/x-y/x-y-1-r2-3.xpak", makeXPAK(nil, described("x-y-1-r2", "revision")))
	// None of these is a package:
	put(t, dir, "cat/app/README", []byte("text"))
	put(t, dir, "Packages.lock", nil)
	put(t, dir, "a b/app-1.tbz2", nil)
	put(t, dir, ".hidden/app-1.tbz2", nil)
	if err := os.MkdirAll(filepath.Join(dir, "cat/app/app-9-1.xpak"), 0o755); err != nil {
		t.Fatal(err)
	}
	problems := check(t, Options{PkgDir: dir, TrustIndex: true, MultiInstance: true},
		"cat/app-1 old layout", "cat/app-2 old layout, new format", "cat/app-3-1 first build", "cat/app-3-12 build by name",
		"cat/app-4 no build", "cat/x-y-1-r2-3 revision")
	if len(problems) > 0 {
		t.Error(problems)
	}
}

func TestBrokenFilesAreProblems(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, "cat/app-1.tbz2", makeXPAK(nil, vars()))
	put(t, dir, "cat/app-2.tbz2", []byte("garbage"))
	put(t, dir, "cat/app-3.tbz2", nil)
	put(t, dir, "cat/app-4.tbz2", makeXPAK(nil, described("app-1", "other name")))
	put(t, dir, "cat/app/other-1-1.xpak", makeXPAK(nil, vars()))
	put(t, dir, "cat/noversion.tbz2", makeXPAK(nil, vars()))
	if err := os.Symlink("nowhere", filepath.Join(dir, "cat/app-5.tbz2")); err != nil {
		t.Fatal(err)
	}
	problems := check(t, Options{PkgDir: dir}, "cat/app-1 ")
	var paths []string
	for _, p := range problems {
		paths = append(paths, strings.TrimPrefix(p.Path, dir+"/cat/"))
	}
	want := []string{"app-2.tbz2", "app-3.tbz2", "app-4.tbz2", "app-5.tbz2", "app/other-1-1.xpak", "noversion.tbz2"}
	if d := cmp.Diff(want, paths); d != "" {
		t.Error(d)
	}
}

// A package that is readable but wrong stays a candidate, with the reason.
func TestInvalidPackage(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, "cat/app-1.tbz2", makeXPAK(nil, vars(Value{"SLOT", nil})))
	put(t, dir, "cat/app-2.tbz2", makeXPAK(nil, described("app-2", "x", Value{"EAPI", []byte("99")})))
	if problems := check(t, Options{PkgDir: dir}, "cat/app-1 invalid ", "cat/app-2 x"); len(problems) > 0 {
		t.Error(problems)
	}
}

func TestIndexValidity(t *testing.T) {
	dir := t.TempDir()
	data := makeXPAK(nil, described("app-1", "file"))
	put(t, dir, "cat/app-1.tbz2", data)
	put(t, dir, "cat/app/app-2-1.xpak", makeXPAK(nil, described("app-2", "file")))
	entry := func(size, modified int) []byte {
		return indexText(
			record("cat/app-1", fmt.Sprintf("SIZE: %d\nMTIME: %d\nDESC: index", size, modified)),
			record("cat/app-9", "PATH: cat/app-9.tbz2\nSIZE: 1\nMTIME: 1\nDESC: gone"))
	}
	for _, tt := range []struct {
		name  string
		index []byte
		trust bool
		want  []string
	}{
		{"as recorded", entry(len(data), 1600000000), false, []string{"cat/app-1 index", "cat/app-2-1 file"}},
		{"other size", entry(len(data)+1, 1600000000), false, []string{"cat/app-1 file", "cat/app-2-1 file"}},
		{"other time", entry(len(data), 1600000001), false, []string{"cat/app-1 file", "cat/app-2-1 file"}},
		{"trusted", entry(1, 1), true, []string{"cat/app-1 index", "cat/app-9 gone"}},
		{"trusted, but cut", entry(1, 1)[:100], true, []string{"cat/app-1 file", "cat/app-2-1 file"}},
		{"trusted, but no index", []byte("<html>"), true, []string{"cat/app-1 file", "cat/app-2-1 file"}},
	} {
		put(t, dir, IndexName, tt.index)
		got, problems := list(t, Options{PkgDir: dir, TrustIndex: tt.trust, MultiInstance: true})
		if d := cmp.Diff(tt.want, got); d != "" {
			t.Errorf("%s: %s", tt.name, d)
		}
		if wantProblem := strings.Contains(tt.name, "but"); wantProblem != (len(problems) > 0) {
			t.Errorf("%s: problems %v", tt.name, problems)
		}
	}
}

func TestHostileIndexPaths(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, IndexName, indexText(
		record("a/b-1", "PATH: ../../etc/passwd"), record("a/b-2", "PATH: /etc/passwd"), record("a/b-3", "PATH: a/../../b-3.tbz2"), record("a/b-4")))
	if problems := check(t, Options{PkgDir: dir, TrustIndex: true}, "a/b-4 "); len(problems) != 3 {
		t.Error(problems)
	}
}

func TestBinhosts(t *testing.T) {
	local, one, two := t.TempDir(), t.TempDir(), t.TempDir()
	same := "BUILD_TIME: 5\nSIZE: 10\nMTIME: 20\nDESC: same"
	put(t, local, IndexName, indexText(record("a/b-1", same), record("a/c-1", "DESC: local"), record("a/d-1", "BUILD_TIME: 9\nDESC: newer")))
	put(t, one, IndexName, indexText(record("a/b-1", same), record("a/c-1", "MTIME: 2"), record("a/d-1", "BUILD_TIME: 3")))
	put(t, two, IndexName+".gz", compress(t, Gzip, indexText(record("a/c-1", "MTIME: 3"), record("a/e-1"))))
	o := Options{PkgDir: local, TrustIndex: true, MultiInstance: true, Hosts: []Host{
		{Name: "one", URI: "file://" + one}, {Name: "two", URI: two},
		{Name: "web", URI: "https://example.invalid/packages"}, {Name: "gone", URI: two + "/nothing"},
	}}
	problems := check(t, o, "a/b-1 same", "a/c-1 local", "a/c-1@two ", "a/c-1@one ", "a/d-1@one ", "a/d-1 newer", "a/e-1@two ")
	if len(problems) != 2 || !strings.Contains(problems[0].String()+problems[1].String(), "its index has to be fetched first") {
		t.Error(problems)
	}
	o.MultiInstance = false
	check(t, o, "a/b-1 same", "a/c-1 local", "a/d-1 newer", "a/e-1@two ")
	o.PkgDir = ""
	check(t, o, "a/b-1@one same", "a/c-1@one ", "a/d-1@one ", "a/e-1@two ")
}

func TestLocalPath(t *testing.T) {
	for uri, want := range map[string]string{
		"/a/b/": "/a/b", "file:///a/b": "/a/b", "file://localhost/a%20b": "/a b",
		"file://host/a": "", "file:a": "", "a/b": "", "ftp://h/a": "", "http://[": "",
	} {
		got, err := LocalPath(uri)
		if got != want || (err != nil) != (want == "") {
			t.Errorf("%s: %q, %v; want %q", uri, got, err, want)
		}
	}
}

// Asking from many goroutines gives each the same packages.
func TestConcurrentUse(t *testing.T) {
	dir := t.TempDir()
	for i := range 20 {
		put(t, dir, fmt.Sprintf("cat/app/app-%d-1.xpak", i), makeXPAK(nil, described(fmt.Sprintf("app-%d", i), "x")))
	}
	s, err := Open(context.Background(), Options{PkgDir: dir, MultiInstance: true})
	if err != nil {
		t.Fatal(err)
	}
	cp := atom.CP{Category: "cat", Package: "app"}
	first, _ := s.Packages(context.Background(), cp)
	if len(first) != 20 || s.Len() != 20 || len(s.Names()) != 1 {
		t.Fatalf("%d packages, %v", len(first), s.Names())
	}
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			if again, _ := s.Packages(context.Background(), cp); !slices.Equal(again, first) {
				t.Error("other packages than before")
			}
		})
	}
	wait.Wait()
}

func TestOpenEnds(t *testing.T) {
	if s, err := Open(context.Background(), Options{PkgDir: filepath.Join(t.TempDir(), "none")}); err != nil || s.Len() != 0 {
		t.Errorf("a missing PKGDIR: %v", err)
	}
	file := filepath.Join(t.TempDir(), "file")
	put(t, filepath.Dir(file), "file", nil)
	if _, err := Open(context.Background(), Options{PkgDir: file}); err == nil {
		t.Error("a file was accepted as PKGDIR")
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Open(ctx, Options{PkgDir: t.TempDir()}); err != context.Canceled {
		t.Errorf("a cancelled context: %v", err)
	}
}

func TestSurveyDir(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, "cat/same-1.tbz2", []byte("12345"))
	put(t, dir, "cat/size-1.tbz2", []byte("12345"))
	put(t, dir, "cat/time/time-1-1.xpak", []byte("12345"))
	put(t, dir, "cat/other/other-1-1.xpak", []byte("12345"))
	put(t, dir, "cat/new-1.tbz2", []byte("12345"))
	put(t, dir, "cat/noversion.tbz2", nil)
	put(t, dir, IndexName, indexText(
		record("cat/same-1", "SIZE: 5\nMTIME: 1600000000"), record("cat/size-1", "SIZE: 6\nMTIME: 1600000000"),
		record("cat/time-1", "SIZE: 5\n_mtime_: 7\nPATH: cat/time/time-1-1.xpak"),
		record("cat/different-1", "SIZE: 5\nMTIME: 1600000000\nPATH: cat/other/other-1-1.xpak"), record("cat/gone-1")))
	s, err := SurveyDir(context.Background(), dir)
	if err != nil {
		t.Fatal(err)
	}
	want := []Difference{
		{"cat/gone-1.tbz2", Missing}, {"cat/new-1.tbz2", NotIndexed}, {"cat/other/other-1-1.xpak", Changed},
		{"cat/size-1.tbz2", Changed}, {"cat/time/time-1-1.xpak", Changed},
	}
	if d := cmp.Diff(want, s.Differences); d != "" {
		t.Error(d)
	}
	if s.Files != 5 || len(s.Index.Packages) != 5 || len(s.Problems) != 1 {
		t.Errorf("%d files, %d packages, %v", s.Files, len(s.Index.Packages), s.Problems)
	}
	if s, err := SurveyDir(context.Background(), t.TempDir()); err != nil || s.Index != nil || s.Files != 0 || s.Differences != nil {
		t.Errorf("an empty directory: %+v, %v", s, err)
	}
}

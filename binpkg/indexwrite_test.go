//go:build unix

package binpkg

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/gzip"
)

func readIndexText(t *testing.T, dir string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, IndexName))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func updateIndex(t *testing.T, dir string, o IndexOptions) *IndexUpdate {
	t.Helper()
	u, err := UpdateIndex(context.Background(), dir, o)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func TestUpdateIndex(t *testing.T) {
	dir := t.TempDir()
	o := IndexOptions{Header: map[string]string{"CHOST": "c-h", "ARCH": "amd64"}, Compress: true, Time: time.Unix(1700000001, 999)}
	built := func(extra ...Value) []Value {
		return vars(append([]Value{{"CHOST", []byte("c-h\n")}, {"RDEPEND", []byte("b? ( cat/lib[x?,y=] ) !b? ( cat/no )")}, {"x.unknown", nil}}, extra...)...)
	}
	put(t, dir, "cat/app/app-1-2.gpkg.tar", sealed(t, Zstd, built(Value{"BUILD_ID", []byte("2")}, Value{"SLOT", []byte("0\n")})))
	put(t, dir, "cat/app-1.tbz2", makeXPAK(makeTar(t, tarFile{name: "./f", data: []byte("x")}), built(Value{"CHOST", []byte("other")}, Value{"USE", []byte("zz b unknown")}, Value{"IUSE_EFFECTIVE", []byte("a b zz")})))
	put(t, dir, "cat/app/app-1-10.xpak", []byte("junk"))
	put(t, dir, "cat/other-1.tbz2", makeXPAK(makeTar(t, tarFile{name: "./f"}), built()))
	u := updateIndex(t, dir, o)
	if u.Packages != 2 || !u.Written || len(u.Problems) != 2 {
		t.Errorf("%+v", u)
	}
	if d := cmp.Diff([]string{"cat/app-1.tbz2", "cat/app/app-1-2.gpkg.tar"}, u.Added); d != "" {
		t.Error(d)
	}
	sum := func(path string) (string, string) {
		v, err := OpenVerified(context.Background(), filepath.Join(dir, path), VerifyOptions{})
		if err != nil {
			t.Fatal(err)
		}
		defer v.Close()
		return v.MD5, v.SHA1
	}
	md5a, sha1a := sum("cat/app-1.tbz2")
	md5b, sha1b := sum("cat/app/app-1-2.gpkg.tar")
	size := func(path string) int64 {
		st, err := os.Stat(filepath.Join(dir, path))
		if err != nil {
			t.Fatal(err)
		}
		return st.Size()
	}
	want := fmt.Sprintf(`ARCH: amd64
CHOST: c-h
PACKAGES: 2
TIMESTAMP: 1700000001
VERSION: 0

BUILD_TIME: 1700000000
CHOST: other
CPV: cat/app-1
EAPI: 8
IUSE: +a b
KEYWORDS: amd64
MD5: %s
PATH: cat/app-1.tbz2
RDEPEND: cat/lib[-x,-y]
SHA1: %s
SIZE: %d
SLOT: 2/3
USE: b zz
MTIME: 1600000000
REPO: test

BUILD_ID: 2
BUILD_TIME: 1700000000
CPV: cat/app-1
EAPI: 8
IUSE: +a b
KEYWORDS: amd64
MD5: %s
PATH: cat/app/app-1-2.gpkg.tar
RDEPEND: cat/lib[-x,-y]
SHA1: %s
SIZE: %d
USE: b
MTIME: 1600000000
REPO: test

`, md5a, sha1a, size("cat/app-1.tbz2"), md5b, sha1b, size("cat/app/app-1-2.gpkg.tar"))
	// An absent flag x in [x?] means: no demand.
	want = strings.ReplaceAll(want, "cat/lib[-x,-y]", "cat/lib[-y]")
	text := readIndexText(t, dir)
	if d := cmp.Diff(want, text); d != "" {
		t.Error(d)
	}
	checkZipped(t, dir, text)
	o.Time = o.Time.Add(time.Hour)
	if u := updateIndex(t, dir, o); u.Written || readIndexText(t, dir) != text {
		t.Errorf("an index that was up to date was written: %+v", u)
	}
	incremental(t, dir, o)
}

// incremental goes on with the directory of TestUpdateIndex.
func incremental(t *testing.T, dir string, o IndexOptions) {
	ghost := strings.Replace(readIndexText(t, dir), "PACKAGES: 2", "PACKAGES: 3", 1) + record("cat/ghost-1", "PATH: cat/ghost-1.tbz2")
	put(t, dir, IndexName, []byte(ghost))
	put(t, dir, "cat/new-1.tbz2", makeXPAK(makeTar(t, tarFile{name: "./f"}), vars(Value{"PF", []byte("new-1")})))
	o.Only = []string{"cat/new-1.tbz2"}
	u := updateIndex(t, dir, o)
	if !slices.Equal(u.Added, o.Only) || u.Packages != 4 || !strings.Contains(readIndexText(t, dir), "CPV: cat/ghost-1") {
		t.Errorf("only one: %+v", u)
	}
	if err := os.Remove(filepath.Join(dir, "cat/new-1.tbz2")); err != nil {
		t.Fatal(err)
	}
	if u = updateIndex(t, dir, o); !slices.Equal(u.Removed, o.Only) || u.Packages != 3 {
		t.Errorf("one removed: %+v", u)
	}
	o.Only, o.Compress = nil, false
	if u = updateIndex(t, dir, o); !slices.Equal(u.Removed, []string{"cat/ghost-1.tbz2"}) || u.Packages != 2 {
		t.Errorf("all: %+v", u)
	}
	if _, err := os.Stat(filepath.Join(dir, IndexName+".gz")); err == nil {
		t.Error("an outdated Packages.gz is left")
	}
	// An index that was cut is made anew; so is one that lies when all is read again.
	put(t, dir, IndexName, []byte(readIndexText(t, dir)[:300]))
	o.Only = []string{"cat/app-1.tbz2"} // that is not enough then
	if u = updateIndex(t, dir, o); u.Packages != 2 || !u.Written || len(u.Problems) != 2 {
		t.Errorf("cut: %+v", u)
	}
	o.Only = nil
	put(t, dir, IndexName, []byte(strings.Replace(readIndexText(t, dir), "USE: b zz", "USE: a", 1)))
	if u = updateIndex(t, dir, o); u.Written {
		t.Errorf("nothing to see: %+v", u)
	}
	o.Reread = true
	if u = updateIndex(t, dir, o); !slices.Equal(u.Changed, []string{"cat/app-1.tbz2"}) {
		t.Errorf("reread: %+v", u)
	}
	for _, bad := range []string{"../x.tbz2", "cat/app/x/y-1.tbz2"} {
		o.Only = []string{bad}
		put(t, dir, bad, []byte("x"))
		if _, err := UpdateIndex(context.Background(), dir, o); err == nil {
			t.Errorf("%s was taken", bad)
		}
	}
}

// checkZipped: both files have one text and one time of modification.
func checkZipped(t *testing.T, dir, text string) {
	t.Helper()
	f, err := os.Open(filepath.Join(dir, IndexName+".gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	if data, err := io.ReadAll(z); err != nil || !bytes.Equal(data, []byte(text)) {
		t.Errorf("Packages.gz differs, %v", err)
	}
	a, _ := os.Stat(filepath.Join(dir, IndexName))
	b, _ := f.Stat()
	if !a.ModTime().Equal(b.ModTime()) || a.ModTime().Unix() != 1700000001 {
		t.Errorf("modified %v and %v", a.ModTime(), b.ModTime())
	}
}

func TestUpdateIndexErrors(t *testing.T) {
	if _, err := UpdateIndex(context.Background(), filepath.Join(t.TempDir(), "missing"), IndexOptions{}); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	dir := t.TempDir()
	put(t, dir, "cat/app-1.tbz2", []byte("x"))
	if _, err := UpdateIndex(ctx, dir, IndexOptions{}); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if u := updateIndex(t, t.TempDir(), IndexOptions{}); u.Packages != 0 || !u.Written {
		t.Errorf("an empty directory: %+v", u)
	}
	fifo := t.TempDir()
	if err := syscall.Mkfifo(filepath.Join(fifo, IndexName), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(fifo, "cat"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(filepath.Join(fifo, "cat", "app-1.tbz2"), 0o600); err != nil {
		t.Fatal(err)
	}
	if u := updateIndex(t, fifo, IndexOptions{}); u.Packages != 0 || len(u.Problems) != 1 {
		t.Errorf("FIFOs: %+v", u)
	}
}

// Several writers wait for each other, and nothing is lost.
func TestUpdateIndexConcurrently(t *testing.T) {
	dir := t.TempDir()
	var wg sync.WaitGroup
	const n = 8
	for i := range n {
		path := fmt.Sprintf("cat/p%d-1.tbz2", i)
		put(t, dir, path, makeXPAK(makeTar(t, tarFile{name: "./f"}), vars(Value{"PF", fmt.Appendf(nil, "p%d-1", i)})))
		wg.Add(1)
		go func() {
			defer wg.Done()
			if _, err := UpdateIndex(context.Background(), dir, IndexOptions{Only: []string{path}}); err != nil {
				t.Error(err)
			}
		}()
	}
	wg.Wait()
	if x, err := ReadIndex(filepath.Join(dir, IndexName)); err != nil || len(x.Packages) != n || !x.Whole {
		t.Errorf("%v, %v", x, err)
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 2 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// The index of every shared PKGDIR is made from its files as Portage made it.
func TestSharedIndexes(t *testing.T) {
	dir := shared(t, "binpkgs")
	paths, err := filepath.Glob(filepath.Join(dir, "*", IndexName))
	if err != nil || len(paths) < 8 {
		t.Fatalf("%v, %v", paths, err)
	}
	for _, path := range paths {
		want, err := ReadIndex(path)
		if err != nil {
			t.Fatal(err)
		}
		copyTo := t.TempDir()
		if err := os.CopyFS(copyTo, os.DirFS(filepath.Dir(path))); err != nil {
			t.Fatal(err)
		}
		os.Remove(filepath.Join(copyTo, IndexName))
		for i := range want.Packages {
			vars := want.Vars(&want.Packages[i])
			at := time.Unix(number(vars["MTIME"]), 0)
			file := filepath.Join(copyTo, vars["PATH"])
			os.Chmod(file, 0o644)
			if err := os.Chtimes(file, at, at); err != nil {
				t.Fatal(err)
			}
		}
		u, err := UpdateIndex(context.Background(), copyTo, IndexOptions{Header: want.Header, Time: time.Unix(number(want.Header["TIMESTAMP"]), 0)})
		if err != nil || len(u.Problems) > 0 {
			t.Fatalf("%s: %v, %v", path, u.Problems, err)
		}
		recorded, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(strings.Split(withoutRevisions(string(recorded)), "\n"), strings.Split(readIndexText(t, copyTo), "\n")); d != "" {
			t.Errorf("%s: %s", path, d)
		}
	}
}

// withoutRevisions leaves out REPO_REVISIONS, which Portage writes for the package
// that it has just built and drops when it writes the index the next time.
func withoutRevisions(text string) string {
	lines := slices.DeleteFunc(strings.SplitAfter(text, "\n"), func(l string) bool { return strings.HasPrefix(l, "REPO_REVISIONS: ") })
	return strings.Join(lines, "")
}

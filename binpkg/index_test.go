package binpkg

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseIndex(t *testing.T) {
	text := string(indexText(
		"CPV: a/b-1\nDESC: text: with a colon\nREPO: r\n\n",
		"SLOT: 3\nCPV: a/c-2-r1\nCHOST: other\nno colon here\nPATH: a/c/c-2-r1-4.xpak\n\n\n",
		"SIZE: 1\n\n", "CPV: no category\n\n"))
	x, err := ParseIndex("P", text)
	if err != nil {
		t.Fatal(err)
	}
	var got []any
	for i := range x.Packages {
		got = append(got, x.Packages[i].CPV.String(), x.Packages[i].Line, x.Vars(&x.Packages[i]))
	}
	want := []any{
		"a/b-1", 6, map[string]string{"CPV": "a/b-1", "DESCRIPTION": "text: with a colon", "repository": "r", "SLOT": "0", "CHOST": "x86_64-pc-linux-gnu"},
		"a/c-2-r1", 10, map[string]string{"CPV": "a/c-2-r1", "SLOT": "3", "CHOST": "other", "PATH": "a/c/c-2-r1-4.xpak"},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if len(x.Problems) != 2 || !x.Whole {
		t.Errorf("problems %v, whole %v", x.Problems, x.Whole)
	}
	for i, want := range []string{"line 17: a package without CPV", "line 19: "} {
		if !strings.HasPrefix(x.Problems[i].Error(), want) {
			t.Errorf("%v, want %s…", x.Problems[i], want)
		}
	}
}

func TestIndexWithoutHeader(t *testing.T) {
	x, err := ParseIndex("P", record("a/b-1")+record("a/c-1"))
	if err != nil || len(x.Packages) != 2 || x.Packages[0].Line != 1 {
		t.Errorf("%+v, %v", x, err)
	}
}

// An index that was cut is noticed at any place, and what is there is used.
func TestTruncatedIndex(t *testing.T) {
	text := string(indexText(record("a/b-1"), record("a/c-1"), record("a/d-1")))
	for n := strings.Index(text, "CPV"); n < len(text)-2; n++ {
		x, err := ParseIndex("P", text[:n])
		if err != nil {
			t.Fatal(err)
		}
		if x.Whole || len(x.Problems) == 0 {
			t.Fatalf("the first %d bytes of %d count as whole: %d packages", n, len(text), len(x.Packages))
		}
	}
	whole, err := ParseIndex("P", text)
	if err != nil || !whole.Whole || len(whole.Problems) > 0 {
		t.Errorf("the whole: %+v, %v", whole, err)
	}
}

func TestRefusedIndex(t *testing.T) {
	for name, text := range map[string]string{
		"later version": "PACKAGES: 0\nVERSION: 1\n\n",
		"no number":     "VERSION: x\n\n",
		"HTML":          "<html>\n<body>not found\n",
		"NUL bytes":     "PACKAGES: 1\x00\n\n",
	} {
		if x, err := ParseIndex("P", text); err == nil || !strings.HasPrefix(err.Error(), "P: ") {
			t.Errorf("%s: %+v, %v", name, x, err)
		}
	}
	if x, err := ParseIndex("P", ""); err != nil || len(x.Packages) > 0 {
		t.Errorf("an empty index: %+v, %v", x, err)
	}
}

// Of a compressed index that was cut, the packages before the cut are used.
func TestTruncatedGzip(t *testing.T) {
	var text []byte
	for i := range 2000 {
		text = append(text, record("a/b-"+string(rune('1'+i%9)), "MD5: "+strings.Repeat(string(rune('a'+i%26)), i%97))...)
	}
	packed := compress(t, Gzip, indexText(string(text)))
	path := filepath.Join(t.TempDir(), "Packages.gz")
	if err := os.WriteFile(path, packed[:len(packed)/2], 0o644); err != nil {
		t.Fatal(err)
	}
	x, err := ReadIndex(path)
	if err != nil || x.Whole || len(x.Packages) == 0 || len(x.Problems) == 0 {
		t.Errorf("%d packages, whole %v, problems %v, %v", len(x.Packages), x.Whole, x.Problems, err)
	}
	if err := os.WriteFile(path, packed[:5], 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadIndex(path); err == nil {
		t.Error("five bytes of a compressed index were accepted")
	}
}

func FuzzParseIndex(f *testing.F) {
	f.Add(string(indexText(record("a/b-1", "SLOT: 1/2", "USE: x y"), record("a/c-1"))))
	f.Add("\n\n\nCPV: a/b-1\n\n\n")
	f.Add("VERSION: 9\n")
	f.Fuzz(func(t *testing.T, text string) {
		x, err := ParseIndex("P", text)
		if err != nil {
			return
		}
		for i := range x.Packages {
			e := &x.Packages[i]
			p, err := indexed{index: x, entry: e, base: "/b"}.load(e.CPV)
			if err == nil && !strings.HasPrefix(filepath.Clean(p.File), "/b/") {
				t.Errorf("%s leads out of the directory", p.File)
			}
		}
	})
}

// FuzzIndex: no text makes parsing panic, and every package has a name and a line.
func FuzzIndex(f *testing.F) {
	f.Add(string(indexText(record("cat/app-1", "PATH: cat/app-1.tbz2", "SIZE: 5"))))
	f.Add("CPV: cat/app-1\n\nCPV: x\n\n\n\nVERSION: 7")
	f.Fuzz(func(t *testing.T, text string) {
		x, err := ParseIndex("p", text)
		if err != nil {
			return
		}
		lines := strings.Count(text, "\n") + 1
		for i := range x.Packages {
			e := &x.Packages[i]
			if e.CPV.Version.IsZero() || e.Line < 1 || e.Line > lines {
				t.Errorf("%v at line %d of %d", e.CPV, e.Line, lines)
			}
			x.Vars(e)
			e.digests()
		}
		x.byPath()
	})
}

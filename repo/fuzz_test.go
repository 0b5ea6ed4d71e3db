package repo

import (
	"strings"
	"testing"

	"github.com/portsolve/portsolve/atom"
)

// FuzzReposConf: any text parses or gives an error with its line, and expansion ends.
func FuzzReposConf(f *testing.F) {
	f.Add("[DEFAULT]\nmain-repo = a\n[a]\nlocation = %(x)s/%%\nx: y\n  z\n")
	f.Add("[a]\na=%(b)s%(b)s%(b)s\nb=%(c)s%(c)s\nc=%(a)s\n")
	f.Add("; c\n[ ]\n=x\n[\n]\n")
	f.Fuzz(func(t *testing.T, text string) {
		c := newReposConf(map[string]string{"HOME": "/root"})
		if err := c.parse("repos.conf", text); err != nil {
			fe, ok := err.(*FileError)
			if !ok || fe.Line < 1 || fe.Line > 1+strings.Count(text, "\n") {
				t.Fatalf("error %v has no line of the text", err)
			}
			return
		}
		for _, name := range c.order {
			if err := c.expandAll(c.merged(name)); err != nil {
				if fe, ok := err.(*FileError); !ok || fe.Line < 1 {
					t.Fatalf("error %v has no line", err)
				}
			}
		}
	})
}

// FuzzCacheEntry: any text is an entry or an error, and the package made of it can
// be validated.
func FuzzCacheEntry(f *testing.F) {
	f.Add("DEPEND=a/b\nEAPI=8\nSLOT=0\n_md5_=00\n_eclasses_=a\tb\tc\n")
	f.Add("\n\n0\n\n\n\n\n\n\n\n\n\n\n\n8\n")
	f.Add("=\n")
	cpv, err := atom.ParseCPV("app-misc/foo-1")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, format := range cacheFormats {
			e, err := format.parse(text)
			if err != nil {
				if fe, ok := err.(*FileError); !ok || fe.Line < 1 {
					t.Fatalf("error %v has no line", err)
				}
				continue
			}
			p := e.pkg(cpv)
			if p.EAPI != nil && p.Invalid == nil && p.Slot == "" {
				t.Fatalf("%s: valid, but without slot", format.name)
			}
			_ = p.Validate()
		}
	})
}

// FuzzMoves: a line of profiles/updates is a move or an error; rewriting any text
// by a move twice changes nothing the second time unless the move is a cycle.
func FuzzMoves(f *testing.F) {
	f.Add("move a-a/b c-c/d", "|| ( >=a-a/b-1:0/1= !a-a/b[x?] )")
	f.Add("slotmove =a-a/b-1* 0 1", "~a-a/b-1.2:0 a-a/b-1")
	f.Add("move a/b a/b-c", "a/b a/b-c a/b-c-1")
	f.Fuzz(func(t *testing.T, line, text string) {
		fields := strings.Fields(line)
		if len(fields) == 0 {
			return
		}
		m, err := parseMove(fields)
		if err != nil {
			return
		}
		table := newMoveTable([]Move{m})
		once, changed := table.rewrite(text)
		if !changed && once != text {
			t.Fatalf("text changed, which was denied: %q", once)
		}
		if twice, again := table.rewrite(once); again && m.From != m.To && m.Slot == nil {
			t.Fatalf("%q -> %q -> %q", text, once, twice)
		}
	})
}

// FuzzEbuildEAPI: the EAPI of any text is one word.
func FuzzEbuildEAPI(f *testing.F) {
	f.Add("# c\n\nEAPI=\"8\" # x\n")
	f.Add("EAPI='\n")
	f.Fuzz(func(t *testing.T, text string) {
		if e := ebuildEAPI(text); e == "" || strings.ContainsAny(e, " \t\n") {
			t.Fatalf("EAPI %q", e)
		}
	})
}

func TestEbuildEAPI(t *testing.T) {
	for text, want := range map[string]string{
		"":                            "0",
		"EAPI=7\n":                    "7",
		"# c\n\n  EAPI=\"8\"   # c\n": "8",
		"EAPI='5-x'\r\n":              "5-x",
		"inherit a\nEAPI=7\n":         "0",
		"EAPI=\n":                     "0",
		"EAPI=\"\"\n":                 "0",
		"\t# only a comment\n":        "0",
		"EAPI=9":                      "9",
	} {
		if got := ebuildEAPI(text); got != want {
			t.Errorf("%q: EAPI %q, want %q", text, got, want)
		}
	}
}

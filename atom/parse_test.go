package atom

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/portsolve/portsolve/atom/eapi"
)

func row(t testing.TB, name string) *eapi.EAPI {
	t.Helper()
	e, ok := eapi.Lookup(name)
	if !ok {
		t.Fatalf("no EAPI %s", name)
	}
	return e
}

// Every form with the first EAPI that allows it: it must parse there and in
// all later ones, must be refused in all earlier ones, and must round-trip.
func TestParseByEAPI(t *testing.T) {
	names := []string{"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"}
	for s, first := range map[string]int{
		"a/b":                       0,
		"dev-libs/icu++":            0,
		"_x/_y":                     0,
		"a.b+c_d/e+f_g-h":           0,
		"!a/b":                      0,
		"<a/b-1":                    0,
		"<=a/b-1.2":                 0,
		"=a/b-1.2-r3":               0,
		"=a/b-1.2*":                 0,
		"=a/b-1.2-r3*":              0,
		"~a/b-1_rc1":                0,
		">=a/b-1a":                  0,
		">a/b-c-1":                  0,
		"!<a/b-1":                   0,
		"a/b:0":                     1,
		"a/b:2.1+x_y-z":             1,
		">=a/b-1:_s":                1,
		"!!a/b":                     2,
		"a/b[c]":                    2,
		"a/b[-c,d=,!e=,f?,!g?]":     2,
		"a/b:1[c,c]":                2,
		"a/b[l10n_sr@latin,x_y+z]":  2,
		"a/b[c(+)]":                 4,
		"a/b[-c(-),d(+)=,!e(-)?]":   4,
		"a/b:=":                     5,
		"a/b:*":                     5,
		"a/b:3=":                    5,
		"a/b:3/4":                   5,
		"!!>=a/b-1:3/4.5[c,!d(+)?]": 5,
	} {
		for i, n := range names {
			a, err := Parse(s, row(t, n))
			if i < first {
				if err == nil {
					t.Errorf("%s must be refused in EAPI %s", s, n)
				} else if !strings.Contains(err.Error(), "EAPI "+n) {
					t.Errorf("%s: error does not name EAPI %s: %v", s, n, err)
				}
				continue
			}
			if err != nil {
				t.Errorf("EAPI %s: %v", n, err)
			} else if a.String() != s {
				t.Errorf("%s became %s", s, a)
			}
		}
	}
}

func TestParseFields(t *testing.T) {
	a, err := Parse("!!>=dev-qt/qt-core-5.15-r1:5/15[-a(+),b?]", nil)
	if err != nil {
		t.Fatal(err)
	}
	want := &Atom{
		CP: CP{"dev-qt", "qt-core"}, Blocker: Strong, Op: OpGreaterEq, Version: Version{"5.15-r1"},
		Slot: "5", SubSlot: "15",
		Use: []UseDep{{UseDisabled, "a", '+'}, {UseIfEnabled, "b", 0}},
	}
	if !a.Equal(want) {
		t.Errorf("got %#v", a)
	}
}

// The token and its offset are part of the contract: editors underline it.
func TestParseErrors(t *testing.T) {
	for _, c := range []struct {
		text   string
		token  string
		offset int
		rule   string // a part of it
	}{
		{"", "", 0, "category"},
		{"b", "b", 0, "slash"},
		{"/b", "", 0, "category must not be empty"},
		{"a/", "", 2, "package name must not be empty"},
		{"-a/b", "-a", 0, "must not begin"},
		{"a/-b", "-b", 2, "must not begin"},
		{"a/b.c", ".", 3, "may only hold"},
		{"a/b/c", "/", 3, "may only hold"},
		{"a/bä", "ä", 3, "may only hold"},
		{"a/b-1", "1", 4, "must not end"},
		{">=foo/bar", "bar", 6, "operator needs"},
		{">=a/b-1-2", "1", 6, "must not end"},
		{"=b-1", "b-1", 1, "slash"},
		{">=a/b-1*", "*", 7, "asterisk"},
		{"a/b*", "*", 3, "may only hold"},
		{"*/b", "*", 0, "may only hold"},
		{"=a/b-*9999*", "*", 5, "asterisk"},
		{"==a/b-1", "=", 1, "may only hold"},
		{"!!!a/b", "!", 2, "may only hold"},
		{"a/b:", "", 4, "must follow the colon"},
		{"a/b:-1", "-1", 4, "must not begin"},
		{"a/b:1/", "", 6, "must not be empty"},
		{"a/b:/1", "", 4, "must not be empty"},
		{"a/b:1/2=", "/2", 5, "must not have a sub-slot"},
		{"a/b:1*", "*", 5, "may only hold"},
		{"a/b:1:2", ":", 5, "may only hold"},
		{"a/b::gentoo", "::gentoo", 3, "must not name a repository"},
		{"a/b[", "[", 3, "closing bracket"},
		{"a/b[]", "", 4, "USE flag"},
		{"a/b[c,]", "", 6, "USE flag"},
		{"a/b[c]d", "d", 6, "nothing may follow"},
		{"a/b[c]:0", ":0", 6, "nothing may follow"},
		{"a/b[!c]", "!c", 4, "forms"},
		{"a/b[-c?]", "-c?", 4, "forms"},
		{"a/b[-c=]", "-c=", 4, "forms"},
		{"a/b[c,+d]", "+d", 6, "USE flag"},
		{"a/b[c(*)]", "c(*)", 4, "USE flag"},
		{"a/b[(+)]", "(+)", 4, "USE flag"},
		{"a/b c", " ", 3, "may only hold"},
		{"a/b\x00", "\x00", 3, "may only hold"},
	} {
		_, err := Parse(c.text, row(t, "8"))
		var se *SyntaxError
		if !errors.As(err, &se) {
			t.Errorf("%q: no *SyntaxError but %v", c.text, err)
			continue
		}
		checkSyntaxError(t, err, c.text)
		if se.Token != c.token || se.Offset != c.offset || !strings.Contains(se.Rule, c.rule) || se.EAPI != "8" {
			t.Errorf("%q: token %q at %d, EAPI %s: %s", c.text, se.Token, se.Offset, se.EAPI, se.Rule)
		}
	}
}

// checkSyntaxError states what holds for every error of the package.
func checkSyntaxError(t testing.TB, err error, text string) {
	t.Helper()
	var se *SyntaxError
	if !errors.As(err, &se) {
		t.Fatalf("not a *SyntaxError: %v", err)
	}
	if se.Text != text || se.Rule == "" || se.Section == "" {
		t.Fatalf("incomplete: %#v", se)
	}
	if se.Offset < 0 || se.Offset > len(text) || !strings.HasPrefix(text[se.Offset:], se.Token) && utf8.ValidString(text) {
		t.Fatalf("%q: token %q is not at %d", text, se.Token, se.Offset)
	}
	if msg := err.Error(); strings.Contains(msg, "\n") || len(msg) > 1200 {
		t.Fatalf("bad message %q", msg)
	}
}

func TestErrorReads(t *testing.T) {
	for text, want := range map[string]string{
		">=foo/bar":   `invalid atom ">=foo/bar": token "bar" at column 7: an operator needs a version: after the name a hyphen and, for example, 1.2-r1 (EAPI 7, PMS 8.3.1)`,
		"foo/bar-1":   `invalid atom "foo/bar-1": token "1" at column 9: a package name must not end in a hyphen and a version; to name a version put an operator such as = before the atom (EAPI 7, PMS 3.1.2, 8.3.1)`,
		"foo/bar:":    `invalid atom "foo/bar:": at column 9: a slot or a slot operator must follow the colon (EAPI 7, PMS 8.3.3)`,
		"foo":         `invalid atom "foo": a category and a slash must come before the package name (EAPI 7, PMS 8.3)`,
		"a/b[-c(+)?]": `invalid atom "a/b[-c(+)?]": token "-c(+)?" at column 5: the forms are [flag] [-flag] [flag=] [!flag=] [flag?] [!flag?] (EAPI 7, PMS 8.3.4)`,
	} {
		_, err := Parse(text, row(t, "7"))
		if err == nil || err.Error() != want {
			t.Errorf("got  %v\nwant %s", err, want)
		}
	}
	_, err := Parse(strings.Repeat("x", 1000)+"/!", nil)
	if err == nil || len(err.Error()) > 400 {
		t.Errorf("a long text must be shortened: %v", err)
	}
}

func TestParseBuilt(t *testing.T) {
	for _, s := range []string{"a/b:1/2=", "a/b:1/2=[c(+)]", "a/b:1=", "a/b:=", "a/b::gentoo", ">=a/b-1:0/0="} {
		a, err := ParseBuilt(s, row(t, "4"))
		if err != nil {
			t.Error(err)
		} else if a.String() != s {
			t.Errorf("%s became %s", s, a)
		}
	}
	a, err := ParseBuilt("a/b:1/2=", nil)
	if err != nil || !a.Built() || a.Unbound().String() != "a/b:1=" || a.WithoutSlotOp().String() != "a/b:1/2" {
		t.Errorf("bound form: %v %v", a, err)
	}
	if _, err := ParseBuilt("*/b", nil); err == nil {
		t.Error("patterns are for configuration files only")
	}
}

func TestParseWildcard(t *testing.T) {
	for _, s := range []string{"*/*", "a/*", "*/b", "a/b*", "*b*/c", "*/*::repo", "*/*:0", "a/b:*", "a/*:1/2", "*/*[c]",
		"=*/*-*9999*", "=a/b-*9999*", "=a/b*-1.2*", ">=a/b-1::x", "=a/b-1-2", "=a/b-1-r1-3", "!!a/b", "a/b:1/2="} {
		a, err := ParseWildcard(s)
		if err != nil {
			t.Error(err)
			continue
		}
		wild := strings.Contains(strings.TrimRight(strings.TrimSuffix(s, ":*"), "*"), "*") || strings.HasSuffix(s, "/*") || s == "a/b*"
		if a.String() != s || a.Wild != wild {
			t.Errorf("%s became %s, wild %v", s, a, a.Wild)
		}
	}
	for _, s := range []string{"", "*", "**/b", "a/b**", "=a/b-*", "=a/b-**", "=a/b-1-2-3", "=a/b-1-0", "=a/b-1-99999999999999999999", "a/b::*", "a/b:1*", "*/*-1"} {
		if a, err := ParseWildcard(s); err == nil {
			t.Errorf("%q: got %v, want an error", s, a)
		} else if strings.Contains(err.Error(), "EAPI") {
			t.Errorf("%q: a configuration file has no EAPI: %v", s, err)
		}
	}
	if a, _ := ParseWildcard("=a/b-1.2-r1-3"); a.BuildID != 3 || a.Version.String() != "1.2-r1" || a.Package != "b" {
		t.Errorf("build-id: %#v", a)
	}
}

func TestParseNameless(t *testing.T) {
	for _, s := range []string{"b", ">=b-1.2", "b:2", "b[c]", "~b-c-1:0::x[d]", "b::x", "=b-1*"} {
		a, err := ParseNameless(s)
		if err != nil {
			t.Error(err)
			continue
		}
		if a.String() != s || a.Category != "" {
			t.Errorf("%s became %s", s, a)
		}
		if full := a.WithCP(CP{"a", a.Package}).String(); full != strings.Replace(s, "b", "a/b", 1) {
			t.Errorf("%s with category is %s", s, full)
		}
	}
	for _, s := range []string{"", "a/b", ">=a/b-1", "b-1", ">=b", "*", "@world"} {
		if a, err := ParseNameless(s); err == nil {
			t.Errorf("%q: got %v, want an error", s, a)
		}
	}
}

func TestNames(t *testing.T) {
	for s, want := range map[string][3]string{
		"a/b-1":             {"a", "b", "1"},
		"a/b-c-1.2-r3":      {"a", "b-c", "1.2-r3"},
		"a/b-r1-1":          {"a", "b-r1", "1"},
		"a/b-1x2-3":         {"a", "b-1x2", "3"},
		"media-fonts/100-1": {"media-fonts", "100", "1"},
	} {
		c, err := ParseCPV(s)
		if err != nil {
			t.Error(err)
			continue
		}
		if c.Category != want[0] || c.Package != want[1] || c.Version.String() != want[2] || c.String() != s || c.Category+"/"+c.PF() != s {
			t.Errorf("%s: %#v", s, c)
		}
		if d, err := MakeCPV(c.Category, c.PF()); err != nil || d != c {
			t.Errorf("MakeCPV: %v %v", d, err)
		}
	}
	for _, s := range []string{"", "a", "a/b", "a-1", "/b-1", "a/-1", "a/b-1-1", "a/b-1-r1-r2", "a/b-r1", "a/b-1 ", ".a/b-1", "a/b.c-1"} {
		if c, err := ParseCPV(s); err == nil {
			t.Errorf("%q: got %v, want an error", s, c)
		} else {
			checkSyntaxError(t, err, s)
		}
	}
	for _, s := range []string{"", "a", "a/b-1", "a/b c", "a//b", "+a/b"} {
		if c, err := ParseCP(s); err == nil {
			t.Errorf("%q: got %v, want an error", s, c)
		}
	}
	for s, want := range map[string]bool{"gentoo": true, "x-1-y": true, "x-1": false, "-x": false, "": false, "a.b": false} {
		if ValidRepo(s) != want {
			t.Errorf("repository name %q", s)
		}
	}
}

func TestCompareNames(t *testing.T) {
	chain := []string{"a/b-1", "a/b-2", "a/b-10", "a/bb-1", "a-a/b-1", "b/a-1"}
	for i, s := range chain {
		for j, u := range chain {
			c, _ := ParseCPV(s)
			d, _ := ParseCPV(u)
			if got := c.Compare(d); got != compareLen(i, j) {
				t.Errorf("%s against %s: %d", c, d, got)
			}
		}
	}
}

func drawAtom(t *rapid.T) *Atom {
	a := &Atom{
		CP:      CP{rapid.StringMatching(`[A-Za-z0-9_][A-Za-z0-9+_.-]{0,5}`).Draw(t, "category"), rapid.StringMatching(`[A-Za-z0-9_][A-Za-z+_]{0,4}(-[a-z+]{1,3})?`).Draw(t, "package")},
		Blocker: Blocker(rapid.IntRange(0, 2).Draw(t, "blocker")),
		Op:      Op(rapid.IntRange(0, int(OpGreater)).Draw(t, "operator")),
		SlotOp:  SlotOp(rapid.IntRange(0, 2).Draw(t, "slot operator")),
	}
	if a.Op != OpNone {
		a.Version = drawVersion(t, "version")
	}
	slot := rapid.StringMatching(`[A-Za-z0-9_][A-Za-z0-9+_.-]{0,4}`)
	if a.SlotOp != SlotOpAny && rapid.Bool().Draw(t, "slot") {
		a.Slot = slot.Draw(t, "slot name")
		if a.SlotOp == SlotOpNone && rapid.Bool().Draw(t, "sub-slot") {
			a.SubSlot = slot.Draw(t, "sub-slot name")
		}
	}
	for range rapid.IntRange(0, 3).Draw(t, "use") {
		a.Use = append(a.Use, UseDep{
			UseDepKind(rapid.IntRange(0, 5).Draw(t, "kind")),
			rapid.StringMatching(`[A-Za-z0-9][A-Za-z0-9+_@-]{0,4}`).Draw(t, "flag"),
			rapid.SampledFrom([]byte{0, '+', '-'}).Draw(t, "default"),
		})
	}
	return a
}

func TestAtomRoundTrips(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := drawAtom(t)
		for name, parse := range map[string]func(string) (*Atom, error){
			"Parse":         func(s string) (*Atom, error) { return Parse(s, nil) },
			"ParseBuilt":    func(s string) (*Atom, error) { return ParseBuilt(s, nil) },
			"ParseWildcard": ParseWildcard,
		} {
			b, err := parse(a.String())
			if err != nil {
				t.Fatal(err)
			}
			if !a.Equal(b) {
				t.Fatalf("%s(%s) gave %#v, not %#v", name, a, b, a)
			}
		}
	})
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"a/b", "!!>=a/b-1.2-r1:2/3=::repo[a,-b,c?,!d=]", "=a/b-1*", "*/*", "=*/*-*9999*", "=a/b-1-2", "a/b[c(+)]", "b:0", "::", "[", "a/b:="} {
		f.Add(s, byte(7))
	}
	f.Fuzz(func(t *testing.T, s string, n byte) {
		e := row(t, string(rune('0'+n%10)))
		for name, parse := range map[string]func(string) (*Atom, error){
			"Parse":         func(s string) (*Atom, error) { return Parse(s, e) },
			"ParseBuilt":    func(s string) (*Atom, error) { return ParseBuilt(s, e) },
			"ParseWildcard": ParseWildcard,
			"ParseNameless": ParseNameless,
		} {
			a, err := parse(s)
			if err != nil {
				checkSyntaxError(t, err, s)
				continue
			}
			b, err := parse(a.String())
			if err != nil || !a.Equal(b) {
				t.Fatalf("%s(%q): %s does not round-trip: %v", name, s, a, err)
			}
			a.MatchVersion(CPV{CP{"a", "b"}, Version{"1.2"}})
			a.EvaluateUse(func(string) bool { return true })
		}
	})
}

func FuzzParseCPV(f *testing.F) {
	f.Add("a/b-1.2-r3")
	f.Add("a/b-1-r1-r2")
	f.Fuzz(func(t *testing.T, s string) {
		c, err := ParseCPV(s)
		if err != nil {
			checkSyntaxError(t, err, s)
			return
		}
		if c.String() != s {
			t.Fatalf("%q became %q", s, c)
		}
		if _, err := ParseCP(c.CP.String()); err != nil {
			t.Fatal(err)
		}
	})
}

func BenchmarkParse(b *testing.B) {
	e := row(b, "7")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Parse(">=dev-qt/qtwidgets-5.15.2:5=[ssl?,-gles2-only]", e); err != nil {
			b.Fatal(err)
		}
	}
}

package metadata

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/atom/depend"
	"github.com/portsolve/portsolve/atom/eapi"
)

func cpv(t testing.TB, s string) atom.CPV {
	t.Helper()
	c, err := atom.ParseCPV(s)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// both makes the package from a map and from text; the two must agree.
func both(t *testing.T, origin Origin, text string) []*Package {
	vars := map[string]string{}
	for line := range strings.Lines(text) {
		name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "=")
		vars[name] = value
	}
	return []*Package{FromVars(cpv(t, "a/b-1"), origin, vars), FromText(cpv(t, "a/b-1"), origin, text)}
}

func TestFromVars(t *testing.T) {
	for _, p := range both(t, Ebuild, "DEFINED_PHASES=-\nDEPEND=x/y\nDESCRIPTION=with = in it\nEAPI=7\nIUSE=a +b -c\nKEYWORDS=amd64 ~x86 -*\nSLOT=2/3\n_md5_=0\n") {
		if p.Invalid != nil || p.EAPI.Name != "7" || p.EAPIName != "7" || p.Slot != "2" || p.SubSlot != "3" {
			t.Errorf("%+v", p)
		}
		if !slices.Equal(p.Keywords, []string{"amd64", "~x86", "-*"}) {
			t.Errorf("keywords %v", p.Keywords)
		}
		if !slices.Equal(p.IUSE, []IUSEFlag{{"a", 0}, {"b", '+'}, {"c", '-'}}) || !p.HasIUSE("b") || p.HasIUSE("+b") {
			t.Errorf("IUSE %v", p.IUSE)
		}
		if p.Var("DESCRIPTION") != "with = in it" || p.Var("DESC") != "" || p.Var("_md5_") != "0" {
			t.Errorf("variables %q %q", p.Var("DESCRIPTION"), p.Var("DESC"))
		}
		if p.Built() || p.Use != nil {
			t.Errorf("an ebuild is not built")
		}
	}
}

func TestFromVarsBuilt(t *testing.T) {
	for _, p := range both(t, Installed, "EAPI=4\nSLOT=2/3\nIUSE=+a b\nUSE=b amd64 a b\nIUSE_EFFECTIVE=x b a amd64\nRDEPEND=c/d:0/1=\nREQUIRED_USE=a\n") {
		if p.Invalid != nil || p.SubSlot != "3" || !slices.Equal(p.Use, UseSet{"a", "amd64", "b"}) {
			t.Errorf("%+v", p)
		}
		if !p.Use.Has("amd64") || p.Use.Has("x") || !p.IUSEEffective.Has("x") {
			t.Errorf("USE %v, IUSE_EFFECTIVE %v", p.Use, p.IUSEEffective)
		}
		if d, err := p.Deps(RDEPEND); err != nil || d.String() != "c/d:0/1=" {
			t.Errorf("bound dependency: %v %v", d, err)
		}
	}
}

func TestEAPIOfVariables(t *testing.T) {
	p := FromVars(cpv(t, "a/b-1"), Ebuild, map[string]string{"SLOT": "0"})
	if p.EAPI == nil || p.EAPI.Name != "0" || p.EAPIName != "0" {
		t.Errorf("an unset EAPI is 0, not %q", p.EAPIName)
	}
	p = FromVars(cpv(t, "a/b-1"), Ebuild, map[string]string{"EAPI": "10_pre1", "SLOT": "//"})
	if p.EAPI != nil || p.EAPIName != "10_pre1" || p.Invalid != nil || p.Validate() != nil {
		t.Errorf("an unknown EAPI is not invalid: %+v", p)
	}
	_, err := p.Deps(DEPEND)
	var unsupported *UnsupportedEAPIError
	if !errors.As(err, &unsupported) || unsupported.EAPI != "10_pre1" {
		t.Errorf("dependencies of an unknown EAPI: %v", err)
	}
}

func TestInvalid(t *testing.T) {
	for _, c := range []struct{ vars, want string }{
		{"EAPI=7\n", "SLOT of a/b-1: "},
		{"EAPI=4\nSLOT=1/2\n", "sub-slots need EAPI 5"},
		{"EAPI=7\nSLOT=1/\n", "must not be empty"},
		{"EAPI=7\nSLOT=1/2/3\n", "may only hold"},
		{"EAPI=7\nSLOT=-1\n", "must not begin"},
		{"EAPI=0\nSLOT=0\nIUSE=+a\n", "IUSE of a/b-1: "},
		{"EAPI=1\nSLOT=0\nIUSE=++a\n", "USE flag"},
		{"EAPI=7\nSLOT=0\nIUSE=a,b\n", "USE flag"},
	} {
		for _, p := range both(t, Ebuild, c.vars) {
			if p.Invalid == nil || !strings.Contains(p.Invalid.Error(), c.want) {
				t.Errorf("%q: %v", c.vars, p.Invalid)
			}
			if p.Validate() != p.Invalid {
				t.Errorf("%q: Validate gives %v", c.vars, p.Validate())
			}
		}
	}
}

func TestValidate(t *testing.T) {
	for _, c := range []struct{ vars, want string }{ // want "" = valid
		{"EAPI=7\nDEPEND=a/b:=\nLICENSE=|| ( A B )\nRESTRICT=!x? ( test )\nSRC_URI=http://a/b -> c", ""},
		{"EAPI=4\nRDEPEND=a/b:=", "RDEPEND of a/b-1: invalid dependency"},
		{"EAPI=6\nBDEPEND=)", ""},
		{"EAPI=7\nBDEPEND=)", "BDEPEND"},
		{"EAPI=7\nIDEPEND=)", ""},
		{"EAPI=8\nIDEPEND=)", "IDEPEND"},
		{"EAPI=3\nREQUIRED_USE= a", "REQUIRED_USE needs EAPI 4"},
		{"EAPI=3\nREQUIRED_USE=", ""},
		{"EAPI=4\nREQUIRED_USE=)", "REQUIRED_USE"},
		{"EAPI=4\nREQUIRED_USE=?? ( a b )", "EAPI 5"},
		{"EAPI=7\nLICENSE=( A", "LICENSE"},
		{"EAPI=7\nRESTRICT=|| ( a )", "RESTRICT"},
		{"EAPI=7\nPROPERTIES=a?", "PROPERTIES"},
		{"EAPI=1\nSRC_URI=http://a/b -> c", "SRC_URI"},
	} {
		for _, p := range both(t, Ebuild, "SLOT=0\n"+c.vars) {
			err := p.Validate()
			if c.want == "" {
				if err != nil {
					t.Errorf("%q: %v", c.vars, err)
				}
				continue
			}
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%q: %v", c.vars, err)
			}
			if se := (*atom.SyntaxError)(nil); !errors.As(err, &se) {
				t.Errorf("%q: %v does not wrap the syntax error", c.vars, err)
			}
		}
	}
}

func TestVariablesOfNoUse(t *testing.T) {
	p := FromVars(cpv(t, "a/b-1"), Ebuild, map[string]string{"EAPI": "3", "SLOT": "0", "BDEPEND": "a/b", "IDEPEND": "a/b", "REQUIRED_USE": "x"})
	for name, get := range map[string]func() (*depend.Node, error){
		"BDEPEND":      func() (*depend.Node, error) { return p.Deps(BDEPEND) },
		"IDEPEND":      func() (*depend.Node, error) { return p.Deps(IDEPEND) },
		"REQUIRED_USE": p.RequiredUse, "LICENSE": p.License, "SRC_URI": p.SrcURI,
	} {
		if n, err := get(); err != nil || !n.Empty() {
			t.Errorf("%s: %v %v", name, n, err)
		}
	}
}

func TestExpressionsAreParsedOnce(t *testing.T) {
	p := FromVars(cpv(t, "a/b-1"), Ebuild, map[string]string{"EAPI": "7", "SLOT": "0", "DEPEND": "x? ( a/c )", "RDEPEND": ")"})
	var wg sync.WaitGroup
	nodes := make([]*depend.Node, 8)
	for i := range nodes {
		wg.Go(func() {
			nodes[i], _ = p.Deps(DEPEND)
			if _, err := p.Deps(RDEPEND); err == nil {
				t.Error("no error")
			}
		})
	}
	wg.Wait()
	for _, n := range nodes {
		if n == nil || n != nodes[0] {
			t.Error("goroutines got different trees")
		}
	}
	q := p.Clone()
	q.Raw = map[string]string{"DEPEND": "a/d"}
	if n, err := q.Deps(DEPEND); err != nil || n.String() != "a/d" {
		t.Errorf("the clone has the cache of the original: %v %v", n, err)
	}
}

func TestClone(t *testing.T) {
	p := FromText(cpv(t, "a/b-1"), Installed, "EAPI=7\nSLOT=0\nIUSE=a\nKEYWORDS=x86\nUSE=a\nIUSE_EFFECTIVE=a\nDEPEND=a/c\n")
	p.Repo, p.BuildTime, p.BuildID, p.Counter, p.File, p.Invalid = "r", 1, 2, 3, "f", errors.New("e")
	q := p.Clone()
	if q.CPV != p.CPV || q.Origin != p.Origin || q.Repo != "r" || q.EAPI != p.EAPI || q.EAPIName != "7" || q.Slot != "0" || q.SubSlot != "0" ||
		len(q.Keywords) != 1 || len(q.IUSE) != 1 || !q.Use.Has("a") || !q.IUSEEffective.Has("a") || q.BuildTime != 1 || q.BuildID != 2 ||
		q.Counter != 3 || q.File != "f" || q.Invalid != p.Invalid || q.Var("DEPEND") != "a/c" {
		t.Errorf("incomplete copy %+v", q)
	}
}

func TestRawWinsOverText(t *testing.T) {
	p := FromText(cpv(t, "a/b-1"), Ebuild, "EAPI=7\nSLOT=0\nDEPEND=a/c\nRDEPEND=a/d\n")
	q := p.Clone()
	q.Raw = map[string]string{"DEPEND": ""}
	if q.Var("DEPEND") != "" || q.Var("RDEPEND") != "a/d" || p.Var("DEPEND") != "a/c" {
		t.Errorf("DEPEND %q, RDEPEND %q", q.Var("DEPEND"), q.Var("RDEPEND"))
	}
}

func TestParseIUSE(t *testing.T) {
	latest := eapi.Latest()
	for s, want := range map[string][]IUSEFlag{
		"":              nil,
		" \t ":          nil,
		"a  b\tc":       {{"a", 0}, {"b", 0}, {"c", 0}},
		"a +a":          {{"a", '+'}},
		"+a a -b":       {{"a", '+'}, {"b", '-'}},
		"+a b -a":       {{"a", '-'}, {"b", 0}},
		"l10n_sr@latin": {{"l10n_sr@latin", 0}},
	} {
		got, err := ParseIUSE(s, latest)
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%q: %v %v", s, got, err)
		}
	}
	var long []string
	for i := range 200 {
		f := strings.Repeat("x", i+1)
		long = append(long, f, "+"+f)
	}
	got, err := ParseIUSE(strings.Join(long, " "), latest)
	if err != nil || len(got) != 200 || got[199].Default != '+' {
		t.Errorf("a long list: %d flags, %v", len(got), err)
	}
}

func TestSourceString(t *testing.T) {
	for want, s := range map[string]Source{"": {}, "a/b": {File: "a/b"}, "a/b:3": {File: "a/b", Line: 3}} {
		if s.String() != want || s.IsZero() != (want == "") {
			t.Errorf("got %q, want %q", s, want)
		}
	}
}

func FuzzFromText(f *testing.F) {
	f.Add("EAPI=7\nSLOT=0/1\nIUSE=+a b\nDEPEND=a/b\n", byte(0))
	f.Add("SLOT\n=\nSLOT=\x00", byte(2))
	f.Fuzz(func(t *testing.T, text string, origin byte) {
		p := FromText(atom.CPV{CP: atom.CP{Category: "a", Package: "b"}}, Origin(origin%3), text)
		err := p.Validate()
		if p.EAPI == nil {
			if err != nil {
				t.Fatal(err)
			}
			return
		}
		if p.Invalid == nil && (p.Slot == "" || p.SubSlot == "") {
			t.Fatalf("valid without slot: %q", text)
		}
		for k := range NumDepKinds {
			if n, err := p.Deps(k); err == nil && n == nil {
				t.Fatalf("%s: no tree and no error", k)
			}
		}
	})
}

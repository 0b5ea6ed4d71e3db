package config

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/portsolve/portsolve/atom/metadata"
	"github.com/portsolve/portsolve/repo"
)

func TestKeywords(t *testing.T) {
	for name, c := range map[string]struct {
		conf, accept, env string
		want              map[string]string // KEYWORDS -> kinds
	}{
		"stable": {"", "", "", map[string]string{
			"amd64": "", "~amd64": "KEYWORDS(~amd64)", "": "KEYWORDS(**)", "-*": "KEYWORDS(**)", "*": "", "~*": "KEYWORDS(~*)",
			"x86 ~amd64": "KEYWORDS(~amd64)", "-amd64": "KEYWORDS(-amd64)",
		}},
		"testing":           {"ACCEPT_KEYWORDS=~amd64", "", "", map[string]string{"amd64": "", "~amd64": "", "x86": "KEYWORDS(x86)", "~*": ""}},
		"environment":       {"", "", "~amd64", map[string]string{"~amd64": ""}},
		"environment minus": {"", "a/b ~amd64", "-~amd64", map[string]string{"~amd64": "KEYWORDS(~amd64)"}},
		"line alone":        {"", "a/b", "", map[string]string{"~amd64": "", "~x86": "KEYWORDS(~x86)", "": "KEYWORDS(**)"}},
		"anything":          {"", "a/b **", "", map[string]string{"": "", "x86": "", "-*": ""}},
		"any stable":        {"", "a/b *", "", map[string]string{"x86": "", "~x86": "KEYWORDS(~x86)", "": "KEYWORDS(**)"}},
		"any testing":       {"", "*/* ~*", "", map[string]string{"~x86": "", "x86": "KEYWORDS(x86)", "amd64": ""}},
		"removal":           {"", "a/b -*", "", map[string]string{"amd64": "KEYWORDS(amd64)"}},
		"specific first":    {"", "=a/b-1 -~x86\na/b ~x86", "", map[string]string{"~x86": "KEYWORDS(~x86)"}},
		"other version":     {"", "=a/b-2 ~amd64", "", map[string]string{"~amd64": "KEYWORDS(~amd64)"}},
	} {
		t.Run(name, func(t *testing.T) {
			env := map[string]string{}
			if c.env != "" {
				env["ACCEPT_KEYWORDS"] = c.env
			}
			s := load(t, map[string]string{etc + "make.conf": c.conf, etc + "package.accept_keywords": c.accept}, env)
			for keywords, want := range c.want {
				if got := kinds(s, pkg(t, "a/b-1", "KEYWORDS="+keywords)); got != want {
					t.Errorf("KEYWORDS=%q: %q, want %q", keywords, got, want)
				}
			}
		})
	}
}

func TestProfileKeywords(t *testing.T) {
	s := load(t, map[string]string{
		leaf + "package.keywords":        "a/b -~amd64 amd64\n",
		leaf + "package.accept_keywords": "a/c\n",
	}, nil)
	for cpv, want := range map[string]string{"a/b-1": "", "a/c-1": "", "a/d-1": "KEYWORDS(~amd64)"} {
		if got := kinds(s, pkg(t, cpv, "KEYWORDS=~amd64")); got != want {
			t.Errorf("%s: %q, want %q", cpv, got, want)
		}
	}
}

// The written-out rule of Stable agrees with its definition.
func TestStableAgreesWithItsDefinition(t *testing.T) {
	words := []string{"amd64", "~amd64", "x86", "~x86", "*", "~*", "-*", "-amd64", "**"}
	s := load(t, nil, nil)
	none := &ruleSet{}
	checked := 0
	for mask := range 1 << len(words) {
		if mask%7 != 0 {
			continue // a sample
		}
		var accepted []string
		for i, w := range words {
			if mask>>i&1 == 1 && w[0] != '-' {
				accepted = append(accepted, w)
			}
		}
		s.accept.keywords = keywordPolicy{accepted: accepted, lower: accepted}
		for kw := range 1 << 8 {
			var keywords []string
			for i, w := range words[:8] {
				if kw>>i&1 == 1 {
					keywords = append(keywords, w)
				}
			}
			p := pkg(t, "a/b-1")
			p.Keywords = keywords
			effective := s.keywords(p, none)
			var testing []string
			for _, k := range effective {
				if k[0] == '-' {
					continue
				}
				testing = append(testing, "~"+strings.TrimPrefix(k, "~"))
			}
			want := keywordAccepted(effective, accepted) && !keywordAccepted(testing, accepted)
			if got := s.Stable(p); got != want {
				t.Errorf("KEYWORDS %q, accepted %q: stable %v, want %v", keywords, accepted, got, want)
			}
			checked++
		}
	}
	if checked == 0 {
		t.Error("nothing was checked")
	}
}

func TestLicense(t *testing.T) {
	accept := func(v string) map[string]string {
		return map[string]string{etc + "make.conf": "ACCEPT_LICENSE=\"" + v + "\"\n"}
	}
	for name, c := range map[string]struct {
		files         map[string]string
		license, want string
	}{
		"default":               {nil, "GPL", ""},
		"default refuses EULA":  {nil, "evil", "LICENSE(evil)"},
		"group":                 {accept("-* @FREE"), "GPL MIT", ""},
		"nested group":          {accept("@MIT-LIKE"), "MIT GPL", "LICENSE(GPL)"},
		"group removed":         {accept("* -@FREE"), "GPL other", "LICENSE(GPL)"},
		"any-of, one suffices":  {accept("@FREE"), "|| ( evil GPL )", ""},
		"any-of, none":          {accept("@FREE"), "|| ( evil ( bad MIT ) )", "LICENSE(bad evil)"},
		"condition off":         {accept("@FREE"), "GPL x? ( evil )", ""},
		"condition on":          {accept("@FREE"), "GPL on? ( evil )", "LICENSE(evil)"},
		"negated condition":     {accept("@FREE"), "!x? ( evil )", "LICENSE(evil)"},
		"condition in any-of":   {accept("@FREE"), "|| ( x? ( GPL ) evil )", "LICENSE(evil)"},
		"package.license":       {map[string]string{etc + "package.license": "a/b evil\n"}, "evil", ""},
		"package.license group": {map[string]string{etc + "package.license": "=a/b-1 -@FREE\n"}, "MIT", "LICENSE(MIT)"},
		"package.license star":  {map[string]string{etc + "package.license": "=a/b-1 *\na/b -*\n"}, "MIT", ""},
		"every package":         {map[string]string{etc + "package.license": "*/* @EULA\n"}, "evil", ""},
		"profile, format":       {map[string]string{leaf + "package.license": "a/b evil\n", "repo/gentoo/metadata/layout.conf": "masters =\nprofile-formats = profile-license\n"}, "evil", ""},
		"profile, no format":    {map[string]string{leaf + "package.license": "a/b evil\n"}, "evil", "LICENSE(evil)"},
		"empty":                 {accept("-*"), "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			if got := kinds(load(t, c.files, nil), pkg(t, "a/b-1", "IUSE=x +on", "LICENSE="+c.license)); got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
	if s := load(t, accept("@nosuch GPL"), nil); len(s.Warnings()) != 1 || !strings.Contains(s.Warnings()[0], "nosuch") {
		t.Errorf("warnings %q", s.Warnings())
	}
}

func TestPropertiesAndRestrict(t *testing.T) {
	s := load(t, map[string]string{
		etc + "make.conf":               "ACCEPT_PROPERTIES=\"-interactive\"\nACCEPT_RESTRICT=\"* -bindist\"\n",
		etc + "package.properties":      "a/ok interactive\na/no -live\n",
		etc + "package.accept_restrict": "a/ok bindist\n",
	}, nil)
	for _, c := range []struct{ cpv, vars, want string }{
		{"a/b-1", "PROPERTIES=interactive live", "PROPERTIES(interactive)"},
		{"a/b-1", "PROPERTIES=x? ( interactive )", ""},
		{"a/ok-1", "PROPERTIES=interactive", ""},
		{"a/no-1", "PROPERTIES=live", "PROPERTIES(live)"},
		{"a/b-1", "RESTRICT=bindist mirror", "RESTRICT(bindist)"},
		{"a/b-1", "RESTRICT=!x? ( bindist )", "RESTRICT(bindist)"},
		{"a/ok-1", "RESTRICT=bindist", ""},
	} {
		if got := kinds(s, pkg(t, c.cpv, "IUSE=x", c.vars)); got != c.want {
			t.Errorf("%s %s: %q, want %q", c.cpv, c.vars, got, c.want)
		}
	}
	opt, err := tryLoad(t, machine(t, nil), Options{AcceptProperties: "-interactive", AcceptRestrict: "-* mirror"})
	if err != nil {
		t.Fatal(err)
	}
	if got := kinds(opt, pkg(t, "a/b-1", "PROPERTIES=interactive", "RESTRICT=mirror fetch")); got != "PROPERTIES(interactive) RESTRICT(fetch)" {
		t.Errorf("with options: %q", got)
	}
}

func TestMasks(t *testing.T) {
	s := load(t, map[string]string{
		base + "package.mask":   "a/b\na/c\n=a/d-1\n",
		leaf + "package.mask":   "-a/b\n",
		leaf + "package.unmask": "=a/c-2\n",
		etc + "package.mask":    "# Too new\n>=a/d-1\n-a/nosuch\n*/z*\n*/*::bad\n",
		etc + "package.unmask":  "a/zz\n",
	}, nil)
	for cpv, want := range map[string]string{
		"a/b-1": "", "a/c-1": "package.mask(a/c)", "a/c-2": "",
		"a/d-1": "package.mask(=a/d-1) package.mask(>=a/d-1)", "a/d-2": "package.mask(>=a/d-1)",
		"a/za-1": "package.mask(*/z*)", "a/zz-1": "", "a/e-1::bad": "package.mask(*/*::bad)",
	} {
		if got := kinds(s, pkg(t, cpv)); got != want {
			t.Errorf("%s: %q, want %q", cpv, got, want)
		}
	}
	e := s.Exclusions(pkg(t, "a/d-2"))[0]
	if !strings.HasSuffix(e.Source.String(), "package.mask:2") || e.Source.Comment != "Too new" {
		t.Errorf("source %s, comment %q", e.Source, e.Source.Comment)
	}
}

func TestAllReasons(t *testing.T) {
	s := load(t, map[string]string{etc + "package.mask": "a/b\n", etc + "make.conf": "ACCEPT_PROPERTIES=-live\n"}, nil)
	p := pkg(t, "a/b-1", "KEYWORDS=~amd64", "LICENSE=evil", "PROPERTIES=live")
	if got := kinds(s, p); got != "KEYWORDS(~amd64) LICENSE(evil) PROPERTIES(live) package.mask(a/b)" {
		t.Errorf("reasons %q", got)
	}
}

func TestUnusableMetadata(t *testing.T) {
	s := load(t, map[string]string{etc + "package.mask": "a/masked\n"}, nil)
	bad := pkg(t, "a/b-1", "DEPEND=|| (")
	missing := pkg(t, "a/masked-1")
	missing.Invalid = fmt.Errorf("cache: %w", repo.ErrNoMetadata)
	wrong := pkg(t, "a/b-2")
	wrong.Invalid = errors.New("broken")
	for _, c := range []struct {
		p    *metadata.Package
		want string
	}{
		{bad, "invalid()"}, {missing, "package.mask(a/masked) no metadata()"}, {wrong, "invalid()"},
		{pkg(t, "a/b-3", "EAPI=77"), "EAPI.unsupported(77)"},
	} {
		if got := kinds(s, c.p); got != c.want {
			t.Errorf("%s: %q, want %q", c.p.CPV, got, c.want)
		}
	}
}

func TestChost(t *testing.T) {
	for _, c := range []struct{ conf, chost, want string }{
		{"", "anything", ""},
		{"CHOST=x86_64-pc-linux-gnu\n", "x86_64-pc-linux-gnu", ""},
		{"CHOST=x86_64-pc-linux-gnu\n", "i686-pc-linux-gnu", "CHOST(i686-pc-linux-gnu)"},
		{"CHOST=x86_64-pc-linux-gnu\n", "", ""},
		{"CHOST=x\nACCEPT_CHOSTS=\"i.86-.* other\"\n", "i686-pc-linux-gnu", ""},
		{"CHOST=x\nACCEPT_CHOSTS=\"i.86\"\n", "i686-pc-linux-gnu", "CHOST(i686-pc-linux-gnu)"},
	} {
		p := pkg(t, "a/b-1", "CHOST="+c.chost)
		p.Origin = metadata.Binary
		if got := kinds(load(t, map[string]string{etc + "make.conf": c.conf}, nil), p); got != c.want {
			t.Errorf("%q, built for %q: %q, want %q", c.conf, c.chost, got, c.want)
		}
	}
}

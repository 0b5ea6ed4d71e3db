package sets

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

// glsa writes an advisory with the given <package> elements.
func (f *fixture) glsa(id, packages string) {
	f.write("var/repo/metadata/glsa/glsa-"+id+".xml", fmt.Sprintf(`<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE glsa SYSTEM "http://www.gentoo.org/dtd/glsa.dtd">
<glsa id="%s">
  <title>Test &amp; more</title>
  <product type="ebuild">p</product>
  <affected>
%s
  </affected>
</glsa>
`, id, packages))
}

// onePackage is a <package> element vulnerable below and unaffected from fixed on.
func onePackage(name, arch, fixed string) string {
	return fmt.Sprintf("<package name=%q auto=\"yes\" arch=%q>\n<unaffected range=\"ge\">%s</unaffected>\n"+
		"<vulnerable range=\"lt\">%s</vulnerable>\n</package>", name, arch, fixed, fixed)
}

func TestSecurity(t *testing.T) {
	f := newFixture(t)
	f.glsa("202101-01", onePackage("a/upgrade", "*", "2"))
	f.glsa("202101-02", onePackage("a/fine", "*", "2"))
	f.glsa("202101-03", onePackage("a/absent", "not, checked", "2"))
	f.glsa("202101-04", onePackage("a/otherarch", "arm sparc", "2"))
	f.glsa("202101-05", onePackage("a/ourarch", "arm x86", "2"))
	f.glsa("202101-06", onePackage("a/upgrade", "*", "2.5"))
	f.glsa("202101-07", onePackage("a/applied", "*", "2"))
	f.glsa("202101-08", onePackage("a/nofix", "*", "2"))
	f.write("var/lib/portage/glsa_injected", "202101-07\n")
	for _, name := range []string{"upgrade", "otherarch", "ourarch", "applied", "nofix"} {
		f.install("a/" + name + "-1")
	}
	f.install("a/fine-2")
	for _, v := range []string{"1", "2", "2.4", "2.6", "3"} {
		f.ebuild("a/upgrade-" + v)
	}
	f.ebuild("a/upgrade-2.5", "KEYWORDS=~x86")
	f.ebuild("a/upgrade-2.5.1", "SLOT=2")
	for _, name := range []string{"fine-3", "otherarch-2", "ourarch-2", "applied-2", "nofix-1"} {
		f.ebuild("a/" + name)
	}
	expect(t, f.open(), map[string]string{
		"security":                  "=a/ourarch-2 =a/upgrade-2.6",
		"security{least_change=no}": "=a/ourarch-2 =a/upgrade-3",
		"s{class=portage.sets.security.AffectedSet}": "=a/applied-2 =a/ourarch-2 =a/upgrade-2.6",
	})
}

func TestSecurityRanges(t *testing.T) {
	for _, c := range []struct {
		ranges    string // <vulnerable> and <unaffected>
		installed string
		want      string
	}{
		{`<vulnerable range="eq">1*</vulnerable><unaffected range="ge">2</unaffected>`, "1.5", "=a/p-2"},
		{`<vulnerable range="eq">1.4*</vulnerable><unaffected range="ge">2</unaffected>`, "1.5", ""},
		{`<vulnerable range="le">2</vulnerable><unaffected range="rge">1.5-r2</unaffected><unaffected range="gt">2</unaffected>`, "1.5-r3", ""},
		{`<vulnerable range="le">2</vulnerable><unaffected range="rge">1.5-r2</unaffected><unaffected range="gt">2</unaffected>`, "1.5-r1", "=a/p-1.5-r2"},
		{`<vulnerable range="le">2</vulnerable><unaffected range="gt">2</unaffected>`, "1.5-r1", "=a/p-3"},
		{`<vulnerable range="rlt">1.5-r2</vulnerable><unaffected range="ge">3</unaffected>`, "1.4", ""},
		{`<vulnerable range="rle">1.5-r2</vulnerable><unaffected range="ge">3</unaffected>`, "1.5", "=a/p-3"},
		{`<vulnerable range="rgt">1.5-r2</vulnerable><unaffected range="ge">3</unaffected>`, "1.5-r2", ""},
		{`<vulnerable range="lt" slot="1">9</vulnerable><unaffected range="ge">3</unaffected>`, "1", ""},
		{`<vulnerable range="lt" slot="0">9</vulnerable><unaffected range="ge" slot="*">3</unaffected>`, "1", "=a/p-3"},
	} {
		f := newFixture(t)
		f.glsa("1-1", `<package name="a/p" arch="*">`+c.ranges+"</package>")
		f.install("a/p-" + c.installed)
		for _, v := range []string{"1.5-r2", "2", "3"} {
			f.ebuild("a/p-" + v)
		}
		if got := strings.Join(atoms(resolve(t, f.open(), "security")), " "); got != c.want {
			t.Errorf("%s installed, %s: got %q, want %q", c.installed, c.ranges, got, c.want)
		}
	}
}

func TestMalformedAdvisories(t *testing.T) {
	good := onePackage("a/p", "*", "2")
	for name, c := range map[string]struct{ packages, part string }{
		"comma":           {strings.Replace(good, `arch="*"`, `arch="amd64,sparc"`, 1), ":7: arch="},
		"unstable":        {strings.Replace(good, `arch="*"`, `arch="~amd64"`, 1), ":7: arch="},
		"dollars":         {strings.Replace(good, `arch="*"`, `arch="amd64 sparc $$$$"`, 1), ":7: arch="},
		"no arch":         {strings.Replace(good, `arch="*"`, ``, 1), "arch="},
		"range":           {strings.Replace(good, `"ge"`, `"None"`, 1), ":8: range="},
		"version":         {strings.Replace(good, `>2<`, `>two<`, 1), ":8: "},
		"glob":            {strings.Replace(good, `>2<`, `>2*<`, 1), ":8: version"},
		"not closed":      {strings.Replace(good, `</package>`, ``, 1), "glsa-1-1.xml:"},
		"entity":          {good + "&nosuch;", ":10: "},
		"unusual quoting": {strings.Replace(good, `"a/p"`, `'a-'`, 1), "glsa-1-1.xml"},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			f.glsa("1-1", c.packages)
			f.install("a/p-1")
			_, err := Resolve(f.open(), "security")
			var format *FormatError
			if !errors.As(err, &format) || !strings.Contains(err.Error(), c.part) || !strings.Contains(err.Error(), "glsa-1-1.xml") {
				t.Errorf("error %v", err)
			}
		})
	}
}

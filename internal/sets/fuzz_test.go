package sets

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// FuzzExpression: no input panics, and what splitExpression cuts joins to the input again.
func FuzzExpression(f *testing.F) {
	for _, s := range []string{"world", "a/@b-@c+@d", "n{class=X,packages=@a-@b}", "a{", "-@", "{}}"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		terms, err := splitExpression(text)
		if err == nil {
			var b strings.Builder
			for i, x := range terms {
				if i > 0 {
					b.WriteByte(byte(x.op))
					b.WriteByte('@')
				}
				b.WriteString(x.text)
			}
			if b.String() != text {
				t.Errorf("%q became %q", text, b.String())
			}
		}
		_, _ = Resolve(&Context{}, text)
	})
}

// FuzzSetsConf: no sets.conf panics; every section has a name.
func FuzzSetsConf(f *testing.F) {
	f.Add("[a]\nclass = X\nkey: v\n  more\n# c\n")
	f.Add("[a\n")
	f.Add("k=v")
	f.Fuzz(func(t *testing.T, text string) {
		path := filepath.Join(t.TempDir(), "sets.conf")
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		sections, err := readConf(path)
		if err != nil && !strings.Contains(err.Error(), path) {
			t.Errorf("error without place: %v", err)
		}
		for _, s := range sections {
			if s.name == "" || s.source.Line == 0 {
				t.Errorf("section %+v", s)
			}
		}
	})
}

// FuzzAdvisory: no GLSA panics, and errors name the file.
func FuzzAdvisory(f *testing.F) {
	f.Add(`<glsa id="1"><product type="ebuild">p</product><affected><package name="a/p" arch="*">` +
		`<vulnerable range="lt">2</vulnerable></package></affected></glsa>`)
	f.Add(`<package name='a/p'`)
	f.Fuzz(func(t *testing.T, text string) {
		path := filepath.Join(t.TempDir(), "glsa-1.xml")
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := parseAdvisory(path, map[string]bool{"a/p": true}); err != nil && !strings.Contains(err.Error(), path) {
			t.Errorf("error without place: %v", err)
		}
	})
}

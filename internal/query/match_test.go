package query

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/portsolve/portsolve/atom"
)

func TestPattern(t *testing.T) {
	usual := PatternOptions{Fuzzy: true, RegexpAuto: true, Similarity: 80}
	for _, c := range []struct {
		term string
		o    PatternOptions
		kind string
		name string
		want bool
	}{
		{"office", usual, "fuzzy", "app-office/libreoffice", true},
		{"OFFICE", usual, "fuzzy", "app-office/LibreOffice", true},
		{"app-office", usual, "fuzzy", "app-office/texmaker", false}, // the category is not part of the name
		{"@app-office", usual, "fuzzy", "app-office/texmaker", true},
		{"app-office/tex", usual, "fuzzy", "app-office/texmaker", true},
		{"app-office/tex", usual, "fuzzy", "app-text/texmaker", false},
		{"firefix", usual, "fuzzy", "www-client/firefox", true},
		{"firefix", PatternOptions{}, "text", "www-client/firefox", false},
		{"firefix", PatternOptions{Fuzzy: true, Similarity: 95}, "fuzzy", "www-client/firefox", false},
		{"ww-client/firefix", usual, "fuzzy", "www-client/firefox", true},
		{"net-misc/firefix", usual, "fuzzy", "www-client/firefox", false},
		{"%^fire", usual, "regexp", "www-client/firefox", true},
		{"%^fire", usual, "regexp", "app-misc/campfire", false},
		{"%@^www.*fox$", usual, "regexp", "www-client/firefox", true},
		{"^fire.*x", usual, "regexp", "www-client/firefox", true},
		{"^fire", PatternOptions{}, "text", "www-client/firefox", false},
		{"gtk+", usual, "fuzzy", "x11-libs/gtk+", true}, // "+" belongs to names
		{"[gtk", usual, "fuzzy", "x11-libs/gtk+", false},
	} {
		p, err := NewPattern(c.term, c.o)
		if err != nil {
			t.Errorf("%s: %v", c.term, err)
			continue
		}
		cp, err := atom.ParseCP(c.name)
		if err != nil {
			t.Fatal(err)
		}
		if p.Kind() != c.kind || p.Name(cp) != c.want {
			t.Errorf("%s (%s, want %s) finds %s: %v, want %v", c.term, p.Kind(), c.kind, c.name, p.Name(cp), c.want)
		}
	}
}

func TestPatternErrors(t *testing.T) {
	for term, want := range map[string]string{
		"":                        "is empty",
		"%":                       "is empty",
		"%@":                      "is empty",
		"%[gtk":                   "missing closing ]",
		"%a)":                     "unexpected )",
		strings.Repeat("x", 2000): "2000 characters",
	} {
		if _, err := NewPattern(term, PatternOptions{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.20q: %v, want %q", term, err, want)
		}
	}
}

func TestSimilarity(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want float64
	}{
		{"", "", 1}, {"a", "", 0}, {"vim", "vim", 1}, {"abcd", "bcde", 0.75}, {"firefix", "firefox", 12.0 / 14},
	} {
		if got := Similarity(c.a, c.b); got != c.want {
			t.Errorf("Similarity(%q, %q) = %v, want %v", c.a, c.b, got, c.want)
		}
	}
}

// The cheap bounds never refuse what the measure accepts.
func TestAlikeAgreesWithSimilarity(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		word := rapid.StringMatching(`[a-d]{0,8}`)
		a, b := word.Draw(t, "a"), word.Draw(t, "b")
		limit := float64(rapid.IntRange(1, 100).Draw(t, "limit")) / 100
		if got, want := alike(a, b, limit), Similarity(a, b) >= limit; got != want {
			t.Fatalf("alike(%q, %q, %v) = %v, similarity %v", a, b, limit, got, Similarity(a, b))
		}
	})
}

func FuzzPattern(f *testing.F) {
	for _, term := range []string{"vim", "%^v.*m$", "@app-editors", "%@(", "a/b", "[", "gtk+"} {
		f.Add(term, "app-editors/vim")
	}
	f.Fuzz(func(t *testing.T, term, name string) {
		p, err := NewPattern(term, PatternOptions{Fuzzy: true, RegexpAuto: true, Similarity: 80})
		cp, notName := atom.ParseCP(name)
		if err != nil || notName != nil || len(name) > 255 { // no file can be called that
			return
		}
		found := p.Name(cp)
		if term == cp.Package && p.Kind() != "regexp" && !found {
			t.Errorf("%q does not find itself", term)
		}
		p.Set(name)
		p.Text(name)
	})
}

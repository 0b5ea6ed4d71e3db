package query

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/solver"
	"github.com/portsolve/portsolve/solver/scenario"
	"github.com/portsolve/portsolve/solver/universe"
)

const desk = `A small desk.

-- repo --
app/editor-1
app/editor-2 RDEPEND="lib/text"
-- installed --
app/editor-1 RDEPEND="lib/text || ( lib/one lib/two lib/three )" DEPEND="dev/tool"
app/viewer-1 DEPEND="lib/text"
lib/text-1 RDEPEND="lib/base"
lib/base-1 RDEPEND="lib/text"
lib/two-1 RDEPEND="lib/base"
lib/three-1
dev/tool-1 RDEPEND="lib/base"
app/orphan-1 RDEPEND="lib/lonely"
lib/lonely-1
-- world --
app/editor
app/viewer
-- request --
--update app/editor
`

func parse(t *testing.T, text string) *scenario.Scenario {
	t.Helper()
	s, err := scenario.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// installed is the graph of what a scenario has installed.
func installed(t *testing.T, text string) *Graph {
	t.Helper()
	s := parse(t, text)
	u := universe.New(t.Context(), s.Roots, &s.Request)
	g := OfInstalled(u, s.Request.World)
	if err := u.Err(); err != nil {
		t.Fatal(err)
	}
	return g
}

func find(t *testing.T, g *Graph, name string) *Package {
	t.Helper()
	a, err := atom.ParseWildcard(name)
	if err != nil {
		t.Fatal(err)
	}
	found := g.Match(universe.Host, a)
	if len(found) != 1 {
		t.Fatalf("%s: %d packages", name, len(found))
	}
	return found[0]
}

func TestPath(t *testing.T) {
	g := installed(t, desk)
	for name, want := range map[string]string{
		"app/editor": "app/editor",
		"lib/text":   "app/editor >lib/text(RDEPEND)", // not through viewer, which needs it to build only
		"lib/two":    "app/editor >lib/two(RDEPEND)",
		"dev/tool":   "app/editor >dev/tool(DEPEND)",
		"lib/base":   "app/editor >lib/text(RDEPEND) >lib/base(RDEPEND)",
		"lib/lonely": "",
	} {
		start, edges := Path(find(t, g, name))
		got := ""
		if start != nil {
			got = start.Cand.CP().String()
		}
		for _, e := range edges {
			got += fmt.Sprintf(" >%s(%s)", e.To.Cand.CP(), e.Kind)
		}
		if got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

func TestAllPaths(t *testing.T) {
	g := installed(t, desk)
	for _, c := range []struct {
		name string
		want []string
	}{
		// The cycle between lib/text and lib/base is no way to lib/base.
		{"lib/base", []string{
			"lib/base: dev/tool lib/text lib/two", "dev/tool: app/editor", "lib/text: app/editor app/viewer",
			"lib/two: app/editor", "app/editor:", "app/viewer:",
		}},
		{"app/editor", []string{"app/editor:"}},
		{"lib/lonely", []string{"lib/lonely: app/orphan"}},
		{"app/orphan", []string{"app/orphan:"}},
	} {
		var got []string
		for _, s := range AllPaths(g, find(t, g, c.name)) {
			words := []string{s.Package.Cand.CP().String() + ":"}
			for _, e := range s.In {
				words = append(words, e.From.Cand.CP().String())
			}
			got = append(got, strings.Join(words, " "))
		}
		if d := cmp.Diff(c.want, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, d)
		}
	}
}

// Of an any-of group every installed branch counts, and nothing else.
func TestParents(t *testing.T) {
	g := installed(t, desk)
	for name, want := range map[string]int{"lib/two": 1, "lib/three": 1, "lib/text": 3, "app/viewer": 0, "lib/lonely": 1} {
		if got := Parents(find(t, g, name)); got != want {
			t.Errorf("%s: %d parents, want %d", name, got, want)
		}
	}
}

func TestOfSelection(t *testing.T) {
	s := parse(t, desk)
	out, err := solver.Solve(t.Context(), &solver.Problem{Roots: s.Roots, Request: s.Request})
	if err != nil || !out.Complete {
		t.Fatal(out, err)
	}
	g := OfSelection(out.Selection, s.Request.Args)
	editor := find(t, g, "app/editor")
	if !editor.Node.Merge || editor.Cand.Pkg.CPV.String() != "app/editor-2" || len(editor.Args) != 1 || editor.Args[0].Text != "app/editor" {
		t.Errorf("editor: %v, args %v", editor.Cand, editor.Args)
	}
	text := find(t, g, "lib/text")
	if start, edges := Path(text); start != editor || len(edges) != 1 || edges[0].Atom.String() != "lib/text" {
		t.Errorf("path to lib/text: from %v, %d edges", start, len(edges))
	}
	for i, p := range g.Packages {
		if p.Index != i {
			t.Errorf("package %d has index %d", i, p.Index)
		}
	}
}

package depend

import (
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/portsolve/portsolve/atom"
)

// drawExpression draws the text of a *DEPEND over few atoms and flags, so that
// they collide.
func drawExpression(t *rapid.T, depth int) string {
	var items []string
	for range rapid.IntRange(0, 3).Draw(t, "items") {
		kind := rapid.IntRange(0, 6).Draw(t, "kind")
		if depth == 0 {
			kind = 0
		}
		switch kind {
		case 1:
			items = append(items, "( "+drawExpression(t, depth-1)+" )")
		case 2, 3:
			items = append(items, "|| ( "+drawExpression(t, depth-1)+" )")
		case 4, 5:
			flag := rapid.SampledFrom([]string{"x?", "!x?", "y?", "!y?"}).Draw(t, "flag")
			items = append(items, flag+" ( "+drawExpression(t, depth-1)+" )")
		default:
			items = append(items, rapid.SampledFrom([]string{"a/a", "a/b", "a/c", "!a/d", "a/e[x?]", "a/f[!y=]"}).Draw(t, "atom"))
		}
	}
	return strings.Join(items, " ")
}

// satisfied is the meaning of a tree, written for obviousness: whether the set
// of installed names satisfies it under a USE. A group that is empty because
// all in it vanished is no member of the any-of group around it (see Evaluate).
func satisfied(n *Node, use, installed func(string) bool) (holds, member bool) {
	switch n.Kind {
	case AtomLeaf:
		a := n.Atom.EvaluateUse(use)
		return installed(a.WithoutBlocker().String()) == (a.Blocker == atom.NotBlocker), true
	case AnyOf:
		any, members := false, 0
		for _, c := range n.Children {
			if h, m := satisfied(c, use, installed); m {
				members++
				any = any || h
			}
		}
		if members == 0 {
			return n.EmptyMatches, !n.EmptyMatches
		}
		return any, true
	case UseIf:
		if use(n.Text) == n.Negated {
			return true, false
		}
	}
	all, members := true, 0
	for _, c := range n.Children {
		if h, m := satisfied(c, use, installed); m {
			members++
			all = all && h
		}
	}
	return all, members > 0
}

func TestEvaluateKeepsTheMeaning(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.SampledFrom([]string{"6", "7"}).Draw(t, "eapi")
		text := drawExpression(t, 3)
		n, err := Depend(text, mustRow(name))
		if err != nil {
			t.Fatal(err)
		}
		on := map[string]bool{"x": rapid.Bool().Draw(t, "x"), "y": rapid.Bool().Draw(t, "y")}
		use := func(f string) bool { return on[f] }
		have := map[string]bool{}
		for _, a := range []string{"a/a", "a/b", "a/c", "a/d", "a/e", "a/e[x]", "a/f[y]", "a/f[-y]"} {
			have[a] = rapid.Bool().Draw(t, a)
		}
		installed := func(a string) bool { return have[a] }
		e := n.Evaluate(use)
		refuse := func(f string) bool { t.Fatalf("%s still asks for %s", e, f); return false }
		want, _ := satisfied(n, use, installed)
		got, _ := satisfied(e, refuse, installed)
		if got != want {
			t.Fatalf("EAPI %s: %q means %v, evaluated to %q it means %v", name, text, want, e, got)
		}
		if e.Evaluate(refuse) != e {
			t.Fatalf("%q is not settled", e)
		}
	})
}

func TestStringRoundTrips(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := drawExpression(t, 4)
		n, err := Depend(text, nil)
		if err != nil {
			t.Fatal(err)
		}
		m, err := Depend(n.String(), nil)
		if err != nil || !m.Equal(n) {
			t.Fatalf("%q became %q: %v", text, n, err)
		}
	})
}

func FuzzParsers(f *testing.F) {
	for _, s := range []string{"", "|| ( a/b x? ( c/d[e?] ) )", "^^ ( a !b ) ?? ( c )", "GPL-2 || ( MIT BSD )", "!test? ( test )",
		"http://x/y -> z", "mirror+http://x/y", "( ( (", ") )", "||", "x?", "-> ->", "a/b:0/1=", "|| ( ) ( )", "(a )"} {
		f.Add(s, byte(7))
	}
	f.Fuzz(func(t *testing.T, s string, n byte) {
		e := mustRow(string(rune('0' + n%10)))
		for name, parse := range parsers {
			tree, err := parse(s, e)
			if err != nil {
				checkError(t, err, s)
				continue
			}
			again, err := parse(tree.String(), e)
			if err != nil || !again.Equal(tree) {
				t.Fatalf("%s(%q): %q does not round-trip: %v", name, s, tree, err)
			}
			for _, on := range []bool{false, true} {
				use := func(string) bool { return on }
				if ev := tree.Evaluate(use); ev.Evaluate(use) != ev {
					t.Fatalf("%s(%q): %q is not settled", name, s, ev)
				}
				tree.SatisfiedUse(use)
			}
		}
	})
}

// checkError states what holds for every error of the package.
func checkError(t testing.TB, err error, text string) {
	t.Helper()
	var se *atom.SyntaxError
	if !errors.As(err, &se) {
		t.Fatalf("not a *SyntaxError: %v", err)
	}
	if se.Text != text || se.Rule == "" || se.EAPI == "" || se.Token == "" ||
		!strings.HasPrefix(text[se.Offset:], se.Token) {
		t.Fatalf("incomplete: %#v", se)
	}
	if msg := err.Error(); strings.Contains(msg, "\n") || len(msg) > 2000 {
		t.Fatalf("bad message %q", msg)
	}
}

func BenchmarkDepend(b *testing.B) {
	const text = `dev-qt/qtcore:5= dev-qt/qtgui:5=[jpeg] >=kde-frameworks/kconfig-5.82.0:5 x? ( >=app-misc/foo-1.2[bar(-),!baz?]
		|| ( dev-lang/python:3.9[ssl] dev-lang/python:3.8[ssl] ) ) !!<app-misc/old-3 virtual/libudev:=
		python_targets_python3_8? ( dev-python/setuptools[python_targets_python3_8(-)] ) sys-libs/zlib`
	e := mustRow("7")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Depend(text, e); err != nil {
			b.Fatal(err)
		}
	}
}

package plan

import (
	"fmt"
	"strings"
	"testing"
)

// showDAG writes "step<-earlier:kind,…" for every step that waits.
func showDAG(p *Plan) string {
	var words []string
	for i, deps := range DAG(p) {
		var of []string
		for _, d := range deps {
			of = append(of, fmt.Sprintf("%d:%s", d.Step, d.Kind))
		}
		if len(of) > 0 {
			words = append(words, fmt.Sprintf("%d<-%s", i, strings.Join(of, ",")))
		}
	}
	return strings.Join(words, " ")
}

func TestDAG(t *testing.T) {
	cases := []struct{ name, text, order, want string }{
		{"kinds", "a: D:b R:b I:c P:d\n b:\n c:\n d:\n", "b c d a", "3<-0:build,0:run,1:install,2:post"},
		{"post dependency that happens to be earlier", "a: P:d\n d:\n", "d a", "1<-0:post"},
		{"a user of a cycle waits for all of it", "s: D:a\n a: R:b\n b: R:a\n", "a b s", "1<-0:run 2<-0:build,1:build"},
		{"weak blocker", "a: !x\n -x:\n", "a -x !x", "1<-0:blocker 2<-1:blocker"},
		{"replacement before", "a: !x\n x*:\n", "x a", "1<-0:blocker"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			p, err := order(t, c.text, Options{Compat: true})
			if err != nil {
				t.Fatal(err)
			}
			if got := show(p); got != c.order {
				t.Fatalf("order %s, want %s", got, c.order)
			}
			if got := showDAG(p); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

// showTree writes each line as its depth and name, in parentheses if it is only shown.
func showTree(p *Plan, lines []TreeEntry) string {
	var words []string
	for _, e := range lines {
		name := ""
		switch {
		case e.Node != nil:
			name = e.Node.Cand.CP().Package
		case p.Steps[e.Step].Kind == Uninstall:
			name = "-" + p.Steps[e.Step].Removed.CP().Package
		default:
			name = "!" + p.Steps[e.Step].Atom.Package
		}
		if e.Step < 0 {
			name = "(" + name + ")"
		}
		words = append(words, fmt.Sprintf("%d%s", e.Depth, name))
	}
	return strings.Join(words, " ")
}

func TestTree(t *testing.T) {
	cases := []struct{ name, text, ordered, unordered string }{
		{"chain", "a: R:b\n b: R:c\n c:\n", "0a 1b 2c", "0a 1b 2c"},
		{"shared", "a: R:b R:c\n b: R:d\n c: R:d\n d:\n", "0a 1c 1b 2d", "0a 1b 2d 1c"},
		{"through a package that stays", "a~: R:b\n b~: R:c R:e\n c:\n e~:\n", "0(a) 1(b) 2c", "0(a) 1(b) 2c"},
		{"removal", "a: !x\n -x:\n", "0!x 0-x 0a", "0a 0-x 0!x"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			w := parse(t, c.text)
			w.nodes["a"].Args = []string{"a"}
			p, err := Order(t.Context(), w.sel, Options{Compat: true, Tree: true})
			if err != nil {
				t.Fatal(err)
			}
			if got := showTree(p, Tree(p, w.sel)); got != c.ordered {
				t.Errorf("got  %s\nwant %s", got, c.ordered)
			}
			if got := showTree(p, UnorderedTree(p, w.sel)); got != c.unordered {
				t.Errorf("unordered: got %s, want %s", got, c.unordered)
			}
		})
	}
}

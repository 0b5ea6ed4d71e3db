package depend

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/atom/eapi"
)

func row(t testing.TB, name string) *eapi.EAPI {
	t.Helper()
	return mustRow(name)
}

// mustRow is row where no *testing.T is at hand.
func mustRow(name string) *eapi.EAPI {
	e, ok := eapi.Lookup(name)
	if !ok {
		panic("no EAPI " + name)
	}
	return e
}

// flags makes a use function of a list of enabled flags.
func flags(list string) func(string) bool {
	on := strings.Fields(list)
	return func(f string) bool { return slices.Contains(on, f) }
}

type parseFunc = func(string, *eapi.EAPI) (*Node, error)

var parsers = map[string]parseFunc{
	"Depend": Depend, "DependBuilt": DependBuilt, "RequiredUse": RequiredUse,
	"License": License, "Words": Words, "SrcURI": SrcURI,
}

func TestParse(t *testing.T) {
	for _, c := range []struct {
		parser, eapi, text, want string // want "" = text
	}{
		{"Depend", "0", "", ""},
		{"Depend", "0", "a/b", ""},
		{"Depend", "0", " \t\na/b\r\n\v\f c/d ", "a/b c/d"},
		{"Depend", "7", "|| ( a/b ( c/d !!e/f:= ) ) x? ( !y? ( g/h[i?] ) )", ""},
		{"Depend", "7", "( )", ""},
		{"Depend", "7", "|| ( )", ""},
		{"DependBuilt", "4", "a/b:0/1= || ( c/d::r )", ""},
		{"RequiredUse", "5", "a !b || ( c !d ) ^^ ( e ( f g ) ) ?? ( h i ) j? ( !k? ( l ) )", ""},
		{"License", "0", "|| ( GPL-2 ( BSD-2 MIT ) ) x? ( all-rights-reserved ) LGPL-2.1+ _x", ""},
		{"Words", "0", "mirror !test? ( test ) a+b.c_d", ""},
		{"SrcURI", "0", "http://x/y-1.tar.gz a? ( file.patch ) mirror://gnu/z", ""},
		{"SrcURI", "2", "http://x/y?z=1 -> y.tgz ( https://a/b -> c )", ""},
		{"SrcURI", "2", "https://x/get? -> y.tgz", ""},
		{"SrcURI", "8", "fetch+https://x/y mirror+https://z/a -> b", ""},
	} {
		n, err := parsers[c.parser](c.text, row(t, c.eapi))
		if err != nil {
			t.Errorf("%s: %v", c.parser, err)
			continue
		}
		if c.want == "" {
			c.want = c.text
		}
		if n.String() != c.want {
			t.Errorf("%s(%q) became %q", c.parser, c.text, n)
		}
	}
}

func TestTree(t *testing.T) {
	n, err := Depend("|| ( a/b !x? ( c/d ) )  e/f", row(t, "7"))
	if err != nil {
		t.Fatal(err)
	}
	or := n.Children[0]
	cond := or.Children[1]
	if n.Kind != All || or.Kind != AnyOf || or.EmptyMatches || cond.Kind != UseIf || !cond.Negated || cond.Text != "x" ||
		cond.Children[0].Kind != AtomLeaf || cond.Children[0].Atom.Package != "d" {
		t.Errorf("wrong tree %v", n)
	}
	offsets := []int{or.Offset, or.Children[0].Offset, cond.Offset, cond.Children[0].Offset, n.Children[1].Offset}
	if want := []int{0, 5, 9, 15, 24}; !slices.Equal(offsets, want) {
		t.Errorf("offsets %v, want %v", offsets, want)
	}
	var atoms, conditions []string
	n.Atoms(func(a *atom.Atom) { atoms = append(atoms, a.String()) })
	n.Conditions(func(f string) { conditions = append(conditions, f) })
	if !slices.Equal(atoms, []string{"a/b", "c/d", "e/f"}) || !slices.Equal(conditions, []string{"x"}) {
		t.Errorf("atoms %v, conditions %v", atoms, conditions)
	}
	src, err := SrcURI("http://x/y -> z w", row(t, "7"))
	if err != nil || src.Children[0].Rename != "z" || src.Children[1].Text != "w" {
		t.Errorf("arrow: %v %v", src, err)
	}
}

func TestErrors(t *testing.T) {
	for _, c := range []struct {
		parser, eapi, text string
		token              string
		offset             int
		rule               string // a part of it
	}{
		{"Depend", "7", "( a/b", "(", 0, "no closing"},
		{"Depend", "7", "a/b )", ")", 4, "no opening"},
		{"Depend", "7", "|| a/b", "a/b", 3, "opening parenthesis"},
		{"Depend", "7", "a/b ||", "||", 4, "opening parenthesis"},
		{"Depend", "7", "x? a/b", "a/b", 3, "opening parenthesis"},
		{"Depend", "7", "|| || ( a/b )", "||", 3, "opening parenthesis"},
		{"Depend", "7", "x? y? ( a/b )", "y?", 3, "opening parenthesis"},
		{"Depend", "7", "||( a/b )", "||(", 0, "whitespace"},
		{"Depend", "7", "(a/b )", "(a/b", 0, "whitespace"},
		{"Depend", "7", "( a/b)", "a/b)", 2, "whitespace"},
		{"Depend", "7", "^^ ( a/b )", "^^", 0, "only allowed in REQUIRED_USE"},
		{"Depend", "7", "?? ( a/b )", "??", 0, "only allowed in REQUIRED_USE"},
		{"Depend", "7", "-x? ( a/b )", "-x?", 0, "USE flag"},
		{"Depend", "7", "!!x? ( a/b )", "!!x?", 0, "USE flag"},
		{"Depend", "7", "? ( a/b )", "?", 0, "USE flag"},
		{"Depend", "4", "x? ( a/b:= )", "a/b:=", 5, "slot operators need EAPI 5"},
		{"Depend", "0", "a/b c/d:1", "c/d:1", 4, "slot dependencies need EAPI 1"},
		{"Depend", "7", "a/b:0/1=", "a/b:0/1=", 0, "must not have a sub-slot"},
		{"Depend", "7", "a/b -> c", "->", 4, "category"},
		{"RequiredUse", "4", "?? ( a b )", "??", 0, "EAPI 5"},
		{"RequiredUse", "7", "a/b", "a/b", 0, "USE flag"},
		{"RequiredUse", "7", "-a", "-a", 0, "USE flag"},
		{"RequiredUse", "7", "!!a", "!!a", 0, "USE flag"},
		{"License", "7", "^^ ( a b )", "^^", 0, "REQUIRED_USE"},
		{"License", "7", "a +b", "+b", 2, "licence name"},
		{"License", "7", "@FREE", "@FREE", 0, "licence name"},
		{"Words", "7", "|| ( a b )", "||", 0, "not allowed in RESTRICT"},
		{"Words", "7", "!test", "!test", 0, "simple word"},
		{"SrcURI", "7", "|| ( a b )", "||", 0, "not allowed in SRC_URI"},
		{"SrcURI", "1", "http://x/y -> z", "->", 11, "EAPI 2"},
		{"SrcURI", "2", "http://x/y ->", "->", 11, "file name"},
		{"SrcURI", "2", "http://x/y -> a/b", "a/b", 14, "file name"},
		{"SrcURI", "2", "x? ( http://x/y -> )", ")", 19, "file name"},
		{"SrcURI", "2", "-> a", "->", 0, "before the arrow"},
		{"SrcURI", "7", "mirror+http://x/y", "mirror+http://x/y", 0, "EAPI 8"},
		{"SrcURI", "7", "x/y", "x/y", 0, "://"},
	} {
		n, err := parsers[c.parser](c.text, row(t, c.eapi))
		var se *atom.SyntaxError
		if !errors.As(err, &se) {
			t.Errorf("%s(%q): no *SyntaxError but %v, %v", c.parser, c.text, n, err)
			continue
		}
		if se.Token != c.token || se.Offset != c.offset || !strings.Contains(se.Rule, c.rule) || se.EAPI != c.eapi || se.Text != c.text {
			t.Errorf("%s(%q): token %q at %d: %v", c.parser, c.text, se.Token, se.Offset, err)
		}
	}
}

func TestErrorReads(t *testing.T) {
	_, err := Depend("x? ( a/b c/d[e,-f?] )", row(t, "7"))
	want := `invalid dependency "x? ( a/b c/d[e,-f?] )": token "c/d[e,-f?]" at column 10: "-f?": the forms are [flag] [-flag] [flag=] [!flag=] [flag?] [!flag?] (EAPI 7, PMS 8.3.4)`
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

func TestDepthIsBounded(t *testing.T) {
	nested := func(depth int) string { return strings.Repeat("( ", depth) + "a/b" + strings.Repeat(" )", depth) }
	n, err := Depend(nested(maxDepth), nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := n.Evaluate(flags("")).String(); got != "a/b" {
		t.Errorf("evaluated to %s", got)
	}
	for _, s := range []string{nested(maxDepth + 1), strings.Repeat("|| ( ", 1_000_000), strings.Repeat("x? ( ", 2000)} {
		if _, err := Depend(s, nil); err == nil || !strings.Contains(err.Error(), "nest") || len(err.Error()) > 500 {
			t.Errorf("nesting must be refused in a short message: %v", err)
		}
	}
}

func TestEvaluate(t *testing.T) {
	for _, c := range []struct{ eapi, text, use, want string }{
		{"7", "", "", ""},
		{"7", "a/b x? ( c/d )", "x", "a/b c/d"},
		{"7", "a/b x? ( c/d )", "", "a/b"},
		{"7", "!x? ( c/d )", "", "c/d"},
		{"7", "( a/b ( c/d ) )", "", "a/b c/d"},
		{"7", "x? ( y? ( a/b ) z? ( c/d ) )", "x z", "c/d"},
		{"7", "|| ( a/b ( c/d e/f ) )", "", "|| ( a/b ( c/d e/f ) )"},
		{"7", "|| ( ( a/b ) c/d )", "", "|| ( a/b c/d )"},
		{"7", "|| ( x? ( a/b ) c/d )", "", "|| ( c/d )"},
		{"7", "|| ( x? ( a/b ) c/d )", "x", "|| ( a/b c/d )"},
		{"7", "|| ( x? ( a/b e/f ) c/d )", "x", "|| ( ( a/b e/f ) c/d )"},
		{"7", "|| ( x? ( y? ( a/b ) ) c/d )", "x", "|| ( c/d )"},
		{"7", "|| ( ( ( a/b c/d ) e/f ) g/h )", "", "|| ( ( a/b c/d e/f ) g/h )"},
		{"7", "|| ( x? ( a/b ) )", "", "|| ( )"},
		{"6", "|| ( x? ( a/b ) )", "", ""},
		{"7", "|| ( || ( a/b c/d ) e/f )", "", "|| ( || ( a/b c/d ) e/f )"},
		{"6", "|| ( || ( x? ( a/b ) ) e/f )", "", "|| ( e/f )"},
		{"7", "|| ( )", "", "|| ( )"},
		{"6", "|| ( )", "", ""},
		{"7", "a/b[x?] c/d[!x?,y=]", "x", "a/b[x] c/d[-y]"},
		{"7", "a/b[x?] c/d[!x?,y=]", "y", "a/b c/d[-x,y]"},
		{"7", "x? ( || ( a/b[y=] !c/d ) )", "x", "|| ( a/b[-y] !c/d )"},
	} {
		n, err := Depend(c.text, row(t, c.eapi))
		if err != nil {
			t.Error(err)
			continue
		}
		e := n.Evaluate(flags(c.use))
		if e.String() != c.want || e.Kind != All {
			t.Errorf("EAPI %s, USE=%q: %s became %q, want %q", c.eapi, c.use, c.text, e, c.want)
		}
		if e.Evaluate(nil) != e {
			t.Errorf("%s: the result is not recognised as settled", e)
		}
		if strings.Join(strings.Fields(c.text), " ") != n.String() {
			t.Errorf("%s was changed to %s", c.text, n)
		}
	}
	req, err := RequiredUse("^^ ( x? ( a ) b ) ?? ( x? ( c ) ) ^^ ( x? ( d ) )", row(t, "7"))
	if err != nil {
		t.Fatal(err)
	}
	if got := req.Evaluate(flags("")).String(); got != "^^ ( b ) ^^ ( )" {
		t.Errorf("REQUIRED_USE evaluated to %s", got)
	}
	var none *Node
	if e := none.Evaluate(nil); e == nil || !e.Empty() {
		t.Errorf("nil evaluates to %v", e)
	}
}

func TestEvaluateSharesWhatIsSettled(t *testing.T) {
	n, err := Depend("a/b || ( c/d ( e/f g/h ) ) x? ( i/j )", row(t, "7"))
	if err != nil {
		t.Fatal(err)
	}
	e := n.Evaluate(flags("x"))
	for i := range 2 {
		if e.Children[i] != n.Children[i] {
			t.Errorf("%s was copied", e.Children[i])
		}
	}
}

func TestLongTokensMakeShortErrors(t *testing.T) {
	long := strings.Repeat("x", 1<<20)
	for _, s := range []string{long, long + "?", "!" + long + "? a/b", "a/b[\xff" + long + "]", "a/" + long + "-1", "(" + long} {
		_, err := Depend(s, nil)
		if err == nil {
			t.Errorf("%.20s…: no error", s)
			continue
		}
		checkError(t, err, s)
	}
}

// PMS 8.2 and 7.3.4.
func TestSatisfiedUse(t *testing.T) {
	// Alternatives of enabled flags are separated by ";"; "-" is none at all.
	for _, c := range []struct{ eapi, text, yes, no string }{
		{"7", "a", "a;a b", ";b"},
		{"7", "!a", ";b", "a"},
		{"7", "a b", "a b", "a;b;"},
		{"7", "a? ( b )", ";b;a b", "a"},
		{"7", "!a? ( b )", "a;b;a b", ""},
		{"7", "|| ( a b )", "a;b;a b", ""},
		{"7", "^^ ( a b c )", "a;b;c", ";a b;a b c"},
		{"7", "?? ( a b c )", ";a;b;c", "a b;a b c"},
		{"7", "^^ ( ( a b ) c )", "a b;c;a c", ";a;a b c"},
		{"7", "|| ( x? ( a ) b )", "b;x a;x b", ";a;x"},
		{"7", "^^ ( x? ( a ) b )", "b;x a", ";x a b;x"},
		{"7", "^^ ( x? ( a ) )", "x a", ";a;x"},
		{"6", "^^ ( x? ( a ) )", "x a;;a", "x"},
		{"7", "|| ( x? ( a ) )", "x a", ";a;x"},
		{"6", "|| ( x? ( a ) )", "x a;;a", "x"},
		{"7", "|| ( )", "-", ";a"},
		{"6", "|| ( )", ";a", "-"},
		{"7", "?? ( )", ";a", "-"},
	} {
		n, err := RequiredUse(c.text, row(t, c.eapi))
		if err != nil {
			t.Error(err)
			continue
		}
		check := func(uses string, want bool) {
			for use := range strings.SplitSeq(uses, ";") {
				if got := n.SatisfiedUse(flags(use)); got != want {
					t.Errorf("EAPI %s, %s, USE=%q: %v", c.eapi, c.text, use, got)
				}
			}
		}
		if c.yes != "-" {
			check(c.yes, true)
		}
		if c.no != "-" {
			check(c.no, false)
		}
	}
}

// Trees are shared between goroutines; the race detector watches this test.
func TestConcurrentUse(t *testing.T) {
	n, err := Depend("|| ( x? ( a/b[y?] ) c/d ) e/f", row(t, "7"))
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for _, use := range []string{"", "x", "x y", "y"} {
		wg.Go(func() {
			for range 100 {
				_ = n.Evaluate(flags(use)).String()
			}
		})
	}
	wg.Wait()
}

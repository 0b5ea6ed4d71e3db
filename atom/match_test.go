package atom

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func wildcard(t testing.TB, s string) *Atom {
	t.Helper()
	a, err := ParseWildcard(s)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestMatchVersion(t *testing.T) {
	for _, c := range []struct{ atom, yes, no string }{
		{"a/b", "a/b-1 a/b-9999", "a/c-1 c/b-1 a/bb-1"},
		{"!a/b", "a/b-1", "a/c-1"},
		{"<a/b-2", "a/b-1 a/b-2_rc1", "a/b-2 a/b-2-r0 a/b-3 a/c-1"},
		{"<=a/b-2", "a/b-1 a/b-2 a/b-2-r0", "a/b-2-r1 a/b-2.0"},
		{"=a/b-2", "a/b-2 a/b-2-r0 a/b-02", "a/b-2-r1 a/b-2.0"},
		{"=a/b-2-r0", "a/b-2 a/b-2-r0", "a/b-2-r1"},
		{"=a/b-2*", "a/b-2 a/b-2.1 a/b-2-r1 a/b-2a a/b-2_rc1", "a/b-20 a/b-1 a/c-2"},
		{"~a/b-2", "a/b-2 a/b-2-r1 a/b-02-r7", "a/b-2.0 a/b-2a a/b-2_p1"},
		{"~a/b-2-r3", "a/b-2 a/b-2-r1", "a/b-2.1"},
		{">=a/b-2", "a/b-2 a/b-2-r1 a/b-10", "a/b-2_rc1 a/b-1"},
		{">a/b-2", "a/b-2-r1 a/b-2.0 a/b-2_p", "a/b-2 a/b-2-r0 a/b-1"},
		{"*/*", "a/b-1 c/d-2", ""},
		{"a/*", "a/b-1", "aa/b-1"},
		{"*/b", "a/b-1 c/b-1", "a/bb-1"},
		{"a/b*c", "a/bc-1 a/bxc-1 a/bcc-1", "a/bcd-1 a/xbc-1"},
		{"*-*/x*y*z", "a-b/xyz-1 -/xyyzz-1", "ab/xyz-1 a-b/xzy-1"},
		{"=*/*-*9999*", "a/b-9999 a/b-5.9999-r1 a/b-19999", "a/b-999"},
		{"=a/b-*_rc*", "a/b-1_rc1", "a/b-1 a/c-1_rc1"},
		{"=a*/b-1*", "aa/b-1.2", "aa/b-2"},
	} {
		a := wildcard(t, c.atom)
		for s := range strings.FieldsSeq(c.yes) {
			if !a.MatchVersion(cpv(t, s)) {
				t.Errorf("%s must match %s", a, s)
			}
		}
		for s := range strings.FieldsSeq(c.no) {
			if a.MatchVersion(cpv(t, s)) {
				t.Errorf("%s must not match %s", a, s)
			}
		}
	}
}

func cpv(t testing.TB, s string) CPV {
	if strings.HasPrefix(s, "-/") { // not a valid category, but matching does not care
		s = "x" + s
		c := cpv(t, s)
		c.Category = "-"
		return c
	}
	c, err := ParseCPV(s)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// The operators restate Compare.
func TestOperatorsAgree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v, w := drawVersion(t, "v"), drawVersion(t, "w")
		match := func(op Op) bool {
			a := &Atom{CP: CP{"a", "b"}, Op: op, Version: w}
			return a.MatchVersion(CPV{CP{"a", "b"}, v})
		}
		r := v.Compare(w)
		got := []bool{match(OpLess), match(OpLessEq), match(OpEqual), match(OpGreaterEq), match(OpGreater)}
		want := []bool{r < 0, r <= 0, r == 0, r >= 0, r > 0}
		if !slices.Equal(got, want) {
			t.Fatalf("%s against %s: %v, want %v", v, w, got, want)
		}
		if match(OpEqual) && (!match(OpRevision) || !match(OpGlob)) {
			t.Fatalf("%s equals %s, so ~ and =* must match too", v, w)
		}
	})
}

func TestMatchSlotAndRepo(t *testing.T) {
	for _, c := range []struct {
		atom, slot, sub string
		want            bool
	}{
		{"a/b", "0", "0", true},
		{"a/b:*", "5", "5", true},
		{"a/b:=", "5", "5", true},
		{"a/b:5", "5", "5.15", true},
		{"a/b:5=", "5", "5.15", true},
		{"a/b:5", "6", "5", false},
		{"a/b:5/5.15", "5", "5.15", true},
		{"a/b:5/5.15", "5", "5.14", false},
		{"a/b:5/5.15=", "5", "5.14", false},
		{"a/b:5/5", "5", "5", true},
	} {
		if got := wildcard(t, c.atom).MatchSlot(c.slot, c.sub); got != c.want {
			t.Errorf("%s, slot %s/%s: %v", c.atom, c.slot, c.sub, got)
		}
	}
	if a := wildcard(t, "a/b::x"); !a.MatchRepo("x") || a.MatchRepo("y") || !a.WithoutRepo().MatchRepo("y") {
		t.Error("repository")
	}
}

// PMS 8.3.4: each form, for a parent with the flag on and off.
func TestEvaluateUse(t *testing.T) {
	for form, want := range map[string][2]string{
		"a/b[f]":                 {"a/b[f]", "a/b[f]"},
		"a/b[-f]":                {"a/b[-f]", "a/b[-f]"},
		"a/b[f=]":                {"a/b[f]", "a/b[-f]"},
		"a/b[!f=]":               {"a/b[-f]", "a/b[f]"},
		"a/b[f?]":                {"a/b[f]", "a/b"},
		"a/b[!f?]":               {"a/b", "a/b[-f]"},
		"a/b[f(+)=]":             {"a/b[f(+)]", "a/b[-f(+)]"},
		">=a/b-1:2=[x,f?,!f?,y]": {">=a/b-1:2=[x,f,y]", ">=a/b-1:2=[x,-f,y]"},
	} {
		a, err := Parse(form, nil)
		if err != nil {
			t.Fatal(err)
		}
		for i, on := range []bool{true, false} {
			e := a.EvaluateUse(func(f string) bool { return f == "f" && on })
			if e.String() != want[i] || e.ConditionalUse() {
				t.Errorf("%s, flag %v: %s", a, on, e)
			}
			if !a.ConditionalUse() && e != a {
				t.Errorf("%s was copied", a)
			}
		}
		if a.String() != form {
			t.Errorf("%s was changed to %s", form, a)
		}
	}
}

func TestMatchUse(t *testing.T) {
	for _, c := range []struct {
		use     string
		absent  bool // result when the package lacks the flag
		off, on bool
	}{
		{"[f]", false, false, true},
		{"[-f]", false, true, false},
		{"[f(+)]", true, false, true},
		{"[f(-)]", false, false, true},
		{"[-f(+)]", false, true, false},
		{"[-f(-)]", true, true, false},
		{"[f?]", true, true, true}, // not evaluated: no restriction
		{"[g,f]", false, false, true},
		{"[-g,f]", false, false, false},
	} {
		a, err := Parse("a/b"+c.use, nil)
		if err != nil {
			t.Fatal(err)
		}
		has := func(flags ...string) func(string) bool {
			return func(f string) bool { return slices.Contains(flags, f) }
		}
		if got := a.MatchUse(has("g"), has("g")); got != c.absent {
			t.Errorf("%s without the flag: %v", a, got)
		}
		if got := a.MatchUse(has("f", "g"), has("g")); got != c.off {
			t.Errorf("%s with the flag off: %v", a, got)
		}
		if got := a.MatchUse(has("f", "g"), has("f", "g")); got != c.on {
			t.Errorf("%s with the flag on: %v", a, got)
		}
	}
}

// A condition that asks for nothing still demands that its flag exists, unless it has a default.
func TestMatchUseEvaluated(t *testing.T) {
	none := func(string) bool { return false }
	all := func(string) bool { return true }
	for use, absent := range map[string]bool{"[f?]": false, "[!f?]": false, "[f=]": false, "[f(-)?]": true, "[f(+)?]": true} {
		a, err := Parse("a/b"+use, nil)
		if err != nil {
			t.Fatal(err)
		}
		off := a.EvaluateUse(none)
		if got := off.MatchUse(none, none); got != absent {
			t.Errorf("%s without the flag: %v", a, got)
		}
		if !off.MatchUse(all, none) || !off.RestrictsUse() || len(off.UseAsWritten()) != 1 || off.UseAsWritten()[0] != a.Use[0] {
			t.Errorf("%s with the flag off: %v, written %v", a, off, off.UseAsWritten())
		}
		if on := a.EvaluateUse(all).WithoutUse(); on.RestrictsUse() || !on.MatchUse(none, none) {
			t.Errorf("%s without its USE part still restricts", a)
		}
	}
}

func TestModifiedCopies(t *testing.T) {
	const full = "!!>=a/b-1:2/3::r[c]"
	a := wildcard(t, full)
	for want, got := range map[string]*Atom{
		"!!>=a/b-1:2/3::r":     a.WithoutUse(),
		"!!>=a/b-1::r[c]":      a.WithoutSlot(),
		">=a/b-1:2/3::r[c]":    a.WithoutBlocker(),
		"!!>=a/b-1:2/3[c]":     a.WithoutRepo(),
		"!!>=a/b-1:2/3::s[c]":  a.WithRepo("s"),
		"!!>=x/y-1:2/3::r[c]":  a.WithCP(CP{"x", "y"}),
		"!!>=a/b-1:7=::r[c]":   a.WithSlot("7", "", SlotOpEqual),
		"!!>=a/b-1:2/3::r[-c]": a.WithUse([]UseDep{{UseDisabled, "c", 0}}),
	} {
		if got.String() != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	if a.String() != full {
		t.Errorf("the original became %s", a)
	}
}

func TestGlobMatchIsNotExponential(t *testing.T) {
	if globMatch(strings.Repeat("a*", 5000)+"b", strings.Repeat("a", 10000)) {
		t.Error("must not match")
	}
}

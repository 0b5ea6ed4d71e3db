package atom

import (
	"math/big"
	"regexp"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func version(t testing.TB, s string) Version {
	t.Helper()
	v, err := ParseVersion(s)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// Every version of a chain is older than the next; versions of one entry,
// separated by spaces, are equal.
func TestCompareChains(t *testing.T) {
	chains := map[string][]string{
		"numbers":         {"0 00", "1 01 1-r0", "1.0 1.00", "1.0.0", "1.01 1.010 01.01", "1.02", "1.1", "1.2", "1.10", "2", "9", "10", "123456789012345678901234567890", "123456789012345678901234567891"},
		"letters":         {"1", "1a", "1b", "1z", "1.0", "1.0a", "1.1"},
		"suffixes":        {"1_alpha_alpha", "1_alpha_beta", "1_alpha 1_alpha0", "1_alpha_p", "1_alpha1", "1_alpha2_beta", "1_alpha2", "1_alpha10", "1_beta", "1_pre", "1_pre20200101", "1_rc", "1_rc1_pre", "1_rc1", "1_rc1-r1", "1", "1_p_alpha", "1_p 1_p0", "1_p1_rc3", "1_p1", "1_p1_p", "1_p99999999999999999999", "1a_rc1", "1a"},
		"revisions":       {"1 1-r0 1-r00", "1-r1 1-r01", "1-r2", "1-r10", "1-r20210101000000000001", "1.0"},
		"leading zeros":   {"1.001", "1.0011", "1.002", "1.01", "1.09", "1.1", "1.9", "1.10"},
		"fraction or int": {"1.0 1.000", "1.05", "1.10", "1.50"},
	}
	for name, chain := range chains {
		var flat []Version
		var rank []int
		for i, entry := range chain {
			for s := range strings.FieldsSeq(entry) {
				flat, rank = append(flat, version(t, s)), append(rank, i)
			}
		}
		for i, v := range flat {
			for j, w := range flat {
				if got, want := v.Compare(w), compareLen(rank[i], rank[j]); got != want {
					t.Errorf("%s: %s against %s: got %d, want %d", name, v, w, got, want)
				}
			}
		}
	}
}

func TestCompareZeroVersion(t *testing.T) {
	v := version(t, "0_alpha")
	if (Version{}).Compare(v) != -1 || v.Compare(Version{}) != 1 || (Version{}).Compare(Version{}) != 0 {
		t.Error("the zero version must come before all others")
	}
}

func TestCompareDoesNotAllocate(t *testing.T) {
	v, w := version(t, "1.2.010b_rc2_p5-r1"), version(t, "01.2.01b_rc2_p5-r2")
	if n := testing.AllocsPerRun(100, func() { v.Compare(w); v.hasPrefix(w) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestParseVersionInvalid(t *testing.T) {
	for _, s := range []string{"", "a", "1.", ".1", "1..2", "1ab", "1A", "1-r", "1-rc1", "1-1", "1_", "1_foo", "1_p1a", "1_alphabet",
		"1.2a.3", "1-r1-r2", "1-r1a", "1 ", " 1", "1*", "-1", "1_P1", "1.2_rc-1", "cvs.1"} {
		if v, err := ParseVersion(s); err == nil {
			t.Errorf("%q: got %v, want an error", s, v)
		}
	}
}

func TestVersionParts(t *testing.T) {
	for _, c := range []struct {
		s, base, revision string
		live              bool
	}{
		{"1.2", "1.2", "", false},
		{"1.2_rc1-r0", "1.2_rc1", "0", false},
		{"1.2-r13", "1.2", "13", false},
		{"9999", "9999", "", true},
		{"5.15.9999-r2", "5.15.9999", "2", true},
		{"99999999", "99999999", "", true},
		{"9999_pre1", "9999", "", true},
		{"999", "999", "", false},
		{"19999", "19999", "", false},
		{"9999.1", "9999.1", "", false},
		{"20219999", "20219999", "", false},
	} {
		v := version(t, c.s)
		if c.s == "9999_pre1" {
			c.base = c.s
		}
		if v.Base().String() != c.base || v.Revision() != c.revision || v.Live() != c.live {
			t.Errorf("%s: base %s, revision %q, live %v", v, v.Base(), v.Revision(), v.Live())
		}
	}
}

func TestVersionPrefix(t *testing.T) {
	for _, c := range []struct {
		pattern, yes, no string
	}{
		{"1", "1 1.2 1a 1_p1 1-r1 01 1.0", "10 2 11.1"},
		{"1.2", "1.2 1.2.3 1.2-r1 1.2a 1.2_rc1 1.2.0", "1.20 1.21 1 1.02 12 1.1.2"},
		{"1.2a", "1.2a 1.2a_p1 1.2a-r2", "1.2 1.2b 1.2.1 1.2aa"},
		{"1_rc", "1_rc 1_rc2 1_rc_p1 1_rc1-r1", "1 1_pre 1.1_rc 1a_rc"},
		{"1_rc1", "1_rc1 1_rc1_p2 1_rc01 1_rc1-r3", "1_rc 1_rc10 1_rc2"},
		{"1_rc_p", "1_rc_p 1_rc0_p9", "1_rc1_p 1_rc"},
		{"1-r1", "1-r1 1-r01", "1 1-r10 1-r2 1_p1-r1 1.0-r1 1a-r1"},
		{"1-r0", "1 1-r0", "1-r1 1.0"},
		{"1.02", "1.02 1.020 1.02.5", "1.2 1.021"},
	} {
		p := version(t, c.pattern)
		for s := range strings.FieldsSeq(c.yes) {
			if v, err := ParseVersion(s); err == nil && !v.hasPrefix(p) {
				t.Errorf("%s* must match %s", p, v)
			}
		}
		for s := range strings.FieldsSeq(c.no) {
			if v, err := ParseVersion(s); err == nil && v.hasPrefix(p) {
				t.Errorf("%s* must not match %s", p, v)
			}
		}
	}
	if (Version{}).hasPrefix(version(t, "0")) {
		t.Error("no version matches no prefix")
	}
}

// drawVersion favours digits that collide: zeros, equal numbers, equal suffixes.
func drawVersion(t *rapid.T, label string) Version {
	num := rapid.SampledFrom([]string{"0", "00", "1", "01", "010", "10", "2", "9", "100000000000000000000"})
	s := num.Draw(t, label)
	for range rapid.IntRange(0, 2).Draw(t, label+" components") {
		s += "." + num.Draw(t, label)
	}
	s += rapid.SampledFrom([]string{"", "", "a", "b"}).Draw(t, label+" letter")
	for range rapid.IntRange(0, 2).Draw(t, label+" suffixes") {
		s += rapid.SampledFrom([]string{"_alpha", "_beta", "_pre", "_rc", "_p"}).Draw(t, label)
		s += rapid.SampledFrom([]string{"", "0", "1", "01", "10"}).Draw(t, label)
	}
	s += rapid.SampledFrom([]string{"", "-r0", "-r1", "-r01", "-r10"}).Draw(t, label+" revision")
	v, err := ParseVersion(s)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestCompareIsTotalOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := drawVersion(t, "a"), drawVersion(t, "b"), drawVersion(t, "c")
		if a.Compare(a) != 0 || a.Compare(b) != -b.Compare(a) {
			t.Fatalf("not antisymmetric: %s %s", a, b)
		}
		vs := []Version{a, b, c}
		slices.SortFunc(vs, Version.Compare)
		if vs[0].Compare(vs[2]) > 0 {
			t.Fatalf("not transitive: %v", vs)
		}
		if a.Compare(b) == 0 && a.Compare(c) != b.Compare(c) {
			t.Fatalf("equal versions %s and %s compare differently with %s", a, b, c)
		}
		if (a.Compare(b) == 0) != a.Equal(b) {
			t.Fatalf("Equal and Compare disagree on %s %s", a, b)
		}
		if a.Compare(b) == 0 && !a.hasPrefix(b) {
			t.Fatalf("%s equals %s and must have it as prefix", a, b)
		}
	})
}

func TestCompareAgreesWithOracle(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := drawVersion(t, "a"), drawVersion(t, "b")
		if got, want := a.Compare(b), slowCompare(a.String(), b.String()); got != want {
			t.Fatalf("%s against %s: got %d, want %d", a, b, got, want)
		}
	})
}

var versionParts = regexp.MustCompile(`^([0-9.]+)([a-z]?)((?:_(?:alpha|beta|pre|rc|p)[0-9]*)*)(?:-r([0-9]+))?$`)
var suffixParts = regexp.MustCompile(`_(alpha|beta|pre|rc|p)([0-9]*)`)

// slowCompare is PMS 3.3 written down for obviousness: it takes the version
// apart with regular expressions and counts with big integers.
func slowCompare(a, b string) int {
	x, y := versionParts.FindStringSubmatch(a), versionParts.FindStringSubmatch(b)
	xn, yn := strings.Split(x[1], "."), strings.Split(y[1], ".")
	for i := 0; i < len(xn) && i < len(yn); i++ {
		r := bigInt(xn[i]).Cmp(bigInt(yn[i]))
		if i > 0 && (xn[i][0] == '0' || yn[i][0] == '0') {
			r = strings.Compare(strings.TrimRight(xn[i], "0"), strings.TrimRight(yn[i], "0"))
		}
		if r != 0 {
			return r
		}
	}
	if len(xn) != len(yn) {
		return compareLen(len(xn), len(yn))
	}
	if x[2] != y[2] {
		return strings.Compare(x[2], y[2])
	}
	// A version without further suffix is between _rc and _p.
	order := map[string]int{"alpha": 0, "beta": 1, "pre": 2, "rc": 3, "": 4, "p": 5}
	xs, ys := suffixParts.FindAllStringSubmatch(x[3], -1), suffixParts.FindAllStringSubmatch(y[3], -1)
	for i := 0; i < len(xs) || i < len(ys); i++ {
		s, u := []string{"", "", ""}, []string{"", "", ""}
		if i < len(xs) {
			s = xs[i]
		}
		if i < len(ys) {
			u = ys[i]
		}
		if s[1] != u[1] {
			return compareLen(order[s[1]], order[u[1]])
		}
		if r := bigInt(s[2]).Cmp(bigInt(u[2])); r != 0 {
			return r
		}
	}
	return bigInt(x[4]).Cmp(bigInt(y[4]))
}

func bigInt(s string) *big.Int {
	n, _ := new(big.Int).SetString("0"+s, 10)
	return n
}

func FuzzParseVersion(f *testing.F) {
	for _, s := range []string{"1", "1.2.3b_rc2_p5-r1", "1_alpha", "0.0", "1-r", "1_p_p", "1..2", "٣"} {
		f.Add(s, "1.0")
	}
	f.Fuzz(func(t *testing.T, s, u string) {
		v, err := ParseVersion(s)
		if (err == nil) != validOracle(s) {
			t.Fatalf("%q: %v", s, err)
		}
		if err != nil {
			checkSyntaxError(t, err, s)
			return
		}
		w, err := ParseVersion(u)
		if err != nil {
			return
		}
		if got, want := v.Compare(w), slowCompare(s, u); got != want {
			t.Fatalf("%s against %s: got %d, want %d", v, w, got, want)
		}
		v.hasPrefix(w)
	})
}

var validVersion = regexp.MustCompile(`\A[0-9]+(\.[0-9]+)*[a-z]?(_(alpha|beta|pre|rc|p)[0-9]*)*(-r[0-9]+)?\z`)

func validOracle(s string) bool { return validVersion.MatchString(s) }

func BenchmarkCompare(b *testing.B) {
	v, w := version(b, "5.15.2.9_rc1-r1"), version(b, "5.15.2.10_rc1")
	for b.Loop() {
		v.Compare(w)
	}
}

package phase

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/portsolve/portsolve/atom"
)

// TestVerCut and TestVerRs: PMS 12.3.13, with the edge cases of its text.
func TestVersionStrings(t *testing.T) {
	table := []struct{ command, want string }{
		{"ver_cut 1 1.2.3", "1"},
		{"ver_cut 1-2 1.2.3", "1.2"},
		{"ver_cut 2- 1.2.3", "2.3"},
		{"ver_cut 1- 1.2.3", "1.2.3"},
		{"ver_cut 3-4 1.2.3b_alpha4", "3b"},
		{"ver_cut 5 1.2.3b_alpha4", "alpha"},
		{"ver_cut 1-2 .1.2.3", "1.2"},
		{"ver_cut 0-2 .1.2.3", ".1.2"},
		{"ver_cut 2-3 1.2.3.", "2.3"},
		{"ver_cut 2-9 1.2.3.", "2.3."},
		{"ver_cut 4-6 1.2", ""},
		{"ver_cut 4- 1.2", ""},
		{"ver_cut 0 1.2", ""},
		{"ver_cut 2", "2"},
		{"ver_cut 1 ''", ""},
		{"ver_rs 1 - 1.2.3", "1-2.3"},
		{"ver_rs 2 - 1.2.3", "1.2-3"},
		{"ver_rs 1-2 - 1.2.3.4", "1-2-3.4"},
		{"ver_rs 2- - 1.2.3.4", "1.2-3-4"},
		{"ver_rs 2 . 1.2-3", "1.2.3"},
		{"ver_rs 3 . 1.2.3a", "1.2.3.a"},
		{"ver_rs 2-3 - 1.2_alpha4", "1.2-alpha-4"},
		{"ver_rs 3 - 2 '' 1.2.3b_alpha4", "1.23-b_alpha4"},
		{"ver_rs 0 - 1.2", "1.2"},
		{"ver_rs 0 - .1.2", "-1.2"},
		{"ver_rs 2 - 1.2", "1.2"},
		{"ver_rs 2 - 1.2.", "1.2-"},
		{"ver_rs 5-9 - 1.2", "1.2"},
		{"ver_rs 1 '*' ", "1*2"},
	}
	var body strings.Builder
	for _, c := range table {
		fmt.Fprintf(&body, "    %s\n", c.command)
	}
	f, err := runBody(t, "8", body.String())
	if err != nil {
		t.Fatalf("%v\n%s", err, f.out)
	}
	got := strings.Split(f.out.String(), "\n")
	for i, c := range table {
		if got[i] != c.want {
			t.Errorf("%s: %q, want %q", c.command, got[i], c.want)
		}
	}
}

// TestVersionOrder compares ver_test with package atom on random versions.
func TestVersionOrder(t *testing.T) {
	part := rapid.OneOf(rapid.StringMatching(`0{0,2}[0-9]{1,2}0{0,2}`), rapid.SampledFrom([]string{"0", "1", "10", "01", "010", "100", "99999999999999999999"}))
	version := rapid.Custom(func(t *rapid.T) string {
		s := strings.Join(rapid.SliceOfN(part, 1, 3).Draw(t, "numbers"), ".")
		s += rapid.SampledFrom([]string{"", "", "", "a", "b"}).Draw(t, "letter")
		for _, suffix := range rapid.SliceOfN(rapid.SampledFrom([]string{"_alpha", "_beta", "_pre", "_rc", "_p"}), 0, 2).Draw(t, "suffixes") {
			s += suffix + rapid.SampledFrom([]string{"", "0", "1", "2", "01", "10"}).Draw(t, "number")
		}
		return s + rapid.SampledFrom([]string{"", "", "-r0", "-r1", "-r01", "-r2"}).Draw(t, "revision")
	})
	var body strings.Builder
	var pairs [][2]string
	for seed := range 120 {
		a, b := version.Example(2*seed), version.Example(2*seed+1)
		if seed%4 == 0 {
			b = a[:len(a)-1] + "0" // near neighbours
			if _, err := atom.ParseVersion(b); err != nil {
				b = a
			}
		}
		pairs = append(pairs, [2]string{a, b})
		fmt.Fprintf(&body, "    ver_test %s -lt %s; echo $?; ver_test %s -eq %s; echo $?\n", a, b, a, b)
	}
	f, err := runBody(t, "8", body.String())
	if err != nil {
		t.Fatalf("%v\n%s", err, f.out)
	}
	lines := strings.Fields(f.out.String())
	for i, p := range pairs {
		a, err := atom.ParseVersion(p[0])
		if err != nil {
			t.Fatal(err)
		}
		b, err := atom.ParseVersion(p[1])
		if err != nil {
			t.Fatal(err)
		}
		order := a.Compare(b)
		less, equal := lines[2*i] == "0", lines[2*i+1] == "0"
		if less != (order < 0) || equal != (order == 0) {
			t.Errorf("%s and %s: package atom says %d, ver_test -lt %v -eq %v", p[0], p[1], order, less, equal)
		}
	}
}

package unsat

import (
	"fmt"
	"slices"
	"strings"

	"github.com/portsolve/portsolve/solver/universe"
)

// fewVersions is how many versions of a package a sentence lists; so many neighbours are a range. A list of a
// dozen hides the point.
const fewVersions = 4

// enumerate joins words: "a", "a or b", "a, b or c".
func enumerate(words []string, last string) string {
	if n := len(words); n > 1 {
		return strings.Join(words[:n-1], ", ") + " " + last + " " + words[n-1]
	}
	return strings.Join(words, "")
}

// names lists packages, by name and then ascending: "a/b-1, 1-r1 and 2 (installed)". A version from
// several places is told once, and neighbours are a range: "a/b-1 … 4 (4 versions)".
func (t *teller) names(cands []*universe.Candidate, last string, suffix func(*universe.Candidate) string) string {
	list := slices.Clone(cands)
	slices.SortStableFunc(list, func(a, b *universe.Candidate) int { return a.Pkg.CPV.Compare(b.Pkg.CPV) })
	var out []string
	for len(list) > 0 {
		n := 1
		for n < len(list) && list[n].CP() == list[0].CP() {
			n++
		}
		out = append(out, t.versions(list[:n], suffix)...)
		list = list[n:]
	}
	return enumerate(out, last)
}

// version is one version of a package in a list.
type version struct {
	text  string
	place int // among all versions of the package, ascending
	plain bool
}

// versions lists the versions of one package, the first with its name.
func (t *teller) versions(cands []*universe.Candidate, suffix func(*universe.Candidate) string) []string {
	places := t.places(cands[0])
	var list []version
	for len(cands) > 0 {
		c, n := cands[0], 1
		for n < len(cands) && cands[n].Pkg.CPV == c.Pkg.CPV {
			n++
		}
		v := version{text: c.Pkg.CPV.Version.String(), place: places[c.Pkg.CPV.Version.String()], plain: suffix == nil}
		if suffix != nil {
			v.text += suffix(c)
		}
		if slices.ContainsFunc(cands[:n], (*universe.Candidate).Installed) {
			v.text += " (installed)"
			v.plain = false
		}
		list, cands = append(list, v), cands[n:]
		if len(cands) == 0 {
			out := ranges(list)
			out[0] = c.CP().String() + "-" + out[0]
			return out
		}
	}
	return nil
}

// places numbers the versions of a package.
func (t *teller) places(c *universe.Candidate) map[string]int {
	out := map[string]int{}
	all := t.u.Group(c.Root, c.CP()).All
	for i := len(all) - 1; i >= 0; i-- {
		if v := all[i].Pkg.CPV.Version.String(); out[v] == 0 {
			out[v] = len(out) + 1
		}
	}
	return out
}

// ranges joins neighbours, and shortens what is still too long to read.
func ranges(list []version) []string {
	var out []string
	told := 0
	for i := 0; i < len(list); {
		n := i + 1
		for n < len(list) && list[i].plain && list[n].plain && list[n].place == list[n-1].place+1 {
			n++
		}
		if n-i < fewVersions {
			n = i + 1
		}
		if len(out) == fewVersions && len(list)-told > 1 {
			return append(out, fmt.Sprintf("%d more", len(list)-told))
		}
		text := list[i].text
		if n-i > 1 {
			text = fmt.Sprintf("%s … %s (%d versions)", text, list[n-1].text, n-i)
		}
		out = append(out, text)
		told += n - i
		i = n
	}
	return out
}

// slotOf is a suffix for names: ":slot", and the sub-slot where there is one.
func slotOf(c *universe.Candidate) string {
	if c.Pkg.SubSlot != "" && c.Pkg.SubSlot != c.Pkg.Slot {
		return ":" + c.Pkg.Slot + "/" + c.Pkg.SubSlot
	}
	return ":" + c.Pkg.Slot
}

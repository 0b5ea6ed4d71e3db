package unsat

import (
	"fmt"
	"slices"
	"strings"

	"github.com/portsolve/portsolve/solver/universe"
)

// fewVersions is how many versions of a package a sentence lists; of more it tells the first and
// the last. A list of a dozen hides the point.
const fewVersions = 4

// enumerate joins words: "a", "a or b", "a, b or c".
func enumerate(words []string, last string) string {
	if n := len(words); n > 1 {
		return strings.Join(words[:n-1], ", ") + " " + last + " " + words[n-1]
	}
	return strings.Join(words, "")
}

// names lists packages, by name and then ascending: "a/b-1, 1-r1 and 2 (installed)". A version from
// several places is told once.
func names(cands []*universe.Candidate, last string, suffix func(*universe.Candidate) string) string {
	list := slices.Clone(cands)
	slices.SortStableFunc(list, func(a, b *universe.Candidate) int { return a.Pkg.CPV.Compare(b.Pkg.CPV) })
	var out []string
	for len(list) > 0 {
		n := 1
		for n < len(list) && list[n].CP() == list[0].CP() {
			n++
		}
		out = append(out, versions(list[:n], suffix)...)
		list = list[n:]
	}
	return enumerate(out, last)
}

// versions lists the versions of one package, the first with its name.
func versions(cands []*universe.Candidate, suffix func(*universe.Candidate) string) []string {
	var out []string
	for i, c := range cands {
		if i > 0 && c.Pkg.CPV == cands[i-1].Pkg.CPV {
			continue
		}
		same := cands[i:]
		for n, m := range same {
			if m.Pkg.CPV != c.Pkg.CPV {
				same = same[:n]
				break
			}
		}
		text := c.Pkg.CPV.Version.String()
		if suffix != nil {
			text += suffix(c)
		}
		if slices.ContainsFunc(same, (*universe.Candidate).Installed) {
			text += " (installed)"
		}
		out = append(out, text)
	}
	name := cands[0].CP().String() + "-"
	if len(out) > fewVersions {
		return []string{fmt.Sprintf("%s%s … %s (%d versions)", name, out[0], out[len(out)-1], len(out))}
	}
	out[0] = name + out[0]
	return out
}

// slotOf is a suffix for names: ":slot", and the sub-slot where there is one.
func slotOf(c *universe.Candidate) string {
	if c.Pkg.SubSlot != "" && c.Pkg.SubSlot != c.Pkg.Slot {
		return ":" + c.Pkg.Slot + "/" + c.Pkg.SubSlot
	}
	return ":" + c.Pkg.Slot
}

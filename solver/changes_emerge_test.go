package solver_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/portsolve/portsolve/solver/scenario"
)

// What emerge proposes and reports besides: docs/objective.md, "--compat=emerge".
func TestEmergeProposals(t *testing.T) {
	const bound = `
-- repo --
l/icu-49 SLOT=0/49
l/icu-48 SLOT=0/48
l/xml-2 KEYWORDS="~amd64" RDEPEND="l/icu:="
-- installed --
l/icu-48 SLOT=0/48
l/xml-2 RDEPEND="l/icu:0/48="
-- world --
l/xml
-- request --
`
	const broken = `
-- repo --
a/b-1
-- installed --
a/b-1
a/old-1 RDEPEND="a/b a/none"
-- world --
a/b
a/old
-- request --
`
	tests := []struct{ name, world, want string }{
		{"a rebuild that needs a keyword", bound + "--compat --autounmask --oneshot l/icu", "complete; merges l/icu-49 l/xml-2; keywords l/xml-2"},
		{"not without --autounmask", bound + "--compat --oneshot l/icu", "complete; merges l/icu-48"},
		{"not in the other mode", bound + "--autounmask --oneshot l/icu", "complete; merges l/icu-48"},
		{"the flags of the parent", `
-- repo --
a/b-1 IUSE="+x +y" DEPEND="a/d[x(-)?,y(-)?]"
a/d-1
-- request --
--compat a/b
`, "incomplete; use a/b-1 -x -y; unsatisfied a/d[x(-),y(-)]"},
		{"a broken dependency within --deep", broken + "--compat --selective --deep=1 @world", "complete; unsatisfied a/none"},
		{"not below it", broken + "--compat --selective @world", "complete"},
		{"a member of @world without an ebuild", broken + "--compat @world", "complete; merges a/b-1; unsatisfied a/old"},
		{"nobody's business in the other mode", broken + "--selective --deep=1 @world", "complete"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			sc, err := scenario.Parse([]byte(tt.world))
			if err != nil {
				t.Fatal(err)
			}
			res, err := resolve(t.Context(), sc.Roots, &sc.Request)
			if err != nil {
				t.Fatal(err)
			}
			got := []string{map[bool]string{false: "incomplete", true: "complete"}[res.Complete]}
			add := func(word string, list []string) {
				if len(list) > 0 {
					got = append(got, word+" "+strings.Join(list, " "))
				}
			}
			var merges, unsatisfied []string
			for i := range res.Plan {
				merges = append(merges, res.Plan[i].CPV)
			}
			if res.Complete {
				add("merges", merges)
			}
			for cpv, flags := range res.Changes.Use {
				words := []string{cpv}
				for _, f := range slices.Sorted(maps.Keys(flags)) {
					words = append(words, map[bool]string{false: "-"}[flags[f]]+f)
				}
				add("use", words)
			}
			add("keywords", res.Changes.Keywords)
			for i := range res.Unsatisfied {
				unsatisfied = append(unsatisfied, res.Unsatisfied[i].Atom)
			}
			add("unsatisfied", unsatisfied)
			if text := fmt.Sprint(strings.Join(got, "; ")); text != tt.want {
				t.Errorf("%s\nwant %s", text, tt.want)
			}
		})
	}
}

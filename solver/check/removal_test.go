package check_test

import (
	"slices"
	"testing"

	"github.com/portsolve/portsolve/solver/answer"
	"github.com/portsolve/portsolve/solver/check"
)

const removalWorld = `
-- installed --
app-misc/app-1 RDEPEND="dev-libs/lib || ( dev-libs/x dev-libs/y )" DEPEND="dev-libs/build"
dev-libs/lib-1 PDEPEND="dev-libs/plugin"
dev-libs/plugin-1 RDEPEND="dev-libs/lib"
dev-libs/x-1
dev-libs/y-1
dev-libs/build-1
app-misc/old-1 IDEPEND="dev-util/tool" RDEPEND="dev-libs/y"
app-misc/broken-1 RDEPEND="dev-libs/gone"
dev-util/tool-1
dev-lang/py-3.9 SLOT=3.9
dev-lang/py-3.10 SLOT=3.10
sys-apps/portage-3
-- world @selected --
app-misc/app
dev-libs/missing
-- request --
`

// TestRemoval: the judge accepts good lists and names the rule that bad ones break.
func TestRemoval(t *testing.T) {
	for _, tt := range []struct {
		name, request string
		goes          []string
		edit          func(*answer.Removal)
		want          []string // rules, none: accepted
	}{
		{name: "nothing", request: "--action=depclean"},
		{name: "in order", request: "--action=depclean", goes: []string{"app-misc/old-1", "dev-util/tool-1", "dev-libs/y-1"}},
		{name: "build dependencies", request: "--action=depclean", goes: []string{"dev-libs/build-1"}},
		{name: "the other branch", request: "--action=depclean", goes: []string{"dev-libs/x-1"}},
		{name: "what was broken before", request: "--action=depclean", goes: []string{"app-misc/broken-1"}},
		{name: "both branches", request: "--action=depclean", goes: []string{"app-misc/old-1", "dev-libs/x-1", "dev-libs/y-1"}, want: []string{"keep"}},
		{name: "needed", request: "--action=depclean", goes: []string{"dev-libs/lib-1"}, want: []string{"keep"}},
		{name: "needed after it", request: "--action=depclean", goes: []string{"dev-libs/plugin-1"}, want: []string{"keep"}},
		{name: "selected", request: "--action=depclean", goes: []string{"app-misc/app-1"}, want: []string{"keep"}},
		{name: "tool first", request: "--action=depclean", goes: []string{"dev-util/tool-1", "app-misc/old-1"}, want: []string{"order"}},
		{name: "not installed", request: "--action=depclean", goes: []string{"app-misc/none-1"}, want: []string{"plan"}},
		{name: "twice", request: "--action=depclean", goes: []string{"app-misc/old-1", "app-misc/old-1"}, want: []string{"plan"}},
		{name: "miscounted", request: "--action=depclean", edit: func(r *answer.Removal) { r.Kept-- }, want: []string{"plan"}},
		{name: "blocked and yet", request: "--action=depclean", goes: []string{"app-misc/old-1"},
			edit: func(r *answer.Removal) { r.Blocked = true }, want: []string{"plan"}},
		{name: "excluded", request: "--action=depclean --exclude=old", goes: []string{"app-misc/old-1"}, want: []string{"request"}},
		{name: "not named", request: "--action=depclean dev-util/tool", goes: []string{"app-misc/old-1"}, want: []string{"request"}},
		{name: "itself", request: "--action=unmerge sys-apps/portage", goes: []string{"sys-apps/portage-3"}, want: []string{"keep"}},
		{name: "unmerge breaks", request: "--action=unmerge dev-libs/lib", goes: []string{"dev-libs/lib-1"}},
		{name: "prune", request: "--action=prune", goes: []string{"dev-lang/py-3.9"}},
		{name: "prune the highest", request: "--action=prune", goes: []string{"dev-lang/py-3.10"}, want: []string{"keep"}},
		{name: "prune all", request: "--action=prune --nodeps", goes: []string{"dev-lang/py-3.9", "dev-lang/py-3.10"}, want: []string{"keep"}},
		{name: "clean another slot", request: "--action=clean", goes: []string{"dev-lang/py-3.9"}, want: []string{"keep"}},
		{name: "a cycle", request: "--action=unmerge dev-libs/lib dev-libs/plugin", goes: []string{"dev-libs/lib-1", "dev-libs/plugin-1"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := parse(t, removalWorld+tt.request)
			r := &answer.Removal{Action: w.Request.Options.Action, CleanList: tt.goes}
			installed := len(w.Roots[0].Installed)
			r.Kept = installed - len(tt.goes)
			if tt.edit != nil {
				tt.edit(r)
			}
			var got []string
			for _, v := range check.Removal(&w.Request, w.Roots, &answer.Result{Removal: r}) {
				if tt.want == nil {
					t.Errorf("a good answer is rejected: %s", v)
				}
				got = append(got, v.Rule)
			}
			slices.Sort(got)
			if got = slices.Compact(got); !slices.Equal(got, tt.want) {
				t.Errorf("rules %v, expected %v", got, tt.want)
			}
		})
	}
	if v := check.Removal(nil, nil, &answer.Result{}); len(v) != 1 || v[0].Rule != check.RulePlan {
		t.Errorf("no removal at all: %v", v)
	}
}

package check_test

import (
	"strings"
	"testing"

	"github.com/portsolve/portsolve/solver/answer"
)

// Each case is a world with a good answer and corruptions of it; the checker
// must accept the first and name the broken rule of the others.
type corruption struct {
	name string
	plan string               // another plan, or
	edit func(*answer.Result) // a change to the good answer
	want string               // the rules, separated by blanks
}

type corruptCase struct {
	name    string
	world   string
	good    string
	corrupt []corruption
}

func TestCorruptedAnswers(t *testing.T) {
	for _, group := range [][]corruptCase{planCases, packageCases, dependCases, stateCases, orderCases, waitCases} {
		for _, c := range group {
			t.Run(c.name, func(t *testing.T) {
				parse(t, c.world).accepts(parse(t, c.world).answer(strings.Fields(c.good)...))
				for _, bad := range c.corrupt {
					t.Run(bad.name, func(t *testing.T) {
						w := parse(t, c.world)
						plan := bad.plan
						if bad.edit != nil {
							plan = c.good
						}
						res := w.answer(strings.Fields(plan)...)
						if bad.edit != nil {
							bad.edit(res)
						}
						w.rejects(res, strings.Fields(bad.want)...)
					})
				}
			})
		}
	}
}

const upgrade = `
-- repo --
dev-libs/lib-1 IUSE="+a b"
dev-libs/lib-2 IUSE="+a b"
app-misc/app-1 DEPEND="dev-libs/lib" RDEPEND=">=dev-libs/lib-2"
-- installed --
dev-libs/lib-1 USE=a IUSE="a b"
-- request --
app-misc/app
`

var planCases = []corruptCase{{
	name: "entries", world: upgrade, good: "dev-libs/lib-2 app-misc/app-1",
	corrupt: []corruption{
		{name: "no package", edit: func(r *answer.Result) { r.Plan[0].Package = nil }, want: "plan dependency"},
		{name: "other version", edit: func(r *answer.Result) { r.Plan[0].CPV = "dev-libs/lib-3" }, want: "plan dependency"},
		{name: "other slot", edit: func(r *answer.Result) { r.Plan[1].Slot = "5" }, want: "plan request"},
		{name: "other repository", edit: func(r *answer.Result) { r.Plan[1].Repo = "guru" }, want: "plan request"},
		{name: "other type", edit: func(r *answer.Result) { r.Plan[1].Type = "binary" }, want: "plan request"},
		{name: "no such root", edit: func(r *answer.Result) { r.Plan[1].Root = "/mnt/" }, want: "plan request"},
		{name: "unknown action", edit: func(r *answer.Result) { r.Plan[1].Action = "build" }, want: "plan request"},
		{name: "not in a repository", edit: func(r *answer.Result) {
			p := r.Plan[1].Package.Clone()
			p.Repo, r.Plan[1].Repo = "guru", "guru"
			r.Plan[1].Package = p
		}, want: "plan"},
		{name: "silent replacement", edit: func(r *answer.Result) { r.Plan[0].Replaces = nil }, want: "plan"},
		{name: "replaces what is not there", edit: func(r *answer.Result) { r.Plan[1].Replaces = []string{"app-misc/app-0"} }, want: "plan"},
	},
}, {
	name: "status", world: upgrade, good: "dev-libs/lib-2 app-misc/app-1",
	corrupt: []corruption{
		{name: "nothing to do", edit: func(r *answer.Result) { r.Status = answer.NothingToDo }, want: "plan"},
		{name: "empty plan", edit: func(r *answer.Result) { r.Plan = nil }, want: "plan request"},
		{name: "unknown", edit: func(r *answer.Result) { r.Status = "fine" }, want: "plan"},
		{name: "incomplete", edit: func(r *answer.Result) { r.Complete = false }, want: "plan"},
		{name: "unordered", edit: func(r *answer.Result) { r.Ordered = false }, want: "plan"},
		{name: "changes not announced", edit: func(r *answer.Result) { r.Changes.Keywords = []string{"app-misc/app-1"} }, want: "plan"},
		{name: "changes missing", edit: func(r *answer.Result) { r.Status = answer.ChangesNeeded }, want: "plan"},
		{name: "unsolved blocker", edit: func(r *answer.Result) {
			r.Plan = append(r.Plan, answer.Entry{Action: answer.BlockerEntry, Atom: "!dev-libs/x"})
		}, want: "blocker"},
	},
}, {
	name: "removal",
	world: `
-- repo --
app-misc/new-1 RDEPEND="!app-misc/old"
-- installed --
app-misc/old-1
-- request --
app-misc/new
`,
	good: "app-misc/new-1 -app-misc/old-1",
	corrupt: []corruption{
		{name: "twice", edit: func(r *answer.Result) { r.Plan = append(r.Plan, r.Plan[1]) }, want: "plan"},
		{name: "never", plan: "app-misc/new-1", want: "blocker"},
	},
}}

var packageCases = []corruptCase{{
	name: "use", world: upgrade, good: "dev-libs/lib-2 app-misc/app-1",
	corrupt: []corruption{
		{name: "flag flipped", edit: func(r *answer.Result) { r.Plan[0].Use["b"] = true }, want: "use"},
		{name: "flag missing", edit: func(r *answer.Result) { delete(r.Plan[0].Use, "a") }, want: "use"},
		{name: "changed flag not used", edit: func(r *answer.Result) {
			r.Status = answer.ChangesNeeded
			r.Changes.Use = map[string]map[string]bool{"dev-libs/lib-2": {"b": true}}
		}, want: "use"},
		{name: "changed flag unknown", edit: func(r *answer.Result) {
			r.Status = answer.ChangesNeeded
			r.Changes.Use = map[string]map[string]bool{"app-misc/app-1": {"c": true}}
		}, want: "use"},
	},
}, {
	name: "visibility",
	world: `
-- config --
package.mask =dev-libs/lib-3
-- repo --
dev-libs/lib-1
dev-libs/lib-2 KEYWORDS="~amd64"
dev-libs/lib-3
dev-libs/lib-4 MASKED="LICENSE: EULA"
dev-libs/lib-5 INVALID="bad cache entry"
dev-libs/lib-6 EAPI=99
-- request --
dev-libs/lib
`,
	good: "dev-libs/lib-1",
	corrupt: []corruption{
		{name: "keyword", plan: "dev-libs/lib-2", want: "visibility"},
		{name: "mask", plan: "dev-libs/lib-3", want: "visibility"},
		{name: "license", plan: "dev-libs/lib-4", want: "visibility"},
		{name: "invalid", plan: "dev-libs/lib-5", want: "visibility"},
		{name: "EAPI", plan: "dev-libs/lib-6", want: "visibility"},
	},
}, {
	name: "required-use",
	world: `
-- repo --
media-libs/gl-1 IUSE="+egl gles +glx" REQUIRED_USE="?? ( gles glx ) glx? ( egl )"
media-libs/gl-2 IUSE="+gles +glx" REQUIRED_USE="?? ( gles glx )"
media-libs/gl-3 EAPI=3 IUSE="+gles +glx"
-- request --
media-libs/gl
`,
	good:    "media-libs/gl-1",
	corrupt: []corruption{{name: "both", plan: "media-libs/gl-2", want: "required-use"}},
}, {
	name: "exclude",
	world: `
-- repo --
dev-libs/lib-1
app-misc/app-1 RDEPEND="dev-libs/lib"
app-misc/app-2
-- request --
app-misc/app --exclude="dev-libs/lib app-misc/none"
`,
	good:    "app-misc/app-2",
	corrupt: []corruption{{name: "merged", plan: "dev-libs/lib-1 app-misc/app-1", want: "visibility"}},
}}

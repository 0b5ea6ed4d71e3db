package check_test

import "github.com/portsolve/portsolve/solver/answer"

var dependCases = []corruptCase{{
	name: "kinds of dependencies",
	world: `
-- repo --
dev-libs/build-1
dev-libs/tool-1
dev-libs/install-1
dev-libs/run-1
dev-libs/post-1
app-misc/app-1 DEPEND="dev-libs/build" BDEPEND="dev-libs/tool" IDEPEND="dev-libs/install"
  RDEPEND="dev-libs/run" PDEPEND="dev-libs/post"
-- request --
app-misc/app
`,
	good: "dev-libs/build-1 dev-libs/tool-1 dev-libs/install-1 dev-libs/run-1 app-misc/app-1 dev-libs/post-1",
	corrupt: []corruption{
		{name: "DEPEND dropped", plan: "dev-libs/tool-1 dev-libs/install-1 dev-libs/run-1 app-misc/app-1 dev-libs/post-1", want: "dependency"},
		{name: "BDEPEND dropped", plan: "dev-libs/build-1 dev-libs/install-1 dev-libs/run-1 app-misc/app-1 dev-libs/post-1", want: "dependency"},
		{name: "IDEPEND dropped", plan: "dev-libs/build-1 dev-libs/tool-1 dev-libs/run-1 app-misc/app-1 dev-libs/post-1", want: "dependency"},
		{name: "RDEPEND dropped", plan: "dev-libs/build-1 dev-libs/tool-1 dev-libs/install-1 app-misc/app-1 dev-libs/post-1", want: "dependency"},
		{name: "PDEPEND dropped", plan: "dev-libs/build-1 dev-libs/tool-1 dev-libs/install-1 dev-libs/run-1 app-misc/app-1", want: "dependency"},
		{name: "argument dropped", plan: "dev-libs/build-1", want: "request"},
	},
}, {
	name: "versions, slots and repositories",
	world: `
-- repo --
dev-libs/lib-1 SLOT=1
dev-libs/lib-1.5 SLOT=1
dev-libs/lib-2 SLOT=2
app-misc/app-1 RDEPEND=">=dev-libs/lib-1.5:1"
-- repo guru --
dev-libs/lib-1.6 SLOT=1
-- request --
app-misc/app dev-libs/lib:1::guru
`,
	good: "dev-libs/lib-1.6 app-misc/app-1",
	corrupt: []corruption{
		{name: "too old", plan: "dev-libs/lib-1 app-misc/app-1", want: "dependency request"},
		{name: "other slot", plan: "dev-libs/lib-2 app-misc/app-1", want: "dependency request"},
		{name: "other repository", plan: "dev-libs/lib-1.5 app-misc/app-1", want: "request"},
	},
}, {
	name: "any-of",
	world: `
-- config --
USE -x
-- repo --
app-misc/app-1 IUSE="x" RDEPEND="|| ( dev-libs/a ( dev-libs/b dev-libs/c ) x? ( dev-libs/d ) )"
dev-libs/a-1
dev-libs/b-1
dev-libs/c-1
dev-libs/d-1
-- request --
app-misc/app
`,
	good: "dev-libs/b-1 dev-libs/c-1 app-misc/app-1",
	corrupt: []corruption{
		{name: "half a branch", plan: "dev-libs/b-1 app-misc/app-1", want: "any-of"},
		{name: "branch switched off", plan: "dev-libs/d-1 app-misc/app-1", want: "any-of"},
	},
}, {
	name: "empty any-of holds before EAPI 7",
	world: `
-- repo --
app-misc/old-1 EAPI=6 IUSE="x" RDEPEND="|| ( x? ( dev-libs/a ) )"
app-misc/old-2 EAPI=7 IUSE="x" RDEPEND="|| ( x? ( dev-libs/a ) )"
-- request --
app-misc/old
`,
	good:    "app-misc/old-1",
	corrupt: []corruption{{name: "not since", plan: "app-misc/old-2", want: "any-of"}},
}, {
	name: "USE dependencies",
	world: `
-- config --
package.use =dev-libs/lib-1 ssl
package.use app-misc/app qt
-- repo --
dev-libs/lib-1 IUSE="ssl"
dev-libs/lib-2 IUSE="ssl"
dev-libs/lib-3
app-misc/app-1 IUSE="qt" RDEPEND="dev-libs/lib[ssl(-)?]" REQUIRED_USE=""
app-misc/app-2 IUSE="qt" RDEPEND="dev-libs/lib[qt?,ssl]"
app-misc/app-3 IUSE="qt ssl" RDEPEND="dev-libs/lib[!ssl=]"
-- request --
=app-misc/app-3
`,
	good: "dev-libs/lib-1 app-misc/app-3",
	corrupt: []corruption{
		{name: "flag off", plan: "dev-libs/lib-2 app-misc/app-3", want: "use-dependency"},
		{name: "flag missing without default", plan: "dev-libs/lib-3 app-misc/app-3", want: "use-dependency"},
	},
}, {
	name: "changed USE satisfies a USE dependency",
	world: `
-- repo --
dev-libs/lib-1 IUSE="ssl"
app-misc/app-1 RDEPEND="dev-libs/lib[-ssl]"
-- request --
app-misc/app
`,
	good: "dev-libs/lib-1 app-misc/app-1",
	corrupt: []corruption{{name: "change breaks it", edit: func(r *answer.Result) {
		r.Status = answer.ChangesNeeded
		r.Changes.Use = map[string]map[string]bool{"dev-libs/lib-1": {"ssl": true}}
		r.Plan[0].Use["ssl"] = true
	}, want: "use-dependency"}},
}, {
	name: "slot operator of what is built",
	world: `
-- repo --
dev-libs/lib-1 SLOT=0/1
dev-libs/lib-2 SLOT=0/2
app-misc/app-1 DEPEND="dev-libs/lib:=" RDEPEND="dev-libs/lib:="
-- installed --
dev-libs/lib-1 SLOT=0/1
-- world --
dev-libs/lib
-- request --
app-misc/app @world
`,
	good:    "dev-libs/lib-2 app-misc/app-1",
	corrupt: []corruption{{name: "upgraded after the build", plan: "app-misc/app-1 dev-libs/lib-2", want: "slot-operator"}},
}, {
	name: "install order of the roots",
	world: `
-- repo --
dev-util/tool-1
dev-libs/lib-1
app-misc/app-1 BDEPEND="dev-util/tool" DEPEND="dev-libs/lib" RDEPEND="dev-libs/lib"
-- installed target --
-- request --
app-misc/app
`,
	good: "host:dev-util/tool-1 host:dev-libs/lib-1 dev-libs/lib-1 app-misc/app-1",
	corrupt: []corruption{
		{name: "tool in the target", plan: "dev-util/tool-1 host:dev-libs/lib-1 dev-libs/lib-1 app-misc/app-1", want: "dependency"},
		{name: "DEPEND only in the target", plan: "host:dev-util/tool-1 dev-libs/lib-1 app-misc/app-1", want: "dependency"},
		{name: "RDEPEND only on the host", plan: "host:dev-util/tool-1 host:dev-libs/lib-1 app-misc/app-1", want: "dependency"},
		{name: "argument on the host", plan: "host:dev-util/tool-1 host:dev-libs/lib-1 dev-libs/lib-1 host:app-misc/app-1", want: "request"},
	},
}, {
	name: "--root-deps wants build dependencies in the target too",
	world: `
-- repo --
dev-util/tool-1
app-misc/app-1 BDEPEND="dev-util/tool"
-- installed target --
-- request --
--root-deps app-misc/app
`,
	good:    "host:dev-util/tool-1 dev-util/tool-1 app-misc/app-1",
	corrupt: []corruption{{name: "host only", plan: "host:dev-util/tool-1 app-misc/app-1", want: "dependency"}},
}, {
	name: "--root-deps=rdeps drops DEPEND before EAPI 7",
	world: `
-- repo --
dev-libs/lib-1
dev-libs/run-1
app-misc/app-1 EAPI=6 DEPEND="dev-libs/lib" RDEPEND="dev-libs/run"
-- installed target --
-- request --
--root-deps=rdeps app-misc/app
`,
	good:    "dev-libs/run-1 app-misc/app-1",
	corrupt: []corruption{{name: "not RDEPEND", plan: "app-misc/app-1", want: "dependency"}},
}, {
	name: "--with-test-deps",
	world: `
-- repo --
dev-libs/check-1
app-misc/app-1 IUSE="test" DEPEND="test? ( dev-libs/check )"
-- request --
--with-test-deps app-misc/app
`,
	good:    "dev-libs/check-1 app-misc/app-1",
	corrupt: []corruption{{name: "dropped", plan: "app-misc/app-1", want: "dependency"}},
}, {
	name: "--onlydeps",
	world: `
-- repo --
dev-libs/build-1
dev-libs/run-1
app-misc/app-1 DEPEND="dev-libs/build" RDEPEND="dev-libs/run"
-- request --
--onlydeps app-misc/app
`,
	good:    "dev-libs/build-1 dev-libs/run-1",
	corrupt: []corruption{{name: "one missing", plan: "dev-libs/build-1", want: "request"}},
}, {
	name: "--update-if-installed",
	world: `
-- repo --
dev-libs/lib-1
dev-libs/lib-2
app-misc/app-1
-- installed --
dev-libs/lib-1
-- request --
--update-if-installed >=dev-libs/lib-2 app-misc/app
`,
	good:    "dev-libs/lib-2",
	corrupt: []corruption{{name: "installed and not updated", plan: "app-misc/app-1", want: "request"}},
}, {
	name: "--nodeps",
	world: `
-- repo --
dev-libs/lib-1
app-misc/app-1 DEPEND="dev-libs/lib" RDEPEND="dev-libs/lib !dev-libs/old"
-- installed --
dev-libs/old-1
-- request --
--nodeps app-misc/app
`,
	good:    "app-misc/app-1",
	corrupt: []corruption{{name: "argument still needed", plan: "dev-libs/lib-1", want: "request"}},
}}

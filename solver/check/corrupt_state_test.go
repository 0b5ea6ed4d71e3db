package check_test

var stateCases = []corruptCase{{
	name: "slot",
	world: `
-- repo --
dev-lang/python-3.9 SLOT=3.9
dev-lang/python-3.10 SLOT=3.10
dev-lang/python-3.10.1 SLOT=3.10
-- request --
dev-lang/python:3.9 dev-lang/python:3.10
`,
	good:    "dev-lang/python-3.9 dev-lang/python-3.10.1",
	corrupt: []corruption{{name: "two in one", plan: "dev-lang/python-3.9 dev-lang/python-3.10 dev-lang/python-3.10.1", want: "slot"}},
}, {
	name: "keep",
	world: `
-- repo --
dev-libs/lib-1
dev-libs/lib-2
app-misc/new-1 RDEPEND="dev-libs/lib"
app-misc/app-1 RDEPEND="<dev-libs/lib-2"
app-misc/orphan-1 RDEPEND="<dev-libs/lib-2"
-- installed --
dev-libs/lib-1
app-misc/app-1 RDEPEND="<dev-libs/lib-2"
app-misc/broken-1 RDEPEND="dev-libs/gone"
-- world --
app-misc/app
app-misc/broken
-- request --
app-misc/new
`,
	good: "app-misc/new-1",
	corrupt: []corruption{
		{name: "upgrade breaks an installed package", plan: "dev-libs/lib-2 app-misc/new-1", want: "keep"},
		{name: "removed without need", plan: "app-misc/new-1 -app-misc/broken-1", want: "keep"},
		{name: "removed and still needed", plan: "app-misc/new-1 -dev-libs/lib-1", want: "dependency keep"},
	},
}, {
	name: "keep reaches through dependencies",
	world: `
-- repo --
dev-libs/lib-1 SLOT=0/1
dev-libs/lib-2 SLOT=0/2
app-misc/mid-1 RDEPEND="dev-libs/lib:="
-- installed --
dev-libs/lib-1 SLOT=0/1
app-misc/mid-1 RDEPEND="dev-libs/lib:0/1="
app-misc/top-1 RDEPEND="|| ( app-misc/mid app-misc/other )"
-- world --
app-misc/top
-- request --
dev-libs/lib
`,
	good:    "dev-libs/lib-2 app-misc/mid-1",
	corrupt: []corruption{{name: "not rebuilt", plan: "dev-libs/lib-2", want: "keep"}},
}, {
	name: "keep wants one branch that works",
	world: `
-- repo --
dev-libs/lib-1
dev-libs/lib-2
app-misc/b-1
-- installed --
dev-libs/lib-1
app-misc/a-1 RDEPEND="<dev-libs/lib-2"
app-misc/b-1 RDEPEND="<dev-libs/lib-2"
app-misc/top-1 RDEPEND="|| ( app-misc/a app-misc/b )"
-- world --
app-misc/top
-- request --
dev-libs/lib
`,
	good:    "dev-libs/lib-2 app-misc/b-1",
	corrupt: []corruption{{name: "neither", plan: "dev-libs/lib-2", want: "keep"}},
}, {
	name: "keep what is merged relies on",
	world: `
-- repo --
dev-libs/lib-2
app-misc/new-1 RDEPEND="app-misc/mid"
-- installed --
dev-libs/lib-1
app-misc/mid-1 RDEPEND="app-misc/base"
app-misc/base-1 RDEPEND="<dev-libs/lib-2" PDEPEND="app-misc/mid"
app-misc/orphan-1 RDEPEND="app-misc/mid"
-- request --
--selective app-misc/new dev-libs/lib
`,
	good:    "app-misc/new-1",
	corrupt: []corruption{{name: "at third hand", plan: "dev-libs/lib-2 app-misc/new-1", want: "keep"}},
}, {
	name: "keep what was asked for",
	world: `
-- repo --
dev-libs/lib-2
-- installed --
dev-libs/lib-1
app-misc/app-1 RDEPEND="<dev-libs/lib-2"
-- request --
--selective app-misc/app dev-libs/lib
`,
	good:    "",
	corrupt: []corruption{{name: "not it, the other", plan: "dev-libs/lib-2", want: "keep"}},
}, {
	name: "orphans may break, and so may all that rely on them",
	world: `
-- repo --
dev-libs/lib-2
-- installed --
dev-libs/lib-1
app-misc/a-1 RDEPEND="<dev-libs/lib-2 app-misc/b"
app-misc/b-1 RDEPEND="app-misc/a"
-- request --
dev-libs/lib
`,
	good:    "dev-libs/lib-2",
	corrupt: []corruption{{name: "nothing is merged", plan: "-dev-libs/lib-1", want: "request keep"}},
}, {
	name: "built slot operators may be ignored",
	world: `
-- repo --
dev-libs/lib-2 SLOT=0/2
dev-libs/lib-3 SLOT=3
-- installed --
dev-libs/lib-1 SLOT=0/1
app-misc/mid-1 RDEPEND="<dev-libs/lib-3:0/1="
-- world --
app-misc/mid
-- request --
--ignore-built-slot-operator-deps =dev-libs/lib-2
`,
	good:    "dev-libs/lib-2",
	corrupt: []corruption{{name: "nothing asked for", plan: "", want: "request"}},
}, {
	name: "weak blocker",
	world: `
-- repo --
app-misc/new-1 RDEPEND="!app-misc/old !<app-misc/new-1"
-- installed --
app-misc/old-1
app-misc/new-0
-- request --
app-misc/new
`,
	good: "app-misc/new-1 -app-misc/old-1",
	corrupt: []corruption{
		{name: "kept", plan: "app-misc/new-1", want: "blocker"},
	},
}, {
	name: "strong blocker",
	world: `
-- repo --
app-misc/new-1 RDEPEND="!!app-misc/old"
-- installed --
app-misc/old-1
-- request --
app-misc/new
`,
	good: "-app-misc/old-1 app-misc/new-1",
	corrupt: []corruption{
		{name: "kept", plan: "app-misc/new-1", want: "blocker"},
		{name: "removed too late", plan: "app-misc/new-1 -app-misc/old-1", want: "blocker"},
	},
}, {
	name: "blocker between merges",
	world: `
-- repo --
app-misc/a-1 RDEPEND="!app-misc/b"
app-misc/b-1
app-misc/b-2
app-misc/c-1
-- request --
app-misc/a app-misc/c
`,
	good:    "app-misc/a-1 app-misc/c-1",
	corrupt: []corruption{{name: "both", plan: "app-misc/a-1 app-misc/c-1 app-misc/b-2", want: "blocker"}},
}, {
	name: "blocker of an installed package",
	world: `
-- repo --
app-misc/a-2
app-misc/a-1
-- installed --
app-misc/b-1 RDEPEND="!>=app-misc/a-2"
-- request --
app-misc/a
`,
	good:    "app-misc/a-1",
	corrupt: []corruption{{name: "ignored", plan: "app-misc/a-2", want: "blocker"}},
}, {
	name: "strong blocker of an installed package that is upgraded",
	world: `
-- repo --
app-misc/a-1
app-misc/b-2
-- installed --
app-misc/b-1 RDEPEND="!!app-misc/a"
-- request --
app-misc/a app-misc/b
`,
	good:    "app-misc/b-2 app-misc/a-1",
	corrupt: []corruption{{name: "wrong way round", plan: "app-misc/a-1 app-misc/b-2", want: "blocker"}},
}, {
	name: "--buildpkgonly",
	world: `
-- repo --
dev-libs/lib-1
app-misc/a-1 RDEPEND="!!app-misc/b dev-libs/gone"
app-misc/a-2 DEPEND="!!app-misc/b"
app-misc/a-3 DEPEND="dev-libs/lib"
-- installed --
app-misc/b-1
-- request --
--buildpkgonly app-misc/a
`,
	good: "app-misc/a-1",
	corrupt: []corruption{
		{name: "strong block of the build", plan: "app-misc/a-2", want: "blocker"},
		{name: "built but not installed", plan: "dev-libs/lib-1 app-misc/a-3", want: "dependency"},
	},
}, {
	name: "a guarantee given up",
	world: `
-- repo --
dev-libs/lib-1 IUSE="+x"
dev-libs/lib-2
-- installed --
dev-libs/lib-1 IUSE="x"
app-misc/app-1 RDEPEND="<dev-libs/lib-2[-x(-)]"
-- world --
app-misc/app
-- request --
--complete-graph-if-new-use=n dev-libs/lib
`,
	good:    "dev-libs/lib-1",
	corrupt: []corruption{{name: "not for new versions", plan: "dev-libs/lib-2", want: "keep"}},
}, {
	name: "build-time blocker",
	world: `
-- repo --
app-misc/a-1 DEPEND="!!app-misc/b"
app-misc/b-1
-- request --
app-misc/a app-misc/b
`,
	good:    "app-misc/a-1 app-misc/b-1",
	corrupt: []corruption{{name: "in the way", plan: "app-misc/b-1 app-misc/a-1", want: "blocker"}},
}, {
	name: "world atoms",
	world: `
-- repo --
app-misc/a-1
app-misc/b-1 RDEPEND="!app-misc/a"
-- installed --
app-misc/a-1
-- provided --
app-misc/given-1
-- world --
app-misc/a
app-misc/never
app-misc/given
-- request --
@world
`,
	good:    "",
	corrupt: []corruption{{name: "removed for a blocker", plan: "app-misc/b-1 -app-misc/a-1", want: "keep request"}},
}}

var orderCases = []corruptCase{{
	name: "build order",
	world: `
-- repo --
dev-util/gen-1 RDEPEND="dev-libs/run"
dev-libs/run-1
dev-libs/lib-1 BDEPEND="dev-util/gen"
app-misc/app-1 DEPEND="dev-libs/lib" PDEPEND="app-misc/plugin"
app-misc/plugin-1 RDEPEND="app-misc/app"
-- request --
app-misc/app
`,
	good: "dev-libs/run-1 dev-util/gen-1 dev-libs/lib-1 app-misc/app-1 app-misc/plugin-1",
	corrupt: []corruption{
		{name: "build dependency after", plan: "dev-libs/run-1 dev-util/gen-1 app-misc/app-1 dev-libs/lib-1 app-misc/plugin-1", want: "order"},
		{name: "tool does not run yet", plan: "dev-util/gen-1 dev-libs/lib-1 dev-libs/run-1 app-misc/app-1 app-misc/plugin-1", want: "order"},
		{name: "run-time dependency after, for no reason", plan: "dev-libs/run-1 dev-util/gen-1 dev-libs/lib-1 app-misc/plugin-1 app-misc/app-1", want: "order"},
	},
}, {
	name: "run-time cycles",
	world: `
-- repo --
app-misc/a-1 RDEPEND="app-misc/b"
app-misc/b-1 RDEPEND="app-misc/a"
app-misc/user-1 DEPEND="app-misc/a"
-- request --
app-misc/user
`,
	good:    "app-misc/a-1 app-misc/b-1 app-misc/user-1",
	corrupt: []corruption{{name: "used half-way", plan: "app-misc/a-1 app-misc/user-1 app-misc/b-1", want: "order"}},
}, {
	name: "what is replaced serves until then",
	world: `
-- repo --
dev-lang/gcc-2 BDEPEND="dev-lang/gcc"
dev-libs/old-1 DEPEND="<dev-lang/gcc-2"
-- installed --
dev-lang/gcc-1
-- request --
dev-lang/gcc dev-libs/old
`,
	good:    "dev-libs/old-1 dev-lang/gcc-2",
	corrupt: []corruption{{name: "replaced too early", plan: "dev-lang/gcc-2 dev-libs/old-1", want: "order"}},
}}

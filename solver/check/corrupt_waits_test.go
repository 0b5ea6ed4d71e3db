package check_test

// waitCases are orders that no cycle of merges demands, but what is installed.
var waitCases = []corruptCase{{
	name: "an installed build tool that has to be mended first",
	world: `
-- repo --
app-misc/app-1 RDEPEND="dev-libs/lib"
dev-libs/lib-1 BDEPEND="dev-util/tool"
-- installed --
dev-util/tool-1 RDEPEND="app-misc/app"
-- request --
app-misc/app
`,
	good: "app-misc/app-1 dev-libs/lib-1",
}, {
	name: "an installed build tool that works",
	world: `
-- repo --
app-misc/app-1 RDEPEND="dev-libs/lib"
dev-libs/lib-1 BDEPEND="dev-util/tool"
app-misc/other-1
-- installed --
dev-util/tool-1 RDEPEND="app-misc/other"
app-misc/other-1
-- request --
app-misc/app
`,
	good:    "dev-libs/lib-1 app-misc/app-1",
	corrupt: []corruption{{name: "too late", plan: "app-misc/app-1 dev-libs/lib-1", want: "order"}},
}, {
	name: "what is replaced first blocks what is needed",
	world: `
-- repo --
app-misc/app-1 RDEPEND="dev-libs/lib"
dev-libs/lib-1
-- installed --
app-misc/app-2 RDEPEND="!!dev-libs/lib"
-- request --
<app-misc/app-2
`,
	good: "app-misc/app-1 dev-libs/lib-1",
}}

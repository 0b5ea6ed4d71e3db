package render

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/atom/eapi"
	"github.com/portsolve/portsolve/atom/metadata"
	"github.com/portsolve/portsolve/solver/answer"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// old makes an installed package: "cat/pkg-1 slot/sub repo iuse…", enabled
// flags with a plus.
func old(t *testing.T, cpv, slot string, flags ...string) *metadata.Package {
	t.Helper()
	parsed, err := atom.ParseCPV(cpv)
	if err != nil {
		t.Fatal(err)
	}
	row, _ := eapi.Lookup("8")
	p := &metadata.Package{CPV: parsed, Origin: metadata.Installed, Repo: "gentoo", EAPI: row, EAPIName: "8"}
	p.Slot, p.SubSlot, _ = strings.Cut(slot, "/")
	if p.SubSlot == "" {
		p.SubSlot = p.Slot
	}
	var use []string
	for _, f := range flags {
		name, on := strings.CutPrefix(f, "+")
		p.IUSE = append(p.IUSE, metadata.IUSEFlag{Name: name})
		if on {
			use = append(use, name)
		}
	}
	p.Use = metadata.NewUseSet(use)
	return p
}

// entry makes a merge of the same notation.
func entry(cpv, slot string, flags ...string) answer.Entry {
	e := answer.Entry{Action: answer.Merge, Type: "ebuild", CPV: cpv, Repo: "gentoo", Root: "/", Use: map[string]bool{}}
	e.Slot, e.SubSlot, _ = strings.Cut(slot, "/")
	if e.SubSlot == "" {
		e.SubSlot = e.Slot
	}
	for _, f := range flags {
		name, on := strings.CutPrefix(f, "+")
		e.Use[name] = on
	}
	return e
}

func sample(t *testing.T) *answer.Result {
	size := int64(1_500_000)
	fresh := entry("app-misc/hello-2.10-r1", "0", "+nls")
	fresh.Download = &size
	fresh.Why = []answer.Why{{Arg: "app-misc/hello"}}

	upgrade := entry("dev-db/lmdb-0.9.28", "0/0.9.28", "static-libs", "+abi_x86_64", "abi_x86_32", "abi_x86_x32", "kernel_linux")
	upgrade.Forced = []string{"abi_x86_64", "abi_x86_x32"}
	upgrade.Old = []*metadata.Package{old(t, "dev-db/lmdb-0.9.23", "0/0.9.23", "static-libs", "+abi_x86_64", "abi_x86_32", "abi_x86_x32", "+gone")}
	upgrade.Replaces = []string{"dev-db/lmdb-0.9.23"}
	upgrade.Mark = "~"
	upgrade.Why = []answer.Why{{Parent: "app-misc/hello-2.10-r1", Atom: "dev-db/lmdb:=", Kind: "RDEPEND"}}

	rebuilt := entry("media-libs/fontforge-1", "0", "+python_targets_python3_9", "python_targets_python3_10", "X", "+gtk")
	rebuilt.Old = []*metadata.Package{old(t, "media-libs/fontforge-1", "0", "python_targets_python3_9", "python_targets_python3_10", "+X", "+gtk")}
	rebuilt.Why = []answer.Why{{Rebuild: "dev-db/lmdb-0.9.28"}}

	slot := entry("dev-lang/vala-0.48.12", "0.48", "test", "+new")
	slot.InstalledSlots = []*metadata.Package{old(t, "dev-lang/vala-0.54", "0.54", "test"), old(t, "dev-lang/vala-0.52.4", "0.52", "test")}
	slot.Feature = []string{"test"}

	down := entry("sys-libs/zlib-1.2.11", "0/1")
	down.Old = []*metadata.Package{old(t, "sys-libs/zlib-1.3", "0/1")}
	down.Why = []answer.Why{{Parent: "dev-db/lmdb-0.9.28"}}

	gone := entry("sys-fs/eudev-3.2", "0", "+kmod")
	gone.Action, gone.Type = answer.Uninstall, "installed"
	block := answer.Entry{Action: answer.BlockerEntry, CPV: "sys-fs/eudev-3.2", Atom: "!sys-fs/eudev", SolvedBlocker: true,
		Root: "/", Parents: []string{"sys-apps/udev-2"}}
	hard := answer.Entry{Action: answer.BlockerEntry, Atom: "!!app-misc/old[x(+)]", Strong: true, Root: "/", Parents: []string{"app-misc/a-1", "app-misc/b-1"}}
	return &answer.Result{
		Schema: answer.Schema, Status: answer.Unsolvable, Plan: []answer.Entry{down, upgrade, rebuilt, slot, fresh, gone, block, hard},
		UseExpand: []answer.UseGroup{{Prefix: "abi_x86"}, {Prefix: "kernel", Hidden: true}, {Prefix: "python_targets"}},
		Rebuilds:  map[string][]string{"dev-db/lmdb-0.9.28": {"media-libs/fontforge-1"}},
	}
}

// troubles is an answer with every kind of problem.
func troubles(*testing.T) *answer.Result {
	many := []answer.Why{
		{Parent: "a/b-1", Atom: "<c/d-2", Kind: "RDEPEND"}, {Parent: "a/c-1", Atom: "~c/d-1", Kind: "DEPEND"},
		{Arg: "@world", Atom: "<c/d-3"}, {Parent: "a/e-1"},
	}
	return &answer.Result{
		Schema: answer.Schema, Status: answer.Unsolvable,
		Conflicts: []answer.Conflict{{Kind: "slot", Summary: "media-gfx/inkscape cannot be installed", Minimal: true, Rules: []answer.Rule{
			{Text: "you asked for media-gfx/inkscape"},
			{Kind: "slot", Text: "only one package can be in slot e/f:0", Others: []string{"e/f-1", "e/f-2"}},
			{Kind: "required-use", Text: "media-gfx/inkscape-1.3.2 needs >=app-text/poppler-24:= (DEPEND), and nothing that matches can be used: x (masked)",
				Lead:    "media-gfx/inkscape-1.3.2 needs >=app-text/poppler-24:= (DEPEND), and nothing that matches can be used",
				Refused: []answer.Refused{{Names: "app-text/poppler-24", Text: "masked", Reasons: []answer.Reason{{Text: "masked by x:1", Comment: "it\n leaks"}}}}},
		}, Also: []answer.Rule{{Kind: "dependency", Text: "a/z-1 needs <e/f-2"}}}},
		Unsatisfied: []answer.Unsatisfied{
			{Atom: "app-misc/nothing", Parent: "app-misc/nothing", Suggestions: []string{"app-misc/something"}},
			{Atom: "net-p2p/gazelle", Parent: "a/b-1", Kind: "RDEPEND", Candidates: []answer.Rejected{
				{CPV: "net-p2p/gazelle-4.2", Repo: "demo", Reasons: []string{"masked by: ~amd64 keyword"}},
				{CPV: "net-p2p/gazelle-4.0", Repo: "demo", Reasons: []string{"masked by package.mask"}, Exclusions: []metadata.Exclusion{
					{Kind: metadata.ExclMask, Source: metadata.Source{File: "/p/package.mask", Line: 3, Comment: "It gives away names.\nMove on."}},
				}},
			}},
		},
		RequiredUse: []answer.RequiredUse{{Atom: "a/r", CPV: "a/r-1", Expression: "|| ( x y )"}},
		SlotConflicts: []answer.SlotConflict{{Slot: "c/d:0", Root: "/", Packages: []answer.ConflictPackage{
			{CPV: "c/d-2", Repo: "demo", Parents: []answer.Why{{Parent: "z/z-1", Atom: ">=c/d-2", Kind: "RDEPEND"}}},
			{CPV: "c/d-1", Repo: "demo", Installed: true, Parents: many},
		}, Solutions: []map[string]map[string]bool{{"z/z-1": {"new": false}}}}, {
			Slot: "e/f:0", Root: "/", Packages: []answer.ConflictPackage{{CPV: "e/f-1", Repo: "demo"}, {CPV: "e/f-2", Repo: "demo"}},
		}},
		Cycles: []answer.Cycle{{Members: []string{"a/x-1", "a/y-1"}, Edges: []answer.CycleEdge{
			{From: "a/x-1", To: "a/y-1", Kind: "DEPEND", Atom: "a/y"}, {From: "a/y-1", To: "a/x-1", Kind: "BDEPEND", Atom: "a/x"},
		}, Breaks: []answer.Break{
			{Settings: map[string]map[string]bool{"a/y-1": {"x": false, "z": true}}, Verified: true},
			{Settings: map[string]map[string]bool{"a/x-1": {"y": false}, "a/w-1": {"y": false}}},
		}}, {Members: []string{"a/s-1"}, Edges: []answer.CycleEdge{{From: "a/s-1", To: "a/s-1", Kind: "BDEPEND"}}}},
		TwoStep: &answer.TwoStep{Plan: []answer.Entry{{Action: answer.Merge, CPV: "a/y-1"}, {Action: answer.Merge, CPV: "a/x-1"},
			{Action: answer.BlockerEntry, Atom: "!a/q"}, {Action: answer.Uninstall, CPV: "a/q-1"}, {Action: answer.Merge, CPV: "a/y-1"}},
			Twice: []answer.Twice{{CPV: "a/y-1", Flags: map[string]bool{"x": false, "z": true}, First: 0, Again: 4}}, Needs: []string{"a/s-1"}},
		VirtualCycle: []string{"virtual/a-1", "virtual/b-1"},
		Changes: answer.Changes{
			Use: map[string]map[string]bool{"a/u-1": {"b": true, "a": false}}, License: map[string][]string{"a/l-1": {"EULA"}},
			Keywords: []string{"a/k-1"}, Unmask: []string{"a/m-1"},
			Entries: []answer.ConfigEntry{
				{File: "package.use", Atom: ">=a/u-1", Tokens: []string{"-a", "b"}},
				{File: "package.accept_keywords", Atom: "=a/k-1", Tokens: []string{"~amd64"},
					Cause: []answer.Cause{{Package: "a/b-1", Repo: "demo"}, {Arg: "a/b"}}},
				{File: "package.unmask", Atom: "=a/m-1", MaskFile: "/p/package.mask", MaskComment: "It gives away names.\n\nMove on."},
				{File: "package.license", Atom: ">=a/l-1", Tokens: []string{"EULA"}},
			},
		},
		HeldBack: []answer.HeldBack{{CPV: "c/d-2", Selected: "c/d-1", By: many}},
		Warnings: []string{"make.conf:3: FOO is odd"},
	}
}

func TestText(t *testing.T) {
	for _, c := range []struct {
		name string
		res  func(*testing.T) *answer.Result
		opt  Options
	}{
		{"normal", sample, Options{SlotRebuilds: true}},
		{"verbose", sample, Options{Level: Verbose, SlotRebuilds: true}},
		{"quiet", sample, Options{Level: Quiet}},
		{"columns", sample, Options{Level: Quiet, Columns: true}},
		{"alphabetical", sample, Options{Level: Verbose, Alphabetical: true}},
		{"numbers", sample, Options{Level: Verbose, QuietRepos: true}},
		{"tree", sample, Options{Tree: true}},
		{"unordered", sample, Options{Tree: true, Unordered: true}},
		{"color", sample, Options{Level: Verbose, Color: true}},
		{"problems", troubles, Options{}},
		{"problems-all", troubles, Options{AllParents: true}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var b bytes.Buffer
			if err := Text(&b, c.res(t), c.opt); err != nil {
				t.Fatal(err)
			}
			path := filepath.Join("testdata", c.name+".txt")
			if *update {
				if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if b.String() != string(want) {
				t.Errorf("got:\n%s\nwant:\n%s", b.String(), want)
			}
		})
	}
}

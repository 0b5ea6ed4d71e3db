package portsolve_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/portsolve/portsolve"
	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/atom/metadata"
	"github.com/portsolve/portsolve/internal/shareddata"
	"github.com/portsolve/portsolve/solver/answer"
	"github.com/portsolve/portsolve/solver/universe"
)

// builtFrom writes a Packages index as if everything in the plan had been built: USE with the implicit flags,
// conditionals resolved, := bound to what the plan has. IUSE is left as an index of Portage has it, without what the profile
// adds.
func builtFrom(t testing.TB, res *portsolve.Result, implicit string) string {
	t.Helper()
	slots := map[string][]*metadata.Package{}
	for _, e := range res.Plan {
		if e.Action == answer.Merge {
			slots[e.Package.CPV.CP.String()] = append(slots[e.Package.CPV.CP.String()], e.Package)
		}
	}
	seen := map[string]bool{}
	var records []string
	for i := range res.Plan {
		e := &res.Plan[i]
		if e.Action != answer.Merge || seen[e.CPV] {
			continue
		}
		seen[e.CPV] = true
		records = append(records, builtRecord(t, e, slots, implicit))
	}
	return fmt.Sprintf("PACKAGES: %d\nVERSION: 0\nCHOST: x86_64-pc-linux-gnu\n\n%s", len(records), strings.Join(records, ""))
}

func builtRecord(t testing.TB, e *answer.Entry, slots map[string][]*metadata.Package, implicit string) string {
	p := e.Package
	on := strings.Fields(implicit)
	var iuse []string
	for _, f := range p.IUSE {
		iuse = append(iuse, f.Name)
		if e.Use[f.Name] && !slices.Contains(on, f.Name) {
			on = append(on, f.Name)
		}
	}
	slices.Sort(on)
	use := metadata.NewUseSet(on)
	record := "CPV: " + e.CPV + "\nBUILD_TIME: 1626800000\nSIZE: 4096\nREPO: " + e.Repo + "\nEAPI: " + p.EAPIName +
		"\nKEYWORDS: " + strings.Join(p.Keywords, " ") + "\nIUSE: " + strings.Join(iuse, " ") + "\nUSE: " + strings.Join(on, " ") + "\n"
	for _, name := range []string{"SLOT", "LICENSE", "PROPERTIES", "RESTRICT", "DEFINED_PHASES"} {
		if v := p.Var(name); v != "" {
			record += name + ": " + v + "\n"
		}
	}
	for k := metadata.DEPEND; k < metadata.NumDepKinds; k++ {
		n, err := p.Deps(k)
		if err != nil {
			t.Fatal(err)
		}
		if n == nil {
			continue
		}
		var words []string
		for _, w := range strings.Fields(n.Evaluate(use.Has).String()) {
			words = append(words, bound(w, p, slots))
		}
		if len(words) > 0 {
			record += k.String() + ": " + strings.Join(words, " ") + "\n"
		}
	}
	return record + "\n"
}

// bound is an atom with := as a package manager records it.
func bound(word string, p *metadata.Package, slots map[string][]*metadata.Package) string {
	a, err := atom.ParseWildcard(word)
	if err != nil || a.SlotOp != atom.SlotOpEqual || a.Blocker != atom.NotBlocker {
		return word
	}
	for _, c := range slots[a.CP.String()] {
		if a.MatchVersion(c.CPV) && a.MatchSlot(c.Slot, c.SubSlot) {
			b := *a
			b.Slot, b.SubSlot = c.Slot, c.SubSlot
			return b.String()
		}
	}
	return word
}

// TestRealBinaries resolves with binary packages against the whole tree of 2021.
func TestRealBinaries(t *testing.T) {
	if testing.Short() {
		t.Skip("unpacks a whole repository")
	}
	tree := realTree(t)
	t.Run("EmptyRoot", func(t *testing.T) { testEmptyRoot(t, tree) })
	for _, index := range realIndexes {
		t.Run(index.name, func(t *testing.T) { index.test(t, tree) })
	}
}

// realIndex is the Packages file of a real binhost. Packages in it need others that it does not have; provided are
// those. They are older or newer than the tree, and some were built from masked or live ebuilds.
type realIndex struct {
	name     string
	binary   int // packages that @system takes with --usepkgonly
	provided string
}

var realIndexes = []realIndex{
	{"amd64-2017-kde", 350, "kde-frameworks/ki18n-5.22\ndev-qt/qttranslations-4.8.6\n"},
	{"amd64-2023-clang", 102, "sys-apps/locale-gen-3\n"},
}

// open lays the index out as PKGDIR of an empty system.
func (x *realIndex) open(t testing.TB, tree string) *portsolve.System {
	t.Helper()
	text, err := os.ReadFile(shareddata.Path("binhost", x.name+".Packages"))
	if err != nil {
		t.Skipf("the shared data is not there: %v (set PORTSOLVE_SHARED)", err)
	}
	dir := t.TempDir()
	place(t, dir, "pkgdir/Packages", string(text))
	place(t, dir, "etc/portage/make.conf", "ACCEPT_LICENSE=\"*\"\nCHOST=\"x86_64-pc-linux-gnu\"\n")
	place(t, dir, "etc/portage/package.accept_keywords", "*/* **\n")
	place(t, dir, "etc/portage/package.unmask", "*/*\n")
	place(t, dir, "etc/portage/profile/package.provided", x.provided)
	place(t, dir, "etc/portage/make.profile/parent", "gentoo:default/linux/amd64/17.1\n")
	place(t, dir, "etc/portage/repos.conf", "[DEFAULT]\nmain-repo = gentoo\n[gentoo]\nlocation = /repo\n")
	sys, err := portsolve.Open(context.Background(), portsolve.Options{
		System: dir, Repos: map[string]string{"gentoo": tree}, Env: map[string]string{"PKGDIR": "/pkgdir"},
	})
	if err != nil {
		t.Fatal(err)
	}
	return sys
}

// test: nothing but binary packages makes a whole @system; beside ebuilds they are used where they fit,
// and each that is not has its reasons.
func (x *realIndex) test(t *testing.T, tree string) {
	sys := x.open(t, tree)
	res := resolve(t, sys, universe.Options{UsePkgOnly: true}, "@system")
	kinds := map[string]int{}
	for i := range res.Plan {
		kinds[res.Plan[i].Type]++
	}
	if res.Status != answer.Solved || kinds["binary"] != x.binary || len(kinds) != 1 {
		t.Errorf("--usepkgonly @system: %s, %v, want %d binary packages; %v", res.Status, kinds, x.binary, res.Unsatisfied)
	}
	// From nothing there are build cycles as well; what is chosen counts.
	res, err := sys.Resolve(context.Background(), portsolve.Request{Args: []string{"@system"}, Options: universe.Options{UsePkg: true}, Alternatives: portsolve.NoAlternatives})
	if err != nil {
		t.Fatal(err)
	}
	used := map[string]bool{}
	for i := range res.Plan {
		if res.Plan[i].Type == "binary" {
			used[res.Plan[i].CPV] = true
		}
	}
	if len(used) == 0 || len(res.Binaries) < 20 {
		t.Errorf("--usepkg @system: %d binary packages are used, and %d not", len(used), len(res.Binaries))
	}
	for i := range res.Binaries {
		b := &res.Binaries[i]
		if len(b.Reasons) == 0 || b.Reasons[0].Text == "" || used[b.CPV] {
			t.Errorf("%s is not used without a reason: %+v", b.CPV, b.Reasons)
		}
	}
	for _, name := range []string{"sys-apps/baselayout", "sys-libs/glibc", "app-shells/bash"} {
		if list, err := sys.BinaryCandidates(context.Background(), name, false); err != nil || len(list) == 0 {
			t.Errorf("%s: %d candidates, %v", name, len(list), err)
		}
	}
}

// BenchmarkBinaryIndex resolves @system with the larger index and nothing else: opening the system included.
func BenchmarkBinaryIndex(b *testing.B) {
	tree := realTree(b)
	for b.Loop() {
		sys := realIndexes[0].open(b, tree)
		if _, err := sys.Resolve(context.Background(), portsolve.Request{Args: []string{"@system"}, Options: universe.Options{UsePkgOnly: true}}); err != nil {
			b.Fatal(err)
		}
	}
}

// seedArgs is the request of testEmptyRoot.
var seedArgs = []string{"sys-apps/portage", "<app-arch/zstd-1.5.0"}

// testEmptyRoot is the report of emerge --root /mnt/root --sysroot / -pekv --with-bdeps=y sys-apps/portage
// '<app-arch/zstd-1.5.7', with the versions of 2021: with / all are binary packages; with an empty ROOT a good part of
// them was built from source, without a word, and --usepkgonly found everything masked.
func testEmptyRoot(t *testing.T, tree string) {
	_, machine := realSystem(t, "stage3-desktop")
	dir := ownConfiguration(t, machine)
	place(t, dir, "etc/portage/package.accept_keywords", "app-arch/zstd\n") // so that the bound of the argument matters
	open := func(root string) *portsolve.System {
		sys, err := portsolve.Open(context.Background(), portsolve.Options{
			System: dir, Repos: map[string]string{"gentoo": tree}, Root: root, SysRoot: "/", Env: map[string]string{"PKGDIR": "/pkgdir"},
		})
		if err != nil {
			t.Fatal(err)
		}
		return sys
	}
	bdeps := universe.Options{EmptyTree: true, WithBdeps: "y"}
	source := resolve(t, open("/mnt/root"), bdeps, seedArgs...)
	if source.Status == answer.Unsolvable || len(source.Plan) < 200 {
		t.Fatalf("from source: %s, %d entries", source.Status, len(source.Plan))
	}
	place(t, dir, "pkgdir/Packages", builtFrom(t, source, "amd64 elibc_glibc kernel_linux userland_GNU abi_x86_64"))
	for _, only := range []bool{false, true} {
		o := bdeps
		o.UsePkg, o.UsePkgOnly = true, only
		res := resolve(t, open("/"), o, seedArgs...)
		if n := merges(t, res, "/"); res.Status != answer.Solved || n < 150 {
			t.Errorf("ROOT=/, --usepkgonly=%v: %s, %d packages", only, res.Status, n)
		}
		res = resolve(t, open("/mnt/root"), o, seedArgs...)
		host, target := merges(t, res, "/"), merges(t, res, "/mnt/root/")
		if res.Status != answer.Solved || host < 150 || target < 150 || host+target != len(source.Plan) {
			t.Errorf("an empty ROOT, --usepkgonly=%v: %s, %d packages for / and %d for ROOT; from source %d",
				only, res.Status, host, target, len(source.Plan))
		}
	}
}

// merges counts what goes to a root and checks that all of it is binary, there for a reason that concerns this root, and
// within the bound of the argument.
func merges(t *testing.T, res *portsolve.Result, root string) int {
	t.Helper()
	n := 0
	for i := range res.Plan {
		e := &res.Plan[i]
		if e.Root != root || e.Action != answer.Merge {
			continue
		}
		n++
		if e.Type != "binary" {
			t.Errorf("%s to %s is built from source", e.CPV, root)
		}
		for _, w := range e.Why {
			if root != "/" && (w.Kind == "DEPEND" || w.Kind == "BDEPEND") {
				t.Errorf("%s to %s because of %s of %s, which belongs to /", e.CPV, root, w.Kind, w.Parent)
			}
		}
		bounded := root != "/" || len(rootsOf(res)) == 1
		if name, version, _ := strings.Cut(e.CPV, "zstd-"); name == "app-arch/" && (version == "1.4.9") != bounded {
			t.Errorf("%s to %s", e.CPV, root)
		}
	}
	if len(res.Binaries) > 0 {
		t.Errorf("not used: %+v", res.Binaries)
	}
	return n
}

func rootsOf(res *portsolve.Result) map[string]bool {
	roots := map[string]bool{}
	for i := range res.Plan {
		roots[res.Plan[i].Root] = true
	}
	return roots
}

func place(t testing.TB, dir, name, text string) {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestEmptyRootInMiniature: what the report above comes down to. The binary packages have no abi_x86_64 in IUSE, because
// the profile of the machine that built them adds it; the ebuilds name it. Each root has its own candidates and, with
// --config-root, its own flags.
func TestEmptyRootInMiniature(t *testing.T) {
	profile := "ARCH=\"amd64\"\nACCEPT_KEYWORDS=\"amd64\"\nIUSE_IMPLICIT=\"abi_x86_64 prefix\"\nUSE_EXPAND=\"ABI_X86\"\nABI_X86=\"64\"\n"
	f := base().with("repo/profiles/base/make.defaults", profile).with("repo/profiles/eapi", "8\n").with("repo/profiles/base/eapi", "8\n")
	f["repo/metadata/md5-cache/cat/app-1"] = entry("IUSE=abi_x86_32 abi_x86_64", "BDEPEND=cat/tool", "DEPEND=cat/lib[abi_x86_64(-)]", "RDEPEND=cat/lib[abi_x86_64(-)]")
	f["repo/metadata/md5-cache/cat/lib-1"] = entry("IUSE=abi_x86_64")
	f["repo/metadata/md5-cache/cat/lib-2"] = entry("IUSE=abi_x86_64")
	f["repo/metadata/md5-cache/cat/tool-1"] = entry("IUSE=x", "RDEPEND=cat/lib")
	app := "cat/app-1\nKEYWORDS: amd64\nIUSE: abi_x86_32\nUSE: abi_x86_64 amd64\nBDEPEND: cat/tool\nDEPEND: cat/lib[abi_x86_64(-)]\nRDEPEND: cat/lib[abi_x86_64(-)]"
	lib := "\nKEYWORDS: amd64\nUSE: abi_x86_64 amd64"
	tool := "cat/tool-1\nKEYWORDS: amd64\nIUSE: x\nRDEPEND: cat/lib\nUSE: abi_x86_64 amd64"
	f["packages/Packages"] = binaryIndex(app, "cat/lib-1"+lib, "cat/lib-2"+lib, tool)
	f["hosts/Packages"] = binaryIndex(app, "cat/lib-1"+lib, "cat/lib-2"+lib, tool+" x")
	f["etc/portage/make.conf"] = "PKGDIR=\"/hosts\"\nUSE=\"x\"\n"
	for name, text := range files(f) {
		if below, ok := strings.CutPrefix(name, "etc/portage/"); ok {
			f["mnt/etc/portage/"+below] = text
		}
	}
	f["mnt/etc/portage/make.conf"] = "PKGDIR=\"/packages\"\nUSE=\"-x\"\n"
	dir := f.write(t)
	for _, only := range []bool{false, true} {
		sys, err := portsolve.Open(context.Background(), portsolve.Options{System: dir, ConfigRoot: "/mnt", Root: "/mnt", SysRoot: "/", Env: map[string]string{}})
		if err != nil {
			t.Fatal(err)
		}
		o := universe.Options{UsePkg: true, UsePkgOnly: only, EmptyTree: true, WithBdeps: "y", BinpkgRespectUse: "y"}
		res := resolve(t, sys, o, "cat/app", "cat/tool", "<cat/lib-2")
		var got []string
		for i := range res.Plan {
			e := &res.Plan[i]
			x := ""
			if e.Use["x"] {
				x = "[x]"
			}
			got = append(got, e.Type+" "+e.CPV+x+" "+e.Root)
		}
		slices.Sort(got)
		want := []string{"binary cat/app-1 /mnt/", "binary cat/lib-1 /mnt/", "binary cat/lib-2 /", "binary cat/tool-1 /mnt/", "binary cat/tool-1[x] /"}
		if !slices.Equal(got, want) || len(res.Binaries) > 0 {
			t.Errorf("--usepkgonly=%v: %s\n%q, want\n%q; rejected: %+v", only, res.Status, got, want, res.Binaries)
		}
	}
}

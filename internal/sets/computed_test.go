package sets

import (
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/portsolve/portsolve/atom/metadata"
)

func link(t *testing.T, target, path string) {
	t.Helper()
	if err := os.Symlink(target, path); err != nil {
		t.Fatal(err)
	}
}

func TestInstalledSets(t *testing.T) {
	f := newFixture(t)
	f.install("dev-lang/go-1")
	f.install("dev-lang/rust-1", "BDEPEND=|| ( dev-lang/rust dev-lang/rust-bin )", "SLOT=stable/1")
	f.install("a/goer-1", "BDEPEND=>=dev-lang/go-1:=", "INHERITED=toolchain go-module", "KEYWORDS=x86 ~arm", "LICENSE=MIT")
	f.install("a/rusty-1", "BDEPEND=|| ( dev-lang/rust dev-lang/rust-bin ) !dev-lang/go", "SLOT=2")
	f.install("a/flag-1", "BDEPEND=on? ( dev-lang/go ) !on? ( dev-lang/rust )", "USE=on")
	f.install("a/live-9999", "PROPERTIES=on? ( live ) !on? ( interactive )", "USE=on")
	f.install("a/broken-1", "BDEPEND=( dev-lang/go")
	c := f.open()
	expect(t, c, map[string]string{
		"installed":      "a/broken:0 a/flag:0 a/goer:0 a/live:0 a/rusty:2 dev-lang/go:0 dev-lang/rust:stable",
		"golang-rebuild": "a/flag:0 a/goer:0",
		"rust-rebuild":   "a/rusty:2",
		"live-rebuild":   "a/live:0",
		"v{class=portage.sets.dbapi.VariableSet,variable=BDEPEND,includes=dev-lang/rust dev-lang/rust-bin}": "a/rusty:2 dev-lang/rust:stable",
		"v{class=VariableSet,variable=BDEPEND,includes=dev-lang/go dev-lang/rust,excludes=dev-lang/go}":     "a/rusty:2 dev-lang/rust:stable",
		"v{class=VariableSet,variable=INHERITED,includes=go-module}":                                        "a/goer:0",
		"v{class=VariableSet,variable=KEYWORDS,includes=~arm}":                                              "a/goer:0",
		"v{class=VariableSet,variable=LICENSE,includes=MIT GPL-2}":                                          "a/goer:0",
		"v{class=InheritSet,inherits=toolchain}":                                                            "a/goer:0",
		"v{class=VariableSet,variable=BDEPEND}":                                                             refused,
		"v{class=VariableSet,includes=x}":                                                                   refused,
		"v{class=VariableSet,variable=BDEPEND,includes=x,metadata-source=bintree}":                          refused,
		"v{class=InheritSet}": refused,
	})
}

func TestSetsUseRecordedDependencies(t *testing.T) {
	f := newFixture(t)
	f.install("a/p-1", "BDEPEND=dev-lang/go")
	c := f.open()
	c.Installed = c.Installed.WithDynamicDeps(func(p *metadata.Package) *metadata.Package {
		q := p.Clone()
		q.Raw = nil
		return q
	}, false)
	if got := c.Installed.All()[0].Var("BDEPEND"); got != "" {
		t.Fatalf("the fixture's dynamic BDEPEND is %q", got)
	}
	expect(t, c, map[string]string{"golang-rebuild": "a/p:0"})
}

func TestSetsThatCompareWithEbuilds(t *testing.T) {
	f := newFixture(t)
	f.install("a/same-1", "RDEPEND=a/x:0/3= || ( a/z a/y )", "USE=on")
	f.ebuild("a/same-1", "RDEPEND=on? ( a/x:= )\t|| ( a/z a/y )", "IUSE=on")
	f.install("a/deps-1", "RDEPEND=a/x")
	f.ebuild("a/deps-1", "RDEPEND=a/x a/new")
	f.install("a/pdeps-1")
	f.ebuild("a/pdeps-1", "PDEPEND=a/new")
	f.install("a/builddeps-1", "DEPEND=a/old")
	f.ebuild("a/builddeps-1", "DEPEND=a/new")
	f.install("a/down-3")
	f.ebuild("a/down-2")
	f.ebuild("a/down-4", "KEYWORDS=~x86")
	f.ebuild("a/down-5", "SLOT=5")
	f.install("a/gone-1")
	f.install("a/hidden-1")
	f.ebuild("a/hidden-1", "KEYWORDS=~x86")
	f.install("a/sub-1", "SLOT=0/1")
	f.ebuild("a/sub-1", "SLOT=0/1")
	f.ebuild("a/sub-2", "SLOT=0/2")
	expect(t, f.open(), map[string]string{
		"changed-deps":    "=a/deps-1 =a/pdeps-1",
		"downgrade":       "a/down:0",
		"unavailable":     "a/gone:0 a/hidden:0",
		"changed-subslot": "a/sub:0",
	})
}

func TestOwnerSets(t *testing.T) {
	f := newFixture(t)
	f.install("a/module-1", "CONTENTS=dir /lib/modules\nobj /lib/modules/x.ko 0 1\n")
	f.install("a/driver-1", "CONTENTS=dir /usr/lib64/xorg/modules\n")
	f.install("a/server-1", "CONTENTS=dir /usr/lib64/xorg/modules\nobj /usr/bin/Xorg 0 1\n")
	f.write("usr/lib64/xorg/modules/x.so", "")
	c := f.open()
	expect(t, c, map[string]string{
		"module-rebuild":                     "a/module:0", // lost on disk, but recorded
		"x11-module-rebuild":                 "a/driver:0",
		"o{class=OwnerSet,files=/usr/bin/*}": "",
		"o{class=OwnerSet,files=/usr/bin/Xorg /lib/modules/x.ko}": "a/module:0 a/server:0",
		"o{class=OwnerSet}":         refused,
		"o{class=OwnerSet,files=[}": refused,
	})
}

func TestTimeSets(t *testing.T) {
	f := newFixture(t)
	now := time.Date(2021, 7, 20, 12, 0, 0, 0, time.UTC)
	stamp := func(days int) string {
		return "BUILD_TIME=" + strconv.FormatInt(now.AddDate(0, 0, -days).Unix(), 10)
	}
	f.install("a/new-1", stamp(1))
	f.install("a/old-1", stamp(10))
	f.write("stamp", "")
	if err := os.Chtimes(f.path("stamp"), now, now.AddDate(0, 0, -5)); err != nil {
		t.Fatal(err)
	}
	c := f.open()
	c.Now = now
	seconds := strconv.FormatInt(now.AddDate(0, 0, -2).Unix(), 10)
	expect(t, c, map[string]string{
		"s{class=AgeSet}":                                     "a/old:0",
		"s{class=AgeSet,mode=newer}":                          "a/new:0",
		"s{class=AgeSet,age=20}":                              "",
		"s{class=AgeSet,age=x}":                               refused,
		"s{class=AgeSet,mode=sideways}":                       refused,
		"s{class=DateSet,seconds=" + seconds + "}":            "a/old:0",
		"s{class=DateSet,mode=newer,seconds=" + seconds + "}": "a/new:0",
		"s{class=DateSet,date=2021-07-15}":                    "a/old:0",
		"s{class=DateSet,date=2021-07-25 10:00}":              "a/new:0 a/old:0",
		"s{class=DateSet,date=yesterday}":                     refused,
		"s{class=DateSet,filestamp=" + f.path("stamp") + "}":  "a/old:0",
		"s{class=DateSet,filestamp=" + f.path("none") + "}":   refused,
		"s{class=DateSet,package=a/new}":                      "a/old:0",
		"s{class=DateSet,package=a/none}":                     refused,
		"s{class=DateSet}":                                    refused,
		"s{class=DateSet,seconds=1,date=2021-01-01}":          refused,
	})
}

func TestPreservedRebuild(t *testing.T) {
	f := newFixture(t)
	const file = "var/lib/portage/preserved_libs_registry"
	f.install("a/lib-2", "NEEDED.ELF.2=x86_64;/usr/lib64/libx.so.2;libx.so.2;;libc.so.6;x86_64\n"+
		"x86_64;/usr/lib64/libx.so.1;libx.so.1;;libc.so.6;x86_64\n")
	f.install("a/user-1", "NEEDED.ELF.2=x86_64;/usr/bin/u;;;libc.so.6,libx.so.1;x86_64\n")
	f.install("a/user32-1", "NEEDED.ELF.2=386;/usr/bin/u32;;;libx.so.1;x86_32\n")
	f.install("a/modern-1", "NEEDED.ELF.2=x86_64;/usr/bin/m;;;libx.so.2;x86_64\nnonsense\n")
	expect(t, f.open(), map[string]string{"preserved-rebuild": ""})
	f.write(file, `{"a/lib:0": ["a/lib-2", "12", ["/usr/lib64/libx.so.1"]]}`)
	expect(t, f.open(), map[string]string{
		"preserved-rebuild": "a/user32:0 a/user:0",
		"l{class=portage.sets.libs.LibraryFileConsumerSet,files=/usr/lib64/libx.so.2}": "a/modern:0",
		"l{class=LibraryFileConsumerSet}":                                              refused,
	})
	// Another package provides the 64-bit library again.
	f.install("a/compat-1", "NEEDED.ELF.2=x86_64;/usr/lib64/compat/libx.so.1;libx.so.1;;;x86_64\n")
	expect(t, f.open(), map[string]string{"preserved-rebuild": "a/user32:0"})
	for _, bad := range []string{"{", `{"a/lib:0": ["a/lib-2"]}`, `[]`} {
		f.write(file, bad)
		if _, err := Resolve(f.open(), "preserved-rebuild"); err == nil || !strings.Contains(err.Error(), file) {
			t.Errorf("%s: error %v", bad, err)
		}
	}
}

func TestMembersKnowTheirEntry(t *testing.T) {
	f := newFixture(t)
	f.install("a/p-1")
	s := resolve(t, f.open(), "installed")
	if diff := cmp.Diff(f.path("var/db/pkg/a/p-1"), s.Atoms[0].Source.File); diff != "" {
		t.Error(diff)
	}
}

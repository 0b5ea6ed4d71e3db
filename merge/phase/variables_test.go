package phase

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// variableTable is PMS 11.1 for pkg_* functions: the EAPIs that have the variable,
// as first and last, and its value; ROOT, D and T stand for the directories of the
// call. "-" in phases means all.
var variableTable = []struct {
	name, phases string
	from, to     int
	value        string
}{
	{"CATEGORY", "-", 0, 9, "app-misc"},
	{"PN", "-", 0, 9, "foo"},
	{"PV", "-", 0, 9, "1.2"},
	{"PR", "-", 0, 9, "r3"},
	{"PVR", "-", 0, 9, "1.2-r3"},
	{"P", "-", 0, 9, "foo-1.2"},
	{"PF", "-", 0, 9, "foo-1.2-r3"},
	{"SLOT", "-", 5, 9, "2/2.1"},
	{"USE", "-", 0, 9, "a b c"},
	{"ROOT", "-", 0, 2, "ROOT/pfx/"},
	{"ROOT", "-", 3, 6, "ROOT/"},
	{"ROOT", "-", 7, 9, "ROOT"},
	{"EROOT", "-", 3, 6, "ROOT/pfx/"},
	{"EROOT", "-", 7, 9, "ROOT/pfx"},
	{"EPREFIX", "-", 3, 9, "/pfx"},
	{"SYSROOT", "-", 7, 9, "/sys"},
	{"ESYSROOT", "-", 7, 9, "/sys"},
	{"BROOT", "setup", 7, 9, "/host"},
	{"BROOT", "preinst postinst prerm postrm", 8, 9, "/host"},
	{"D", "setup preinst postinst", 0, 6, "IMAGE/"},
	{"D", "setup preinst postinst", 7, 9, "IMAGE"},
	{"D", "prerm postrm", 0, 6, "BUILD/image/"},
	{"D", "prerm postrm", 7, 9, "BUILD/image"},
	{"ED", "setup preinst postinst", 3, 6, "IMAGE/pfx/"},
	{"ED", "setup preinst postinst", 7, 9, "IMAGE/pfx"},
	{"ED", "prerm postrm", 3, 6, "BUILD/image/pfx/"},
	{"ED", "prerm postrm", 7, 9, "BUILD/image/pfx"},
	{"T", "-", 0, 9, "BUILD/temp"},
	{"TMPDIR", "-", 0, 9, "BUILD/temp"},
	{"HOME", "-", 0, 9, "BUILD/homedir"},
	{"EBUILD_PHASE", "-", 0, 9, "PHASE"},
	{"EBUILD_PHASE_FUNC", "-", 5, 9, "pkg_PHASE"},
	{"MERGE_TYPE", "setup preinst postinst", 4, 9, "binary"},
	{"MERGE_TYPE", "prerm postrm", 4, 9, ""},
	{"REPLACING_VERSIONS", "setup preinst postinst", 4, 9, "1.0 1.1-r1"},
	{"REPLACED_BY_VERSION", "prerm postrm", 4, 9, "1.3"},
	{"AA", "-", 0, 3, ""},
	{"PORTDIR", "-", 0, 6, ""},
	{"ECLASSDIR", "-", 0, 6, ""},
	{"A", "-", 0, 9, ""},
	{"FEATURES", "-", 0, 9, "split-elog"},
	{"BASH_COMPAT", "-", 0, 5, "3.2"},
	{"BASH_COMPAT", "-", 6, 7, "4.2"},
	{"BASH_COMPAT", "-", 8, 8, "5.0"},
	{"LC_CTYPE", "-", 0, 9, "C.UTF-8"},
	{"LC_COLLATE", "-", 0, 9, "C"},
	{"CHOST", "-", 0, 9, "from-the-build"},
	{"USER_SETTING", "-", 0, 9, "from-the-caller"},
	{"GZIP", "-", 0, 9, "UNSET"},
	{"SANDBOX_WRITE", "-", 0, 9, "UNSET"},
	{"GOPATH", "-", 0, 6, "/of/the/user"},
}

// neverExported are shell variables in every EAPI; alwaysExported the opposite.
const neverExported = " BASH_COMPAT "
const alwaysExported = " TMPDIR HOME LC_CTYPE LC_COLLATE CHOST USER_SETTING FEATURES GOPATH "

// TestVariables compares what a phase sees with the table, for each EAPI: the values,
// whether they are exported, and that variables of other EAPIs are unset.
func TestVariables(t *testing.T) {
	names := map[string]bool{}
	for _, v := range variableTable {
		names[v.name] = true
	}
	var dump strings.Builder
	for _, name := range slices.Sorted(maps.Keys(names)) {
		fmt.Fprintf(&dump, "    echo \"%[1]s=${%[1]s-UNSET} $([[ ${%[1]s@a} == *x* ]] && echo x)\"\n", name)
	}
	for eapi := range 10 {
		for _, phase := range []string{"setup", "preinst", "postinst", "prerm", "postrm"} {
			if (phase == "postinst" || phase == "postrm") && eapi != 0 && eapi < 7 {
				continue // as preinst and prerm
			}
			t.Run(fmt.Sprintf("EAPI %d %s", eapi, phase), func(t *testing.T) {
				t.Parallel()
				checkVariables(t, fmt.Sprint(eapi), eapi, phase, dump.String())
			})
		}
	}
}

func checkVariables(t *testing.T, eapi string, number int, phase, dump string) {
	f := newFixture(t, eapi, phase, `declare -x CHOST="from-the-build"
declare -x MERGE_TYPE="source"
declare -r REPLACING_VERSIONS="old"
declare -x D="/elsewhere/"
declare -x GZIP="-9"
declare -x SANDBOX_WRITE="/"
declare -x ENV_UNSET="GOPATH"
pkg_`+phase+` () 
{ 
`+dump+`}
`)
	root := strings.TrimSuffix(f.call.Root, "/")
	f.call.Root = root + "/pfx/"
	f.call.Config = map[string]string{"EPREFIX": "/pfx", "SYSROOT": "/sys", "BROOT": "/host", "CHOST": "of-today",
		"USER_SETTING": "from-the-caller", "FEATURES": "split-elog", "GOPATH": "/of/the/user", "PF": "evil", "A B": "no name"}
	f.call.ReplacingVersions = []string{"1.0", "1.1-r1"}
	f.call.ReplacedByVersion = "1.3"
	if installs(phase) {
		f.call.Image = filepath.Join(f.call.Temp, "D")
	}
	got := map[string]string{}
	for line := range strings.Lines(f.mustRun(t)) {
		name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "=")
		got[name] = value
	}
	places := strings.NewReplacer("ROOT", root, "IMAGE", f.call.Temp+"/D", "BUILD", f.call.Temp, "PHASE", phase)
	want := map[string]string{}
	for _, v := range variableTable {
		if _, ok := want[v.name]; !ok {
			want[v.name] = "UNSET "
		}
		if v.from <= number && number <= v.to && (v.phases == "-" || strings.Contains(" "+v.phases+" ", " "+phase+" ")) && v.value != "UNSET" {
			x := ""
			if (number <= 8 || strings.Contains(alwaysExported, " "+v.name+" ")) && !strings.Contains(neverExported, " "+v.name+" ") {
				x = "x"
			}
			want[v.name] = places.Replace(v.value) + " " + x
		}
	}
	// Before EAPI 5 the slot of the fixture is one name; without a new bash EAPI 9 has no level.
	delete(want, "SLOT")
	if number == 9 {
		delete(want, "BASH_COMPAT")
	}
	for name, w := range want {
		if strings.TrimSuffix(got[name], " ") != strings.TrimSuffix(w, " ") {
			t.Errorf("%s is %q, want %q", name, got[name], w)
		}
	}
}

// TestPathsOfSlashRoot: ROOT=/ is "/" up to EAPI 6 and empty from 7 (PMS 11.1.4).
func TestPathsOfSlashRoot(t *testing.T) {
	for eapi, want := range map[string]string{"2": "[/] []", "6": "[/] [/]", "7": "[] []"} {
		f := newFixture(t, eapi, "setup", "pkg_setup () \n{ \n echo \"[${ROOT}] [${EROOT}]\"\n}\n")
		f.call.Root = "/"
		if got := strings.TrimSpace(f.mustRun(t)); got != want {
			t.Errorf("EAPI %s: %s, want %s", eapi, got, want)
		}
	}
}

package envupdate

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/portsolve/portsolve/internal/rootfs"
	"github.com/portsolve/portsolve/internal/rootfs/faultfs"
	"github.com/portsolve/portsolve/internal/shareddata"
	"github.com/portsolve/portsolve/vdb"
)

// root is a tree with these files.
func root(t testing.TB, files map[string]string) (rootfs.FS, string) {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		name = filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o755), os.WriteFile(name, []byte(text), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	tree, err := rootfs.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { tree.Close() })
	return tree, dir
}

// generated are the files that Update makes.
func generated() []string {
	return []string{"etc/profile.env", "etc/csh.env", "etc/environment.d/10-gentoo-env.conf", "etc/ld.so.conf"}
}

// TestRecorded makes the files of every recorded step that has an env.d anew.
func TestRecorded(t *testing.T) {
	shared := shareddata.Path()
	scenarios, _ := filepath.Glob(filepath.Join(shared, "merges/*/scenario.json"))
	if len(scenarios) == 0 {
		t.Skipf("no recorded merges in %s (PORTSOLVE_SHARED)", shared)
	}
	compared := 0
	for _, s := range scenarios {
		before := make(map[string]string)
		for k := 1; ; k++ {
			text, err := os.ReadFile(filepath.Join(filepath.Dir(s), "after-"+strconv.Itoa(k)+".json"))
			if err != nil {
				break
			}
			var state struct {
				Exit *int
				Root struct{ Entries []struct{ Path, Text string } }
			}
			if err := json.Unmarshal(text, &state); err != nil {
				t.Fatal(err)
			}
			after := make(map[string]string)
			for _, e := range state.Root.Entries {
				if strings.HasPrefix(e.Path, "/etc/env.d/") || slices.Contains(generated(), e.Path[1:]) {
					after[e.Path[1:]] = e.Text
				}
			}
			if _, made := after["etc/profile.env"]; made && state.Exit != nil && *state.Exit == 0 {
				compareStep(t, filepath.Dir(s)+" "+strconv.Itoa(k), before, after)
				compared++
			}
			before = after
		}
	}
	t.Logf("%d steps compared", compared)
}

// compareStep updates a tree with the env.d of after and ld.so.conf of before.
func compareStep(t *testing.T, what string, before, after map[string]string) {
	t.Helper()
	files := make(map[string]string)
	for name, text := range after {
		if strings.HasPrefix(name, Dir) {
			files[name] = text
		}
	}
	if text, ok := before["etc/ld.so.conf"]; ok {
		files["etc/ld.so.conf"] = text
	}
	tree, dir := root(t, files)
	if r, err := Update(vdb.State{FS: lazy{tree}}, Options{}); err != nil || len(r.Problems) > 0 {
		t.Fatal(err, r.Problems)
	}
	for _, name := range generated() {
		want, recorded := after[name]
		got, err := os.ReadFile(filepath.Join(dir, name))
		if (err == nil) != recorded {
			t.Errorf("%s: %s: %v, recorded %t", what, name, err, recorded)
		}
		if diff := cmp.Diff(want, string(got)); diff != "" {
			t.Errorf("%s: %s (-Portage +ours):\n%s", what, name, diff)
		}
	}
}

func TestParse(t *testing.T) {
	for text, want := range map[string]string{
		`A="b"`:                          "A=b",
		"A=b\nB='c d' # comment\n#C=d\n": "A=b B=c d",
		"\tA=b;export B=c":               "A=b B=c",
		`A="\$HOME \" \\ \n"`:            `A=\$HOME " \ \n`,
		`A='\$x'`:                        `A=\$x`,
		`A=a"b c"'d'\ e`:                 "A=ab cd e",
		"A=\nB=":                         "A= B=",
		"A=\"two\nlines\"":               "A=two\nlines",
		"A=\"one\\\nline\"":              "A=oneline",
		"A=b#c":                          "A=b#c",
		`A="x`:                           "line 1: a quote is not closed",
		"A=b\nwhat is this":              `line 2: not of the form NAME="value"`,
		"1A=b":                           `line 1: not of the form NAME="value"`,
		"A = b\nC =\nD =e":               "A=b C= D=e",
		"A b=c":                          `line 1: not of the form NAME="value"`,
		"":                               "",
	} {
		list, err := parse(text)
		var got []string
		for _, a := range list {
			got = append(got, a.name+"="+a.value)
		}
		if err != nil {
			got = []string{err.Error()}
		}
		if s := strings.Join(got, " "); s != want {
			t.Errorf("%q: %q, want %q", text, s, want)
		}
	}
}

func TestRead(t *testing.T) {
	tree, dir := root(t, map[string]string{
		"etc/env.d/00first":   `PATH="/a:/b::/a" CONFIG_PROTECT="/x  /y" MINE="1 2" OTHER=first INFOPATH=""`,
		"etc/env.d/10second":  `SPACE_SEPARATED="MINE" PATH="/b:/c" CONFIG_PROTECT="/y /z" MINE="2 3" OTHER=second`,
		"etc/env.d/50bad":     `PATH="/lost`,
		"etc/env.d/60last":    "PATH=/twice\nPATH=/d\nLDPATH=\"/l:include ld.so.conf.d/*.conf\"\n",
		"etc/env.d/70old.bak": "OTHER=bak", "etc/env.d/70old~": "OTHER=backup", "etc/env.d/70": "OTHER=short",
		"etc/env.d/x70": "OTHER=x", "etc/env.d/7a0": "OTHER=7a", "etc/env.d/.70x": "OTHER=hidden", "etc/env.d/80dir/90x": "OTHER=below",
		"opt/linked": "LINKED=yes",
	})
	if err := os.Symlink("/opt/linked", filepath.Join(dir, "etc/env.d/90linked")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("/etc/nowhere", filepath.Join(dir, "etc/env.d/91dangling")); err != nil {
		t.Fatal(err)
	}
	e := Read(tree)
	want := map[string]string{"PATH": "/a:/b:/c:/d", "CONFIG_PROTECT": "/x /y /z", "MINE": "1 2 3", "OTHER": "second", "LINKED": "yes"}
	if diff := cmp.Diff(want, e.Vars); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"/l", "include ld.so.conf.d/*.conf"}, e.LDPath); diff != "" {
		t.Errorf("LDPATH (-want +got):\n%s", diff)
	}
	if len(e.Problems) != 2 || !strings.Contains(e.Problems[0], "50bad: line 1") {
		t.Errorf("problems: %q", e.Problems)
	}
}

// TestAccumulates: the classes of variables, as Portage 3.0.82 was seen to treat them.
func TestAccumulates(t *testing.T) {
	lists := strings.Fields("ADA_INCLUDE_PATH ADA_OBJECTS_PATH CLASSPATH INFODIR INFOPATH KDEDIRS MANPATH PATH PKG_CONFIG_PATH PYTHONPATH ROOTPATH MINE")
	plain := strings.Fields("EDITOR LDPATH32 PERL5LIB PRELINK_PATH PRELINK_PATH_MASK XDG_CONFIG_DIRS XDG_DATA_DIRS")
	words := strings.Fields("CONFIG_PROTECT CONFIG_PROTECT_MASK WORDS")
	one, two := "COLON_SEPARATED=MINE\nSPACE_SEPARATED=WORDS\n", ""
	want := map[string]string{}
	for _, name := range slices.Concat(lists, plain, words) {
		one += name + "=/a\n"
		two += name + "=/b\n"
		switch want[name] = "/b"; {
		case slices.Contains(lists, name):
			want[name] = "/a:/b"
		case slices.Contains(words, name):
			want[name] = "/a /b"
		}
	}
	tree, _ := root(t, map[string]string{"etc/env.d/10one": one, "etc/env.d/20two": two})
	got := Read(tree).Vars
	for name, value := range want {
		if got[name] != value {
			t.Errorf("%s: %q, want %q", name, got[name], value)
		}
	}
}

func TestQuoting(t *testing.T) {
	e := &Env{Vars: map[string]string{"A": "it's", "B": "$'x'", "C": "$HOME/x", "D": "${HOME}", "E": "two\nlines"}}
	for _, c := range []struct{ what, got, want string }{
		{"profile.env", string(e.ProfileEnv()), profileHead + "export A='it'\\''s'\nexport B=$''\\''x'\\'''\nexport C=$'HOME/x'\nexport D='${HOME}'\nexport E='two\nlines'\n"},
		{"csh.env", string(e.CshEnv()), cshHead + "setenv A 'it'\\''s'\nsetenv B '$'\\''x'\\'''\nsetenv C '$HOME/x'\nsetenv D '${HOME}'\nsetenv E 'two\\\nlines'\n"},
		{"environment.d", string(e.SystemdEnv()), systemdHead + "A=it's\nB=$'x'\nC=$HOME/x\nD=${HOME}\n"},
	} {
		if diff := cmp.Diff(c.want, c.got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.what, diff)
		}
	}
}

func TestUpdate(t *testing.T) {
	tree, dir := root(t, map[string]string{
		"etc/env.d/50x": "LDPATH=/opt/x/lib", "etc/ld.so.conf": "# mine\n/opt/x/lib\n", "sbin/ldconfig": "#!/bin/sh\n",
	})
	s := vdb.State{FS: tree}
	update := func(o Options) *Result {
		t.Helper()
		r, err := Update(s, o)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	if r := update(Options{LibrariesChanged: true}); r.Ldconfig != nil {
		t.Error("an ldconfig that is not executable is to be started")
	}
	if err := os.Chmod(filepath.Join(dir, "sbin/ldconfig"), 0o755); err != nil {
		t.Fatal(err)
	}
	if r := update(Options{}); len(r.Written) > 0 || r.Ldconfig != nil {
		t.Errorf("nothing changed, and there was %+v", r)
	}
	if text, _ := os.ReadFile(filepath.Join(dir, "etc/ld.so.conf")); string(text) != "# mine\n/opt/x/lib\n" {
		t.Errorf("ld.so.conf was rewritten: %q", text)
	}
	if r := update(Options{LibrariesChanged: true}); r.Ldconfig == nil || !slices.Equal(r.Ldconfig.Args, []string{"-X", "-r", dir}) {
		t.Errorf("a library changed: %+v", r.Ldconfig)
	}
	if err := os.WriteFile(filepath.Join(dir, "etc/env.d/50x"), []byte("LDPATH=/opt/y/lib PATH=/opt/y/bin"), 0o644); err != nil {
		t.Fatal(err)
	}
	want := []string{"/etc/profile.env", "/etc/csh.env", "/etc/environment.d/10-gentoo-env.conf", "/etc/ld.so.conf"}
	if r := update(Options{}); !slices.Equal(r.Written, want) || r.Ldconfig == nil {
		t.Errorf("%+v", r)
	}
}

// lazy does not wait for the disk: what a power cut takes is not the question here.
type lazy struct{ rootfs.FS }

type lazyFile struct{ rootfs.File }

func (lazy) SyncDir(string) error { return nil }
func (lazyFile) Sync() error      { return nil }

func (l lazy) Create(name string, mode uint32) (rootfs.File, error) {
	f, err := l.FS.Create(name, mode)
	return lazyFile{f}, err
}

// TestUpdateIsInterrupted kills Update before each of its calls: every file is the
// old or the new one, and the next Update ends with the new ones.
func TestUpdateIsInterrupted(t *testing.T) {
	old := map[string]string{"etc/env.d/50x": "A=new LDPATH=/new"}
	for _, name := range generated() {
		old[name] = "/old\n"
	}
	tree, dir := root(t, old)
	if _, err := Update(vdb.State{FS: tree}, Options{}); err != nil {
		t.Fatal(err)
	}
	text := func(dir, name string) string { b, _ := os.ReadFile(filepath.Join(dir, name)); return string(b) }
	for _, kind := range []faultfs.Kind{faultfs.Kill, faultfs.NoSpc, faultfs.Short} {
		for at := 1; ; at++ {
			tree, broken := root(t, old)
			faulty := faultfs.Wrap(lazy{tree}, faultfs.Options{At: at, Kind: kind})
			_, _ = Update(vdb.State{FS: faulty}, Options{})
			for _, name := range generated() {
				if got := text(broken, name); got != old[name] && got != text(dir, name) {
					t.Errorf("%s at %d: %s is %q", kind, at, name, got)
				}
			}
			if _, err := Update(vdb.State{FS: lazy{tree}}, Options{}); err != nil {
				t.Fatal(err)
			}
			for _, name := range generated() {
				if text(broken, name) != text(dir, name) {
					t.Errorf("%s at %d, then again: %s is %q", kind, at, name, text(broken, name))
				}
			}
			if faulty.Count() < at {
				break
			}
		}
	}
}

func TestInfo(t *testing.T) {
	tree, dir := root(t, map[string]string{
		"usr/share/info/mc.info.bz2": "page", "usr/share/info/dir": "old index", "usr/share/info/dir.old": "older",
		"usr/share/info/.keepinfodir": "", "usr/share/info/sub/x.info": "not ours", "usr/share/empty/dir": "index",
	})
	if err := os.Symlink("/usr/share/info", filepath.Join(dir, "usr/info")); err != nil {
		t.Fatal(err)
	}
	if got := PlanInfo(tree, []string{"/usr/share/info"}, ""); got != nil {
		t.Errorf("without install-info: %+v", got)
	}
	plan := PlanInfo(tree, []string{"/usr/info", "/usr/share/empty", "/usr/share/none", "/../x"}, "/usr/bin/install-info")
	if len(plan) != 1 || len(plan[0].Commands) != 1 || plan[0].Dir != "usr/share/info" {
		t.Fatalf("%+v", plan)
	}
	args := plan[0].Commands[0].Args
	if args[1] != filepath.Join(dir, "usr/share/info/mc.info.bz2") {
		t.Errorf("%q", args)
	}
	if err := errors.Join(plan[0].Begin(tree), plan[0].Finish(tree)); err != nil {
		t.Fatal(err)
	}
	index := func() string { b, _ := os.ReadFile(filepath.Join(dir, "usr/share/info/dir")); return string(b) }
	if index() != "old index" {
		t.Errorf("without a new index the old one became %q", index())
	}
	if err := os.WriteFile(strings.TrimPrefix(args[0], "--dir-file="), []byte("new index"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := plan[0].Finish(tree); err != nil || index() != "new index" {
		t.Errorf("the index is %q, %v", index(), err)
	}
	if got := Orphaned(tree, "/usr/share/info"); got != nil {
		t.Errorf("orphaned beside a page: %q", got)
	}
	if got := Orphaned(tree, "/usr/share/empty"); !slices.Equal(got, []string{"usr/share/empty/dir"}) {
		t.Errorf("orphaned: %q", got)
	}
}

func FuzzParse(f *testing.F) {
	f.Add(`A="b" B='c' export C=d\ e # x`)
	f.Add("\tLDPATH=\"/a:/b\"\nA='")
	f.Fuzz(func(t *testing.T, text string) {
		list, err := parse(text)
		if err != nil {
			return
		}
		e := &Env{Vars: map[string]string{}}
		e.fold([][]assignment{list})
		// What was written for sh says the same when it is read again.
		again, err := parse(strings.ReplaceAll(string(e.ProfileEnv()), "=$'", "='$"))
		if err != nil {
			t.Fatalf("%q: %v", e.ProfileEnv(), err)
		}
		for _, a := range again {
			if v := e.Vars[a.name]; v != a.value {
				t.Errorf("%s: %q became %q", a.name, v, a.value)
			}
		}
	})
}

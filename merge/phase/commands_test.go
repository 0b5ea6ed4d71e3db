package phase

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/portsolve/portsolve/atom/metadata"
)

// commandTable is PMS 12.3: what a command prints (both streams) and returns in
// pkg_setup of app-misc/foo-1.2-r3 with USE="a b c" and IUSE="+a -b c d", in the EAPIs
// from first to last. "[7]" is exit status 7, "DIE text" the end of the phase. Of the
// EAPIs without an entry the other table speaks.
var commandTable = []struct {
	from, to int
	command  string
	want     string
}{
	// USE functions
	{0, 9, "use a", "[0]"},
	{0, 9, "use d", "[1]"},
	{0, 9, "use !a", "[1]"},
	{0, 9, "use !d", "[0]"},
	{0, 9, "usev a", "a [0]"},
	{0, 9, "usev d", "[1]"},
	{0, 7, "usev a text", "a [0]"},
	{8, 9, "usev a text", "text [0]"},
	{8, 9, "usev !d text", "text [0]"},
	{8, 9, "usev d text", "[1]"},
	{0, 7, "useq a", "[0]"},
	{8, 9, "useq a", "DIE useq is banned in EAPI N"},
	{0, 9, "use_with a", "--with-a [0]"},
	{0, 9, "use_with d", "--without-d [0]"},
	{0, 9, "use_with a opt", "--with-opt [0]"},
	{0, 9, "use_with a opt v", "--with-opt=v [0]"},
	{0, 9, "use_with d opt v", "--without-opt [0]"},
	{0, 9, "use_with !d opt", "--with-opt [0]"},
	{0, 9, "use_with !a opt", "--without-opt [0]"},
	{0, 3, "use_with a opt ''", "--with-opt [0]"},
	{4, 9, "use_with a opt ''", "--with-opt= [0]"},
	{0, 9, "use_enable a opt v", "--enable-opt=v [0]"},
	{0, 9, "use_enable d", "--disable-d [0]"},
	{0, 4, "usex a", "usex: EAPI N has no such command [127]"},
	{5, 9, "usex a", "yes [0]"},
	{5, 9, "usex d", "no [0]"},
	{5, 9, "usex a 1 2 3 4", "13 [0]"},
	{5, 9, "usex d 1 2 3 4", "24 [0]"},
	{5, 9, "usex !a 1 2", "2 [0]"},
	{5, 9, "usex a '' 2 3", "3 [0]"},
	{0, 5, "in_iuse a", "in_iuse: EAPI N has no such command [127]"},
	{6, 9, "in_iuse a", "[0]"},
	{6, 9, "in_iuse b", "[0]"},
	{6, 9, "in_iuse zz", "[1]"},
	// lists
	{0, 9, "has a b a", "[0]"},
	{0, 9, "has a b aa", "[1]"},
	{0, 9, "has a", "[1]"},
	{0, 7, "hasv a b a", "a [0]"},
	{0, 7, "hasq a b a", "[0]"},
	{8, 9, "hasv a a", "DIE hasv is banned in EAPI N"},
	{8, 9, "hasq a a", "DIE hasq is banned in EAPI N"},
	// failure
	{0, 9, "die why", "DIE why"},
	{0, 5, "die -n why", "DIE -n why"},
	{6, 9, "die -n why", "DIE why"},
	{0, 3, "nonfatal die -n why", "nonfatal: EAPI N has no such command [127]"},
	{4, 5, "nonfatal die -n why", "DIE -n why"},
	{6, 9, "nonfatal die -n why", "* why [1]"},
	{6, 9, "nonfatal die why", "DIE why"},
	{4, 9, "nonfatal false", "[1]"},
	{0, 8, "true | true; assert why", "[0]"},
	{0, 8, "false | true; assert why", "DIE why"},
	{9, 9, "false | true; assert why", "DIE assert is banned in EAPI N"},
	{0, 8, "false | true; pipestatus", "pipestatus: EAPI N has no such command [127]"},
	{9, 9, "(exit 3) | (exit 4) | true; pipestatus", "[4]"},
	{9, 9, "(exit 3) | true; pipestatus -v", "3 0 [3]"},
	{9, 9, "true | true; pipestatus", "[0]"},
	{0, 8, "edo true", "edo: EAPI N has no such command [127]"},
	{9, 9, "edo echo 'a b'", "* 'echo' 'a b' a b [0]"},
	{9, 9, "edo false", "DIE this command failed: false"},
	{9, 9, "nonfatal edo false", "* 'false' * this command failed: false [1]"},
	// queries
	{0, 9, "has_version app-misc/one", "[0]"},
	{0, 9, "has_version app-misc/none", "[1]"},
	{0, 9, "has_version '>=app-misc/one-2'", "[0]"},
	{0, 9, "has_version '>app-misc/one-2'", "[1]"},
	{0, 9, "best_version app-misc/one", "app-misc/one-2 [0]"},
	{0, 9, "best_version '<app-misc/one-2'", "app-misc/one-1 [0]"},
	{2, 9, "has_version 'app-misc/one[u]'", "[0]"},
	{2, 9, "has_version 'app-misc/one[v]'", "[1]"},
	{2, 9, "has_version 'app-misc/one[a?]'", "[0]"},
	{1, 9, "has_version app-misc/one:3", "[1]"},
	{0, 0, "has_version app-misc/one:3", "DIE app-misc/one:3"},
	{0, 9, "has_version", "DIE has_version: exactly one package dependency specification, not 0"},
	{0, 9, "has_version 'nonsense!'", "DIE nonsense!"},
	{0, 9, "has_version '!app-misc/one'", "DIE has_version !app-misc/one: a blocker cannot be asked for"},
	{0, 4, "has_version --host-root app-misc/host", "DIE has_version: EAPI N has no option --host-root"},
	{5, 6, "has_version --host-root app-misc/host", "[0]"},
	{7, 9, "has_version --host-root app-misc/host", "DIE has_version: EAPI N has no option --host-root"},
	{0, 6, "has_version -b app-misc/host", "DIE has_version: EAPI N has no option -b"},
	{7, 9, "has_version -b app-misc/host", "[0]"},
	{7, 9, "has_version -b app-misc/one", "[1]"},
	{7, 9, "has_version -d app-misc/sysroot", "[0]"},
	{7, 9, "has_version -r app-misc/one", "[0]"},
	{7, 9, "best_version -b app-misc/host", "app-misc/host-5 [0]"},
	// output
	{0, 9, `einfo 'a\tb' c`, "* a b c [0]"},
	{0, 9, `elog 'a\nb'`, "* a * b [0]"},
	{0, 9, "ewarn x", "* x [0]"},
	{0, 9, "eerror x", "* x [0]"},
	{0, 9, "eqawarn x", "* x [0]"},
	{0, 9, "einfon x; echo y", "* xy [0]"},
	{0, 9, "ebegin x; eend 0", "* x ... [ ok ] [0]"},
	{0, 9, "ebegin x; eend 3 why", "* x ... * why [ !! ] [3]"},
	// versions
	{0, 6, "ver_cut 1", "ver_cut: EAPI N has no such command [127]"},
	{7, 9, "ver_cut 1", "1 [0]"},
	{7, 9, "ver_rs 1 -", "1-2 [0]"},
	{7, 9, "ver_test -gt 1.2", "[0]"},
	{7, 9, "ver_test 1.2 -eq 1.2-r0", "[0]"},
	{7, 9, "ver_test 1 -foo 2", "DIE ver_test: unknown operator: -foo"},
	{7, 9, "ver_test x -lt 2", "DIE ver_test: not a version: x"},
	{0, 8, "ver_replacing -lt 2", "ver_replacing: EAPI N has no such command [127]"},
	{9, 9, "ver_replacing -lt 1.1", "[0]"},
	{9, 9, "ver_replacing -gt 1.1", "[1]"},
	{9, 9, "REPLACING_VERSIONS=; ver_replacing -lt 2", "[1]"},
	// the rest
	{0, 5, "get_libdir", "get_libdir: EAPI N has no such command [127]"},
	{6, 9, "get_libdir", "lib [0]"},
	{6, 9, "ABI=amd64 LIBDIR_amd64=lib64; get_libdir", "lib64 [0]"},
	{0, 1, "default", "default: EAPI N has no such command [127]"},
	{2, 9, "default", "DIE default: there is no default_pkg_setup"},
	{0, 9, "inherit x; addread /; addwrite /; addpredict /; adddeny /; debug-print x; EXPORT_FUNCTIONS x", "[0]"},
	{0, 9, "nonsense", "nonsense: command not found [127]"},
	{0, 9, "dobin x", "DIE dobin is for src_* functions; a binary package has only its pkg_* functions"},
	{0, 5, "eapply_user", "eapply_user: EAPI N has no such command [127]"},
	{6, 9, "eapply_user", "DIE eapply_user is for src_* functions; a binary package has only its pkg_* functions"},
	{0, 3, "dohard a b", "DIE dohard is for src_* functions; a binary package has only its pkg_* functions"},
	{4, 9, "dohard a b", "DIE dohard is banned in EAPI N"},
	{0, 6, "echo true | xargs nonfatal", "xargs: nonfatal: No such file or directory [127]"},
	{7, 9, "echo false | xargs nonfatal", "[123]"},
	{0, 9, "pwd; ls -A", "BUILD/empty [0]"},
	{0, 9, "umask", "0022 [0]"},
	{0, 9, "read x; echo $?", "1 [0]"},
}

// TestCommands runs the table: all commands of one EAPI in one phase, each in a
// subshell.
func TestCommands(t *testing.T) {
	for eapi := range 10 {
		t.Run(fmt.Sprintf("EAPI %d", eapi), func(t *testing.T) {
			t.Parallel()
			checkCommands(t, eapi)
		})
	}
}

func checkCommands(t *testing.T, eapi int) {
	var body strings.Builder
	var wants, commands []string
	for _, c := range commandTable {
		if c.from <= eapi && eapi <= c.to {
			// die is made to end the subshell only, and to show itself.
			fmt.Fprintf(&body, "    echo '=#='\n    ( %s ) 2>&1\n    echo \"[$?]\"\n", c.command)
			commands, wants = append(commands, c.command), append(wants, c.want)
		}
	}
	f := newFixture(t, fmt.Sprint(eapi), "setup", "pkg_setup () \n{ \n    trap : USR1\n"+body.String()+"}\n")
	f.call.ReplacingVersions = []string{"1.0", "1.1"}
	f.query = query{
		installedPackage(t, "app-misc/one-1", nil),
		installedPackage(t, "app-misc/one-2", map[string]string{"IUSE": "a u v", "USE": "a u"}),
	}
	f.runner.o.Host = query{installedPackage(t, "app-misc/host-5", nil)}
	f.runner.o.Sysroot = query{installedPackage(t, "app-misc/sysroot-5", nil)}
	f.runner.o.Timeout = 20 * time.Second
	_ = f.run(t) // it died often
	parts := strings.Split(f.out.String(), "=#=")[1:]
	if len(parts) != len(wants) {
		t.Fatalf("%d results of %d commands:\n%s", len(parts), len(wants), f.out)
	}
	for i, want := range wants {
		want = strings.ReplaceAll(strings.ReplaceAll(want, "EAPI N", fmt.Sprint("EAPI ", eapi)), "BUILD", f.call.Temp)
		if got := strings.Join(strings.Fields(parts[i]), " "); !sameResult(got, want) {
			t.Errorf("%s\n got  %s\n want %s", commands[i], got, want)
		}
	}
}

// sameResult compares a result with a row of the table. What die prints around its
// message is in TestDieShowsWhere.
func sameResult(got, want string) bool {
	if text, dies := strings.CutPrefix(want, "DIE "); dies {
		return strings.Contains(got, "ERROR: app-misc/foo-1.2-r3::test failed (setup phase):") &&
			strings.Contains(got, text) && strings.HasSuffix(got, "[1]")
	}
	return got == want
}

// TestEclassBringsCommand: a command that the EAPI lacks can come from an eclass, and
// one that it has cannot be replaced.
func TestEclassBringsCommand(t *testing.T) {
	f := newFixture(t, "6", "setup", `ver_cut () 
{ 
    echo "of the eclass"
}
einfo () 
{ 
    echo "of the eclass"
}
pkg_setup () 
{ 
    ver_cut 1;
    einfo "ours"
}
`)
	if got := f.mustRun(t); got != "of the eclass\n * ours\n" {
		t.Errorf("got %q", got)
	}
}

// TestHelpersOnTheImage: the installation commands that pkg_preinst may use.
func TestHelpersOnTheImage(t *testing.T) {
	body := `
    mkdir -p "${ED}/usr/bin" && : > "${ED}/usr/bin/x" || die
    fperms 0751 /usr/bin/x
    fperms -x,g-r /usr/bin/x
    fowners -R "$(id -u):$(id -g)" usr
    dodir /var/a /var/b
    keepdir /var/keep
    dosym ../bin/x /usr/sbin/y
    dosym -r /usr/bin/x /usr/lib/a/z
    find "${ED}" -mindepth 1 -printf '%P %M %l\n' | sort
    nonfatal fperms 0644 /missing 2>/dev/null && die "worked"
    echo /more | xargs nonfatal keepdir || die
    fperms 0644 /missing
    die "went on"
`
	f := newFixture(t, "8", "preinst", "pkg_preinst () \n{ \n"+body+"\n}\n")
	f.call.Image = t.TempDir()
	err := f.run(t)
	if err == nil || !strings.Contains(err.Error(), "fperms 0644 /missing failed") {
		t.Errorf("got %v\n%s", err, f.out)
	}
	for _, want := range []string{
		"usr/bin/x -rw------- ", "var/a drwxr-xr-x", "var/keep/.keep_app-misc_foo-2 -rw-r--r--",
		"usr/sbin/y lrwxrwxrwx ../bin/x", "usr/lib/a/z lrwxrwxrwx ../../bin/x",
	} {
		if !strings.Contains(f.out.String(), "\n"+want) {
			t.Errorf("%q is missing in\n%s", want, f.out)
		}
	}
}

// TestUnknownFlag: a flag outside of IUSE_EFFECTIVE is disabled and, from EAPI 4 on and
// if IUSE_EFFECTIVE is recorded, a QA message; the phase goes on.
func TestUnknownFlag(t *testing.T) {
	for eapi, noticed := range map[string]bool{"3": false, "4": true, "8": true} {
		for _, recorded := range []bool{true, false} {
			f := newFixture(t, eapi, "setup", "pkg_setup () \n{ \n use zz || echo \"disabled$(usev zz)\"\n}\n")
			if recorded {
				f.call.Package.IUSEEffective = metadata.NewUseSet([]string{"a", "b"})
			}
			if err := f.run(t); err != nil {
				t.Errorf("EAPI %s, recorded %v: %v", eapi, recorded, err)
			}
			out := f.out.String()
			if !strings.Contains(out, "disabled\n") || strings.Contains(out, "USE flag 'zz' is not in IUSE of app-misc/foo") != (noticed && recorded) {
				t.Errorf("EAPI %s, recorded %v:\n%s", eapi, recorded, out)
			}
		}
	}
}

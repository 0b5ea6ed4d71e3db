package phase

import (
	"bytes"
	"context"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestFilterEnvironment(t *testing.T) {
	for name, test := range map[string]struct{ in, want string }{
		"kept":              {"declare -x CHOST=\"a b\"\ndeclare -a X=([0]=\"1\" [1]=\"2\")\n", "declare -x CHOST=\"a b\"\ndeclare -a X=([0]=\"1\" [1]=\"2\")\n"},
		"dropped":           {"declare -x PATH=\"/evil\"\ndeclare -- Y=\"1\"\n", "\ndeclare -- Y=\"1\"\n"},
		"readonly":          {"declare -r Q=\"1\"\ndeclare -rx B=\"1\"\ndeclare -ar C=([0]=\"r\")\n", "declare -- Q=\"1\"\ndeclare -x B=\"1\"\ndeclare -a C=([0]=\"r\")\n"},
		"old readonly":      {"readonly Q=1 PATH=2\n", "declare Q=1 \n"},
		"lines stay":        {"declare -x D=\"a\nb\nc\"\ndeclare -x E=\"$'x'\"\n", "\n\n\ndeclare -x E=\"$'x'\"\n"},
		"assignment":        {"PATH=/evil\nX=1\n", "\nX=1\n"},
		"in a function":     {"f () \n{ \n    declare -r PATH=1;\n    cat <<EOF\ndeclare -x ROOT=1\n}\nEOF\n\n}\n", "f () \n{ \n    declare -r PATH=1;\n    cat <<EOF\ndeclare -x ROOT=1\n}\nEOF\n\n}\n"},
		"in a value":        {"declare -x X=\"\ndeclare -x PATH=1\n\"\n", "declare -x X=\"\ndeclare -x PATH=1\n\"\n"},
		"ours":              {"__portsolve_x () \n{ \n    :\n}\ndeclare -x PORTSOLVE_SAVE=\"\"\n", "\n\n\n\n\n"},
		"several":           {"declare -x Q=1 ROOT=2 B=3\n", "declare -x Q=1  B=3\n"},
		"without value":     {"declare REPOSITORY\ndeclare ROOT\n", "declare REPOSITORY\n\n"},
		"no shell code":     {"declare -x Q=1\n((((\ndeclare -x PATH=1\n", "declare -x Q=1\n((((\ndeclare -x PATH=1\n"},
		"empty":             {"", ""},
		"carriage, no line": {"declare -x PATH=1\r", "\r"},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, string(FilterEnvironment([]byte(test.in)))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func FuzzFilterEnvironment(f *testing.F) {
	f.Add([]byte("declare -x PATH=\"1\"\nf () \n{ \n :\n}\nreadonly X=1\n"))
	f.Add([]byte("{;\n"))
	f.Add([]byte("declare -ar A=([0]=$'\\n' [1]=\"\")\n((("))
	f.Fuzz(func(t *testing.T, in []byte) {
		out := FilterEnvironment(in)
		if bytes.Count(out, []byte("\n")) != bytes.Count(in, []byte("\n")) {
			t.Errorf("lines moved: %q to %q", in, out)
		}
	})
}

// TestEnvironmentIsSaved: PMS 11.2, its example for the phases of a binary package.
func TestEnvironmentIsSaved(t *testing.T) {
	f := newFixture(t, "8", "setup", `declare -- GLOBAL="a"
declare -a LIST=([0]="x" [1]="y z")
declare -r FIXED="1"
helper () 
{ 
    cat <<EOF
}
EOF
}
pkg_setup () 
{ 
    GLOBAL="b";
    DEFAULT="c
  d \$x";
    export EXPORTED="e";
    local LOCAL="l";
    FIXED=2;
    LIST+=("w");
    IFS=x;
    umask 077;
    cd /;
    echo hello > "${T}/file";
    made () 
    { 
        echo "made of ${T}"
    };
    ROOT=/evil;
    SHELLOPTS_X=1
}
pkg_preinst () 
{ 
    echo "${GLOBAL}|${DEFAULT}|$(printenv EXPORTED)|${LOCAL-unset}|${FIXED}|${#LIST[@]}";
    [[ ${ROOT} != /evil ]] || die "ROOT was kept";
    umask;
    pwd;
    cat "${T}/file";
    made;
    helper
}
`)
	f.mustRun(t)
	f.call.Phase = "preinst"
	f.call.Package = installedPackage(t, "app-misc/foo-1.2-r3", map[string]string{"DEFINED_PHASES": "preinst setup"})
	want := "b|c\n  d $x|e|unset|2|3\n0022\n" + f.call.Temp + "/empty\nhello\nmade of " + f.call.Temp + "/temp\n}\n"
	if diff := cmp.Diff(want, f.mustRun(t)); diff != "" {
		t.Error(diff)
	}
	saved, err := os.ReadFile(filepath.Join(f.call.Temp, "environment"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"portsolve", "PORTSOLVE", "ver_cut", "BASH", "EBUILD_PHASE", "has_version"} {
		if bytes.Contains(bytes.TrimSuffix(saved, []byte(environmentEnd)), []byte(name)) {
			t.Errorf("the saved environment has %s:\n%s", name, saved)
		}
	}
}

// TestOddEnvironment: where the filter does not understand what bash does, what a
// phase must have is set all the same.
func TestOddEnvironment(t *testing.T) {
	odd := "if true; then declare -x PATH=/evil IFS=x ROOT=/evil LC_CTYPE=C; fi\n"
	f := newFixture(t, "8", "setup", odd+"pkg_setup () \n{ \n local a=\"1 2\"; set -- ${a}; echo \"$# ${ROOT} ${LC_CTYPE} ${PATH#*:}\"\n}\n")
	want := "2 " + strings.TrimSuffix(f.call.Root, "/") + " C.UTF-8 " + DefaultPath + "\n"
	if got := f.mustRun(t); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestPretendLeavesNothing: pkg_pretend is outside of the sequence and has its own T.
func TestPretendLeavesNothing(t *testing.T) {
	f := newFixture(t, "8", "pretend", "pkg_pretend () \n{ \n X=1; echo \"${T}\"; touch \"${T}/x\"\n}\npkg_setup () \n{ \n echo \"${X-unset} $(ls \"${T}\")\"\n}\n")
	dir := strings.TrimSpace(f.mustRun(t))
	if _, err := os.Stat(dir); err == nil || strings.HasPrefix(dir, f.call.Temp) {
		t.Errorf("T of pkg_pretend is %s: %v", dir, err)
	}
	f.call.Phase = "setup"
	f.call.Package = installedPackage(t, "app-misc/foo-1.2-r3", nil)
	if got := f.mustRun(t); got != "unset \n" {
		t.Errorf("pkg_setup saw %q", got)
	}
	f.call.Phase = "pretend"
	f.call.Package = installedPackage(t, "app-misc/foo-1.2-r3", map[string]string{"EAPI": "3"})
	if got := f.mustRun(t); got != "" {
		t.Errorf("EAPI 3 has no pkg_pretend, but it printed %q", got)
	}
}

// TestDefinedPhases: what is run depends on DEFINED_PHASES, and without it on the
// environment.
func TestDefinedPhases(t *testing.T) {
	env := "pkg_setup () \n{ \n echo ran\n}\n"
	for _, test := range []struct{ defined, env, want string }{
		{"setup install", env, "ran\n"},
		{"install", env, ""},
		{"-", env, ""},
		{"", env, "ran\n"},
		{"", "declare -x A=1\n", ""},
		{"setup", "declare -x A=1\n", ""},
	} {
		f := newFixture(t, "8", "setup", test.env)
		f.call.Package = installedPackage(t, "app-misc/foo-1", map[string]string{"DEFINED_PHASES": test.defined})
		if got := f.mustRun(t); got != test.want {
			t.Errorf("DEFINED_PHASES=%q: %q, want %q", test.defined, got, test.want)
		}
	}
}

// TestLostEnvironment: a package to be installed must have its environment, an
// installed one that lost it is removed without phases.
func TestLostEnvironment(t *testing.T) {
	for phase, want := range map[string]string{
		"preinst": "the package has no environment.bz2",
		"prerm":   " * app-misc/foo-1.2-r3: pkg_prerm not run: its environment.bz2 is lost\n",
	} {
		f := newFixture(t, "8", phase, "")
		f.call.Env = nil
		got := ""
		if err := f.run(t); err != nil {
			got = err.Error()
		}
		if got += f.out.String(); got != want {
			t.Errorf("%s: %q, want %q", phase, got, want)
		}
	}
}

func TestBrokenEnvironment(t *testing.T) {
	f := newFixture(t, "8", "setup", "pkg_setup () \n{ \n echo ran\n}\nf () {\n")
	err := f.run(t)
	if err == nil || !strings.Contains(err.Error(), "bash cannot read the saved environment") || !strings.Contains(f.out.String(), "syntax error") {
		t.Errorf("%v\n%s", err, f.out)
	}
	f = newFixture(t, "8", "setup", "")
	f.call.Env = nil
	f.environment(t, strings.Repeat("x", 1000))
	f.call.Temp = filepath.Join(f.call.Temp, "missing")
	if err := f.run(t); err == nil || !strings.Contains(err.Error(), "missing") {
		t.Errorf("T that does not exist: %v", err)
	}
	f.call.Temp = filepath.Dir(f.call.Temp)
	f.call.Env = func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader("BZh9 no bzip2")), nil }
	if err := f.run(t); err == nil || !strings.Contains(err.Error(), "environment.bz2 cannot be decompressed") {
		t.Errorf("no bzip2: %v", err)
	}
	if _, err := decompress(bytes.NewReader(bzip(t, strings.Repeat(" ", 5000))), 4096); err == nil || err.Error() != "has more than 4 KiB after decompression" {
		t.Errorf("a bomb: %v", err)
	}
}

// TestOff: phases that are switched off, or have no bash, are named.
func TestOff(t *testing.T) {
	for _, o := range []Options{{Off: true}, {Bash: "/nonexistent/bash"}} {
		f := newFixture(t, "8", "postinst", "pkg_postinst () \n{ \n echo ran\n}\n")
		f.runner = New(o)
		out := f.mustRun(t)
		if !strings.HasPrefix(out, " * app-misc/foo-1.2-r3: pkg_postinst not run: ") || len(f.runner.Skipped()) != 1 || len(f.elog) != 1 {
			t.Errorf("%q %v %q", out, f.runner.Skipped(), f.elog)
		}
	}
}

// TestInterrupted: a phase whose context ends is ended, with what it started.
func TestInterrupted(t *testing.T) {
	f := newFixture(t, "8", "setup", "pkg_setup () \n{ \n trap '' TERM; touch \"${ROOT}/started\"; sleep 60; touch \"${ROOT}/after\"\n}\n")
	f.runner.o.Grace = 50 * time.Millisecond
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		for {
			if _, err := os.Stat(f.call.Root + "started"); err == nil {
				cancel()
				return
			}
			time.Sleep(time.Millisecond)
		}
	}()
	start := time.Now()
	err := f.runner.Run(ctx, f.call)
	if err == nil || !strings.Contains(err.Error(), "it was interrupted: context canceled") {
		t.Errorf("got %v", err)
	}
	if took := time.Since(start); took > 10*time.Second {
		t.Errorf("it took %v", took)
	}
	f.runner.o.Timeout = 50 * time.Millisecond
	if err := f.run(t); err == nil || !strings.Contains(err.Error(), "deadline exceeded") {
		t.Errorf("a limit of time: %v", err)
	}
}

// TestLeftBehind: a program that outlives its phase is not waited for.
func TestLeftBehind(t *testing.T) {
	f := newFixture(t, "8", "postinst", "pkg_postinst () \n{ \n echo begun; sleep 3 & echo $! > \"${T}/pid\"\n}\n")
	f.runner.o.Linger = 10 * time.Millisecond
	start := time.Now()
	if got := f.mustRun(t); got != "begun\n" {
		t.Errorf("got %q", got)
	}
	if took := time.Since(start); took > 2500*time.Millisecond {
		t.Errorf("it took %v", took)
	}
	pid, err := os.ReadFile(filepath.Join(f.call.Temp, "temp/pid"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat("/proc/" + strings.TrimSpace(string(pid))); err != nil && exists("/proc/self") {
		t.Errorf("the program was ended: %v", err)
	}
}

func exists(name string) bool {
	_, err := os.Stat(name)
	return err == nil || !os.IsNotExist(err) && err != fs.ErrNotExist
}

package cli

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/portsolve/portsolve/cli/demo"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"portsolve": func() {
			os.Exit(Main(context.Background(), os.Args, os.Environ(), os.Stdin, os.Stdout, os.Stderr))
		},
	})
}

// noExitSleep is $GORACE for processes of their own that run the command. With the race detector each sleeps a second when it exits,
// in case another goroutine is still about to race (https://go.dev/doc/articles/race_detector), and the tests start hundreds.
const noExitSleep = "atexit_sleep_ms=0"

// TestScript runs testdata/script/*.txtar against the real command. Besides the
// commands of testscript there are:
//
//	system DIR STORY      unpack the system of a demo
//	exits N command…      run a command that must exit with N
//	write FILE TEXT       write text with Go's escapes (\x00, \n)
//	package PKGDIR CPV IMAGE [NAME=VALUE]…  make a binary package of a directory ("none": no files; ~ stands for a blank)
//	repeat FILE N TEXT    write TEXT N times (Go's escapes)
func TestScript(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 filepath.Join("testdata", "script"),
		UpdateScripts:       *update,
		RequireExplicitExec: true,
		Setup: func(env *testscript.Env) error { // answers are kept there, not in the home of whoever runs the test
			env.Setenv("XDG_STATE_HOME", filepath.Join(env.WorkDir, "state"))
			env.Setenv("GORACE", noExitSleep)
			return nil
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"system":  cmdSystem,
			"exits":   cmdExits,
			"write":   cmdWrite,
			"repeat":  cmdRepeat,
			"package": cmdPackage,
		},
	})
}

func cmdSystem(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: system DIR STORY")
	}
	story, err := demo.Find(args[1])
	ts.Check(err)
	ts.Check(story.Extract(ts.MkAbs(args[0])))
}

func cmdExits(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) < 2 {
		ts.Fatalf("usage: exits N command...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			ts.Fatalf("%v", err)
		}
		got = exit.ExitCode()
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
	if all := ts.ReadFile("stdout") + ts.ReadFile("stderr"); strings.Contains(all, "goroutine ") || strings.Contains(all, "panic:") {
		ts.Fatalf("it panicked")
	}
}

func cmdWrite(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: write FILE TEXT")
	}
	writeFile(ts, args[0], unescape(ts, args[1]))
}

func cmdRepeat(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 3 {
		ts.Fatalf("usage: repeat FILE N TEXT")
	}
	n, err := strconv.Atoi(args[1])
	ts.Check(err)
	writeFile(ts, args[0], strings.Repeat(unescape(ts, args[2]), n))
}

func unescape(ts *testscript.TestScript, s string) string {
	text, err := strconv.Unquote(`"` + strings.ReplaceAll(s, `"`, `\"`) + `"`)
	ts.Check(err)
	return text
}

func writeFile(ts *testscript.TestScript, name, text string) {
	path := ts.MkAbs(name)
	ts.Check(os.MkdirAll(filepath.Dir(path), 0o755))
	ts.Check(os.WriteFile(path, []byte(text), 0o644))
}

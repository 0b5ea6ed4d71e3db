package phase

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/portsolve/portsolve/atom/metadata"
)

// hear runs listen on records.
func hear(records string) (outcome, []string, string) {
	var said []string
	var answers bytes.Buffer
	o := listen(strings.NewReader(records), &answers, func(level, text string) { said = append(said, level+" "+text) },
		func(what, question string) (bool, string, error) {
			if question == "bad" {
				return false, "", errors.New("two\nlines")
			}
			return what == "has_version", question, nil
		})
	return o, said, answers.String()
}

func TestListen(t *testing.T) {
	o, said, answers := hear("info\x00a\nb\x00nonsense\x00x\x00qa\x00q\x00has_version\x00r cat/pkg\x00best_version\x00bad\x00die\x00first\x00die\x00second\x00done\x00\x00log\x00cut off")
	if !o.done || !o.died || o.reason != "first" || o.broken || o.messages != 2 {
		t.Errorf("%+v", o)
	}
	if got := fmt.Sprintf("%q", said); got != `["INFO a\nb" "QA q"]` {
		t.Error(got)
	}
	if answers != "0 r cat/pkg\n2 two lines\n" {
		t.Errorf("%q", answers)
	}
}

// TestLimits: a message of any length and any number of them cost bounded memory.
func TestLimits(t *testing.T) {
	_, said, _ := hear("log\x00" + strings.Repeat("x", maxMessage+5000) + "\x00log\x00y\x00")
	if len(said) != 2 || len(said[0]) != maxMessage+len("LOG ") || said[1] != "LOG y" {
		t.Errorf("%d messages, the first of %d bytes", len(said), len(said[0]))
	}
	o, said, _ := hear(strings.Repeat("log\x00y\x00", maxMessages+10))
	if len(said) != maxMessages || o.messages != maxMessages+10 {
		t.Errorf("%d messages of %d", len(said), o.messages)
	}
}

func FuzzListen(f *testing.F) {
	f.Add("info\x00a\x00die\x00\x00")
	f.Add("has_version\x00r >=a/b-1\x00")
	f.Fuzz(func(t *testing.T, records string) {
		_, said, _ := hear(records)
		if len(said) > strings.Count(records, "\x00")/2 {
			t.Errorf("%q from %q", said, records)
		}
	})
}

// zeros is endless output.
type zeros struct{ n int64 }

func (z *zeros) Read(p []byte) (int, error) {
	if z.n -= int64(len(p)); z.n < 0 {
		return 0, io.EOF
	}
	return len(p), nil
}

type counter struct{ n int64 }

func (c *counter) Write(p []byte) (int, error) { c.n += int64(len(p)); return len(p), nil }

func TestOutputIsLimited(t *testing.T) {
	var c counter
	pass(&c, &zeros{maxOutput + 1<<20})
	if c.n <= maxOutput || c.n > maxOutput+100 {
		t.Errorf("%d bytes", c.n)
	}
	var b strings.Builder
	pass(&b, strings.NewReader("all of it"))
	if b.String() != "all of it" {
		t.Errorf("%q", b.String())
	}
	// A reader that is gone does not stop the phase.
	in := strings.NewReader(strings.Repeat("x", 100000))
	pass(closed{}, in)
	if in.Len() != 0 {
		t.Errorf("%d bytes were not read", in.Len())
	}
}

type closed struct{}

func (closed) Write([]byte) (int, error) { return 0, os.ErrClosed }

// TestNoLeak: descriptors and directories do not add up, whatever happens in a phase.
func TestNoLeak(t *testing.T) {
	f := newFixture(t, "8", "pretend", "pkg_pretend () \n{ \n has_version app-misc/foo; [[ -e ${ROOT}/fail ]] && die no; :\n}\n")
	f.runner.o.TempDir = t.TempDir()
	count := func() int {
		list, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			t.Skip("no /proc/self/fd to count descriptors in")
		}
		return len(list)
	}
	f.mustRun(t)
	before := count()
	for range 5 {
		f.mustRun(t)
	}
	if err := os.WriteFile(f.call.Root+"fail", nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := f.run(t); err == nil {
		t.Fatal("it did not fail")
	}
	if after := count(); after > before {
		t.Errorf("%d descriptors, %d before", after, before)
	}
	if list, err := os.ReadDir(f.runner.o.TempDir); err != nil || len(list) != 0 {
		t.Errorf("left behind: %v %v", list, err)
	}
}

// TestNothingOfThePackageIsShellCode: names and values with every special character of
// the shell arrive as they are.
func TestNothingOfThePackageIsShellCode(t *testing.T) {
	evil := "$(touch ${ROOT}/evil) `touch ${ROOT}/evil` ';\" \\ * \n ${IFS}"
	f := newFixture(t, "8", "setup", "pkg_setup () \n{ \n printf '%s|' \"${USE}\" \"${REPLACING_VERSIONS}\" \"${PORTAGE_REPO_NAME}\" \"${EROOT}\" \"${SETTING}\"\n}\n")
	f.call.Package.Use = metadata.UseSet{evil}
	f.call.Package.Repo = evil
	f.call.ReplacingVersions = []string{evil}
	f.call.Config = map[string]string{"SETTING": evil, "x=$(touch evil)": "y", "PATH": "/evil", "BASH_ENV": "/evil"}
	got := f.mustRun(t)
	if want := evil + "|" + evil + "|" + evil + "|" + strings.TrimSuffix(f.call.Root, "/") + "|" + evil + "|"; got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	if _, err := os.Stat(f.call.Root + "evil"); err == nil {
		t.Error("a value was executed")
	}
}

// TestQueriesOfOtherRoots: without a Query the VDB of BROOT is read.
func TestQueriesOfOtherRoots(t *testing.T) {
	f := newFixture(t, "7", "setup", "pkg_setup () \n{ \n best_version -b app-misc/tool; best_version app-misc/tool; best_version -d app-misc/tool\n}\n")
	host := t.TempDir()
	entry := host + "/var/db/pkg/app-misc/tool-3"
	if err := os.MkdirAll(entry, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"EAPI": "8\n", "SLOT": "0\n"} {
		if err := os.WriteFile(entry+"/"+name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	f.query = query{installedPackage(t, "app-misc/tool-4", nil)}
	f.call.Config = map[string]string{"BROOT": host, "SYSROOT": strings.TrimSuffix(f.call.Root, "/")}
	if got := f.mustRun(t); got != "app-misc/tool-3\napp-misc/tool-4\napp-misc/tool-4\n" {
		t.Errorf("%q", got)
	}
}

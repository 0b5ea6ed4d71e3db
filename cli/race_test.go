package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// raceCommand is one command line of the test, with what it can do to the world file and the packages.
type raceCommand struct {
	words string
	adds  string   // the atom that it records in world
	drops []string // what it takes out of world, if it is there
	// puts and takes are packages ("a/lib") that it may install and remove; "*" all of them.
	puts, takes []string
	sure        bool // it ends well only if adds, drops, puts and takes have come true
}

// raceCommands are what the racing processes choose from. Nothing of them touches what the administrator has changed.
func raceCommands() []raceCommand {
	return []raceCommand{
		{words: "merge -K a/tool", adds: "a/tool", puts: []string{"a/tool"}, sure: true},
		{words: "merge -K =a/tool-1", adds: "a/tool", puts: []string{"a/tool"}, sure: true},
		{words: "merge -K =a/tool-2 --jobs 1", adds: "a/tool", puts: []string{"a/tool"}, sure: true},
		{words: "merge -K1 =a/tool-3", puts: []string{"a/tool"}, sure: true},
		{words: "merge -K a/app a/thing:1", adds: "a/app", puts: []string{"a/app", "a/lib", "a/thing"}, sure: true},
		{words: "merge -K a/thing:2", adds: "a/thing:2", puts: []string{"a/thing"}, sure: true},
		{words: "merge -K1 =a/lib-1 --noconfmem", puts: []string{"a/lib"}, sure: true},
		{words: "merge -K --noreplace a/lib", adds: "a/lib", puts: []string{"a/lib"}, sure: true},
		{words: "merge -K1 --keep-going =a/lib-2 =a/tool-2 =a/app-1", puts: []string{"a/lib", "a/tool", "a/app"}, sure: true},
		{words: "merge -uDNK @world", puts: []string{"*"}},
		{words: "merge -K --resume", puts: []string{"*"}},
		{words: "unmerge a/tool", drops: []string{"a/tool"}, takes: []string{"a/tool"}, sure: true},
		{words: "unmerge a/app a/lib", drops: []string{"a/app", "a/lib"}, takes: []string{"a/app", "a/lib"}},
		{words: "unmerge a/thing", drops: []string{"a/thing:1", "a/thing:2"}, takes: []string{"a/thing"}},
		{words: "depclean", takes: []string{"*"}},
		{words: "deselect a/tool", drops: []string{"a/tool"}, sure: true},
		{words: "deselect a/lib", drops: []string{"a/lib"}, sure: true},
		{words: "config-files accept /etc/lib.conf"},
		{words: "config-files reject --all"},
	}
}

// refusals are what a command may say that found nothing to do, or whose plan the other process has overtaken.
var refusals = [...]string{
	"it is not installed", "nothing of what was named can be removed", "is pending", "nothing to resume", "so every package would go",
}

// race is one ROOT with two processes.
type race struct {
	t       *testing.T
	rand    *rand.Rand
	dir     string
	plan    [2][]raceCommand
	results [2][]raceResult
	failed  []string
	victim  int  // the process to be killed, -1 none
	begun   bool // it is killed soon after it has begun to change something
}

type raceResult struct {
	raceCommand
	code           int // -1: killed
	stdout, stderr string
}

// raceCount is what the runs had in common.
type raceCount struct{ runs, killed, waited, byOther, byRerun, violations int }

// TestTwoProcesses has two processes change one ROOT at the same time: PORTSOLVE_RACES runs of it (6), the first with the
// seed PORTSOLVE_RACE_SEED (1). In every other run one of them is killed; the other one, or the next command, has to
// finish or to take back what that left. After each run the invariants of docs/merge-safety.md hold.
func TestTwoProcesses(t *testing.T) {
	if _, err := exec.LookPath("portsolve"); err != nil {
		t.Skip("the command cannot be started as a process of its own:", err)
	}
	number := func(name string, otherwise int) int {
		n, err := strconv.Atoi(os.Getenv(name))
		if err != nil {
			return otherwise
		}
		return n
	}
	runs, seed := number("PORTSOLVE_RACES", 6), number("PORTSOLVE_RACE_SEED", 1)
	packages := racePackages(t)
	var count raceCount
	for i := range runs {
		r := newRace(t, packages, seed+i)
		r.run(&count)
		if len(r.failed) > 0 {
			count.violations += len(r.failed)
			t.Errorf("seed %d: %s\n%s", seed+i, strings.Join(r.failed, "\n"), r)
		}
	}
	t.Logf("%d runs: %d processes killed (%d finished or taken back by the other process, %d by the next command), %d waits for the lock, %d violations",
		count.runs, count.killed, count.byOther, count.byRerun, count.waited, count.violations)
}

// racePackages makes the directory of packages that all runs install from.
func racePackages(t *testing.T) string {
	t.Helper()
	dir, images := t.TempDir(), t.TempDir()
	for _, p := range []struct {
		cpv   string
		files int
		pairs []string
	}{
		{"a/tool-1", 40, nil}, {"a/tool-2", 60, nil}, {"a/tool-3", 20, nil},
		{"a/lib-1", 30, nil}, {"a/lib-2", 30, nil},
		{"a/app-1", 5, []string{"RDEPEND=a/lib"}}, {"a/app-2", 80, []string{"RDEPEND=a/lib"}},
		{"a/thing-1", 10, []string{"SLOT=1"}}, {"a/thing-2", 10, []string{"SLOT=2"}},
	} {
		image := filepath.Join(images, p.cpv)
		_, pf, _ := strings.Cut(p.cpv, "/")
		name, version, _ := strings.Cut(pf, "-")
		own := name
		if name == "thing" { // slots side by side
			own = pf
		}
		put := func(file, text string) {
			path := filepath.Join(image, file)
			check(t, os.MkdirAll(filepath.Dir(path), 0o755))
			check(t, os.WriteFile(path, []byte(text), 0o644))
		}
		for i := range p.files {
			text := strings.Repeat(fmt.Sprintln(name, i), 200)
			if i%3 == 0 { // two thirds are the same in every version
				text = version + text
			}
			put(fmt.Sprintf("usr/share/%s/d%d/file%d", own, i%7, i), text)
		}
		put("usr/share/"+own+"/state", "as shipped in "+version+"\n")
		put("usr/share/common/"+own, version)
		put("etc/"+own+".conf", "version = "+version+"\n")
		put("etc/env.d/50"+own, "RACE_"+strings.ReplaceAll(strings.ToUpper(own), "-", "_")+"=\""+version+"\"\n")
		check(t, os.Symlink("share/"+own+"/d0", filepath.Join(image, "usr", own+"-link")))
		check(t, makePackage(dir, p.cpv, image, "", p.pairs))
	}
	return dir
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// What the administrator has changed, by name.
var raceEdits = [...]struct{ name, text string }{
	{"etc/tool.conf", "mine = yes\n"},
	{"usr/share/tool/state", "my own data\n"},
}

// newRace makes a ROOT in which some packages are installed, and the two processes' command lines.
func newRace(t *testing.T, packages string, seed int) *race {
	t.Helper()
	r := &race{t: t, rand: rand.New(rand.NewPCG(uint64(seed), 5)), dir: tinyWorld(t, "")}
	check(t, os.MkdirAll(filepath.Join(r.dir, "var/cache"), 0o755))
	check(t, os.Symlink(packages, filepath.Join(r.dir, "var/cache/binpkgs")))
	words := []string{"merge", "--system", r.dir, "-K", "=a/tool-1"}
	for _, p := range []string{"=a/lib-1", "=a/app-1", "=a/thing-1"} {
		if r.rand.IntN(2) == 0 {
			words = append(words, p)
		}
	}
	if _, stderr, code := say(t, r.dir, nil, words...); code != ExitOK {
		t.Fatalf("%q: exit code %d\n%s", words, code, stderr)
	}
	for _, e := range raceEdits {
		check(t, os.WriteFile(filepath.Join(r.dir, e.name), []byte(e.text), 0o644))
	}
	all := raceCommands()
	for p := range r.plan {
		for range 1 + r.rand.IntN(3) {
			r.plan[p] = append(r.plan[p], all[r.rand.IntN(len(all))])
		}
	}
	if r.victim = -1; seed%2 == 0 {
		r.victim, r.begun = r.rand.IntN(2), r.rand.IntN(4) > 0
	}
	return r
}

// run lets the processes race, and looks at what they leave.
func (r *race) run(count *raceCount) {
	count.runs++
	before := r.state()
	var wait sync.WaitGroup
	for p := range r.plan {
		offset := time.Duration(r.rand.IntN(30)) * time.Millisecond
		deadline := time.Duration(0)
		if p == r.victim {
			deadline = time.Duration(1+r.rand.IntN(25000)) * time.Microsecond
		}
		wait.Go(func() {
			time.Sleep(offset)
			r.results[p] = r.process(r.plan[p], deadline, p == r.victim && r.begun)
		})
	}
	wait.Wait()
	killed := false
	for p := range r.results {
		for _, res := range r.results[p] {
			count.waited += strings.Count(res.stderr, "waiting for the lock")
			count.byOther += strings.Count(res.stderr, "interrupted")
			killed = killed || res.code < 0
		}
	}
	if killed {
		count.killed++
		// Whether the other one came after it or not: one more command of any kind puts everything in order.
		last := r.process([]raceCommand{{words: "merge -K1 a/app", puts: []string{"a/app", "a/lib"}, sure: true}}, 0, false)
		count.byRerun += strings.Count(last[0].stderr, "interrupted")
		r.results[0] = append(r.results[0], last...)
	}
	r.judge(before)
}

// process runs commands one after the other; after deadline, if it is not 0, it is killed, and nothing follows. With begun the
// deadline counts from the first package that is merged or unmerged, else it is a share of the time that the commands take.
func (r *race) process(plan []raceCommand, deadline time.Duration, begun bool) (out []raceResult) {
	ctx, kill := context.WithCancel(r.t.Context())
	defer kill()
	begins := func() {}
	switch {
	case begun:
		begins = sync.OnceFunc(func() { time.AfterFunc(deadline, kill) })
	case deadline > 0:
		time.AfterFunc(deadline*3*time.Duration(len(plan)), kill)
	}
	for _, c := range plan {
		words := strings.Fields(c.words)
		cmd := exec.CommandContext(ctx, "portsolve", slices.Insert(words, 1, "--system", r.dir)...) // killed with SIGKILL
		cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "GORACE=" + noExitSleep, "XDG_STATE_HOME=" + filepath.Join(r.dir, "state")}
		cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
		stdout, stderr := &untilText{text: "ing (", found: begins}, &bytes.Buffer{}
		cmd.Stdout, cmd.Stderr = struct{ io.Writer }{stdout}, stderr // io.Copy would go round Write
		err := cmd.Run()
		res := raceResult{raceCommand: c, stdout: stdout.String(), stderr: stderr.String()}
		var exit *exec.ExitError
		switch {
		case errors.As(err, &exit):
			res.code = exit.ExitCode()
		case err != nil:
			res.code = -1 // killed before it was one
		}
		if out = append(out, res); ctx.Err() != nil {
			break
		}
	}
	return out
}

// String is what happened, for a failed run.
func (r *race) String() string {
	var b strings.Builder
	for p, results := range r.results {
		for _, res := range results {
			fmt.Fprintf(&b, "process %d: %s: exit code %d\n%s", p+1, res.words, res.code, res.stderr)
		}
	}
	return strings.ReplaceAll(b.String(), r.dir, "DIR")
}

func (r *race) violation(format string, args ...any) {
	r.failed = append(r.failed, strings.ReplaceAll(fmt.Sprintf(format, args...), r.dir, "DIR"))
}

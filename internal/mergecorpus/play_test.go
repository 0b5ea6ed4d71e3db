package mergecorpus_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/portsolve/portsolve/internal/mergecorpus"
	"github.com/portsolve/portsolve/internal/mergecorpus/corpustest"
)

// play is a scenario of our own with the packages of the shared corpus: steps are carried out one by one,
// and each is followed by what must be true then.
type play struct {
	t        *testing.T
	world    *mergecorpus.World
	runner   *mergecorpus.Runner
	messages []string
	env      map[string]string
}

// newPlay lays out a ROOT. settings are NAME=VALUE for all steps; a plain word names the directory of
// packages.
func newPlay(t *testing.T, settings ...string) *play {
	t.Helper()
	_, binpkgs := corpustest.Find(t)
	s := &mergecorpus.Scenario{Dir: "/" + t.Name(), PkgDir: "merge-pkgdir", BaseFeatures: "-merge-sync -strict", Env: map[string]string{}}
	for _, word := range settings {
		if name, value, ok := strings.Cut(word, "="); ok {
			s.Env[name] = value
		} else {
			s.PkgDir = word
		}
	}
	w, err := mergecorpus.LayOut(t.TempDir(), binpkgs, s)
	t.Cleanup(func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})
	corpustest.SkipOrFail(t, err)
	p := &play{t: t, world: w, runner: &mergecorpus.Runner{World: w, Scenario: s}, env: map[string]string{}}
	p.runner.Messages = func(m string) { p.messages = append(p.messages, m) }
	return p
}

// step carries out one operation and wants it to succeed or to fail.
func (p *play) step(op mergecorpus.Op, exit int) {
	p.t.Helper()
	op.Env, p.messages = p.env, nil
	p.runner.Scenario.Ops = append(p.runner.Scenario.Ops, op)
	st, err := p.runner.Step(p.t.Context(), len(p.runner.Scenario.Ops))
	corpustest.SkipOrFail(p.t, err)
	if st.Exit != nil && *st.Exit != exit {
		p.t.Fatalf("%s %v: exit status %d, want %d:\n%s", op.Op, op.Atoms, *st.Exit, exit, strings.Join(p.messages, "\n"))
	}
}

// with sets variables (NAME=VALUE) of the following steps.
func (p *play) with(settings ...string) {
	p.env = map[string]string{}
	for _, word := range settings {
		name, value, _ := strings.Cut(word, "=")
		p.env[name] = value
	}
}

// words splits arguments into options and atoms.
func words(text string) (o mergecorpus.Op) {
	for _, w := range strings.Fields(text) {
		if strings.HasPrefix(w, "-") {
			o.Opts = append(o.Opts, w)
		} else {
			o.Atoms = append(o.Atoms, w)
		}
	}
	return o
}

// merge installs packages, as emerge -K --oneshot does; mergeFails must not.
func (p *play) merge(args string)      { p.t.Helper(); p.op("merge", args, 0) }
func (p *play) mergeFails(args string) { p.t.Helper(); p.op("merge", args, 1) }

// unmerge removes packages, as emerge -C does.
func (p *play) unmerge(args string) { p.t.Helper(); p.op("unmerge", args, 0) }

func (p *play) op(name, args string, exit int) {
	p.t.Helper()
	o := words(args)
	o.Op = name
	p.step(o, exit)
}

// edit is one action of the administrator, in the words of the corpus.
func (p *play) edit(words ...any) {
	p.t.Helper()
	for i, w := range words {
		if n, ok := w.(int); ok {
			words[i] = float64(n)
		}
	}
	p.step(mergecorpus.Op{Op: "edit", Actions: []mergecorpus.Action{words}}, 0)
}

// want checks lines:
//
//	PATH = "TEXT" | PATH -> TARGET | PATH dir | PATH fifo | PATH missing
//	PATH mode 0644 | PATH mtime 1700001000 | PATH links 2
//	vdb CPV | vdb CPV missing | vdb CPV lists PATH | vdb CPV lists not PATH
//	said TEXT
func (p *play) want(lines string) {
	p.t.Helper()
	for line := range strings.Lines(lines) {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		if is := p.is(line); is != "" {
			p.t.Errorf("want %s, but it is %s", line, is)
		}
	}
}

// is is "" if a line is true, else what is.
func (p *play) is(line string) string {
	if text, ok := strings.CutPrefix(line, "said "); ok {
		if all := strings.Join(p.messages, "\n"); !strings.Contains(all, text) {
			return "not said in\n" + all
		}
		return ""
	}
	if rest, ok := strings.CutPrefix(line, "vdb "); ok {
		return p.vdbIs(strings.Fields(rest))
	}
	name, wanted, _ := strings.Cut(line, " ")
	got := p.describe(name, wanted)
	if got == wanted {
		return ""
	}
	return got
}

// describe says of a file what the wanted words are about.
func (p *play) describe(name, wanted string) string {
	path := filepath.Join(p.world.Root, name)
	st, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) {
		return "missing"
	}
	if err != nil {
		return err.Error()
	}
	kind, _, _ := strings.Cut(wanted, " ")
	switch kind {
	case "mode":
		return fmt.Sprintf("mode %04o", st.Mode().Perm())
	case "mtime":
		return fmt.Sprintf("mtime %d", st.ModTime().Unix())
	case "links":
		return fmt.Sprintf("links %d", linksOf(st))
	}
	switch st.Mode().Type() {
	case fs.ModeDir:
		return "dir"
	case fs.ModeNamedPipe:
		return "fifo"
	case fs.ModeSymlink:
		target, _ := os.Readlink(path)
		return "-> " + target
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	return "= " + strconv.Quote(string(text))
}

func (p *play) vdbIs(f []string) string {
	dir := filepath.Join(p.world.Root, "var/db/pkg", f[0])
	contents, err := os.ReadFile(filepath.Join(dir, "CONTENTS"))
	_, missing := os.Stat(dir)
	switch {
	case len(f) == 2: // missing
		if missing == nil {
			return "there"
		}
		return ""
	case err != nil:
		return err.Error()
	case len(f) == 1:
		return ""
	}
	wanted := f[len(f)-1]
	found := false
	for l := range strings.Lines(string(contents)) {
		_, rest, _ := strings.Cut(strings.TrimSuffix(l, "\n"), " ")
		found = found || rest == wanted || strings.HasPrefix(rest, wanted+" ")
	}
	if found == (f[2] == "not") {
		return string(contents)
	}
	return ""
}

package mergecorpus

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"syscall"

	"github.com/portsolve/portsolve"
	"github.com/portsolve/portsolve/internal/emergeopts"
	"github.com/portsolve/portsolve/internal/rootfs"
	"github.com/portsolve/portsolve/merge"
	"github.com/portsolve/portsolve/merge/envupdate"
	"github.com/portsolve/portsolve/merge/phase"
	"github.com/portsolve/portsolve/solver/answer"
	"github.com/portsolve/portsolve/vdb"
)

// Runner carries out the steps of a scenario in a World, through the public API.
type Runner struct {
	World    *World
	Scenario *Scenario
	open     func(dir string) (rootfs.FS, error) // nil: as usual
	// Messages gets a line for everything that happens.
	Messages func(string)
}

// Step carries out step k (from 1) and photographs the result. Exit is 0 or 1 as
// of a command, and absent for edits.
func (r *Runner) Step(ctx context.Context, k int) (*State, error) {
	op := &r.Scenario.Ops[k-1]
	var messages []string
	say := func(text string) {
		messages = append(messages, text)
		if r.Messages != nil {
			r.Messages(text)
		}
	}
	old := syscall.Umask(0o022)
	defer syscall.Umask(old)
	var exit *int
	if op.Op == "edit" {
		if err := r.World.apply(op.Actions); err != nil {
			return nil, err
		}
	} else {
		code := 0
		if err := r.command(ctx, op, say); err != nil {
			var skip *Skip
			if errors.As(err, &skip) || ctx.Err() != nil {
				return nil, err
			}
			say("error: " + err.Error())
			code = 1
		}
		exit = &code
	}
	st, err := r.World.Snapshot()
	if err != nil {
		return nil, err
	}
	st.Op, st.Exit, st.Messages = op.Raw, exit, messages
	return st, nil
}

// command is one run of what would be emerge.
func (r *Runner) command(ctx context.Context, op *Op, say func(string)) error {
	req, o, err := r.request(op)
	if err != nil {
		return err
	}
	place := portsolve.Options{System: r.World.Dir, Root: "/root", Env: r.Scenario.Environment(op)}
	sys, err := portsolve.Open(ctx, place)
	if err != nil {
		return err
	}
	if r.open == nil {
		did, err := sys.Recover(ctx, portsolve.ExecuteOptions{Merge: o})
		if err != nil {
			return err
		}
		if len(did) > 0 {
			if sys, err = portsolve.Open(ctx, place); err != nil {
				return err
			}
		}
	}
	if op.Op == "tool" {
		return envUpdate(ctx, sys.MergeTarget().Root)
	}
	res, err := sys.Resolve(ctx, *req)
	if err != nil {
		return err
	}
	switch {
	case res.Status == answer.NothingToDo && res.Removal != nil && len(res.Removal.NotFound) > 0 && res.Removal.Action == "unmerge":
		return fmt.Errorf("%s is not installed", strings.Join(res.Removal.NotFound, ", "))
	case res.Status == answer.Unsolvable, res.Status == answer.ChangesNeeded:
		return fmt.Errorf("no solution: %s", why(res))
	}
	x, err := sys.Execution(ctx, res)
	if err != nil {
		return err
	}
	phases := phase.New(phase.Options{})
	o.Phases = phases
	err = r.execute(ctx, x, o, say)
	if _, missing := exec.LookPath("bash"); missing != nil && len(phases.Skipped()) > 0 {
		return &Skip{"there is no bash for pkg_* functions"}
	}
	return err
}

// envUpdate is env-update on its own.
func envUpdate(ctx context.Context, root string) error {
	fs, err := rootfs.Open(root)
	if err != nil {
		return err
	}
	defer fs.Close()
	state := vdb.State{FS: fs}
	unlock, err := state.Lock(ctx, func(string) {})
	if err != nil {
		return err
	}
	_, err = envupdate.Update(state, envupdate.Options{})
	return errors.Join(err, unlock())
}

func why(res *answer.Result) string {
	var parts []string
	if res.Conflict != nil {
		for _, rule := range res.Conflict.Rules {
			parts = append(parts, rule.Text)
		}
	}
	for _, u := range res.Unsatisfied {
		parts = append(parts, "nothing satisfies "+u.Atom)
	}
	if res.Removal != nil {
		parts = append(parts, fmt.Sprintf("%v", res.Removal.Broken))
	}
	return strings.Join(parts, "; ")
}

func (r *Runner) execute(ctx context.Context, x *portsolve.Execution, o merge.Options, say func(string)) error {
	reports, err := x.Run(ctx, portsolve.ExecuteOptions{Merge: o, Open: r.open, Event: func(_ int, e merge.Event) { say(describe(&e)) }})
	if err != nil {
		return err
	}
	for _, report := range reports {
		if !report.OK() {
			return errors.New("not every step was carried out")
		}
	}
	return nil
}

func describe(e *merge.Event) string {
	parts := []string{string(e.Kind), e.CPV, e.Phase, e.Level, e.Text, e.Path}
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), " ")
}

// request translates a step into what the library is asked for.
func (r *Runner) request(op *Op) (*portsolve.Request, merge.Options, error) {
	req, o := &portsolve.Request{Alternatives: portsolve.NoAlternatives}, merge.Options{}
	words := op.Args
	switch op.Op {
	case "merge":
		words = append([]string{"--usepkgonly"}, op.Opts...)
		if op.OneShot == nil || *op.OneShot {
			words = append(words, "--oneshot")
		}
		words = append(words, op.Atoms...)
	case "unmerge":
		words = append([]string{"--unmerge"}, op.Atoms...)
	case "tool":
		return req, o, nil
	}
	for _, word := range words {
		switch {
		case word == "-K":
			word = "--usepkgonly"
		case word == "--noconfmem":
			o.NoConfmem = true
			continue
		case word == "--deselect": // an action here
			req.Options.Action = "deselect"
			continue
		}
		if !strings.HasPrefix(word, "-") {
			req.Args = append(req.Args, word)
			continue
		}
		name, value, given := strings.Cut(word, "=")
		if !given {
			value = "true"
		}
		if err := emergeopts.Set(&req.Options, name, value); err != nil {
			return nil, o, err
		}
	}
	return req, o, nil
}

package phase

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"time"

	"github.com/portsolve/portsolve/merge"
)

// run starts bash for one phase and waits for it.
func (r *Runner) run(ctx context.Context, c *merge.PhaseCall, w *work) error {
	if err := w.prepare(r.bash, r.variables(c, w.places)); err != nil {
		return fmt.Errorf("it cannot be prepared: %w", err)
	}
	if r.o.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, r.o.Timeout)
		defer cancel()
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	o, state, err := r.execute(ctx, c, w)
	if err != nil {
		return err
	}
	if err := ctx.Err(); err != nil && !o.done {
		return fmt.Errorf("it was interrupted: %w", err)
	}
	if failure := o.failure(state); failure != "" {
		return &Error{CPV: c.Package.CPV.String(), Phase: c.Phase, Reason: failure, Died: o.died}
	}
	if saves(c.Phase) {
		if err := w.save(); err != nil {
			return fmt.Errorf("the environment that it left cannot be saved: %w", err)
		}
	}
	if c.Phase == "postinst" && c.Entry != "" {
		if err := w.keep(c); err != nil {
			// It is installed and configured: no reason to fail.
			c.Elog("WARN", fmt.Sprintf("what the phases have set cannot be kept for the uninstall: %v", err))
		}
	}
	return nil
}

// saves reports whether later phases see what this one left: pretend and config are
// outside of the sequence (PMS 11.2, 9.2).
func saves(phase string) bool {
	return phase != "pretend" && phase != "config" && phase != "info"
}

// failure says in words why a phase failed, "" if it did not.
func (o outcome) failure(state *os.ProcessState) string {
	switch {
	case o.died:
		return o.reason
	case o.broken:
		return "bash cannot read the saved environment (its message is above)"
	case !o.done:
		return "bash ended in the middle of it: " + state.String()
	}
	return ""
}

// pipes of a phase: output, records and answers, each with the end for bash first.
type pipes struct {
	out, records, answers [2]*os.File
}

func openPipes() (p pipes, err error) {
	if p.out[1], p.out[0], err = os.Pipe(); err != nil {
		return p, err
	}
	if p.records[1], p.records[0], err = os.Pipe(); err == nil {
		p.answers[0], p.answers[1], err = os.Pipe()
	}
	if err != nil {
		p.close(0)
		p.close(1)
	}
	return p, err
}

// close closes the ends of bash (0) or ours (1).
func (p *pipes) close(end int) {
	for _, f := range []*os.File{p.out[end], p.records[end], p.answers[end]} {
		if f != nil {
			f.Close()
		}
	}
}

// execute runs bash until it and, for a while, whoever holds its output have ended.
func (r *Runner) execute(ctx context.Context, c *merge.PhaseCall, w *work) (outcome, *os.ProcessState, error) {
	p, err := openPipes()
	if err != nil {
		return outcome{}, nil, err
	}
	defer p.close(1)
	cmd := r.command(c, w)
	cmd.Stdout, cmd.Stderr = p.out[0], p.out[0]
	cmd.ExtraFiles = []*os.File{p.records[0], p.answers[0]}
	err = cmd.Start()
	p.close(0)
	if err != nil {
		return outcome{}, nil, fmt.Errorf("bash cannot be started: %w", err)
	}

	var o outcome
	var readers sync.WaitGroup
	readers.Go(func() { pass(c.Out, p.out[1]) })
	readers.Go(func() { o = listen(p.records[1], p.answers[1], c.Elog, r.asker(ctx, c)) })

	ended := make(chan struct{})
	var killer sync.WaitGroup
	killer.Go(func() { r.interrupt(ctx, cmd, ended) })
	waitErr := cmd.Wait()
	close(ended)
	killer.Wait()
	// Programs that outlive the phase may hold the pipes.
	limit := time.Now().Add(r.o.Linger)
	_ = p.out[1].SetReadDeadline(limit)
	_ = p.records[1].SetReadDeadline(limit)
	readers.Wait()
	var exit *exec.ExitError
	if waitErr != nil && !errors.As(waitErr, &exit) {
		return o, cmd.ProcessState, waitErr
	}
	return o, cmd.ProcessState, nil
}

// command is bash with an empty environment but for what is named here.
func (r *Runner) command(c *merge.PhaseCall, w *work) *exec.Cmd {
	cmd := exec.Command(r.bash, "--noprofile", "--norc", w.join("lib/main.bash"))
	cmd.Dir = w.join("empty")
	cmd.Env = append(settings(c),
		"PATH="+w.join("bin")+":"+r.o.Path,
		"HOME="+w.join("homedir"),
		"TMPDIR="+w.join("temp"),
		"LC_CTYPE=C.UTF-8",
		"LC_COLLATE=C",
		"PORTSOLVE_PHASE_DIR="+w.dir,
	)
	for _, name := range []string{"TERM", "LANG", "LC_MESSAGES"} {
		if v := os.Getenv(name); v != "" {
			cmd.Env = append(cmd.Env, name+"="+v)
		}
	}
	if saves(c.Phase) {
		cmd.Env = append(cmd.Env, "PORTSOLVE_SAVE=1")
	}
	if c.Phase == "config" && r.o.Stdin != nil {
		cmd.Stdin = r.o.Stdin // it may talk to the user, and stays with the terminal
	} else {
		separate(cmd)
	}
	return cmd
}

// interrupt ends a phase whose context ends, with what it has started.
func (r *Runner) interrupt(ctx context.Context, cmd *exec.Cmd, ended <-chan struct{}) {
	select {
	case <-ended:
		return
	case <-ctx.Done():
	}
	terminate(cmd)
	select {
	case <-ended:
	case <-time.After(r.o.Grace):
	}
	kill(cmd) // whatever is left
}

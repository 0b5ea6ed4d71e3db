package mergecorpus

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/portsolve/portsolve/internal/rootfs"
	"github.com/portsolve/portsolve/internal/rootfs/faultfs"
)

// Sweep is what killing a step before each of its own changing calls led to.
type Sweep struct {
	Calls  int // that the step makes
	Killed int // how often it was killed
	// Violations name the call and how the states after it differ from those of the same scenario without
	// the kill.
	Violations []string
}

// KillSweep runs a scenario again and again, and kills the step that Portage did not
// survive before every stride-th of its own calls that change something: what the
// steps after it lead to must be as if it had never been killed. temp makes empty directories.
func KillSweep(ctx context.Context, temp func() string, binpkgs string, s *Scenario, stride int) (*Sweep, error) {
	sweep := &Sweep{}
	want, calls, err := killed(ctx, temp(), binpkgs, s, 0)
	if err != nil {
		return nil, err
	}
	sweep.Calls = calls
	for n := 1; n <= calls; n += stride {
		got, _, err := killed(ctx, temp(), binpkgs, s, n)
		if err != nil {
			var skip *Skip
			if errors.As(err, &skip) || ctx.Err() != nil {
				return nil, err
			}
			sweep.Violations = append(sweep.Violations, fmt.Sprintf("killed before call %d of %d: %v", n, calls, err))
			continue
		}
		sweep.Killed++
		for k := range got {
			for _, d := range Compare(want[k], got[k], Loose{Counters: true}) {
				sweep.Violations = append(sweep.Violations, fmt.Sprintf("killed before call %d of %d: %d steps later: %s", n, calls, k+1, d))
			}
		}
	}
	return sweep, nil
}

// killed runs a scenario with the kill before call n, 0 for none, and returns the
// states after the steps that follow the killed one, and how many calls that made.
func killed(ctx context.Context, dir, binpkgs string, s *Scenario, n int) (states []*State, calls int, err error) {
	defer os.RemoveAll(dir)
	w, err := LayOut(dir, binpkgs, s)
	defer func() { err = errors.Join(err, w.Close()) }()
	if err != nil {
		return nil, 0, err
	}
	r := &Runner{World: w, Scenario: s}
	after := false
	for k := 1; k <= len(s.Ops); k++ {
		st, count, err := r.maybeKilled(ctx, k, n)
		if err != nil {
			return nil, 0, fmt.Errorf("step %d: %w", k, err)
		}
		if after {
			st.Exit = nil // what a recovery has finished needs no second time
			states = append(states, st)
		}
		if s.Ops[k-1].Kill != "" {
			after, calls = true, count
		}
	}
	return states, calls, nil
}

// maybeKilled is Step, through a file system that counts if the step is the one to kill.
func (r *Runner) maybeKilled(ctx context.Context, k, n int) (*State, int, error) {
	if r.Scenario.Ops[k-1].Kill == "" {
		r.open = nil
		st, err := r.Step(ctx, k)
		return st, 0, err
	}
	inner, err := rootfs.Open(r.World.Root)
	if err != nil {
		return nil, 0, err
	}
	defer inner.Close()
	fault := faultfs.Wrap(inner, faultfs.Options{At: n, Kind: faultfs.Kill})
	r.open = func(string) (rootfs.FS, error) { return fault, nil }
	st, err := r.Step(ctx, k)
	return st, fault.Count(), err
}

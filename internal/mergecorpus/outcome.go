package mergecorpus

import (
	"context"
	"errors"
	"fmt"
)

// Outcome is what a scenario led to.
type Outcome struct {
	States []*State // before, and after each step; nil where there is none
	// Differences from what was recorded, in order.
	Differences []Difference
	// Impossible says why a step could not be carried out at all; "" all were.
	Impossible string
}

// Lines are the differences as text, and why a step was not possible.
func (o *Outcome) Lines() []string {
	var out []string
	for _, d := range o.Differences {
		out = append(out, d.Line())
	}
	if o.Impossible != "" {
		out = append(out, o.Impossible)
	}
	return out
}

// Run lays a scenario out in dir, which must be empty, carries out its steps
// and compares. A *Skip is returned where this machine or user cannot run it.
func Run(ctx context.Context, dir, binpkgs string, s *Scenario) (out *Outcome, err error) {
	w, err := LayOut(dir, binpkgs, s)
	defer func() { err = errors.Join(err, w.Close()) }()
	if err != nil {
		return nil, err
	}
	out = &Outcome{}
	st, err := w.Snapshot()
	if err != nil {
		return nil, err
	}
	if err := out.compare(s, 0, st, Loose{}); err != nil {
		return nil, err
	}
	r := &Runner{World: w, Scenario: s}
	loose := Loose{LinkTimes: true}
	for k := 1; k <= len(s.Ops); k++ {
		if s.Ops[k-1].Kill != "" { // what becomes of ours when it is killed is a test of its own
			loose.Counters = true
			out.States = append(out.States, nil)
			continue
		}
		if st, err = r.Step(ctx, k); err != nil {
			var skip *Skip
			if errors.As(err, &skip) || ctx.Err() != nil {
				return nil, err
			}
			out.Impossible = fmt.Sprintf("after-%d: the step is not possible: %v", k, err)
			return out, nil
		}
		if err := out.compare(s, k, st, loose); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (o *Outcome) compare(s *Scenario, k int, got *State, loose Loose) error {
	want, err := s.Recorded(k)
	if err != nil {
		return err
	}
	o.States = append(o.States, got)
	for _, d := range Compare(want, got, loose) {
		d.Step = k
		o.Differences = append(o.Differences, d)
	}
	return nil
}

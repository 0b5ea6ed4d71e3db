package portsolve

import (
	"context"

	"github.com/portsolve/portsolve/merge"
)

// Recover finishes what a killed run left in ROOT, or rolls it back, and says in words
// what it did. What it left on the build host, if that is another root, is looked after, too. What this System knows of the
// installed packages is out of date if it did anything: open it
// again before resolving. Execution.Run recovers, too, but its plan was made without.
func (s *System) Recover(ctx context.Context, o ExecuteOptions) (did []string, err error) {
	for _, r := range s.roots {
		target := s.mergeTarget(r)
		if !exists(target.Root) {
			continue
		}
		left, err := merge.Interrupted(target.Root)
		if err != nil && r != s.target() { // which an image builder may not even be allowed to look at
			continue
		}
		if err != nil {
			return did, err
		}
		if !left { // no lock is taken: what will be refused leaves an empty ROOT empty
			continue
		}
		text, err := o.recover(ctx, target)
		did = append(did, text...)
		if err != nil {
			return did, err
		}
	}
	return did, nil
}

func (o *ExecuteOptions) recover(ctx context.Context, target merge.Target) ([]string, error) {
	options := o.Merge
	events, done := make(chan merge.Event), make(chan struct{})
	options.Events = events
	go func() {
		defer close(done)
		for e := range events {
			o.event(-1, e)
		}
	}()
	did, err := merge.Recover(ctx, target, options)
	<-done
	return did, err
}

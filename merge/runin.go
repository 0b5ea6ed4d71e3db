package merge

import (
	"context"
	"errors"

	"github.com/portsolve/portsolve/internal/rootfs"
)

// RunIn is Run in a tree that the caller has opened, and closes: that of
// Target.Root. Tests give one that fails.
func RunIn(ctx context.Context, t rootfs.FS, plan *Plan, target Target, o Options) (*Report, error) {
	if o.Events != nil {
		defer close(o.Events)
	}
	if err := plan.Check(); err != nil {
		return nil, err
	}
	e, unlock, err := newEngineOn(ctx, t, target, o)
	if err != nil {
		return nil, err
	}
	report, err := e.run(plan)
	return report, errors.Join(err, unlock())
}

package merge

import (
	"context"
	"errors"
)

// Run carries out a plan. It takes Portage's lock of ROOT's /var/db/pkg, finishes
// what a killed run left (Recover), and then does step after step. The report says
// what became of each step, also if the error is not nil. The error is that of the
// first step that failed (*StepError), of the lock (*rootfs.LockedError wrapped), of
// the recovery, or of ctx; a context that ends stops the run between two calls of the
// file system, rolls the present step back unless its new files are already in place,
// and finishes it otherwise.
func Run(ctx context.Context, plan *Plan, target Target, o Options) (*Report, error) {
	if o.Events != nil {
		defer close(o.Events)
	}
	if err := plan.Check(); err != nil {
		return nil, err
	}
	return nil, errors.ErrUnsupported
}

// Recover finishes what a killed run left in ROOT, or rolls it back where finishing
// is impossible; it says in words what it did, nothing if nothing was left. It takes
// and releases the lock as Run does.
func Recover(ctx context.Context, target Target, o Options) ([]string, error) {
	return nil, errors.ErrUnsupported
}

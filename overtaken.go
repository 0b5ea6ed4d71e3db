package portsolve

import (
	"errors"
	"fmt"

	"github.com/portsolve/portsolve/merge"
	"github.com/portsolve/portsolve/vdb"
)

// OvertakenError says that another process has installed or removed something, or edited the world files, since the
// System was opened that an Execution belongs to. Nothing was changed: open the system again and resolve again.
type OvertakenError struct{ Root string }

func (e *OvertakenError) Error() string {
	return fmt.Sprintf("what is installed in %s has changed since this was planned, by another process; nothing was changed for it: run it again", e.Root)
}

// Overtaken reports whether what this System knows of the installed packages and of the world files is out of date: what
// was resolved with it may be wrong.
func (s *System) Overtaken() (bool, error) {
	for _, r := range s.roots {
		now, err := vdb.ReadStamp(r.dir)
		if err != nil || now != r.stamp {
			return err == nil, err
		}
	}
	return false, nil
}

// overtaken is the error of a plan for the installed packages as this System has read them.
func (x *Execution) overtaken(same func(then, now vdb.Stamp) bool, roots ...*root) error {
	if x.unbound {
		return nil
	}
	for _, r := range roots {
		now, err := vdb.ReadStamp(r.dir)
		if err != nil {
			return &InputError{err}
		}
		if !same(r.stamp, now) {
			return &OvertakenError{r.path}
		}
	}
	return nil
}

func sameStamp(then, now vdb.Stamp) bool { return then == now }

func samePackages(then, now vdb.Stamp) bool { return then.Packages == now.Packages }

// bind lets the first run in each root look, with its lock held, whether its plan is still right.
func (x *Execution) bind(run int, o *merge.Options) {
	dir := x.Runs[run].Target.Root
	for i := range run {
		if x.Runs[i].Target.Root == dir {
			return
		}
	}
	for _, r := range x.sys.roots {
		if x.sys.mergeTarget(r).Root == dir {
			before := o.Before
			o.Before = func() error {
				err := x.overtaken(samePackages, r)
				if before != nil {
					err = errors.Join(err, before())
				}
				return err
			}
			return
		}
	}
}

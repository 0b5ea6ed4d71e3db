package portsolve

import (
	"context"

	"github.com/portsolve/portsolve/atom/metadata"
	"github.com/portsolve/portsolve/solver/apply"
	"github.com/portsolve/portsolve/solver/universe"
	"github.com/portsolve/portsolve/vdb"
)

// After is the system as it would be once the plan of an answer were executed, in memory: what is installed
// differs, everything else (repositories, configuration, world files) is the same. So the effect of one request on the
// next can be seen before anything is built. res must be an answer of this system, or of one with the same
// roots; an answer that is not complete gives what its incomplete plan would.
//
// The error is ctx's, or says which entry of the plan makes no sense here.
func (s *System) After(ctx context.Context, res *Result) (*System, error) {
	roots := make([]universe.Root, len(s.roots))
	for i, r := range s.roots {
		if err := r.recorded.Preload(ctx); err != nil {
			return nil, err
		}
		roots[i] = universe.Root{Path: r.path, Policy: r.settings, Installed: r.recorded.All()}
	}
	installed, err := apply.Plan(roots, res.Plan)
	if err != nil {
		return nil, err
	}
	out := *s
	out.roots = nil
	for i, r := range s.roots {
		out.roots = append(out.roots, r.with(installed[i]))
	}
	return &out, nil
}

// with is the same root with other packages installed.
func (r *root) with(installed []*metadata.Package) *root {
	return &root{id: r.id, path: r.path, dir: r.dir, settings: r.settings, world: r.world, recorded: vdb.New(installed)}
}

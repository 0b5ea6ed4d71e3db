package portsolve

import (
	"context"
	"strings"
)

// ChangedDeps lists the installed packages (cpvs, sorted) whose run-time
// dependencies as recorded differ from those of the ebuild of the same version,
// for emerge's --changed-deps-report. The error is ctx's or an *InputError.
func (s *System) ChangedDeps(ctx context.Context) ([]string, error) {
	t := s.target()
	arg, err := s.setArg(t, t.recorded, "@changed-deps")
	if err != nil {
		return nil, inputError(ctx, err)
	}
	var out []string
	for i := range arg.Atoms {
		out = append(out, strings.TrimPrefix(arg.Atoms[i].Atom.String(), "="))
	}
	return out, ctx.Err()
}

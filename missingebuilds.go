package portsolve

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/solver/answer"
)

// MissingEbuilds lists what is installed and named in the world file, and of
// which no repository has a version that the entry matches (cpvs, sorted), for
// emerge's --verbose-missing-ebuilds: it can be neither updated nor built again. The error is ctx's or an
// *InputError.
func (s *System) MissingEbuilds(ctx context.Context) ([]string, error) {
	t := s.target()
	var out []string
	for i := range t.world.Atoms {
		a := t.world.Atoms[i].Atom
		if a == nil || s.providedName(t, a) {
			continue
		}
		found, err := s.hasEbuild(ctx, a)
		if err != nil {
			return nil, inputError(ctx, err)
		}
		if found {
			continue
		}
		for _, p := range t.recorded.Packages(a.CP) {
			if a.MatchVersion(p.CPV) && a.MatchSlot(p.Slot, p.SubSlot) {
				out = append(out, p.CPV.String())
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out), ctx.Err()
}

// providedName: package.provided stands for packages without ebuilds.
func (s *System) providedName(r *root, a *atom.Atom) bool {
	return slices.ContainsFunc(r.settings.Provided(), a.MatchVersion)
}

func (s *System) hasEbuild(ctx context.Context, a *atom.Atom) (bool, error) {
	for _, r := range s.repos.Repos {
		pkgs, err := r.Packages(ctx, a.CP)
		if err != nil {
			return false, err
		}
		for _, p := range pkgs {
			if a.MatchVersion(p.CPV) && a.MatchSlot(p.Slot, p.SubSlot) && a.MatchRepo(p.Repo) {
				return true, nil
			}
		}
	}
	return false, nil
}

// leftOut is the warning for a member of @world or @system that nothing can satisfy.
func leftOut(u *answer.Unsatisfied) string {
	s := fmt.Sprintf("%s of %s is left out: ", u.Atom, u.Parent)
	if len(u.Candidates) == 0 {
		return s + "nothing matches it"
	}
	best := &u.Candidates[0]
	for i := range u.Candidates { // with --usepkgonly what is said of an ebuild does not help
		if u.Candidates[i].Type == "binary" {
			best = &u.Candidates[i]
			break
		}
	}
	s += fmt.Sprintf("%s (%s)", best.CPV, strings.Join(best.Reasons, "; "))
	if n := len(u.Candidates) - 1; n > 0 {
		s += fmt.Sprintf(", and %d more", n)
	}
	return s
}

package portsolve

import (
	"context"
	"fmt"
	"slices"

	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/atom/metadata"
)

// Var returns the final value of a configuration variable of the root that
// requests are for; "" if it is not set.
func (s *System) Var(name string) string {
	value, _ := s.target().settings.Var(name)
	return value
}

// Warnings lists what is odd in the input but harmless: in repositories, the
// configuration and world. A Result's Warnings have these and what was found in
// the entries of installed packages, which Open does not read.
func (s *System) Warnings() []string { return slices.Clone(s.warnings) }

// Candidates lists every version that an atom matches, in all repositories and
// installed, with the flags it has and every reason that hides it: ascending by
// version, at equal versions in the order of the repositories' precedence, the
// installed one first. Requests are for the last root; its candidates come last. The
// USE part of the atom is not looked at. The error is ctx's, a *UsageError for a
// malformed atom, or an *InputError.
func (s *System) Candidates(ctx context.Context, text string) ([]Candidate, error) {
	a, err := atom.ParseWildcard(text)
	if err != nil {
		return nil, &UsageError{err}
	}
	if a.Wild {
		return nil, &UsageError{fmt.Errorf("%q: name a package, without wildcards", text)}
	}
	var all []*metadata.Package
	for _, r := range s.repos.Repos {
		pkgs, err := r.Packages(ctx, a.CP)
		if err != nil {
			return nil, inputError(ctx, err)
		}
		all = append(all, pkgs...)
	}
	var out []Candidate
	for _, r := range s.roots {
		here := append(slices.Clone(s.installed(r, true, false).Packages(a.CP)), all...)
		slices.SortStableFunc(here, func(p, q *metadata.Package) int { return p.CPV.Version.Compare(q.CPV.Version) })
		for _, p := range here {
			if a.MatchVersion(p.CPV) && a.MatchSlot(p.Slot, p.SubSlot) && (a.Repo == "" || a.Repo == p.Repo) {
				out = append(out, r.candidate(p))
			}
		}
	}
	return out, nil
}

func (r *root) candidate(p *metadata.Package) Candidate {
	return Candidate{Pkg: p, Root: r.id, Use: r.settings.Use(p), Excluded: r.settings.Exclusions(p)}
}

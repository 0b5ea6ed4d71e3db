package portsolve

import (
	"context"
	"fmt"
	"slices"

	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/atom/eapi"
	"github.com/portsolve/portsolve/atom/metadata"
)

// RootDir is where ROOT is on this machine, with the prefix, if there is one.
func (s *System) RootDir() string { return s.target().dir }

// PkgDir is where PKGDIR is on this machine, "" if it is set to nothing.
func (s *System) PkgDir() string { return s.pkgDir(s.target().settings) }

// Installed looks up what is installed in ROOT by atoms, names (with or without
// category), versions as cat/pkg-1.2, wildcards and sets: the packages in the order of
// their names and versions, and the words that match nothing. The error is a
// *UsageError or an *InputError, or ctx's.
func (s *System) Installed(ctx context.Context, words []string) (found []*metadata.Package, missing []string, err error) {
	t := s.target()
	db := t.recorded
	chosen := map[*metadata.Package]bool{}
	for _, word := range words {
		atoms, err := s.installedAtoms(ctx, t, word)
		if err != nil {
			return nil, nil, inputError(ctx, err)
		}
		any := false
		for _, cp := range db.Names() {
			if !slices.ContainsFunc(atoms, func(a *atom.Atom) bool { return a.MatchCP(cp) }) {
				continue
			}
			for _, p := range db.Packages(cp) {
				if slices.ContainsFunc(atoms, func(a *atom.Atom) bool { return installedMatches(a, p) }) {
					any, chosen[p] = true, true
				}
			}
		}
		if !any {
			missing = append(missing, word)
		}
	}
	for _, cp := range db.Names() {
		for _, p := range db.Packages(cp) {
			if chosen[p] {
				found = append(found, p)
			}
		}
	}
	return found, missing, ctx.Err()
}

// installedAtoms are the atoms of one word.
func (s *System) installedAtoms(ctx context.Context, t *root, word string) ([]*atom.Atom, error) {
	if cpv, err := atom.ParseCPV(word); err == nil && !cpv.Version.IsZero() {
		if a, err := atom.Parse("="+word, eapi.Latest()); err == nil {
			return []*atom.Atom{a}, nil
		}
	}
	x := &expander{ctx: ctx, sys: s, root: t, installed: t.recorded}
	if err := x.removalWord(word); err != nil {
		return nil, err
	}
	if len(x.args) == 0 {
		return nil, &UsageError{fmt.Errorf("%q is not a valid package or set", word)}
	}
	var out []*atom.Atom
	for _, arg := range x.args {
		for _, a := range arg.Atoms {
			out = append(out, a.Atom)
		}
	}
	return out, nil
}

func installedMatches(a *atom.Atom, p *metadata.Package) bool {
	return a.MatchVersion(p.CPV) && a.MatchSlot(p.Slot, p.SubSlot) && a.MatchRepo(p.Repo) &&
		(!a.RestrictsUse() || a.MatchUse(p.HasIUSE, p.Use.Has))
}

package config

import (
	"slices"

	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/repo/profile"
)

// loadMasks enters package.mask and package.unmask. Lines of a repository hold
// for its packages and for those of repositories that have it as master, unless
// these take them back; lines of the profile and of the user hold everywhere, and
// the user may take back any.
func (s *Settings) loadMasks() error {
	for _, f := range []struct {
		file profile.AtomFile
		kind kind
	}{{profile.PackageMask, kindPackageMask}, {profile.PackageUnmask, kindPackageUnmask}} {
		user, err := s.userLines(f.file.String())
		if err != nil {
			return err
		}
		s.addRepoMasks(f.file, f.kind, user)
		lists := make([][]profile.AtomLine, 0, len(s.stack.Nodes)+1)
		for _, n := range s.stack.Nodes {
			lists = append(lists, n.Atoms[f.file])
		}
		for _, l := range profile.StackAtoms(append(lists, user)...) {
			s.index.add(f.kind, rule{atom: l.Atom, place: at(flagLayerProfile, 0, phasePackage), src: l.Source})
		}
	}
	return nil
}

// addRepoMasks stacks the lines of each repository on those of its masters. A
// line that several repositories inherit becomes one rule with all of them as its scope.
func (s *Settings) addRepoMasks(file profile.AtomFile, k kind, user []profile.AtomLine) {
	if s.opt.Repos == nil {
		return
	}
	scopes := map[*Source][]string{}
	var order []profile.AtomLine
	for _, r := range s.opt.Repos.Repos {
		var lists [][]profile.AtomLine
		for i := range s.levels {
			if l := &s.levels[i]; slices.Contains(l.scope, r.Name) {
				lists = append(lists, l.node.Atoms[file])
			}
		}
		for _, e := range profile.StackAtoms(lists...) {
			if takenBack(e.Atom, r.Name, user) {
				continue
			}
			if scopes[e.Source] == nil {
				order = append(order, e)
			}
			scopes[e.Source] = append(scopes[e.Source], r.Name)
		}
	}
	for _, e := range order {
		s.index.add(k, rule{atom: e.Atom, place: at(flagLayerRepo, 0, phasePackage), scope: scopes[e.Source], src: e.Source})
	}
}

// takenBack reports that the user's file has "-atom::repo" for an atom of that repository's file.
func takenBack(a *atom.Atom, repo string, user []profile.AtomLine) bool {
	for i := range user {
		if u := &user[i]; u.Remove && u.Atom.Repo == repo && u.Atom.CP == a.CP {
			c := *a
			c.Repo = repo
			if c.Equal(u.Atom) {
				return true
			}
		}
	}
	return false
}

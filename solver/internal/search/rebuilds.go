package search

import (
	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/solver/universe"
)

// forcedRebuilds implements --rebuild-if-new-rev, -new-ver and -unbuilt: installed packages whose
// build dependencies are merged by the walk are merged again. What is merged for this reason
// causes no further rebuilds, as with emerge.
func (s *Search) forcedRebuilds(w *walk) []argument {
	o := s.o
	if !o.RebuildIfNewRev && !o.RebuildIfNewVer && !o.RebuildIfUnbuilt {
		return nil
	}
	triggers := map[atom.CP][]*universe.Candidate{}
	ignore := wildcards(o.RebuildIgnore)
	for _, n := range w.nodes {
		if n.Merge && !w.gone[n] && s.triggers(n) && !anyMatch(ignore, n.Cand) {
			triggers[n.Cand.CP()] = append(triggers[n.Cand.CP()], n.Cand)
		}
	}
	if len(triggers) == 0 {
		return nil
	}
	s.findKeep()
	exclude := wildcards(o.RebuildExclude)
	var out []argument
	for _, c := range s.keptList(func(*universe.Candidate) bool { return true }) {
		cause := s.builtWith(c, triggers)
		if cause == nil || anyMatch(exclude, c) || s.isArg(c) && len(s.byCP[c.CP()]) > 0 {
			continue
		}
		if len(s.replacements(c)) == 0 {
			continue
		}
		out = append(out, argument{root: c.Root, rebuild: cause.Pkg.CPV.String(),
			atom: &atom.Atom{CP: c.CP(), Slot: c.Pkg.Slot}})
	}
	return out
}

func anyMatch(list []*atom.Atom, c *universe.Candidate) bool {
	for _, a := range list {
		if c.Matches(a) {
			return true
		}
	}
	return false
}

// triggers tells whether merging a node is a reason to rebuild what was built with it.
func (s *Search) triggers(n *universe.Node) bool {
	if s.o.RebuildIfUnbuilt {
		return true
	}
	for _, i := range n.Replaces {
		a, b := i.Pkg.CPV.Version, n.Cand.Pkg.CPV.Version
		if s.o.RebuildIfNewVer && a.Base().Compare(b.Base()) != 0 || s.o.RebuildIfNewRev && a.Compare(b) != 0 {
			return true
		}
	}
	return false
}

func (s *Search) builtWith(c *universe.Candidate, triggers map[atom.CP][]*universe.Candidate) *universe.Candidate {
	var cause *universe.Candidate
	for _, d := range s.u.Deps(c) {
		if !universe.BuildTime(d.Kind) {
			continue
		}
		d.Expr.Atoms(func(a *atom.Atom) {
			for _, t := range triggers[a.CP] {
				if a.Blocker == atom.NotBlocker && t.Root == d.Root && t.Matches(a) && cause == nil {
					cause = t
				}
			}
		})
	}
	return cause
}

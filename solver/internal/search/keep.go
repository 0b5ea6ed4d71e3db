package search

import (
	"github.com/portsolve/portsolve/atom/metadata"
	"github.com/portsolve/portsolve/solver/internal/cnf"
	"github.com/portsolve/portsolve/solver/universe"
)

// completes reports whether a change of the kind makes the request look at all
// that is installed: --complete-graph and its -if-new-* forms, --rebuild-if-new-slot.
func (s *Search) completes(version, use, slot bool) bool {
	return s.o.CompleteGraph || version && s.o.CompleteGraphIfNewVer.Or(true) ||
		use && s.o.CompleteGraphIfNewUse.Or(true) || slot && s.o.RebuildIfNewSlot.Or(true)
}

// touchesInstalled reports whether the walk changes something that installed
// packages could notice: a version, slot or flag; then everything that is
// reachable from the request and @world has to be looked at.
func (s *Search) touchesInstalled(w *walk) bool {
	if s.o.NoDeps {
		return false
	}
	if s.o.CompleteGraph {
		return true
	}
	if len(Blocks(s.u, &Result{Nodes: w.nodes})) > 0 {
		return true
	}
	for _, b := range w.blocks {
		if len(s.u.InstalledGroup(b.Parent.Cand.Root, b.Atom.CP)) > 0 {
			return true
		}
	}
	for _, n := range w.nodes {
		for _, i := range n.Replaces {
			version := i.Pkg.CPV.Version.Compare(n.Cand.Pkg.CPV.Version) != 0
			version = version || i.Pkg.SubSlot != n.Cand.Pkg.SubSlot
			if s.completes(version, w.useChangedAtAll(i, n.Cand), version) {
				return true
			}
		}
	}
	return false
}

// useChangedAtAll compares the flags of an installed package and its successor, and which they have.
func (w *walk) useChangedAtAll(i, e *universe.Candidate) bool {
	a, b := i.Flags(), e.Flags()
	for _, list := range [][]metadata.IUSEFlag{i.Pkg.IUSE, e.Pkg.IUSE} {
		for _, f := range list {
			if a.Has(f.Name) != b.Has(f.Name) || i.Pkg.HasIUSE(f.Name) != e.Pkg.HasIUSE(f.Name) {
				return true
			}
		}
	}
	return false
}

// holdsBuildDeps reports whether build dependencies of installed packages count as what they need, once the
// whole graph is looked at.
func (s *Search) holdsBuildDeps() bool { return s.bdeps }

// findKeep computes what is reachable from the request and @world.
func (s *Search) findKeep() {
	if s.keep != nil {
		return
	}
	if s.o.NoDeps || !s.completes(true, true, true) {
		s.keep = map[*universe.Candidate]bool{}
		return
	}
	var seeds []*universe.Candidate
	for _, list := range [][]argument{s.args, s.world} {
		for _, a := range list {
			for _, i := range s.u.InstalledGroup(a.root, a.atom.CP) {
				if i.Matches(a.atom) {
					seeds = append(seeds, i)
				}
			}
		}
	}
	s.keep = s.u.KeepSet(seeds, s.holdsBuildDeps())
}

func (s *Search) keptList(want func(*universe.Candidate) bool) []*universe.Candidate {
	var out []*universe.Candidate
	for r := range s.u.Roots {
		for _, c := range s.u.AllInstalled(universe.RootID(r)) {
			if s.keep[c] && want(c) {
				out = append(out, c)
			}
		}
	}
	return out
}

// goals states the request, and what @world had before.
func (s *Search) goals(w *walk, world bool) []cnf.Goal {
	var out []cnf.Goal
	for i := range s.args {
		a := &s.args[i]
		if a.greedy || s.u.Provided(a.root, a.atom) {
			continue
		}
		t := task{arg: a, root: a.root, atom: a.atom}
		g := cnf.Goal{Arg: a.text, Atom: a.atom, Root: a.root, Cands: w.prefs(t), Target: w.onlyDeps(t)}
		if g.Target {
			for k := metadata.DEPEND; k < metadata.NumDepKinds; k++ {
				if s.targetKind(k) {
					g.Kinds = append(g.Kinds, k)
				}
			}
		}
		out = append(out, g)
	}
	if !world || s.o.IgnoreWorld {
		return out
	}
	for _, a := range s.world {
		if s.u.InstalledMatch(a.root, a.atom) == nil || s.u.Provided(a.root, a.atom) {
			continue
		}
		out = append(out, cnf.Goal{Arg: a.text, Atom: a.atom, Root: a.root, Cands: s.u.Match(a.root, a.atom), World: true})
	}
	return out
}

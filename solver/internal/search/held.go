package search

import (
	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/atom/metadata"
	"github.com/portsolve/portsolve/solver/universe"
)

// Held is an update that was wanted and did not happen.
type Held struct {
	Wanted, Selected *universe.Candidate
	By               []HeldBy
}

// HeldBy is a package of the end state that accepts what was selected, not what was wanted.
type HeldBy struct {
	Parent *universe.Candidate
	Kind   metadata.DepKind
	Atom   *atom.Atom
}

// noteHeld finds the wanted updates that the answer does not contain, and who is in their way.
func (w *walk) noteHeld(r *Result) {
	if !w.o.Update {
		return
	}
	held := map[atom.CP][]int{}
	for _, n := range r.Nodes {
		c := n.Cand
		if w.targets[n] {
			continue
		}
		for _, m := range w.u.Group(c.Root, c.CP()).All {
			if m.Installed() || m.Pkg.Slot != c.Pkg.Slot || !w.s.usable(m) || !better(m, c) {
				continue
			}
			if !w.wantsUpdate(task{root: c.Root, depth: n.Depth}, []*universe.Candidate{m}, nil) {
				break
			}
			held[c.CP()] = append(held[c.CP()], len(r.HeldBack))
			r.HeldBack = append(r.HeldBack, Held{Wanted: m, Selected: c})
			break
		}
	}
	if len(held) == 0 {
		return
	}
	for _, n := range r.Nodes {
		w.blame(r, held, n.Cand)
	}
	for _, c := range r.Kept {
		w.blame(r, held, c)
	}
}

func (w *walk) blame(r *Result, held map[atom.CP][]int, p *universe.Candidate) {
	for _, d := range w.u.Deps(p) {
		if p.Installed() && universe.BuildTime(d.Kind) {
			continue
		}
		d.Expr.Atoms(func(a *atom.Atom) {
			for _, i := range held[a.CP] {
				h := &r.HeldBack[i]
				if d.Root == h.Wanted.Root && a.Blocker == atom.NotBlocker && h.Selected.Matches(a) && !h.Wanted.Matches(a) {
					h.By = append(h.By, HeldBy{p, d.Kind, a})
				}
			}
		})
	}
}

package universe

import (
	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/atom/depend"
)

// KeepSet returns the installed packages that seeds need at run time (and, with build, for building),
// seeds included: what must still work after the request (docs/objective.md, "Keep").
// The map is keyed by candidate; installed packages outside it are orphans.
func (u *Universe) KeepSet(seeds []*Candidate, build bool) map[*Candidate]bool {
	keep := make(map[*Candidate]bool, 2*len(seeds))
	var queue []*Candidate
	add := func(c *Candidate) {
		if c.Installed() && !keep[c] {
			keep[c] = true
			queue = append(queue, c)
		}
	}
	for _, c := range seeds {
		add(c)
	}
	for len(queue) > 0 {
		c := queue[len(queue)-1]
		queue = queue[:len(queue)-1]
		for _, d := range u.Deps(c) {
			if BuildTime(d.Kind) && !build {
				continue
			}
			d.Expr.Atoms(func(a *atom.Atom) {
				if a.Blocker != atom.NotBlocker {
					return
				}
				for _, m := range u.InstalledGroup(d.Root, a.CP) {
					if m.Matches(a) {
						add(m)
					}
				}
			})
		}
		for _, s := range u.Sonames(c) {
			for _, m := range u.Providers(c.Root, s) {
				add(m)
			}
		}
	}
	return keep
}

// ClosureOptions tells Closure what counts.
type ClosureOptions struct {
	Usable    func(*Candidate) bool // may be merged
	BuildDeps bool                  // follow build dependencies of installed packages, too
}

// Closure returns every candidate that can matter to the seeds: what they can
// depend on, directly or not, and what competes with it for a slot. The order is
// that of discovery, so it does not depend on map order.
func (u *Universe) Closure(seeds []*Candidate, o ClosureOptions) []*Candidate {
	in := make([]bool, *u.ids)
	var out []*Candidate
	add := func(c *Candidate) {
		for c.ID >= len(in) {
			in = append(in, make([]bool, len(in)+64)...)
		}
		if in[c.ID] || !c.Installed() && !o.Usable(c) {
			return
		}
		in[c.ID] = true
		out = append(out, c)
	}
	for _, c := range seeds {
		add(c)
	}
	for i := 0; i < len(out); i++ {
		c := out[i]
		for _, m := range u.Group(c.Root, c.CP()).All {
			if m.Pkg.Slot == c.Pkg.Slot && (m.Installed() || c.Installed()) {
				add(m)
			}
		}
		for _, d := range u.Deps(c) {
			if c.Installed() && BuildTime(d.Kind) && !o.BuildDeps {
				continue
			}
			u.reach(d.Root, d.Expr, add)
		}
		for _, s := range u.Sonames(c) {
			for _, m := range u.Providers(c.Root, s) {
				add(m)
			}
		}
		if u.Err() != nil {
			return out
		}
	}
	return out
}

func (u *Universe) reach(root RootID, n *depend.Node, add func(*Candidate)) {
	n.Atoms(func(a *atom.Atom) {
		if a.Blocker != atom.NotBlocker {
			return
		}
		for _, m := range u.Match(root, a) {
			add(m)
		}
	})
}

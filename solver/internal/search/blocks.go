package search

import (
	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/atom/depend"
	"github.com/portsolve/portsolve/atom/metadata"
	"github.com/portsolve/portsolve/solver/universe"
)

// Blocks lists the blockers that matter to the plan: of a package that is merged, against another package that
// is merged or is installed now; of an installed package, against one that is merged. Installed
// packages that have to go for it, and are not replaced, are added to r.Removed.
func Blocks(u *universe.Universe, r *Result) []*universe.Block {
	b := blockFinder{u: u, r: r, nodes: map[*universe.Candidate]*universe.Node{},
		byCP: map[atom.CP][]*universe.Node{}, gone: map[*universe.Candidate]bool{}}
	for _, n := range r.Nodes {
		b.nodes[n.Cand] = n
		if n.Merge {
			b.byCP[n.Cand.CP()] = append(b.byCP[n.Cand.CP()], n)
		}
	}
	for _, c := range r.Removed {
		b.gone[c] = true
	}
	for _, x := range r.Blocks {
		if x.Parent.Merge {
			b.ofMerged(x)
		}
	}
	if len(b.byCP) > 0 {
		b.ofInstalled()
	}
	return b.out
}

type blockFinder struct {
	u     *universe.Universe
	r     *Result
	nodes map[*universe.Candidate]*universe.Node
	byCP  map[atom.CP][]*universe.Node // merged ones
	gone  map[*universe.Candidate]bool
	out   []*universe.Block
}

// hit reports whether a blocker of parent matches c, and notes it. A package never blocks
// what takes its own place.
func (b *blockFinder) hit(x *universe.Block, c *universe.Candidate, n *universe.Node) bool {
	if c.Root != x.Root || c == x.Parent.Cand || c.SamePlace(x.Parent.Cand) || !c.Matches(x.Atom) {
		return false
	}
	nb := *x
	nb.Blocked, nb.Planned = c, n
	b.out = append(b.out, &nb)
	return true
}

func (b *blockFinder) ofMerged(x *universe.Block) {
	for _, n := range b.byCP[x.Atom.CP] {
		b.hit(x, n.Cand, n)
	}
	for _, c := range b.u.InstalledGroup(x.Root, x.Atom.CP) {
		if b.hit(x, c, nil) {
			b.remove(c)
		}
	}
}

func (b *blockFinder) remove(c *universe.Candidate) {
	for _, n := range b.byCP[c.CP()] {
		if n.Cand.SamePlace(c) {
			return // replaced
		}
	}
	if !b.gone[c] && b.nodes[c] == nil {
		b.gone[c] = true
		b.r.Removed = append(b.r.Removed, c)
	}
}

// ofInstalled looks at the run-time blockers of everything that is installed: a new package may be what
// an old one cannot live with.
func (b *blockFinder) ofInstalled() {
	for root := range b.u.Roots {
		for _, c := range b.u.BlockingInstalled(universe.RootID(root)) {
			parent := b.nodes[c]
			if parent == nil {
				parent = &universe.Node{Index: -1, Cand: c}
			}
			for _, x := range blockersOf(b.u, c) {
				x.Parent = parent
				for _, n := range b.byCP[x.Atom.CP] {
					if b.hit(x, n.Cand, n) {
						b.remove(c)
					}
				}
			}
		}
	}
}

// blockersOf lists the blockers of a package; of an installed one those of its run time.
func blockersOf(u *universe.Universe, c *universe.Candidate) []*universe.Block {
	var out []*universe.Block
	for _, d := range u.Deps(c) {
		if c.Installed() && universe.BuildTime(d.Kind) {
			continue
		}
		for _, ch := range d.Expr.Children {
			if ch.Kind == depend.AtomLeaf && ch.Atom.Blocker != atom.NotBlocker {
				out = append(out, &universe.Block{Root: d.Root, Atom: ch.Atom, Kind: d.Kind})
			}
		}
	}
	return out
}

// FlagsFor gives the settings that make cand match a, nil if no setting does:
// a flag that the package lacks, or that the profile forces or masks the other way.
func FlagsFor(cand *universe.Candidate, a *atom.Atom) map[string]bool {
	if cand.Pkg.Origin != metadata.Ebuild {
		return nil
	}
	want := map[string]bool{}
	for _, d := range a.Use {
		on := d.Kind == atom.UseEnabled
		if !cand.HasFlag(d.Flag) {
			if d.Default == '+' && on || d.Default == '-' && !on {
				continue
			}
			return nil
		}
		if cand.Flags().Has(d.Flag) == on {
			continue
		}
		if _, forced, masked, _ := cand.ForcedFlag(d.Flag); forced && !on || masked && on {
			return nil
		}
		want[d.Flag] = on
	}
	if len(want) == 0 {
		return nil
	}
	return want
}

package search

import (
	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/atom/metadata"
	"github.com/portsolve/portsolve/solver/universe"
)

// Blocks lists the blockers of selected packages that match something else
// than what takes the matched package's place: another selected package, or an
// installed one that is not replaced. The latter has to go; it is added to r.Removed.
func Blocks(u *universe.Universe, r *Result) []*universe.Block {
	nodes := map[*universe.Candidate]*universe.Node{}
	slot := map[universe.SlotKey]bool{}
	byCP := map[atom.CP][]*universe.Node{}
	for _, n := range r.Nodes {
		nodes[n.Cand] = n
		byCP[n.Cand.CP()] = append(byCP[n.Cand.CP()], n)
		if n.Merge {
			slot[n.Cand.SlotKey()] = true
		}
	}
	gone := map[*universe.Candidate]bool{}
	for _, c := range r.Removed {
		gone[c] = true
	}
	var out []*universe.Block
	hit := func(b *universe.Block, c *universe.Candidate, n *universe.Node) {
		if c.Root != b.Root || c == b.Parent.Cand || c.SlotKey() == b.Parent.Cand.SlotKey() || !c.Matches(b.Atom) {
			return
		}
		nb := *b
		nb.Blocked, nb.Planned = c, n
		out = append(out, &nb)
	}
	for _, b := range r.Blocks {
		for _, n := range byCP[b.Atom.CP] {
			if n.Merge {
				hit(b, n.Cand, n)
			}
		}
		if !b.Parent.Merge {
			continue // two installed packages that block each other were left like that
		}
		for _, c := range u.InstalledGroup(b.Root, b.Atom.CP) {
			before := len(out)
			if !slot[c.SlotKey()] {
				hit(b, c, nil)
			}
			if len(out) > before && !gone[c] && nodes[c] == nil {
				gone[c] = true
				r.Removed = append(r.Removed, c)
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

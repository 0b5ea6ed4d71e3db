package search

import (
	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/atom/metadata"
	"github.com/portsolve/portsolve/solver/universe"
)

// Blocks lists the blockers of selected packages that match something: an
// installed package that is not replaced, or another selected package.
func Blocks(r *Result) []*universe.Block {
	bySlot := map[universe.SlotKey]bool{}
	byCP := map[atom.CP][]*universe.Node{}
	for _, n := range r.Nodes {
		if n.Merge {
			bySlot[n.Cand.SlotKey()] = true
		}
		byCP[n.Cand.CP()] = append(byCP[n.Cand.CP()], n)
	}
	var out []*universe.Block
	for _, b := range r.Blocks {
		for _, n := range byCP[b.Atom.CP] {
			if n == b.Parent || n.Cand.SlotKey() == b.Parent.Cand.SlotKey() || !n.Cand.Matches(b.Atom) {
				continue
			}
			nb := *b
			nb.Blocked = n.Cand
			if n.Merge {
				nb.Planned = n
			}
			out = append(out, &nb)
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

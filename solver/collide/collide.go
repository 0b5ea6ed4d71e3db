// Package collide finds the USE settings that would resolve a slot conflict: those with which one of
// its packages satisfies all parents of all of them.
package collide

import (
	"slices"

	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/atom/metadata"
	"github.com/portsolve/portsolve/solver/universe"
)

// Conflict is several packages that are wanted in one slot. The Why of each node names its parents.
type Conflict struct {
	Slot  universe.SlotKey
	Nodes []*universe.Node
}

// Settings are flags by package: one way to resolve all conflicts together.
type Settings map[*universe.Candidate]map[string]bool

// Limits on what is tried. Conflicts that a person can resolve by USE are small; the bounds keep
// the others from costing time.
const (
	maxChoices   = 64   // which package of each conflict stays
	maxSolutions = 16   // that are listed
	maxSteps     = 4096 // of the search for one choice
)

// Solve lists the ways to resolve all conflicts together by USE flags, none of which contains another. The
// package that stays is one to be merged; its flags may change, and a parent that is to be merged and whose
// dependency follows its own flag ([flag=], [flag?] …, PMS 8.3.4) may change that instead. Flags
// that the profile forces or masks stay, and REQUIRED_USE holds afterwards. Only the
// conflicts and their parents are looked at: what the changed packages then need is another question.
func Solve(conflicts []Conflict) []Settings {
	var out []Settings
	for _, stay := range choices(conflicts) {
		p, ok := newPuzzle(conflicts, stay)
		if !ok {
			continue
		}
		p.search()
		out = append(out, p.found...)
	}
	out = minimal(out)
	return out[:min(len(out), maxSolutions)]
}

// choices lists the ways to keep one package to be merged of each conflict, in the order of the nodes.
func choices(conflicts []Conflict) [][]*universe.Node {
	if len(conflicts) == 0 {
		return nil
	}
	out := [][]*universe.Node{nil}
	for _, c := range conflicts {
		var next [][]*universe.Node
		for _, so := range out {
			for _, n := range c.Nodes {
				if n.Merge && len(next) < maxChoices {
					next = append(next, append(slices.Clip(so), n))
				}
			}
		}
		out = next
	}
	return out
}

// minimal drops settings that contain others, and repetitions.
func minimal(in []Settings) []Settings {
	var out []Settings
	for i, s := range in {
		needless := slices.ContainsFunc(in, func(o Settings) bool { return contains(s, o) && !contains(o, s) }) ||
			slices.ContainsFunc(in[:i], func(o Settings) bool { return contains(s, o) && contains(o, s) })
		if !needless {
			out = append(out, s)
		}
	}
	return out
}

// contains reports whether every setting of b is one of a.
func contains(a, b Settings) bool {
	for c, flags := range b {
		for f, on := range flags {
			if was, ok := a[c][f]; !ok || was != on {
				return false
			}
		}
	}
	return true
}

// changeable reports whether the flags of a package can be chosen: it is built from an ebuild.
func changeable(n *universe.Node) bool {
	return n != nil && n.Merge && n.Cand.Pkg.Origin == metadata.Ebuild
}

// demand is what one element of a USE dependency asks of the package that stays.
type demand struct {
	parent *universe.Node // nil: an argument, or a parent whose flags are fixed
	child  *universe.Candidate
	dep    atom.UseDep
}

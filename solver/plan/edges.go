package plan

import "github.com/portsolve/portsolve/solver/universe"

// rank is the strength of an arc on a scale: it is ignored at levels equal to or
// above its rank. 0 is the level that ignores nothing.
type rank uint8

// Ranks of the plain scale (order 1).
const (
	plainOptional rank = 1 + iota
	plainPost
	plainRun
	plainHard // build-time, or run-time through a slot operator: never ignored
)

// Ranks of the lenient scale (order 1).
const (
	lenientOptional rank = 1 + iota
	lenientMetPost
	lenientMetRun
	lenientMetBuild
	lenientMetSlotOp
	lenientPost
	lenientBranch // unsatisfied, build-time, but another branch of the any-of group is there; see relaxBranches
	lenientMoved  // satisfied, through a slot operator, but only by what the plan takes away
	lenientRun
	lenientHard // never ignored
)

// scale is one of the two ways to look at an arc.
type scale uint8

const (
	plain scale = iota
	lenient
)

// of is the rank of an arc.
func (sc scale) of(a *arc) rank {
	if sc == plain {
		return a.plain
	}
	return a.lenient
}

// soft is the highest level that ignores only what can do no harm.
func (sc scale) soft() rank {
	if sc == plain {
		return plainOptional
	}
	return lenientMetSlotOp
}

// post is the level that ignores post-run-time dependencies too.
func (sc scale) post() rank {
	if sc == plain {
		return plainPost
	}
	return lenientPost
}

// loss says how bad it is not to wait for an arc inside a cycle: its kind decides, then whether what is
// installed stands in.
func (a *arc) loss() int { return lossOf(a.plain, a.lenient) }

func lossOf(onPlain, onLenient rank) int { return int(onPlain)*(int(lenientHard)+1) + int(onLenient) }

// losses is the number of different values of loss.
const losses = (int(plainHard) + 1) * (int(lenientHard) + 1)

// top finds the strongest rank among the living arcs out of v, 0 if it has none; see vertex.tops.
func (sc scale) top(v *vertex) rank {
	counts := v.plain[:]
	if sc == lenient {
		counts = v.lenient[:]
	}
	for r := len(counts) - 1; r > 0; r-- {
		if counts[r] > 0 {
			return rank(r)
		}
	}
	return 0
}

// mergeable reports whether v waits for nothing that cannot be ignored, removals aside.
func (sc scale) mergeable(v *vertex) bool {
	hard := v.plain[plainHard]
	if sc == lenient {
		hard = v.lenient[lenientHard]
	}
	return hard == v.waits
}

// free reports whether v may be taken as far as only what cannot be ignored counts.
func (sc scale) free(v *vertex) bool { return takeable(v) && v.waits == 0 && sc.mergeable(v) }

// ranksOf classifies one edge on both scales.
func ranksOf(e *universe.Edge) (onPlain, onLenient rank) {
	p := &e.Priority
	if p.Optional {
		return plainOptional, lenientOptional
	}
	switch {
	case p.Buildtime:
		onPlain, onLenient = plainHard, lenientHard
	case p.RuntimePost && !p.Runtime:
		onPlain, onLenient = plainPost, lenientPost
	case p.RuntimeSlotOp:
		onPlain, onLenient = plainHard, lenientRun
	default:
		onPlain, onLenient = plainRun, lenientRun
	}
	if !p.Satisfied {
		return onPlain, onLenient
	}
	switch {
	case moved(e):
		onLenient = lenientMoved
	case p.BuildtimeSlotOp || p.RuntimeSlotOp:
		onLenient = lenientMetSlotOp
	case p.Buildtime:
		onLenient = lenientMetBuild
	case onPlain == plainPost:
		onLenient = lenientMetPost
	default:
		onLenient = lenientMetRun
	}
	return onPlain, onLenient
}

// moved reports whether e goes through a slot operator and what satisfies it now gives way to a package with another slot or
// sub-slot. Built before that package, its parent would be bound to something that is gone after the plan.
func moved(e *universe.Edge) bool {
	p := &e.Priority
	if !p.BuildtimeSlotOp && !p.RuntimeSlotOp || p.SatisfiedBy == nil || !e.Child.Merge {
		return false
	}
	old, now := p.SatisfiedBy.Pkg, e.Child.Cand.Pkg
	return old.Slot != now.Slot || old.SubSlot != now.SubSlot
}

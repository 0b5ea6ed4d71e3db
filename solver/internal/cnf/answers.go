package cnf

import (
	"github.com/portsolve/portsolve/solver/internal/sat"
	"github.com/portsolve/portsolve/solver/universe"
)

// Answers is what can satisfy a rule that asks for something.
type Answers struct {
	Cands    []*universe.Candidate
	Branches int // branches of several atoms; each has rules of its own
}

// Answers lists for every rule that asks for something what can satisfy it. A rule without any cannot be met.
func (f *Formula) Answers() map[*Rule]*Answers {
	of := map[sat.Lit]*universe.Candidate{}
	for _, c := range f.cands {
		of[f.exists[c.ID]] = c
		of[f.used[c.ID]] = c
	}
	for c, l := range f.targets {
		of[l] = c
	}
	out := map[*Rule]*Answers{}
	for _, c := range f.clauses {
		r := f.rules.at(c.rule)
		switch r.Kind {
		case Request, World, Depend, AnyOf, SlotOp, Library:
		default:
			continue
		}
		a := out[r]
		if a == nil {
			a = &Answers{}
			out[r] = a
		}
		for _, l := range f.lits[c.from:c.to] {
			switch m := of[l]; {
			case l < 0:
			case m == nil:
				a.Branches++
			default:
				a.Cands = append(a.Cands, m)
			}
		}
	}
	return out
}

// Rules calls yield for every rule, in the order of the formula.
func (f *Formula) Rules(yield func(*Rule)) {
	for _, chunk := range f.rules.chunks {
		for i := range chunk {
			yield(&chunk[i])
		}
	}
}

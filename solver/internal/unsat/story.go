package unsat

import (
	"slices"

	"github.com/portsolve/portsolve/solver/internal/cnf"
	"github.com/portsolve/portsolve/solver/universe"
)

// statement is one sentence: a rule, or the same rule of several packages.
type statement struct {
	*cnf.Rule
	rules   []*cnf.Rule           // all that it stands for
	choice  bool                  // it holds for one branch of an any-of group only
	cands   []*universe.Candidate // who has the rule
	others  []*universe.Candidate // blockers: whom they exclude
	answers []*universe.Candidate // what can satisfy it
	because []flagState           // flags without which there would be no such rule
	deps    []string              // the variables it is in
	built   bool                  // all who have it are installed or binary packages
}

// merge joins rules that say the same of several versions of a package, or of several packages that one
// blocker excludes. That what is used is installed goes without saying.
func (t *teller) merge(core []*cnf.Rule) []*statement {
	var out []*statement
	for _, r := range core {
		if r.Kind == cnf.Keep && len(core) > 1 {
			continue
		}
		s := &statement{Rule: r, rules: []*cnf.Rule{r}, choice: t.f.Choice(r), answers: t.answersOf(r)}
		if r.Cand != nil {
			s.cands = append(s.cands, r.Cand)
			s.because = t.because(r)
			s.built = r.Cand.Pkg.Built()
			for _, twin := range t.twins(r) {
				if d := twin.Dep.String(); !slices.Contains(s.deps, d) {
					s.deps = append(s.deps, d)
				}
			}
		}
		if r.Kind == cnf.Block {
			s.others = slices.Clone(r.Others)
		}
		if i := slices.IndexFunc(out, func(o *statement) bool { return o.absorbs(s) }); i >= 0 {
			out[i].add(s)
			continue
		}
		out = append(out, s)
	}
	return out
}

// absorbs reports whether s says the same, apart from the versions.
func (o *statement) absorbs(s *statement) bool {
	if o.Kind != s.Kind || o.choice != s.choice || o.Cand == nil || s.Cand == nil ||
		o.Cand.CP() != s.Cand.CP() || o.Cand.Root != s.Cand.Root {
		return false
	}
	if !o.built && !s.built && (!slices.Equal(o.deps, s.deps) || !slices.Equal(o.because, s.because)) {
		return false // what was built has neither build dependencies nor flags that could be switched
	}
	switch o.Kind {
	case cnf.Depend, cnf.SlotOp, cnf.Block:
		return o.Atom.String() == s.Atom.String()
	case cnf.AnyOf:
		return o.Expr.Equal(s.Expr)
	}
	return false
}

func (o *statement) add(s *statement) {
	if o.built && !s.built {
		o.because, o.built = s.because, false
	}
	for _, d := range s.deps {
		if !slices.Contains(o.deps, d) {
			o.deps = append(o.deps, d)
		}
	}
	slices.SortFunc(o.deps, func(a, b string) int { return slices.Index(depOrder[:], a) - slices.Index(depOrder[:], b) })
	o.rules = append(o.rules, s.rules...)
	o.cands = appendNew(o.cands, s.cands)
	o.others = appendNew(o.others, s.others)
	o.answers = appendNew(o.answers, s.answers)
}

// depOrder is the order in which the variables of a dependency are told.
var depOrder = [...]string{"DEPEND", "BDEPEND", "IDEPEND", "RDEPEND", "PDEPEND"}

func appendNew(list, more []*universe.Candidate) []*universe.Candidate {
	for _, c := range more {
		if !slices.Contains(list, c) {
			list = append(list, c)
		}
	}
	return list
}

// story puts what was asked for first, each followed by the rules of the packages that it leads to. What
// excludes packages stands at the end, when all of them have been named.
func (t *teller) story(in []*statement) []*statement {
	var out []*statement
	placed := map[*statement]bool{}
	var place func(s *statement)
	place = func(s *statement) {
		if placed[s] {
			return
		}
		placed[s] = true
		out = append(out, s)
		leads := append(slices.Clone(s.cands), s.answers...)
		follows := func(c *universe.Candidate) bool { return slices.Contains(leads, c) }
		for _, choice := range [...]bool{false, true} { // a group before its branches
			for _, next := range in {
				if next.Kind != cnf.Block && next.choice == choice && slices.ContainsFunc(next.cands, follows) {
					place(next)
				}
			}
		}
	}
	for _, turn := range [][]cnf.RuleKind{{cnf.Request}, {cnf.World}, {cnf.Depend, cnf.AnyOf, cnf.SlotOp, cnf.Library, cnf.Keep, cnf.NoDowngrade}, {cnf.Block}, {cnf.Slot}} {
		for _, s := range in {
			if slices.Contains(turn, s.Kind) {
				place(s)
			}
		}
	}
	return out
}

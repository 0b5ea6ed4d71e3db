// Package unsat turns a contradiction into a minimal list of rules in words.
package unsat

import (
	"context"
	"slices"
	"sort"

	"github.com/portsolve/portsolve/solver/answer"
	"github.com/portsolve/portsolve/solver/internal/cnf"
	"github.com/portsolve/portsolve/solver/internal/sat"
	"github.com/portsolve/portsolve/solver/universe"
)

// Conflict finds a minimal set of rules of f that contradict each other, in the order in which they
// tell the story: what was asked for, then what that leads to; nil if there is no contradiction.
func Conflict(ctx context.Context, u *universe.Universe, f *cnf.Formula) *answer.Conflict {
	core, minimal := contradiction(ctx, f)
	if len(core) == 0 {
		return nil
	}
	t := &teller{u: u, f: f}
	c := &answer.Conflict{Minimal: minimal}
	for _, s := range t.story(t.merge(core)) {
		c.Rules = append(c.Rules, t.tell(s))
	}
	return c
}

// Needs lists the dependencies and arguments of a minimal contradiction that nothing in the formula answers: those
// a change of the configuration could answer.
func Needs(ctx context.Context, u *universe.Universe, f *cnf.Formula) []*cnf.Rule {
	core, _ := contradiction(ctx, f)
	var out []*cnf.Rule
	for _, r := range core {
		if r.Atom == nil || r.Kind != cnf.Depend && r.Kind != cnf.Request {
			continue
		}
		answered := false
		for _, c := range u.Match(r.Root, r.Atom) {
			answered = answered || f.Exists(c) != 0
		}
		if !answered {
			out = append(out, r)
		}
	}
	return out
}

// contradiction is the core as rules, in the formula's order.
func contradiction(ctx context.Context, f *cnf.Formula) (core []*cnf.Rule, minimal bool) {
	e, selectors, ruleOf := f.Explained()
	if e.Solve(ctx, selectors...) != sat.Unsat {
		return nil, false
	}
	lits := e.Core()
	sort.Slice(lits, func(i, j int) bool { // what comes late is dropped first
		a, b := ruleOf[lits[i]], ruleOf[lits[j]]
		if a.Kind != b.Kind {
			return a.Kind < b.Kind
		}
		return lits[i] < lits[j]
	})
	lits, minimal = e.Shrink(ctx, lits)
	slices.Sort(lits)
	for _, l := range lits {
		core = append(core, ruleOf[l])
	}
	return core, minimal
}

// teller puts rules into words.
type teller struct {
	u *universe.Universe
	f *cnf.Formula
}

// statement is one sentence: a rule, or the same rule of several packages.
type statement struct {
	*cnf.Rule
	choice bool                  // it holds for one branch of an any-of group only
	cands  []*universe.Candidate // who has the rule
	others []*universe.Candidate // blockers: whom they exclude
}

// merge joins rules that say the same of several versions of a package, or of several packages that one
// blocker excludes. That what is installed belongs to the end state as a whole goes without saying.
func (t *teller) merge(core []*cnf.Rule) []*statement {
	var out []*statement
	for _, r := range core {
		if r.Kind == cnf.Keep && len(core) > 1 {
			continue
		}
		s := &statement{Rule: r, choice: t.f.Choice(r)}
		if r.Cand != nil {
			s.cands = append(s.cands, r.Cand)
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
	if o.Kind != s.Kind || o.choice != s.choice || o.Dep != s.Dep || o.Cand == nil || s.Cand == nil ||
		o.Cand.CP() != s.Cand.CP() || o.Cand.Root != s.Cand.Root {
		return false
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
	for _, c := range s.cands {
		if !slices.Contains(o.cands, c) {
			o.cands = append(o.cands, c)
		}
	}
	for _, c := range s.others {
		if !slices.Contains(o.others, c) {
			o.others = append(o.others, c)
		}
	}
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
		leads := t.leads(s)
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

// leads are the packages that a statement makes possible, and its own: further rules of the same package follow.
func (t *teller) leads(s *statement) []*universe.Candidate {
	out := slices.Clone(s.cands)
	for _, a := range s.atoms() {
		out = append(out, t.choices(t.root(s), a).can...)
	}
	return out
}

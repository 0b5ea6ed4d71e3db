// Package unsat turns contradictions into minimal lists of rules in words (docs/explanations.md).
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

// Report is why a formula has no model.
type Report struct {
	Conflicts []answer.Conflict
	// Premises are the rules behind each sentence of each conflict. Together with what goes without saying (Implied)
	// those of a conflict contradict each other, and without those of any one sentence they don't.
	Premises [][][]*cnf.Rule
	Implied  [][]*cnf.Rule
	More     bool         // the search was ended by a bound: there may be more
	LeaveOut []answer.Why // arguments without any one of which the rest has a model
}

// Explain finds the contradictions of f that do not follow from one another, those first that the user can do
// something about. The rules of each are in the order in which they tell the story: what was asked for, then
// what that leads to. The report is empty if f has a model.
func Explain(ctx context.Context, u *universe.Universe, f *cnf.Formula) *Report {
	t := newTeller(u, f)
	x := newFinder(t)
	x.run(ctx)
	out := &Report{More: x.cut}
	for _, group := range x.conflicts() {
		c, premises, implied := t.conflict(group)
		out.Conflicts = append(out.Conflicts, c)
		out.Premises = append(out.Premises, premises)
		out.Implied = append(out.Implied, implied)
	}
	if len(x.cores) > 0 {
		for _, r := range x.leaveOut(ctx) {
			out.LeaveOut = append(out.LeaveOut, answer.Why{Arg: r.Arg, Atom: r.Atom.String()})
		}
	}
	return out
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

// ruleOrder sorts selectors by kind of rule: what comes late is dropped first.
func ruleOrder(lits []sat.Lit, ruleOf map[sat.Lit]*cnf.Rule) []sat.Lit {
	sort.Slice(lits, func(i, j int) bool {
		a, b := ruleOf[lits[i]], ruleOf[lits[j]]
		if a.Kind != b.Kind {
			return a.Kind < b.Kind
		}
		return lits[i] < lits[j]
	})
	return lits
}

// contradiction is the core as rules, in the formula's order.
func contradiction(ctx context.Context, f *cnf.Formula) (core []*cnf.Rule, minimal bool) {
	e, selectors, ruleOf := f.Explained()
	if e.Solve(ctx, selectors...) != sat.Unsat {
		return nil, false
	}
	lits := ruleOrder(e.Core(), ruleOf)
	lits, minimal = e.Shrink(ctx, lits)
	slices.Sort(lits)
	for _, l := range lits {
		core = append(core, ruleOf[l])
	}
	return core, minimal
}

// teller puts rules into words.
type teller struct {
	u       *universe.Universe
	f       *cnf.Formula
	answers map[*cnf.Rule]*cnf.Answers
	same    map[sameRule][]*cnf.Rule // rules that differ in the variable only
}

// sameRule is what a rule says, whatever the variable.
type sameRule struct {
	kind    cnf.RuleKind
	cand    *universe.Candidate
	blocked *universe.Candidate
	root    universe.RootID
	text    string
}

func newTeller(u *universe.Universe, f *cnf.Formula) *teller {
	t := &teller{u: u, f: f, answers: f.Answers(), same: map[sameRule][]*cnf.Rule{}}
	f.Rules(func(r *cnf.Rule) {
		if k, ok := sameAs(r); ok {
			t.same[k] = append(t.same[k], r)
		}
	})
	return t
}

func sameAs(r *cnf.Rule) (sameRule, bool) {
	k := sameRule{kind: r.Kind, cand: r.Cand, root: r.Root}
	switch r.Kind {
	case cnf.Depend, cnf.SlotOp:
		k.text = r.Atom.String()
	case cnf.Block:
		k.text, k.blocked = r.Atom.String(), r.Others[0]
	case cnf.AnyOf:
		k.text = r.Expr.String()
	default:
		return k, false
	}
	return k, true
}

// twins are a rule and those that say the same in another variable (DEPEND and RDEPEND often do).
func (t *teller) twins(r *cnf.Rule) []*cnf.Rule {
	if k, ok := sameAs(r); ok {
		return t.same[k]
	}
	return []*cnf.Rule{r}
}

// answersOf is what can satisfy a rule; none if it only forbids.
func (t *teller) answersOf(r *cnf.Rule) []*universe.Candidate {
	if a := t.answers[r]; a != nil {
		return a.Cands
	}
	return nil
}

// conflict tells of contradictions that are about the same: the first in full, of the others what else they end in.
func (t *teller) conflict(group []*core) (c answer.Conflict, premises [][]*cnf.Rule, implied []*cnf.Rule) {
	main := group[0]
	c.Minimal = main.minimal
	story := t.story(t.merge(main.rules))
	also := t.also(group)
	for _, s := range story {
		c.Rules = append(c.Rules, t.tell(s))
		premises = append(premises, s.rules)
	}
	for _, s := range also {
		c.Also = append(c.Also, t.tell(s))
	}
	for _, r := range main.rules {
		if !slices.ContainsFunc(premises, func(p []*cnf.Rule) bool { return slices.Contains(p, r) }) {
			implied = append(implied, r)
		}
	}
	c.Kind, c.Summary = t.summary(story, also)
	c.Nodes, c.Edges = t.graph(append(slices.Clip(story), also...))
	return c, premises, implied
}

// about tells which rules are about the same as a contradiction.
func (c *core) about(t *teller) func(*cnf.Rule) bool {
	contested := map[universe.SlotKey]bool{}
	for _, r := range c.rules {
		if r.Kind == cnf.Slot {
			for _, m := range r.Others {
				contested[m.SlotKey()] = true
			}
		}
	}
	return func(r *cnf.Rule) bool {
		return len(contested) == 0 ||
			slices.ContainsFunc(t.answersOf(r), func(m *universe.Candidate) bool { return contested[m.SlotKey()] })
	}
}

// isTold reports whether a rule, or one that says the same, is among those told.
func (t *teller) isTold(told []*cnf.Rule, r *cnf.Rule) bool {
	return slices.ContainsFunc(t.twins(r), func(o *cnf.Rule) bool { return slices.Contains(told, o) })
}

// also are the ends of the other contradictions of a group.
func (t *teller) also(group []*core) []*statement {
	told := group[0].rules
	same := group[0].about(t)
	var more []*cnf.Rule
	for _, c := range group[1:] {
		for i, l := range c.lits {
			r := c.rules[i]
			if slices.Contains(c.tips, l) && same(r) && !t.isTold(told, r) && !t.isTold(more, r) {
				more = append(more, r)
			}
		}
	}
	main := t.merge(told)
	return slices.DeleteFunc(t.merge(more), func(s *statement) bool { // other versions of what is told already
		return slices.ContainsFunc(main, func(o *statement) bool { return o.absorbs(s) })
	})
}

package solver

import (
	"context"
	"slices"

	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/atom/metadata"
	"github.com/portsolve/portsolve/solver/internal/cnf"
	"github.com/portsolve/portsolve/solver/internal/search"
	"github.com/portsolve/portsolve/solver/internal/unsat"
	"github.com/portsolve/portsolve/solver/universe"
)

// Rule is a rule that takes part in a contradiction, as far as a change of the configuration could void it.
type Rule struct {
	Cand *universe.Candidate // whose rule it is; nil for arguments and members of @world
	Root universe.RootID     // where Wanted have to be satisfied
	// Wanted are atoms of which one answers the rule, and Answers what does under the present configuration.
	Wanted  []*atom.Atom
	Answers []*universe.Candidate
	// Blocker is an atom that must not match Blocked, nil if the rule is no blocker.
	Blocker *atom.Atom
	Blocked *universe.Candidate
	// Arg is the argument, as the user wrote it, that a rule without Cand is about; empty if it is about @world. Has is
	// what is installed for a member of @world: the rule holds as long as one of it is.
	Arg string
	Has []*universe.Candidate
	// Conditions are the flags of Cand that the rule hangs on: with each of them as it is, Cand has the rule.
	Conditions []string
}

// LimitError says that the search was given up; it is not an answer.
type LimitError = search.LimitError

// Attempt solves a problem under the configuration as it is: no change is proposed, and a failure is not explained.
func Attempt(ctx context.Context, p *Problem) (*Outcome, error) {
	q := *p
	q.trial = true
	q.Request.Options.Autounmask = universe.No
	return Solve(ctx, &q)
}

// Contradictions finds up to limit minimal sets of rules that cannot hold together. Each was found with one rule of
// all earlier ones left out. None is returned for a complete outcome, or where the search ended before its rules were known.
func (o *Outcome) Contradictions(ctx context.Context, limit int) [][]Rule {
	f := o.stages.found.Formula
	if o.Complete || f == nil {
		return nil
	}
	u := o.stages.universe
	var out [][]Rule
	for _, core := range unsat.Several(ctx, u, f, limit) {
		var rules []Rule
		for _, r := range core {
			rules = append(rules, publicRule(u, f, r))
		}
		out = append(out, rules)
	}
	return out
}

func publicRule(u *universe.Universe, f *cnf.Formula, r *cnf.Rule) Rule {
	out := Rule{Cand: r.Cand, Root: unsat.Root(u, f, r)}
	switch r.Kind {
	case cnf.Block:
		out.Blocker, out.Blocked = r.Atom, r.Others[0]
	case cnf.Request, cnf.World, cnf.Depend, cnf.AnyOf, cnf.SlotOp:
		if r.Kind == cnf.Request {
			out.Arg = r.Arg
		}
		if r.Kind == cnf.World {
			out.Has = slices.DeleteFunc(slices.Clone(u.Match(out.Root, r.Atom)), func(c *universe.Candidate) bool { return !c.Installed() })
		}
		out.Wanted = unsat.Wanted(r)
		for _, a := range out.Wanted {
			for _, c := range u.Match(out.Root, a) {
				if f.Used(c) != 0 {
					out.Answers = append(out.Answers, c)
				}
			}
		}
	default:
		return Rule{} // slots and what stays installed: nothing in the configuration voids them
	}
	if r.Cand != nil && r.Cand.Pkg.Origin == metadata.Ebuild {
		out.Conditions = unsat.Conditions(u, r)
	}
	return out
}

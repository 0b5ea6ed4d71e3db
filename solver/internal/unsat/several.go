package unsat

import (
	"context"
	"slices"

	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/atom/depend"
	"github.com/portsolve/portsolve/solver/internal/cnf"
	"github.com/portsolve/portsolve/solver/internal/sat"
	"github.com/portsolve/portsolve/solver/universe"
)

// Several finds up to limit minimal contradictions of f. Each is found with one rule of every earlier one left
// out, so together they tell what else fails once those are dealt with. None is returned if f has a model. A
// contradiction that could not be shrunk before ctx ended is still one, only longer.
func Several(ctx context.Context, u *universe.Universe, f *cnf.Formula, limit int) [][]*cnf.Rule {
	e, selectors, ruleOf := f.Explained()
	var out [][]*cnf.Rule
	for len(out) < limit && e.Solve(ctx, selectors...) == sat.Unsat {
		lits := ruleOrder(e.Core(), ruleOf)
		lits, _ = e.Shrink(ctx, lits)
		slices.Sort(lits)
		if len(lits) == 0 {
			break // contradictory without any rule: nothing to tell
		}
		var core []*cnf.Rule
		for _, l := range lits {
			core = append(core, ruleOf[l])
		}
		out = append(out, core)
		drop := lits[weakest(u, f, core)]
		selectors = slices.DeleteFunc(selectors, func(l sat.Lit) bool { return l == drop })
	}
	return out
}

// weakest is the rule to leave out so that something else can be found: a dependency with the fewest answers, the
// last of them, since what it hangs on is told by others.
func weakest(u *universe.Universe, f *cnf.Formula, core []*cnf.Rule) int {
	best, fewest := len(core)-1, -1
	for i, r := range core {
		if r.Kind != cnf.Depend && r.Kind != cnf.AnyOf {
			continue
		}
		answers := 0
		root := Root(u, f, r)
		for _, a := range Wanted(r) {
			for _, c := range u.Match(root, a) {
				if f.Used(c) != 0 {
					answers++
				}
			}
		}
		if fewest < 0 || answers <= fewest {
			best, fewest = i, answers
		}
	}
	return best
}

// Wanted are the atoms of which one answers a rule; none if the rule only forbids. Branches of several atoms
// are rules of their own.
func Wanted(r *cnf.Rule) []*atom.Atom {
	switch r.Kind {
	case cnf.Request, cnf.World, cnf.Depend, cnf.SlotOp:
		return []*atom.Atom{r.Atom}
	case cnf.AnyOf:
		return single(nil, r.Expr)
	}
	return nil
}

func single(out []*atom.Atom, group *depend.Node) []*atom.Atom {
	for _, n := range group.Children {
		switch {
		case n.Kind == depend.AnyOf:
			out = single(out, n)
		case n.Kind == depend.AtomLeaf && n.Atom.Blocker == atom.NotBlocker:
			out = append(out, n.Atom)
		}
	}
	return out
}

// Root is where the atoms of a rule of f have to be satisfied.
func Root(u *universe.Universe, f *cnf.Formula, r *cnf.Rule) universe.RootID {
	switch r.Kind {
	case cnf.Slot, cnf.Keep, cnf.NoDowngrade, cnf.Learned:
		return r.Slot.Root
	}
	return (&teller{u: u, f: f}).rootOf(r)
}

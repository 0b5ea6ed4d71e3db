package solvertest

import (
	"context"
	"slices"
	"sort"

	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/atom/metadata"
	"github.com/portsolve/portsolve/internal/emergeopts"
	"github.com/portsolve/portsolve/solver/answer"
	"github.com/portsolve/portsolve/solver/check"
	"github.com/portsolve/portsolve/solver/scenario"
	"github.com/portsolve/portsolve/solver/universe"
)

// Oracle tries every final set of installed packages that a small world
// allows, and returns the plans of those that answer the request: check.Holds accepts them, and what has to
// be merged is merged. In every slot of every root there is nothing, the installed package, or any visible ebuild.
// Order is not considered, and no configuration change. ok is false if there are
// more than limit sets. It is meant to be obviously right, not fast.
func Oracle(sc *scenario.Scenario, limit int) (valid [][]answer.Entry, ok bool) {
	var slots [][][]answer.Entry
	for i := range sc.Roots {
		slots = append(slots, slotChoices(&sc.Roots[i])...)
	}
	total := 1
	for _, choices := range slots {
		if total *= len(choices); total > limit {
			return nil, false
		}
	}
	for n := range total {
		var plan []answer.Entry
		for _, choices := range slots {
			plan = append(plan, choices[n%len(choices)]...)
			n /= len(choices)
		}
		if answers(sc, plan) {
			valid = append(valid, plan)
		}
	}
	return valid, true
}

// answers reports whether a plan answers the request. With --emptytree it must do so also if nothing
// were installed.
func answers(sc *scenario.Scenario, plan []answer.Entry) bool {
	if !mergesArguments(sc, plan) || !check.Holds(&sc.Request, sc.Roots, solved(plan)) {
		return false
	}
	if !sc.Request.Options.EmptyTree {
		return true
	}
	roots := slices.Clone(sc.Roots)
	for i := range roots {
		roots[i].Installed = nil
	}
	var merges []answer.Entry
	for _, e := range plan {
		if e.Action == answer.Merge {
			e.Replaces = nil
			merges = append(merges, e)
		}
	}
	return check.Holds(&sc.Request, roots, solved(merges))
}

func solved(plan []answer.Entry) *answer.Result {
	return &answer.Result{Status: answer.Solved, Complete: true, Ordered: true, Plan: plan}
}

// mergesArguments: unless the request is selective, an atom that was asked for
// must be merged; that it is installed does not suffice.
func mergesArguments(sc *scenario.Scenario, plan []answer.Entry) bool {
	o := sc.Request.Options
	emergeopts.Normalize(&o)
	if o.Selective.Or(false) || o.OnlyDeps {
		return true
	}
	for _, arg := range sc.Request.Args {
		root := &sc.Roots[arg.Root]
		merged := arg.Set || provided(root, arg.Atoms[0].Atom) || slices.ContainsFunc(plan, func(e answer.Entry) bool {
			return e.Action == answer.Merge && e.Root == root.Path && matches(root, arg.Atoms[0].Atom, e.Package)
		})
		if !merged {
			return false
		}
	}
	return true
}

// matches: the package, with the flags it has or would have, is what the atom asks for.
func matches(root *universe.Root, a *atom.Atom, p *metadata.Package) bool {
	return a.CP == p.CPV.CP && a.MatchVersion(p.CPV) && a.MatchSlot(p.Slot, p.SubSlot) &&
		a.MatchUse(func(f string) bool { return root.Policy.HasFlag(p, f) }, root.Policy.Use(p).Has)
}

func provided(root *universe.Root, a *atom.Atom) bool {
	return slices.ContainsFunc(root.Provided, func(v atom.CPV) bool { return v.CP == a.CP && a.MatchVersion(v) })
}

// slotChoices lists, for every slot of every name, the plans for that slot
// alone: none or one entry. The order is fixed.
func slotChoices(root *universe.Root) [][][]answer.Entry {
	type choice struct{ installed, ebuilds []*metadata.Package }
	slots := map[universe.SlotKey]*choice{}
	var keys []universe.SlotKey
	at := func(p *metadata.Package) *choice {
		k := universe.SlotKey{CP: p.CPV.CP, Slot: p.Slot}
		if slots[k] == nil {
			slots[k] = &choice{}
			keys = append(keys, k)
		}
		return slots[k]
	}
	for _, p := range root.Installed {
		at(p).installed = append(at(p).installed, p)
	}
	for _, p := range visible(root) {
		at(p).ebuilds = append(at(p).ebuilds, p)
	}
	sort.Slice(keys, func(i, j int) bool {
		if d := keys[i].CP.Compare(keys[j].CP); d != 0 {
			return d < 0
		}
		return keys[i].Slot < keys[j].Slot
	})
	var out [][][]answer.Entry
	for _, k := range keys {
		c := slots[k]
		choices := [][]answer.Entry{nil} // as it is
		for _, old := range c.installed {
			choices = append(choices, []answer.Entry{entry(answer.Uninstall, root.Path, old, old.Use)})
		}
		for _, p := range c.ebuilds {
			e := entry(answer.Merge, root.Path, p, root.Policy.Use(p))
			for _, old := range c.installed {
				e.Replaces = append(e.Replaces, old.CPV.String())
			}
			choices = append(choices, []answer.Entry{e})
		}
		out = append(out, choices)
	}
	return out
}

// visible lists what may be merged as things are configured: nothing masks it and its REQUIRED_USE holds.
func visible(root *universe.Root) []*metadata.Package {
	var out []*metadata.Package
	for _, r := range root.Repos {
		for _, cp := range r.Source.(*scenario.Repo).Names() {
			pkgs, err := r.Packages(context.Background(), cp)
			if err != nil {
				continue // the context is never cancelled and a scenario has no other errors
			}
			for _, p := range pkgs {
				required, err := p.RequiredUse()
				if len(root.Policy.Exclusions(p)) == 0 && err == nil && required.SatisfiedUse(root.Policy.Use(p).Has) {
					out = append(out, p)
				}
			}
		}
	}
	return out
}

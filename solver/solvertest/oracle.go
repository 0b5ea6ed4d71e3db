package solvertest

import (
	"context"
	"sort"

	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/atom/metadata"
	"github.com/portsolve/portsolve/solver/answer"
	"github.com/portsolve/portsolve/solver/check"
	"github.com/portsolve/portsolve/solver/scenario"
	"github.com/portsolve/portsolve/solver/universe"
)

// Oracle tries every final set of installed packages that a small world with
// one root allows, and returns the plans of those that check.State accepts:
// in every slot nothing, the installed package, or any visible ebuild. Order is
// not considered, and no configuration change. ok is false if there are
// more than limit sets. It is meant to be obviously right, not fast.
func Oracle(sc *scenario.Scenario, limit int) (valid [][]answer.Entry, ok bool) {
	slots := slotChoices(&sc.Roots[0])
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
		res := &answer.Result{Status: answer.Solved, Complete: true, Ordered: true, Plan: plan}
		if len(check.State(&sc.Request, sc.Roots, res)) == 0 {
			valid = append(valid, plan)
		}
	}
	return valid, true
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
	for _, r := range root.Repos {
		for _, cp := range r.Source.(*scenario.Repo).Names() {
			for _, p := range visible(root, r, cp) {
				at(p).ebuilds = append(at(p).ebuilds, p)
			}
		}
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

func visible(root *universe.Root, r universe.Repository, cp atom.CP) []*metadata.Package {
	pkgs, err := r.Packages(context.Background(), cp)
	if err != nil {
		return nil // the context is never cancelled and a scenario has no other errors
	}
	var out []*metadata.Package
	for _, p := range pkgs {
		if len(root.Policy.Exclusions(p)) == 0 {
			out = append(out, p)
		}
	}
	return out
}

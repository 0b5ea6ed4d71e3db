package solver

import (
	"context"
	"maps"
	"slices"

	"github.com/portsolve/portsolve/atom/metadata"
	"github.com/portsolve/portsolve/solver/answer"
	"github.com/portsolve/portsolve/solver/collide"
	"github.com/portsolve/portsolve/solver/internal/search"
	"github.com/portsolve/portsolve/solver/universe"
)

// slotConflicts reports the slots with several packages and the USE settings that resolve them all. What the minimal
// conflict is not about follows from it, or from what the incomplete selection lacks, and is left out. Settings are
// listed if the request then has a solution. With --compat=emerge whatever collides is
// listed, and settings are what satisfies the parents, as emerge says it.
func (o *Outcome) slotConflicts(ctx context.Context, u *universe.Universe, found []search.SlotConflict) {
	var list []collide.Conflict
	for _, c := range found {
		if s := slotConflict(u, c); u.Req.Options.Compat || o.Conflict == nil || inCore(o.Conflicts, &s) {
			o.SlotConflicts = append(o.SlotConflicts, s)
			list = append(list, collide.Conflict{Slot: c.Slot, Nodes: c.Nodes})
		}
	}
	ways := collide.Solve(list)
	if u.Req.Options.Compat {
		for _, s := range ways {
			use := map[string]map[string]bool{}
			for c, flags := range s {
				addFlags(use, c.Pkg.CPV.String(), flags)
			}
			o.addSolution(use)
		}
		return
	}
	for _, s := range ways[:min(len(ways), maxTrials)] {
		if use := o.try(ctx, s); use != nil {
			o.addSolution(use)
		}
	}
}

// maxTrials bounds how many settings are tried out, maxTrialRounds how often each leads to further ones; a round
// costs as much as the request.
const (
	maxTrials      = 3
	maxTrialRounds = 4
)

// try solves the request again with the settings, and with those that resolve the conflicts to which they lead. nil if
// that gives no solution; otherwise all USE changes that are needed.
func (o *Outcome) try(ctx context.Context, s collide.Settings) map[string]map[string]bool {
	p := *o.stages.problem
	p.trial, p.Overrides = true, maps.Clone(p.Overrides)
	options := &p.Request.Options
	options.Autounmask, options.AutounmaskUse = universe.Unset, universe.Unset // it is advice, whatever may be proposed
	use := map[string]map[string]bool{}
	for range maxTrialRounds {
		if !override(&p, use, s) {
			return nil
		}
		r, err := Solve(ctx, &p)
		if err != nil || len(r.Changes.License)+len(r.Changes.Keywords)+len(r.Changes.Unmask) > 0 {
			return nil
		}
		if r.Complete {
			for cpv, flags := range r.Changes.Use {
				addFlags(use, cpv, flags)
			}
			return use
		}
		ways := collide.Solve(conflictsOf(r.stages.found))
		if len(ways) == 0 {
			return nil
		}
		s = ways[0]
	}
	return nil
}

// override makes settings part of a problem, and notes them in use; false if they contradict what is part of it already.
func override(p *Problem, use map[string]map[string]bool, s collide.Settings) bool {
	if p.Overrides == nil {
		p.Overrides = map[*metadata.Package]map[string]bool{}
	}
	for c, flags := range s {
		all := maps.Clone(p.Overrides[c.Pkg])
		if all == nil {
			all = map[string]bool{}
		}
		for f, on := range flags {
			if was, ok := all[f]; ok && was != on {
				return false
			}
			all[f] = on
		}
		p.Overrides[c.Pkg] = all
		addFlags(use, c.Pkg.CPV.String(), flags)
	}
	return true
}

func addFlags(use map[string]map[string]bool, cpv string, flags map[string]bool) {
	if use[cpv] == nil {
		use[cpv] = map[string]bool{}
	}
	maps.Copy(use[cpv], flags)
}

func (o *Outcome) addSolution(use map[string]map[string]bool) {
	for i := range o.SlotConflicts {
		o.SlotConflicts[i].Solutions = append(o.SlotConflicts[i].Solutions, use)
	}
}

func conflictsOf(r *search.Result) []collide.Conflict {
	var list []collide.Conflict
	for _, c := range r.Conflicts {
		list = append(list, collide.Conflict{Slot: c.Slot, Nodes: c.Nodes})
	}
	return list
}

// slotConflict is a conflict as data. Of the parents of a package those that do not accept another
// one of the conflict come first: they are what it is about.
func slotConflict(u *universe.Universe, c search.SlotConflict) answer.SlotConflict {
	out := answer.SlotConflict{Slot: c.Slot.String(), Root: u.Roots[c.Slot.Root].Path}
	for _, n := range c.Nodes {
		p := answer.ConflictPackage{CPV: n.Cand.Pkg.CPV.String(), Repo: n.Cand.Pkg.Repo, Installed: n.Cand.Installed()}
		var content []answer.Why
		for _, w := range n.Why {
			if w.Atom == nil || !slices.ContainsFunc(c.Nodes, func(o *universe.Node) bool { return !o.Cand.Matches(w.Atom) }) {
				content = append(content, why(w))
			} else {
				p.Parents = append(p.Parents, why(w))
			}
		}
		p.Parents = append(p.Parents, content...)
		out.Packages = append(out.Packages, p)
	}
	return out
}

// inCore reports whether one of the rules that contradict each other is about the slot.
func inCore(list []answer.Conflict, s *answer.SlotConflict) bool {
	about := func(r answer.Rule) bool {
		return r.Kind == "slot" && slices.ContainsFunc(s.Packages, func(p answer.ConflictPackage) bool {
			return slices.Contains(r.Others, p.CPV)
		})
	}
	return slices.ContainsFunc(list, func(c answer.Conflict) bool { return slices.ContainsFunc(c.Rules, about) })
}

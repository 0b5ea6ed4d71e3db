package solver

import (
	"slices"

	"github.com/portsolve/portsolve/solver/answer"
	"github.com/portsolve/portsolve/solver/collide"
	"github.com/portsolve/portsolve/solver/internal/search"
	"github.com/portsolve/portsolve/solver/universe"
)

// slotConflicts reports the slots with several packages and the USE settings that resolve them all. What the minimal
// conflict is not about follows from it, or from what the incomplete selection lacks, and is left out; not so for
// --compat=emerge, which shows whatever collides.
func (o *Outcome) slotConflicts(u *universe.Universe, found []search.SlotConflict) {
	var list []collide.Conflict
	for _, c := range found {
		if s := slotConflict(u, c); u.Req.Options.Compat || o.Conflict == nil || inCore(o.Conflict, &s) {
			o.SlotConflicts = append(o.SlotConflicts, s)
			list = append(list, collide.Conflict{Slot: c.Slot, Nodes: c.Nodes})
		}
	}
	for _, s := range collide.Solve(list) {
		text := map[string]map[string]bool{}
		for c, flags := range s {
			text[c.Pkg.CPV.String()] = flags
		}
		for i := range o.SlotConflicts {
			o.SlotConflicts[i].Solutions = append(o.SlotConflicts[i].Solutions, text)
		}
	}
}

// inCore reports whether one of the rules that contradict each other is about the slot.
func inCore(core *answer.Conflict, s *answer.SlotConflict) bool {
	return slices.ContainsFunc(core.Rules, func(r answer.Rule) bool {
		return r.Kind == "slot" && slices.ContainsFunc(s.Packages, func(p answer.ConflictPackage) bool {
			return slices.Contains(r.Others, p.CPV)
		})
	})
}

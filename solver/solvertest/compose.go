package solvertest

import (
	"github.com/portsolve/portsolve/atom/metadata"
	"github.com/portsolve/portsolve/solver/answer"
	"github.com/portsolve/portsolve/solver/plan"
	"github.com/portsolve/portsolve/solver/universe"
)

// Entries turns the steps of a plan into entries of an answer: the parts that
// scenarios and the checker look at.
func Entries(roots []universe.Root, p *plan.Plan) []answer.Entry {
	var out []answer.Entry
	for i := range p.Steps {
		s := &p.Steps[i]
		switch s.Kind {
		case plan.Merge:
			c := s.Node.Cand
			e := entry(answer.Merge, roots[c.Root].Path, c.Pkg, c.Use)
			for _, old := range p.Replaces(s.Node) {
				e.Replaces = append(e.Replaces, old.Pkg.CPV.String())
			}
			out = append(out, e)
		case plan.Uninstall:
			out = append(out, entry(answer.Uninstall, roots[s.Removed.Root].Path, s.Removed.Pkg, s.Removed.Pkg.Use))
		case plan.Blocker:
			out = append(out, answer.Entry{Action: answer.BlockerEntry, Atom: s.Atom.String(), SolvedBlocker: s.Solved})
		}
	}
	return out
}

func entry(action answer.Action, root string, p *metadata.Package, use metadata.UseSet) answer.Entry {
	e := answer.Entry{
		Action: action, Type: p.Origin.String(), CPV: p.CPV.String(), Slot: p.Slot, SubSlot: p.SubSlot,
		Repo: p.Repo, Root: root, Use: map[string]bool{}, Package: p,
	}
	for _, f := range p.IUSE {
		e.Use[f.Name] = use.Has(f.Name)
	}
	return e
}

package portsolve

import (
	"github.com/portsolve/portsolve/atom/metadata"
	"github.com/portsolve/portsolve/solver/answer"
	"github.com/portsolve/portsolve/solver/universe"
)

// needsInstalled applies --buildpkgonly: nothing of the plan is installed, so
// build dependencies that only the plan would satisfy are not satisfied at all
// (emerge(1)). The plan stays in the answer: it is what would have to be merged
// first.
func (c *composer) needsInstalled(r *Result) {
	if !c.options.BuildPkgOnly || !r.Complete {
		return
	}
	for _, n := range c.outcome.Selection.Nodes {
		if !n.Merge || n.Cand.Pkg.Origin != metadata.Ebuild {
			continue
		}
		for i := range n.Out {
			e := n.Out[i]
			if !universe.BuildTime(e.Kind) || !e.Child.Merge || e.Priority.Satisfied {
				continue
			}
			child := e.Child.Cand.Pkg
			r.Unsatisfied = append(r.Unsatisfied, answer.Unsatisfied{
				Atom: e.Atom.String(), Root: c.rootOf(e.Child.Cand.Root).path, Parent: n.Cand.Pkg.CPV.String(), Kind: e.Kind.String(),
				Candidates: []answer.Rejected{{CPV: child.CPV.String(), Repo: child.Repo, Reasons: []string{
					"it is not installed, and with --buildpkgonly nothing of the plan will be",
				}}},
			})
		}
	}
	r.Complete = len(r.Unsatisfied) == 0
}

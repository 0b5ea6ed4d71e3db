package solvertest

import (
	"slices"

	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/atom/metadata"
	"github.com/portsolve/portsolve/solver/answer"
	"github.com/portsolve/portsolve/solver/scenario"
	"github.com/portsolve/portsolve/solver/universe"
)

// Unasked lists the packages that a plan merges although no argument, no member of @world and no dependency names them:
// one of what is merged or stays or, with --onlydeps, of what could answer an argument.
func Unasked(sc *scenario.Scenario, plan []answer.Entry) []string {
	var named []namedAtom
	for _, args := range [][]universe.Arg{sc.Request.Args, sc.Request.World} {
		for _, arg := range args {
			for _, m := range arg.Atoms {
				named = append(named, namedAtom{nil, m.Atom})
			}
		}
	}
	for id := range sc.Roots {
		root := &sc.Roots[id]
		for _, p := range root.Installed {
			named = append(named, dependencies(p, p.Use.Has)...)
		}
		for _, p := range visible(root) {
			if sc.Request.Options.OnlyDeps || slices.ContainsFunc(plan, func(e answer.Entry) bool { return e.Package == p && e.Root == root.Path }) {
				named = append(named, dependencies(p, root.Policy.Use(p).Has)...)
			}
		}
	}
	var out []string
	for _, e := range plan {
		at := slices.IndexFunc(sc.Roots, func(r universe.Root) bool { return r.Path == e.Root })
		if e.Action == answer.Merge && !slices.ContainsFunc(named, func(n namedAtom) bool {
			return n.by != e.Package && n.Blocker == atom.NotBlocker && matches(&sc.Roots[at], n.Atom, e.Package)
		}) {
			out = append(out, e.CPV)
		}
	}
	return out
}

// namedAtom is an atom with the package that has it, nil for arguments.
type namedAtom struct {
	by *metadata.Package
	*atom.Atom
}

func dependencies(p *metadata.Package, use func(string) bool) []namedAtom {
	var out []namedAtom
	for k := range metadata.NumDepKinds {
		if n, err := p.Deps(k); err == nil {
			n.Evaluate(use).Atoms(func(a *atom.Atom) { out = append(out, namedAtom{p, a}) })
		}
	}
	return out
}

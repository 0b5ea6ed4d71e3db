package removal

import (
	"cmp"
	"slices"

	"github.com/portsolve/portsolve/solver/answer"
	"github.com/portsolve/portsolve/solver/universe"
)

// answer describes the outcome as data.
func (p *planner) answer() *answer.Removal {
	r := &answer.Removal{
		Action: p.opts.Action, Root: p.w.repos[p.root].Path, CleanList: []string{}, Ordered: p.ordered,
		Broken: p.w.broken, Blocked: p.blocked, Breaks: p.breaks,
		Packages: []answer.RemovalPackage{}, KeptBy: []answer.KeptBy{},
		Installed: len(p.installed), Kept: len(p.installed) - len(p.remove),
	}
	if r.Breaks == nil {
		r.Breaks = map[string][]string{}
	}
	for _, atoms := range r.Broken {
		slices.Sort(atoms)
	}
	for key, atoms := range r.Broken {
		r.Broken[key] = slices.Compact(atoms)
	}
	for _, c := range p.remove {
		r.CleanList = append(r.CleanList, c.Pkg.CPV.String())
		r.Remove = append(r.Remove, c.Pkg)
	}
	for i := range p.args {
		if !p.args[i].found {
			r.NotFound = append(r.NotFound, p.args[i].Text)
		}
	}
	p.packages(r)
	p.keptBy(r)
	return r
}

// packages describes every name on the list, and what was protected, in the
// order of removal.
func (p *planner) packages(r *answer.Removal) {
	system := p.systemAtoms()
	at := map[string]int{}
	goes := map[*universe.Candidate]bool{}
	for _, c := range p.remove {
		goes[c] = true
	}
	for _, c := range append(slices.Clone(p.remove), p.protected...) {
		name := c.CP().String()
		if _, seen := at[name]; seen {
			continue
		}
		at[name] = len(r.Packages)
		e := answer.RemovalPackage{Name: name, Selected: []string{}, Protected: []string{}, Omitted: []string{}, System: system(c)}
		group := p.w.u.InstalledGroup(p.root, c.CP())
		for i := len(group) - 1; i >= 0; i-- {
			m, version := group[i], group[i].Pkg.CPV.Version.String()
			switch {
			case goes[m]:
				e.Selected = append(e.Selected, version)
			case slices.Contains(p.protected, m):
				e.Protected = append(e.Protected, version)
			default:
				e.Omitted = append(e.Omitted, version)
			}
		}
		r.Packages = append(r.Packages, e)
	}
}

// systemAtoms tells whether @system names a package.
func (p *planner) systemAtoms() func(*universe.Candidate) bool {
	var sets []arg
	for i := range p.req.World {
		if set := &p.req.World[i]; set.Text == "@system" {
			sets = append(sets, p.findArg(set))
		}
	}
	return func(c *universe.Candidate) bool {
		return slices.ContainsFunc(sets, func(a arg) bool { return matchesAny(c, a.atoms) })
	}
}

// keptBy lists who needs what stays: the packages that arguments name or, with
// --verbose, all of them.
func (p *planner) keptBy(r *answer.Removal) {
	if len(p.args) == 0 && !p.opts.Verbose {
		return
	}
	for _, c := range p.installed {
		why := p.w.why[c]
		if len(why) == 0 || !p.w.kept(c) || len(p.args) > 0 && !p.named(c) {
			continue
		}
		slices.SortFunc(why, func(a, b answer.Why) int {
			return cmp.Or(cmp.Compare(a.Arg, b.Arg), cmp.Compare(a.Parent, b.Parent), cmp.Compare(a.Atom, b.Atom), cmp.Compare(a.Kind, b.Kind))
		})
		r.KeptBy = append(r.KeptBy, answer.KeptBy{CPV: c.Pkg.CPV.String(), By: slices.Compact(why)})
	}
}

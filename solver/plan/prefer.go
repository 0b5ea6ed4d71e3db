package plan

import (
	"slices"

	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/atom/metadata"
	"github.com/portsolve/portsolve/solver/universe"
)

// prefer fills g.preference (order 2).
func (g *graph) prefer(system []bool) {
	g.preference = g.preference[:0]
	for i := range g.vertices {
		if !g.vertices[i].gone {
			g.preference = append(g.preference, vertexID(i))
		}
	}
	class := func(id vertexID) int {
		switch {
		case g.vertices[id].removal != nil:
			return 2
		case system[id]:
			return 0
		}
		return 1
	}
	slices.SortStableFunc(g.preference, func(a, b vertexID) int {
		ca, cb := class(a), class(b)
		if ca != cb || ca == 2 {
			return ca - cb
		}
		return int(g.vertices[b].parents - g.vertices[a].parents)
	})
}

// systemVertices marks the packages that the atoms match and what these need at
// run time, through any number of steps.
func (g *graph) systemVertices(atoms []*atom.Atom) []bool {
	marked := make([]bool, len(g.vertices))
	if len(atoms) == 0 {
		return marked
	}
	byName := make(map[atom.CP][]*atom.Atom, len(atoms))
	for _, a := range atoms {
		byName[a.CP] = append(byName[a.CP], a)
	}
	var work []vertexID
	mark := func(id vertexID) {
		if !marked[id] && g.vertices[id].node != nil {
			marked[id] = true
			work = append(work, id)
		}
	}
	for i := range g.vertices {
		v := &g.vertices[i]
		if !v.gone && v.node != nil && anyMatch(byName[v.node.Cand.CP()], v.node.Cand) {
			mark(vertexID(i))
		}
	}
	for len(work) > 0 {
		id := work[len(work)-1]
		work = work[:len(work)-1]
		g.children(id, plain, 0, func(to vertexID, a *arc) bool {
			if a.runtime {
				mark(to)
			}
			return true
		})
	}
	return marked
}

// anyMatch reports whether an atom matches the name, version and slot of c.
func anyMatch(atoms []*atom.Atom, c *universe.Candidate) bool {
	return slices.ContainsFunc(atoms, func(a *atom.Atom) bool {
		return a.Blocker == atom.NotBlocker && a.MatchVersion(c.Pkg.CPV) && a.MatchSlot(c.Pkg.Slot, c.Pkg.SubSlot)
	})
}

// The packages on which everything depends without saying so.
var (
	managerName   = atom.CP{Category: "sys-apps", Package: "portage"}
	libcName      = atom.CP{Category: "virtual", Package: "libc"}
	osHeadersName = atom.CP{Category: "virtual", Package: "os-headers"}
)

// firstUrgent lists what is urgent from the start (order 3.1): the package
// manager, and, with implicit dependencies, os-headers and then libc, each only if the
// running root gets another version than it has.
func (o *orderer) firstUrgent() []vertexID {
	var list []vertexID
	add := func(match func(*universe.Candidate) bool) bool {
		found := false
		for i := range o.g.vertices {
			v := &o.g.vertices[i]
			if v.gone || v.node == nil || !v.node.Merge || v.node.Cand.Root != universe.Host || !match(v.node.Cand) {
				continue
			}
			if !sameVersionInstalled(v.node) && !slices.Contains(list, vertexID(i)) {
				list = append(list, vertexID(i))
				found = true
			}
		}
		return found
	}
	add(func(c *universe.Candidate) bool { return c.CP() == managerName })
	if !o.opts.ImplicitSystemDeps {
		return list
	}
	libc := o.providers(libcName)
	if !slices.ContainsFunc(o.sel.Nodes, func(n *universe.Node) bool {
		return n.Merge && n.Cand.Root == universe.Host && anyMatch(libc, n.Cand) && !sameVersionInstalled(n)
	}) {
		return list
	}
	headers := o.providers(osHeadersName)
	add(func(c *universe.Candidate) bool { return anyMatch(headers, c) })
	add(func(c *universe.Candidate) bool { return anyMatch(libc, c) })
	return list
}

// sameVersionInstalled reports whether n replaces an installed package of its own version.
func sameVersionInstalled(n *universe.Node) bool {
	return slices.ContainsFunc(n.Replaces, func(c *universe.Candidate) bool {
		return c.Pkg.CPV == n.Cand.Pkg.CPV
	})
}

// providers lists the atoms that the installed virtual of the running root depends on
// at run time: the packages that are behind it.
func (o *orderer) providers(virtual atom.CP) []*atom.Atom {
	var atoms []*atom.Atom
	if len(o.sel.Roots) == 0 {
		return nil
	}
	for _, p := range o.sel.Roots[universe.Host].Installed {
		if p.CPV.CP != virtual {
			continue
		}
		deps, err := p.Deps(metadata.RDEPEND)
		if err != nil {
			continue // a broken entry was reported by its reader
		}
		deps.Evaluate(p.Use.Has).Atoms(func(a *atom.Atom) {
			if a.Blocker == atom.NotBlocker {
				atoms = append(atoms, a)
			}
		})
	}
	return atoms
}

package query

import (
	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/atom/depend"
	"github.com/portsolve/portsolve/atom/metadata"
	"github.com/portsolve/portsolve/solver/universe"
)

// Graph is packages and the dependencies between them: a selection, or what is
// installed.
type Graph struct {
	Packages []*Package // in the order of the selection, or of names
}

// Package is a vertex of a Graph.
type Package struct {
	Index    int
	Cand     *universe.Candidate
	Node     *universe.Node // of a selection, else nil
	Args     []Arg
	Out, In  []*Edge // Out in the order of the ebuild
	fromArgs bool    // see reach
}

// Arg is an argument, or the member of a set, that asks for a package.
type Arg struct {
	Text   string   // "@world", "dev-libs/icu"
	Sets   []string // sets it came through, outermost first
	Atom   *atom.Atom
	Source metadata.Source
}

// Edge is one dependency.
type Edge struct {
	From, To *Package
	Kind     metadata.DepKind
	Atom     *atom.Atom
}

func (e *Edge) link() {
	e.From.Out = append(e.From.Out, e)
	e.To.In = append(e.To.In, e)
}

// OfSelection is the graph of a selection. args are the arguments of the request.
func OfSelection(s *universe.Selection, args []universe.Arg) *Graph {
	g := &Graph{}
	at := make(map[*universe.Node]*Package, len(s.Nodes))
	for i, n := range s.Nodes {
		p := &Package{Index: i, Cand: n.Cand, Node: n}
		at[n] = p
		g.Packages = append(g.Packages, p)
	}
	for _, n := range s.Nodes {
		for _, e := range n.Out {
			if to := at[e.Child]; to != nil {
				(&Edge{at[n], to, e.Kind, e.Atom}).link()
			}
		}
	}
	g.addArgs(args)
	return g
}

// OfInstalled is the graph of all installed packages. Of an any-of group it has
// every branch that is installed. u needs no repositories; args are what is
// meant to stay.
func OfInstalled(u *universe.Universe, args []universe.Arg) *Graph {
	g := &Graph{}
	at := map[*universe.Candidate]*Package{}
	for id := range u.Roots {
		for _, c := range u.AllInstalled(universe.RootID(id)) {
			p := &Package{Index: len(g.Packages), Cand: c}
			at[c] = p
			g.Packages = append(g.Packages, p)
		}
	}
	for _, p := range g.Packages {
		for _, d := range u.Deps(p.Cand) {
			w := installedWalk{u: u, at: at, from: p, dep: d}
			w.expr(d.Expr)
		}
	}
	g.addArgs(args)
	return g
}

// installedWalk links one dependency variable with what satisfies it.
type installedWalk struct {
	u    *universe.Universe
	at   map[*universe.Candidate]*Package
	from *Package
	dep  universe.Dep
}

func (w *installedWalk) expr(n *depend.Node) {
	switch {
	case n.Kind == depend.AtomLeaf:
		if n.Atom.Blocker == atom.NotBlocker {
			w.matches(n.Atom, func(to *Package) { (&Edge{w.from, to, w.dep.Kind, n.Atom}).link() })
		}
	case n.Kind == depend.AnyOf:
		for _, branch := range n.Children {
			if universe.Satisfied(branch, w.holds) {
				w.expr(branch)
			}
		}
	default:
		for _, c := range n.Children {
			w.expr(c)
		}
	}
}

func (w *installedWalk) holds(a *atom.Atom) bool {
	found := false
	w.matches(a, func(*Package) { found = true })
	return found
}

func (w *installedWalk) matches(a *atom.Atom, f func(*Package)) {
	for _, c := range w.u.InstalledGroup(w.dep.Root, a.CP) {
		if c.Matches(a) {
			f(w.at[c])
		}
	}
}

// addArgs notes which packages arguments ask for. The USE part of an argument
// does not matter here: the package is there because of it all the same.
func (g *Graph) addArgs(args []universe.Arg) {
	type key struct {
		root universe.RootID
		cp   atom.CP
	}
	byName := map[key][]*Package{}
	for _, p := range g.Packages {
		k := key{p.Cand.Root, p.Cand.CP()}
		byName[k] = append(byName[k], p)
	}
	seen := map[*Package]map[string]bool{}
	for _, a := range args {
		for i := range a.Atoms {
			m := &a.Atoms[i]
			for _, p := range byName[key{a.Root, m.Atom.CP}] {
				if !p.Cand.MatchesButUse(m.Atom) || seen[p][m.Atom.String()] {
					continue
				}
				if seen[p] == nil {
					seen[p] = map[string]bool{}
				}
				seen[p][m.Atom.String()] = true
				p.Args = append(p.Args, Arg{Text: a.Text, Sets: m.Sets, Atom: m.Atom, Source: m.Source})
			}
		}
	}
}

// Match lists the packages of the graph that an atom matches in a root, without
// its USE part.
func (g *Graph) Match(root universe.RootID, a *atom.Atom) []*Package {
	var out []*Package
	for _, p := range g.Packages {
		if p.Cand.Root == root && p.Cand.CP() == a.CP && p.Cand.MatchesButUse(a) {
			out = append(out, p)
		}
	}
	return out
}

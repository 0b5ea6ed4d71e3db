package removal

import (
	"iter"
	"maps"
	"slices"

	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/atom/depend"
	"github.com/portsolve/portsolve/atom/metadata"
	"github.com/portsolve/portsolve/solver/internal/scc"
	"github.com/portsolve/portsolve/solver/universe"
)

// strength of an edge between packages that go: how much it matters that the
// dependent goes first. The weakest give way in a cycle.
type strength uint8

const (
	none       strength = iota
	buildEdge           // nobody builds the package any more
	postEdge            // PDEPEND
	runEdge             // RDEPEND, IDEPEND (pkg_prerm and pkg_postrm use it)
	slotOpEdge          // those through a := dependency: linked to it
	strengths
)

func strengthOf(k metadata.DepKind, a *atom.Atom) strength {
	switch {
	case universe.BuildTime(k):
		return buildEdge
	case a.SlotOp == atom.SlotOpEqual:
		return slotOpEdge
	case k == metadata.PDEPEND:
		return postEdge
	}
	return runEdge
}

// graph of packages that go, by position.
type graph struct {
	packages []*universe.Candidate
	edges    []map[int]strength // what each depends on
	users    []map[int]strength // and what depends on it
}

// order puts dependents before what they depend on. All packages that nothing
// left depends on go together, by name, descending. Where a cycle leaves none, one goes
// that only packages of its own cycle depend on: the one whose strongest user is
// weakest. ordered is false if there is no edge at all; the list is then ascending.
func order(w *walker, list []*universe.Candidate) (sorted []*universe.Candidate, ordered bool) {
	g := newGraph(w, list)
	if !slices.ContainsFunc(g.edges, func(m map[int]strength) bool { return len(m) > 0 }) {
		return list, false
	}
	left := make([]int, len(list))
	for i := range left {
		left[i] = len(list) - 1 - i
	}
	for len(left) > 0 {
		free := g.free(left)
		for _, i := range free {
			sorted = append(sorted, list[i])
			for child := range g.edges[i] {
				delete(g.users[child], i)
			}
		}
		left = slices.DeleteFunc(left, func(i int) bool { return slices.Contains(free, i) })
	}
	return sorted, true
}

// free lists the packages that can go now, of those left.
func (g *graph) free(left []int) []int {
	var out []int
	for _, i := range left {
		if len(g.users[i]) == 0 {
			out = append(out, i)
		}
	}
	if len(out) > 0 {
		return out
	}
	best, weakest := -1, strengths
	for _, i := range g.outermost(left) {
		if s := g.strongest(i); s < weakest {
			best, weakest = i, s
		}
	}
	return []int{best}
}

// strongest edge from a user that is still there.
func (g *graph) strongest(i int) strength {
	s := none
	for _, e := range g.users[i] {
		s = max(s, e)
	}
	return s
}

// outermost lists the packages of left whose users are all in the same cycle
// as they are. There are some: following users, one comes to a last cycle.
func (g *graph) outermost(left []int) []int {
	cycle := scc.Components(len(g.packages), func(i int) iter.Seq[int] { return maps.Keys(g.users[i]) })
	inner := make([]bool, len(g.packages)+1) // by cycle
	for _, i := range left {
		for user := range g.users[i] {
			inner[cycle[i]] = inner[cycle[i]] || cycle[user] != cycle[i]
		}
	}
	return slices.DeleteFunc(slices.Clone(left), func(i int) bool { return inner[cycle[i]] })
}

func newGraph(w *walker, list []*universe.Candidate) *graph {
	g := &graph{packages: list, edges: make([]map[int]strength, len(list)), users: make([]map[int]strength, len(list))}
	at := make(map[*universe.Candidate]int, len(list))
	for i, c := range list {
		at[c] = i
		g.edges[i], g.users[i] = map[int]strength{}, map[int]strength{}
	}
	for i, c := range list {
		for _, d := range w.u.Deps(c) {
			if universe.BuildTime(d.Kind) && !w.withBuild {
				continue
			}
			w.providers(d, d.Expr, at, func(a *atom.Atom, m *universe.Candidate) {
				j, goes := at[m]
				if !goes || j == i {
					return
				}
				s := max(g.edges[i][j], strengthOf(d.Kind, a))
				g.edges[i][j], g.users[j][i] = s, s
			})
		}
	}
	return g
}

// providers visits what satisfies a dependency of a package that goes. An any-of
// group that something satisfies which stays needs none of those that go.
func (w *walker) providers(d universe.Dep, n *depend.Node, gone map[*universe.Candidate]int, f func(*atom.Atom, *universe.Candidate)) {
	switch n.Kind {
	case depend.AtomLeaf:
		if n.Atom.Blocker != atom.NotBlocker {
			return
		}
		for _, m := range w.u.InstalledGroup(d.Root, n.Atom.CP) {
			if m.Matches(n.Atom) {
				f(n.Atom, m)
			}
		}
	case depend.AnyOf:
		stays := universe.Satisfied(n, func(a *atom.Atom) bool {
			for _, m := range w.u.InstalledGroup(d.Root, a.CP) {
				if _, goes := gone[m]; !goes && m.Matches(a) {
					return true
				}
			}
			return w.u.Provided(d.Root, a)
		})
		if stays {
			return
		}
		fallthrough
	default:
		for _, ch := range n.Children {
			w.providers(d, ch, gone, f)
		}
	}
}

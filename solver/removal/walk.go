package removal

import (
	"context"
	"slices"

	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/atom/depend"
	"github.com/portsolve/portsolve/solver/answer"
	"github.com/portsolve/portsolve/solver/universe"
)

// walker finds the closure of what has to stay.
//
// Discovery order is that of docs/objective.md: what was found last is expanded
// first, and any-of groups and virtuals wait until nothing else is left, so that
// they see what stays anyway.
type walker struct {
	u         *universe.Universe
	ctx       context.Context
	repos     []universe.Root // with the repositories, which u does not have
	withBuild bool
	sonames   *sonames // nil: not followed
	libCheck  bool     // --depclean-lib-check

	in     []bool // by Candidate.ID: it stays
	stack  []*universe.Candidate
	later  []pending
	why    map[*universe.Candidate][]answer.Why
	broken map[string][]string
	// missing are the names of the atoms that run-time dependencies lack.
	missing map[atom.CP]bool
	scores  map[*universe.Candidate]int
	failed  error
}

// pending is a group or virtual that waits.
type pending struct {
	parent *universe.Candidate
	dep    universe.Dep
	expr   *depend.Node
}

func newWalker(ctx context.Context, roots []universe.Root, req *universe.Request) *walker {
	bare := slices.Clone(roots) // without repositories nothing but what is installed is loaded
	for i := range bare {
		bare[i].Repos = nil
	}
	w := &walker{
		u: universe.New(ctx, bare, req), ctx: ctx, repos: roots,
		// emerge(1), --with-bdeps: "auto" means y for removal, with or without --usepkg.
		withBuild: req.Options.WithBdeps != "n",
		why:       map[*universe.Candidate][]answer.Why{},
		broken:    map[string][]string{},
		missing:   map[atom.CP]bool{},
		scores:    map[*universe.Candidate]int{},
	}
	if !req.Options.IgnoreSonameDeps.Or(true) {
		w.sonames = newSonames(w.u, roots)
	}
	w.libCheck = req.Options.DepcleanLibCheck.Or(!req.Options.Compat) // emerge looks at NEEDED.ELF.2 for this, not at REQUIRES
	return w
}

func (w *walker) err() error {
	if w.failed != nil {
		return w.failed
	}
	return w.u.Err()
}

func (w *walker) kept(c *universe.Candidate) bool { return c.ID < len(w.in) && w.in[c.ID] }

// keep adds a package to what stays.
func (w *walker) keep(c *universe.Candidate) {
	for c.ID >= len(w.in) {
		w.in = append(w.in, make([]bool, len(w.in)+256)...)
	}
	if !w.in[c.ID] {
		w.in[c.ID] = true
		w.stack = append(w.stack, c)
	}
}

// seed makes a package stay: c, or the one that satisfies a, which the set
// named set lists.
func (w *walker) seed(set string, a *atom.Atom, c *universe.Candidate) {
	if c != nil {
		w.keep(c)
		return
	}
	root := universe.RootID(len(w.repos) - 1)
	if w.u.Provided(root, a) {
		return
	}
	if c = w.pick(root, a); c == nil {
		w.broken[set] = append(w.broken[set], a.String())
		return
	}
	w.why[c] = append(w.why[c], answer.Why{Arg: set, Atom: a.String()})
	w.keep(c)
}

// run expands everything that stays.
func (w *walker) run() {
	for w.ctx.Err() == nil {
		switch {
		case len(w.stack) > 0:
			c := w.stack[len(w.stack)-1]
			w.stack = w.stack[:len(w.stack)-1]
			w.expand(c)
		case len(w.later) > 0:
			p := w.later[len(w.later)-1]
			w.later = w.later[:len(w.later)-1]
			w.need(p.parent, p.dep, p.expr)
		default:
			return
		}
	}
}

func (w *walker) expand(c *universe.Candidate) {
	for _, d := range w.u.Deps(c) {
		if w.withBuild || !universe.BuildTime(d.Kind) {
			w.sort(c, d, d.Expr)
		}
	}
	if w.sonames != nil {
		w.sonames.needs(c, w.keep)
	}
}

// sort follows what leaves no choice and puts the rest off.
func (w *walker) sort(c *universe.Candidate, d universe.Dep, n *depend.Node) {
	switch {
	case n.Kind == depend.AnyOf, n.Kind == depend.AtomLeaf && isVirtual(n.Atom.CP):
		w.later = append(w.later, pending{c, d, n})
	case n.Kind == depend.AtomLeaf:
		w.need(c, d, n)
	default:
		for _, ch := range n.Children {
			w.sort(c, d, ch)
		}
	}
}

func isVirtual(cp atom.CP) bool { return cp.Category == "virtual" }

// need keeps what satisfies n for c.
func (w *walker) need(c *universe.Candidate, d universe.Dep, n *depend.Node) {
	switch n.Kind {
	case depend.AtomLeaf:
		w.needAtom(c, d, n.Atom)
	case depend.AnyOf:
		if ch := w.choose(d.Root, n); ch != nil {
			w.need(c, d, ch)
		}
	default:
		for _, ch := range n.Children {
			w.need(c, d, ch)
		}
	}
}

func (w *walker) needAtom(c *universe.Candidate, d universe.Dep, a *atom.Atom) {
	if a.Blocker != atom.NotBlocker || w.u.Provided(d.Root, a) {
		return
	}
	m := w.pick(d.Root, a)
	if m == nil {
		// What was built once does not need its build dependencies.
		if !universe.BuildTime(d.Kind) {
			cpv := c.Pkg.CPV.String()
			w.broken[cpv] = append(w.broken[cpv], a.String())
			w.missing[a.CP] = true
		}
		return
	}
	if m != c {
		w.why[m] = append(w.why[m], answer.Why{Parent: c.Pkg.CPV.String(), Atom: a.String(), Kind: d.Kind.String()})
	}
	w.keep(m)
}

// breaks lists the run-time dependencies of packages that stay which hold now and will not
// hold without those that are gone.
func (w *walker) breaks(installed []*universe.Candidate, gone map[*universe.Candidate]bool) map[string][]string {
	out := map[string][]string{}
	if len(gone) == 0 {
		return out
	}
	for _, c := range installed {
		if gone[c] {
			continue
		}
		for _, d := range w.u.Deps(c) {
			if universe.BuildTime(d.Kind) {
				continue
			}
			for _, part := range d.Expr.Children {
				if w.holds(d, part, nil) && !w.holds(d, part, gone) {
					cpv := c.Pkg.CPV.String()
					out[cpv] = append(out[cpv], part.String())
				}
			}
		}
	}
	return out
}

// holds evaluates a dependency as if some packages were not installed.
func (w *walker) holds(d universe.Dep, n *depend.Node, gone map[*universe.Candidate]bool) bool {
	return universe.Satisfied(n, func(a *atom.Atom) bool {
		if w.u.Provided(d.Root, a) {
			return true
		}
		for _, m := range w.u.InstalledGroup(d.Root, a.CP) {
			if !gone[m] && m.Matches(a) {
				return true
			}
		}
		return false
	})
}

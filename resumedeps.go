package portsolve

import (
	"slices"

	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/atom/depend"
	"github.com/portsolve/portsolve/atom/metadata"
	"github.com/portsolve/portsolve/merge/resume"
	"github.com/portsolve/portsolve/solver/universe"
)

// leftOver is a package of a list for --resume.
type leftOver struct {
	item resume.Item
	cpv  atom.CPV
	root *root
	pkg  *metadata.Package // what is installed for it; nil for an uninstall
}

// leftOvers are all of a list: what its packages need is there, or comes with it.
type leftOvers struct {
	sys  *System
	list []leftOver
}

// dropBroken takes out, again and again, packages whose dependencies are neither installed nor in the list, and
// returns them with what they need, those that were found first first.
func (l *leftOvers) dropBroken() (dropped []Refused) {
	for {
		n := len(dropped)
		l.list = slices.DeleteFunc(l.list, func(e leftOver) bool {
			needs := l.missing(&e)
			if needs != "" {
				dropped = append(dropped, Refused{CPV: e.item.CPV, Root: e.root.path, Reasons: []string{"it needs " + needs + ", which is neither installed nor in the list"}})
			}
			return needs != ""
		})
		if len(dropped) == n {
			return dropped
		}
	}
}

// missing is the first dependency that e would lack once the list is done, "" if there is none.
func (l *leftOvers) missing(e *leftOver) (needs string) {
	l.clauses(e, func(r *root, n *depend.Node) {
		if needs == "" && !universe.Satisfied(n, func(a *atom.Atom) bool { return l.installed(r, a) || len(l.providers(r, a)) > 0 }) {
			needs = n.String()
		}
	})
	return needs
}

// after are the indices of earlier packages of the list that e needs, because nothing that is installed will do.
func (l *leftOvers) after(at int) (before []int) {
	l.clauses(&l.list[at], func(r *root, n *depend.Node) {
		if universe.Satisfied(n, func(a *atom.Atom) bool { return l.installed(r, a) }) {
			return
		}
		n.Atoms(func(a *atom.Atom) {
			for _, i := range l.providers(r, a) {
				if i < at && a.Blocker == atom.NotBlocker {
					before = append(before, i)
				}
			}
		})
	})
	slices.Sort(before)
	return slices.Compact(before)
}

// clauses calls f for each dependency of a built package that must hold on its own, with the root that it is for (PMS 8.1).
func (l *leftOvers) clauses(e *leftOver, f func(*root, *depend.Node)) {
	if e.pkg == nil {
		return
	}
	for _, k := range [...]metadata.DepKind{metadata.IDEPEND, metadata.RDEPEND, metadata.PDEPEND} {
		n, err := e.pkg.Deps(k)
		if err != nil || n == nil {
			continue
		}
		where := e.root
		if k == metadata.IDEPEND {
			where = l.sys.roots[universe.Host]
		}
		for _, clause := range n.Evaluate(e.pkg.Use.Has).Children {
			f(where, clause)
		}
	}
}

// installed reports whether something that is installed, and stays, or is provided satisfies an atom.
func (l *leftOvers) installed(r *root, a *atom.Atom) bool {
	if slices.ContainsFunc(r.settings.Provided(), a.MatchVersion) {
		return true
	}
	return slices.ContainsFunc(r.recorded.Packages(a.CP), func(p *metadata.Package) bool {
		return l.satisfies(r, p, a) && !slices.ContainsFunc(l.list, func(e leftOver) bool {
			return e.root == r && e.cpv.CP == p.CPV.CP && (e.pkg == nil && e.cpv == p.CPV || e.pkg != nil && e.pkg.Slot == p.Slot)
		})
	})
}

// providers are the indices of packages of the list that satisfy an atom.
func (l *leftOvers) providers(r *root, a *atom.Atom) (out []int) {
	for i := range l.list {
		if e := &l.list[i]; e.pkg != nil && e.root == r && e.cpv.CP == a.CP && l.satisfies(r, e.pkg, a) {
			out = append(out, i)
		}
	}
	return out
}

func (l *leftOvers) satisfies(r *root, p *metadata.Package, a *atom.Atom) bool {
	if !matchesPackage(a, p) {
		return false
	}
	return !a.RestrictsUse() || a.MatchUse(func(flag string) bool { return r.settings.HasFlag(p, flag) }, p.Use.Has)
}

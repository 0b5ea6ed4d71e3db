package cycles

import (
	"maps"
	"slices"

	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/atom/metadata"
	"github.com/portsolve/portsolve/solver/universe"
)

// breaks lists the minimal settings that remove an edge of a loop (cycles 2). They are candidates: verify
// decides, except in compat mode.
func (f *finder) breaks(l *Loop) []Break {
	var out []Break
	for _, e := range l.Edges {
		if !e.Parent.Merge {
			continue
		}
		for _, flip := range f.flips(e) {
			changed := Setting{e.Parent, flip}
			for _, settings := range f.settle([]Setting{changed}, f.staying(changed)) {
				out = append(out, Break{Settings: settings, Edge: e})
			}
		}
	}
	slices.SortStableFunc(out, func(a, b Break) int { return a.size() - b.size() })
	return out
}

// flips are the settings of an edge's parent that remove it, or at least what makes it a build dependency: a
// cycle of run-time dependencies has an order. Where more than an any-of group is in the way, the group is left
// to the solver: it may have taken the child only because it was there anyway.
func (f *finder) flips(e *universe.Edge) []map[string]bool {
	p, kinds := e.Parent.Cand, f.kinds(e)
	if f.compat {
		return minimalFlips(p, nil, without(p.Pkg, e.Child.Cand, kinds, false))
	}
	run := func(k metadata.DepKind) bool { return !universe.BuildTime(k) }
	var out []map[string]bool
	for _, k := range [][]metadata.DepKind{slices.DeleteFunc(slices.Clone(kinds), run), kinds} {
		g := without(p.Pkg, e.Child.Cand, k, true)
		if _, ok := g(p.Flags().Has); ok {
			g = without(p.Pkg, e.Child.Cand, k, false)
		}
		for _, flip := range minimalFlips(p, nil, g) {
			if len(flip) > 0 && !slices.ContainsFunc(out, func(o map[string]bool) bool { return maps.Equal(o, flip) }) {
				out = append(out, flip)
			}
		}
	}
	return out
}

// size counts the flags of a break.
func (b *Break) size() int {
	n := 0
	for _, s := range b.Settings {
		n += len(s.Flags)
	}
	return n
}

// kinds are the variables through which the parent of an edge needs its child before it can be built or
// used. PDEPEND is not among them: it never keeps anything waiting. At run time a package may need itself.
func (f *finder) kinds(e *universe.Edge) []metadata.DepKind {
	var kinds []metadata.DepKind
	for _, o := range e.Parent.Out {
		counts := o.Kind != metadata.PDEPEND && (e.Parent != e.Child || universe.BuildTime(o.Kind))
		if o.Child == e.Child && counts && !slices.Contains(kinds, o.Kind) {
			kinds = append(kinds, o.Kind)
		}
	}
	slices.Sort(kinds)
	return kinds
}

// staying are the packages that something leads to under a setting: the demands of the others go with what
// the setting removes.
func (f *finder) staying(changed Setting) map[*universe.Node]bool {
	stays := map[*universe.Node]bool{}
	var queue []*universe.Node
	add := func(n *universe.Node) {
		if !stays[n] {
			stays[n] = true
			queue = append(queue, n)
		}
	}
	for _, n := range f.in.Selection.Nodes {
		wanted := !n.Merge || len(n.Args) > 0 || len(n.Why) == 0
		for _, w := range n.Why {
			wanted = wanted || w.Parent == nil
		}
		if wanted {
			add(n)
		}
	}
	deps := f.u.Deps(changed.Node.Cand.With(changed.Flags))
	for i := 0; i < len(queue); i++ {
		for _, e := range queue[i].Out {
			if e.Parent != changed.Node || names(deps, e.Child.Cand) {
				add(e.Child)
			}
		}
	}
	return stays
}

// names reports whether evaluated dependencies name a package, with whatever USE.
func names(deps []universe.Dep, c *universe.Candidate) bool {
	found := false
	for _, d := range deps {
		d.Expr.Atoms(func(a *atom.Atom) {
			found = found || a.Blocker == atom.NotBlocker && d.Root == c.Root && a.CP == c.CP() && c.MatchesButUse(a)
		})
	}
	return found
}

// settle completes settings by those of the packages that ask for the opposite and can be
// made to stop asking: [flag=] and the like follow the flags of whoever has the dependency. None if somebody
// insists. In compat mode what could follow is not followed, only assumed to.
func (f *finder) settle(settings []Setting, stays map[*universe.Node]bool) [][]Setting {
	last := settings[len(settings)-1]
	flags := switched(last)
	for _, w := range last.Node.Why {
		if w.Parent == nil && w.Atom != nil && !w.Atom.MatchUse(last.Node.Cand.HasFlag, flags) {
			return nil
		}
	}
	for _, e := range last.Node.In {
		user := e.Parent
		if user == last.Node || !stays[user] {
			continue
		}
		if !user.Merge {
			if e.Atom != nil && !e.Atom.MatchUse(last.Node.Cand.HasFlag, flags) {
				return nil
			}
			continue
		}
		use, changed := user.Cand.Flags().Has, false
		for _, s := range settings {
			if s.Node == user {
				use, changed = switched(s), true
			}
		}
		g := accepting(user.Cand.Pkg, last.Node.Cand, flags)
		blame, ok := g(use)
		switch {
		case ok:
			continue
		case f.compat && f.mayFollow(user.Cand, blame):
			continue
		case changed || f.compat || len(settings) == maxPackages:
			return nil
		}
		return f.follow(settings, user, g, stays)
	}
	return [][]Setting{settings}
}

// follow adds each setting of user that reaches g, and what that entails.
func (f *finder) follow(settings []Setting, user *universe.Node, g goal, stays map[*universe.Node]bool) [][]Setting {
	var out [][]Setting
	for _, flip := range minimalFlips(user.Cand, nil, g) {
		more := f.settle(append(slices.Clone(settings), Setting{user, flip}), stays)
		for _, m := range more {
			// What was in order for the earlier packages is looked at again: user may be asked for by them.
			if f.agreed(m, stays) {
				out = append(out, m)
			}
		}
	}
	return out
}

// agreed reports whether all users of the first packages accept them under all settings.
func (f *finder) agreed(settings []Setting, stays map[*universe.Node]bool) bool {
	state := map[*universe.Node]uses{}
	for _, s := range settings {
		state[s.Node] = switched(s)
	}
	for _, s := range settings {
		for _, e := range s.Node.In {
			if e.Parent == s.Node || !e.Parent.Merge || !stays[e.Parent] {
				continue
			}
			use := state[e.Parent]
			if use == nil {
				use = e.Parent.Cand.Flags().Has
			}
			if _, ok := accepting(e.Parent.Cand.Pkg, s.Node.Cand, state[s.Node])(use); !ok {
				return false
			}
		}
	}
	return true
}

// mayFollow reports whether one of the flags can be switched at all.
func (f *finder) mayFollow(c *universe.Candidate, flags []string) bool {
	return slices.ContainsFunc(flags, func(flag string) bool { return changeable(c, flag) })
}

// switched is the state of a package's flags under a setting.
func switched(s Setting) uses {
	base := s.Node.Cand.Flags()
	return func(flag string) bool {
		if on, ok := s.Flags[flag]; ok {
			return on
		}
		return base.Has(flag)
	}
}

package cycles

import (
	"slices"

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
		kinds := f.kinds(e)
		for _, flip := range minimalFlips(e.Parent.Cand, nil, without(e.Parent.Cand.Pkg, e.Child.Cand, kinds)) {
			for _, settings := range f.settle([]Setting{{e.Parent, flip}}) {
				out = append(out, Break{Settings: settings, Edge: e})
			}
		}
	}
	slices.SortStableFunc(out, func(a, b Break) int { return a.size() - b.size() })
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
// used. PDEPEND is not among them: it never keeps anything waiting.
func (f *finder) kinds(e *universe.Edge) []metadata.DepKind {
	var kinds []metadata.DepKind
	for _, o := range e.Parent.Out {
		if o.Child == e.Child && o.Kind != metadata.PDEPEND && !slices.Contains(kinds, o.Kind) {
			kinds = append(kinds, o.Kind)
		}
	}
	slices.Sort(kinds)
	return kinds
}

// settle completes settings by those of the packages that ask for the opposite and can be
// made to stop asking: [flag=] and the like follow the flags of whoever has the dependency. None if somebody
// insists. In compat mode what could follow is not followed, only assumed to.
func (f *finder) settle(settings []Setting) [][]Setting {
	last := settings[len(settings)-1]
	flags := switched(last)
	for _, w := range last.Node.Why {
		if w.Parent == nil && w.Atom != nil && !w.Atom.MatchUse(last.Node.Cand.HasFlag, flags) {
			return nil
		}
	}
	for _, e := range last.Node.In {
		user := e.Parent
		if user == last.Node {
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
		return f.follow(settings, user, g)
	}
	return [][]Setting{settings}
}

// follow adds each setting of user that reaches g, and what that entails.
func (f *finder) follow(settings []Setting, user *universe.Node, g goal) [][]Setting {
	var out [][]Setting
	for _, flip := range minimalFlips(user.Cand, nil, g) {
		more := f.settle(append(slices.Clone(settings), Setting{user, flip}))
		for _, m := range more {
			// What was in order for the earlier packages is looked at again: user may be asked for by them.
			if f.agreed(m) {
				out = append(out, m)
			}
		}
	}
	return out
}

// agreed reports whether all users of the first packages accept them under all settings.
func (f *finder) agreed(settings []Setting) bool {
	state := map[*universe.Node]uses{}
	for _, s := range settings {
		state[s.Node] = switched(s)
	}
	for _, s := range settings {
		for _, e := range s.Node.In {
			if e.Parent == s.Node || !e.Parent.Merge {
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

package unsat

import (
	"slices"
	"strings"

	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/atom/depend"
	"github.com/portsolve/portsolve/atom/metadata"
	"github.com/portsolve/portsolve/solver/internal/cnf"
	"github.com/portsolve/portsolve/solver/universe"
)

// flagState is a flag that a rule hangs on. It is comparable.
type flagState struct {
	flag   string
	on     bool
	fixed  bool // by the profile
	source string
}

// because are the flags that a rule of an ebuild hangs on as they are.
func (t *teller) because(r *cnf.Rule) []flagState {
	if r.Cand.Pkg.Origin != metadata.Ebuild {
		return nil
	}
	switch r.Kind {
	case cnf.Depend, cnf.SlotOp, cnf.AnyOf, cnf.Block:
	default:
		return nil
	}
	var out []flagState
	for _, flag := range Conditions(t.u, r) {
		if slices.ContainsFunc(out, func(s flagState) bool { return s.flag == flag }) || isLost(r.Atom, flag) {
			continue
		}
		out = append(out, stateOf(r.Cand, flag))
	}
	return out
}

// isLost reports whether a flag is one that an atom asks nothing of as things are.
func isLost(a *atom.Atom, flag string) bool {
	return a != nil && slices.ContainsFunc(lostConditions(a), func(u atom.UseDep) bool { return u.Flag == flag })
}

// stateOf is the state of a flag of an ebuild. A default of the ebuild itself, and what was changed for a try, have no source.
func stateOf(c *universe.Candidate, flag string) flagState {
	on, forced, masked, src := c.ForcedFlag(flag)
	s := flagState{flag: flag, on: c.Flags().Has(flag), fixed: forced || masked}
	if s.on == on && (src.File != c.Pkg.File || src.Line > 0) {
		s.source = src.String()
	}
	return s
}

// Conditions finds the flags that a rule of an ebuild hangs on: those of the conditionals around it and of
// conditional USE dependencies in it.
func Conditions(u *universe.Universe, r *cnf.Rule) []string {
	raw, err := r.Cand.Pkg.Deps(r.Dep)
	if err != nil {
		return nil // such an ebuild is no candidate
	}
	at := map[int]bool{} // places of the rule in the source text
	for _, d := range u.Deps(r.Cand) {
		if d.Kind == r.Dep {
			places(d.Expr, r, at)
		}
	}
	var out []string
	var walk func(n *depend.Node, path []string)
	walk = func(n *depend.Node, path []string) {
		if n.Kind == depend.UseIf {
			path = append(path[:len(path):len(path)], n.Text)
		}
		if at[n.Offset] && (n.Kind == depend.AtomLeaf || n.Kind == depend.AnyOf) {
			out = append(out, path...)
			n.Conditions(func(flag string) { out = append(out, flag) })
		}
		for _, ch := range n.Children {
			walk(ch, path)
		}
	}
	walk(raw, nil)
	return out
}

func places(n *depend.Node, r *cnf.Rule, at map[int]bool) {
	if n == r.Expr || n.Kind == depend.AtomLeaf && n.Atom == r.Atom {
		at[n.Offset] = true
	}
	for _, ch := range n.Children {
		places(ch, r, at)
	}
}

// causes is "because its USE flags a and b are on (make.conf:3)".
func causes(flags []flagState) string {
	if len(flags) == 0 {
		return ""
	}
	return "because its USE " + flagStates(flags)
}

// flagStates is "flags a and b are on (make.conf:3)"; flags of the same state and source together.
func flagStates(flags []flagState) string {
	type group struct {
		state flagState
		names []string
	}
	var groups []group
	for _, s := range flags {
		name := s.flag
		s.flag = ""
		i := slices.IndexFunc(groups, func(g group) bool { return g.state == s })
		if i < 0 {
			i = len(groups)
			groups = append(groups, group{state: s})
		}
		groups[i].names = append(groups[i].names, name)
	}
	var out []string
	for _, g := range groups {
		text := "flag " + g.names[0] + " is "
		if len(g.names) > 1 {
			text = "flags " + enumerate(g.names, "and") + " are "
		}
		if g.state.on {
			text += "on"
		} else {
			text += "off"
		}
		switch {
		case g.state.fixed && g.state.source != "":
			text += " (by the profile, " + g.state.source + ")"
		case g.state.fixed:
			text += " (by the profile)"
		case g.state.source != "":
			text += " (" + g.state.source + ")"
		}
		out = append(out, text)
	}
	return strings.Join(out, " and ")
}

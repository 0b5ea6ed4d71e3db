package unsat

import (
	"fmt"
	"slices"
	"strings"

	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/atom/depend"
	"github.com/portsolve/portsolve/solver/answer"
	"github.com/portsolve/portsolve/solver/internal/cnf"
	"github.com/portsolve/portsolve/solver/universe"
)

// tell writes one statement as data and sentence.
func (t *teller) tell(s *statement) answer.Rule {
	out := answer.Rule{Kind: kind(s.Kind), Others: cpvs(s.others)}
	if len(s.cands) > 0 {
		out.Package, out.File = s.cands[0].Pkg.CPV.String(), s.cands[0].Pkg.File
	}
	if len(s.cands) > 1 {
		out.Packages = cpvs(s.cands)
	}
	if s.Atom != nil {
		out.Atom = s.Atom.String()
	}
	switch s.Kind {
	case cnf.Depend, cnf.SlotOp, cnf.AnyOf, cnf.Block:
		out.DepKind = s.Dep.String()
	}
	switch s.Kind {
	case cnf.Request, cnf.World:
		out.Others = cpvs(s.Others)
		out.Text = t.wanted(s)
	case cnf.Depend, cnf.SlotOp:
		ch := t.choices(t.root(s), s.Atom)
		if k := ch.soleKind(); k != "" && s.Kind == cnf.Depend {
			out.Kind = k
		}
		out.Text = t.needs(s) + t.answers(s, ch, s.Atom)
	case cnf.AnyOf:
		out.Text = t.needs(s) + t.branches(s)
	case cnf.Block:
		out.Text = fmt.Sprintf("%s %s not tolerate %s%s: that is %s", t.subject(s), plural(s, "does", "do"),
			strings.TrimLeft(s.Atom.String(), "!"), t.where(s), names(s.others, "and", nil))
	case cnf.Slot:
		out.Others = cpvs(s.Others)
		out.Text = t.slot(s)
	case cnf.Library:
		out.Text = fmt.Sprintf("%s was linked to %s, which nothing that can be installed provides", s.Cand, s.Soname)
		if p := t.u.Providers(s.Cand.Root, s.Soname); len(p) > 0 {
			out.Text = fmt.Sprintf("%s was linked to %s, which %s provides", s.Cand, s.Soname, names(p, "or", nil))
		}
	case cnf.Keep:
		out.Text = fmt.Sprintf("%s is installed and needs what it depends on", s.Cand.Pkg.CPV)
	default:
		out.Text = fmt.Sprintf("%s must not be downgraded", s.Cand.Pkg.CPV)
	}
	return out
}

// kind is the word of answer.Rule.Kind.
func kind(k cnf.RuleKind) string {
	switch k {
	case cnf.World, cnf.Keep, cnf.NoDowngrade:
		return "keep"
	}
	return k.String()
}

func cpvs(cands []*universe.Candidate) []string {
	var out []string
	for _, c := range cands {
		if cpv := c.Pkg.CPV.String(); !slices.Contains(out, cpv) {
			out = append(out, cpv)
		}
	}
	return out
}

// wanted is an argument, or a member of @world.
func (t *teller) wanted(s *statement) string {
	text := "you asked for " + s.Atom.String()
	if s.Kind == cnf.World {
		text = fmt.Sprintf("%s is in %s and is installed now, so it has to stay", s.Atom, s.Arg)
	} else if s.Arg != s.Atom.String() {
		text += " (" + s.Arg + ")"
	}
	ch := t.choices(t.root(s), s.Atom)
	if len(s.Others) > 0 {
		ch.usable(s.Others)
	}
	return text + t.answers(s, ch, s.Atom)
}

func (t *teller) subject(s *statement) string { return names(s.cands, "and", nil) }

func plural(s *statement, one, many string) string {
	if len(cpvs(s.cands)) > 1 {
		return many
	}
	return one
}

// needs is the first half of a dependency's sentence.
func (t *teller) needs(s *statement) string {
	what := ""
	if s.Atom != nil {
		what = s.Atom.String()
	} else {
		what = alternatives(s.Expr)
	}
	switch {
	case s.choice:
		return fmt.Sprintf("one choice of %s is %s%s", t.subject(s), what, t.where(s))
	case s.Kind == cnf.SlotOp:
		return fmt.Sprintf("%s %s built against %s%s", t.subject(s), plural(s, "was", "were"), what, t.where(s))
	}
	return fmt.Sprintf("%s %s %s%s", t.subject(s), plural(s, "needs", "need"), what, t.where(s))
}

// where is the variable of a dependency, and its root if there are several.
func (t *teller) where(s *statement) string {
	if len(t.u.Roots) > 1 {
		return fmt.Sprintf(" in %s (%s)", t.u.Roots[t.root(s)].Path, s.Dep)
	}
	return fmt.Sprintf(" (%s)", s.Dep)
}

// answers is the second half: which packages would do, and why others would not.
func (t *teller) answers(s *statement, ch choices, a *atom.Atom) string {
	switch {
	case len(ch.can) > 0 && len(ch.cannot) > 0:
		return ": " + names(ch.can, "or", nil) + "; not " + refusals(ch.cannot)
	case len(ch.can) > 0:
		if a.Op == atom.OpEqual {
			return "" // the atom says which
		}
		return ": " + names(ch.can, "or", nil)
	case len(ch.cannot) > 0:
		return ", and nothing that matches can be used: " + refusals(ch.cannot)
	}
	return ", and " + t.nothing(s, ch, a)
}

// nothing says why no version matches at all.
func (t *teller) nothing(s *statement, ch choices, a *atom.Atom) string {
	var suffix func(*universe.Candidate) string
	if a.Slot != "" {
		suffix = slotOf
	}
	if len(ch.others) > 0 {
		return "there is only " + names(ch.others, "and", suffix)
	}
	if len(t.u.Group(t.root(s), a.CP).All) > 0 {
		return "no package that matches can be used"
	}
	return "there is no package " + a.CP.String()
}

// fewReasons is how many groups of versions are told apart.
const fewReasons = 5

func refusals(list []refused) string {
	var out []string
	for i, r := range list {
		if i == fewReasons {
			return strings.Join(out, "; ") + "; and others"
		}
		out = append(out, fmt.Sprintf("%s (%s)", names(r.cands, "and", nil), r.reason))
	}
	return strings.Join(out, "; ")
}

// soleKind is the kind of rule for a dependency of which every match fails for one kind of reason.
func (ch *choices) soleKind() string {
	if len(ch.can) > 0 || len(ch.cannot) == 0 {
		return ""
	}
	for _, r := range ch.cannot {
		if r.kind != ch.cannot[0].kind {
			return ""
		}
	}
	return ch.cannot[0].kind
}

// alternatives writes an any-of group as people do.
func alternatives(n *depend.Node) string {
	var out []string
	for _, c := range n.Children {
		text := c.String()
		if c.Kind == depend.All {
			text = "(" + together(c) + ")"
		}
		out = append(out, text)
	}
	if len(out) == 0 {
		return "one of nothing (an empty group)"
	}
	return "one of " + enumerate(out, "or")
}

// together writes the members of a branch.
func together(n *depend.Node) string {
	var out []string
	for _, c := range n.Children {
		out = append(out, c.String())
	}
	return enumerate(out, "and")
}

// branches tells of each branch that is a single atom what could answer it.
func (t *teller) branches(s *statement) string {
	var can []*universe.Candidate
	var cannot []string
	for _, n := range s.Expr.Children {
		if n.Kind != depend.AtomLeaf || n.Atom.Blocker != atom.NotBlocker {
			continue
		}
		ch := t.choices(t.root(s), n.Atom)
		can = append(can, ch.can...)
		switch {
		case len(ch.can) > 0:
		case len(ch.cannot) > 0:
			cannot = append(cannot, "not "+refusals(ch.cannot))
		default:
			cannot = append(cannot, t.nothing(s, ch, n.Atom))
		}
	}
	text := ""
	if len(can) > 0 {
		text = ": " + names(can, "or", nil)
	}
	if len(cannot) > 0 {
		text += "; " + strings.Join(cannot, "; ")
	}
	return text
}

// slot: the sentence names the slot only where the package has several.
func (t *teller) slot(s *statement) string {
	for _, c := range t.u.Group(s.Slot.Root, s.Slot.CP).All {
		if c.Pkg.Slot != s.Slot.Slot {
			return fmt.Sprintf("only one version of %s can be installed in slot %s", s.Slot.CP, s.Slot.Slot)
		}
	}
	return fmt.Sprintf("only one version of %s can be installed", s.Slot.CP)
}

// root is where the atoms of a statement have to be satisfied.
func (t *teller) root(s *statement) universe.RootID {
	switch s.Kind {
	case cnf.Request, cnf.World, cnf.Depend, cnf.SlotOp:
		return s.Rule.Root
	}
	for _, d := range t.u.Deps(s.Cand) {
		if d.Kind == s.Dep && mentions(d.Expr, s.Rule) {
			return d.Root
		}
	}
	return s.Cand.Root
}

func mentions(n *depend.Node, r *cnf.Rule) bool {
	if n == r.Expr || n.Kind == depend.AtomLeaf && n.Atom == r.Atom {
		return true
	}
	return slices.ContainsFunc(n.Children, func(c *depend.Node) bool { return mentions(c, r) })
}

// atoms are those that a statement asks for.
func (s *statement) atoms() (out []*atom.Atom) {
	if s.Kind == cnf.AnyOf {
		s.Expr.Atoms(func(a *atom.Atom) { out = append(out, a) })
	} else if s.Atom != nil && s.Kind != cnf.Block {
		out = append(out, s.Atom)
	}
	return out
}

package unsat

import (
	"fmt"
	"slices"
	"strings"

	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/atom/depend"
	"github.com/portsolve/portsolve/atom/metadata"
	"github.com/portsolve/portsolve/solver/answer"
	"github.com/portsolve/portsolve/solver/internal/cnf"
	"github.com/portsolve/portsolve/solver/universe"
)

// tell writes one statement as data and sentence.
func (t *teller) tell(s *statement) answer.Rule {
	out := answer.Rule{Kind: kind(s.Kind), Others: cpvs(s.others), Answers: cpvs(s.answers)}
	if len(s.cands) > 0 {
		out.Package, out.File = s.cands[0].Pkg.CPV.String(), s.cands[0].Pkg.File
	}
	if len(s.cands) > 1 {
		out.Packages = cpvs(s.cands)
	}
	if s.Atom != nil {
		out.Atom = s.Atom.String()
	}
	if len(t.u.Roots) > 1 && s.Kind != cnf.Slot {
		out.Root = t.u.Roots[t.rootOf(s.Rule)].Path
	}
	if len(s.deps) > 1 && s.Kind != cnf.Library {
		out.DepKinds = s.deps
	}
	for _, f := range s.because {
		out.Flags = append(out.Flags, answer.FlagState{Flag: f.flag, On: f.on, Fixed: f.fixed, Source: f.source})
	}
	t.words(s, &out)
	return out
}

// words fills in what is particular to a kind of rule, and the sentence.
func (t *teller) words(s *statement, out *answer.Rule) {
	switch s.Kind {
	case cnf.Request, cnf.World:
		out.Others, out.File = cpvs(s.Others), t.sourceOf(s).String()
		ch := t.choicesOf(s)
		t.finish(out, t.wanted(s), ch, t.answered(ch, s.Atom))
	case cnf.Depend, cnf.SlotOp:
		out.DepKind = s.Dep.String()
		ch := t.choicesOf(s)
		if k := ch.soleKind(); k != "" && s.Kind == cnf.Depend {
			out.Kind = k
		}
		t.finish(out, t.needs(s), ch, t.answered(ch, s.Atom))
	case cnf.AnyOf:
		out.DepKind = s.Dep.String()
		t.branches(s, out)
	case cnf.Block:
		out.DepKind = s.Dep.String()
		out.Text = fmt.Sprintf("%s %s not tolerate %s%s", t.subject(s), plural(s, "does", "do"),
			strings.TrimLeft(s.Atom.String(), "!"), t.details(s))
		if !t.saysItself(s.Atom, s.others) {
			out.Text += ": that is " + t.names(s.others, "and", nil)
		}
	case cnf.Slot:
		out.Others, out.Text = cpvs(s.Others), t.slot(s)
	case cnf.Library:
		out.Text = fmt.Sprintf("%s was linked to %s, which nothing that can be installed provides", s.Cand, s.Soname)
		if len(s.answers) > 0 {
			out.Text = fmt.Sprintf("%s was linked to %s, which %s provides", s.Cand, s.Soname, t.names(s.answers, "or", nil))
		}
	case cnf.Keep:
		out.Text = fmt.Sprintf("%s is installed and needs what it depends on", s.Cand.Pkg.CPV)
	default:
		out.Text = fmt.Sprintf("%s must not be downgraded", s.Cand.Pkg.CPV)
	}
}

// finish completes a sentence by what is refused.
func (t *teller) finish(out *answer.Rule, first string, ch choices, second string) {
	out.Text = first + second
	if len(ch.cannot) == 0 {
		return
	}
	out.Lead = out.Text
	join := ": "
	if len(ch.can) > 0 {
		join = "; not "
	}
	out.Text += join + t.refusals(ch.cannot)
	for _, r := range ch.cannot {
		out.Refused = append(out.Refused, t.refused(r))
	}
}

func (t *teller) refused(r refused) answer.Refused {
	return answer.Refused{Packages: cpvs(r.cands), Names: t.names(r.cands, "and", t.repository()), Text: r.reason, Reasons: r.reasons}
}

// repository is a suffix for names where there are several repositories.
func (t *teller) repository() func(*universe.Candidate) string {
	if len(t.u.Roots[universe.Host].Repos) < 2 {
		return nil
	}
	return func(c *universe.Candidate) string { return "::" + c.Pkg.Repo }
}

// choicesOf is what could answer a statement; of an argument only what the argument accepts.
func (t *teller) choicesOf(s *statement) choices {
	ch := t.choices(t.rootOf(s.Rule), s.Atom)
	if (s.Kind == cnf.Request || s.Kind == cnf.World) && len(s.Others) > 0 {
		ch.usable(s.Others)
	}
	return ch
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
	src := t.sourceOf(s)
	if s.Kind == cnf.World {
		place := ""
		if !src.IsZero() {
			place = " (" + src.String() + ")"
		}
		return fmt.Sprintf("%s is in %s%s and installed now, so it has to stay", s.Atom, s.Arg, place)
	}
	var where []string
	if s.Arg != s.Atom.String() {
		where = append(where, s.Arg)
	}
	if !src.IsZero() {
		where = append(where, src.String())
	}
	text := "you asked for " + s.Atom.String()
	if len(where) > 0 {
		text += " (" + strings.Join(where, ", ") + ")"
	}
	return text
}

// sourceOf is where an argument stands: the line of world or of a set.
func (t *teller) sourceOf(s *statement) metadata.Source {
	for _, list := range [...][]universe.Arg{t.u.Req.Args, t.u.Req.World} {
		for i := range list {
			for j := range list[i].Atoms {
				if m := &list[i].Atoms[j]; list[i].Text == s.Arg && m.Atom.String() == s.Atom.String() && !m.Source.IsZero() {
					return m.Source
				}
			}
		}
	}
	return metadata.Source{}
}

func (t *teller) subject(s *statement) string { return t.names(s.cands, "and", nil) }

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
		what = written(s.Atom)
	} else {
		what = alternatives(s.Expr)
	}
	switch {
	case s.choice:
		return fmt.Sprintf("one choice of %s is %s%s", t.subject(s), what, t.details(s))
	case s.Kind == cnf.SlotOp:
		return fmt.Sprintf("%s %s built against %s%s", t.subject(s), plural(s, "was", "were"), what, t.details(s))
	}
	return fmt.Sprintf("%s %s %s%s", t.subject(s), plural(s, "needs", "need"), what, t.details(s))
}

// written is an atom with the parts of its USE dependency that ask for no state, but for a flag to be there.
func written(a *atom.Atom) string {
	var lost []string
	for _, u := range lostConditions(a) {
		if u.Default == 0 {
			lost = append(lost, u.String())
		}
	}
	if len(lost) == 0 {
		return a.String()
	}
	if text, ok := strings.CutSuffix(a.String(), "]"); ok {
		return text + "," + strings.Join(lost, ",") + "]"
	}
	return a.String() + "[" + strings.Join(lost, ",") + "]"
}

// lostConditions are the conditional parts of a USE dependency that ask for no state as things are.
func lostConditions(a *atom.Atom) (out []atom.UseDep) {
	for _, u := range a.UseAsWritten() {
		if !slices.ContainsFunc(a.Use, func(o atom.UseDep) bool { return o.Flag == u.Flag }) {
			out = append(out, u)
		}
	}
	return out
}

// details are the variable of a dependency, its root if there are several, and the flags that it hangs on.
func (t *teller) details(s *statement) string {
	deps := strings.Join(s.deps, ", ")
	text := fmt.Sprintf(" (%s)", deps)
	if len(t.u.Roots) > 1 {
		text = fmt.Sprintf(" in %s (%s)", t.u.Roots[t.rootOf(s.Rule)].Path, deps)
	}
	if c := causes(s.because); c != "" {
		text += ", " + c
	}
	return text
}

// answered is the second half: which packages would do, or that none does.
func (t *teller) answered(ch choices, a *atom.Atom) string {
	switch {
	case len(ch.can) > 0 && len(ch.cannot) == 0 && t.saysItself(a, ch.can):
		return ""
	case len(ch.can) > 0:
		return ": " + t.names(ch.can, "or", nil)
	case len(ch.cannot) > 0:
		return ", and nothing that matches can be used"
	}
	return ", and " + t.nothing(ch, a)
}

// saysItself: an atom that gives the version needs no list of what matches it.
func (t *teller) saysItself(a *atom.Atom, list []*universe.Candidate) bool {
	return a.Op == atom.OpEqual && len(cpvs(list)) == 1 && !list[0].Installed()
}

// nothing says why no version matches at all.
func (t *teller) nothing(ch choices, a *atom.Atom) string {
	var suffix func(*universe.Candidate) string
	if a.Slot != "" {
		suffix = slotOf
	}
	if len(ch.others) > 0 {
		return "there is only " + t.names(ch.others, "and", suffix)
	}
	if len(ch.cannot) > 0 {
		return "no package that matches can be used"
	}
	return "there is no package " + a.CP.String()
}

// fewReasons is how many groups of versions are told apart in a sentence.
const fewReasons = 5

func (t *teller) refusals(list []refused) string {
	var out []string
	for i, r := range list {
		if i == fewReasons {
			return strings.Join(out, "; ") + "; and others"
		}
		out = append(out, fmt.Sprintf("%s (%s)", t.names(r.cands, "and", nil), r.reason))
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
func (t *teller) branches(s *statement, out *answer.Rule) {
	var can []*universe.Candidate
	var cannot choices
	var missing []string
	root := t.rootOf(s.Rule)
	for _, n := range s.Expr.Children {
		if n.Kind != depend.AtomLeaf || n.Atom.Blocker != atom.NotBlocker {
			continue
		}
		ch := t.choices(root, n.Atom)
		can = append(can, ch.can...)
		switch {
		case len(ch.can) > 0:
		case len(ch.cannot) > 0:
			for _, r := range ch.cannot {
				cannot.refuse(r)
			}
		default:
			missing = append(missing, t.nothing(ch, n.Atom))
		}
	}
	out.Text = t.needs(s)
	if len(can) > 0 {
		out.Text += ": " + t.names(can, "or", nil)
	}
	for _, m := range missing {
		out.Text += "; " + m
	}
	if len(cannot.cannot) == 0 {
		return
	}
	out.Lead = out.Text
	out.Text += "; not " + t.refusals(cannot.cannot)
	for _, r := range cannot.cannot {
		out.Refused = append(out.Refused, t.refused(r))
	}
}

// slot: the sentence names the slot only where the package has several.
func (t *teller) slot(s *statement) string {
	if list := cpvs(s.Others); len(list) == 1 {
		return fmt.Sprintf("only one build of %s can be installed", list[0])
	}
	for _, c := range t.u.Group(s.Slot.Root, s.Slot.CP).All {
		if c.Pkg.Slot != s.Slot.Slot {
			return fmt.Sprintf("only one version of %s can be installed in slot %s", s.Slot.CP, s.Slot.Slot)
		}
	}
	return fmt.Sprintf("only one version of %s can be installed", s.Slot.CP)
}

// rootOf is where the atoms of a rule have to be satisfied.
func (t *teller) rootOf(r *cnf.Rule) universe.RootID {
	switch r.Kind {
	case cnf.Request, cnf.World, cnf.Depend, cnf.SlotOp, cnf.Library:
		return r.Root
	}
	if r.Cand == nil {
		return r.Slot.Root
	}
	for _, d := range t.u.Deps(r.Cand) {
		if d.Kind == r.Dep && mentions(d.Expr, r) {
			return d.Root
		}
	}
	return r.Cand.Root
}

func mentions(n *depend.Node, r *cnf.Rule) bool {
	if n == r.Expr || n.Kind == depend.AtomLeaf && n.Atom == r.Atom {
		return true
	}
	return slices.ContainsFunc(n.Children, func(c *depend.Node) bool { return mentions(c, r) })
}

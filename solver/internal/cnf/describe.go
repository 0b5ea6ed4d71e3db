package cnf

import (
	"fmt"
	"strings"

	"github.com/portsolve/portsolve/solver/internal/sat"
	"github.com/portsolve/portsolve/solver/universe"
)

// String is the name of the rule in docs/encoding.md.
func (k RuleKind) String() string {
	names := [...]string{Request: "request", Depend: "dependency", AnyOf: "any-of", SlotOp: "slot-operator", Block: "blocker",
		Slot: "slot", World: "world", Keep: "keep", NoDowngrade: "no-downgrade", Learned: "learned"}
	if int(k) < len(names) {
		return names[k]
	}
	return fmt.Sprintf("rule %d", k)
}

// String is the rule in one line, for people who audit the formula.
func (r *Rule) String() string {
	var b strings.Builder
	b.WriteString(r.Kind.String())
	word := func(format string, args ...any) { fmt.Fprintf(&b, " "+format, args...) }
	if r.Cand != nil {
		word("%s", r.Cand)
	}
	switch r.Kind {
	case Request, World:
		word("%s", r.Arg)
		if a := r.Atom.String(); a != r.Arg {
			word("%s", a)
		}
	case Depend, SlotOp, Block:
		word("%s %s", r.Dep, r.Atom)
	case AnyOf:
		word("%s %s", r.Dep, r.Expr)
	case Slot:
		word("%s", r.Slot)
	}
	if r.Kind == Block {
		for _, m := range r.Others {
			word("excludes %s", m)
		}
	}
	if r.Target {
		word("(of an --onlydeps argument)")
	}
	return b.String()
}

// Variable is what one variable of the formula stands for.
type Variable struct {
	// Meaning is "there" (the package is installed at the end), "whole" (and others may rely on it),
	// "slot-kept", "not-older", "dependencies-met", "branch …" or "one-of-first" (an auxiliary
	// variable of a slot rule); docs/encoding.md has the list.
	Meaning string
	// Package is what the variable speaks of: a package, or the slot or expression of its rule.
	Package string
}

// Variables tells the meaning of all variables; element 0 is variable 1.
func (f *Formula) Variables() []Variable {
	out := make([]Variable, f.vars)
	set := func(l sat.Lit, meaning, what string) {
		if l != 0 && out[l-1].Meaning == "" {
			out[l-1] = Variable{meaning, what}
		}
	}
	for _, c := range f.cands {
		name := f.candidate(c)
		set(f.exists[c.ID], "there", name)
		set(f.used[c.ID], "whole", name)
		set(f.targets[c], "dependencies-met", name)
	}
	for c, l := range f.targets { // an argument may be no candidate of the formula
		set(l, "dependencies-met", f.candidate(c))
	}
	for _, s := range f.keeps {
		set(s.Lit, "slot-kept", f.candidate(s.Inst))
	}
	for _, s := range f.downs {
		set(s.Lit, "not-older", f.candidate(s.Inst))
	}
	f.auxiliary(out)
	return out
}

// auxiliary names the variables that only rules know: branches of any-of groups by what they imply, and
// those of the ladder of slot rules.
func (f *Formula) auxiliary(out []Variable) {
	implied := map[int32][]string{}
	for _, c := range f.clauses {
		r := f.rules.at(c.rule)
		for i, l := range f.lits[c.from:c.to] {
			v := l.Var()
			if out[v-1].Meaning != "" && implied[v] == nil {
				continue
			}
			switch {
			case r.Kind == Slot:
				out[v-1] = Variable{"one-of-first", r.Slot.String()}
			case i == 0 && l < 0 && r.Kind != Learned: // branch → atom
				out[v-1] = Variable{"branch", f.candidate(r.Cand)}
				if what := r.content(); len(implied[v]) == 0 || implied[v][len(implied[v])-1] != what {
					implied[v] = append(implied[v], what)
				}
			case l > 0 && r.Kind == AnyOf && len(implied[v]) == 0:
				out[v-1] = Variable{"branch (holds anyway)", f.candidate(r.Cand)}
			}
		}
	}
	for v, what := range implied {
		out[v-1].Meaning = "branch ( " + strings.Join(what, " ") + " )"
	}
	for i := range out {
		if out[i].Meaning == "" {
			out[i].Meaning = "unused"
		}
	}
}

// content is what a rule demands, without the package that demands it.
func (r *Rule) content() string {
	if r.Expr != nil {
		return r.Expr.String()
	}
	return r.Atom.String()
}

// candidate names a package, with its root unless that is the running system's.
func (f *Formula) candidate(c *universe.Candidate) string {
	if c == nil {
		return ""
	}
	if c.Root == universe.Host {
		return c.String()
	}
	return c.String() + " in " + f.u.Roots[c.Root].Path
}

// Choice reports whether the rule belongs to one branch of an any-of group, so that it holds only
// where that branch is taken.
func (f *Formula) Choice(r *Rule) bool {
	if r.Kind != Depend && r.Kind != SlotOp && r.Kind != AnyOf && r.Kind != Block {
		return false
	}
	for _, c := range f.clauses {
		if f.rules.at(c.rule) == r {
			p := f.lits[c.from].Not()
			return p != f.Used(r.Cand) && p != f.Target(r.Cand)
		}
	}
	return false
}

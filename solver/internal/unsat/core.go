// Package unsat turns a contradiction into a minimal list of rules in words.
package unsat

import (
	"context"
	"fmt"
	"sort"
	"strings"

	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/solver/answer"
	"github.com/portsolve/portsolve/solver/internal/cnf"
	"github.com/portsolve/portsolve/solver/internal/sat"
	"github.com/portsolve/portsolve/solver/universe"
)

// Conflict finds a minimal set of rules of f that contradict each other; nil if they don't.
func Conflict(ctx context.Context, u *universe.Universe, f *cnf.Formula) *answer.Conflict {
	e, selectors, ruleOf := f.Explained()
	if e.Solve(ctx, selectors...) != sat.Unsat {
		return nil
	}
	core := e.Core()
	sort.Slice(core, func(i, j int) bool {
		a, b := ruleOf[core[i]], ruleOf[core[j]]
		if a.Kind != b.Kind {
			return a.Kind < b.Kind
		}
		return core[i] < core[j]
	})
	core, minimal := e.Shrink(ctx, core)
	sort.Slice(core, func(i, j int) bool { return core[i] < core[j] })
	c := &answer.Conflict{Minimal: minimal}
	for _, l := range order(core, ruleOf) {
		c.Rules = append(c.Rules, describe(u, ruleOf[l]))
	}
	return c
}

// order puts the request first and then follows the packages that rules lead to.
func order(core []sat.Lit, ruleOf map[sat.Lit]*cnf.Rule) []sat.Lit {
	out := append([]sat.Lit(nil), core...)
	sort.SliceStable(out, func(i, j int) bool {
		return rank(ruleOf[out[i]].Kind) < rank(ruleOf[out[j]].Kind)
	})
	return out
}

func rank(k cnf.RuleKind) int {
	switch k {
	case cnf.Request:
		return 0
	case cnf.World:
		return 1
	case cnf.Slot:
		return 4
	case cnf.Keep, cnf.NoDowngrade:
		return 2
	}
	return 3
}

// describe writes one rule as data and sentence.
func describe(u *universe.Universe, r *cnf.Rule) answer.Rule {
	out := answer.Rule{Others: names(r.Others)}
	if r.Cand != nil {
		out.Package = r.Cand.Pkg.CPV.String()
		out.File = r.Cand.Pkg.File
	}
	if r.Atom != nil {
		out.Atom = r.Atom.String()
	}
	switch r.Kind {
	case cnf.Request:
		out.Kind = "request"
		out.Text = fmt.Sprintf("you asked for %s%s", r.Arg, usableText(u, r))
	case cnf.World:
		out.Kind = "keep"
		out.Text = fmt.Sprintf("%s is in @world and is satisfied now", out.Atom)
	case cnf.Depend, cnf.SlotOp:
		out.Kind, out.DepKind = "dependency", r.Dep.String()
		if r.Kind == cnf.SlotOp {
			out.Kind = "slot-operator"
		}
		out.Text = fmt.Sprintf("%s needs %s (%s)%s", r.Cand, out.Atom, r.Dep, matchText(u, r))
	case cnf.AnyOf:
		out.Kind, out.DepKind = "any-of", r.Dep.String()
		out.Text = fmt.Sprintf("%s needs one of %s (%s)", r.Cand, r.Expr, r.Dep)
	case cnf.Block:
		out.Kind, out.DepKind = "blocker", r.Dep.String()
		out.Text = fmt.Sprintf("%s blocks %s (%s, %s)", r.Cand, strings.Join(out.Others, ", "), out.Atom, r.Dep)
	case cnf.Slot:
		out.Kind = "slot"
		out.Text = fmt.Sprintf("only one package can be in slot %s", r.Slot)
	case cnf.Keep:
		out.Kind = "keep"
		out.Text = fmt.Sprintf("%s is installed and must keep its dependencies", r.Cand.Pkg.CPV)
	default:
		out.Kind = "keep"
		out.Text = fmt.Sprintf("%s must not be downgraded", r.Cand.Pkg.CPV)
	}
	return out
}

func names(cs []*universe.Candidate) []string {
	var out []string
	for _, c := range cs {
		out = append(out, c.Pkg.CPV.String())
	}
	return out
}

func usableText(u *universe.Universe, r *cnf.Rule) string {
	if len(r.Others) > 0 {
		return ""
	}
	return ", and no package that matches can be used"
}

// matchText says what could answer the atom of a rule.
func matchText(u *universe.Universe, r *cnf.Rule) string {
	if r.Atom == nil {
		return ""
	}
	root := r.Cand.Root
	var ok, masked []string
	for _, c := range u.Match(root, r.Atom) {
		if c.Usable() || c.Installed() {
			ok = append(ok, c.Pkg.CPV.String())
		} else {
			masked = append(masked, c.Pkg.CPV.String())
		}
	}
	switch {
	case len(ok) > 0:
		return "; candidates: " + strings.Join(unique(ok), ", ")
	case len(masked) > 0:
		return "; only " + strings.Join(unique(masked), ", ") + " would do, which cannot be used"
	}
	if len(u.Group(root, r.Atom.CP).All) == 0 {
		return "; there is no package " + r.Atom.CP.String()
	}
	if len(r.Atom.Use) > 0 {
		if m := u.Match(root, withoutUse(r.Atom)); len(m) > 0 {
			return "; " + m[0].Pkg.CPV.String() + " has other USE flags"
		}
	}
	return "; no version matches"
}

func withoutUse(a *atom.Atom) *atom.Atom { return a.WithoutUse() }

func unique(in []string) []string {
	out := in[:0:0]
	for i, s := range in {
		if i == 0 || s != in[i-1] {
			out = append(out, s)
		}
	}
	return out
}

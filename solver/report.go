package solver

import (
	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/atom/metadata"
	"github.com/portsolve/portsolve/solver/answer"
	"github.com/portsolve/portsolve/solver/internal/search"
	"github.com/portsolve/portsolve/solver/universe"
)

// unsatisfied records a dependency without a usable candidate: as a failed
// REQUIRED_USE if that is all that is in the way, else with every reason of every candidate.
func (o *Outcome) unsatisfied(u *universe.Universe, m search.Missing) {
	for _, c := range u.Match(m.Root, m.Atom) {
		if !c.Installed() && c.Visible() && c.RequiredUseFails() {
			o.RequiredUse = append(o.RequiredUse, answer.RequiredUse{
				Atom: m.Atom.String(), CPV: c.Pkg.CPV.String(), Expression: c.FailedRequiredUse()})
			break
		}
	}
	o.Unsatisfied = append(o.Unsatisfied, unsatisfied(u, m))
}

// skipped are members of the standing sets that nothing can satisfy: the request goes on without them.
func skipped(u *universe.Universe, r *search.Result) []answer.Unsatisfied {
	var out []answer.Unsatisfied
	for _, m := range r.Skipped {
		out = append(out, unsatisfied(u, m))
	}
	return out
}

func unsatisfied(u *universe.Universe, m search.Missing) answer.Unsatisfied {
	un := answer.Unsatisfied{Atom: m.Atom.String(), Root: u.Roots[m.Root].Path, Parent: m.Arg}
	if m.Parent != nil {
		un.Parent, un.Kind = m.Parent.Cand.Pkg.CPV.String(), m.Kind.String()
	}
	loose := m.Atom.WithoutUse()
	for _, c := range u.Group(m.Root, m.Atom.CP).All {
		if c.Installed() || !loose.MatchVersion(c.Pkg.CPV) || loose.Repo != "" && loose.Repo != c.Pkg.Repo {
			continue
		}
		if unreadable := c.Pkg.Invalid != nil || c.Pkg.EAPI == nil; unreadable || c.MatchesButUse(loose) {
			un.Candidates = append(un.Candidates, rejected(c, m.Atom, unreadable))
		}
	}
	return un
}

// rejected lists every reason against a candidate. Of what is unreadable slot and flags are unknown.
func rejected(c *universe.Candidate, a *atom.Atom, unreadable bool) answer.Rejected {
	rej := answer.Rejected{CPV: c.Pkg.CPV.String(), Repo: c.Pkg.Repo}
	if c.Pkg.Origin == metadata.Binary {
		rej.Type, rej.BuildID = "binary", c.Pkg.BuildID
	}
	c.Visible()
	rej.Exclusions = c.Excluded
	for _, x := range c.Excluded {
		rej.Reasons = append(rej.Reasons, x.Detail)
	}
	if unreadable {
		return rej
	}
	if !c.Matches(a) {
		rej.Reasons = append(rej.Reasons, "USE does not match "+a.String())
	}
	if c.RequiredUseFails() {
		rej.Reasons = append(rej.Reasons, "REQUIRED_USE fails: "+c.FailedRequiredUse())
	}
	return rej
}

func heldBack(h search.Held) answer.HeldBack {
	out := answer.HeldBack{CPV: h.Wanted.Pkg.CPV.String(), Selected: h.Selected.Pkg.CPV.String()}
	for _, b := range h.By {
		out.By = append(out.By, answer.Why{Parent: b.Parent.Pkg.CPV.String(), Atom: b.Atom.String(), Kind: b.Kind.String()})
	}
	return out
}

func why(w universe.Cause) answer.Why {
	out := answer.Why{Arg: w.Arg, Rebuild: w.Rebuild}
	if w.Atom != nil {
		out.Atom = w.Atom.String()
	}
	if w.Parent != nil {
		out.Parent, out.Kind = w.Parent.Cand.Pkg.CPV.String(), w.Kind.String()
	}
	return out
}

package solver

import (
	"fmt"

	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/atom/depend"
	"github.com/portsolve/portsolve/atom/metadata"
	"github.com/portsolve/portsolve/solver/answer"
	"github.com/portsolve/portsolve/solver/universe"
)

// Kinds of reasons that only a selection knows; the others are metadata.ExclusionKind.
const (
	reasonBinding    = "slot-operator" // bound to a slot or sub-slot that is not chosen
	reasonDependency = "dependency"    // needs what is not chosen
	reasonRebuild    = "rebuild"       // to be built again
	reasonVersion    = "version"       // another version is chosen
	reasonChoice     = "choice"        // nothing of the above
)

// RejectedBinaries lists the binary packages that the request could have used and does not, with every reason: of what is
// built from source, of what nothing satisfies, and with --usepkgonly --update newer ones of what stays. nil if
// binary packages were not looked for.
func (o *Outcome) RejectedBinaries() []answer.RejectedBinary {
	u := o.stages.universe
	r := binaryReport{outcome: o, u: u, chosen: map[placeKey][]*universe.Candidate{}, seen: map[*universe.Candidate]bool{}}
	if !r.looked() {
		return nil
	}
	for _, n := range o.Selection.Nodes {
		r.choose(n.Cand)
	}
	for _, c := range o.Selection.Kept {
		r.choose(c)
	}
	for _, n := range o.Selection.Nodes {
		switch {
		case n.Merge && n.Cand.Pkg.Origin == metadata.Ebuild:
			r.insteadOf(n)
		case !n.Merge && u.Req.Options.UsePkgOnly && u.Req.Options.Update:
			r.newer(n.Cand)
		}
	}
	for _, m := range o.stages.found.Missing {
		r.missing(m.Root, m.Atom)
	}
	return r.out
}

type placeKey struct {
	root universe.RootID
	cp   atom.CP
}

type binaryReport struct {
	outcome *Outcome
	u       *universe.Universe
	chosen  map[placeKey][]*universe.Candidate
	seen    map[*universe.Candidate]bool
	out     []answer.RejectedBinary
}

func (r *binaryReport) looked() bool {
	o := &r.u.Req.Options
	if !o.UsePkg && !o.UsePkgOnly || r.outcome.Selection == nil {
		return false
	}
	for i := range r.u.Roots {
		if r.u.Roots[i].Binaries != nil {
			return true
		}
	}
	return false
}

func (r *binaryReport) choose(c *universe.Candidate) {
	k := placeKey{c.Root, c.CP()}
	r.chosen[k] = append(r.chosen[k], c)
}

// insteadOf looks for the binary packages of what is built: of the same version, or else the best of another one.
func (r *binaryReport) insteadOf(n *universe.Node) {
	var other *universe.Candidate
	same := false
	for _, c := range r.u.Group(n.Cand.Root, n.Cand.CP()).All {
		switch {
		case c.Pkg.Origin != metadata.Binary:
		case c.Pkg.CPV.Version.Compare(n.Cand.Pkg.CPV.Version) == 0:
			same = true
			r.add(c, n)
		case other == nil && c.Pkg.Slot == n.Cand.Pkg.Slot:
			other = c
		}
	}
	if !same && other != nil {
		r.add(other, n)
	}
}

func (r *binaryReport) newer(i *universe.Candidate) {
	for _, c := range r.u.Group(i.Root, i.CP()).All {
		if c.Pkg.Origin == metadata.Binary && c.Pkg.Slot == i.Pkg.Slot && c.Pkg.CPV.Version.Compare(i.Pkg.CPV.Version) > 0 && !c.Visible() {
			r.add(c, nil)
		}
	}
}

func (r *binaryReport) missing(root universe.RootID, a *atom.Atom) {
	for _, c := range r.u.Group(root, a.CP).All {
		if c.Pkg.Origin == metadata.Binary && c.MatchesButUse(a) && (!c.Visible() || !c.Matches(a)) {
			r.add(c, nil)
		}
	}
}

// add reports one; n is what is built instead, nil if nothing is.
func (r *binaryReport) add(c *universe.Candidate, n *universe.Node) {
	if r.seen[c] {
		return
	}
	r.seen[c] = true
	rej := RejectedBinary(c, r.u.Roots[c.Root].Path)
	if n != nil {
		rej.Instead = n.Cand.Pkg.CPV.String()
	}
	if len(rej.Reasons) == 0 && n != nil {
		rej.Reasons = r.selectionReasons(c, n)
	}
	if len(rej.Reasons) == 0 {
		rej.Reasons = []answer.Reason{{Kind: reasonChoice, Text: "its USE flags are not what is asked for"}}
	}
	r.out = append(r.out, rej)
}

// RejectedBinary describes a binary package in a root with every reason of the configuration and the options against it;
// none if it may be used.
func RejectedBinary(c *universe.Candidate, root string) answer.RejectedBinary {
	p := c.Pkg
	rej := answer.RejectedBinary{
		CPV: p.CPV.String(), BuildID: p.BuildID, Slot: p.Slot, SubSlot: p.SubSlot, Repo: p.Repo, Root: root,
		Binhost: p.Binhost, Path: p.File, Reasons: []answer.Reason{},
	}
	if c.Visible() {
		return rej
	}
	for _, x := range c.Excluded {
		reason := answer.Reason{Kind: string(x.Kind), Text: x.Detail, Source: x.Source.String(), Tokens: x.Tokens, Comment: x.Source.Comment}
		for _, d := range x.Flags {
			reason.Flags = append(reason.Flags, answer.FlagDifference{
				Flag: d.Flag, Wanted: d.Wanted, Built: d.Built, Gone: d.Gone, Source: d.Source.String(),
			})
		}
		rej.Reasons = append(rej.Reasons, reason)
	}
	return rej
}

// selectionReasons: nothing forbids the package; what else was chosen does.
func (r *binaryReport) selectionReasons(c *universe.Candidate, n *universe.Node) []answer.Reason {
	switch newer := c.Pkg.CPV.Version.Compare(n.Cand.Pkg.CPV.Version); {
	case newer > 0 && r.u.Stray(c):
		return []answer.Reason{{Kind: reasonVersion, Text: "there is no ebuild of this version that may be used, and there is " + n.Cand.Pkg.CPV.String()}}
	case newer != 0:
		return []answer.Reason{{Kind: reasonVersion, Text: n.Cand.Pkg.CPV.String() + " is chosen"}}
	}
	out := useReasons(c, n)
	for _, d := range r.u.Deps(c) {
		if universe.BuildTime(d.Kind) {
			continue
		}
		for _, ch := range d.Expr.Children {
			if ch.Kind == depend.AtomLeaf && ch.Atom.Blocker == atom.NotBlocker {
				out = r.unmet(d, ch.Atom, out)
			}
		}
	}
	for _, w := range n.Why {
		if w.Rebuild != "" && len(out) == 0 {
			out = append(out, answer.Reason{Kind: reasonRebuild, Text: "it is to be built again because of " + w.Rebuild, Tokens: []string{w.Rebuild}})
		}
	}
	if len(out) == 0 {
		out = []answer.Reason{{Kind: reasonChoice, Text: "the ebuild was chosen"}}
	}
	return out
}

// useReasons are the dependencies of what was chosen whose USE part the package does not meet, as what is built instead does.
func useReasons(c *universe.Candidate, n *universe.Node) (out []answer.Reason) {
	told := map[string]bool{}
	for _, e := range n.In {
		text := fmt.Sprintf("%s needs %s (%s), which its USE flags do not meet", e.Parent.Cand.Pkg.CPV, e.Atom, e.Kind)
		if told[text] || !c.MatchesButUse(e.Atom) || c.Matches(e.Atom) {
			continue
		}
		told[text] = true
		out = append(out, answer.Reason{Kind: string(metadata.ExclUse), Text: text, Tokens: []string{e.Atom.String()}})
	}
	return out
}

// unmet appends the reason if nothing that was chosen satisfies a run-time dependency.
func (r *binaryReport) unmet(d universe.Dep, a *atom.Atom, out []answer.Reason) []answer.Reason {
	there := r.chosen[placeKey{d.Root, a.CP}]
	for _, c := range there {
		if c.Matches(a) {
			return out
		}
	}
	if r.u.Provided(d.Root, a) {
		return out
	}
	reason := answer.Reason{Kind: reasonDependency, Text: fmt.Sprintf("needs %s (%s)", a, d.Kind), Tokens: []string{a.String()}}
	if a.SlotOp == atom.SlotOpEqual && a.SubSlot != "" {
		reason.Kind = reasonBinding
		reason.Text = fmt.Sprintf("was built against %s:%s/%s", a.CP, a.Slot, a.SubSlot)
	}
	if len(there) > 0 {
		c := there[0].Pkg
		reason.Text += fmt.Sprintf(", and %s is chosen, in slot %s/%s", c.CPV, c.Slot, c.SubSlot)
	}
	return append(out, reason)
}

package removal

import (
	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/atom/depend"
	"github.com/portsolve/portsolve/atom/metadata"
	"github.com/portsolve/portsolve/solver/universe"
)

// pick is the one installed package that a dependency keeps: the highest match.
// It need not stay already: keeping the lower one instead would make the next
// update install the higher one again.
func (w *walker) pick(root universe.RootID, a *atom.Atom) *universe.Candidate {
	var matches []*universe.Candidate
	for _, c := range w.u.InstalledGroup(root, a.CP) {
		if c.Matches(a) {
			matches = append(matches, c)
		}
	}
	if len(matches) == 0 && a.Slot != "" {
		return w.reslotted(root, a)
	}
	return w.prefer(matches)
}

// reslotted is the installed package that would satisfy a if it had the slot that its own ebuild has now. It was
// built under another rule for slots (or SLOT changed without a new revision); building it again would
// satisfy a, so a is not missing, and the package has to stay.
func (w *walker) reslotted(root universe.RootID, a *atom.Atom) *universe.Candidate {
	anySlot := a.WithoutSlot()
	for _, c := range w.u.InstalledGroup(root, a.CP) {
		if !c.Matches(anySlot) {
			continue
		}
		for _, p := range w.ebuilds(c) {
			if p.Repo == c.Pkg.Repo && a.MatchSlot(p.Slot, p.SubSlot) {
				return c
			}
		}
	}
	return nil
}

// ebuilds lists the ebuilds of an installed version.
func (w *walker) ebuilds(c *universe.Candidate) []*metadata.Package {
	var out []*metadata.Package
	for _, r := range w.repos[c.Root].Repos {
		pkgs, err := r.Packages(w.ctx, c.CP())
		if err != nil && w.failed == nil {
			w.failed = err
		}
		for _, p := range pkgs {
			if p.CPV.Version == c.Pkg.CPV.Version {
				out = append(out, p)
			}
		}
	}
	return out
}

// prefer chooses among installed packages, which come highest first: what the
// configuration still accepts, and what is still available, goes before height.
func (w *walker) prefer(list []*universe.Candidate) *universe.Candidate {
	switch len(list) {
	case 0:
		return nil
	case 1:
		return list[0]
	}
	best := list[0]
	for _, c := range list[1:] {
		if w.score(c) > w.score(best) {
			best = c
		}
	}
	return best
}

// score ranks an installed package: 4 if it is not masked, 2 if nothing at all (keywords …)
// speaks against it, 1 if a repository still has its version, visible.
func (w *walker) score(c *universe.Candidate) int {
	if s, ok := w.scores[c]; ok {
		return s
	}
	s := 4
	if c.Visible() {
		s |= 2
	}
	for _, x := range c.Excluded {
		switch x.Kind {
		case metadata.ExclKeyword, metadata.ExclProperties, metadata.ExclRestrict, metadata.ExclCHOST:
			// accepted when it was installed
		default:
			s &^= 4
		}
	}
	if w.available(c) {
		s |= 1
	}
	w.scores[c] = s
	return s
}

// available reports whether an ebuild of the installed version is visible: the one of its own
// repository, or, if that has none any more, of any other.
func (w *walker) available(c *universe.Candidate) bool {
	other := false
	for _, p := range w.ebuilds(c) {
		visible := len(w.repos[c.Root].Policy.Exclusions(p)) == 0
		if p.Repo == c.Pkg.Repo {
			return visible
		}
		other = other || visible
	}
	return other
}

// branch is what one branch of an any-of group means for what stays.
type branch struct {
	node  *depend.Node
	holds bool // everything in it is installed
	stays bool // and stays anyway
	picks []*universe.Candidate
}

// choose is the branch of an any-of group that keeps packages: the first that
// stays anyway, else the first that is installed; but one that differs by higher
// versions of the same packages goes before it, as an update would have it. If none holds it is
// the first, whose atoms are then missing; nil if the group is empty.
func (w *walker) choose(root universe.RootID, n *depend.Node) *depend.Node {
	var best *branch
	var all []branch
	for _, ch := range n.Children {
		b := w.judge(root, ch, 0)
		b.node = ch
		all = append(all, b)
	}
	for i := range all {
		b := &all[i]
		if b.holds && (best == nil || b.stays && !best.stays) {
			best = b
		}
	}
	if best == nil {
		if len(all) == 0 {
			return nil
		}
		return all[0].node
	}
	for i := range all {
		if all[i].holds && newer(all[i].picks, best.picks) {
			best = &all[i]
		}
	}
	return best.node
}

// newer reports whether a has the same packages as b, none older and one newer.
func newer(a, b []*universe.Candidate) bool {
	better := false
	for _, c := range a {
		found := false
		for _, d := range b {
			if c.CP() != d.CP() {
				continue
			}
			found = true
			switch diff := c.Pkg.CPV.Version.Compare(d.Pkg.CPV.Version); {
			case diff < 0:
				return false
			case diff > 0:
				better = true
			}
		}
		if !found {
			return false
		}
	}
	return better && len(a) == len(b)
}

// maxVirtualDepth bounds virtuals that lead to virtuals.
const maxVirtualDepth = 8

// judge evaluates an expression; depth counts the virtuals looked through.
func (w *walker) judge(root universe.RootID, n *depend.Node, depth int) branch {
	switch n.Kind {
	case depend.AtomLeaf:
		return w.judgeAtom(root, n.Atom, depth)
	case depend.AnyOf:
		var best branch
		for _, ch := range n.Children {
			if b := w.judge(root, ch, depth); b.holds && (!best.holds || b.stays && !best.stays) {
				best = b
			}
		}
		if len(n.Children) == 0 {
			best.holds, best.stays = true, true
		}
		return best
	}
	all := branch{holds: true, stays: true}
	for _, ch := range n.Children {
		b := w.judge(root, ch, depth)
		all.holds = all.holds && b.holds
		all.stays = all.stays && b.stays
		all.picks = append(all.picks, b.picks...)
	}
	return all
}

// judgeAtom: a virtual costs nothing itself; it stays anyway if its providers do.
func (w *walker) judgeAtom(root universe.RootID, a *atom.Atom, depth int) branch {
	if a.Blocker != atom.NotBlocker || w.u.Provided(root, a) {
		return branch{holds: true, stays: true}
	}
	c := w.pick(root, a)
	if c == nil {
		return branch{}
	}
	b := branch{holds: true, picks: []*universe.Candidate{c}}
	if isVirtual(a.CP) && depth < maxVirtualDepth {
		b.stays = true
		for _, d := range w.u.Deps(c) {
			if d.Kind == metadata.RDEPEND {
				b.stays = b.stays && w.judge(d.Root, d.Expr, depth+1).stays
			}
		}
		return b
	}
	for _, m := range w.u.InstalledGroup(root, a.CP) {
		b.stays = b.stays || w.kept(m) && m.Matches(a)
	}
	return b
}

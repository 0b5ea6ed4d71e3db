package universe

import (
	"fmt"
	"slices"
	"strings"

	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/atom/depend"
	"github.com/portsolve/portsolve/atom/metadata"
)

// binaryRank puts binary packages before the ebuilds of the same version.
const binaryRank = 1 << 16

// binaryExclusions gives the reasons, besides the configuration's, why a binary package is not used: what options
// exclude, other USE flags or dependencies than its ebuild would have now, no visible ebuild where one is demanded.
func (u *Universe) binaryExclusions(c *Candidate) []metadata.Exclusion {
	r, o := &u.Roots[c.Root], &u.Req.Options
	var out []metadata.Exclusion
	if r.Unwanted != nil {
		out = append(out, r.Unwanted(c.Pkg)...)
	}
	e := u.ebuildOf(c)
	if respects(o.BinpkgRespectUse, o) {
		if diff := u.useDifference(c, e); len(diff) > 0 {
			out = append(out, useExclusion(diff))
		}
	}
	if e != nil && respects(o.BinpkgChangedDeps, o) {
		out = append(out, u.changedDeps(c, e)...)
	}
	if o.UsePkgExcludeLive && isLive(c) {
		out = append(out, metadata.Exclusion{Kind: metadata.ExclOption, Tokens: []string{"live"}, Source: metadata.Source{File: "--usepkg-exclude-live"},
			Detail: "was built of sources that change (PROPERTIES=live; --usepkg-exclude-live)"})
	}
	if o.UseEbuildVisibility.Or(false) && !u.hasVisibleEbuild(c) {
		out = append(out, metadata.Exclusion{Kind: metadata.ExclOption, Detail: "there is no visible ebuild of this version (--use-ebuild-visibility)"})
	}
	if o.ChangedSlot && e != nil && (e.Pkg.Slot != c.Pkg.Slot || e.Pkg.SubSlot != c.Pkg.SubSlot) {
		out = append(out, metadata.Exclusion{Kind: metadata.ExclOption, Detail: "its ebuild has another slot now (--changed-slot)"})
	}
	return out
}

// isLive: PROPERTIES=live marks what is built of sources that change (PMS 7.3.6).
func isLive(c *Candidate) bool {
	n, err := c.Pkg.Properties()
	if err != nil || n == nil {
		return false
	}
	live := false
	n.Evaluate(c.Flags().Has).Leaves(func(l *depend.Node) { live = live || l.Text == "live" })
	return live
}

// Stray reports whether a binary package is better not used while there is something else: what is not to be built from
// source because it is masked or gone. With --usepkgonly ebuilds don't count.
func (u *Universe) Stray(c *Candidate) bool {
	return c.Pkg.Origin == metadata.Binary && !u.Req.Options.UsePkgOnly && !u.hasVisibleEbuild(c)
}

func (u *Universe) hasVisibleEbuild(c *Candidate) bool {
	e := u.ebuildOf(c)
	return e != nil && (e.forced || len(e.policy.Exclusions(e.Pkg)) == 0)
}

// respects: --binpkg-respect-use and --binpkg-changed-deps are on unless only binary packages may be used.
func respects(v string, o *Options) bool {
	switch v {
	case "y":
		return true
	case "n":
		return false
	}
	return !o.UsePkgOnly
}

// ebuildOf is the ebuild of a built package's version, of the same repository if there is one; nil if there is none.
func (u *Universe) ebuildOf(c *Candidate) *Candidate {
	var best *Candidate
	for _, e := range u.Group(c.Root, c.CP()).All {
		if e.Pkg.Origin != metadata.Ebuild || e.Pkg.CPV.Version.Compare(c.Pkg.CPV.Version) != 0 || e.Pkg.Invalid != nil {
			continue
		}
		if best == nil || e.Pkg.Repo == c.Pkg.Repo && best.Pkg.Repo != c.Pkg.Repo {
			best = e
		}
	}
	return best
}

// useExclusion puts differences into words.
func useExclusion(diff []metadata.FlagDifference) metadata.Exclusion {
	x := metadata.Exclusion{Kind: metadata.ExclUse, Flags: diff}
	var words []string
	for _, d := range diff {
		words = append(words, d.String())
		if x.Source.IsZero() {
			x.Source = d.Source
		}
		if d.Wanted {
			x.Tokens = append(x.Tokens, d.Flag)
		} else {
			x.Tokens = append(x.Tokens, "-"+d.Flag)
		}
	}
	x.Detail = "was built with other USE flags than configured: " + strings.Join(words, ", ")
	return x
}

// changedDeps compares the run-time dependencies that a binary package was built with to those of its ebuild.
func (u *Universe) changedDeps(c, e *Candidate) []metadata.Exclusion {
	for k := metadata.DEPEND; k < metadata.NumDepKinds; k++ {
		if BuildTime(k) {
			continue
		}
		now, was := u.depTextAs(e, c, k), u.DepText(c, k)
		if now == was {
			continue
		}
		x := metadata.Exclusion{Kind: metadata.ExclChangedDeps, Tokens: []string{k.String()},
			Detail: fmt.Sprintf("%s of the ebuild has changed since it was built", k)}
		added, gone := missingWords(now, was), missingWords(was, now)
		switch {
		case len(added)+len(gone) == 0:
			x.Detail += " (the same packages in another order)"
		case len(added) == 0:
			x.Detail += ": without " + strings.Join(gone, " ") + " now"
		case len(gone) == 0:
			x.Detail += ": with " + strings.Join(added, " ") + " now"
		default:
			x.Detail += fmt.Sprintf(": %s instead of %s", strings.Join(added, " "), strings.Join(gone, " "))
		}
		for _, w := range added {
			x.Tokens = append(x.Tokens, "+"+w)
		}
		for _, w := range gone {
			x.Tokens = append(x.Tokens, "-"+w)
		}
		return []metadata.Exclusion{x}
	}
	return nil
}

// missingWords lists the words of a that b does not have, each once.
func missingWords(a, b string) []string {
	var out []string
	others := strings.Fields(b)
	for w := range strings.FieldsSeq(a) {
		if !slices.Contains(others, w) && !slices.Contains(out, w) {
			out = append(out, w)
		}
	}
	return out
}

// useDifference lists the flags in which a binary package differs from what would be built now. The effective IUSE counts: a flag
// that one has in IUSE and the other implicitly is in both. Flags that the profile forces or masks, and that are not in
// both IUSE, don't count.
func (u *Universe) useDifference(c, e *Candidate) []metadata.FlagDifference {
	now, iuse, like := c.policy.UseFromConfig(c.Pkg), c.Pkg.IUSE, c
	if e != nil {
		now, iuse, like = e.Flags(), e.Pkg.IUSE, e
	}
	was := c.Flags()
	var out []metadata.FlagDifference
	seen := map[string]bool{}
	look := func(f string) {
		if seen[f] {
			return
		}
		seen[f] = true
		built, known := c.HasFlag(f), e == nil || e.HasFlag(f)
		if built && known && now.Has(f) == was.Has(f) {
			return
		}
		if !c.Pkg.HasIUSE(f) || e != nil && !e.Pkg.HasIUSE(f) {
			if _, forced, masked, _ := c.ForcedFlag(f); forced || masked {
				return
			}
		}
		d := metadata.FlagDifference{Flag: f, Wanted: now.Has(f), Built: "off", Gone: !known}
		switch {
		case !built:
			d.Built = "missing"
		case was.Has(f):
			d.Built = "on"
		}
		_, _, _, d.Source = like.ForcedFlag(f)
		out = append(out, d)
	}
	for _, f := range iuse {
		look(f.Name)
	}
	for _, f := range c.Pkg.IUSE {
		look(f.Name)
	}
	return out
}

// depTextAs is DepText of an ebuild under the flags that a built package of its version has.
func (u *Universe) depTextAs(e, built *Candidate, k metadata.DepKind) string {
	n, err := e.Pkg.Deps(k)
	if err != nil || n == nil {
		return ""
	}
	var b []byte
	n.Evaluate(built.Flags().Has).Atoms(func(a *atom.Atom) { b = appendUnbound(b, a) })
	return string(b)
}

// appendUnbound writes an atom without a recorded slot binding.
func appendUnbound(b []byte, a *atom.Atom) []byte {
	if a.SlotOp == atom.SlotOpEqual {
		a = a.WithSlot("", "", a.SlotOp)
	}
	return append(append(b, a.String()...), ' ')
}

package universe

import (
	"fmt"
	"strings"

	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/atom/depend"
	"github.com/portsolve/portsolve/atom/metadata"
)

// Candidate is one package that could be (or is) in one root.
// Candidates are created once by the Universe; compare by pointer.
type Candidate struct {
	ID       int
	Pkg      *metadata.Package
	Root     RootID
	RepoRank int             // precedence of its repository, higher wins; -1 installed
	Use      metadata.UseSet // enabled flags in effect; valid after Flags, and in every Selection
	Excluded []metadata.Exclusion

	policy    Policy
	useKnown  bool
	visKnown  bool
	ruKnown   bool
	ruFailed  bool
	deps      []Dep
	depsKnown bool
	forced    bool      // named by path: masks do not apply
	binary    *Universe // set for a binary package: it is judged by more than the configuration
	noBuild   bool      // --usepkgonly: ebuilds are not used
}

// Installed reports whether the candidate is an installed package.
func (c *Candidate) Installed() bool { return c.Pkg.Origin == metadata.Installed }

// CP is the qualified name.
func (c *Candidate) CP() atom.CP { return c.Pkg.CPV.CP }

// String is "cat/pkg-1::repo", with " (installed)" for an installed package.
func (c *Candidate) String() string {
	s := c.Pkg.CPV.String()
	if c.Pkg.Repo != "" {
		s += "::" + c.Pkg.Repo
	}
	if c.Installed() {
		s += " (installed)"
	}
	return s
}

// Flags returns the enabled USE flags in effect: the recorded ones of a built
// package, the configuration's for an ebuild.
func (c *Candidate) Flags() metadata.UseSet {
	if !c.useKnown {
		c.Use = c.policy.Use(c.Pkg)
		c.useKnown = true
	}
	return c.Use
}

// HasFlag reports whether flag is in the effective IUSE.
func (c *Candidate) HasFlag(flag string) bool { return c.policy.HasFlag(c.Pkg, flag) }

// Visible reports whether nothing in the configuration excludes the candidate.
func (c *Candidate) Visible() bool {
	if c.forced && c.Pkg.Invalid == nil && c.Pkg.EAPI != nil {
		return true // named by path: masks don't apply, but it must be readable
	}
	if !c.visKnown {
		c.visKnown = true
		c.Excluded = c.policy.Exclusions(c.Pkg)
		if c.binary != nil {
			c.Excluded = append(c.Excluded, c.binary.binaryExclusions(c)...)
		} else if c.noBuild && c.Pkg.Origin == metadata.Ebuild {
			c.Excluded = append(c.Excluded, metadata.Exclusion{Kind: metadata.ExclOption, Source: metadata.Source{File: "--usepkgonly"},
				Detail: "only binary packages may be used (--usepkgonly)"})
		}
	}
	return len(c.Excluded) == 0
}

// RequiredUseFails reports whether an ebuild's REQUIRED_USE (PMS 7.3.5) does
// not hold under its flags. Built packages passed that test when they were built.
func (c *Candidate) RequiredUseFails() bool {
	if c.ruKnown {
		return c.ruFailed
	}
	c.ruKnown = true
	if c.Pkg.Origin != metadata.Ebuild || c.Pkg.EAPI == nil || !c.Pkg.EAPI.RequiredUse {
		return false
	}
	if c.Pkg.Var("REQUIRED_USE") == "" {
		return false
	}
	n, err := c.Pkg.RequiredUse()
	if err != nil {
		return false // an invalid expression excludes the package elsewhere
	}
	c.ruFailed = !n.SatisfiedUse(c.Flags().Has)
	return c.ruFailed
}

// FailedRequiredUse is the part of REQUIRED_USE that does not hold, "" if all does.
func (c *Candidate) FailedRequiredUse() string {
	if !c.RequiredUseFails() {
		return ""
	}
	n, err := c.Pkg.RequiredUse()
	if err != nil {
		return ""
	}
	var failed []string
	for _, ch := range n.Children {
		if !ch.SatisfiedUse(c.Flags().Has) {
			failed = append(failed, ch.String())
		}
	}
	return strings.Join(failed, " ")
}

// Usable reports whether the candidate may be merged as things are configured.
func (c *Candidate) Usable() bool { return c.Visible() && !c.RequiredUseFails() }

// SlotKey identifies what at most one installed package may occupy.
type SlotKey struct {
	Root RootID
	CP   atom.CP
	Slot string
}

// SlotKey of the candidate.
func (c *Candidate) SlotKey() SlotKey { return SlotKey{c.Root, c.Pkg.CPV.CP, c.Pkg.Slot} }

// SamePlace reports that c and o cannot be installed at the same time: they have the same slot, or the same version, for which
// the database of installed packages has one place (SLOT may have changed without a new revision).
func (c *Candidate) SamePlace(o *Candidate) bool {
	return c.Root == o.Root && c.Pkg.CPV.CP == o.Pkg.CPV.CP &&
		(c.Pkg.Slot == o.Pkg.Slot || c.Pkg.CPV.Version.Compare(o.Pkg.CPV.Version) == 0)
}

func (k SlotKey) String() string { return fmt.Sprintf("%s:%s", k.CP, k.Slot) }

// Matches reports whether a (USE part already evaluated) matches the candidate.
func (c *Candidate) Matches(a *atom.Atom) bool {
	if !a.MatchVersion(c.Pkg.CPV) || !a.MatchSlot(c.Pkg.Slot, c.Pkg.SubSlot) {
		return false
	}
	if a.Repo != "" && a.Repo != c.Pkg.Repo || a.BuildID != 0 && a.BuildID != c.Pkg.BuildID {
		return false
	}
	return !a.RestrictsUse() || a.MatchUse(c.HasFlag, c.Flags().Has)
}

// MatchesButUse is Matches without the USE part.
func (c *Candidate) MatchesButUse(a *atom.Atom) bool {
	return a.MatchVersion(c.Pkg.CPV) && a.MatchSlot(c.Pkg.Slot, c.Pkg.SubSlot) &&
		(a.Repo == "" || a.Repo == c.Pkg.Repo)
}

// AnswersItself reports whether an atom of a run-time dependency of c asks for c itself.
func (c *Candidate) AnswersItself(d Dep, a *atom.Atom) bool {
	return a.CP == c.CP() && !BuildTime(d.Kind) && d.Root == c.Root && c.Matches(a)
}

// Dep is one evaluated dependency variable of a candidate, with the root that
// its atoms have to be satisfied in.
type Dep struct {
	Kind metadata.DepKind
	Root RootID
	Expr *depend.Node
}

// ForcedFlag tells the configured state of a flag and whether the profile forces or masks it.
func (c *Candidate) ForcedFlag(flag string) (on, forced, masked bool, src metadata.Source) {
	return c.policy.ExplainUse(c.Pkg, flag)
}

// Override replaces the flags in effect by flags with the given ones switched,
// as an accepted configuration change would. It must be called before the candidate's dependencies are used.
func (c *Candidate) Override(change map[string]bool) {
	var flags []string
	for _, f := range c.Flags() {
		if on, ok := change[f]; !ok || on {
			flags = append(flags, f)
		}
	}
	for f, on := range change {
		if on {
			flags = append(flags, f)
		}
	}
	c.Use = metadata.NewUseSet(flags)
	c.depsKnown, c.deps, c.ruKnown = false, nil, false
}

// With is a copy of the candidate with flags switched as Override does: the same package built in another
// way. It is the candidate of no universe; only Matches, Flags and Universe.Deps make sense for it.
func (c *Candidate) With(change map[string]bool) *Candidate {
	c.Flags()
	other := *c
	other.Override(change)
	return &other
}

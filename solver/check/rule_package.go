package check

import (
	"sort"
	"strings"

	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/atom/metadata"
	"github.com/portsolve/portsolve/solver/universe"
)

// The rules that look at one merged package at a time.

// expectedUse is what the package must be built with: the configuration's
// answer with the proposed changes on top, and with those of the first of two
// builds, if that is what it is. A binary package brings its own.
func (c *checker) expectedUse(st *state, p *metadata.Package, temporary map[string]bool) metadata.UseSet {
	use := st.root.Policy.Use(p)
	if p.Origin != metadata.Ebuild {
		return use
	}
	return switchFlags(switchFlags(use, c.changedUse(p)), temporary)
}

func switchFlags(use metadata.UseSet, changes map[string]bool) metadata.UseSet {
	if len(changes) == 0 {
		return use
	}
	var flags []string
	for _, f := range use {
		if on, changed := changes[f]; !changed || on {
			flags = append(flags, f)
		}
	}
	for f, on := range changes {
		if on {
			flags = append(flags, f)
		}
	}
	return metadata.NewUseSet(flags)
}

// changedUse: changes are listed by cpv, with or without the repository.
func (c *checker) changedUse(p *metadata.Package) map[string]bool {
	if m := c.res.Changes.Use[label(p)]; m != nil {
		return m
	}
	return c.res.Changes.Use[p.CPV.String()]
}

// eachMerge visits the merged items in plan order.
func (c *checker) eachMerge(f func(st *state, it *item)) {
	for i := range c.steps {
		if s := &c.steps[i]; s.item != nil && !s.removal {
			f(c.roots[s.item.root], s.item)
		}
	}
}

// useRule: recorded USE has every flag of IUSE in the state it will be built with.
func (c *checker) useRule() {
	c.eachMerge(func(st *state, it *item) {
		for _, f := range it.pkg.IUSE {
			said, listed := it.entry.Use[f.Name]
			is := it.use.Has(f.Name)
			if !listed || said != is {
				c.add(RuleUse, label(it.pkg), "%s would be built with %s, but the plan says %s", c.name(it),
					flagState(f.Name, is, true), flagState(f.Name, said, listed))
			}
		}
		changed := append(sortedKeys(c.changedUse(it.pkg)), sortedKeys(it.entry.Temporary)...)
		for _, f := range changed {
			if _, forced, masked, _ := st.root.Policy.ExplainUse(it.pkg, f); (forced || masked) && !contains(c.res.Changes.UseMask[it.pkg.CPV.String()], f) {
				c.add(RuleUse, label(it.pkg), "the flag %s of %s cannot be changed: the profile forces or masks it", f, c.name(it))
			} else if !it.pkg.HasIUSE(f) {
				c.add(RuleUse, label(it.pkg), "the flag %s is to be changed for %s, which has no such flag", f, c.name(it))
			}
		}
	})
}

func flagState(flag string, on, listed bool) string {
	switch {
	case !listed:
		return "nothing about " + flag
	case on:
		return flag
	}
	return "-" + flag
}

func sortedKeys(m map[string]bool) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}

// visibilityRule: nothing masked is merged unless the answer proposes to unmask
// it or the argument was that very file; nothing invalid is merged at all (PMS 7.3.1).
func (c *checker) visibilityRule() {
	excluded := parseWords(c.opts.Exclude)
	c.eachMerge(func(st *state, it *item) {
		p := it.pkg
		if p.Invalid != nil || p.EAPI == nil {
			c.add(RuleVisibility, label(p), "%s has invalid metadata or an unknown EAPI and cannot be merged", c.name(it))
			return
		}
		if c.exact[label(p)] {
			return
		}
		for _, x := range st.root.Policy.Exclusions(p) {
			if !c.covered(p, x) {
				c.add(RuleVisibility, label(p), "%s is masked by %s and the answer proposes no change for it",
					c.name(it), strings.TrimSpace(string(x.Kind)+" "+strings.Join(x.Tokens, " ")))
			}
		}
		for _, a := range excluded {
			if a.MatchVersion(p.CPV) && a.MatchSlot(p.Slot, p.SubSlot) && (a.Repo == "" || a.Repo == p.Repo) {
				c.add(RuleVisibility, label(p), "%s is merged in spite of --exclude=%s", c.name(it), a)
			}
		}
	})
}

// mayMerge: nothing masks the package but what the answer proposes to unmask.
func (c *checker) mayMerge(st *state, p *metadata.Package) bool {
	if p.Invalid != nil || p.EAPI == nil {
		return false
	}
	for _, x := range st.root.Policy.Exclusions(p) {
		if !c.covered(p, x) {
			return false
		}
	}
	return true
}

// covered: the proposed configuration changes remove this reason.
func (c *checker) covered(p *metadata.Package, x metadata.Exclusion) bool {
	switch ch := &c.res.Changes; x.Kind {
	case metadata.ExclKeyword:
		return listed(ch.Keywords, p)
	case metadata.ExclMask:
		return listed(ch.Unmask, p)
	case metadata.ExclLicense:
		return accepted(ch.License, p, x.Tokens)
	case metadata.ExclProperties:
		return accepted(ch.Properties, p, x.Tokens)
	case metadata.ExclRestrict:
		return accepted(ch.Restrict, p, x.Tokens)
	case metadata.ExclRequiredUse:
		return true // judged by requiredUseRule, with the changed flags
	}
	return false
}

// accepted: changes accept all of the words for a package.
func accepted(changes map[string][]string, p *metadata.Package, words []string) bool {
	list := changes[label(p)]
	if list == nil {
		list = changes[p.CPV.String()]
	}
	for _, w := range words {
		if !contains(list, w) {
			return false
		}
	}
	return len(list) > 0
}

func listed(list []string, p *metadata.Package) bool {
	return contains(list, p.CPV.String()) || contains(list, label(p))
}

func contains(list []string, s string) bool {
	for _, e := range list {
		if e == s {
			return true
		}
	}
	return false
}

// parseWords reads the atoms of an option such as --exclude; what is no atom
// matches nothing (the command line has complained already).
func parseWords(words []string) []*atom.Atom {
	var out []*atom.Atom
	for _, w := range words {
		for _, f := range strings.Fields(w) {
			if !strings.Contains(f, "/") {
				f = "*/" + f
			}
			if a, err := atom.ParseWildcard(f); err == nil {
				out = append(out, a)
			}
		}
	}
	return out
}

// slotRule: at most one merge per name and slot of a root (PMS 7.2), but that a package may be built for the
// time being with other flags, and then again.
func (c *checker) slotRule() {
	first := map[universe.SlotKey]*item{}
	c.eachMerge(func(_ *state, it *item) {
		k := universe.SlotKey{Root: it.root, CP: it.pkg.CPV.CP, Slot: it.pkg.Slot}
		other := first[k]
		first[k] = it
		again := other != nil && len(other.entry.Temporary) > 0 && len(it.entry.Temporary) == 0 && label(other.pkg) == label(it.pkg)
		if other != nil && !again {
			c.add(RuleSlot, label(it.pkg), "%s and %s are both merged, but slot %s of %s holds one package",
				c.name(other), c.name(it), k.Slot, k.CP)
		}
		if len(it.entry.Temporary) > 0 && it.stays {
			c.add(RulePlan, label(it.pkg), "entry %d builds %s for the time being, but nothing builds it again", it.from+1, c.name(it))
		}
	})
}

// requiredUseRule: REQUIRED_USE of what is built holds (PMS 7.3.5, EAPI 4).
func (c *checker) requiredUseRule() {
	c.eachMerge(func(_ *state, it *item) {
		p := it.pkg
		if p.Origin != metadata.Ebuild || p.EAPI == nil || !p.EAPI.RequiredUse {
			return
		}
		tree, err := p.RequiredUse()
		if err != nil {
			c.add(RuleRequiredUse, label(p), "%s: REQUIRED_USE cannot be read: %v", c.name(it), err)
		} else if tree != nil && !tree.SatisfiedUse(it.use.Has) {
			c.add(RuleRequiredUse, label(p), "%s breaks its REQUIRED_USE=%q with USE=%q", c.name(it), tree, strings.Join(it.use, " "))
		}
	})
}

package check

import (
	"context"
	"sort"
	"strings"

	"github.com/portsolve/portsolve/atom/metadata"
	"github.com/portsolve/portsolve/solver/answer"
	"github.com/portsolve/portsolve/solver/universe"
)

// entryRoot finds the root an entry is for by its path; an empty path is
// accepted where there is only one root.
func (c *checker) entryRoot(i int, e *answer.Entry) *state {
	for _, st := range c.roots {
		if st.root.Path == e.Root || e.Root == "" && len(c.roots) == 1 {
			return st
		}
	}
	c.add(RulePlan, e.CPV, "entry %d (%s) is for the root %q, which does not exist", i+1, e.CPV, e.Root)
	return nil
}

// describes compares the printed fields of an entry with the package behind it.
func (c *checker) describes(i int, e *answer.Entry) bool {
	p := e.Package
	if p == nil {
		c.add(RulePlan, e.CPV, "entry %d (%s) has no package behind it", i+1, e.CPV)
		return false
	}
	want := "installed"
	if e.Action == answer.Merge {
		want = [...]string{metadata.Ebuild: "ebuild", metadata.Binary: "binary", metadata.Installed: "?"}[p.Origin]
	}
	fields := [...]struct{ what, said, is string }{
		{"cpv", e.CPV, p.CPV.String()},
		{"slot", e.Slot, p.Slot},
		{"sub-slot", e.SubSlot, p.SubSlot},
		{"repository", e.Repo, p.Repo},
		{"type", e.Type, want},
	}
	good := true
	for _, f := range fields {
		if f.said != f.is {
			c.add(RulePlan, label(p), "entry %d says %s %q, but the package %s has %q", i+1, f.what, f.said, label(p), f.is)
			good = false
		}
	}
	return good
}

// inRepository: only what a repository of the root offers can be merged, or
// the very file that was asked for.
func (c *checker) inRepository(i int, e *answer.Entry, st *state) {
	if c.exact[label(e.Package)] {
		return
	}
	sources := make([]universe.Source, 0, len(st.root.Repos)+1)
	for _, r := range st.root.Repos {
		sources = append(sources, r)
	}
	if st.root.Binaries != nil {
		sources = append(sources, st.root.Binaries)
	}
	for _, r := range sources {
		pkgs, err := r.Packages(context.Background(), e.Package.CPV.CP)
		if err != nil {
			continue
		}
		for _, p := range pkgs {
			if p == e.Package || p.Origin == e.Package.Origin && p.BuildID == e.Package.BuildID && label(p) == label(e.Package) {
				return
			}
		}
	}
	c.add(RulePlan, label(e.Package), "entry %d merges %s, which no repository of %s has", i+1, label(e.Package), st.root.Path)
}

// replaces compares Entry.Replaces with what the merge really replaces. A
// package of the same version in another slot goes, too, because there is one
// place per version in the database; naming it is optional.
// An answer that failed may have several packages in a slot.
func (c *checker) replaces(i int, s *step) {
	if !c.claimsSuccess() {
		return
	}
	said := map[string]bool{}
	for _, cpv := range s.entry.Replaces {
		said[cpv] = true
	}
	for _, old := range s.ousted {
		cpv := old.pkg.CPV.String()
		if !said[cpv] && old.pkg.Slot == s.item.pkg.Slot && !old.merged() {
			c.add(RulePlan, label(s.item.pkg), "entry %d merges %s over %s in slot %s without saying so",
				i+1, label(s.item.pkg), cpv, old.pkg.Slot)
		}
		delete(said, cpv)
	}
	rest := make([]string, 0, len(said))
	for cpv := range said {
		if !c.madeWay(s.item, cpv) {
			rest = append(rest, cpv)
		}
	}
	if len(rest) > 0 {
		sort.Strings(rest)
		c.add(RulePlan, label(s.item.pkg), "entry %d says that %s replaces %s, which is not in slot %s at that point",
			i+1, label(s.item.pkg), strings.Join(rest, ", "), s.item.pkg.Slot)
	}
}

// madeWay: the installed cpv was in the slot that the item takes, until the same version was merged into another slot.
func (c *checker) madeWay(it *item, cpv string) bool {
	for _, old := range c.roots[it.root].byCP[it.pkg.CPV.CP] {
		if !old.merged() && old.pkg.Slot == it.pkg.Slot && old.pkg.CPV.String() == cpv && old.to < it.from && !c.steps[old.to].removal {
			return true
		}
	}
	return false
}

// statusRule compares the status with the plan and the changes.
func (c *checker) statusRule() {
	work, unsolved := 0, ""
	for i := range c.res.Plan {
		switch e := &c.res.Plan[i]; {
		case e.Action != answer.BlockerEntry:
			work++
		case !e.SolvedBlocker && unsolved == "":
			unsolved = e.Atom
		}
	}
	changes := !c.res.Changes.Empty()
	switch s := c.res.Status; s {
	case answer.Unsolvable:
		return
	case answer.NothingToDo:
		if work > 0 {
			c.add(RulePlan, "", "the status is %q, but the plan has %d entries", s, work)
		}
	case answer.Solved, answer.ChangesNeeded:
		if work == 0 && !changes {
			c.add(RulePlan, "", "the status is %q, but there is nothing in the plan", s)
		}
	default:
		c.add(RulePlan, "", "unknown status %q", s)
		return
	}
	if changes && c.res.Status == answer.Solved && c.opts.Compat && c.builtSo() {
		changes = false // emerge names the flags and goes on
	}
	if changes != (c.res.Status == answer.ChangesNeeded) {
		c.add(RulePlan, "", "the status is %q, but the list of configuration changes says otherwise", c.res.Status)
	}
	if unsolved != "" {
		c.add(RuleBlocker, "", "the status is %q, but the blocker %s is marked unsolved", c.res.Status, unsolved)
	}
	if !c.res.Complete {
		c.add(RulePlan, "", "the status is %q, but the answer says it is incomplete", c.res.Status)
	}
}

// builtSo: the changes are flags that binary packages of the plan have already.
func (c *checker) builtSo() bool {
	only := c.res.Changes
	only.Use = nil
	if !only.Empty() {
		return false
	}
	for cpv, flags := range c.res.Changes.Use {
		found := false
		for i := range c.res.Plan {
			e := &c.res.Plan[i]
			found = found || e.CPV == cpv && e.Type == "binary" && containsAll(e.Use, flags)
		}
		if !found {
			return false
		}
	}
	return true
}

func containsAll(use, flags map[string]bool) bool {
	for f, on := range flags {
		if was, known := use[f]; !known || was != on {
			return false
		}
	}
	return true
}

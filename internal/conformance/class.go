package main

import "strings"

// traits tells which parts of a resolver a case needs. They sort the 616 cases
// into classes that can be worked on one after the other.
type traits struct {
	Binary  bool // asks for binary packages
	Changes bool // expects configuration changes to be proposed
	Special bool // removal, blockers on display, slot conflicts, circular dependencies
}

// String names the class in one word, for reports.
func (t traits) String() string {
	switch {
	case t.Binary:
		return "binary"
	case t.Changes:
		return "changes"
	case t.Special:
		return "special"
	}
	return "plain"
}

// binaryOptions make a request use binary packages. Binary packages in the
// fixture alone do not: without these options they are not looked at.
var binaryOptions = [...]string{"--usepkg", "--usepkgonly", "--getbinpkg", "--getbinpkgonly"}

// changeFields are the expectations that propose a configuration change.
var changeFields = [...]string{"use_changes", "license_changes", "unstable_keywords", "needed_p_mask_changes"}

// traitsOf derives the classes of a case from its request and expectation. In
// the shared corpus 178 cases are Binary and 56 have Changes (3 are both), 385
// are neither, and 324 of those are not Special. A blocker counts where the
// recorded merge list shows one.
func traitsOf(c *testCase) traits {
	var t traits
	for _, o := range binaryOptions {
		if _, ok := c.Options[o]; ok {
			t.Binary = true
		}
	}
	for _, f := range changeFields {
		if c.Expected[f] != nil {
			t.Changes = true
		}
	}
	t.Special = c.Effective != nil ||
		c.Expected["slot_collision_solutions"] != nil ||
		c.Expected["circular_dependency_solutions"] != nil ||
		showsBlocker(c.Actual.Checks["mergelist"])
	return t
}

func showsBlocker(mergelist any) bool {
	list, _ := mergelist.([]any)
	for _, e := range list {
		if s, ok := e.(string); ok && strings.HasPrefix(s, "!") {
			return true
		}
	}
	return false
}

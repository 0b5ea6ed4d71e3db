// Package differences turns the cases in which portsolve and emerge answer
// differently into the tables of docs/portage-differences.md. Both harnesses
// (internal/conformance, internal/reference) say what each of the two answers;
// this package names the principle behind the difference and writes the tables.
// What a principle means, and why it is right, is prose and stands in the
// document itself.
package differences

import (
	"slices"
	"strings"

	"github.com/portsolve/portsolve/atom"
)

// Answer is what one of the two says to a request, as far as the tables need it.
type Answer struct {
	// Solved: there is a plan that can be carried out, without configuration changes.
	Solved bool
	// Plan lists what is merged ("cat/pkg-1") and removed ("uninstall cat/pkg-1"), in order. nil: no plan.
	Plan []string
	// Changes are the configuration changes asked for: "cat/pkg-1 +flag", "cat/pkg-1 ~keyword".
	Changes []string
	// Suggests are the settings said to solve a conflict or break a cycle: "cat/pkg-1 +flag -flag".
	Suggests []string
	// Problems say why it is not solved, the decisive one first.
	Problems []Problem
}

// Problem is a kind of failure.
type Problem string

// The ways in which a resolver fails, in the order in which they decide.
const (
	VirtualCycle Problem = "virtual cycle"
	RequiredUse  Problem = "REQUIRED_USE"
	BuildCycle   Problem = "circular dependencies"
	SlotConflict Problem = "slot conflict"
	Blocker      Problem = "unsolved blocker"
	Unsatisfied  Problem = "unsatisfied dependency"
	Incomplete   Problem = "incomplete" // for a reason that is none of these
)

// Class is the principle behind a difference; it is the name of a section of
// the document.
type Class string

// The classes, in the order of the document.
const (
	ClassRequiredUse  Class = "required-use"
	ClassBuildCycle   Class = "build-cycle"
	ClassVirtualCycle Class = "virtual-cycle"
	ClassBlocker      Class = "blocker"
	ClassSlotConflict Class = "slot-conflict"
	ClassNextBest     Class = "next-candidate"
	ClassChanges      Class = "fewer-changes"
	ClassOtherChanges Class = "other-changes"
	ClassUpdate       Class = "update-found"
	ClassSameVersion  Class = "same-version"
	ClassChoice       Class = "other-choice"
	ClassOrder        Class = "order"
	ClassReport       Class = "report"
	ClassWorse        Class = "worse"
)

// Classes lists all classes in the order of the document.
func Classes() []Class {
	return []Class{
		ClassRequiredUse, ClassBuildCycle, ClassVirtualCycle, ClassBlocker, ClassSlotConflict, ClassNextBest,
		ClassChanges, ClassOtherChanges, ClassUpdate, ClassSameVersion, ClassChoice, ClassOrder, ClassReport, ClassWorse,
	}
}

// Classify names the principle behind the difference between two answers.
func Classify(emerge, ours Answer) Class {
	switch {
	case ours.Solved && !emerge.Solved:
		return solvedByUs(emerge)
	case emerge.Solved && !ours.Solved && len(ours.Problems) == 0 && slices.Equal(emerge.Changes, ours.Changes):
		return ClassReport // of the same changes
	case emerge.Solved && !ours.Solved:
		return ClassWorse
	case emerge.Solved:
		return solvedByBoth(emerge, ours)
	case emerge.needsChanges() && !ours.needsChanges():
		return ClassWorse
	case len(ours.Changes) < len(emerge.Changes) && (ours.needsChanges() || len(missing(ours.Changes, emerge.Changes)) == 0):
		return ClassChanges
	case ours.needsChanges() && !emerge.needsChanges():
		return byProblem(emerge) // that is not in the way of ours
	case ours.needsChanges() && len(missing(ours.Changes, emerge.Changes)) > 0:
		return ClassOtherChanges
	}
	return ClassReport
}

// needsChanges: there is a plan, once the configuration is changed.
func (a Answer) needsChanges() bool { return !a.Solved && len(a.Changes) > 0 && len(a.Problems) == 0 }

// solvedByUs looks at what stopped emerge.
func solvedByUs(emerge Answer) Class {
	if len(emerge.Changes) > 0 {
		return ClassChanges
	}
	return byProblem(emerge)
}

func byProblem(emerge Answer) Class {
	for _, p := range emerge.Problems {
		switch p {
		case VirtualCycle:
			return ClassVirtualCycle
		case RequiredUse:
			return ClassRequiredUse
		case BuildCycle:
			return ClassBuildCycle
		case SlotConflict:
			return ClassSlotConflict
		case Blocker:
			return ClassBlocker
		}
	}
	return ClassNextBest
}

func solvedByBoth(emerge, ours Answer) Class {
	onlyOurs, onlyTheirs := missing(ours.Plan, emerge.Plan), missing(emerge.Plan, ours.Plan)
	switch {
	case len(onlyOurs) == 0 && len(onlyTheirs) == 0 && !slices.Equal(emerge.Changes, ours.Changes):
		return ClassReport
	case len(onlyOurs) == 0 && len(onlyTheirs) == 0:
		return ClassOrder
	case len(onlyTheirs) == 0 || someNewer(onlyOurs, onlyTheirs):
		return ClassUpdate
	case len(onlyOurs) == len(onlyTheirs) && allOlder(onlyOurs, onlyTheirs):
		return ClassSameVersion
	}
	return ClassChoice
}

// missing lists the entries of a that b lacks; blockers do not count.
func missing(a, b []string) []string {
	var out []string
	for _, e := range a {
		if !strings.HasPrefix(e, "!") && !slices.Contains(b, e) {
			out = append(out, e)
		}
	}
	return out
}

// someNewer reports whether a names a package of b at a higher version.
func someNewer(a, b []string) bool {
	versions := byName(b)
	for _, e := range a {
		if cpv, ok := parse(e); ok {
			if old, both := versions[cpv.CP]; both && cpv.Version.Compare(old) > 0 {
				return true
			}
		}
	}
	return false
}

// allOlder reports whether a and b name the same packages, each lower in a.
func allOlder(a, b []string) bool {
	versions := byName(b)
	for _, e := range a {
		cpv, ok := parse(e)
		if !ok {
			return false
		}
		if newer, both := versions[cpv.CP]; !both || cpv.Version.Compare(newer) >= 0 {
			return false
		}
	}
	return true
}

func byName(entries []string) map[atom.CP]atom.Version {
	out := map[atom.CP]atom.Version{}
	for _, e := range entries {
		if cpv, ok := parse(e); ok {
			out[cpv.CP] = cpv.Version
		}
	}
	return out
}

// parse reads a merge of a plan; removals and blockers are none.
func parse(entry string) (atom.CPV, bool) {
	cpv, err := atom.ParseCPV(strings.TrimPrefix(entry, BinaryEntry))
	return cpv, err == nil
}

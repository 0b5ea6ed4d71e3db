package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/portsolve/portsolve/internal/differences"
	"github.com/portsolve/portsolve/solver/answer"
)

// differing lists the cases of one document in which the default mode does not
// answer as the other resolver did.
func differing(out *outcome) []*differences.Difference {
	compat := map[[2]int]*verdict{}
	for _, v := range out.Compat {
		compat[[2]int{v.Scenario, v.Case}] = v
	}
	var list []*differences.Difference
	for _, v := range out.Default {
		at := v.differsAt()
		if at < 0 {
			continue
		}
		other := compat[[2]int{v.Scenario, v.Case}]
		d := &differences.Difference{
			Case:    fmt.Sprintf("%s %d %d", v.Doc.Name, v.Scenario, v.Case),
			Emerge:  recordedAnswer(v.recordedChecks(at)),
			Ours:    ownAnswer(&v.Attempts[at]),
			Checker: checkerVerdict(&v.Attempts[at]),
		}
		var compatResult *answer.Result
		if other != nil {
			d.Deviation = other.differsAt() >= 0
			d.Compat = checkerVerdict(&other.Attempts[at])
			compatResult = other.Attempts[at].Result
		}
		d.SetReasons(v.Attempts[at].Result, compatResult)
		d.Relocate(v.Dir, "")
		list = append(list, d)
	}
	return list
}

// differsAt is the first order of the arguments whose answer is not that of the
// other resolver, or -1. Where the corpus says that it fails its own
// expectation, its answer is what it recorded, not what was expected. Its
// internals (graph_order) are no part of an answer.
func (v *verdict) differsAt() int {
	for i := range v.Attempts {
		a := &v.Attempts[i]
		if a.Err != nil {
			return i
		}
		c := *v.Test
		c.Expected = maps.Clone(c.Expected)
		delete(c.Expected, "graph_order")
		if v.Doc.ExpectedFailure {
			for field := range c.Expected {
				c.Expected[field] = v.recordedChecks(i)[field]
			}
		}
		if len(judge(&c, a.Checks)) > 0 {
			return i
		}
	}
	return -1
}

// recordedChecks is what the other resolver answered to one order of the arguments.
func (v *verdict) recordedChecks(order int) map[string]any {
	if order < len(v.Test.Orders) {
		return v.Test.Orders[order].Actual.Checks
	}
	return v.Test.Actual.Checks
}

// recordedAnswer reads the fields of section 6 of the format.
func recordedAnswer(checks map[string]any) differences.Answer {
	a := differences.Answer{}
	success, _ := checks["success"].(bool)
	a.Solved = success
	if list, ok := checks["mergelist"].([]any); ok {
		a.Plan = []string{}
		for _, e := range listLines(list) {
			a.Plan = append(a.Plan, planEntry(e))
		}
	}
	if list, ok := checks["cleanlist"].([]any); ok {
		a.Plan = []string{}
		for _, e := range listLines(list) {
			a.Plan = append(a.Plan, "uninstall "+e)
		}
	}
	a.Changes, a.Suggests = recordedChanges(checks), recordedSettings(checks)
	unsolved := !success && len(a.Plan) > 0 && strings.HasPrefix(a.Plan[len(a.Plan)-1], "!")
	for _, p := range []struct {
		problem differences.Problem
		here    bool
	}{
		{differences.VirtualCycle, checks["virtual_cycle"] != nil},
		{differences.RequiredUse, filled(checks["required_use_unsatisfied"])},
		{differences.BuildCycle, checks["circular_dependency_solutions"] != nil},
		{differences.SlotConflict, checks["slot_collision_solutions"] != nil},
		{differences.Blocker, unsolved},
		{differences.Unsatisfied, filled(checks["unsatisfied_deps"])},
	} {
		if p.here {
			a.Problems = append(a.Problems, p.problem)
		}
	}
	return a
}

func filled(v any) bool {
	list, _ := v.([]any)
	return len(list) > 0
}

// planEntry spells an entry of a merge list as the tables do.
func planEntry(e string) string {
	if cpv, ok := strings.CutPrefix(e, "[uninstall]"); ok {
		return "uninstall " + stripRepo(cpv)
	}
	kind := ""
	if i := strings.IndexByte(e, ']'); strings.HasPrefix(e, "[") && i > 0 {
		if strings.HasPrefix(e, "[binary") {
			kind = differences.BinaryEntry
		}
		e = e[i+1:]
	}
	e = strings.TrimSuffix(e, "{targetroot}")
	return kind + stripRepo(e)
}

func recordedChanges(checks map[string]any) []string {
	var out []string
	use, _ := checks["use_changes"].(map[string]any)
	for _, cpv := range slices.Sorted(maps.Keys(use)) {
		flags, _ := use[cpv].(map[string]any)
		for _, flag := range slices.Sorted(maps.Keys(flags)) {
			out = append(out, differences.UseChange(cpv, flag, flags[flag] == true))
		}
	}
	licenses, _ := checks["license_changes"].(map[string]any)
	for _, cpv := range slices.Sorted(maps.Keys(licenses)) {
		for _, l := range listLines(licenses[cpv]) {
			out = append(out, cpv+" license "+l)
		}
	}
	for _, kind := range [...]struct{ field, word string }{{"unstable_keywords", " keyword"}, {"needed_p_mask_changes", " unmask"}} {
		if list, ok := checks[kind.field].([]any); ok {
			for _, cpv := range listLines(list) {
				out = append(out, cpv+kind.word)
			}
		}
	}
	slices.Sort(out)
	return out
}

// recordedSettings are the suggestions against slot conflicts and cycles.
func recordedSettings(checks map[string]any) []string {
	var out []string
	alternatives, _ := checks["slot_collision_solutions"].([]any)
	for _, a := range alternatives {
		packages, _ := a.(map[string]any)
		settings := map[string]map[string]bool{}
		for cpv, flags := range packages {
			settings[cpv] = map[string]bool{}
			byFlag, _ := flags.(map[string]any)
			for flag, on := range byFlag {
				settings[cpv][flag] = on == true
			}
		}
		out = append(out, differences.Setting(settings))
	}
	cycles, _ := checks["circular_dependency_solutions"].(map[string]any)
	for cpv, alternatives := range cycles {
		list, _ := alternatives.([]any)
		for _, pairs := range list {
			flags := map[string]bool{}
			pairList, _ := pairs.([]any)
			for _, p := range pairList {
				if pair, ok := p.([]any); ok && len(pair) == 2 {
					flags[fmt.Sprint(pair[0])] = pair[1] == true
				}
			}
			out = append(out, differences.Setting(map[string]map[string]bool{cpv: flags}))
		}
	}
	slices.Sort(out)
	return out
}

func ownAnswer(a *attempt) differences.Answer {
	if a.Result == nil {
		return differences.Answer{}
	}
	return differences.AnswerOf(a.Result)
}

// checkerVerdict is one phrase on one answer.
func checkerVerdict(a *attempt) string {
	switch {
	case a.Err != nil:
		return "error"
	case a.Result == nil || !a.Result.Complete:
		return "not complete"
	case len(a.Reject) > 0:
		rule, _, _ := strings.Cut(a.Reject[0], ":")
		return "rejected (" + rule + ")"
	}
	return "accepted"
}

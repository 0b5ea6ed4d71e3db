package differences

import (
	"fmt"
	"maps"
	"slices"
	"sort"
	"strings"

	"github.com/portsolve/portsolve/solver/answer"
)

// AnswerOf is our own answer in the form that is compared.
func AnswerOf(r *answer.Result) Answer {
	a := Answer{Solved: r.Status == answer.Solved || r.Status == answer.NothingToDo, Changes: changeList(r.Changes)}
	if r.Removal != nil {
		a.Plan = []string{}
		for _, cpv := range r.Removal.CleanList {
			a.Plan = append(a.Plan, "uninstall "+cpv)
		}
	} else if r.Ordered {
		a.Plan = []string{}
		for i := range r.Plan {
			a.Plan = append(a.Plan, planEntry(&r.Plan[i]))
		}
	}
	for _, c := range r.SlotConflicts {
		for _, settings := range c.Solutions {
			a.Suggests = append(a.Suggests, Setting(settings))
		}
	}
	for _, c := range r.Cycles {
		for _, b := range c.Breaks {
			a.Suggests = append(a.Suggests, Setting(b.Settings))
		}
	}
	for _, p := range []struct {
		problem Problem
		here    bool
	}{
		{VirtualCycle, len(r.VirtualCycle) > 0}, {RequiredUse, len(r.RequiredUse) > 0}, {BuildCycle, len(r.Cycles) > 0},
		{SlotConflict, len(r.SlotConflicts) > 0}, {Blocker, len(unsolvedBlockers(r)) > 0},
		{Unsatisfied, len(r.Unsatisfied) > 0},
	} {
		if p.here {
			a.Problems = append(a.Problems, p.problem)
		}
	}
	if !r.Complete && len(a.Problems) == 0 {
		a.Problems = []Problem{Incomplete}
	}
	return a
}

// BinaryEntry precedes the binary packages of a plan.
const BinaryEntry = "binary "

func planEntry(e *answer.Entry) string {
	switch {
	case e.Action == answer.BlockerEntry:
		return e.Atom
	case e.Action == answer.Uninstall:
		return "uninstall " + e.CPV
	case e.Type == "binary" && e.BuildID > 0:
		return fmt.Sprintf("%s%s-%d", BinaryEntry, e.CPV, e.BuildID)
	case e.Type == "binary":
		return BinaryEntry + e.CPV
	}
	return e.CPV
}

// changeList spells configuration changes, sorted.
func changeList(c answer.Changes) []string {
	var out []string
	for cpv, flags := range c.Use {
		for flag, on := range flags {
			out = append(out, UseChange(cpv, flag, on))
		}
	}
	for cpv, licenses := range c.License {
		for _, l := range licenses {
			out = append(out, cpv+" license "+l)
		}
	}
	for _, cpv := range c.Keywords {
		out = append(out, cpv+" keyword")
	}
	for _, cpv := range c.Unmask {
		out = append(out, cpv+" unmask")
	}
	sort.Strings(out)
	return out
}

// UseChange spells one change of a USE flag.
func UseChange(cpv, flag string, on bool) string {
	sign := "-"
	if on {
		sign = "+"
	}
	return cpv + " " + sign + flag
}

// Setting spells flags that belong together: "cat/a-1 +x -y, cat/b-1 +z".
func Setting(use map[string]map[string]bool) string {
	var out []string
	for _, cpv := range slices.Sorted(maps.Keys(use)) {
		words := []string{cpv}
		for _, flag := range slices.Sorted(maps.Keys(use[cpv])) {
			words = append(words, strings.TrimPrefix(UseChange("", flag, use[cpv][flag]), " "))
		}
		out = append(out, strings.Join(words, " "))
	}
	return strings.Join(out, ", ")
}

func unsolvedBlockers(r *answer.Result) []*answer.Entry {
	var out []*answer.Entry
	for i := range r.Plan {
		if e := &r.Plan[i]; e.Action == answer.BlockerEntry && !e.SolvedBlocker {
			out = append(out, e)
		}
	}
	return out
}

// Failure says what keeps an answer from being one, from its own data: a
// sentence for each fact, the decisive ones only. nil if nothing does.
func Failure(r *answer.Result) []string {
	var out []string
	if len(r.VirtualCycle) > 0 {
		out = append(out, "the virtuals "+code(r.VirtualCycle)+" need each other")
	}
	for _, u := range r.RequiredUse {
		out = append(out, fmt.Sprintf("the first candidate of `%s`, `%s`, fails REQUIRED_USE `%s`", u.Atom, u.CPV, cell(u.Expression)))
	}
	out = append(out, cycles(r)...)
	for _, b := range unsolvedBlockers(r) {
		out = append(out, fmt.Sprintf("the blocker `%s` of %s is left unsolved", b.Atom, code(b.Parents)))
	}
	if len(out) == 0 {
		out = conflicts(r)
	}
	if len(out) == 0 {
		for _, u := range r.Unsatisfied {
			out = append(out, fmt.Sprintf("`%s` of `%s` has no candidate that it accepts", u.Atom, u.Parent))
		}
	}
	out = slices.Compact(out)
	return shorten(out, 4)
}

// cycles spells the chains of the circular dependencies.
func cycles(r *answer.Result) []string {
	var out []string
	for _, c := range r.Cycles {
		if len(c.Members) > 0 {
			out = append(out, fmt.Sprintf("%s → `%s` need each other to be built", arrows(c.Members), c.Members[0]))
		}
	}
	return out
}

// conflicts spells the minimal contradiction, or else the slots in conflict.
func conflicts(r *answer.Result) []string {
	var out []string
	if r.Conflict != nil {
		for _, rule := range r.Conflict.Rules {
			if rule.Kind != "request" {
				out = append(out, cell(rule.Text))
			}
		}
		return slices.Compact(out)
	}
	for _, c := range r.SlotConflicts {
		var cpvs []string
		for _, p := range c.Packages {
			cpvs = append(cpvs, p.CPV)
		}
		out = append(out, "in slot `"+c.Slot+"` are "+code(cpvs))
	}
	return out
}

// shorten keeps the first n sentences and counts the rest.
func shorten(list []string, n int) []string {
	if len(list) <= n {
		return list
	}
	return append(slices.Clone(list[:n]), fmt.Sprintf("and %d more", len(list)-n))
}

func arrows(cpvs []string) string {
	quoted := make([]string, len(cpvs))
	for i, c := range cpvs {
		quoted[i] = "`" + c + "`"
	}
	return strings.Join(quoted, " → ")
}

// code quotes entries; of many only the first few.
func code(list []string) string {
	const most = 6
	var quoted []string
	for i, e := range list {
		if i == most {
			quoted = append(quoted, fmt.Sprintf("and %d more", len(list)-most))
			break
		}
		quoted = append(quoted, "`"+cell(e)+"`")
	}
	return strings.Join(quoted, ", ")
}

// cell keeps text from ending a cell of a table.
func cell(s string) string {
	return strings.ReplaceAll(strings.ReplaceAll(s, "\n", " "), "|", "\\|")
}

// UseChanges spells a map of USE changes, sorted.
func UseChanges(use map[string]map[string]bool) []string {
	var out []string
	for _, cpv := range slices.Sorted(maps.Keys(use)) {
		for _, flag := range slices.Sorted(maps.Keys(use[cpv])) {
			out = append(out, UseChange(cpv, flag, use[cpv][flag]))
		}
	}
	return out
}

package main

import (
	"encoding/json"
	"slices"
	"sort"
	"strings"
)

// judge returns the names of the expected fields that checks does not meet,
// sorted. checks is a decoded JSON object; a field that is absent counts as null.
func judge(c *testCase, checks map[string]any) []string {
	var wrong []string
	for field, want := range c.Expected {
		got := checks[field]
		var ok bool
		switch {
		case field == "mergelist":
			ok = sameMergelist(c, want, got)
		case field == "cleanlist" && c.Flags["ignore_cleanlist_order"]:
			ok = sameSet(want, got)
		case field == "slot_collision_solutions" && isOneOf(want):
			ok = slices.ContainsFunc(want.(map[string]any)["one_of"].([]any), func(w any) bool {
				return sameField(field, w, got)
			})
		default:
			ok = sameField(field, want, got)
		}
		if !ok {
			wrong = append(wrong, field)
		}
	}
	sort.Strings(wrong)
	return wrong
}

func isOneOf(v any) bool {
	m, ok := v.(map[string]any)
	if !ok {
		return false
	}
	_, ok = m["one_of"].([]any)
	return ok
}

// sameField compares every field but the merge list; null equals only null.
func sameField(field string, want, got any) bool {
	if want == nil || got == nil {
		return want == nil && got == nil
	}
	switch field {
	case "unstable_keywords", "needed_p_mask_changes", "required_use_unsatisfied", "virtual_cycle":
		return sameSet(want, got)
	case "unsatisfied_deps":
		if _, isList := want.([]any); isList {
			return sameSet(want, got)
		}
		return sameSetsByKey(want, got)
	case "forced_rebuilds", "license_changes":
		return sameSetsByKey(want, got)
	case "circular_dependency_solutions":
		return canonical(sortNested(want)) == canonical(sortNested(got))
	}
	return canonical(want) == canonical(got)
}

// canonical spells a value so that equal values give equal text (objects are
// written with sorted keys).
func canonical(v any) string {
	data, err := json.Marshal(v)
	if err != nil {
		return "unencodable: " + err.Error()
	}
	return string(data)
}

func stringList(v any) ([]string, bool) {
	list, ok := v.([]any)
	if !ok {
		return nil, v == nil
	}
	out := make([]string, 0, len(list))
	for _, e := range list {
		s, ok := e.(string)
		if !ok {
			return nil, false
		}
		out = append(out, s)
	}
	return out, true
}

func sameSet(want, got any) bool {
	w, ok1 := stringList(want)
	g, ok2 := stringList(got)
	return ok1 && ok2 && slices.Equal(sortedSet(w), sortedSet(g))
}

func sortedSet(list []string) []string {
	out := slices.Clone(list)
	sort.Strings(out)
	return slices.Compact(out)
}

func sameSetsByKey(want, got any) bool {
	w, ok1 := want.(map[string]any)
	g, ok2 := got.(map[string]any)
	if !ok1 || !ok2 || len(w) != len(g) {
		return false
	}
	for key, value := range w {
		other, ok := g[key]
		if !ok || !sameSet(value, other) {
			return false
		}
	}
	return true
}

// sortNested orders the alternatives and the settings within each, because both
// are sets in the format.
func sortNested(v any) any {
	m, ok := v.(map[string]any)
	if !ok {
		return v
	}
	out := make(map[string]any, len(m))
	for key, value := range m {
		alternatives, _ := value.([]any)
		var texts []string
		for _, a := range alternatives {
			settings, _ := a.([]any)
			var inner []string
			for _, s := range settings {
				inner = append(inner, canonical(s))
			}
			sort.Strings(inner)
			texts = append(texts, strings.Join(inner, " "))
		}
		sort.Strings(texts)
		out[key] = texts
	}
	return out
}

// step of an expected merge list: one entry, or a group in any order.
type step struct {
	one   string
	group []string
}

// sameMergelist applies rules 1 to 3 of the format.
func sameMergelist(c *testCase, want, got any) bool {
	if want == nil || got == nil {
		return want == nil && got == nil
	}
	list, ok := stringList(got)
	steps, ok2 := mergeSteps(want)
	if !ok || !ok2 {
		return false
	}
	if !c.Flags["check_repo_names"] {
		list = stripRepos(list)
		for i := range steps {
			steps[i].one = stripRepo(steps[i].one)
			if steps[i].group != nil {
				steps[i].group = stripRepos(steps[i].group)
			}
		}
	}
	if c.Flags["ignore_mergelist_order"] {
		flat, plain := onlySingles(steps)
		return plain && slices.Equal(sortedSet(flat), sortedSet(list))
	}
	if !c.Flags["ambiguous_merge_order"] || len(list) == 0 {
		flat, plain := onlySingles(steps)
		return plain && slices.Equal(flat, list)
	}
	return walkSteps(steps, list) && inOrder(c.Before, list)
}

func mergeSteps(want any) ([]step, bool) {
	list, ok := want.([]any)
	if !ok {
		return nil, false
	}
	var steps []step
	for _, e := range list {
		switch v := e.(type) {
		case string:
			steps = append(steps, step{one: v})
		case map[string]any:
			group, ok := stringList(v["any_order"])
			if !ok {
				return nil, false
			}
			steps = append(steps, step{group: append([]string{}, group...)})
		default:
			return nil, false
		}
	}
	return steps, true
}

func onlySingles(steps []step) ([]string, bool) {
	flat := make([]string, 0, len(steps))
	for _, s := range steps {
		if s.group != nil {
			return nil, false
		}
		flat = append(flat, s.one)
	}
	return flat, true
}

// walkSteps matches steps against list from the front; nothing may be left over.
func walkSteps(steps []step, list []string) bool {
	for _, s := range steps {
		if s.group == nil {
			if len(list) == 0 || list[0] != s.one {
				return false
			}
			list = list[1:]
			continue
		}
		group := sortedSet(s.group)
		if len(list) < len(group) || !slices.Equal(sortedSet(list[:len(group)]), group) {
			return false
		}
		list = list[len(group):]
	}
	return len(list) == 0
}

func inOrder(pairs [][2]string, list []string) bool {
	for _, p := range pairs {
		first, second := slices.Index(list, p[0]), slices.Index(list, p[1])
		if first < 0 || second < 0 || first >= second {
			return false
		}
	}
	return true
}

// stripRepo drops everything from "::" on, but for blockers.
func stripRepo(entry string) string {
	if strings.HasPrefix(entry, "!") {
		return entry
	}
	name, _, _ := strings.Cut(entry, "::")
	return name
}

func stripRepos(list []string) []string {
	out := make([]string, len(list))
	for i, e := range list {
		out[i] = stripRepo(e)
	}
	return out
}

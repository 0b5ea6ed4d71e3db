package main

import (
	"encoding/json"
	"fmt"
	"sort"
	"strings"

	"github.com/portsolve/portsolve"
	"github.com/portsolve/portsolve/solver/answer"
)

// observe turns a result into the fields of section 6 of the format, as decoded
// JSON: nil where there is nothing to report.
func observe(r *portsolve.Result) (map[string]any, error) {
	fields := map[string]any{"success": r.Status == answer.Solved || r.Status == answer.NothingToDo}
	if r.Removal != nil {
		fields["cleanlist"] = nonNil(r.Removal.CleanList)
		fields["ordered"] = r.Removal.Ordered
		fields["req_pkg_count"] = r.Removal.Kept
		fields["unsatisfied_deps"] = r.Removal.Broken
	} else {
		fields["mergelist"] = mergelist(r)
		fields["use_changes"] = orNull(r.Changes.Use, len(r.Changes.Use))
		fields["license_changes"] = orNull(r.Changes.License, len(r.Changes.License))
		fields["unstable_keywords"] = orNull(r.Changes.Keywords, len(r.Changes.Keywords))
		fields["needed_p_mask_changes"] = orNull(r.Changes.Unmask, len(r.Changes.Unmask))
		fields["slot_collision_solutions"] = collisionSolutions(r.SlotConflicts)
		fields["circular_dependency_solutions"] = cycleSolutions(r.Cycles)
		fields["virtual_cycle"] = orNull(r.VirtualCycle, len(r.VirtualCycle))
		fields["forced_rebuilds"] = orNull(r.Rebuilds, len(r.Rebuilds))
		fields["required_use_unsatisfied"] = requiredUse(r.RequiredUse)
		fields["unsatisfied_deps"] = unsatisfied(r.Unsatisfied)
	}
	data, err := json.Marshal(fields)
	if err != nil {
		return nil, fmt.Errorf("encoding the observed fields: %w", err)
	}
	var plain map[string]any
	if err := json.Unmarshal(data, &plain); err != nil {
		return nil, fmt.Errorf("decoding the observed fields: %w", err)
	}
	return plain, nil
}

// orNull is v, or nil when there is nothing in it.
func orNull(v any, n int) any {
	if n == 0 {
		return nil
	}
	return v
}

func nonNil(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}

// mergelist is nil where no order was computed.
func mergelist(r *portsolve.Result) any {
	if !r.Ordered {
		return nil
	}
	list := []string{}
	for i := range r.Plan {
		list = append(list, entryText(&r.Plan[i]))
	}
	return list
}

// entryText spells one entry: "[kind]cat/pkg-ver[-build]::repo{targetroot}".
func entryText(e *answer.Entry) string {
	if e.Action == answer.BlockerEntry {
		return e.Atom
	}
	var b strings.Builder
	switch {
	case e.Action == answer.Uninstall:
		b.WriteString("[uninstall]")
	case e.Type == "binary" && e.Remote:
		b.WriteString("[binary,remote]")
	case e.Type == "binary":
		b.WriteString("[binary]")
	}
	b.WriteString(e.CPV)
	if e.Type == "binary" && e.BuildID > 0 {
		fmt.Fprintf(&b, "-%d", e.BuildID)
	}
	if e.Repo != mainRepo {
		b.WriteString("::" + e.Repo)
	}
	if e.Root != "/" {
		b.WriteString("{targetroot}")
	}
	return b.String()
}

// collisionSolutions is nil without a conflict, and a list (perhaps empty) of
// the proposed settings otherwise.
func collisionSolutions(conflicts []answer.SlotConflict) any {
	if len(conflicts) == 0 {
		return nil
	}
	all := []map[string]map[string]bool{}
	seen := map[string]bool{}
	for _, c := range conflicts {
		for _, s := range c.Solutions {
			if key := canonical(s); !seen[key] {
				seen[key] = true
				all = append(all, s)
			}
		}
	}
	return all
}

// cycleSolutions lists the settings that break cycles under the package that is
// then no longer needed: cpv -> list of lists of [flag, state]. Only settings of one package can be said there.
func cycleSolutions(cycles []answer.Cycle) any {
	if len(cycles) == 0 {
		return nil
	}
	out := map[string][][][2]any{}
	seen := map[string]bool{}
	for _, c := range cycles {
		for _, b := range c.Breaks {
			for _, settings := range b.Settings {
				if key := b.Removes.To + canonical(settings); len(b.Settings) == 1 && !seen[key] {
					seen[key] = true
					out[b.Removes.To] = append(out[b.Removes.To], flagPairs(settings))
				}
			}
		}
	}
	return out
}

func flagPairs(settings map[string]bool) [][2]any {
	var flags []string
	for f := range settings {
		flags = append(flags, f)
	}
	sort.Strings(flags)
	var pairs [][2]any
	for _, f := range flags {
		pairs = append(pairs, [2]any{f, settings[f]})
	}
	return pairs
}

func requiredUse(list []answer.RequiredUse) any {
	atoms := []string{}
	for _, r := range list {
		atoms = append(atoms, r.Atom)
	}
	return orNull(sortedSet(atoms), len(atoms))
}

func unsatisfied(list []answer.Unsatisfied) any {
	atoms := []string{}
	for _, u := range list {
		atoms = append(atoms, u.Atom)
	}
	return sortedSet(atoms)
}

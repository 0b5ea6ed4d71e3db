package main

import (
	"sort"
	"strings"

	"github.com/portsolve/portsolve"
	"github.com/portsolve/portsolve/solver/answer"
)

// difference between our plan and the recorded one, as sets.
type difference struct {
	ours, theirs         int
	onlyOurs, onlyTheirs []string
	otherUse             []string // "cpv: ours +a, theirs +b"
}

func (d *difference) equal() bool {
	return len(d.onlyOurs) == 0 && len(d.onlyTheirs) == 0 && len(d.otherUse) == 0
}

// compare takes plans as sets of package versions with their USE, and removals.
// Where the recorded list is partial only the names of the whole set are known.
func compare(c *referenceCase, r *portsolve.Result) *difference {
	ours := ourSet(r)
	theirs := map[string]string{}
	withUse := len(c.Graph) == 0
	switch {
	case c.isRemoval():
		for _, cpv := range c.Removed {
			theirs[label(true, cpv)] = ""
		}
	case withUse:
		for _, e := range c.List {
			theirs[label(e.Merge == "uninstall", e.CPV)] = sortedWords(e.Use)
		}
	default:
		for _, cpv := range c.Graph {
			theirs[cpv] = ""
		}
	}
	d := &difference{ours: len(ours), theirs: len(theirs)}
	for name, use := range ours {
		other, both := theirs[name]
		switch {
		case !both:
			d.onlyOurs = append(d.onlyOurs, name)
		case withUse && use != other:
			d.otherUse = append(d.otherUse, name+": "+flagDifference(use, other))
		}
	}
	for name := range theirs {
		if _, both := ours[name]; !both {
			d.onlyTheirs = append(d.onlyTheirs, name)
		}
	}
	sort.Strings(d.onlyOurs)
	sort.Strings(d.onlyTheirs)
	sort.Strings(d.otherUse)
	return d
}

func label(uninstall bool, cpv string) string {
	if uninstall {
		return "uninstall " + cpv
	}
	return cpv
}

func ourSet(r *portsolve.Result) map[string]string {
	set := map[string]string{}
	if r.Removal != nil {
		for _, cpv := range r.Removal.CleanList {
			set[label(true, cpv)] = ""
		}
	}
	for _, e := range r.Plan {
		if e.Action == answer.BlockerEntry {
			continue
		}
		var on []string
		for flag, enabled := range e.Use {
			if enabled {
				on = append(on, flag)
			}
		}
		sort.Strings(on)
		if e.Action == answer.Uninstall {
			on = nil
		}
		set[label(e.Action == answer.Uninstall, e.CPV)] = strings.Join(on, " ")
	}
	return set
}

func sortedWords(s string) string {
	words := strings.Fields(s)
	sort.Strings(words)
	return strings.Join(words, " ")
}

func flagDifference(ours, theirs string) string {
	return "ours has " + missing(ours, theirs) + ", theirs has " + missing(theirs, ours)
}

// missing lists the words of a that b lacks.
func missing(a, b string) string {
	in := map[string]bool{}
	for _, w := range strings.Fields(b) {
		in[w] = true
	}
	var out []string
	for _, w := range strings.Fields(a) {
		if !in[w] {
			out = append(out, w)
		}
	}
	if len(out) == 0 {
		return "nothing more"
	}
	return strings.Join(out, " ")
}

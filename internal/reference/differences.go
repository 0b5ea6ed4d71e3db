package main

import (
	"slices"
	"strings"

	"github.com/portsolve/portsolve"
	"github.com/portsolve/portsolve/internal/differences"
	"github.com/portsolve/portsolve/solver/answer"
)

// attempt is the answer to a case in one mode.
type attempt struct {
	result  *portsolve.Result
	err     error
	checker string
	seconds float64
}

// recordedAnswer is what the other resolver answered.
func (c *referenceCase) recordedAnswer() differences.Answer {
	a := differences.Answer{
		Solved:  c.Exit == 0,
		Changes: c.changes(),
	}
	switch {
	case c.isRemoval():
		a.Plan = []string{}
		for _, cpv := range c.Removed {
			a.Plan = append(a.Plan, label(true, cpv))
		}
	case len(c.Graph) > 0:
		a.Plan = c.Graph
	case c.counts() || a.Solved:
		a.Plan = []string{}
		for _, e := range c.List {
			a.Plan = append(a.Plan, label(e.Merge == "uninstall", e.CPV))
		}
	}
	for _, p := range []struct {
		problem differences.Problem
		here    bool
	}{
		{differences.BuildCycle, c.Circular},
		{differences.SlotConflict, len(c.SlotConflicts) > 0},
		{differences.Blocker, len(c.Blockers) > 0},
		{differences.Unsatisfied, len(c.Unsatisfied) > 0},
	} {
		if p.here {
			a.Problems = append(a.Problems, p.problem)
		}
	}
	return a
}

func (c *referenceCase) changes() []string {
	out := differences.UseChanges(c.Autounmask.Use)
	for _, cpv := range c.Autounmask.Keywords {
		out = append(out, cpv+" keyword")
	}
	for _, cpv := range c.Autounmask.Unmask {
		out = append(out, cpv+" unmask")
	}
	for cpv, licenses := range c.Autounmask.License {
		for _, l := range licenses {
			out = append(out, cpv+" license "+l)
		}
	}
	slices.Sort(out)
	return out
}

// same reports whether an answer is the recorded one: the same set, the same
// changes of the configuration, and solved or not.
func (c *referenceCase) same(r *portsolve.Result) bool {
	emerge, ours := c.recordedAnswer(), differences.AnswerOf(r)
	return compare(c, r).equal() && slices.Equal(emerge.Changes, ours.Changes) && emerge.Solved == ours.Solved
}

// difference compares both modes with the recorded answer; nil if the default
// mode answers the same.
func (c *referenceCase) difference(own, compat attempt) *differences.Difference {
	if own.err == nil && c.same(own.result) {
		return nil
	}
	d := &differences.Difference{
		Case: c.Name, Emerge: c.recordedAnswer(), Checker: shortVerdict(own),
		Deviation: compat.err != nil || !c.same(compat.result), Compat: shortVerdict(compat),
	}
	if own.err != nil {
		d.Reasons = []string{"our run ended in an error"}
		return d
	}
	d.Ours = differences.AnswerOf(own.result)
	if !own.result.Ordered {
		d.Ours.Plan = selected(own.result)
	}
	d.SetReasons(own.result, compat.result)
	return d
}

// selected is what was chosen although no order for it exists.
func selected(r *portsolve.Result) []string {
	var out []string
	for _, e := range r.Plan {
		if e.Action != answer.BlockerEntry {
			out = append(out, label(e.Action == answer.Uninstall, e.CPV))
		}
	}
	return out
}

// shortVerdict is the checker's word on an answer, without packages.
func shortVerdict(r attempt) string {
	switch {
	case r.err != nil:
		return "error"
	case !r.result.Complete:
		return "not complete"
	case r.checker == "accepted":
		return r.checker
	}
	text, _, _ := strings.Cut(r.checker, ", first")
	return "rejected (" + text + ")"
}

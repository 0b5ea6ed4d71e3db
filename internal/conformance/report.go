package main

import (
	"fmt"
	"io"
	"strings"
)

// tally counts cases of one class.
type tally struct{ passed, total int }

func (t *tally) add(ok bool) {
	t.total++
	if ok {
		t.passed++
	}
}

func (t tally) String() string { return fmt.Sprintf("%d of %d", t.passed, t.total) }

// classes are the figures of one mode.
type classes struct {
	all, binary, changes, neither, plain tally
	expectedFailure, graphOrder          tally
	rejected, complete                   int
	failedRuns                           int
}

func (c *classes) add(v *verdict) {
	ok := v.passed()
	c.all.add(ok)
	if v.Traits.Binary {
		c.binary.add(ok)
	}
	if v.Traits.Changes {
		c.changes.add(ok)
	}
	if !v.Traits.Binary && !v.Traits.Changes {
		c.neither.add(ok)
		if !v.Traits.Special {
			c.plain.add(ok)
		}
	}
	if v.Doc.ExpectedFailure {
		c.expectedFailure.add(ok)
	}
	if _, compared := v.Test.Expected["graph_order"]; compared {
		c.graphOrder.add(ok)
	}
	for _, a := range v.Attempts {
		if a.Err != nil {
			c.failedRuns++
		}
		if a.Result != nil && a.Result.Complete {
			c.complete++
		}
		if len(a.Reject) > 0 {
			c.rejected++
		}
	}
}

// report prints failing cases as they come and the figures at the end.
type report struct {
	w           io.Writer
	verbose     bool
	compat, def classes
	rows        tally
	rowTypes    map[string]*tally
}

func (r *report) add(out *outcome) {
	for _, v := range out.Compat {
		r.compat.add(v)
		r.failing("compat", v)
	}
	for _, v := range out.Default {
		r.def.add(v)
		r.failing("default", v)
	}
	if r.rowTypes == nil {
		r.rowTypes = map[string]*tally{}
	}
	for i := range out.Rows {
		row := &out.Rows[i]
		ok := len(row.Wrong) == 0
		r.rows.add(ok)
		if r.rowTypes[row.Row.Type] == nil {
			r.rowTypes[row.Row.Type] = &tally{}
		}
		r.rowTypes[row.Row.Type].add(ok)
		if !ok {
			fmt.Fprintln(r.w, "ROW", row)
		}
	}
}

// failing prints one line for a case that failed or was rejected by the checker.
func (r *report) failing(mode string, v *verdict) {
	label := "FAIL"
	if v.Doc.ExpectedFailure {
		label = "FAIL (expected failure)"
	}
	for _, a := range v.Attempts {
		where := fmt.Sprintf("%s %v %s %d %d", mode, v.Traits, v.Doc.Name, v.Scenario, v.Case)
		if a.Err != nil {
			text := a.Err.Error()
			if !r.verbose {
				text, _, _ = strings.Cut(text, "\n")
			}
			fmt.Fprintf(r.w, "%s %s: error: %s\n", label, where, text)
		} else if len(a.Wrong) > 0 {
			fmt.Fprintf(r.w, "%s %s: %s\n", label, where, strings.Join(a.Wrong, ", "))
		}
		for _, reject := range a.Reject {
			fmt.Fprintf(r.w, "REJECTED %s: %s\n", where, reject)
		}
		if r.verbose && (a.Err != nil || len(a.Wrong) > 0 || len(a.Reject) > 0) {
			r.details(v, &a)
		}
	}
}

func (r *report) details(v *verdict, a *attempt) {
	fmt.Fprintf(r.w, "    request: %s\n", strings.Join(a.Request, " "))
	if len(v.Test.Options) > 0 {
		fmt.Fprintf(r.w, "    options: %s\n", canonical(v.Test.Options))
	}
	if len(v.Test.Flags) > 0 {
		fmt.Fprintf(r.w, "    flags:   %s\n", canonical(v.Test.Flags))
	}
	for _, field := range a.Wrong {
		if field == "mergelist" {
			sideBySide(r.w, v.Test.Expected["mergelist"], a.Checks["mergelist"])
			continue
		}
		fmt.Fprintf(r.w, "    %s: want %s\n    %s  got %s\n", field, canonical(v.Test.Expected[field]), strings.Repeat(" ", len(field)), canonical(a.Checks[field]))
	}
	if a.Result != nil && a.Result.Conflict != nil {
		for _, rule := range a.Result.Conflict.Rules {
			fmt.Fprintf(r.w, "    conflict: %s\n", rule.Text)
		}
	}
	if a.Result != nil {
		for _, u := range a.Result.Unsatisfied {
			fmt.Fprintf(r.w, "    unsatisfied: %s (from %s)\n", u.Atom, u.Parent)
		}
	}
}

// sideBySide prints the expected and the own merge list in two columns.
func sideBySide(w io.Writer, want, got any) {
	left, right := listLines(want), listLines(got)
	fmt.Fprintf(w, "    %-50s %s\n", "mergelist expected", "got")
	for i := range max(len(left), len(right)) {
		var l, r string
		if i < len(left) {
			l = left[i]
		}
		if i < len(right) {
			r = right[i]
		}
		mark := " "
		if l != r {
			mark = "|"
		}
		fmt.Fprintf(w, "      %-48s %s %s\n", l, mark, r)
	}
}

func listLines(v any) []string {
	list, ok := v.([]any)
	if !ok {
		return []string{canonical(v)}
	}
	var out []string
	for _, e := range list {
		if s, ok := e.(string); ok {
			out = append(out, s)
		} else {
			out = append(out, canonical(e))
		}
	}
	return out
}

// summary prints the figures of each mode; the last two lines are fixed.
func (r *report) summary(modes []bool) {
	last := &r.compat
	for _, compat := range modes {
		c, name := &r.def, "default"
		if compat {
			c, name = &r.compat, "compat"
		}
		if len(modes) == 1 {
			last = c
		}
		fmt.Fprintf(r.w, "\nmode %s: %v cases\n", name, c.all)
		fmt.Fprintf(r.w, "  neither binary packages nor configuration changes:            %v\n", c.neither)
		fmt.Fprintf(r.w, "  of these without removal, blockers, slot conflicts, cycles:   %v\n", c.plain)
		fmt.Fprintf(r.w, "  with configuration changes:                                   %v\n", c.changes)
		fmt.Fprintf(r.w, "  with binary packages:                                         %v\n", c.binary)
		fmt.Fprintf(r.w, "  expected failures (no regressions, whatever the answer):      %v\n", c.expectedFailure)
		fmt.Fprintf(r.w, "  comparing graph_order, an internal of the other resolver:     %v\n", c.graphOrder)
		fmt.Fprintf(r.w, "  complete answers rejected by the checker: %d of %d; runs that ended in an error: %d\n", c.rejected, c.complete, c.failedRuns)
	}
	fmt.Fprintln(r.w)
	for _, kind := range [...]string{"ebuild", "installed", "binary"} {
		if t := r.rowTypes[kind]; t != nil {
			fmt.Fprintf(r.w, "configuration, %s: %v rows\n", kind, t)
		}
	}
	fmt.Fprintf(r.w, "configuration: %v rows\n", r.rows)
	fmt.Fprintf(r.w, "conformance: %v cases\n", last.all)
}

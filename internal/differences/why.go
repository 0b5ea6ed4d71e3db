package differences

import (
	"fmt"
	"slices"
	"strings"

	"github.com/portsolve/portsolve/solver/answer"
)

// Reasons computes why emerge's answer is none, or worse, from our own answers
// alone. compat is the answer of --compat=emerge; it is taken for emerge's
// unless the case is a deviation. Either may be nil after an error.
func (d *Difference) computeReasons(own, compat *answer.Result) []string {
	if own == nil {
		return []string{"our run ended in an error"}
	}
	if d.Deviation {
		compat = nil
	}
	switch d.Class() {
	case ClassOrder:
		return []string{"the same packages; " + d.Checker + " in our order"}
	case ClassUpdate:
		return d.updates(own)
	case ClassSameVersion, ClassChoice:
		return d.choices(own)
	case ClassChanges:
		return d.avoided(own, compat)
	case ClassOtherChanges:
		return append([]string{"instead of " + code(missing(d.Emerge.Changes, d.Ours.Changes))}, d.choices(own)...)
	case ClassReport:
		return append(d.suggestions(), Failure(own)...)
	case ClassWorse:
		return Failure(own)
	}
	if compat == nil {
		return nil
	}
	return Failure(compat)
}

// SetReasons fills d.Reasons. Class must be final: Emerge, Ours and Deviation
// have been set.
func (d *Difference) SetReasons(own, compat *answer.Result) {
	d.Reasons = slices.Compact(d.computeReasons(own, compat))
}

// Relocate replaces a directory of this run in the reasons by the name that it
// has on the machine described, so that every run gives the same text.
func (d *Difference) Relocate(dir, name string) {
	for i, r := range d.Reasons {
		d.Reasons[i] = strings.ReplaceAll(r, dir, name)
	}
}

// suggestions compares the settings that the two offer; ours are verified.
func (d *Difference) suggestions() []string {
	var out []string
	if theirs := missing(d.Emerge.Suggests, d.Ours.Suggests); len(theirs) > 0 {
		out = append(out, "only emerge suggests "+code(theirs))
	}
	if ours := missing(d.Ours.Suggests, d.Emerge.Suggests); len(ours) > 0 {
		out = append(out, "only portsolve suggests "+code(ours))
	}
	return out
}

// updates says what is found in our plan and was asked for, and what it takes along.
func (d *Difference) updates(own *answer.Result) []string {
	only := missing(d.Ours.Plan, d.Emerge.Plan)
	out := reasons(own, only, func(e *answer.Entry, w answer.Why) string {
		if w.Arg == "" {
			return ""
		}
		return fmt.Sprintf("`%s` asks for `%s`%s", w.Arg, e.CPV, instead(e))
	})
	if len(out) == 0 && len(only) > 0 {
		out = []string{"emerge leaves out " + code(only)}
	}
	out = shorten(out, 3)
	for _, cause := range sortedKeys(own.Rebuilds) {
		out = append(out, fmt.Sprintf("`%s` has %s built again", cause, count(len(own.Rebuilds[cause]), "package")))
	}
	return shorten(out, 6)
}

// reasons puts the first reason that has words for each package merged of those listed.
func reasons(own *answer.Result, only []string, words func(*answer.Entry, answer.Why) string) []string {
	var out []string
	for i := range own.Plan {
		e := &own.Plan[i]
		if e.Action != answer.Merge || !slices.Contains(only, planEntry(e)) {
			continue
		}
		for _, w := range e.Why {
			if s := words(e, w); s != "" {
				out = append(out, s)
				break
			}
		}
	}
	return out
}

func instead(e *answer.Entry) string {
	if len(e.Replaces) == 0 || e.Replaces[0] == e.CPV {
		return ""
	}
	return " instead of " + code(e.Replaces)
}

// choices says what our other packages are there for.
func (d *Difference) choices(own *answer.Result) []string {
	out := reasons(own, missing(d.Ours.Plan, d.Emerge.Plan), func(e *answer.Entry, w answer.Why) string { return because(e.CPV, w) })
	if theirs := missing(d.Emerge.Plan, d.Ours.Plan); len(out) == 0 && len(theirs) > 0 {
		out = []string{"without " + code(theirs) + " nothing is missing"}
	}
	return shorten(out, 4)
}

func because(cpv string, w answer.Why) string {
	switch {
	case w.Rebuild != "":
		return fmt.Sprintf("`%s` is built again for `%s`, no more is asked for", cpv, w.Rebuild)
	case w.Parent != "":
		return fmt.Sprintf("`%s` is what `%s` gets for `%s`", cpv, w.Parent, cell(w.Atom))
	case w.Arg != "":
		return fmt.Sprintf("`%s` is what `%s` asks for", cpv, w.Arg)
	}
	return ""
}

// avoided says who in emerge's answer wants the changes that ours does without.
func (d *Difference) avoided(own, compat *answer.Result) []string {
	needless := missing(d.Emerge.Changes, d.Ours.Changes)
	out := []string{"not needed: " + code(needless)}
	if compat != nil {
		out = append(out, wanted(compat, own, needless)...)
	}
	if !own.Complete {
		out = append(out, cyclesLeft(own)...)
	}
	return out
}

// wanted finds the dependencies on changed flags of packages that own does without.
func wanted(compat, own *answer.Result, changes []string) []string {
	var out []string
	for i := range compat.Plan {
		e := &compat.Plan[i]
		for _, c := range changes {
			cpv, flag, _ := strings.Cut(c, " ")
			if cpv != e.CPV || len(flag) < 2 {
				continue
			}
			for _, w := range e.Why {
				if strings.Contains(w.Atom, flag[1:]) && !merges(own, w.Parent) {
					out = append(out, fmt.Sprintf("only `%s` needs `%s`, and another version of it will do", w.Parent, cell(w.Atom)))
				}
			}
		}
	}
	return shorten(slices.Compact(out), 3)
}

func merges(r *answer.Result, cpv string) bool {
	return slices.ContainsFunc(r.Plan, func(e answer.Entry) bool { return e.Action == answer.Merge && e.CPV == strings.SplitN(cpv, "::", 2)[0] })
}

// cyclesLeft counts the cycles that keep a selection from having an order.
func cyclesLeft(r *answer.Result) []string {
	if len(r.Cycles) == 0 {
		return nil
	}
	broken := 0
	for _, c := range r.Cycles {
		if len(c.Breaks) > 0 {
			broken++
		}
	}
	out := fmt.Sprintf("what is left are %s, of which settings break %d", count(len(r.Cycles), "cycle"), broken)
	if t := r.TwoStep; t != nil {
		out += fmt.Sprintf("; in two steps with %s built twice", count(len(t.Twice), "package"))
		if len(t.Needs) > 0 {
			out += " and " + code(t.Needs) + " from elsewhere"
		}
	}
	return []string{out}
}

package differences

import (
	"fmt"
	"slices"
	"sort"
	"strconv"
	"strings"
)

// Difference is one case in which the default mode and emerge answer differently.
type Difference struct {
	Case      string // its name, unique within one harness
	Emerge    Answer
	Ours      Answer
	Deviation bool     // --compat=emerge differs from emerge, too
	Checker   string   // the independent checker's verdict on our answer
	Compat    string   // its verdict on that of --compat=emerge
	Reasons   []string // why emerge's answer is none, or worse; computed
}

// Class is the principle behind the difference.
func (d *Difference) Class() Class { return Classify(d.Emerge, d.Ours) }

// Table writes the differences in Markdown: those by principle, and the
// deviations. The same differences give the same text, in whatever order they
// come. total is the number of cases compared.
func Table(list []*Difference, total int) string {
	list = slices.Clone(list)
	order := Classes()
	sort.SliceStable(list, func(i, j int) bool {
		a, b := list[i], list[j]
		if x, y := slices.Index(order, a.Class()), slices.Index(order, b.Class()); x != y {
			return x < y
		}
		return lessCase(a.Case, b.Case)
	})
	var b strings.Builder
	fmt.Fprintf(&b, "\n%s were compared.\n", count(total, "case"))
	var plain, deviations []*Difference
	for _, d := range list {
		if d.Deviation {
			deviations = append(deviations, d)
		} else {
			plain = append(plain, d)
		}
	}
	rows(&b, fmt.Sprintf("In %d the default mode answers differently, and `--compat=emerge` as emerge does", len(plain)), plain)
	rows(&b, fmt.Sprintf("%d are deviations: `--compat=emerge` differs, too", len(deviations)), deviations)
	return b.String()
}

func rows(b *strings.Builder, title string, list []*Difference) {
	fmt.Fprintf(b, "\n%s%s\n", title, map[bool]string{true: ".", false: ":"}[len(list) == 0])
	if len(list) == 0 {
		return
	}
	b.WriteString("\n| case | principle | emerge | portsolve | checker | why |\n|---|---|---|---|---|---|\n")
	for _, d := range list {
		class := d.Class()
		fmt.Fprintf(b, "| `%s` | [%s](#%s) | %s | %s | %s | %s |\n", d.Case, class, class,
			d.Emerge.text(d.Ours), d.Ours.text(d.Emerge), d.verdicts(), strings.Join(d.Reasons, "; "))
	}
}

// verdicts is what the checker says of both answers of ours. Where the compat
// mode answers as emerge does, its verdict is that on emerge's answer.
func (d *Difference) verdicts() string {
	if d.Deviation || d.Compat == "" || !d.Emerge.Solved {
		return d.Checker
	}
	return d.Checker + "; emerge's: " + d.Compat
}

// text describes an answer beside the other one: what is only in it.
func (a Answer) text(other Answer) string {
	var parts []string
	switch {
	case a.Solved && a.Plan != nil && len(a.Plan) == 0:
		parts = append(parts, "nothing to do")
	case a.Solved:
		parts = append(parts, "a plan of "+count(len(missing(a.Plan, nil)), "step"))
	case a.needsChanges():
		parts = append(parts, "a plan, if the configuration is changed")
	default:
		parts = append(parts, "no answer")
	}
	for _, p := range a.Problems {
		parts = append(parts, string(p))
	}
	if len(a.Changes) > 0 {
		parts = append(parts, "asks for "+code(a.Changes))
	}
	only := missing(a.Plan, other.Plan)
	switch {
	case len(only) > 0 && other.Plan != nil:
		parts = append(parts, "only here "+code(only))
	case len(only) > 0 && a.Solved:
		parts = append(parts, code(only))
	case a.Solved && other.Solved && len(missing(other.Plan, a.Plan)) == 0 && len(a.Plan) > 0:
		parts = append(parts, "in the order "+code(a.Plan))
	}
	return strings.Join(parts, "; ")
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// lessCase orders names, and the positions after them as numbers.
func lessCase(a, b string) bool {
	x, y := strings.Fields(a), strings.Fields(b)
	for i := range min(len(x), len(y)) {
		if x[i] == y[i] {
			continue
		}
		m, err1 := strconv.Atoi(x[i])
		n, err2 := strconv.Atoi(y[i])
		if err1 == nil && err2 == nil {
			return m < n
		}
		return x[i] < y[i]
	}
	return len(x) < len(y)
}

func sortedKeys(m map[string][]string) []string {
	var out []string
	for k := range m {
		out = append(out, k)
	}
	sort.Strings(out)
	return out
}

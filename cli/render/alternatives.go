package render

import (
	"fmt"
	"slices"
	"strings"

	"github.com/portsolve/portsolve/solver/answer"
)

// fewNames is how many packages are named where plans are compared; of more the number is told.
const fewNames = 4

// alternatives lists the ways out, numbered for --autounmask-pick.
func (p *page) alternatives() {
	r := p.res
	if r.AlternativesEnd == "" {
		return
	}
	shown := p.shownAlternative()
	switch n := len(r.Alternatives); {
	case n == 0 && r.AlternativesEnd == "all":
		p.WriteString("\nNo change of USE flags, keywords, masks or licenses makes this possible.\n")
		return
	case n == 0:
		p.printf("\nNo set of configuration changes that would help was found %s.\n", p.limit())
		return
	case n == 1 && shown == 0 && r.AlternativesEnd == "all" && len(r.Alternatives[0].Against) == 0:
		p.WriteString("\nNo other set of configuration changes would do.\n")
		return
	case n == 1:
		p.WriteString("\nThis configuration change would do:\n")
	default:
		p.WriteString("\nEach of these sets of configuration changes would do:\n")
	}
	for i := range r.Alternatives {
		if g := r.Alternatives[i].Group; g == 0 || g == i+1 {
			p.alternative(i, shown)
			p.otherChoices(i, shown)
		}
	}
	if r.AlternativesEnd == "all" {
		p.WriteString("There are no others.\n")
	} else {
		p.printf("There may be more; the search ended %s.\n", p.limit())
	}
}

// limit says what ended the search.
func (p *page) limit() string {
	if p.res.AlternativesEnd == "time" {
		return "when its time was up"
	}
	return "at a limit (--alternatives all looks for more)"
}

// shownAlternative is the one that the plan is about, -1 if none.
func (p *page) shownAlternative() int {
	if p.res.Changes.Empty() {
		return -1
	}
	want := fmt.Sprint(changeLines(&p.res.Changes))
	return slices.IndexFunc(p.res.Alternatives, func(a answer.Alternative) bool {
		return fmt.Sprint(changeLines(&a.Changes)) == want
	})
}

func (p *page) alternative(i, shown int) {
	a := &p.res.Alternatives[i]
	mark := ""
	if i == shown {
		mark = "  (shown above)"
	}
	for n, l := range changeLines(&a.Changes) {
		number := "   "
		if n == 0 {
			number = fmt.Sprintf("%2d.", i+1)
		}
		p.printf("%s %-24s %s%s\n", number, l[0], l[1], mark)
		mark = ""
	}
	for _, x := range a.Against {
		p.printf("    %s %s of %s contradicts %s\n", p.palette.paint(warn, "!"), x.Setting, x.Package, x.File)
	}
	p.printf("    merges %s", counted(a.Merged, "package"))
	if a.Download > 0 {
		p.printf(" (%s to download)", kibibytes(a.Download))
	}
	if a.Rebuilt > 0 {
		p.printf(", %d of them again", a.Rebuilt)
	}
	if a.Removed > 0 {
		p.printf(", removes %d", a.Removed)
	}
	if i > 0 {
		p.WriteString(difference(p.res.Alternatives[0].Plan, a.Plan))
	}
	p.WriteString("\n")
	if !a.Ordered {
		p.printf("    %s the packages form a build cycle that leaves no order\n", p.palette.paint(warn, "!"))
	}
}

// otherChoices lists the rest of the group that an alternative leads.
func (p *page) otherChoices(leader, shown int) {
	var list []string
	for i := leader + 1; i < len(p.res.Alternatives); i++ {
		if a := &p.res.Alternatives[i]; a.Group == leader+1 {
			mark := ""
			if i == shown {
				mark = ", shown above"
			}
			list = append(list, fmt.Sprintf("%s (%d%s)", a.Choice, i+1, mark))
		}
	}
	if len(list) > 0 {
		p.printf("    or instead of %s: %s\n", p.res.Alternatives[leader].Choice, strings.Join(list, ", "))
	}
}

func counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// difference compares a plan with that of the first alternative.
func difference(first, plan []answer.Entry) string {
	more, less := beyond(plan, first), beyond(first, plan)
	text := ""
	for _, part := range []struct {
		word string
		list []string
	}{{"with", more}, {"without", less}} {
		switch n := len(part.list); {
		case n > fewNames:
			text += fmt.Sprintf("; %s %d packages", part.word, n)
		case n > 0:
			text += "; " + part.word + " " + strings.Join(part.list, ", ")
		}
	}
	if text != "" {
		text += ", compared to 1"
	}
	return text
}

// beyond lists what plan merges and other does not.
func beyond(plan, other []answer.Entry) []string {
	in := map[string]bool{}
	for i := range other {
		if other[i].Action == answer.Merge {
			in[other[i].CPV] = true
		}
	}
	var out []string
	for i := range plan {
		if plan[i].Action == answer.Merge && !in[plan[i].CPV] {
			out = append(out, plan[i].CPV)
		}
	}
	return out
}

// changeLines are the entries of the configuration: file and line.
func changeLines(c *answer.Changes) [][2]string {
	var out [][2]string
	for _, arg := range c.Drop {
		out = append(out, [2]string{"without", arg})
	}
	for _, cpv := range c.Remove {
		out = append(out, [2]string{"removed first", cpv})
	}
	for i := range c.Entries {
		out = append(out, [2]string{c.Entries[i].File, c.Entries[i].Line()})
	}
	return out
}

package render

import (
	"fmt"
	"slices"
	"strings"

	"github.com/portsolve/portsolve/solver/answer"
)

// conflicts tells why the request cannot be fulfilled, as often as there is a reason that follows from no other.
func (p *page) conflicts() {
	list := p.res.Conflicts
	if p.res.Status == answer.ChangesNeeded {
		if !p.opt.Causes || len(list) == 0 {
			return // the changes are what matters
		}
		p.WriteString("\nWithout changes of the configuration there is no solution:\n")
	}
	if len(list) > 1 {
		least := ""
		if p.res.MoreConflicts {
			least = "at least "
		}
		p.printf("\n%s There are %s%d conflicts, and each of them is in the way:\n", p.palette.paint(bad, "!!!"), least, len(list))
	}
	for i := range list {
		number := ""
		if len(list) > 1 {
			number = fmt.Sprintf("%d. ", i+1)
		}
		p.printf("\n%s %s%s.\n\n", p.palette.paint(bad, "!!!"), number, list[i].Summary)
		p.conflict(&list[i])
	}
}

func (p *page) conflict(c *answer.Conflict) {
	for i := range c.Rules {
		p.rule(&c.Rules[i])
	}
	if len(c.Also) > 0 {
		p.WriteString("\nThe same is true of these:\n\n")
	}
	for i := range c.Also {
		if i == fewParents && !p.opt.AllParents {
			p.printf("  and %d more (--verbose-conflicts lists them)\n", len(c.Also)-i)
			break
		}
		text := c.Also[i].Text
		if c.Also[i].Lead != "" {
			text = c.Also[i].Lead
		}
		p.printf("  - %s\n", text)
	}
	if len(c.Also) > 0 && p.res.MoreConflicts {
		p.WriteString("  and maybe more\n")
	}
	switch {
	case len(c.Rules) < 2 || !c.Minimal:
	case c.Kind == "slot" || c.Kind == "blocker":
		p.WriteString("\nAny one of these would have to give way")
		if len(c.Also) > 0 {
			p.WriteString(", and so would the others like it")
		}
		p.WriteString(".\n")
	}
}

// fewRefused is how many groups of versions are listed below a rule without --verbose-conflicts.
const fewRefused = 8

// rule writes one sentence, and below it the packages that would do, each with what is against it.
func (p *page) rule(r *answer.Rule) {
	switch {
	case r.Lead == "":
		p.printf("  - %s\n", r.Text)
	case len(r.Answers) == 0:
		p.printf("  - %s:\n", r.Lead)
		p.refused(r)
	default:
		p.printf("  - %s\n", r.Lead)
		p.refused(r)
	}
	if u := p.unsatisfiedBy(r); u != nil && len(u.Suggestions) > 0 {
		p.printf("      Did you mean %s?\n", strings.Join(u.Suggestions, ", "))
	}
}

func (p *page) refused(r *answer.Rule) {
	not := ""
	if len(r.Answers) > 0 {
		not = "not "
	}
	for i, x := range r.Refused {
		if i == fewRefused && len(r.Refused) > fewRefused+1 && !p.opt.AllParents {
			p.printf("      and %d more groups of versions (--verbose-conflicts lists them)\n", len(r.Refused)-i)
			return
		}
		p.printf("      %s%s: %s\n", not, p.palette.paint(warn, x.Names), allReasons(x.Reasons))
		for _, reason := range x.Reasons {
			p.comment(reason.Comment, "        ")
		}
	}
}

// allReasons is every reason in full, with what is and what would be accepted.
func allReasons(list []answer.Reason) string {
	var out []string
	for _, r := range list {
		out = append(out, r.Text)
	}
	return strings.Join(out, "; ")
}

// comment is what the author of a mask wrote.
func (p *page) comment(text, indent string) {
	if text == "" {
		return
	}
	for _, line := range strings.Split(strings.TrimRight(text, "\n"), "\n") {
		p.printf("%s# %s\n", indent, strings.TrimSpace(line))
	}
}

// unsatisfiedBy finds what is listed as unsatisfied and is what a rule is about.
func (p *page) unsatisfiedBy(r *answer.Rule) *answer.Unsatisfied {
	if len(r.Answers) > 0 {
		return nil
	}
	for i := range p.res.Unsatisfied {
		if u := &p.res.Unsatisfied[i]; tells(r, u) {
			return u
		}
	}
	return nil
}

// tells reports whether a rule is about what is unsatisfied.
func tells(r *answer.Rule, u *answer.Unsatisfied) bool {
	if r.Kind == "any-of" && u.Kind != "" {
		return u.Parent == r.Package || slices.Contains(r.Packages, u.Parent)
	}
	if r.Atom != u.Atom {
		return false
	}
	return r.Kind == "request" || u.Parent == r.Package || slices.Contains(r.Packages, u.Parent)
}

// toldAsConflict reports whether the conflicts tell of what is unsatisfied already.
func (p *page) toldAsConflict(u *answer.Unsatisfied) bool {
	return p.anyRule(func(r *answer.Rule) bool { return len(r.Answers) == 0 && tells(r, u) })
}

func (p *page) anyRule(is func(*answer.Rule) bool) bool {
	for i := range p.res.Conflicts {
		c := &p.res.Conflicts[i]
		for _, list := range [...][]answer.Rule{c.Rules, c.Also} {
			for j := range list {
				if is(&list[j]) {
					return true
				}
			}
		}
	}
	return false
}

// toldBlocker reports whether the conflicts tell of a blocker already.
func (p *page) toldBlocker(e *answer.Entry) bool {
	return p.anyRule(func(r *answer.Rule) bool {
		return r.Kind == "blocker" && r.Atom == e.Atom && slices.ContainsFunc(e.Parents, func(parent string) bool {
			return parent == r.Package || slices.Contains(r.Packages, parent)
		})
	})
}

// ways says what can be done besides changing the configuration.
func (p *page) ways() {
	r := p.res
	if len(r.Conflicts) == 0 || r.Status != answer.Unsolvable {
		return
	}
	var names []string
	for _, w := range r.LeaveOut {
		name := "without " + w.Atom
		if strings.HasPrefix(w.Arg, "@") {
			name += " in " + w.Arg
		}
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	if len(names) > 0 {
		p.printf("\nThe rest can be had %s.\n", strings.Join(names, ", or "))
		return
	}
	if r.AlternativesEnd != "all" || len(r.Alternatives) > 0 || len(r.Conflicts) > 1 {
		return
	}
	switch r.Conflicts[0].Kind {
	case "missing", "library":
		p.WriteString("What is missing has to come from a repository: a newer state of this one, or another.\n")
	case "slot", "blocker":
		p.WriteString("The dependencies of the packages contradict each other; that can be changed in their ebuilds only.\n")
	}
}

func (p *page) slotConflicts() {
	for i := range p.res.SlotConflicts {
		s := &p.res.SlotConflicts[i]
		if !p.opt.AllParents && p.explained(s) {
			continue
		}
		p.printf("\n%s Only one of these can be installed in the slot %s:\n", p.palette.paint(bad, "!!!"), p.palette.paint(warn, s.Slot))
		for j := range s.Packages {
			p.conflictPackage(&s.Packages[j])
		}
	}
	p.solutions()
}

// solutions lists the USE changes of all slot conflicts, each once: they solve all of them together.
func (p *page) solutions() {
	var list []string
	for i := range p.res.SlotConflicts {
		for _, s := range p.res.SlotConflicts[i].Solutions {
			if text := useChanges(s); !slices.Contains(list, text) {
				list = append(list, text)
			}
		}
	}
	switch len(list) {
	case 0:
		return
	case 1:
		p.WriteString("\nThis change of USE would solve it:\n")
	default:
		p.WriteString("\nAny one of these changes of USE would solve it:\n")
	}
	for _, text := range list {
		p.printf("    %s\n", text)
	}
}

// explained reports whether a conflict's rules tell of this slot already.
func (p *page) explained(s *answer.SlotConflict) bool {
	return p.anyRule(func(r *answer.Rule) bool {
		told := 0
		for i := range s.Packages {
			if r.Kind == "slot" && slices.Contains(r.Others, s.Packages[i].CPV) {
				told++
			}
		}
		return told > 1
	})
}

func (p *page) conflictPackage(c *answer.ConflictPackage) {
	state := "to be merged"
	if c.Installed {
		state = "installed"
	}
	p.printf("\n  %s::%s (%s), wanted by\n", c.CPV, c.Repo, state)
	p.parents(c.Parents)
}

// parents lists reasons, one line for the same atom in several variables.
func (p *page) parents(why []answer.Why) {
	var merged []answer.Why
	for _, w := range why {
		if n := len(merged) - 1; n >= 0 && w.Kind != "" && w.Parent == merged[n].Parent && w.Atom == merged[n].Atom {
			merged[n].Kind += ", " + w.Kind
			continue
		}
		merged = append(merged, w)
	}
	for i, w := range merged {
		if i == fewParents && !p.opt.AllParents {
			p.printf("    and %d more (--verbose-conflicts lists them)\n", len(merged)-i)
			break
		}
		p.printf("    %s\n", reason(w))
	}
}

package render

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/portsolve/portsolve/solver/answer"
)

// fewParents is how many parents of a conflict are shown without
// --verbose-conflicts: enough to see the pattern, few enough to read.
const fewParents = 3

// manyWarnings is where a list of warnings stops to be read: one broken file can
// give thousands of them.
const manyWarnings = 20

// problems writes everything below the list, in the order in which a person
// has to act on it.
func (p *page) problems() {
	p.conflicts()
	p.unsatisfied()
	p.requiredUse()
	p.slotConflicts()
	p.unsolvedBlockers()
	p.cycles()
	p.changes()
	p.alternatives()
	p.ways()
	p.heldBack()
	p.rebuilds()
	p.warnings()
	p.verdict()
}

func (p *page) unsatisfied() {
	for i := range p.res.Unsatisfied {
		u := &p.res.Unsatisfied[i]
		if p.toldAsConflict(u) {
			continue
		}
		if len(u.Candidates) == 0 {
			p.printf("\n%s Nothing satisfies %s.\n", p.palette.paint(bad, "!!!"), quote(p.palette.paint(warn, u.Atom)))
		} else {
			p.printf("\n%s Everything that could satisfy %s is ruled out:\n", p.palette.paint(bad, "!!!"),
				quote(p.palette.paint(warn, u.Atom)))
		}
		notBuilt := 0
		for _, c := range u.Candidates {
			if neverBuilt(&c) {
				notBuilt++
				continue
			}
			p.printf("- %s%s", rejectedType(&c), c.CPV)
			if c.BuildID > 0 {
				p.printf("-%d", c.BuildID)
			}
			if c.Repo != "" {
				p.printf("::%s", c.Repo)
			}
			p.printf(" (%s)\n", strings.Join(c.Reasons, "; "))
			p.maskComments(&c)
		}
		if notBuilt > 0 {
			p.printf("- %s (only binary packages may be used)\n", plural(notBuilt, "ebuild"))
		}
		if u.Parent != "" && u.Parent != u.Atom {
			p.printf("(needed by %s", u.Parent)
			if u.Kind != "" {
				p.printf(", %s", u.Kind)
			}
			p.WriteString(")\n")
		}
		if len(u.Suggestions) > 0 {
			p.printf("Did you mean %s?\n", strings.Join(u.Suggestions, ", "))
		}
	}
}

// neverBuilt: an ebuild with --usepkgonly. Whatever else there is against it does not matter.
func neverBuilt(c *answer.Rejected) bool {
	for _, x := range c.Exclusions {
		if x.Source.File == "--usepkgonly" {
			return true
		}
	}
	return false
}

func rejectedType(c *answer.Rejected) string {
	if c.Type == "" {
		return ""
	}
	return c.Type + " "
}

// maskComments shows where a mask stands and what its author wrote.
func (p *page) maskComments(c *answer.Rejected) {
	for _, x := range c.Exclusions {
		if x.Source.Comment == "" {
			continue
		}
		p.printf("    %s:%d:\n", x.Source.File, x.Source.Line)
		for _, line := range strings.Split(strings.TrimRight(x.Source.Comment, "\n"), "\n") {
			p.printf("    # %s\n", strings.TrimSpace(line))
		}
	}
}

func (p *page) requiredUse() {
	for _, r := range p.res.RequiredUse {
		if p.anyRule(func(o *answer.Rule) bool { return len(o.Answers) == 0 && o.Atom == r.Atom }) {
			continue // the conflict tells of it
		}
		p.printf("\n%s The USE flags of %s break its REQUIRED_USE:\n      %s\n", p.palette.paint(bad, "!!!"),
			p.palette.paint(warn, r.CPV), r.Expression)
		if r.Atom != "" {
			p.printf("    (needed for %s)\n", r.Atom)
		}
	}
}

// reason is one Why in words.
func reason(w answer.Why) string {
	switch {
	case w.Rebuild != "":
		return "rebuilt because of " + w.Rebuild
	case w.Parent != "" && w.Atom != "":
		s := fmt.Sprintf("%s of %s", w.Atom, w.Parent)
		if w.Kind != "" {
			s += " (" + w.Kind + ")"
		}
		return s
	case w.Parent != "":
		return w.Parent
	case w.Arg != "" && w.Atom != "" && w.Atom != w.Arg:
		return fmt.Sprintf("%s of %s, which you asked for", w.Atom, w.Arg)
	}
	return fmt.Sprintf("%s, which you asked for", w.Arg)
}

func (p *page) unsolvedBlockers() {
	first := true
	for i := range p.res.Plan {
		e := &p.res.Plan[i]
		if e.Action != answer.BlockerEntry || e.SolvedBlocker || p.toldBlocker(e) {
			continue
		}
		if first {
			p.printf("\n%s These packages cannot be installed together:\n", p.palette.paint(bad, "!!!"))
			first = false
		}
		verb := "does"
		if len(e.Parents) > 1 {
			verb = "do"
		}
		p.printf("    %s %s not tolerate %s\n", strings.Join(e.Parents, " and "), verb, strings.TrimLeft(e.Atom, "!"))
	}
}

func (p *page) heldBack() {
	if len(p.res.HeldBack) == 0 || p.opt.Level == Quiet {
		return
	}
	p.printf("\n%s These updates are held back:\n", p.palette.paint(warn, "WARNING:"))
	for _, h := range p.res.HeldBack {
		p.printf("\n  %s (stays at %s), because of\n", h.CPV, h.Selected)
		p.parents(h.By)
		if p.opt.Causes {
			p.freed(&h)
		}
	}
}

// freed says what would let an update happen that did not.
func (p *page) freed(h *answer.HeldBack) {
	var names []string
	for _, w := range h.By {
		if name, _, ok := cutCPV(w.Parent); ok && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	switch len(names) {
	case 0:
	case 1:
		p.printf("    A version of %s that accepts it, or going without that package, would free it.\n", names[0])
	default:
		p.printf("    Versions of %s that accept it, or going without those packages, would free it.\n", someNames(names))
	}
}

func (p *page) rebuilds() {
	if len(p.res.Rebuilds) == 0 || !p.opt.SlotRebuilds || p.opt.Level == Quiet {
		return
	}
	p.WriteString("\nThe following packages are causing rebuilds:\n\n")
	for _, cause := range sortedKeys(p.res.Rebuilds) {
		p.printf("  %s causes rebuilds for:\n", cause)
		for _, cpv := range p.res.Rebuilds[cause] {
			p.printf("    %s\n", cpv)
		}
	}
}

func (p *page) warnings() {
	if p.opt.Level == Quiet {
		return
	}
	for i, w := range p.res.Warnings {
		if i == 0 {
			p.WriteString("\n")
		}
		if i == manyWarnings {
			p.printf(" %s and %d more (--format json has them all)\n", p.palette.paint(warn, "*"), len(p.res.Warnings)-i)
			break
		}
		p.printf(" %s %s\n", p.palette.paint(warn, "*"), w)
	}
}

// verdict is the last line when the plan cannot simply be carried out.
func (p *page) verdict() {
	if p.opt.Level == Quiet {
		return
	}
	switch p.res.Status {
	case answer.NothingToDo:
		p.WriteString("\nNothing to do: the system already is as requested.\n")
	case answer.Unsolvable:
		if t := p.res.TwoStep; t != nil && len(t.Needs) == 0 {
			p.WriteString("\nNo order builds every package once. The list above is what was chosen, not an order to follow.\n")
			return
		}
		p.WriteString("\nThe request has no solution under the present configuration.")
		if len(p.res.Plan) > 0 {
			p.WriteString("\nThe list above is the best incomplete selection.")
		}
		p.WriteString("\n")
	case answer.ChangesNeeded:
		if p.opt.Writes {
			return
		}
		p.WriteString("\nThe list above assumes these changes; nothing has been written (--autounmask-write does).\n")
	}
}

func quote(s string) string { return `"` + s + `"` }

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

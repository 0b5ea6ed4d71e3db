package render

import (
	"slices"

	"github.com/portsolve/portsolve/solver/answer"
)

func (p *page) conflict() {
	c := p.res.Conflict
	if c == nil || len(c.Rules) == 0 || len(c.Rules) == 1 && len(p.res.Unsatisfied) > 0 {
		return // a missing package is told below, with its candidates
	}
	p.printf("\n%s These cannot all hold:\n\n", p.palette.paint(bad, "!!!"))
	for _, r := range c.Rules {
		p.printf("  - %s\n", r.Text)
	}
	if c.Minimal && len(c.Rules) > 1 {
		p.WriteString("\nWere it not for any one of these, the rest would have a solution.\n")
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

// explained reports whether the conflict's rules tell of this slot already.
func (p *page) explained(s *answer.SlotConflict) bool {
	if p.res.Conflict == nil {
		return false
	}
	for _, r := range p.res.Conflict.Rules {
		told := 0
		for i := range s.Packages {
			if r.Kind == "slot" && slices.Contains(r.Others, s.Packages[i].CPV) {
				told++
			}
		}
		if told > 1 {
			return true
		}
	}
	return false
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

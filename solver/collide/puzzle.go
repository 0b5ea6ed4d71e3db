package collide

import (
	"maps"

	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/solver/universe"
)

// puzzle is one choice of the packages that stay, with what all parents ask of them. Each demand
// speaks of one flag of the child and, if it is conditional, of the same flag of the parent; so an
// unmet demand leaves at most two ways on.
type puzzle struct {
	demands []demand
	change  Settings
	found   []Settings
	steps   int
}

// newPuzzle collects the demands; false if one of them cannot be met by USE: the version is wrong, or a
// flag does not exist.
func newPuzzle(conflicts []Conflict, stay []*universe.Node) (*puzzle, bool) {
	p := &puzzle{change: Settings{}}
	dropped := map[*universe.Node]bool{}
	for i, c := range conflicts {
		for _, n := range c.Nodes {
			dropped[n] = n != stay[i]
		}
	}
	for i, c := range conflicts {
		for _, n := range c.Nodes {
			for _, w := range n.Why {
				if w.Atom == nil || dropped[w.Parent] {
					continue
				}
				if !p.add(stay[i].Cand, w) {
					return nil, false
				}
			}
		}
	}
	return p, true
}

// add notes what one parent asks of the child.
func (p *puzzle) add(child *universe.Candidate, w universe.Cause) bool {
	if !child.MatchesButUse(w.Atom) {
		return false
	}
	for _, d := range w.Atom.UseAsWritten() {
		if d.Default == 0 && !child.HasFlag(d.Flag) {
			return false
		}
	}
	list, parent := w.Atom.Use, w.Parent
	if changeable(parent) {
		list = w.Atom.UseAsWritten()
	} else {
		parent = nil
	}
	for _, d := range list {
		p.demands = append(p.demands, demand{parent, child, d})
	}
	return true
}

// on is the state of a flag after the changes so far.
func (p *puzzle) on(c *universe.Candidate, flag string) bool {
	if on, ok := p.change[c][flag]; ok {
		return on
	}
	return c.Flags().Has(flag)
}

// met reports whether a demand holds after the changes so far.
func (p *puzzle) met(d *demand) bool {
	has := d.dep.Default == '+'
	if d.child.HasFlag(d.dep.Flag) {
		has = p.on(d.child, d.dep.Flag)
	}
	mine := d.parent != nil && p.on(d.parent.Cand, d.dep.Flag)
	switch d.dep.Kind {
	case atom.UseEnabled:
		return has
	case atom.UseDisabled:
		return !has
	case atom.UseEqual:
		return has == mine
	case atom.UseNotEqual:
		return has != mine
	case atom.UseIfEnabled:
		return has || !mine
	}
	return !has || mine
}

// search changes one flag after the other, the child's before the parent's, until all demands are met.
func (p *puzzle) search() {
	if p.steps++; p.steps > maxSteps || len(p.found) == maxSolutions {
		return
	}
	for i := range p.demands {
		d := &p.demands[i]
		if p.met(d) {
			continue
		}
		p.flip(d.child, d.dep.Flag)
		if d.parent != nil && d.dep.Kind.Conditional() {
			p.flip(d.parent.Cand, d.dep.Flag)
		}
		return
	}
	p.finish()
}

// flip goes on with one flag switched, if it may be.
func (p *puzzle) flip(c *universe.Candidate, flag string) {
	if _, done := p.change[c][flag]; done || !c.HasFlag(flag) {
		return
	}
	on := !c.Flags().Has(flag)
	if _, forced, masked, _ := c.ForcedFlag(flag); forced && !on || masked && on {
		return
	}
	if p.change[c] == nil {
		p.change[c] = map[string]bool{}
	}
	p.change[c][flag] = on
	p.search()
	delete(p.change[c], flag)
	if len(p.change[c]) == 0 {
		delete(p.change, c)
	}
}

// finish keeps the changes if REQUIRED_USE (PMS 7.3.5) allows them. Nothing to change is no solution: then
// flags are not what the conflict is about.
func (p *puzzle) finish() {
	if len(p.change) == 0 {
		return
	}
	found := Settings{}
	for c, flags := range p.change {
		if c.With(flags).RequiredUseFails() {
			return
		}
		found[c] = maps.Clone(flags)
	}
	p.found = append(p.found, found)
}

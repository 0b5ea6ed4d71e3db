package render

import (
	"strconv"
	"strings"

	"github.com/portsolve/portsolve/solver/answer"
)

// fewSteps is how long a plan may be to be shown as a whole where it builds
// packages twice; of a longer one only those packages are.
const fewSteps = 20

// cycles says who needs whom, what breaks it, and which order would work.
func (p *page) cycles() {
	for i := range p.res.Cycles {
		p.cycle(&p.res.Cycles[i])
	}
	if p.res.TwoStep != nil {
		p.twoStep(p.res.TwoStep)
	}
	if len(p.res.VirtualCycle) > 0 {
		p.printf("\n%s These virtuals depend on each other without end:\n    %s\n", p.palette.paint(bad, "!!!"),
			strings.Join(p.res.VirtualCycle, "\n    "))
	}
}

func (p *page) cycle(c *answer.Cycle) {
	p.printf("\n%s These packages need each other to be built:\n", p.palette.paint(bad, "!!!"))
	for _, e := range c.Edges {
		p.printf("    %s needs %s", e.From, e.To)
		if e.Atom != "" {
			p.printf(" (%s %s)", e.Kind, e.Atom)
		}
		p.WriteString("\n")
	}
	switch len(c.Breaks) {
	case 0:
		p.WriteString("  No USE setting breaks this cycle.\n")
		return
	case 1:
		p.WriteString("  This setting breaks the cycle:\n")
	default:
		p.WriteString("  Each of these settings breaks the cycle:\n")
	}
	for _, b := range c.Breaks {
		var words []string
		for _, cpv := range sortedKeys(b.Settings) {
			words = append(words, cpv+" USE="+quote(flagWords(b.Settings[cpv])))
		}
		p.printf("    %s", strings.Join(words, " and "))
		if !b.Verified {
			p.WriteString(" (not verified; packages that depend on it may need changes, too)")
		}
		p.WriteString("\n")
	}
}

func (p *page) twoStep(t *answer.TwoStep) {
	mark := p.palette.paint(warn, "*")
	switch {
	case len(t.Needs) > 0:
		p.printf("\n %s Nothing but having them already breaks the cycles of these packages:\n", mark)
		for _, cpv := range t.Needs {
			p.printf("    %s\n", cpv)
		}
		p.printf("   With them from a stage archive or as binary packages, %d steps build everything", len(t.Plan))
		if len(t.Twice) > 0 {
			p.WriteString(",\n   some packages twice")
		}
		p.WriteString(":\n")
	default:
		p.printf("\n %s Building twice works, first with other flags, then as configured, in %d steps:\n", mark, len(t.Plan))
	}
	first, again := map[int]map[string]bool{}, map[int]bool{}
	for _, tw := range t.Twice {
		first[tw.First], again[tw.Again] = tw.Flags, true
	}
	width := len(strconv.Itoa(len(t.Plan)))
	for i := range t.Plan {
		e := &t.Plan[i]
		if len(t.Plan) > fewSteps && first[i] == nil && !again[i] {
			continue
		}
		what := e.CPV
		switch {
		case e.Action == answer.BlockerEntry:
			continue
		case e.Action == answer.Uninstall:
			what = "uninstall " + what
		case first[i] != nil:
			what += " USE=" + quote(flagWords(first[i])) + " for now"
		case again[i]:
			what += " again, as configured"
		}
		p.printf("   %*d  %s\n", width, i+1, what)
	}
	if len(t.Plan) > fewSteps {
		p.WriteString("   (only those built twice are shown; --format json has all steps in \"two_step\")\n")
	}
}

package portsolve

import (
	"slices"
	"strings"

	"github.com/portsolve/portsolve/solver/answer"
)

// perGroup bounds how many alternatives are kept for each that was asked for: members of a group count as one.
const perGroup = 10

// enough reports whether as many groups of alternatives were found as are wanted.
func (c *choices) enough() bool {
	wanted := c.wanted()
	return c.leaders >= wanted || len(c.found)/perGroup >= wanted
}

// keep adds an alternative and counts its group if it is the first of it.
func (c *choices) keep(n *choice) {
	if !slices.ContainsFunc(c.found, func(o *choice) bool { return c.symmetric(&o.answer, &n.answer) != "" }) {
		c.leaders++
	}
	c.found = append(c.found, n)
}

// group puts alternatives that make the same choice in another way behind the first of them: those that differ
// in values of a USE_EXPAND variable only (l10n_*, python_targets_*), and those that make the same change to another package
// for the same dependency (interchangeable providers).
func (c *choices) group() {
	var out []*choice
	rest := c.found
	for len(rest) > 0 {
		leader, others := rest[0], rest[1:]
		rest = nil
		out = append(out, leader)
		number := len(out)
		leader.answer.Group = number
		for _, n := range others {
			if choice := c.symmetric(&leader.answer, &n.answer); choice != "" {
				n.answer.Group, n.answer.Choice = number, choice
				leader.answer.Choice = c.symmetric(&n.answer, &leader.answer)
				out = append(out, n)
			} else {
				rest = append(rest, n)
			}
		}
	}
	c.found = out
}

// symmetric names what b has where a has something else of the same sort, "" if they are different alternatives.
func (c *choices) symmetric(a, b *answer.Alternative) string {
	x, y := a.Changes.Entries, b.Changes.Entries
	const order = 3 // rebuilds and flags at the end of the cost may differ
	if len(x) != len(y) || len(x) == 0 || len(a.Cost) != len(b.Cost) || len(a.Cost) < order ||
		!slices.Equal(a.Cost[:len(a.Cost)-order], b.Cost[:len(b.Cost)-order]) ||
		!slices.Equal(a.Changes.Drop, b.Changes.Drop) || !slices.Equal(a.Changes.Remove, b.Changes.Remove) {
		return ""
	}
	if own := c.otherValues(x, y); own != "" {
		return own
	}
	return otherProvider(x, y)
}

// otherValues are the values of USE_EXPAND variables that y switches on and x does not, if that is all the difference.
func (c *choices) otherValues(x, y []answer.ConfigEntry) string {
	var own []string
	for i := range x {
		if x[i].File != y[i].File || x[i].Atom != y[i].Atom || !slices.Equal(c.generic(x[i].Tokens), c.generic(y[i].Tokens)) {
			return ""
		}
		for _, t := range y[i].Tokens {
			if !slices.Contains(x[i].Tokens, t) && t[0] != '-' && !slices.Contains(own, t) {
				own = append(own, t)
			}
		}
	}
	return strings.Join(own, " ")
}

// generic are words with "*" for values of USE_EXPAND variables, sorted.
func (c *choices) generic(words []string) []string {
	if c.prefixes == nil {
		names, _ := c.sys.target().settings.UseExpand()
		for _, p := range names {
			c.prefixes = append(c.prefixes, p+"_")
		}
	}
	out := slices.Clone(words)
	for i, w := range out {
		for _, p := range c.prefixes {
			if strings.HasPrefix(strings.TrimPrefix(w, "-"), p) {
				out[i] = w[:strings.Index(w, p)] + p + "*"
				break
			}
		}
	}
	slices.Sort(out)
	return out
}

// otherProvider is the package of y that has the change that another has in x, for the same dependency.
func otherProvider(x, y []answer.ConfigEntry) string {
	own, instead := missing(x, y), missing(y, x)
	if len(own) != 1 || len(instead) != 1 {
		return ""
	}
	a, b := own[0], instead[0]
	if a.File != b.File || !slices.Equal(a.Tokens, b.Tokens) || len(a.Cause) == 0 || len(b.Cause) == 0 ||
		a.Cause[0].Package == "" || a.Cause[0] != b.Cause[0] {
		return ""
	}
	return a.Atom
}

// missing are the entries of y that x does not have.
func missing(x, y []answer.ConfigEntry) []*answer.ConfigEntry {
	var out []*answer.ConfigEntry
	for i := range y {
		if !slices.ContainsFunc(x, func(e answer.ConfigEntry) bool { return e.File == y[i].File && e.Line() == y[i].Line() }) {
			out = append(out, &y[i])
		}
	}
	return out
}

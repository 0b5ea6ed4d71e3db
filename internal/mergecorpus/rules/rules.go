package rules

import "github.com/portsolve/portsolve/internal/mergecorpus"

// Rule is one of the documented ways in which ours is safer.
type Rule struct {
	Number int
	Name   string
	Points string // of the list of where Portage loses or endangers data
	// excuses proves from the states that a difference is one of these. It says no in doubt.
	excuses func(v *view, d *mergecorpus.Difference) bool
}

// all is in the order in which rules are tried.
func all() []Rule {
	return []Rule{
		{1, "a copy of what the administrator had", "6, 7", savedCopy},
		{2, "what another package still lists", "11", stillListed},
		{3, "refused before anything changed", "5, 12", refused},
		{4, "nothing outside of ROOT", "13", prison},
		{5, "links and what is behind them", "14", behindLinks},
		{6, "hard links of the administrator", "8", hardLinks},
		{7, "nothing of a killed run", "9", afterKill},
		{8, "nothing of a failed merge", "10", afterFailure},
		{9, "the content counts, not the time", "15", contentCounts},
		{10, "the type that the package says", "5, 12", typeAsListed},
	}
}

// All are the rules, for the document and its test.
func All() []Rule { return all() }

package cli

import (
	"strconv"
	"strings"
	"time"

	"github.com/portsolve/portsolve"
	"github.com/portsolve/portsolve/internal/emergeopts"
)

// alternativesOptions are those of the ways out of a request that fails.
type alternativesOptions struct {
	count, pick int
	allow       []string
	patience    time.Duration
}

// alternativesTable are the options that alternativesOptions holds.
var alternativesTable = [...]emergeopts.Option{
	{Name: "--alternatives", Kind: emergeopts.Text, Default: "10", Status: emergeopts.Works,
		Note: "N or all: how many ways out to look for if configuration changes are needed; 0: none (docs/alternatives.md)"},
	{Name: "--allow", Kind: emergeopts.Words, Status: emergeopts.Works,
		Note: "let alternatives do more: use.mask (change flags that the profile forces or masks), remove (installed packages), drop (arguments); repeatable"},
	{Name: "--alternatives-time", Kind: emergeopts.Number, Default: "3", Status: emergeopts.Works,
		Note: "for how many seconds to look for them, at least 1"},
	{Name: "--autounmask-pick", Kind: emergeopts.Number, Status: emergeopts.Works,
		Note: "show the plan with alternative N instead of the first"},
}

// isAlternatives reports whether an option belongs to alternativesOptions.
func isAlternatives(o *emergeopts.Option) bool {
	for i := range alternativesTable {
		if alternativesTable[i].Name == o.Name {
			return true
		}
	}
	return false
}

// apply sets one option; done is false if it is none of these.
func (a *alternativesOptions) apply(s setting) (done bool, err error) {
	switch s.name {
	case "--alternatives":
		if s.value == "all" {
			a.count = portsolve.AllAlternatives
			return true, nil
		}
		n, err := strconv.Atoi(s.value)
		if err != nil || n < 0 {
			return true, usagef("--alternatives: wrong value %q: expected a number, or all", s.value)
		}
		if a.count = n; n == 0 {
			a.count = portsolve.NoAlternatives
		}
	case "--alternatives-time":
		n, err := strconv.Atoi(s.value)
		if err != nil || n < 1 {
			return true, usagef("--alternatives-time: wrong value %q: expected a number of seconds, 1 or more", s.value)
		}
		a.patience = time.Duration(n) * time.Second
	case "--allow":
		a.allow = append(a.allow, strings.FieldsFunc(s.value, func(r rune) bool { return r == ' ' || r == ',' })...)
	case "--autounmask-pick":
		n, err := strconv.Atoi(s.value)
		if err != nil || n < 1 {
			return true, usagef("--autounmask-pick: wrong value %q: alternatives are numbered from 1", s.value)
		}
		a.pick = n
	default:
		return false, nil
	}
	return true, nil
}

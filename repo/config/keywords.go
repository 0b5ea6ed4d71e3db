package config

import (
	"slices"
	"strings"

	"github.com/portsolve/portsolve/atom/metadata"
)

// keywordPolicy is what ACCEPT_KEYWORDS says for all packages.
type keywordPolicy struct {
	accepted []string // of all sources
	lower    []string // of all but the environment
	env      []string // words of the environment, which follow package.accept_keywords
	testing  []string // "~x" for each stable keyword accepted: what a line without keywords means
	src      Source
}

func (s *Settings) loadKeywords() {
	k := &s.accept.keywords
	for _, t := range s.vars.fold("ACCEPT_KEYWORDS") {
		k.accepted = append(k.accepted, t.text)
		if c := t.text[0]; c != '~' && c != '*' {
			k.testing = append(k.testing, "~"+t.text)
		}
	}
	var lower []token
	sources := s.vars.sources("ACCEPT_KEYWORDS")
	for _, a := range sources {
		k.src = a.Source
		if a.Source.File == environment {
			k.env = strings.Fields(a.Value)
		} else {
			lower = append(lower, assignTokens(a)...)
		}
	}
	for _, t := range foldTokens(lower) {
		k.lower = append(k.lower, t.text)
	}
}

// keywords are those of the package after the profile's package.keywords. "-*"
// says only that what is not listed does not work, and is left out.
func (s *Settings) keywords(p *metadata.Package, set *ruleSet) []string {
	list := p.Keywords
	rules := set[kindKeywords]
	if len(rules) == 0 && !slices.Contains(list, "-*") {
		return list
	}
	list = slices.DeleteFunc(slices.Clone(list), func(k string) bool { return k == "-*" })
	for _, r := range matching(rules, p, false) {
		for _, w := range r.words {
			list = applyWord(list, w)
		}
	}
	return list
}

// applyWord is one step of an incremental list.
func applyWord(list []string, w string) []string {
	if w == "-*" {
		return list[:0:0]
	}
	if off, ok := strings.CutPrefix(w, "-"); ok {
		return slices.DeleteFunc(list, func(x string) bool { return x == off })
	}
	if !slices.Contains(list, w) {
		list = append(list, w)
	}
	return list
}

// acceptedKeywords are those accepted for p.
func (s *Settings) acceptedKeywords(p *metadata.Package, set *ruleSet) []string {
	k := &s.accept.keywords
	if len(set[kindAcceptKeywords]) == 0 {
		return k.accepted
	}
	rules := matching(set[kindAcceptKeywords], p, false)
	if len(rules) == 0 {
		return k.accepted
	}
	list := slices.Clone(k.lower)
	for _, r := range rules {
		words := r.words
		if len(words) == 0 {
			words = k.testing
		}
		for _, w := range words {
			list = applyWord(list, w)
		}
	}
	for _, w := range k.env {
		list = applyWord(list, w)
	}
	return list
}

// keywordAccepted is the rule of ACCEPT_KEYWORDS (make.conf(5)): one keyword must
// be accepted by name, or "*" accepts any stable one, "~*" any testing one and "**" everything.
// In KEYWORDS, "*" works anywhere and "~*" wherever testing is accepted.
func keywordAccepted(keywords, accepted []string) bool {
	stable, testing := false, false
	for _, k := range keywords {
		switch {
		case k == "*":
			return true
		case k == "~*":
			testing = true
			if slices.ContainsFunc(accepted, func(a string) bool { return a[0] == '~' }) {
				return true
			}
		case slices.Contains(accepted, k):
			return true
		case k[0] == '~':
			testing = true
		case k[0] != '-':
			stable = true
		}
	}
	for _, a := range accepted {
		if a == "**" || a == "*" && stable || a == "~*" && testing {
			return true
		}
	}
	return false
}

// Stable reports whether the stable variants of use.mask and the like apply to
// p (PMS 5.2.12): its keywords are accepted, and would not be if all were "~".
func (s *Settings) Stable(p *metadata.Package) bool {
	set := s.index.of(p.CPV.CP)
	keywords, accepted := s.keywords(p, set), s.acceptedKeywords(p, set)
	if !keywordAccepted(keywords, accepted) {
		return false
	}
	// Written out instead of calling keywordAccepted again: no copies.
	testing := false
	for _, k := range keywords {
		if k[0] == '-' {
			continue
		}
		testing = true
		for _, a := range accepted {
			if a[0] == '~' && (k == "*" || k == "~*" || a == "~*" || a[1:] == strings.TrimPrefix(k, "~")) {
				return false
			}
		}
	}
	return testing && !slices.Contains(accepted, "**")
}

// missingKeywords are the keywords one of which would have to be accepted, "**"
// for a package without any; nil if p is acceptable.
func (s *Settings) missingKeywords(p *metadata.Package, set *ruleSet) []string {
	keywords := s.keywords(p, set)
	if keywordAccepted(keywords, s.acceptedKeywords(p, set)) {
		return nil
	}
	if len(keywords) == 0 {
		return []string{"**"}
	}
	return slices.Clone(keywords)
}

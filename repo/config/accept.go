package config

import (
	"fmt"
	"slices"
	"strings"

	"github.com/portsolve/portsolve/atom/depend"
	"github.com/portsolve/portsolve/atom/metadata"
)

// environment is the file name in the Source of environment variables.
const environment = "environment"

// acceptance is what is accepted for all packages.
type acceptance struct {
	keywords                      keywordPolicy
	license, properties, restrict acceptList
	chost                         []chostPattern
	chostSrc                      Source
	testFeature, allowTest        bool
}

// acceptList is ACCEPT_LICENSE, ACCEPT_PROPERTIES or ACCEPT_RESTRICT, folded.
type acceptList struct {
	tokens []token // in order, as written, for display
	all    bool    // what words not in known get ("*" or not)
	known  map[string]bool
	src    Source
}

// accepts applies the words of package-specific rules to the folded list.
func (l *acceptList) accepts(word string, own [][]string) bool {
	ok, listed := l.known[word]
	if !listed {
		ok = l.all
	}
	for _, words := range own {
		for _, w := range words {
			switch {
			case w == "*":
				ok = true
			case w == "-*":
				ok = false
			case w == word:
				ok = true
			case len(w) == len(word)+1 && w[0] == '-' && w[1:] == word:
				ok = false
			}
		}
	}
	return ok
}

func newAcceptList(list []token) acceptList {
	l := acceptList{known: map[string]bool{}, tokens: prune(list)}
	for _, t := range list {
		switch off, negative := strings.CutPrefix(t.text, "-"); {
		case t.text == "*":
			l.all, l.known = true, map[string]bool{}
		case t.text == "-*":
			l.all, l.known = false, map[string]bool{}
		case negative:
			l.known[off] = false
		default:
			l.known[t.text] = true
		}
	}
	if len(list) > 0 {
		l.src = list[len(list)-1].where.source()
	}
	return l
}

// prune drops what later words make void, for display.
func prune(list []token) []token {
	start := 0
	for i, t := range list {
		if t.text == "*" || t.text == "-*" {
			start = i
		}
	}
	return list[start:]
}

// loadLicenses reads the license groups.
func (s *Settings) loadLicenses() error {
	if s.opt.Repos == nil {
		return nil
	}
	groups, err := s.opt.Repos.LicenseGroups()
	s.licenses = groups
	return err
}

// loadAcceptance folds the ACCEPT_* variables.
func (s *Settings) loadAcceptance() error {
	s.loadKeywords()
	licenses := s.licenseTokens()
	s.accept.license = newAcceptList(s.expandGroups(licenses))
	s.accept.license.tokens = prune(licenses)
	s.accept.properties = newAcceptList(s.optionTokens("ACCEPT_PROPERTIES", "--accept-properties", s.opt.AcceptProperties))
	s.accept.restrict = newAcceptList(s.optionTokens("ACCEPT_RESTRICT", "--accept-restrict", s.opt.AcceptRestrict))
	_, s.accept.testFeature = s.feature("test")
	allow, _ := s.vars.plain("ALLOW_TEST")
	s.accept.allowTest = slices.Contains(strings.Fields(allow), "all")
	s.expandUserLicenses()
	return s.loadChost()
}

func (s *Settings) optionTokens(name, option, value string) []token {
	list := s.vars.tokens(name)
	for _, w := range strings.Fields(value) {
		list = append(list, token{w, where{line: &Source{File: option, Text: value}}})
	}
	return list
}

// licenseTokens are the words of ACCEPT_LICENSE. The lines for */* of
// package.license count as part of the variable: those of the profile behind the
// profile's value, the user's behind make.conf's.
func (s *Settings) licenseTokens() []token {
	var list []token
	rules := &s.index.wild[kindLicense]
	every := func(user bool) {
		for i := range *rules {
			r := &(*rules)[i]
			if !isEvery(r.atom) || (r.place >= at(userLayer, 0, 0)) != user {
				continue
			}
			list = append(list, s.expandGroups(lineTokens(r))...)
		}
	}
	fromProfile := s.vars.profileValue("ACCEPT_LICENSE")
	if fromProfile != nil {
		list = append(list, assignTokens(fromProfile)...)
	}
	every(false)
	if a := s.vars.confValue("ACCEPT_LICENSE"); a != nil {
		list = append(list, assignTokens(a)...)
	}
	every(true)
	if a := s.vars.envValue("ACCEPT_LICENSE"); a != nil {
		list = append(list, assignTokens(a)...)
	}
	*rules = slices.DeleteFunc(*rules, func(r rule) bool { return isEvery(r.atom) })
	if len(list) == 0 {
		src := &Source{File: "built-in default", Text: "ACCEPT_LICENSE=" + defaultLicense}
		for _, w := range strings.Fields(defaultLicense) {
			list = append(list, token{w, where{line: src}})
		}
	}
	return list
}

func lineTokens(r *rule) []token {
	out := make([]token, len(r.words))
	for i, w := range r.words {
		out[i] = token{w, where{line: r.src}}
	}
	return out
}

func (s *Settings) expandGroups(list []token) []token {
	var out []token
	for _, t := range list {
		for _, w := range s.expandGroup(t.text) {
			out = append(out, token{w, t.where})
		}
	}
	return out
}

// expandGroup replaces "@group" and "-@group" by its licenses. An unknown group
// accepts nothing and is named in a warning.
func (s *Settings) expandGroup(word string) []string {
	name, negative := strings.CutPrefix(word, "-")
	group, ok := strings.CutPrefix(name, "@")
	if !ok {
		return []string{word}
	}
	members, ok := s.licenses[group]
	if !ok {
		w := fmt.Sprintf("license group %q is not defined in any repository and is ignored", name)
		if !slices.Contains(s.warnings, w) {
			s.warnings = append(s.warnings, w)
		}
		return nil
	}
	if !negative {
		return members
	}
	out := make([]string, len(members))
	for i, m := range members {
		out[i] = "-" + m
	}
	return out
}

// expandUserLicenses expands groups in package.license.
func (s *Settings) expandUserLicenses() {
	expand := func(rules []rule) {
		for i := range rules {
			var out []string
			for _, w := range rules[i].words {
				out = append(out, s.expandGroup(w)...)
			}
			rules[i].words = out
		}
	}
	expand(s.index.wild[kindLicense])
	for _, set := range s.index.byName {
		expand(set[kindLicense])
	}
}

// missing returns the words of an expression that are not accepted, sorted. Of
// an any-of group (licenses only) either one alternative is acceptable, or all are returned.
func (s *Settings) missing(p *metadata.Package, n *depend.Node, l *acceptList, rules []rule) []string {
	var own [][]string
	for _, r := range matching(rules, p, false) {
		own = append(own, r.words)
	}
	ok := func(word string) bool { return l.accepts(word, own) }
	if allAccepted(n, ok) {
		return nil
	}
	use := s.Use(p)
	out := unaccepted(n, ok, use.Has)
	slices.Sort(out)
	return slices.Compact(out)
}

// allAccepted looks at every word whatever the conditions: the usual case, and
// cheap, because USE need not be known.
func allAccepted(n *depend.Node, ok func(string) bool) bool {
	if n.Kind == depend.TextLeaf {
		return ok(n.Text)
	}
	for _, c := range n.Children {
		if !allAccepted(c, ok) {
			return false
		}
	}
	return true
}

func unaccepted(n *depend.Node, ok, use func(string) bool) []string {
	switch n.Kind {
	case depend.TextLeaf:
		if ok(n.Text) {
			return nil
		}
		return []string{n.Text}
	case depend.UseIf:
		if use(n.Text) == n.Negated {
			return nil
		}
	}
	var out []string
	for _, c := range n.Children {
		if n.Kind == depend.AnyOf && c.Kind == depend.UseIf && use(c.Text) == c.Negated {
			continue // not an alternative at all
		}
		m := unaccepted(c, ok, use)
		if n.Kind == depend.AnyOf && len(m) == 0 {
			return nil
		}
		out = append(out, m...)
	}
	return out
}

// Package query answers questions about a system that is not being changed:
// which packages a search finds, and which dependencies lead to a package.
package query

import (
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"
	"strings"

	"github.com/portsolve/portsolve/atom"
)

// Pattern is a search term of emerge --search (emerge(1)):
//
//   - "office" finds names that contain it, without regard to case;
//   - "%^kde" is a regular expression (of Go's package regexp);
//   - "@app-office/" is compared with category and name instead of the name, as
//     is a term that contains a slash;
//   - "%@^dev-java.*jdk" is both.
type Pattern struct {
	text       string // lower case
	re         *regexp.Regexp
	category   bool
	similarity float64 // 0 to 1; 0 switches similar names off
}

// PatternOptions are emerge's options for a search.
type PatternOptions struct {
	// Fuzzy also finds names that are similar to the term (--fuzzy-search). It has
	// no effect on regular expressions, and on terms longer than any name.
	Fuzzy bool
	// RegexpAuto takes a term for a regular expression when it looks like one
	// (--regex-search-auto).
	RegexpAuto bool
	// Similarity is how similar, in percent (--search-similarity).
	Similarity float64
}

// Limits on what a search costs: maxPattern bounds the size of a compiled
// expression, maxFuzzy the comparison of letters. Names are shorter.
const (
	maxPattern = 1000
	maxFuzzy   = 100
)

// NewPattern reads a term. The error says what is wrong with it.
func NewPattern(term string, o PatternOptions) (*Pattern, error) {
	if len(term) > maxPattern {
		return nil, fmt.Errorf("the search term has %d characters; more than %d make no sense", len(term), maxPattern)
	}
	p := &Pattern{}
	rest, isRegexp := strings.CutPrefix(term, "%")
	rest, p.category = strings.CutPrefix(rest, "@")
	p.category = p.category || strings.Contains(rest, "/")
	if rest == "" {
		return nil, errors.New("the search term is empty (\"%.\" finds every name)")
	}
	p.text = strings.ToLower(rest)
	if isRegexp || o.RegexpAuto && looksLikeRegexp(rest) {
		re, err := regexp.Compile("(?i:" + rest + ")")
		if err == nil {
			p.re = re
			return p, nil
		}
		if isRegexp {
			return nil, fmt.Errorf("the search term %q is not a regular expression: %w", term, cause(err))
		}
	}
	if o.Fuzzy && len(rest) <= maxFuzzy {
		p.similarity = o.Similarity / 100
	}
	return p, nil
}

// cause drops the expression that we have put around the user's from an error.
func cause(err error) error {
	var wrong *syntax.Error
	if errors.As(err, &wrong) {
		return fmt.Errorf("%s", wrong.Code)
	}
	return err
}

// looksLikeRegexp: no package name contains these; "+" and "." alone are parts of names.
func looksLikeRegexp(s string) bool {
	return strings.ContainsAny(s, `^$*?[]{}()|\`) || strings.Contains(s, ".+")
}

// Kind tells how the term was understood: "text", "fuzzy" or "regexp".
func (p *Pattern) Kind() string {
	switch {
	case p.re != nil:
		return "regexp"
	case p.similarity > 0:
		return "fuzzy"
	}
	return "text"
}

// Name reports whether the pattern finds a package name.
func (p *Pattern) Name(cp atom.CP) bool {
	name := cp.Package
	if p.category {
		name = cp.Category + "/" + cp.Package
	}
	return p.Text(name) || p.similar(cp)
}

// Set reports whether the pattern finds a set called name.
func (p *Pattern) Set(name string) bool {
	if !p.category {
		name = name[strings.LastIndexByte(name, '/')+1:]
	}
	return p.Text(name)
}

// Text reports whether the pattern occurs in a text, such as a description.
func (p *Pattern) Text(s string) bool {
	if p.re != nil {
		return p.re.MatchString(s)
	}
	return strings.Contains(strings.ToLower(s), p.text)
}

// similar compares the name, and with a category in the pattern both parts.
func (p *Pattern) similar(cp atom.CP) bool {
	if p.similarity <= 0 {
		return false
	}
	name := p.text
	if p.category {
		category, rest, ok := strings.Cut(p.text, "/")
		if !ok || !alike(category, strings.ToLower(cp.Category), p.similarity) {
			return false
		}
		name = rest
	}
	return alike(name, strings.ToLower(cp.Package), p.similarity)
}

package metadata

import (
	"fmt"
	"strings"
	"sync/atomic"

	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/atom/depend"
	"github.com/portsolve/portsolve/atom/eapi"
)

// expression indexes the cache of parsed variables; the first ones are DepKinds.
type expression uint8

const (
	exprRequiredUse = expression(NumDepKinds) + iota
	exprLicense
	exprRestrict
	exprProperties
	exprSrcURI
	numExpressions
)

func (x expression) String() string {
	if x < expression(NumDepKinds) {
		return DepKind(x).String()
	}
	return [...]string{"REQUIRED_USE", "LICENSE", "RESTRICT", "PROPERTIES", "SRC_URI"}[x-exprRequiredUse]
}

// parsed caches results. Two goroutines may parse the same expression at once;
// the results are equal and the first one stored is kept.
type parsed struct {
	results [numExpressions]atomic.Pointer[result]
}

type result struct {
	node *depend.Node
	err  error
}

// nothing is the tree of an absent variable.
var nothing = func() *depend.Node {
	n, _ := depend.Depend("", nil)
	return n
}()

// UnsupportedEAPIError says that a package cannot be understood.
type UnsupportedEAPIError struct{ EAPI string }

func (e *UnsupportedEAPIError) Error() string {
	return fmt.Sprintf("EAPI %q is not supported (this program knows 0 to %s)", e.EAPI, eapi.Latest().Name)
}

// Deps returns the parsed dependency variable (USE conditionals unresolved). A
// variable that the EAPI does not have counts as empty (PMS 8.1). The error, as
// of the methods below, wraps *atom.SyntaxError or *UnsupportedEAPIError.
func (p *Package) Deps(k DepKind) (*depend.Node, error) { return p.expression(expression(k)) }

// RequiredUse is the parsed REQUIRED_USE, empty before EAPI 4.
func (p *Package) RequiredUse() (*depend.Node, error) { return p.expression(exprRequiredUse) }

// License is the parsed LICENSE.
func (p *Package) License() (*depend.Node, error) { return p.expression(exprLicense) }

// Restrict is the parsed RESTRICT.
func (p *Package) Restrict() (*depend.Node, error) { return p.expression(exprRestrict) }

// Properties is the parsed PROPERTIES.
func (p *Package) Properties() (*depend.Node, error) { return p.expression(exprProperties) }

// SrcURI is the parsed SRC_URI.
func (p *Package) SrcURI() (*depend.Node, error) { return p.expression(exprSrcURI) }

func (p *Package) expression(x expression) (*depend.Node, error) {
	c := p.cache.Load()
	if c == nil {
		p.cache.CompareAndSwap(nil, new(parsed))
		c = p.cache.Load()
	}
	r := c.results[x].Load()
	if r == nil {
		r = p.parse(x)
		if !c.results[x].CompareAndSwap(nil, r) {
			r = c.results[x].Load()
		}
	}
	return r.node, r.err
}

func (p *Package) parse(x expression) *result {
	if p.EAPI == nil {
		return &result{err: fmt.Errorf("%s: %w", p.where(x), &UnsupportedEAPIError{p.EAPIName})}
	}
	if !p.has(x) {
		return &result{node: nothing}
	}
	text := p.Var(x.String())
	if text == "" {
		return &result{node: nothing}
	}
	n, err := p.parser(x)(text, p.EAPI)
	if err != nil {
		return &result{err: fmt.Errorf("%s: %w", p.where(x), err)}
	}
	return &result{node: n}
}

// where names the variable in messages.
func (p *Package) where(x expression) string {
	s := x.String() + " of " + p.CPV.String()
	if p.File != "" {
		s = p.File + ": " + s
	}
	return s
}

// has reports whether the EAPI has the variable.
func (p *Package) has(x expression) bool {
	if x < expression(NumDepKinds) {
		return DepKind(x).In(p.EAPI)
	}
	return x != exprRequiredUse || p.EAPI.RequiredUse
}

func (p *Package) parser(x expression) func(string, *eapi.EAPI) (*depend.Node, error) {
	switch x {
	case exprRequiredUse:
		return depend.RequiredUse
	case exprLicense:
		return depend.License
	case exprRestrict, exprProperties:
		return depend.Words
	case exprSrcURI:
		return depend.SrcURI
	}
	if p.Built() {
		return depend.DependBuilt
	}
	return depend.Depend
}

// Validate parses every expression and returns the first error; readers that
// must report invalid metadata eagerly call it. A package of an unsupported
// EAPI is not invalid: nothing is known about it.
func (p *Package) Validate() error {
	if p.Invalid != nil {
		return p.Invalid
	}
	if p.EAPI == nil {
		return nil
	}
	if err := p.misplacedRequiredUse(); err != nil {
		return err
	}
	for x := range numExpressions {
		if _, err := p.expression(x); err != nil {
			return err
		}
	}
	return nil
}

// misplacedRequiredUse: an ebuild that sets REQUIRED_USE in an EAPI without it
// relies on something that would not be checked; emerge refuses it, too. Other
// variables that an EAPI does not have are ignored, because eclasses set them for all.
func (p *Package) misplacedRequiredUse() error {
	text := p.Var("REQUIRED_USE")
	if p.Origin != Ebuild || p.EAPI.RequiredUse || strings.TrimSpace(text) == "" {
		return nil
	}
	return fmt.Errorf("%s: %w", p.where(exprRequiredUse), &atom.SyntaxError{
		What: "REQUIRED_USE", Text: text, Token: strings.Fields(text)[0], Offset: strings.Index(text, strings.Fields(text)[0]),
		EAPI: p.EAPI.Name, Rule: "REQUIRED_USE needs EAPI 4", Section: "PMS 7.3",
	})
}

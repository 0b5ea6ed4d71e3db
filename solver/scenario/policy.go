package scenario

import (
	"slices"
	"strings"

	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/atom/metadata"
)

// Policy is a configuration in memory. It implements universe.Policy with the
// simple half of Portage's rules: USE from IUSE defaults, then the global
// flags, then package.use, then use.force and use.mask; keywords and masks.
// What a package line states itself (USE, MASKED, …) goes before all that.
type Policy struct {
	use         []string // USE, "-flag" for off
	packageUse  []rule
	keywords    []string // ACCEPT_KEYWORDS
	packageKeys []rule
	masks       []rule
	unmasks     []rule
	force, mask []string
	stated      map[*metadata.Package]*statement
}

// rule is one line of a package.* setting.
type rule struct {
	atom  *atom.Atom
	words []string
	src   metadata.Source
}

// statement is what a package line says about its own configuration.
type statement struct {
	use       metadata.UseSet // valid if hasUse
	hasUse    bool
	useNow    metadata.UseSet // of an installed package: USE if it were built now
	hasUseNow bool
	implicit  metadata.UseSet // flags it has besides IUSE
	force     metadata.UseSet
	mask      metadata.UseSet
	masked    []metadata.Exclusion
	isMasked  bool // the list masked is all there is to say
}

func (r *rule) matches(p *metadata.Package) bool {
	a := r.atom
	return a.MatchVersion(p.CPV) && a.MatchSlot(p.Slot, p.SubSlot) && (a.Repo == "" || a.Repo == p.Repo)
}

func (pol *Policy) said(p *metadata.Package) *statement {
	if s := pol.stated[p]; s != nil {
		return s
	}
	return &statement{}
}

// Use returns the recorded flags of a built package, the configured ones of an ebuild.
func (pol *Policy) Use(p *metadata.Package) metadata.UseSet {
	if p.Built() {
		return p.Use
	}
	return pol.UseFromConfig(p)
}

// UseFromConfig returns the flags p would have if it were built now.
func (pol *Policy) UseFromConfig(p *metadata.Package) metadata.UseSet {
	s := pol.said(p)
	switch {
	case p.Built() && s.hasUseNow:
		return s.useNow
	case !p.Built() && s.hasUse:
		return s.use
	}
	var on []string
	for _, f := range p.IUSE {
		if pol.enabled(p, s, f) {
			on = append(on, f.Name)
		}
	}
	for _, f := range s.implicit {
		if pol.enabled(p, s, metadata.IUSEFlag{Name: f}) {
			on = append(on, f)
		}
	}
	return metadata.NewUseSet(on)
}

func (pol *Policy) enabled(p *metadata.Package, s *statement, f metadata.IUSEFlag) bool {
	on := switched(pol.use, f.Name, f.Default == '+')
	for i := range pol.packageUse {
		if pol.packageUse[i].matches(p) {
			on = switched(pol.packageUse[i].words, f.Name, on)
		}
	}
	forced, masked := pol.fixed(s, f.Name)
	return (on || forced) && !masked
}

// fixed: a flag that is both masked and forced is off.
func (pol *Policy) fixed(s *statement, flag string) (forced, masked bool) {
	masked = slices.Contains(pol.mask, flag) || s.mask.Has(flag)
	return !masked && (slices.Contains(pol.force, flag) || s.force.Has(flag)), masked
}

// switched applies an incremental list ("a -b -*") to one flag.
func switched(list []string, flag string, on bool) bool {
	for _, w := range list {
		switch {
		case w == flag:
			on = true
		case w == "-*", w == "-"+flag:
			on = false
		}
	}
	return on
}

// HasFlag reports whether the package has the flag, in IUSE or implicitly.
func (pol *Policy) HasFlag(p *metadata.Package, flag string) bool {
	return p.HasIUSE(flag) || p.IUSEEffective.Has(flag) || pol.said(p).implicit.Has(flag)
}

// ExplainUse tells the state of a flag. The source is the package.use line
// that decided it, if one did.
func (pol *Policy) ExplainUse(p *metadata.Package, flag string) (on, forced, masked bool, src metadata.Source) {
	s := pol.said(p)
	forced, masked = pol.fixed(s, flag)
	for i := range pol.packageUse {
		if r := &pol.packageUse[i]; r.matches(p) && (slices.Contains(r.words, flag) || slices.Contains(r.words, "-"+flag)) {
			src = r.src
		}
	}
	return pol.Use(p).Has(flag), forced, masked, src
}

// Exclusions returns every reason why p may not be merged.
func (pol *Policy) Exclusions(p *metadata.Package) []metadata.Exclusion {
	s := pol.said(p)
	if s.isMasked {
		return s.masked
	}
	var out []metadata.Exclusion
	if p.Invalid != nil {
		out = append(out, metadata.Exclusion{Kind: metadata.ExclInvalid, Detail: p.Invalid.Error()})
	}
	if p.EAPI == nil {
		out = append(out, metadata.Exclusion{Kind: metadata.ExclEAPI, Tokens: []string{p.EAPIName}, Detail: "EAPI " + p.EAPIName + " is not supported"})
	}
	if x, ok := pol.maskedBy(p); ok {
		out = append(out, x)
	}
	if !pol.keyworded(p) {
		out = append(out, metadata.Exclusion{Kind: metadata.ExclKeyword, Tokens: missing(p.Keywords), Detail: "missing keyword"})
	}
	return out
}

// missing: what would have to be accepted; "**" where nothing is offered.
func missing(keywords []string) []string {
	if len(keywords) == 0 {
		return []string{"**"}
	}
	return keywords
}

func (pol *Policy) maskedBy(p *metadata.Package) (metadata.Exclusion, bool) {
	for i := range pol.unmasks {
		if pol.unmasks[i].matches(p) {
			return metadata.Exclusion{}, false
		}
	}
	for i := range pol.masks {
		if r := &pol.masks[i]; r.matches(p) {
			return metadata.Exclusion{Kind: metadata.ExclMask, Detail: "masked in package.mask by " + r.atom.String(), Source: r.src}, true
		}
	}
	return metadata.Exclusion{}, false
}

func (pol *Policy) keyworded(p *metadata.Package) bool {
	accepted := slices.Clone(pol.keywords)
	for i := range pol.packageKeys {
		if pol.packageKeys[i].matches(p) {
			accepted = append(accepted, pol.packageKeys[i].words...)
		}
	}
	if slices.Contains(accepted, "**") {
		return true
	}
	for _, k := range p.Keywords {
		if slices.Contains(accepted, k) || slices.Contains(accepted, "~"+strings.TrimPrefix(k, "~")) {
			return true
		}
	}
	return false
}

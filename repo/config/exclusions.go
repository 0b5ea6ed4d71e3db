package config

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/portsolve/portsolve/atom/eapi"
	"github.com/portsolve/portsolve/atom/metadata"
	"github.com/portsolve/portsolve/repo"
)

// Exclusions returns every reason why p is not visible, nil when it is visible.
// Whether the expressions of p are valid is looked at only when nothing else
// excludes it, because parsing all of them is what costs time.
func (s *Settings) Exclusions(p *metadata.Package) []metadata.Exclusion {
	if p.Invalid != nil && errors.Is(p.Invalid, repo.ErrNoMetadata) {
		return append(s.masks(p, nil), metadata.Exclusion{Kind: metadata.ExclNoMetadata, Detail: p.Invalid.Error(), Source: Source{File: p.File}})
	}
	if p.Invalid != nil {
		return append(s.masks(p, nil), invalid(p, p.Invalid))
	}
	if p.EAPI == nil {
		return append(s.masks(p, nil), metadata.Exclusion{
			Kind: metadata.ExclEAPI, Tokens: []string{p.EAPIName}, Source: Source{File: p.File},
			Detail: fmt.Sprintf("EAPI %q is not supported (EAPI 0 to %s are)", p.EAPIName, eapi.Latest().Name),
		})
	}
	set := s.index.of(p.CPV.CP)
	var out []metadata.Exclusion
	if chost := p.Var("CHOST"); p.Origin != metadata.Ebuild && !s.acceptsChost(chost) {
		out = append(out, metadata.Exclusion{
			Kind: metadata.ExclCHOST, Tokens: []string{chost}, Source: s.accept.chostSrc,
			Detail: fmt.Sprintf("was built for CHOST %s, which is not accepted (%s)", chost, s.accept.chostSrc),
		})
	}
	if missing := s.missingKeywords(p, set); missing != nil {
		out = append(out, s.keywordExclusion(p, missing))
	}
	out = s.acceptExclusions(out, p, set)
	out = s.masks(p, out)
	if len(out) == 0 {
		if err := p.Validate(); err != nil {
			out = append(out, invalid(p, err))
		}
	}
	return out
}

func invalid(p *metadata.Package, err error) metadata.Exclusion {
	return metadata.Exclusion{Kind: metadata.ExclInvalid, Detail: err.Error(), Source: Source{File: p.File}}
}

// keywordExclusion names the keyword of this architecture if the package has one: that is what a user would accept.
func (s *Settings) keywordExclusion(p *metadata.Package, missing []string) metadata.Exclusion {
	if arch, _ := s.arch(); arch != "" {
		for _, k := range []string{arch, "~" + arch} {
			if slices.Contains(missing, k) {
				missing = []string{k}
				break
			}
		}
	}
	what := "keywords " + strings.Join(missing, " ") + " are"
	switch {
	case len(missing) == 1 && missing[0] == "**":
		what = "it has no keywords, and ** is"
	case len(missing) == 1:
		what = "keyword " + missing[0] + " is"
	}
	return metadata.Exclusion{
		Kind: metadata.ExclKeyword, Tokens: missing, Source: s.accept.keywords.src,
		Detail: fmt.Sprintf("%s not accepted (ACCEPT_KEYWORDS is %q)", what, strings.Join(s.accept.keywords.accepted, " ")),
	}
}

// acceptExclusions judges LICENSE, PROPERTIES and RESTRICT. An expression that
// cannot be parsed is left to Validate.
func (s *Settings) acceptExclusions(out []metadata.Exclusion, p *metadata.Package, set *ruleSet) []metadata.Exclusion {
	for _, c := range []struct {
		kind  metadata.ExclusionKind
		rules kind
		list  *acceptList
	}{
		{metadata.ExclLicense, kindLicense, &s.accept.license},
		{metadata.ExclProperties, kindProperties, &s.accept.properties},
		{metadata.ExclRestrict, kindRestrict, &s.accept.restrict},
	} {
		if c.list.all && len(c.list.known) == 0 && len(set[c.rules]) == 0 {
			continue // everything is accepted
		}
		parse := p.License
		switch c.kind {
		case metadata.ExclProperties:
			parse = p.Properties
		case metadata.ExclRestrict:
			parse = p.Restrict
		}
		n, err := parse()
		if err != nil {
			continue
		}
		if missing := s.missing(p, n, c.list, set[c.rules]); len(missing) > 0 {
			out = append(out, metadata.Exclusion{
				Kind: c.kind, Tokens: missing, Source: c.list.src,
				Detail: fmt.Sprintf("%s %s is not accepted", c.kind, strings.Join(missing, ", ")),
			})
		}
	}
	return out
}

// masks appends one exclusion per line of package.mask that matches, unless a
// line of package.unmask does.
func (s *Settings) masks(p *metadata.Package, out []metadata.Exclusion) []metadata.Exclusion {
	set := s.index.of(p.CPV.CP)
	if len(set[kindPackageMask]) == 0 {
		return out
	}
	for i := range set[kindPackageUnmask] {
		if set[kindPackageUnmask][i].applies(p) {
			return out
		}
	}
	for i := range set[kindPackageMask] {
		r := &set[kindPackageMask][i]
		if !r.applies(p) || slices.ContainsFunc(out, func(e metadata.Exclusion) bool { return e.Source == *r.src }) {
			continue // or the line was read twice, as a repository's and as a profile's
		}
		out = append(out, metadata.Exclusion{
			Kind: metadata.ExclMask, Tokens: []string{r.atom.String()}, Source: *r.src,
			Detail: fmt.Sprintf("masked by %s: %s", r.src, r.atom),
		})
	}
	return out
}

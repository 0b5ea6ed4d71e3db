package solver

import (
	"context"
	"maps"
	"slices"

	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/atom/metadata"
	"github.com/portsolve/portsolve/solver/answer"
	"github.com/portsolve/portsolve/solver/internal/search"
	"github.com/portsolve/portsolve/solver/internal/unsat"
	"github.com/portsolve/portsolve/solver/universe"
)

// changes collects the configuration changes that make dependencies satisfiable: USE flags and, as far as
// --autounmask and its relatives allow, licenses, keywords and masks.
type changes struct {
	allowed [numKinds]bool
	given   map[*metadata.Package]map[string]bool // Problem.Overrides
	flags   map[*metadata.Package]map[string]bool // given and proposed
	order   []*metadata.Package                   // packages with proposed flags
	accept  map[*metadata.Package]bool            // packages whose exclusions are lifted
	lifted  []*universe.Candidate                 // the same in order, of the universe that proposed them
	rounds  int
}

// kind of a change, from the least to the most that it asks of the user.
type kind uint8

const (
	useChange kind = iota
	licenseChange
	testingChange     // ~arch
	unkeywordedChange // other keywords, or none
	maskChange
	numKinds
)

// levels are tried one after the other for each dependency: USE and licenses, then testing
// keywords, then other keywords; the same again with masks.
var levels = [...][numKinds]bool{
	{useChange: true, licenseChange: true},
	{useChange: true, licenseChange: true, testingChange: true},
	{useChange: true, licenseChange: true, testingChange: true, unkeywordedChange: true},
	{useChange: true, licenseChange: true, maskChange: true},
	{useChange: true, licenseChange: true, testingChange: true, maskChange: true},
	{useChange: true, licenseChange: true, testingChange: true, unkeywordedChange: true, maskChange: true},
}

// maxChangeRounds bounds how often a further change is added: one per level of dependencies that only
// the changed flags bring in.
const maxChangeRounds = 12

func newChanges(problem *Problem) *changes {
	o := &problem.Request.Options
	c := &changes{given: problem.Overrides, flags: map[*metadata.Package]map[string]bool{}, accept: map[*metadata.Package]bool{}}
	maps.Copy(c.accept, problem.Accepted)
	if o.Autounmask.Or(true) {
		asked := o.Autounmask.Or(false)
		c.allowed = [numKinds]bool{
			useChange:         o.AutounmaskUse.Or(true),
			licenseChange:     o.AutounmaskLicense.Or(false),
			testingChange:     !o.AutounmaskKeepKeywords.Or(!asked),
			unkeywordedChange: !o.AutounmaskKeepKeywords.Or(!asked),
			maskChange:        !o.AutounmaskKeepMasks.Or(!asked),
		}
	}
	for p, flags := range c.given {
		c.flags[p] = maps.Clone(flags)
	}
	return c
}

// need is a dependency or argument without a usable package.
type need struct {
	root universe.RootID
	atom *atom.Atom
}

// proposeFor adds a change for what the preferred selection misses, or else for what a minimal
// contradiction of the complete search needs; false if there is none.
func (c *changes) proposeFor(ctx context.Context, u *universe.Universe, r *search.Result) bool {
	if r.Final {
		return false
	}
	var list []need
	for _, m := range r.Missing {
		list = append(list, need{m.Root, m.Atom})
	}
	if c.propose(u, list) {
		return true
	}
	if r.Formula == nil || c.allowed == [numKinds]bool{} {
		return false
	}
	list = nil
	for _, rule := range unsat.Needs(ctx, u, r.Formula) {
		list = append(list, need{rule.Root, rule.Atom})
	}
	if len(list) > 1 {
		list = list[len(list)-1:] // one at a time: the last is the deepest, and lifting it may do
	}
	return c.propose(u, list)
}

// propose adds the changes that answer needs; false if there are none.
func (c *changes) propose(u *universe.Universe, needs []need) bool {
	if c.rounds == maxChangeRounds {
		return false
	}
	c.rounds++
	fresh := map[*metadata.Package]bool{} // changed in this round: serves other dependencies, too
	for _, m := range needs {
		for i := range levels {
			if c.proposeAt(u, m, i, fresh) {
				break
			}
		}
	}
	return len(fresh) > 0
}

// proposeAt looks for the best package that changes of one level make usable.
func (c *changes) proposeAt(u *universe.Universe, m need, level int, fresh map[*metadata.Package]bool) bool {
	for _, cand := range u.Match(m.root, m.atom.WithoutUse()) {
		if cand.Installed() || !c.liftable(cand, level) {
			continue
		}
		want, ok := c.useFor(cand, m.atom)
		if !ok || !c.agrees(cand.Pkg, want) {
			continue
		}
		if c.add(cand.Pkg, want) {
			fresh[cand.Pkg] = true
		}
		if !cand.Visible() && !c.accept[cand.Pkg] {
			c.accept[cand.Pkg] = true
			c.lifted = append(c.lifted, cand)
			fresh[cand.Pkg] = true
		}
		if fresh[cand.Pkg] {
			return true
		}
	}
	return false
}

// useFor gives the flags to be changed for an atom; ok is false if no allowed change does.
func (c *changes) useFor(cand *universe.Candidate, a *atom.Atom) (want map[string]bool, ok bool) {
	if cand.Matches(a) {
		return nil, true
	}
	want = search.FlagsFor(cand, a)
	return want, want != nil && c.allowed[useChange]
}

// liftable reports whether all that excludes a candidate may be changed at a level.
func (c *changes) liftable(cand *universe.Candidate, level int) bool {
	if cand.Visible() {
		return true
	}
	for _, x := range cand.Excluded {
		k, ok := changeFor(x)
		if !ok || !c.allowed[k] || !levels[level][k] {
			return false
		}
	}
	return true
}

func changeFor(x metadata.Exclusion) (kind, bool) {
	switch x.Kind {
	case metadata.ExclLicense:
		return licenseChange, true
	case metadata.ExclMask:
		return maskChange, true
	case metadata.ExclKeyword:
		if len(x.Tokens) == 1 && x.Tokens[0] != "**" && x.Tokens[0][0] == '~' {
			return testingChange, true
		}
		return unkeywordedChange, true
	}
	return 0, false
}

// agrees reports whether no two parents want opposite settings.
func (c *changes) agrees(p *metadata.Package, want map[string]bool) bool {
	for f, on := range want {
		if was, ok := c.flags[p][f]; ok && was != on {
			return false
		}
	}
	return true
}

// add notes settings; false if they were known.
func (c *changes) add(p *metadata.Package, want map[string]bool) bool {
	m := c.flags[p]
	if m == nil {
		m = map[string]bool{}
		c.flags[p] = m
	}
	added := false
	for f, on := range want {
		if _, ok := m[f]; !ok {
			m[f], added = on, true
		}
	}
	if added && !slices.Contains(c.order, p) {
		c.order = append(c.order, p)
	}
	return added
}

// answer gives all proposed changes as data.
func (c *changes) answer() answer.Changes {
	var out answer.Changes
	for _, p := range c.order {
		if out.Use == nil {
			out.Use = map[string]map[string]bool{}
		}
		flags := maps.Clone(c.flags[p])
		for f := range c.given[p] {
			delete(flags, f)
		}
		out.Use[p.CPV.String()] = flags
	}
	for _, cand := range c.lifted {
		cpv := cand.Pkg.CPV.String()
		for _, x := range cand.Excluded {
			switch k, _ := changeFor(x); k {
			case licenseChange:
				if out.License == nil {
					out.License = map[string][]string{}
				}
				out.License[cpv] = append(out.License[cpv], x.Tokens...)
			case maskChange:
				out.Unmask = appendNew(out.Unmask, cpv)
			default:
				out.Keywords = appendNew(out.Keywords, cpv)
			}
		}
	}
	return out
}

func appendNew(list []string, s string) []string {
	if slices.Contains(list, s) {
		return list
	}
	return append(list, s)
}

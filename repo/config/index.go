package config

import (
	"cmp"
	"slices"
	"strings"
	"sync"

	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/atom/metadata"
)

// rule is one line of a file of atoms.
type rule struct {
	atom  *atom.Atom
	place place
	// stable: only for packages whose keywords are stable (PMS 5.2.12).
	stable bool
	// scope: only for packages of these repositories; nil for all.
	scope []string
	ops   []op     // USE, force, mask
	words []string // keywords, licenses …
	src   *Source
}

// kind of rules; the values index ruleSet.
type kind uint8

const (
	kindUse kind = iota
	kindForce
	kindMask // package.use.mask
	kindPackageMask
	kindPackageUnmask
	kindKeywords       // profile package.keywords: changes KEYWORDS
	kindAcceptKeywords // of profiles and the user
	kindLicense
	kindProperties
	kindRestrict
	kindFeatures // FEATURES of package.env
	numKinds
)

// ruleSet is all rules that may concern one package name.
type ruleSet [numKinds][]rule

// index finds rules by package name. Rules with wildcards stand apart; they
// are merged in when a name is first asked for.
type index struct {
	byName   map[atom.CP]*ruleSet
	wild     ruleSet
	hasWild  bool
	everyUse []op     // package.use lines for */*: part of make.conf's USE
	merged   sync.Map // atom.CP -> *ruleSet, only if hasWild
	none     *ruleSet
}

func (x *index) add(k kind, r rule) {
	if r.atom.Wild {
		x.wild[k] = append(x.wild[k], r)
		x.hasWild = true
		return
	}
	set := x.byName[r.atom.CP]
	if set == nil {
		set = new(ruleSet)
		x.byName[r.atom.CP] = set
	}
	set[k] = append(set[k], r)
}

// finish is called once after the last add.
func (x *index) finish() { x.none = new(ruleSet) }

// of returns the rules that may concern a name; wildcards first, so that more
// specific atoms follow them where order is all that counts.
func (x *index) of(cp atom.CP) *ruleSet {
	set := x.byName[cp]
	if set == nil {
		set = x.none
	}
	if !x.hasWild {
		return set
	}
	if m, ok := x.merged.Load(cp); ok {
		return m.(*ruleSet)
	}
	out, changed := *set, false
	for k := range x.wild {
		var extra []rule
		for _, r := range x.wild[k] {
			if r.atom.MatchCP(cp) {
				extra = append(extra, r)
			}
		}
		if len(extra) > 0 {
			out[k], changed = append(extra, set[k]...), true
		}
	}
	if changed {
		set = &out
	}
	m, _ := x.merged.LoadOrStore(cp, set)
	return m.(*ruleSet)
}

// applies reports whether the rule is for this package.
func (r *rule) applies(p *metadata.Package) bool {
	a := r.atom
	return (a.Op == atom.OpNone || a.MatchVersion(p.CPV)) &&
		(a.Slot == "" || a.MatchSlot(p.Slot, p.SubSlot)) &&
		a.MatchRepo(p.Repo) &&
		(a.BuildID == 0 || a.BuildID == p.BuildID) &&
		(r.scope == nil || slices.Contains(r.scope, p.Repo))
}

// matching returns the rules for p in order of application: by place, at one
// place by specificity, and else in the order of the files.
func matching(rules []rule, p *metadata.Package, stable bool) []*rule {
	var out []*rule
	for i := range rules {
		r := &rules[i]
		if (!r.stable || stable) && r.applies(p) {
			out = append(out, r)
		}
	}
	if len(out) > 1 {
		slices.SortStableFunc(out, func(a, b *rule) int {
			if c := cmp.Compare(a.place, b.place); c != 0 {
				return c
			}
			return compareSpecificity(a.atom, b.atom)
		})
	}
	return out
}

// Grades of specificity, as emerge ranks the atoms of package.use: a later one
// overrides. Bounds (< <= >= >) stand below slots, and those above prefixes.
const (
	gradeWild = iota
	gradeWildSlot
	gradeWildVersion
	gradeName
	gradeBound
	gradeSlot
	gradePrefix
	gradeRevision
	gradeExact
)

func grade(a *atom.Atom) int {
	switch {
	case a.Wild && a.Op != atom.OpNone:
		return gradeWildVersion
	case a.Wild && a.Slot != "":
		return gradeWildSlot
	case a.Wild:
		return gradeWild
	case a.Op == atom.OpEqual:
		return gradeExact
	case a.Op == atom.OpRevision:
		return gradeRevision
	case a.Op == atom.OpGlob:
		return gradePrefix
	case a.Slot != "":
		return gradeSlot
	case a.Op != atom.OpNone:
		return gradeBound
	}
	return gradeName
}

// compareSpecificity orders two atoms that match the same package. Of two lower
// bounds the higher one is closer to the package's version, of two upper bounds
// the lower one. Atoms of one grade that name a repository follow those that do not;
// among wildcards */* precedes patterns with more letters.
func compareSpecificity(a, b *atom.Atom) int {
	ga, gb := grade(a), grade(b)
	if ga != gb {
		return ga - gb
	}
	if ga == gradeBound {
		if c := cmp.Compare(boundSide(a), boundSide(b)); c != 0 {
			return c
		}
		if c := a.Version.Compare(b.Version); c != 0 {
			return c * boundSide(a)
		}
	}
	if a.Wild && b.Wild {
		if c := cmp.Compare(letters(a), letters(b)); c != 0 {
			return c
		}
	}
	return cmp.Compare(min(len(a.Repo), 1), min(len(b.Repo), 1))
}

// letters counts what a pattern fixes of the name.
func letters(a *atom.Atom) int {
	return len(a.Category) + len(a.Package) - strings.Count(a.Category, "*") - strings.Count(a.Package, "*")
}

// boundSide is 1 for a lower bound and -1 for an upper one.
func boundSide(a *atom.Atom) int {
	if a.Op == atom.OpGreater || a.Op == atom.OpGreaterEq {
		return 1
	}
	return -1
}

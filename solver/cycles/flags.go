package cycles

import (
	"slices"
	"strings"

	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/atom/depend"
	"github.com/portsolve/portsolve/atom/metadata"
	"github.com/portsolve/portsolve/solver/universe"
)

// uses tells which flags are enabled.
type uses func(flag string) bool

// goal judges flags: ok if they serve, else flags of which at least one has to be switched; none if
// switching cannot help.
type goal func(use uses) (blame []string, ok bool)

// minimalFlips finds the minimal sets of flags of a package to switch so that a goal is reached and
// REQUIRED_USE holds, the smallest first. Each set is extended only by flags that something
// unreached depends on, and one of these has to be in every larger set: so none is missed up to maxFlags.
func minimalFlips(c *universe.Candidate, fixed map[string]bool, g goal) []map[string]bool {
	var found [][]string
	queue := [][]string{nil}
	seen := map[string]bool{"": true}
	for steps := 0; len(queue) > 0 && steps < maxSteps && len(found) < maxBreaks; steps++ {
		set := queue[0]
		queue = queue[1:]
		if slices.ContainsFunc(found, func(f []string) bool { return subset(f, set) }) {
			continue
		}
		use := flipped(c, set)
		blame, ok := g(use)
		if ok {
			blame, ok = requiredUse(c.Pkg, use)
		}
		if ok {
			found = append(found, set)
			continue
		}
		if len(set) == maxFlags {
			continue
		}
		for _, flag := range blame {
			if _, taken := fixed[flag]; taken || slices.Contains(set, flag) || !changeable(c, flag) {
				continue
			}
			larger := append(slices.Clone(set), flag)
			slices.Sort(larger)
			if key := strings.Join(larger, " "); !seen[key] {
				seen[key] = true
				queue = append(queue, larger)
			}
		}
	}
	var flips []map[string]bool
	for _, set := range found {
		flip := map[string]bool{}
		for _, flag := range set {
			flip[flag] = !c.Flags().Has(flag)
		}
		flips = append(flips, flip)
	}
	return flips
}

// subset reports whether every member of a is in b.
func subset(a, b []string) bool {
	for _, s := range a {
		if !slices.Contains(b, s) {
			return false
		}
	}
	return true
}

// changeable reports whether the user may set a flag: it is in IUSE and the profile does not fix it.
func changeable(c *universe.Candidate, flag string) bool {
	if c.Pkg.Origin != metadata.Ebuild || !c.Pkg.HasIUSE(flag) {
		return false
	}
	_, forced, masked, _ := c.ForcedFlag(flag)
	return !forced && !masked
}

// flipped is the candidate's flags with some switched.
func flipped(c *universe.Candidate, set []string) uses {
	base := c.Flags()
	return func(flag string) bool { return base.Has(flag) != slices.Contains(set, flag) }
}

// requiredUse is the goal that REQUIRED_USE holds (PMS 7.3.4).
func requiredUse(p *metadata.Package, use uses) (blame []string, ok bool) {
	if p.EAPI == nil || !p.EAPI.RequiredUse {
		return nil, true
	}
	n, err := p.RequiredUse()
	if err != nil {
		return nil, false
	}
	for _, clause := range n.Children {
		if clause.SatisfiedUse(use) {
			continue
		}
		clause.Leaves(func(l *depend.Node) { blame = append(blame, l.Text) })
		clause.Conditions(func(flag string) { blame = append(blame, flag) })
		return blame, false
	}
	return nil, true
}

// without is the goal that nothing in some dependency variables of p names child any more, whatever USE
// it asks for; with certain, that nothing outside any-of groups does, where there may be another branch.
func without(p *metadata.Package, child *universe.Candidate, kinds []metadata.DepKind, certain bool) goal {
	return func(use uses) ([]string, bool) {
		for _, k := range kinds {
			n, err := p.Deps(k)
			if err != nil || n == nil {
				continue
			}
			w := scan{use: use, certain: certain, offends: func(a *atom.Atom) bool { return child.MatchesButUse(a) }}
			if w.walk(n, nil) {
				return w.path, false
			}
		}
		return nil, true
	}
}

// accepting is the goal that what p asks of child outside any-of groups holds under other flags of child.
func accepting(p *metadata.Package, child *universe.Candidate, flags uses) goal {
	return func(use uses) ([]string, bool) {
		for k := metadata.DepKind(0); k < metadata.NumDepKinds; k++ {
			n, err := p.Deps(k)
			if err != nil || n == nil {
				continue
			}
			var last *atom.Atom
			w := scan{use: use, certain: true, offends: func(a *atom.Atom) bool {
				last = a
				return child.MatchesButUse(a) && !a.EvaluateUse(use).MatchUse(child.HasFlag, flags)
			}}
			if w.walk(n, nil) {
				for _, d := range last.Use {
					if d.Kind.Conditional() {
						w.path = append(w.path, d.Flag)
					}
				}
				return w.path, false
			}
		}
		return nil, true
	}
}

// scan looks for the first atom of an unevaluated expression that is there under some flags and offends.
type scan struct {
	use     uses
	certain bool // leave out any-of groups
	offends func(*atom.Atom) bool
	path    []string // the conditionals around the atom found
}

func (s *scan) walk(n *depend.Node, path []string) bool {
	switch n.Kind {
	case depend.AtomLeaf:
		if n.Atom.Blocker != atom.NotBlocker || !s.offends(n.Atom) {
			return false
		}
		s.path = slices.Clone(path)
		return true
	case depend.UseIf:
		if s.use(n.Text) == n.Negated {
			return false
		}
		path = append(path, n.Text)
	case depend.AnyOf:
		if s.certain {
			return false
		}
	}
	for _, ch := range n.Children {
		if s.walk(ch, path) {
			return true
		}
	}
	return false
}

package portsolve

import (
	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/internal/suggest"
	"github.com/portsolve/portsolve/solver/answer"
)

// maxSuggestions is how many similar names are worth reading.
const maxSuggestions = 5

// similarNames lists packages that are spelt like cp: the same name in another
// category first, then names a few letters away. It reads the names of all
// packages, so it is for requests that have failed.
func (s *System) similarNames(cp atom.CP) []string {
	byName := map[string][]string{}
	var names []string
	add := func(known atom.CP) {
		if _, ok := byName[known.Package]; !ok {
			names = append(names, known.Package)
		}
		for _, k := range byName[known.Package] {
			if k == known.String() {
				return
			}
		}
		byName[known.Package] = append(byName[known.Package], known.String())
	}
	for _, r := range s.repos.Repos {
		known, err := r.Names()
		if err != nil {
			continue // the error is of no interest beside the one being explained
		}
		for _, k := range known {
			add(k)
		}
	}
	for _, k := range s.target().recorded.Names() {
		add(k)
	}
	var out []string
	for _, name := range suggest.Nearest(cp.Package, names, maxSuggestions) {
		out = append(out, byName[name]...)
	}
	return out[:min(len(out), maxSuggestions)]
}

// addSuggestions completes what the solver says of names that do not exist.
func (s *System) addSuggestions(list []answer.Unsatisfied) {
	for i := range list {
		u := &list[i]
		if len(u.Candidates) > 0 || len(u.Suggestions) > 0 {
			continue
		}
		a, err := atom.ParseWildcard(u.Atom)
		if err != nil || s.isKnown(a.CP) {
			continue
		}
		u.Suggestions = s.similarNames(a.CP)
	}
}

// isKnown reports whether any repository has a package of that name.
func (s *System) isKnown(cp atom.CP) bool {
	for _, r := range s.repos.Repos {
		if ok, err := r.Has(cp); ok || err != nil {
			return true
		}
	}
	return false
}

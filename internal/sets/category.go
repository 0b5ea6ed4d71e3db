package sets

import (
	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/atom/metadata"
)

// category: the packages of one category, those with a visible version only
// unless only_visible is no.
func category(r *resolver, d *definition) (contents, error) {
	var c contents
	want := d.options["category"]
	if want == "" {
		return c, d.errorf("set @%s: option \"category\" is missing", d.name)
	}
	if r.c.Repos == nil {
		return c, nil
	}
	onlyVisible := d.flag("only_visible", true)
	seen := make(map[atom.CP]bool)
	for _, in := range r.c.Repos.Repos {
		names, err := in.Names()
		if err != nil {
			return c, err
		}
		for _, cp := range names {
			if cp.Category != want || seen[cp] {
				continue
			}
			seen[cp] = true
			if onlyVisible {
				best, err := r.bestVisible(cp, func(*metadata.Package) bool { return true })
				if err != nil {
					return c, err
				}
				if best == nil {
					continue
				}
			}
			c.atoms = append(c.atoms, Member{Atom: &atom.Atom{CP: cp}, Source: d.source})
		}
	}
	return c, nil
}

package repo

import (
	"cmp"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/portsolve/portsolve/atom/metadata"
)

// setMain finds the main repository. Without main-repo in repos.conf it is
// "gentoo", or the only repository there is.
func (op *opener) setMain(name string, src metadata.Source) error {
	if name != "" {
		if op.set.Main = op.set.ByName(name); op.set.Main == nil {
			return &FileError{src.File, src.Line, fmt.Errorf(
				"main-repo = %s, but no repository of that name is configured: add a section [%s] with its location, or give --repo %s=DIR", name, name, name)}
		}
		return nil
	}
	op.set.Main = op.set.ByName("gentoo")
	if op.set.Main == nil && len(op.set.Repos) == 1 {
		op.set.Main = op.set.Repos[0]
	}
	if op.set.Main == nil && len(op.set.Repos) > 0 {
		op.warn("repos.conf names no main repository: add \"main-repo = NAME\" to its [DEFAULT] section")
	}
	if r := op.set.Main; r != nil {
		if _, given := r.settings["priority"]; !given {
			r.Priority = mainPriority
		}
	}
	return nil
}

// sortRepos orders by (priority, name), the order of precedence of portage(5).
func (op *opener) sortRepos() {
	slices.SortFunc(op.set.Repos, func(a, b *Repo) int {
		return cmp.Or(cmp.Compare(a.Priority, b.Priority), cmp.Compare(a.Name, b.Name))
	})
}

// link resolves masters and eclass-overrides to repositories.
func (op *opener) link() {
	for _, r := range op.set.Repos {
		l := op.layouts[r]
		names, where := l.masters, l.file
		given := l.MastersGiven
		if o, ok := r.settings["masters"]; ok {
			names, where, given = strings.Fields(o.value), o.src.String(), true
		}
		r.Layout.MastersGiven = given
		if !given && op.set.Main != nil && r != op.set.Main {
			r.Masters = []*Repo{op.set.Main}
		}
		r.Masters = append(r.Masters, op.resolve(r, names, "master", where)...)
		if o, ok := r.settings["eclass-overrides"]; ok {
			r.eclassFrom = op.resolve(r, strings.Fields(o.value), "eclass-overrides", o.src.String())
		}
	}
}

func (op *opener) resolve(r *Repo, names []string, what, where string) []*Repo {
	var out []*Repo
	for _, n := range names {
		m := op.set.ByName(n)
		switch {
		case m == nil:
			op.warn("%s: repository %q names %q as %s, which is not available", where, r.Name, n, what)
		case m == r:
			op.warn("%s: repository %q names itself as %s", where, r.Name, what)
		case !slices.Contains(out, m):
			out = append(out, m)
		}
	}
	return out
}

// readCategories gives every repository the categories of all: Portage, too,
// lets an overlay use any category that some repository lists.
func (op *opener) readCategories() error {
	all := map[string]struct{}{}
	for _, r := range op.set.Repos {
		r.categories = all
		words, err := readWords(filepath.Join(r.Location, "profiles", "categories"))
		if err != nil {
			return err
		}
		for _, c := range words {
			all[c] = struct{}{}
		}
	}
	return nil
}

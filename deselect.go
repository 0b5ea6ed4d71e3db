package portsolve

import (
	"fmt"
	"slices"
	"strings"

	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/solver/answer"
	"github.com/portsolve/portsolve/vdb"
)

// actionDeselect is emerge's --deselect as an action: nothing is removed, only
// entries of the world files go.
const actionDeselect = "deselect"

// deselect answers which entries of the world files arguments name. An argument
// without version names every entry of that package; with a slot or repository
// only those that say the same. Versions do not count, as in emerge.
func (s *System) deselect(r Request) (*Result, error) {
	if len(r.Args) == 0 {
		return nil, &UsageError{fmt.Errorf("--deselect needs to be told what to take out of world: a package, an atom or a @set")}
	}
	t := s.target()
	plan := &answer.Removal{
		Action: actionDeselect, Root: t.path, CleanList: []string{}, Broken: map[string][]string{}, Breaks: map[string][]string{},
		Packages: []answer.RemovalPackage{}, NotFound: []string{}, KeptBy: []answer.KeptBy{}, Deselected: []string{},
		Installed: len(t.recorded.All()), Kept: len(t.recorded.All()),
	}
	for _, word := range r.Args {
		entries, err := deselectedBy(t.world, word)
		if err != nil {
			return nil, err
		}
		if len(entries) == 0 {
			plan.NotFound = append(plan.NotFound, word)
		}
		for _, e := range entries {
			if !slices.Contains(plan.Deselected, e) {
				plan.Deselected = append(plan.Deselected, e)
			}
		}
	}
	slices.Sort(plan.Deselected)
	var err error
	if plan.World, err = s.countSet("selected"); err == nil {
		plan.System, err = s.countSet("system")
	}
	if err != nil {
		return nil, err
	}
	res := &Result{
		Schema: answer.Schema, Status: answer.Solved, Complete: true, Ordered: true, Plan: []answer.Entry{}, Removal: plan,
		UseExpand: s.useExpand(), Warnings: (&composer{sys: s, options: &r.Options}).warnings(),
		Stats: answer.Stats{LoadMS: s.loadMS},
	}
	if len(plan.Deselected) == 0 {
		res.Status = answer.NothingToDo
	}
	return res, nil
}

// deselectedBy lists the entries that one argument names, as they are spelled.
func deselectedBy(w *vdb.World, word string) ([]string, error) {
	var out []string
	if strings.HasPrefix(word, "@") {
		for i := range w.Sets {
			if w.Sets[i].Text == word {
				out = append(out, word)
			}
		}
		return out, nil
	}
	text, bare := withCategory(word)
	a, err := atom.ParseWildcard(text)
	switch {
	case err != nil:
		return nil, &UsageError{fmt.Errorf("%q is not a valid package or set: %w", word, err)}
	case a.Blocker != atom.NotBlocker:
		return nil, &UsageError{fmt.Errorf("%q: a blocker is not a package", word)}
	}
	for i := range w.Atoms {
		e := w.Atoms[i].Atom
		if e == nil || a.Slot != "" && e.Slot != a.Slot || a.Repo != "" && e.Repo != a.Repo {
			continue
		}
		if bare && matchesName(a, e.Package) || !bare && a.MatchCP(e.CP) {
			out = append(out, e.String())
		}
	}
	return out, nil
}

// matchesName compares without category; the name may hold wildcards.
func matchesName(a *atom.Atom, name string) bool {
	return a.MatchCP(atom.CP{Category: placeholderCategory, Package: name})
}

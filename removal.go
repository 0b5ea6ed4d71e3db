package portsolve

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/internal/sets"
	"github.com/portsolve/portsolve/solver/answer"
	"github.com/portsolve/portsolve/solver/check"
	"github.com/portsolve/portsolve/solver/removal"
	"github.com/portsolve/portsolve/solver/universe"
	"github.com/portsolve/portsolve/vdb"
)

// remove answers requests that take packages away (docs/removal.md).
func (s *System) remove(ctx context.Context, r Request) (*Result, error) {
	start := time.Now()
	roots, req, err := s.removalProblem(ctx, r)
	if err != nil {
		return nil, inputError(ctx, err)
	}
	loaded := milliseconds(time.Since(start))
	start = time.Now()
	s.progress("solving", 0, 0)
	plan, err := removal.Plan(ctx, roots, req)
	if err != nil {
		return nil, inputError(ctx, err)
	}
	if plan.World, err = s.countSet("selected"); err == nil {
		plan.System, err = s.countSet("system")
	}
	if err != nil {
		return nil, inputError(ctx, err)
	}
	plan.Deselected = s.deselected(&r.Options, plan)
	plan.Everything = len(r.Args) == 0
	res := &Result{
		Schema: answer.Schema, Status: removalStatus(plan), Complete: !plan.Blocked, Ordered: true,
		Plan: []answer.Entry{}, Removal: plan, UseExpand: s.useExpand(),
		Stats: answer.Stats{LoadMS: s.loadMS + loaded, SolveMS: milliseconds(time.Since(start))},
	}
	res.Warnings = (&composer{sys: s, options: &r.Options}).warnings()
	if plan.World == 0 && r.Options.Action == removal.DepClean && len(r.Args) == 0 {
		res.Warnings = append(res.Warnings, "nothing is selected: the world file is empty or missing, so whatever @system does not need counts as unneeded")
	}
	return res, nil
}

func removalStatus(plan *answer.Removal) answer.Status {
	switch {
	case plan.Blocked:
		return answer.Unsolvable
	case len(plan.CleanList) == 0:
		return answer.NothingToDo
	}
	return answer.Solved
}

// removalProblem is what package removal and its judge need to know.
func (s *System) removalProblem(ctx context.Context, r Request) ([]universe.Root, *universe.Request, error) {
	o := &r.Options
	if len(r.Args) == 0 && (o.Action == removal.Unmerge || o.Action == removal.RageClean) {
		return nil, nil, &UsageError{fmt.Errorf("--%s removes what it is given whatever needs it, so it has to be given something: a package, an atom or a @set", o.Action)}
	}
	roots, err := s.solverRoots(ctx, o)
	if err != nil {
		return nil, nil, err
	}
	t := s.target()
	x := &expander{ctx: ctx, sys: s, root: t, installed: s.installedFor(t, o)}
	for i, word := range r.Args {
		if slices.Contains(r.Args[:i], word) {
			continue
		}
		if err := x.removalWord(word); err != nil {
			return nil, nil, err
		}
	}
	req := &universe.Request{Args: x.args, Options: *o}
	deselect := o.Deselect.Or(true) && (len(r.Args) > 0 || o.Action == removal.Prune)
	req.World, err = s.worldBySet(t, x.installed, deselect)
	return roots, req, err
}

// removalWord is word for requests that are about what is installed: names are looked up there
// only, wildcards are allowed, and what matches nothing stays in the request for the answer to say so.
func (x *expander) removalWord(word string) error {
	switch {
	case word == "", strings.HasPrefix(word, "@"), word == "world", word == "system", strings.HasPrefix(word, "/"),
		strings.HasPrefix(word, "./"), strings.HasPrefix(word, "../"):
		return x.word(word)
	}
	text, bare := withCategory(word)
	a, err := atom.ParseWildcard(text)
	switch {
	case err != nil:
		return &UsageError{fmt.Errorf("%q is not a valid package, set or file: %w", word, err)}
	case a.Blocker != atom.NotBlocker:
		return &UsageError{fmt.Errorf("%q: a blocker is not a package", word)}
	case bare:
		cp, err := x.installedName(word, a)
		if err != nil {
			return err
		}
		a = a.WithCP(cp)
	}
	x.add(universe.Arg{Text: word, Atoms: []universe.ArgAtom{{Atom: a}}})
	return nil
}

// installedName completes a name without category: by the only installed package that is called so, for a
// pattern by every category.
func (x *expander) installedName(word string, a *atom.Atom) (atom.CP, error) {
	if a.Wild {
		return atom.CP{Category: "*", Package: a.Package}, nil
	}
	var choices []atom.CP
	for _, cp := range x.installed.Names() {
		if cp.Package == a.Package {
			choices = append(choices, cp)
		}
	}
	if real := slices.DeleteFunc(slices.Clone(choices), standsForOthers); len(choices) > 1 && len(real) == 1 {
		choices = real
	}
	switch len(choices) {
	case 0:
		return a.CP, nil
	case 1:
		return choices[0], nil
	}
	var names []string
	for _, cp := range choices {
		names = append(names, cp.String())
	}
	slices.Sort(names)
	return atom.CP{}, &UsageError{fmt.Errorf("%q is ambiguous; name one of: %s", word, strings.Join(names, ", "))}
}

// worldBySet is @world taken apart into its sets, each with the atoms of its own. With deselect the packages of
// the world file are left out, because a removal takes what it names out of that, too.
func (s *System) worldBySet(r *root, installed *vdb.DB, deselect bool) ([]universe.Arg, error) {
	world, err := s.resolveSet(r, installed, "world")
	if err != nil {
		return nil, err
	}
	b := &worldBuilder{root: r.id, deselect: deselect, seen: map[string]bool{}}
	b.add(world, 0)
	return b.args, nil
}

// resolveSet resolves a set of a root, by its name without "@".
func (s *System) resolveSet(r *root, installed *vdb.DB, name string) (*sets.Set, error) {
	set, err := sets.Resolve(&sets.Context{
		Settings: r.settings, Repos: s.repos, Installed: installed, World: r.world,
	}, name)
	var unknown *sets.UnknownError
	switch {
	case errors.As(err, &unknown):
		return nil, &UsageError{err}
	case err != nil:
		return nil, &InputError{err}
	}
	return set, nil
}

// worldBuilder flattens nested sets.
type worldBuilder struct {
	root     universe.RootID
	deselect bool
	seen     map[string]bool
	args     []universe.Arg
}

func (b *worldBuilder) add(set *sets.Set, depth int) {
	if b.seen[set.Name] || depth > maxSetDepth {
		return
	}
	b.seen[set.Name] = true
	nested := map[string]bool{}
	for _, sub := range set.Subsets {
		for _, m := range sub.Atoms {
			nested[m.Atom.String()] = true
		}
	}
	name := set.Name
	if name == "selected-packages" {
		name = "selected" // the one that users know
	}
	arg := universe.Arg{Text: "@" + name, Set: true, Root: b.root}
	for _, m := range set.Atoms {
		if !nested[m.Atom.String()] {
			arg.Atoms = append(arg.Atoms, universe.ArgAtom{Atom: m.Atom, Sets: []string{arg.Text}, Source: m.Source})
		}
	}
	if len(arg.Atoms) > 0 && !(b.deselect && set.Name == "selected-packages") {
		b.args = append(b.args, arg)
	}
	for _, sub := range set.Subsets {
		b.add(sub, depth+1)
	}
}

// countSet is the number of atoms in a set of the target, sets in it included.
func (s *System) countSet(name string) (int, error) {
	t := s.target()
	set, err := s.resolveSet(t, t.recorded, name)
	if err != nil {
		return 0, err
	}
	return len(set.Atoms), nil
}

// deselected lists the entries of the world file that only name what goes.
func (s *System) deselected(o *universe.Options, plan *answer.Removal) []string {
	list := []string{}
	if !o.Deselect.Or(true) {
		return list
	}
	t := s.target()
	for _, w := range t.world.Atoms {
		if w.Atom == nil {
			continue
		}
		goes, stays := false, false
		for _, p := range t.recorded.Packages(w.Atom.CP) {
			if !w.Atom.MatchVersion(p.CPV) || !w.Atom.MatchSlot(p.Slot, p.SubSlot) || !w.Atom.MatchRepo(p.Repo) {
				continue
			}
			if slices.Contains(plan.CleanList, p.CPV.String()) {
				goes = true
			} else {
				stays = true
			}
		}
		if goes && !stays {
			list = append(list, w.Atom.String())
		}
	}
	return list
}

// verifyRemoval is Verify for removals.
func (s *System) verifyRemoval(ctx context.Context, r Request, res *Result) ([]Violation, error) {
	roots, req, err := s.removalProblem(ctx, r)
	if err != nil {
		return nil, inputError(ctx, err)
	}
	return check.Removal(req, roots, res), nil
}

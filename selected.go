package portsolve

import (
	"context"
	"slices"
	"strings"

	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/atom/metadata"
	"github.com/portsolve/portsolve/internal/sets"
	"github.com/portsolve/portsolve/solver/answer"
	"github.com/portsolve/portsolve/solver/universe"
	"github.com/portsolve/portsolve/vdb"
)

// addSelected notes what executing an answer records in world and world_sets: an
// argument's name with the package that it leads to, a set (and what is installed
// already) with the answer as a whole. --oneshot, --onlydeps and --buildpkgonly record nothing.
func (s *System) addSelected(ctx context.Context, req *universe.Request, res *Result) error {
	o := &req.Options
	if o.OneShot || o.OnlyDeps || o.BuildPkgOnly || res.Status == answer.Unsolvable {
		return nil
	}
	w := &worldWriter{ctx: ctx, sys: s, req: req, root: s.target()}
	for i := range req.Args {
		arg := &req.Args[i]
		switch {
		case arg.Root != w.root.id:
		case arg.Set:
			w.set(arg.Text, res)
		default:
			for _, a := range arg.Atoms {
				if err := w.atom(a.Atom, arg.Exact, res); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// worldWriter decides what the world files of a root say about arguments.
type worldWriter struct {
	ctx  context.Context
	sys  *System
	req  *universe.Request
	root *root
}

func (w *worldWriter) set(text string, res *Result) {
	known := slices.ContainsFunc(w.root.world.Sets, func(e vdb.WorldAtom) bool { return e.Text == text })
	c := &sets.Context{Settings: w.root.settings, Repos: w.sys.repos, Installed: w.root.recorded, World: w.root.world}
	if !known && !slices.Contains(res.Select, text) && sets.Recorded(c, strings.TrimPrefix(text, "@")) {
		res.Select = append(res.Select, text)
	}
}

// atom finds the package that an argument leads to, and records it there.
func (w *worldWriter) atom(a *atom.Atom, exact *metadata.Package, res *Result) error {
	for i := range res.Plan {
		e := &res.Plan[i]
		if e.Action != answer.Merge || e.Root != w.root.path || e.Package == nil || !matchesPackage(a, e.Package) || exact != nil && e.Package != exact {
			continue
		}
		name, err := w.name(a, e.Package)
		if err != nil {
			return err
		}
		if name != "" && !slices.Contains(e.Select, name) {
			e.Select = append(e.Select, name)
		}
		return nil
	}
	for _, p := range slices.Backward(w.root.recorded.Packages(a.CP)) {
		if !matchesPackage(a, p) {
			continue
		}
		name, err := w.name(a, p)
		if err == nil && name != "" && !slices.Contains(res.Select, name) {
			res.Select = append(res.Select, name)
		}
		return err
	}
	return nil
}

// name is what world says of an argument: the package's name, and its slot where
// the argument leaves out some of the slots there are. It is empty if world says so
// already, or if @system wants the package anyway.
func (w *worldWriter) name(a *atom.Atom, p *metadata.Package) (string, error) {
	slots, left, err := w.slots(a)
	if err != nil {
		return "", err
	}
	slotted := len(slots) > 1 || len(slots) == 1 && !slots["0"]
	entry := &atom.Atom{CP: p.CPV.CP, Repo: a.Repo}
	if slotted && (left || a.Slot != "") {
		entry.Slot = p.Slot
	}
	if !slotted && a.Repo == "" {
		for _, m := range w.root.settings.SystemSet() {
			if m.CP == p.CPV.CP {
				return "", nil
			}
		}
	}
	text := entry.String()
	for _, e := range w.root.world.Atoms {
		if e.Atom != nil && e.Atom.String() == text {
			return "", nil
		}
	}
	return text, nil
}

// slots are those of all versions of a package, wherever they come from; left
// says that the atom matches nothing in one of them.
func (w *worldWriter) slots(a *atom.Atom) (slots map[string]bool, left bool, err error) {
	slots = map[string]bool{}
	matched := map[string]bool{}
	add := func(pkgs []*metadata.Package) {
		for _, p := range pkgs {
			if p.Invalid != nil || p.Slot == "" { // an ebuild nobody knows the slot of
				continue
			}
			slots[p.Slot] = true
			if matchesPackage(a, p) {
				matched[p.Slot] = true
			}
		}
	}
	add(w.root.recorded.Packages(a.CP))
	for _, r := range w.sys.repos.Repos {
		pkgs, err := r.Packages(w.ctx, a.CP)
		if err != nil {
			return nil, false, err
		}
		add(pkgs)
	}
	if o := &w.req.Options; wantsBinaries(o, w.root) {
		b, err := w.sys.binaries(w.ctx, w.root, o.GetBinPkg || o.GetBinPkgOnly)
		if err != nil {
			return nil, false, err
		}
		pkgs, err := b.Packages(w.ctx, a.CP)
		if err != nil {
			return nil, false, err
		}
		add(pkgs)
	}
	return slots, len(matched) < len(slots), nil
}

package portsolve

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"sort"
	"strings"

	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/atom/metadata"
	"github.com/portsolve/portsolve/binpkg"
	"github.com/portsolve/portsolve/internal/sets"
	"github.com/portsolve/portsolve/solver/answer"
	"github.com/portsolve/portsolve/solver/universe"
	"github.com/portsolve/portsolve/vdb"
)

// expander turns the words of a request into arguments of the solver.
type expander struct {
	ctx       context.Context
	sys       *System
	root      *root
	installed *vdb.DB
	args      []universe.Arg
	missing   []answer.Unsatisfied // names that nothing is called
}

// expand looks up every argument. Words given twice count once.
func (s *System) expand(ctx context.Context, r Request) (*expander, error) {
	x := &expander{ctx: ctx, sys: s, root: s.target()}
	x.installed = s.installedFor(x.root, &r.Options)
	if len(r.Args) == 0 && r.Options.Action == "" {
		return nil, &UsageError{errors.New("nothing to resolve: name a package (cat/pkg), a set (@world) or a file")}
	}
	seen := map[string]bool{}
	for _, word := range r.Args {
		if seen[word] {
			continue
		}
		seen[word] = true
		if err := x.word(word); err != nil {
			return nil, err
		}
	}
	return x, nil
}

// word dispatches on the form of an argument.
func (x *expander) word(word string) error {
	switch {
	case word == "":
		return &UsageError{errors.New("an argument is empty")}
	case word == "world" || word == "system":
		return x.set("@" + word) // emerge(1): the two sets may be named without "@"
	case strings.HasPrefix(word, "@"):
		return x.set(word)
	case strings.HasSuffix(word, ".ebuild"):
		return x.ebuild(word)
	case binpkg.IsPackageName(word):
		return x.packageFile(word)
	case strings.HasPrefix(word, "/"), strings.HasPrefix(word, "./"), strings.HasPrefix(word, "../"):
		return x.file(word)
	}
	return x.atom(word)
}

func (x *expander) add(a universe.Arg) {
	a.Root = x.root.id
	x.args = append(x.args, a)
}

// set adds "@name" with its members.
func (x *expander) set(word string) error {
	arg, err := x.sys.setArg(x.root, x.installed, word)
	if err != nil {
		return err
	}
	x.add(arg)
	return nil
}

// setArg resolves "@name" in a root.
func (s *System) setArg(r *root, installed *vdb.DB, word string) (universe.Arg, error) {
	set, err := sets.Resolve(&sets.Context{
		Settings: r.settings, Repos: s.repos, Installed: installed, World: r.world,
	}, strings.TrimPrefix(word, "@"))
	if err != nil {
		var unknown *sets.UnknownError
		if errors.As(err, &unknown) {
			return universe.Arg{}, &UsageError{err}
		}
		return universe.Arg{}, &InputError{err}
	}
	arg := universe.Arg{Text: word, Set: true, Root: r.id}
	through := map[*atom.Atom][]string{}
	pathsOf(set, nil, through, 0)
	for _, m := range set.Atoms {
		path := through[m.Atom]
		if path == nil {
			path = []string{word}
		}
		arg.Atoms = append(arg.Atoms, universe.ArgAtom{Atom: m.Atom, Sets: path, Source: m.Source})
	}
	return arg, nil
}

// maxSetDepth bounds sets within sets; sets.Resolve has refused loops before.
const maxSetDepth = 64

// pathsOf notes the sets that each atom came through, outermost first; the
// innermost path wins because it says most.
func pathsOf(set *sets.Set, above []string, through map[*atom.Atom][]string, depth int) {
	path := append(slices.Clip(above), "@"+set.Name)
	if depth < maxSetDepth {
		for _, sub := range set.Subsets {
			pathsOf(sub, path, through, depth+1)
		}
	}
	for _, m := range set.Atoms {
		if through[m.Atom] == nil {
			through[m.Atom] = path
		}
	}
}

// fileOnDisk is where a file given by path is: below --system DIR if only there.
func (x *expander) fileOnDisk(word string) string {
	if x.sys.options.System != "" && filepath.IsAbs(word) && !exists(word) {
		return x.sys.onDisk(word)
	}
	return word
}

// ebuild adds the package of an ebuild file. Masks do not matter for it.
func (x *expander) ebuild(word string) error {
	_, p, err := x.sys.repos.ByPath(x.ctx, x.fileOnDisk(word))
	if err != nil {
		return &UsageError{err}
	}
	a, err := exactAtom(p)
	if err != nil {
		return &InputError{err}
	}
	x.add(universe.Arg{Text: word, Exact: p, Atoms: []universe.ArgAtom{{Atom: a}}})
	return nil
}

func exactAtom(p *metadata.Package) (*atom.Atom, error) {
	text := "=" + p.CPV.String()
	if p.Repo != "" {
		text += "::" + p.Repo
	}
	return atom.ParseWildcard(text)
}

// packageFile adds a binary package file, wherever it is. Masks do not matter for it.
func (x *expander) packageFile(word string) error {
	path, err := filepath.Abs(x.fileOnDisk(word))
	if err != nil {
		return &UsageError{err}
	}
	f, err := binpkg.OpenFile(path)
	if err != nil {
		return &UsageError{fmt.Errorf("%s cannot be read as a binary package: %w", word, err)}
	}
	defer f.Close()
	p, err := f.Package()
	if err == nil {
		err = p.Invalid
	}
	if err != nil {
		return &InputError{err}
	}
	a, err := exactAtom(p)
	if err != nil {
		return &InputError{fmt.Errorf("%s: %w", path, err)}
	}
	x.add(universe.Arg{Text: word, Exact: p, Atoms: []universe.ArgAtom{{Atom: a}}})
	return nil
}

// file adds the installed packages that own a path, in the slots they occupy.
func (x *expander) file(word string) error {
	path, err := filepath.Abs(word)
	if err != nil {
		return &UsageError{err}
	}
	if below, err := filepath.Rel(x.root.dir, path); err != nil || below == ".." || strings.HasPrefix(below, "../") {
		path = filepath.Join(x.root.dir, path)
	}
	owners, err := x.installed.Owners(path)
	if err != nil {
		return &UsageError{err}
	}
	if len(owners) == 0 {
		return &UsageError{fmt.Errorf("%s does not belong to any installed package", word)}
	}
	arg := universe.Arg{Text: word}
	for _, p := range owners {
		a, err := atom.ParseWildcard(p.CPV.CP.String() + ":" + p.Slot)
		if err != nil {
			return &InputError{fmt.Errorf("%s: %w", p.File, err)}
		}
		arg.Atoms = append(arg.Atoms, universe.ArgAtom{Atom: a, Source: metadata.Source{File: p.File}})
	}
	x.add(arg)
	return nil
}

// atom adds an atom, whose category may be missing.
func (x *expander) atom(word string) error {
	text, bare := withCategory(word)
	a, err := atom.ParseWildcard(text)
	switch {
	case err != nil:
		return &UsageError{fmt.Errorf("%q is not a valid package, set or file: %w", word, err)}
	case a.Wild:
		return &UsageError{fmt.Errorf("%q: wildcards cannot be requested; name packages or a set", word)}
	case a.Blocker != atom.NotBlocker:
		return &UsageError{fmt.Errorf("%q: a blocker cannot be requested; to remove a package use depclean", word)}
	}
	if bare {
		cp, err := x.unique(word, a.Package)
		if err != nil {
			return err
		}
		if cp == (atom.CP{}) {
			x.missing = append(x.missing, answer.Unsatisfied{
				Atom: word, Root: x.root.path, Parent: word, Suggestions: x.sys.similarNames(a.CP),
			})
			return nil
		}
		named := *a
		named.CP = cp
		a = &named
	}
	x.add(universe.Arg{Text: word, Atoms: []universe.ArgAtom{{Atom: a}}})
	return nil
}

// placeholderCategory stands where an argument has no category, so that the
// rest of it can be parsed as an atom.
const placeholderCategory = "null"

// withCategory inserts the placeholder before a bare package name: after the
// operator, if the part before slot, repository and USE has no slash.
func withCategory(word string) (text string, bare bool) {
	name := word
	if i := strings.IndexAny(name, ":["); i >= 0 {
		name = name[:i]
	}
	if strings.Contains(name, "/") {
		return word, false
	}
	rest := strings.TrimLeft(word, "!<>=~")
	return word[:len(word)-len(rest)] + placeholderCategory + "/" + rest, true
}

// unique finds the one package with a bare name. emerge(1) settles ambiguity in
// favour of the only installed one, and looks past the categories that merely
// stand for others (virtual, acct-user, acct-group).
func (x *expander) unique(word, name string) (atom.CP, error) {
	known := map[atom.CP]bool{}
	for _, r := range x.sys.repos.Repos {
		cps, err := r.NamesWithPackage(name)
		if err != nil {
			return atom.CP{}, inputError(x.ctx, err)
		}
		for _, cp := range cps {
			known[cp] = true
		}
	}
	installed := map[atom.CP]bool{}
	for _, cp := range x.installed.Names() {
		if cp.Package == name {
			known[cp], installed[cp] = true, true
		}
	}
	choices := sortedNames(known)
	if len(choices) > 1 && len(installed) > 0 {
		choices = sortedNames(installed)
	}
	if len(choices) > 1 {
		if real := slices.DeleteFunc(slices.Clone(choices), standsForOthers); len(real) == 1 {
			choices = real
		}
	}
	switch len(choices) {
	case 0:
		return atom.CP{}, nil
	case 1:
		return choices[0], nil
	}
	var list []string
	for _, cp := range choices {
		list = append(list, cp.String())
	}
	return atom.CP{}, &UsageError{fmt.Errorf("%q is ambiguous; name one of: %s", word, strings.Join(list, ", "))}
}

func standsForOthers(cp atom.CP) bool {
	return cp.Category == "virtual" || cp.Category == "acct-user" || cp.Category == "acct-group"
}

func sortedNames(set map[atom.CP]bool) []atom.CP {
	list := make([]atom.CP, 0, len(set))
	for cp := range set {
		list = append(list, cp)
	}
	sort.Slice(list, func(i, j int) bool { return list[i].Compare(list[j]) < 0 })
	return list
}

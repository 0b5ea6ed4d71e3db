package portsolve

import (
	"fmt"
	"slices"
	"strings"

	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/atom/metadata"
	"github.com/portsolve/portsolve/solver/universe"
)

// namedAtom is one word of an include or exclude list.
type namedAtom struct {
	*atom.Atom
	src metadata.Source
}

// namedAtoms parses the words of a list: atoms, wildcards, or names without category.
func namedAtoms(words []string, src metadata.Source) ([]namedAtom, error) {
	var out []namedAtom
	for _, word := range words {
		for w := range strings.FieldsSeq(word) {
			a, err := atom.ParseWildcard(w)
			if err != nil && !strings.Contains(w, "/") {
				rest := strings.TrimLeft(w, "<>=~")
				a, err = atom.ParseWildcard(w[:len(w)-len(rest)] + "*/" + rest)
			}
			if err != nil {
				return nil, fmt.Errorf("%q is not a package name, atom or wildcard: %w", w, err)
			}
			out = append(out, namedAtom{a, src})
		}
	}
	return out, nil
}

// binaryChoice says which packages may be binary ones (or remote ones): none of
// those excluded, and if any are included only those.
type binaryChoice struct {
	what             string // "binary packages", for sentences
	include, exclude []namedAtom
}

// newBinaryChoice folds a configuration file's lists and an option's. Within
// each, a word in both lists cancels itself; an option's word takes the same word out
// of the opposite list of the file.
func newBinaryChoice(what string, file, option binaryChoice) binaryChoice {
	file.include, file.exclude = without(file.include, file.exclude), without(file.exclude, file.include)
	option.include, option.exclude = without(option.include, option.exclude), without(option.exclude, option.include)
	return binaryChoice{
		what:    what,
		include: append(without(file.include, option.exclude), option.include...),
		exclude: append(without(file.exclude, option.include), option.exclude...),
	}
}

// without returns the atoms of list that are not among others.
func without(list, others []namedAtom) []namedAtom {
	var out []namedAtom
	for _, a := range list {
		if !slices.ContainsFunc(others, func(b namedAtom) bool { return a.Equal(b.Atom) }) {
			out = append(out, a)
		}
	}
	return out
}

func (c *binaryChoice) empty() bool { return len(c.include) == 0 && len(c.exclude) == 0 }

// against appends the reason why p may not be used.
func (c *binaryChoice) against(p *metadata.Package, out []metadata.Exclusion) []metadata.Exclusion {
	for _, a := range c.exclude {
		if matchesPackage(a.Atom, p) {
			return append(out, metadata.Exclusion{
				Kind: metadata.ExclOption, Tokens: []string{a.String()}, Source: a.src,
				Detail: fmt.Sprintf("%s says not to use %s of %s", a.src, c.what, a),
			})
		}
	}
	if len(c.include) == 0 {
		return out
	}
	var names []string
	for _, a := range c.include {
		if matchesPackage(a.Atom, p) {
			return out
		}
		names = append(names, a.String())
	}
	return append(out, metadata.Exclusion{
		Kind: metadata.ExclOption, Tokens: names, Source: c.include[0].src,
		Detail: fmt.Sprintf("%s says to use %s of nothing but %s", c.include[0].src, c.what, strings.Join(names, " ")),
	})
}

// optionChoice reads an option's two lists.
func optionChoice(name string, include, exclude []string) (c binaryChoice, err error) {
	for _, list := range [...]struct {
		option string
		words  []string
		into   *[]namedAtom
	}{{name + "-include", include, &c.include}, {name + "-exclude", exclude, &c.exclude}} {
		if *list.into, err = namedAtoms(list.words, metadata.Source{File: list.option}); err != nil {
			return c, &UsageError{fmt.Errorf("%s: %w", list.option, err)}
		}
	}
	return c, nil
}

// unwanted folds the options and files that choose among binary packages; nil if
// they leave everything open.
func (s *System) unwanted(b *binaries, req *universe.Request) (func(*metadata.Package) []metadata.Exclusion, error) {
	o := &req.Options
	usePkg, err := optionChoice("--usepkg", o.UsePkgInclude, o.UsePkgExclude)
	if err != nil {
		return nil, err
	}
	getBinPkg, err := optionChoice("--getbinpkg", o.GetBinPkgInclude, o.GetBinPkgExclude)
	if err != nil {
		return nil, err
	}
	rules := &binaryRules{hosts: map[string]binaryChoice{}, repos: map[string]binaryChoice{}}
	for _, h := range b.hosts {
		rules.hosts[h.Name] = newBinaryChoice("packages of binhost "+h.Name, binaryChoice{include: h.include, exclude: h.exclude}, getBinPkg)
	}
	if o.NoBinDeps { // which discards the lists of --usepkg
		rules.only = req.Args
		rules.restricted = true
		return rules.against, nil
	}
	rules.others = newBinaryChoice("binary packages", binaryChoice{}, usePkg)
	for _, r := range s.repos.Repos {
		file, err := s.repoChoice(r.Name)
		if err != nil {
			return nil, err
		}
		rules.repos[r.Name] = newBinaryChoice("binary packages", file, usePkg)
	}
	if rules.open() {
		return nil, nil
	}
	return rules.against, nil
}

// repoChoice is usepkg-include and -exclude of a repository in repos.conf.
func (s *System) repoChoice(name string) (c binaryChoice, err error) {
	for _, list := range [...]struct {
		key  string
		into *[]namedAtom
	}{{"usepkg-include", &c.include}, {"usepkg-exclude", &c.exclude}} {
		text, _ := s.repos.ByName(name).Setting(list.key)
		src := metadata.Source{File: "repos.conf [" + name + "] " + list.key}
		if *list.into, err = namedAtoms(strings.Fields(text), src); err != nil {
			return c, &InputError{fmt.Errorf("%s: %w", src, err)}
		}
	}
	return c, nil
}

// binaryRules is everything that chooses among binary packages.
type binaryRules struct {
	hosts      map[string]binaryChoice // by binhost
	repos      map[string]binaryChoice // by repository
	others     binaryChoice            // of repositories that are not configured
	restricted bool                    // --nobindeps: only what the request names
	only       []universe.Arg
}

func (r *binaryRules) open() bool {
	open := r.others.empty()
	for _, m := range [...]map[string]binaryChoice{r.hosts, r.repos} {
		for _, c := range m {
			open = open && c.empty()
		}
	}
	return open
}

func (r *binaryRules) against(p *metadata.Package) (out []metadata.Exclusion) {
	if c, ok := r.repos[p.Repo]; ok {
		out = c.against(p, out)
	} else {
		out = r.others.against(p, out)
	}
	if c, ok := r.hosts[p.Binhost]; ok && p.Remote {
		out = c.against(p, out)
	}
	if r.restricted && !r.requested(p) {
		out = append(out, metadata.Exclusion{
			Kind: metadata.ExclOption, Source: metadata.Source{File: "--nobindeps"},
			Detail: "--nobindeps says to use binary packages only of what is requested",
		})
	}
	return out
}

func (r *binaryRules) requested(p *metadata.Package) bool {
	for i := range r.only {
		for _, a := range r.only[i].Atoms {
			if matchesPackage(a.Atom, p) {
				return true
			}
		}
	}
	return false
}

package scenario

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/atom/metadata"
	"github.com/portsolve/portsolve/solver/universe"
)

// Parse reads a scenario. Errors name the line.
func Parse(data []byte) (*Scenario, error) {
	comment, sections := splitArchive(string(data))
	p := &parser{
		sc:   &Scenario{Comment: strings.TrimSpace(comment)},
		pol:  [2]*Policy{newPolicy(), newPolicy()},
		sets: map[string]*universe.Arg{},
	}
	for pass := range 2 { // sets may stand behind the request that names them
		for i := range sections {
			if (sections[i].name == "request") == (pass == 1) {
				if err := p.section(&sections[i]); err != nil {
					return nil, err
				}
			}
		}
	}
	p.finish()
	return p.sc, nil
}

func newPolicy() *Policy {
	return &Policy{keywords: []string{"amd64"}, stated: map[*metadata.Package]*statement{}}
}

type parser struct {
	sc        *Scenario
	pol       [2]*Policy
	repos     [2][]universe.Repository
	installed [2][]*metadata.Package
	provided  [2][]atom.CPV
	system    [2][]*atom.Atom
	avoid     [][2]string
	target    bool // there is a target root
	sets      map[string]*universe.Arg
	world     []*universe.Arg
}

// hostPath and targetPath are the paths of the roots of every scenario.
const (
	hostPath   = "/"
	targetPath = "/target/"
)

// section reads one section. Its name is a word, a name where the kind has
// one, and "target" or "host" where the root is not the usual one.
func (p *parser) section(s *section) error {
	words := strings.Fields(s.name)
	root := universe.Host
	if last := words[len(words)-1]; last == "target" && len(words) > 1 {
		root, p.target = universe.Target, true
		words = words[:len(words)-1]
	}
	name := ""
	if len(words) > 1 {
		name = words[1]
	}
	each := func(f func(string, int) error) error {
		for _, l := range s.logicalLines() {
			if err := f(l.text, l.line); err != nil {
				return fmt.Errorf("line %d: %w", l.line, err)
			}
		}
		return nil
	}
	switch words[0] {
	case "repo":
		return p.repo(name, root, each)
	case "installed":
		return each(func(l string, _ int) error { return p.installedLine(l, root) })
	case "provided":
		return each(func(l string, _ int) error { return p.providedLine(l, root) })
	case "config":
		return each(func(l string, n int) error { return p.configLine(l, n, root) })
	case "system":
		return each(func(l string, _ int) error { return p.systemLine(l, root) })
	case "avoid":
		return each(func(l string, _ int) error { return p.avoidLine(l) })
	case "world", "set":
		return p.set(words[0], name, root, each)
	case "request":
		return each(func(l string, _ int) error { return p.requestLine(l) })
	case "expect":
		return p.sc.Expect.parse(each)
	}
	return fmt.Errorf("line %d: there is no section %q", s.line-1, s.name)
}

func (p *parser) repo(name string, root universe.RootID, each func(func(string, int) error) error) error {
	if name == "" {
		name = "gentoo"
	}
	r := &Repo{}
	p.repos[root] = append(p.repos[root], universe.Repository{Name: name, Source: r})
	return each(func(l string, _ int) error {
		pkg, st, err := packageLine(l, metadata.Ebuild, name)
		if err != nil {
			return err
		}
		if twice(r.packages[pkg.CPV.CP], pkg) {
			return fmt.Errorf("%s is there twice", pkg.CPV)
		}
		p.pol[root].stated[pkg] = st
		r.add(pkg)
		return nil
	})
}

func (p *parser) installedLine(l string, root universe.RootID) error {
	pkg, st, err := packageLine(l, metadata.Installed, "gentoo")
	if err != nil {
		return err
	}
	if twice(p.installed[root], pkg) {
		return fmt.Errorf("%s is installed twice", pkg.CPV)
	}
	for _, other := range p.installed[root] {
		if other.CPV.CP == pkg.CPV.CP && other.Slot == pkg.Slot {
			return fmt.Errorf("%s and %s are installed in one slot", other.CPV, pkg.CPV)
		}
	}
	p.pol[root].stated[pkg] = st
	p.installed[root] = append(p.installed[root], pkg)
	return nil
}

// twice: one place holds a name and version once, whatever its slot; binary
// packages are told apart by their build-id.
func twice(there []*metadata.Package, p *metadata.Package) bool {
	return slices.ContainsFunc(there, func(q *metadata.Package) bool { return q.CPV == p.CPV && q.BuildID == p.BuildID })
}

func (p *parser) providedLine(l string, root universe.RootID) error {
	cpv, err := atom.ParseCPV(l)
	p.provided[root] = append(p.provided[root], cpv)
	return err
}

func (p *parser) systemLine(l string, root universe.RootID) error {
	a, err := atom.ParseWildcard(l)
	p.system[root] = append(p.system[root], a)
	return err
}

// set reads "set @name" (something the request can name) or "world [@name]"
// (which the request can name, too, and which must keep working).
func (p *parser) set(kind, name string, root universe.RootID, each func(func(string, int) error) error) error {
	if name == "" {
		name = "@world"
	}
	arg := &universe.Arg{Text: name, Set: true, Root: root}
	p.sets[name] = arg
	if kind == "world" {
		p.world = append(p.world, arg)
	}
	return each(func(l string, n int) error {
		words := strings.Fields(l)
		a, err := atom.ParseWildcard(words[0])
		if err != nil {
			return err
		}
		m := universe.ArgAtom{Atom: a, Sets: words[1:], Source: metadata.Source{File: "scenario", Line: n, Text: l}}
		if len(m.Sets) == 0 {
			m.Sets = []string{name}
		}
		arg.Atoms = append(arg.Atoms, m)
		return nil
	})
}

func (p *parser) requestLine(l string) error {
	words, err := splitWords(l)
	if err != nil {
		return err
	}
	for _, w := range words {
		switch {
		case strings.HasPrefix(w, "--"):
			err = setOption(&p.sc.Request.Options, w)
		case strings.HasPrefix(w, "@"):
			if p.sets[w] == nil {
				return fmt.Errorf("the request names %s, but there is no section for it", w)
			}
			p.sc.Request.Args = append(p.sc.Request.Args, *p.sets[w])
		case strings.HasPrefix(w, "file:"):
			err = p.exactArg(strings.TrimPrefix(w, "file:"))
		default:
			err = p.atomArg(w)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (p *parser) argRoot() universe.RootID {
	if p.target {
		return universe.Target
	}
	return universe.Host
}

func (p *parser) atomArg(w string) error {
	a, err := atom.ParseWildcard(w)
	if err != nil {
		return err
	}
	arg := universe.Arg{Text: w, Root: p.argRoot(), Atoms: []universe.ArgAtom{{Atom: a}}}
	p.sc.Request.Args = append(p.sc.Request.Args, arg)
	return nil
}

// exactArg finds the ebuild "cat/pkg-1::repo".
func (p *parser) exactArg(w string) error {
	name, repo, _ := strings.Cut(w, "::")
	cpv, err := atom.ParseCPV(name)
	if err != nil {
		return err
	}
	a, err := atom.ParseWildcard("=" + w)
	if err != nil {
		return err
	}
	for _, r := range p.reposOf(p.argRoot()) {
		for _, pkg := range r.Source.(*Repo).packages[cpv.CP] {
			if pkg.CPV == cpv && (repo == "" || repo == r.Name) {
				p.sc.Request.Args = append(p.sc.Request.Args, universe.Arg{
					Text: w, Root: p.argRoot(), Atoms: []universe.ArgAtom{{Atom: a}}, Exact: pkg,
				})
				return nil
			}
		}
	}
	return errors.New("no repository has the file " + w)
}

// reposOf: a target root without repositories of its own uses the host's.
func (p *parser) reposOf(root universe.RootID) []universe.Repository {
	if root == universe.Target && len(p.repos[root]) == 0 {
		return p.repos[universe.Host]
	}
	return p.repos[root]
}

func (p *parser) finish() {
	for root := range universe.RootID(2) {
		if root == universe.Target && !p.target {
			break
		}
		pol := p.pol[root]
		if root == universe.Target && len(p.repos[root]) == 0 {
			pol = shared(p.pol[universe.Host], pol)
		}
		p.sc.Roots = append(p.sc.Roots, universe.Root{
			Path:      [...]string{hostPath, targetPath}[root],
			Policy:    pol,
			Repos:     p.reposOf(root),
			Installed: p.installed[root],
			Provided:  p.provided[root],
			System:    p.system[root],
		})
	}
	p.sc.Request.Circular = p.circular()
	for _, arg := range p.world {
		p.sc.Request.World = append(p.sc.Request.World, *arg)
	}
}

// shared is the host's policy for a target that has no repository section, with
// what is stated of the packages installed in the target.
func shared(host, target *Policy) *Policy {
	both := *host
	both.stated = map[*metadata.Package]*statement{}
	for _, stated := range []map[*metadata.Package]*statement{host.stated, target.stated} {
		for pkg, st := range stated {
			both.stated[pkg] = st
		}
	}
	return &both
}

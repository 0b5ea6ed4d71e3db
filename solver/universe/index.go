package universe

import (
	"cmp"
	"context"
	"slices"
	"sort"
	"strings"
	"sync"
	"time"

	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/atom/metadata"
)

// Universe holds the candidates that a request can reach. Packages are loaded
// by name when they are first asked for, never all of a repository.
// It is not safe for concurrent use, Prefetch excepted.
type Universe struct {
	Roots []Root
	Req   *Request

	// Overrides are accepted USE changes by package; set before the first use (a Cache does).
	Overrides map[*metadata.Package]map[string]bool
	// Accepted are packages whose exclusions are lifted by proposed changes; set before the first use.
	Accepted map[*metadata.Package]bool

	providers map[sonameKey][]*Candidate // nil until asked for
	ctx       context.Context
	own       *store // names in changed
	rest      *store // all others; a Cache shares it
	changed   map[atom.CP]bool
	ids       *int // the next Candidate.ID
	inst      []map[atom.CP][]*metadata.Package
	forced    map[*metadata.Package]bool
	rules     []depRoute
	tests     testTargets
	reading   time.Duration
}

type groupKey struct {
	root RootID
	cp   atom.CP
}

// Group is every candidate of one package name in one root.
type Group struct {
	Key       SlotKey // Slot empty
	All       []*Candidate
	Installed []*Candidate // those of All that are installed, descending
}

// New prepares a universe; nothing is loaded yet.
func New(ctx context.Context, roots []Root, req *Request) *Universe {
	u := &Universe{Roots: roots, Req: req, ctx: ctx, own: newStore(), rest: newStore(), changed: map[atom.CP]bool{}, ids: new(int),
		forced: map[*metadata.Package]bool{}}
	for i := range roots {
		byCP := make(map[atom.CP][]*metadata.Package, len(roots[i].Installed))
		for _, p := range roots[i].Installed {
			byCP[p.CPV.CP] = append(byCP[p.CPV.CP], p)
		}
		u.inst = append(u.inst, byCP)
	}
	for _, a := range req.Args {
		if a.Exact != nil {
			u.forced[a.Exact] = true
		}
	}
	u.rules = routes(roots, &req.Options)
	u.tests = findTestTargets(req)
	return u
}

// Err is the first error that a source returned. A universe with an error
// must not be answered from.
func (u *Universe) Err() error {
	if err := cmp.Or(u.own.err, u.rest.err); err != nil {
		return err
	}
	return u.ctx.Err()
}

// Versions counts the candidates created so far.
func (u *Universe) Versions() int {
	n := 0
	for _, s := range [...]*store{u.own, u.rest} {
		for _, g := range s.groups {
			n += len(g.All)
		}
	}
	return n
}

// Reading is the time spent in sources so far.
func (u *Universe) Reading() time.Duration { return u.reading }

// Names lists the package names that were asked for in any root, by name.
func (u *Universe) Names() []atom.CP {
	names := make([]atom.CP, 0, len(u.own.groups)+len(u.rest.groups))
	for _, s := range [...]*store{u.own, u.rest} {
		for k := range s.groups {
			names = append(names, k.cp)
		}
	}
	slices.SortFunc(names, atom.CP.Compare)
	return slices.Compact(names)
}

// Group returns the candidates named cp in a root, best first: versions
// descending; at equal versions the repository of higher precedence first, the
// installed package last.
func (u *Universe) Group(root RootID, cp atom.CP) *Group {
	k := groupKey{root, cp}
	s := u.storeOf(cp)
	if g := s.groups[k]; g != nil {
		return g
	}
	g := &Group{Key: SlotKey{Root: root, CP: cp}}
	err := u.load(g)
	if u.ctx.Err() != nil {
		return g // what was read may be incomplete: others read it again
	}
	s.groups[k] = g
	if s.err == nil {
		s.err = err
	}
	sort.SliceStable(g.All, func(i, j int) bool { return better(g.All[i], g.All[j]) })
	for _, c := range g.All {
		if c.Installed() {
			g.Installed = append(g.Installed, c)
		}
	}
	return g
}

// load asks all sources for the candidates of a group. The error is the first one.
func (u *Universe) load(g *Group) error {
	r := &u.Roots[g.Key.Root]
	var first error
	read := func(s Source) []*metadata.Package {
		start := time.Now()
		pkgs, err := s.Packages(u.ctx, g.Key.CP)
		u.reading += time.Since(start)
		first = cmp.Or(first, err)
		return pkgs
	}
	for rank, rp := range r.Repos {
		for _, p := range read(rp) {
			u.add(g, p, rank)
		}
	}
	if r.Binaries != nil {
		for i, p := range read(r.Binaries) {
			u.add(g, p, binaryRank+i)
		}
	}
	for _, p := range u.inst[g.Key.Root][g.Key.CP] {
		u.add(g, p, -1)
	}
	return first
}

func (u *Universe) add(g *Group, p *metadata.Package, rank int) {
	root := g.Key.Root
	c := &Candidate{ID: *u.ids, Pkg: p, Root: root, RepoRank: rank, policy: u.Roots[root].Policy, forced: u.forced[p] || u.Accepted[p]}
	*u.ids++
	c.noBuild = u.Req.Options.UsePkgOnly
	if p.Origin == metadata.Binary {
		c.binary = u
	}
	if ch := u.Overrides[p]; ch != nil && p.Origin == metadata.Ebuild {
		c.Override(ch)
	}
	g.All = append(g.All, c)
}

// better is the order of Group.All.
func better(a, b *Candidate) bool {
	if d := a.Pkg.CPV.Version.Compare(b.Pkg.CPV.Version); d != 0 {
		return d > 0
	}
	if a.RepoRank != b.RepoRank {
		return a.RepoRank > b.RepoRank
	}
	return a.Pkg.BuildID > b.Pkg.BuildID
}

// Match returns the candidates that an evaluated atom matches, best first,
// masked ones included. The blocker part of the atom is ignored.
func (u *Universe) Match(root RootID, a *atom.Atom) []*Candidate {
	known := u.storeOf(a.CP).matches[root]
	if m, ok := known[a]; ok {
		return m
	}
	var out []*Candidate
	for _, c := range u.Group(root, a.CP).All {
		if c.Matches(a) {
			out = append(out, c)
		}
	}
	known[a] = out
	return out
}

// InstalledMatch returns the best installed package that satisfies the atom
// before anything is merged, nil if none.
func (u *Universe) InstalledMatch(root RootID, a *atom.Atom) *Candidate {
	for _, c := range u.InstalledGroup(root, a.CP) {
		if c.Matches(a) {
			return c
		}
	}
	return nil
}

// InstalledGroup returns the installed candidates of a name without loading
// repositories when nothing of that name is installed.
func (u *Universe) InstalledGroup(root RootID, cp atom.CP) []*Candidate {
	if len(u.inst[root]) == 0 {
		return nil
	}
	if g := u.storeOf(cp).groups[groupKey{root, cp}]; g != nil {
		return g.Installed
	}
	if len(u.inst[root][cp]) == 0 {
		return nil
	}
	return u.Group(root, cp).Installed
}

// InstalledIn returns the installed candidates in the slot of c, in the same root.
func (u *Universe) InstalledIn(k SlotKey) []*Candidate {
	var out []*Candidate
	for _, c := range u.InstalledGroup(k.Root, k.CP) {
		if c.Pkg.Slot == k.Slot {
			out = append(out, c)
		}
	}
	return out
}

// AllInstalled returns every installed candidate of a root in CPV order.
func (u *Universe) AllInstalled(root RootID) []*Candidate {
	pk := u.Roots[root].Installed
	seen := make(map[atom.CP]bool, len(pk))
	var cps []atom.CP
	for _, p := range pk {
		if !seen[p.CPV.CP] {
			seen[p.CPV.CP] = true
			cps = append(cps, p.CPV.CP)
		}
	}
	sort.Slice(cps, func(i, j int) bool { return cps[i].Compare(cps[j]) < 0 })
	var out []*Candidate
	for _, cp := range cps {
		g := u.InstalledGroup(root, cp)
		for i := len(g) - 1; i >= 0; i-- {
			out = append(out, g[i])
		}
	}
	return out
}

// BlockingInstalled returns the installed candidates of a root whose run-time dependencies
// mention a blocker at all, in CPV order; most packages are ruled out by their text.
func (u *Universe) BlockingInstalled(root RootID) []*Candidate {
	var out []*Candidate
	for _, c := range u.AllInstalled(root) {
		for _, k := range [...]metadata.DepKind{metadata.RDEPEND, metadata.PDEPEND, metadata.IDEPEND} {
			if strings.Contains(c.Pkg.Var(k.String()), "!") {
				out = append(out, c)
				break
			}
		}
	}
	return out
}

// Provided reports whether package.provided satisfies the atom. What is provided has a version, but
// neither slot nor USE, so an atom that asks for those is satisfied as well.
func (u *Universe) Provided(root RootID, a *atom.Atom) bool {
	if a.Repo != "" {
		return false
	}
	for _, cpv := range u.Roots[root].Provided {
		if a.MatchVersion(cpv) {
			return true
		}
	}
	return false
}

// Prefetch warms the sources for names that will be asked for, using several
// goroutines; it only loads and parses, so the answer does not depend on it.
func (u *Universe) Prefetch(root RootID, cps []atom.CP, workers int) {
	repos := u.Roots[root].Repos
	if len(repos) == 0 {
		return
	}
	work := make(chan atom.CP, len(cps))
	for _, cp := range cps {
		work <- cp
	}
	close(work)
	var wg sync.WaitGroup
	for i := 0; i < workers; i++ {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for cp := range work {
				for _, r := range repos {
					// An error is found again, and reported, when the name is asked for.
					_, _ = r.Packages(u.ctx, cp)
				}
			}
		}()
	}
	wg.Wait()
}

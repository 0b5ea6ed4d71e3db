// Package binpkg reads binary packages: single files in both formats (XPAK, see
// xpak(5), and GPKG, GLEP 78), a PKGDIR, and binhosts through their Packages index.
//
// What is to be installed goes through OpenVerified and Verified.Image, which trust
// nothing before checksums and signatures (docs/binpkg.md).
//
// A Set is what a resolver sees: Open reads indexes and lists directories; the
// metadata of a package is parsed, or read from its file, when somebody asks for
// the package's name.
package binpkg

import (
	"cmp"
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"sync"

	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/atom/metadata"
)

// Options of Open.
type Options struct {
	// PkgDir is PKGDIR; "" none. One that does not exist is empty.
	PkgDir string
	// TrustIndex believes PkgDir's index without looking at the files
	// (FEATURES=pkgdir-index-trusted). Otherwise an entry counts only if its file has
	// the recorded size and modification time; other files are read themselves.
	TrustIndex bool
	// MultiInstance tells builds of one version apart (FEATURES=binpkg-multi-instance);
	// otherwise one package per version is kept, PkgDir's before those of binhosts.
	MultiInstance bool
	// Hosts are the binhosts to look at, in descending precedence.
	Hosts []Host
}

// Host is a binhost: a directory of packages with an index.
type Host struct {
	Name string // section of binrepos.conf
	// URI is where it is: an absolute path, a file:// URI, or any other if Index is there.
	URI string
	// Dir is the directory on this machine that holds what URI says, if that is not the path in URI itself.
	Dir string
	// Index is a file with the index, if that is not in the directory: one that was fetched (package fetch).
	Index string
}

// Set is the binary packages of a PKGDIR and of binhosts. It never changes
// after Open and is safe for concurrent use.
type Set struct {
	byName        map[atom.CP][]*entry
	names         []atom.CP
	multiInstance bool

	mu       sync.Mutex
	problems []Problem
}

// Problem is something wrong with a package, an index or a binhost.
type Problem struct {
	Path string // file, or URI
	Err  error  // for people
}

// String is one line for people.
func (p Problem) String() string { return p.Path + ": " + p.Err.Error() }

// entry is one binary package that may not have been parsed yet.
type entry struct {
	cpv  atom.CPV
	from origin
	rank int // of its host, 0 for PKGDIR; higher is preferred

	once sync.Once
	pkg  *metadata.Package // nil: unusable
	err  error
}

// origin makes the package of an entry.
type origin interface {
	load(cpv atom.CPV) (*metadata.Package, error)
	// where is the file or URI, for problems.
	where() string
}

// Open reads the indexes, or lists files where there is no (valid) one. What is
// broken becomes a Problem; the only errors are an unreadable PkgDir and the end of
// ctx.
func Open(ctx context.Context, o Options) (*Set, error) {
	s := &Set{byName: map[atom.CP][]*entry{}, multiInstance: o.MultiInstance}
	if o.PkgDir != "" {
		entries, err := s.local(ctx, filepath.Clean(o.PkgDir), o.TrustIndex)
		if err != nil {
			return nil, err
		}
		s.add(entries, 0)
	}
	for i := range o.Hosts {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		s.add(s.remote(&o.Hosts[i]), len(o.Hosts)-i)
	}
	s.names = make([]atom.CP, 0, len(s.byName))
	for cp := range s.byName {
		s.names = append(s.names, cp)
	}
	slices.SortFunc(s.names, atom.CP.Compare)
	return s, ctx.Err()
}

func (s *Set) add(entries []*entry, rank int) {
	for _, e := range entries {
		e.rank = rank
		s.byName[e.cpv.CP] = append(s.byName[e.cpv.CP], e)
	}
}

func (s *Set) problem(path string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.problems = append(s.problems, Problem{path, err})
}

// Problems are those found so far, by path. Packages that nobody asked for may
// have more; All finds them.
func (s *Set) Problems() []Problem {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := slices.Clone(s.problems)
	slices.SortStableFunc(out, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Err.Error(), b.Err.Error()))
	})
	return out
}

// Names lists the names of all packages, sorted; some may turn out to be damaged.
// The slice is shared: do not modify it.
func (s *Set) Names() []atom.CP { return s.names }

// Len is the number of packages, damaged and hidden ones included.
func (s *Set) Len() int {
	n := 0
	for _, list := range s.byName {
		n += len(list)
	}
	return n
}

// Packages returns the packages of one name: ascending by version, equal
// versions by time of build, then those of PKGDIR before those of binhosts in
// ascending precedence, so that the one that emerge would take is last. A package of
// a binhost that is there locally, too, is left out. The error is ctx's.
func (s *Set) Packages(ctx context.Context, cp atom.CP) ([]*metadata.Package, error) {
	type ranked struct {
		pkg  *metadata.Package
		rank int
	}
	var found []ranked
	seen := map[instance]bool{}
	for _, e := range s.byName[cp] { // PKGDIR first, then hosts by precedence
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		p := s.get(e)
		if p == nil {
			continue
		}
		if k := s.instance(p); !seen[k] {
			seen[k] = true
			found = append(found, ranked{p, e.rank})
		}
	}
	slices.SortStableFunc(found, func(a, b ranked) int {
		p, q := a.pkg, b.pkg
		return cmp.Or(p.CPV.Version.Compare(q.CPV.Version), cmp.Compare(p.BuildTime, q.BuildTime),
			cmp.Compare(a.rank, b.rank), cmp.Compare(p.BuildID, q.BuildID))
	})
	var out []*metadata.Package
	for _, f := range found {
		out = append(out, f.pkg)
	}
	return out, nil
}

// All returns every package, sorted by name, each name as Packages does.
func (s *Set) All(ctx context.Context) ([]*metadata.Package, error) {
	var out []*metadata.Package
	for _, cp := range s.names {
		pkgs, err := s.Packages(ctx, cp)
		if err != nil {
			return nil, err
		}
		out = append(out, pkgs...)
	}
	return out, nil
}

// get loads an entry once.
func (s *Set) get(e *entry) *metadata.Package {
	e.once.Do(func() {
		e.pkg, e.err = e.from.load(e.cpv)
		if e.err != nil {
			s.problem(e.from.where(), fmt.Errorf("%w; package ignored", e.err))
			e.pkg = nil
		}
	})
	return e.pkg
}

// instance identifies one build. With several instances per version that is
// everything the index says of the file; otherwise the version alone.
type instance struct {
	version        string
	buildID        int
	buildTime      int64
	size, modified string
}

func (s *Set) instance(p *metadata.Package) instance {
	k := instance{version: p.CPV.Version.String()}
	if s.multiInstance {
		k.buildID, k.buildTime = p.BuildID, p.BuildTime
		k.size, k.modified = p.Var("SIZE"), p.Var("MTIME")
	}
	return k
}

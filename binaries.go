package portsolve

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/atom/metadata"
	"github.com/portsolve/portsolve/binpkg"
	"github.com/portsolve/portsolve/repo/config"
	"github.com/portsolve/portsolve/solver/universe"
)

// binaryCache keeps the binary packages of each root once a request needed them.
type binaryCache struct {
	mu      sync.Mutex
	sets    map[binaryKey]*binaries
	located sync.Map // URI of a binhost -> its location
}

type binaryKey struct {
	root   universe.RootID
	remote bool // with binhosts
}

// binaries are the binary packages that one root can use.
type binaries struct {
	*binpkg.Set
	hosts    []binhost
	warnings []string
}

// binaries opens PKGDIR, and with remote the binhosts, of a root.
func (s *System) binaries(ctx context.Context, r *root, remote bool) (*binaries, error) {
	s.binary.mu.Lock()
	defer s.binary.mu.Unlock()
	key := binaryKey{r.id, remote}
	if b := s.binary.sets[key]; b != nil {
		return b, nil
	}
	b := &binaries{}
	o := binpkg.Options{
		PkgDir:        s.pkgDir(r.settings),
		TrustIndex:    hasFeature(r.settings, "pkgdir-index-trusted"),
		MultiInstance: hasFeature(r.settings, "binpkg-multi-instance"),
	}
	if remote {
		if err := s.readBinhosts(r.settings, b); err != nil {
			return nil, err
		}
		if err := s.fetchIndexes(ctx, b); err != nil {
			return nil, err
		}
		for _, h := range b.hosts {
			o.Hosts = append(o.Hosts, h.Host)
		}
	}
	var err error
	if b.Set, err = binpkg.Open(ctx, o); err != nil {
		return nil, err
	}
	if s.binary.sets == nil {
		s.binary.sets = map[binaryKey]*binaries{}
	}
	s.binary.sets[key] = b
	return b, nil
}

// pkgDir is PKGDIR on this machine. Its default is below the prefix; a value
// that somebody set is a path as it is.
func (s *System) pkgDir(settings *config.Settings) string {
	dir, src := settings.Var("PKGDIR")
	switch {
	case dir == "":
		return ""
	case src.Line == 0 && src.File != "environment":
		return s.onDisk(s.options.EPrefix, dir)
	}
	return s.onDisk(dir)
}

func hasFeature(settings *config.Settings, name string) bool {
	features, _ := settings.Var("FEATURES")
	for f := range strings.FieldsSeq(features) {
		if f == name {
			return true
		}
	}
	return false
}

// wantsBinaries reports whether a request looks at binary packages of a root at
// all. FEATURES=buildpkg-proactive builds what has no fitting one.
func wantsBinaries(o *universe.Options, r *root) bool {
	return o.UsePkg || o.UsePkgOnly || o.GetBinPkg || o.GetBinPkgOnly || hasFeature(r.settings, "buildpkg-proactive")
}

// sonames turns the lines of soname.provided into a set.
func sonames(lines [][]string) map[universe.Soname]bool {
	set := map[universe.Soname]bool{}
	for _, l := range lines {
		if len(l) == 0 {
			continue
		}
		for _, name := range l[1:] {
			set[universe.Soname{Category: l[0], Name: name}] = true
		}
	}
	return set
}

// addBinaries completes the roots of a request.
func (s *System) addBinaries(ctx context.Context, roots []universe.Root, req *universe.Request) error {
	for i, r := range s.roots {
		o := &req.Options
		if !wantsBinaries(o, r) {
			continue
		}
		b, err := s.binaries(ctx, r, o.GetBinPkg || o.GetBinPkgOnly)
		if err != nil {
			return err
		}
		roots[i].Binaries = b
		roots[i].SonameProvided = sonames(r.settings.SonameProvided())
		o.BuildPkgProactive = o.BuildPkgProactive || hasFeature(r.settings, "buildpkg-proactive")
		if roots[i].Unwanted, err = s.unwanted(b, req); err != nil {
			return err
		}
		if signed := newSignedRules(r.settings, b.hosts); signed != nil {
			others := roots[i].Unwanted
			roots[i].Unwanted = func(p *metadata.Package) []metadata.Exclusion {
				var out []metadata.Exclusion
				if others != nil {
					out = others(p)
				}
				return signed.against(p, out)
			}
		}
	}
	addPackageFiles(roots, req)
	return nil
}

// binaryWarnings is what is wrong with indexes, binhosts and package files that a request
// with these options looked at.
func (s *System) binaryWarnings(o *universe.Options) []string {
	var list []string
	s.binary.mu.Lock()
	defer s.binary.mu.Unlock()
	for _, r := range s.roots {
		b := s.binary.sets[binaryKey{r.id, o.GetBinPkg || o.GetBinPkgOnly}]
		if b == nil || !wantsBinaries(o, r) {
			continue
		}
		list = append(list, b.warnings...)
		for _, p := range b.Problems() {
			if w := p.String(); !slices.Contains(list, w) {
				list = append(list, w)
			}
		}
	}
	return list
}

// BinaryCandidates lists the binary packages that an atom matches, as Candidates
// does for others: those of PKGDIR, and if remote is set those of the binhosts. At
// equal versions the one that would be preferred is last.
func (s *System) BinaryCandidates(ctx context.Context, text string, remote bool) ([]Candidate, error) {
	a, err := atom.ParseWildcard(text)
	if err != nil {
		return nil, &UsageError{err}
	}
	if a.Wild {
		return nil, &UsageError{fmt.Errorf("%q: name a package, without wildcards", text)}
	}
	var out []Candidate
	for _, r := range s.roots {
		b, err := s.binaries(ctx, r, remote)
		if err != nil {
			return nil, inputError(ctx, err)
		}
		pkgs, err := b.Packages(ctx, a.CP)
		if err != nil {
			return nil, inputError(ctx, err)
		}
		for _, p := range pkgs {
			if matchesPackage(a, p) {
				out = append(out, r.candidate(p))
			}
		}
	}
	return out, nil
}

// matchesPackage is everything but the USE part of an atom.
func matchesPackage(a *atom.Atom, p *metadata.Package) bool {
	return a.MatchVersion(p.CPV) && a.MatchSlot(p.Slot, p.SubSlot) && a.MatchRepo(p.Repo) &&
		(a.BuildID == 0 || p.Origin == metadata.Binary && a.BuildID == p.BuildID)
}

package portsolve

import (
	"cmp"
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/atom/metadata"
	"github.com/portsolve/portsolve/binpkg"
	"github.com/portsolve/portsolve/repo"
	"github.com/portsolve/portsolve/repo/config"
	"github.com/portsolve/portsolve/solver/universe"
)

// binaryCache keeps the binary packages of each root once a request needed them.
type binaryCache struct {
	mu   sync.Mutex
	sets map[binaryKey]*binaries
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

// binhost is a section of binrepos.conf.
type binhost struct {
	binpkg.Host
	priority         int
	include, exclude []namedAtom // getbinpkg-include, -exclude
	signed           *hostSigned // verify-signature, nil if not set
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

// readBinhosts reads binrepos.conf and PORTAGE_BINHOST: descending by priority,
// then by name; hosts of PORTAGE_BINHOST, which binrepos.conf supersedes, follow in
// their order (portage(5), make.conf(5)).
func (s *System) readBinhosts(settings *config.Settings, b *binaries) error {
	sections, err := repo.ReadSections([]string{
		s.onDisk(s.options.EPrefix, "usr/share/portage/config/binrepos.conf"),
		filepath.Join(settings.ConfigDir(), "binrepos.conf"),
	}, s.env)
	if err != nil {
		return err
	}
	for i := range sections {
		h, err := s.binhost(&sections[i], b)
		if err != nil {
			b.warnings = append(b.warnings, fmt.Sprintf("%s: binhost %s: %v; it is left out", sections[i].Source, sections[i].Name, err))
			continue
		}
		b.hosts = append(b.hosts, h)
	}
	slices.SortStableFunc(b.hosts, func(x, y binhost) int {
		return cmp.Or(cmp.Compare(y.priority, x.priority), cmp.Compare(y.Name, x.Name))
	})
	list, _ := settings.Var("PORTAGE_BINHOST")
	for uri := range strings.FieldsSeq(list) {
		if !slices.ContainsFunc(b.hosts, func(h binhost) bool { return h.URI == strings.TrimRight(uri, "/") }) {
			b.hosts = append(b.hosts, binhost{Host: s.host(uri, uri)})
		}
	}
	return nil
}

func (s *System) binhost(section *repo.Section, b *binaries) (binhost, error) {
	uri, _, _ := section.Value("sync-uri")
	if uri == "" {
		return binhost{}, fmt.Errorf("has no sync-uri")
	}
	h := binhost{Host: s.host(section.Name, uri)}
	if text, src, ok := section.Value("priority"); ok {
		n, err := strconv.Atoi(text)
		if err != nil {
			return binhost{}, fmt.Errorf("%s: priority = %q is not a whole number", src, text)
		}
		h.priority = n
	}
	if text, src, ok := section.Value("verify-signature"); ok {
		on, err := strconv.ParseBool(strings.ToLower(strings.TrimSpace(text)))
		if err != nil {
			return h, fmt.Errorf("%s: verify-signature = %q is neither true nor false", src, text)
		}
		h.signed = &hostSigned{on, src}
	}
	for _, list := range [...]struct {
		key  string
		into *[]namedAtom
	}{{"getbinpkg-include", &h.include}, {"getbinpkg-exclude", &h.exclude}} {
		text, src, _ := section.Value(list.key)
		atoms, err := namedAtoms(strings.Fields(text), src)
		if err != nil {
			b.warnings = append(b.warnings, fmt.Sprintf("%s: %s: %v; the line is ignored", src, list.key, err))
		}
		*list.into = atoms
	}
	return h, nil
}

// host finds the directory of a path below --system DIR.
func (s *System) host(name, uri string) binpkg.Host {
	h := binpkg.Host{Name: name, URI: strings.TrimRight(uri, "/")}
	if dir, err := binpkg.LocalPath(uri); err == nil && s.options.System != "" {
		if below := s.onDisk(dir); exists(below) {
			h.Dir = below
		}
	}
	return h
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

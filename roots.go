package portsolve

import (
	"context"
	"fmt"
	"strings"
	"sync"

	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/repo/config"
	"github.com/portsolve/portsolve/solver/universe"
	"github.com/portsolve/portsolve/vdb"
)

// root is one place where packages are installed.
type root struct {
	id       universe.RootID
	path     string // ROOT as the user knows it, "/" at the end
	dir      string // where ROOT with EPREFIX is on this machine
	settings *config.Settings
	recorded *vdb.DB // as installed, profiles/updates applied
	world    *vdb.World
	stamp    vdb.Stamp // of before the two were read

	mu      sync.Mutex
	dynamic map[bool]*vdb.DB // with dynamic dependencies, by ignoreBuilt
}

// loadTarget adds the target root. The configuration read so far is the
// target's; the host has its own, which is the same unless --config-root says
// where the target's is (emerge(1)).
func (s *System) loadTarget(ctx context.Context, path string, settings *config.Settings) error {
	target := &root{
		id: universe.Target, path: path, settings: settings,
		dir: s.onDisk(path, s.options.EPrefix),
	}
	if err := s.read(ctx, target); err != nil {
		return err
	}
	s.roots = append(s.roots, target)
	if s.options.ConfigRoot == "" || s.options.ConfigRoot == "/" {
		return nil
	}
	host, err := s.loadConfig("", "/", "/", nil)
	if err != nil {
		return fmt.Errorf("the build host's own configuration: %w", err)
	}
	s.roots[universe.Host].settings = host
	return nil
}

// read lists the installed packages and reads the world files of a root, with
// the moves of profiles/updates applied in memory.
func (s *System) read(ctx context.Context, r *root) error {
	var err error
	if r.stamp, err = vdb.ReadStamp(r.dir); err != nil {
		return err
	}
	db, err := vdb.Open(ctx, vdb.Options{Root: r.dir})
	if err != nil {
		return err
	}
	r.recorded = db
	if !s.moves.Empty() {
		r.recorded = db.MapLazy(s.renames, s.moves.Package)
	}
	if r.world, err = vdb.ReadWorld(r.dir); err != nil {
		return err
	}
	for i := range r.world.Atoms {
		if a := r.world.Atoms[i].Atom; a != nil {
			r.world.Atoms[i].Atom = s.moves.Atom(a)
		}
	}
	return nil
}

// worldProblems are the lines of the world files that were skipped.
func (s *System) worldProblems() []string {
	var list []string
	for _, r := range s.roots {
		for _, p := range r.world.Problems {
			list = append(list, p.String())
		}
	}
	return list
}

// renames reports whether profiles/updates may rename an installed package of
// that name, whichever repository it came from.
func (s *System) renames(cp atom.CP) bool {
	for _, r := range s.repos.Repos {
		if s.moves.Atom(&atom.Atom{CP: cp, Repo: r.Name}).CP != cp {
			return true
		}
	}
	return s.moves.CP(cp) != cp
}

// checkRoots enforces emerge(1) on --sysroot and --config-root: build
// dependencies are either the host's or the target's, and so is the configuration.
func (s *System) checkRoots() error {
	target := s.target()
	sysroot := s.logical(target.settings.SysRoot())
	if sysroot != "/" && sysroot != target.path {
		return fmt.Errorf("SYSROOT is %s, but must be / or equal to ROOT (%s), because dependencies needed at build time "+
			"are looked for either on the build host or in ROOT", sysroot, target.path)
	}
	if s.options.ConfigRoot == "" || target.path == "/" {
		return nil
	}
	if configRoot := s.logical(s.options.ConfigRoot); configRoot != "/" && configRoot != target.path && configRoot != sysroot {
		return fmt.Errorf("the configuration root is %s, but with ROOT=%s it must be /, ROOT or SYSROOT (%s)",
			configRoot, target.path, sysroot)
	}
	return nil
}

// logical is a path as the system itself knows it: without --system DIR, with
// "/" at the end.
func (s *System) logical(path string) string {
	path = strings.TrimSuffix(path, "/") + "/"
	if s.options.System != "" {
		if rest, ok := strings.CutPrefix(path, s.options.System+"/"); ok {
			return "/" + rest
		}
	}
	return path
}

// target is the root that requests are for.
func (s *System) target() *root { return s.roots[len(s.roots)-1] }

// installed is what the root contains, seen through dynamic dependencies or not.
func (s *System) installed(r *root, dynamic, ignoreBuilt bool) *vdb.DB {
	if !dynamic {
		return r.recorded
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if db := r.dynamic[ignoreBuilt]; db != nil {
		return db
	}
	db := r.recorded.WithDynamicDeps(s.ebuildOf, ignoreBuilt)
	if r.dynamic == nil {
		r.dynamic = map[bool]*vdb.DB{}
	}
	r.dynamic[ignoreBuilt] = db
	return db
}

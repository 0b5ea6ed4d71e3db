package portsolve

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/repo"
	"github.com/portsolve/portsolve/repo/config"
	"github.com/portsolve/portsolve/solver/universe"
	"github.com/portsolve/portsolve/vdb"
)

// System is an opened system: repositories, configuration and installed
// packages. It is safe for concurrent use and never writes. Metadata is read
// when a request needs it, and kept.
type System struct {
	options  Options
	env      map[string]string
	repos    *repo.Set
	moves    *repo.Moves
	roots    []*root // universe.RootID indexes it
	warnings []string
	loadMS   float64
}

// root is one place where packages are installed.
type root struct {
	id       universe.RootID
	path     string // ROOT as the user knows it, "/" at the end
	dir      string // where ROOT with EPREFIX is on this machine
	settings *config.Settings
	recorded *vdb.DB // as installed, profiles/updates applied
	world    *vdb.World

	mu      sync.Mutex
	dynamic map[bool]*vdb.DB // with dynamic dependencies, by ignoreBuilt
}

// Open reads repositories, configuration and the list of installed packages.
// Its error is ctx's, a *UsageError (roots that do not fit together) or an
// *InputError.
func Open(ctx context.Context, o Options) (*System, error) {
	start := time.Now()
	s := &System{options: o, env: environment(o)}
	if err := s.locate(); err != nil {
		return nil, err
	}
	if err := s.openRepos(); err != nil {
		return nil, &InputError{err}
	}
	if err := s.load(ctx); err != nil {
		return nil, inputError(ctx, err)
	}
	if err := s.checkRoots(); err != nil {
		return nil, &UsageError{err}
	}
	s.warnings = append(s.warnings, s.worldProblems()...)
	s.loadMS = milliseconds(time.Since(start))
	return s, ctx.Err()
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// inputError wraps everything but the end of ctx and errors that are typed already.
func inputError(ctx context.Context, err error) error {
	var input *InputError
	var usage *UsageError
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if errors.As(err, &input) || errors.As(err, &usage) {
		return err
	}
	return &InputError{err}
}

// environment is the configuring environment, with the options that have a
// variable of their own laid over it.
func environment(o Options) map[string]string {
	env := map[string]string{}
	if o.Env == nil {
		for _, kv := range os.Environ() {
			if name, value, ok := strings.Cut(kv, "="); ok {
				env[name] = value
			}
		}
		return env
	}
	for name, value := range o.Env {
		env[name] = value
	}
	return env
}

// locate completes the options from the environment and makes paths absolute.
func (s *System) locate() error {
	o := &s.options
	for _, v := range [...]struct {
		field *string
		name  string
	}{{&o.ConfigRoot, "PORTAGE_CONFIGROOT"}, {&o.Root, "ROOT"}, {&o.SysRoot, "SYSROOT"}, {&o.EPrefix, "EPREFIX"}} {
		if *v.field == "" {
			*v.field = s.env[v.name]
		}
		delete(s.env, v.name)
		if *v.field != "" {
			abs, err := filepath.Abs(*v.field)
			if err != nil {
				return &UsageError{fmt.Errorf("%s %q: %w", v.name, *v.field, err)}
			}
			*v.field = abs
		}
	}
	if o.EPrefix == "/" {
		o.EPrefix = ""
	}
	if o.System == "" {
		return nil
	}
	abs, err := filepath.Abs(o.System)
	if err != nil {
		return &UsageError{fmt.Errorf("--system %q: %w", o.System, err)}
	}
	if st, err := os.Stat(abs); err != nil || !st.IsDir() {
		return &UsageError{fmt.Errorf("--system %s: there is no such directory", o.System)}
	}
	o.System = abs
	return nil
}

// configRoot is the directory above etc/portage, as the user knows it.
func (s *System) configRoot() string {
	switch {
	case s.options.ConfigRoot != "":
		return s.options.ConfigRoot
	case s.options.EPrefix != "":
		return s.options.EPrefix
	}
	return "/"
}

// onDisk is where a path of the system is on this machine.
func (s *System) onDisk(path string, below ...string) string {
	return filepath.Join(append([]string{"/", s.options.System, s.logical(path)}, below...)...)
}

func (s *System) openRepos() error {
	etc := s.onDisk(s.configRoot(), "etc/portage")
	set, err := repo.Open(repo.Options{
		ReposConf: []string{
			s.onDisk(s.options.EPrefix, "usr/share/portage/config/repos.conf"),
			filepath.Join(etc, "repos.conf"),
		},
		Override: s.options.Repos,
		System:   s.options.System,
		Env:      s.env,
	})
	if err != nil {
		return err
	}
	if len(set.Repos) == 0 && !exists(etc) {
		return fmt.Errorf("%w: there is no %s and no repository is configured; "+
			"name a system with --system DIR or a repository with --repo NAME=DIR", ErrNoConfiguration, etc)
	}
	s.repos = set
	s.warnings = append(s.warnings, set.Warnings...)
	moves, warnings, err := set.Moves()
	s.moves = moves
	s.warnings = append(s.warnings, warnings...)
	return err
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// load reads the configuration and, at the same time, lists what is installed
// on the host; a target ROOT, which make.conf may name, follows.
func (s *System) load(ctx context.Context) error {
	host := &root{id: universe.Host, path: "/", dir: s.onDisk(s.options.EPrefix)}
	var hostErr error
	var wait sync.WaitGroup
	wait.Add(1)
	go func() {
		defer wait.Done()
		hostErr = s.read(ctx, host)
	}()
	settings, err := s.loadConfig(s.options.ConfigRoot, s.options.Root, s.options.SysRoot, s.env)
	wait.Wait()
	if err := errors.Join(err, hostErr); err != nil {
		return err
	}
	host.settings = settings
	s.roots = []*root{host}
	if path := s.logical(settings.Root()); path != "/" {
		return s.loadTarget(ctx, path, settings)
	}
	return nil
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

func (s *System) loadConfig(configRoot, target, sysroot string, env map[string]string) (*config.Settings, error) {
	settings, err := config.Load(config.Options{
		ConfigRoot: configRoot, System: s.options.System, EPrefix: s.options.EPrefix,
		Root: target, SysRoot: sysroot, Env: env, Repos: s.repos,
		AcceptProperties: s.options.AcceptProperties, AcceptRestrict: s.options.AcceptRestrict,
		Move: s.moves.Atom,
	})
	if err != nil {
		return nil, err
	}
	s.warnings = append(s.warnings, settings.Warnings()...)
	return settings, nil
}

// read lists the installed packages and reads the world files of a root, with
// the moves of profiles/updates applied in memory.
func (s *System) read(ctx context.Context, r *root) error {
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

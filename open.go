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

	"github.com/portsolve/portsolve/repo"
	"github.com/portsolve/portsolve/repo/config"
	"github.com/portsolve/portsolve/solver/universe"
)

// System is an opened system: repositories, configuration and installed
// packages. It is safe for concurrent use and never writes,
// except to Options.CacheDir. Metadata is read
// when a request needs it, and kept.
type System struct {
	options  Options
	env      map[string]string
	repos    *repo.Set
	moves    *repo.Moves
	roots    []*root // universe.RootID indexes it
	binary   *binaryCache
	warnings []string
	loadMS   float64
}

// Open reads repositories, configuration and the list of installed packages.
// Its error is ctx's, a *UsageError (roots that do not fit together) or an
// *InputError.
func Open(ctx context.Context, o Options) (*System, error) {
	start := time.Now()
	s := &System{options: o, env: environment(o), binary: &binaryCache{}}
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

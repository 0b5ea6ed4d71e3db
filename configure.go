package portsolve

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/atom/metadata"
	"github.com/portsolve/portsolve/internal/rootfs"
	"github.com/portsolve/portsolve/merge"
	"github.com/portsolve/portsolve/merge/phase"
	"github.com/portsolve/portsolve/vdb"
)

// ConfigureOptions of System.Configure.
type ConfigureOptions struct {
	// Phase says how the function is run.
	Phase phase.Options
	// Out takes what it prints; nil discards it.
	Out io.Writer
	// Message takes what it says with einfo (level INFO), elog (LOG), ewarn, eqawarn
	// (QA) and eerror, besides Out; nil forgets it.
	Message func(cpv, level, text string)
	// Waiting is called once if another process changes the same root; nil nobody.
	Waiting func(holder string)
}

// ConfigureError says why pkg_config was not run, or how it failed.
type ConfigureError struct{ Err error }

func (e *ConfigureError) Error() string { return e.Err.Error() }
func (e *ConfigureError) Unwrap() error { return e.Err }

// Configure runs pkg_config of the installed package that a name or an atom means,
// in the root that requests are for (docs/phases.md). A *UsageError says that the
// word is wrong or means several packages; a *ConfigureError that there is no such
// package, that it has no pkg_config, or that pkg_config failed.
func (s *System) Configure(ctx context.Context, word string, o ConfigureOptions) error {
	r := s.target()
	p, err := s.installedOne(r, word)
	if err != nil {
		return err
	}
	defined := strings.Fields(p.Var("DEFINED_PHASES"))
	if len(defined) > 0 && !slices.Contains(defined, "config") {
		return &ConfigureError{fmt.Errorf("%s has no pkg_config: there is nothing to configure", p.CPV)}
	}
	tree, err := rootfs.Open(r.dir)
	if err != nil {
		return inputError(ctx, err)
	}
	defer tree.Close()
	unlock, err := (vdb.State{FS: tree}).Lock(ctx, o.Waiting)
	if err != nil {
		return &ConfigureError{err}
	}
	defer unlock()
	if err := phase.New(o.Phase).Run(ctx, s.configCall(ctx, r, tree, p, &o)); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return &ConfigureError{fmt.Errorf("%s: pkg_config failed: %w", p.CPV, err)}
	}
	return nil
}

// configCall is the call of pkg_config.
func (s *System) configCall(ctx context.Context, r *root, tree rootfs.FS, p *metadata.Package, o *ConfigureOptions) merge.PhaseCall {
	root := strings.TrimSuffix(r.dir, "/") + "/"
	entry := "var/db/pkg/" + p.CPV.Category + "/" + filepath.Base(p.File)
	return merge.PhaseCall{
		Phase:   "config",
		Package: p,
		Env:     func() (io.ReadCloser, error) { return tree.Open(entry + "/environment.bz2") },
		Value:   p.Var,
		Root:    root,
		Entry:   tree.Path(entry),
		Config:  phaseConfig(s, r),
		Query:   nowInstalled{ctx, r.dir},
		Out:     o.Out,
		Elog: func(level, text string) {
			if o.Message != nil {
				o.Message(p.CPV.String(), level, text)
			}
		},
	}
}

// LogDir is where messages of packages are logged (PORTAGE_LOGDIR, by default
// /var/log/portage), as a path on this machine.
func (s *System) LogDir() string {
	dir := s.Var("PORTAGE_LOGDIR")
	if dir == "" {
		dir = "/var/log/portage"
	}
	return s.onDisk(dir)
}

// phaseConfig are the settings that phases see besides what the package brings.
func phaseConfig(s *System, r *root) map[string]string {
	config := map[string]string{"EPREFIX": r.settings.EPrefix(), "SYSROOT": s.options.SysRoot, "PORTAGE_CONFIGROOT": s.configRoot()}
	for _, name := range []string{
		"ARCH", "CHOST", "CBUILD", "CONFIG_PROTECT", "CONFIG_PROTECT_MASK", "DISTDIR", "ELIBC", "FEATURES", "KERNEL", "PKGDIR",
	} {
		if value, _ := r.settings.Var(name); value != "" {
			config[name] = value
		}
	}
	return config
}

// nowInstalled answers from the VDB as it is at the moment of the question.
type nowInstalled struct {
	ctx  context.Context
	root string
}

func (q nowInstalled) Installed(cp atom.CP) []*metadata.Package {
	db, err := vdb.Open(q.ctx, vdb.Options{Root: q.root})
	if err != nil {
		return nil
	}
	return db.Packages(cp)
}

// installedOne is the only installed package that a word means.
func (s *System) installedOne(r *root, word string) (*metadata.Package, error) {
	text, bare := withCategory(word)
	a, err := atom.ParseWildcard(text)
	switch {
	case err != nil:
		return nil, &UsageError{fmt.Errorf("%q is not a valid package: %w", word, err)}
	case a.Blocker != atom.NotBlocker || a.Wild:
		return nil, &UsageError{fmt.Errorf("%q: name one installed package, without wildcards", word)}
	case bare:
		x := &expander{sys: s, root: r, installed: r.recorded}
		cp, err := x.installedName(word, a)
		if err != nil {
			return nil, err
		}
		a = a.WithCP(cp)
	}
	var found []*metadata.Package
	var names []string
	for _, p := range r.recorded.Packages(a.CP) {
		if a.MatchVersion(p.CPV) && a.MatchSlot(p.Slot, p.SubSlot) && a.MatchRepo(p.Repo) {
			found = append(found, p)
			names = append(names, "="+p.CPV.String())
		}
	}
	switch len(found) {
	case 0:
		return nil, &ConfigureError{fmt.Errorf("no installed package matches %q", word)}
	case 1:
		return found[0], nil
	}
	return nil, &UsageError{fmt.Errorf("%q means several installed packages; name one of: %s", word, strings.Join(names, ", "))}
}

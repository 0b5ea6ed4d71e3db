package portsolve

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"

	"github.com/portsolve/portsolve/atom/metadata"
	"github.com/portsolve/portsolve/binpkg"
	"github.com/portsolve/portsolve/binpkg/fetch"
)

// FetchBinaries makes binary packages of an answer available on this machine: those of http binhosts are fetched into
// Options.CacheDir, or the location that binrepos.conf has for their binhost, and verified against their index, several at a time; of others
// the path is where they are. What was fetched into PKGDIR is entered in its index. paths[i]
// belongs to pkgs[i] and is "" where it failed; the error joins those of the packages. Signatures are not looked at: they
// are verified before a package is unpacked. report, if not nil, is told what happens.
func (s *System) FetchBinaries(ctx context.Context, pkgs []*metadata.Package, report func(fetch.Event)) (paths []string, err error) {
	f, err := s.fetcher(report)
	if err != nil {
		return nil, &InputError{err}
	}
	paths, err = f.Packages(ctx, pkgs...)
	if ctx.Err() == nil {
		err = errors.Join(err, s.indexFetched(ctx, pkgs, paths))
	}
	return paths, err
}

// indexFetched enters packages that were fetched into PKGDIR in its index, as Portage did with every fetched package before
// binhosts had a location of their own: otherwise they would not be there (FEATURES=pkgdir-index-trusted, make.conf(5)).
func (s *System) indexFetched(ctx context.Context, pkgs []*metadata.Package, paths []string) error {
	settings := s.target().settings
	dir := s.pkgDir(settings)
	o := binpkg.IndexOptions{Compress: hasFeature(settings, "compress-index")}
	for i, path := range paths {
		rel, err := filepath.Rel(dir, path)
		if dir != "" && path != "" && pkgs[i].Remote && fetch.IsRemote(pkgs[i].File) && err == nil && filepath.IsLocal(rel) {
			o.Only = append(o.Only, rel)
		}
	}
	if len(o.Only) == 0 {
		return nil
	}
	if index, err := os.Stat(filepath.Join(dir, binpkg.IndexName)); errors.Is(err, fs.ErrNotExist) || err == nil && index.Size() == 0 {
		o.Header = map[string]string{}
		for _, name := range [...]string{"ARCH", "CHOST", "IUSE_IMPLICIT"} { // of which the first readers have need
			if v, _ := settings.Var(name); v != "" {
				o.Header[name] = v
			}
		}
	}
	u, err := binpkg.UpdateIndex(ctx, dir, o)
	if errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EROFS) {
		return nil // they were there before, and whoever may write there may do it
	}
	if err != nil {
		return fmt.Errorf("the packages are in %s, but its index cannot be updated: %w", dir, err)
	}
	var all []error
	for _, p := range u.Problems {
		if slices.Contains(paths, p.Path) { // not what else lies around there
			all = append(all, errors.New(p.String()))
		}
	}
	return errors.Join(all...)
}

// fetcher prepares downloads into the cache directory.
func (s *System) fetcher(report func(fetch.Event)) (*fetch.Fetcher, error) {
	dir, err := s.cacheDir()
	if err != nil {
		return nil, err
	}
	return fetch.New(fetch.Options{Dir: filepath.Join(dir, "binhost"), Places: s.binary.places(), Own: s.pkgDir(s.target().settings), Report: report, Attempts: s.options.FetchAttempts})
}

// cacheDir is where files of ours are kept.
func (s *System) cacheDir() (string, error) {
	if dir := s.options.CacheDir; dir != "" {
		return filepath.Abs(dir)
	}
	if os.Geteuid() == 0 {
		return s.onDisk("/var/cache/portsolve"), nil
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("there is no cache directory: %w", err)
	}
	return filepath.Join(dir, "portsolve"), nil
}

// places are the locations of binhosts, by URI.
func (c *binaryCache) places() map[string]string {
	out := map[string]string{}
	c.located.Range(func(uri, dir any) bool {
		out[uri.(string)] = dir.(string)
		return true
	})
	return out
}

// fetched reports whether a package of a binhost is in the cache, with the size that its index says.
func (s *System) fetched(p *metadata.Package) bool {
	f, err := s.fetcher(nil)
	if err != nil || !fetch.IsRemote(p.File) {
		return false
	}
	return f.Have(p)
}

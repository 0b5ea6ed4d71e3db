package portsolve

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/portsolve/portsolve/atom/metadata"
	"github.com/portsolve/portsolve/binpkg"
	"github.com/portsolve/portsolve/binpkg/fetch"
)

// FetchBinaries makes binary packages of an answer available on this machine: those of http binhosts are fetched into
// Options.CacheDir and verified against their index, several at a time; of others the path is where they are. paths[i]
// belongs to pkgs[i] and is "" where it failed; the error joins those of the packages. Signatures are not looked at: they
// are verified before a package is unpacked. report, if not nil, is told what happens.
func (s *System) FetchBinaries(ctx context.Context, pkgs []*metadata.Package, report func(fetch.Event)) (paths []string, err error) {
	f, err := s.fetcher(report)
	if err != nil {
		return nil, &InputError{err}
	}
	return f.Packages(ctx, pkgs...)
}

// fetcher prepares downloads into the cache directory.
func (s *System) fetcher(report func(fetch.Event)) (*fetch.Fetcher, error) {
	dir, err := s.cacheDir()
	if err != nil {
		return nil, err
	}
	return fetch.New(fetch.Options{Dir: filepath.Join(dir, "binhost"), Places: s.binary.places(), Report: report, Attempts: s.options.FetchAttempts})
}

// cacheDir is where files of ours are kept.
func (s *System) cacheDir() (string, error) {
	if dir := s.options.CacheDir; dir != "" {
		return filepath.Abs(dir)
	}
	if os.Geteuid() == 0 {
		return "/var/cache/portsolve", nil
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
	path, err := f.Path(p)
	if err != nil {
		return false
	}
	st, err := os.Stat(path)
	return err == nil && st.Mode().IsRegular() && st.Size() == binpkg.DigestsOf(p).Size
}

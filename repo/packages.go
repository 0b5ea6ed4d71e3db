package repo

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"

	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/atom/metadata"
)

// packageCache holds what Packages has read.
type packageCache struct {
	mu sync.Mutex
	m  map[atom.CP]*packageEntry
}

// packageEntry is one package name; its mutex is held while it is read, so that
// different names load in parallel and one name loads once.
type packageEntry struct {
	mu   sync.Mutex
	done bool
	list []*metadata.Package
	err  error
}

func (c *packageCache) entry(cp atom.CP) *packageEntry {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.m == nil {
		c.m = map[atom.CP]*packageEntry{}
	}
	e := c.m[cp]
	if e == nil {
		e = &packageEntry{}
		c.m[cp] = e
	}
	return e
}

// Packages returns every version of cp in this repository, ascending by version;
// none is not an error. A version without valid metadata is returned with Invalid set
// (errors.Is(p.Invalid, ErrNoMetadata) tells that there is no usable cache
// entry). Results are cached and shared: callers must not modify them. Errors are
// those of reading directories, and ctx's.
func (r *Repo) Packages(ctx context.Context, cp atom.CP) ([]*metadata.Package, error) {
	e := r.pkgs.entry(cp)
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.done {
		return e.list, e.err
	}
	versions, err := r.versions(cp)
	if err != nil {
		e.done, e.err = true, fmt.Errorf("repository %q: %w", r.Name, err)
		return nil, e.err
	}
	list := make([]*metadata.Package, 0, len(versions))
	for _, v := range versions {
		if err := ctx.Err(); err != nil {
			return nil, err // not remembered: the next caller may finish it
		}
		list = append(list, r.load(atom.CPV{CP: cp, Version: v.version}, v.ebuild))
	}
	e.done, e.list = true, list
	return list, nil
}

// version is one version that exists, and its ebuild unless the repository is
// of metadata alone.
type version struct {
	version atom.Version
	ebuild  string
}

// versions lists the versions of cp, ascending.
func (r *Repo) versions(cp atom.CP) ([]version, error) {
	if !plainName(cp.Category) || !plainName(cp.Package) {
		return nil, nil // a pattern, or no name at all
	}
	alone, err := r.MetadataOnly()
	if err != nil {
		return nil, err
	}
	var out []version
	if alone {
		index, err := r.categoryIndex(cp.Category)
		if err != nil {
			return nil, err
		}
		for _, s := range index[cp.Package] {
			if v, err := atom.ParseVersion(s); err == nil {
				out = append(out, version{version: v})
			}
		}
	} else if out, err = r.ebuilds(cp); err != nil {
		return nil, err
	}
	slices.SortFunc(out, func(a, b version) int {
		return cmp.Or(a.version.Compare(b.version), cmp.Compare(a.version.String(), b.version.String()))
	})
	return out, nil
}

// plainName guards paths: no separators, wildcards or hidden names.
func plainName(s string) bool {
	return s != "" && s[0] != '.' && !strings.ContainsAny(s, "/*\x00")
}

// ebuilds lists the package directory. Files that are not named
// package-version.ebuild are ignored (PMS 4.3).
func (r *Repo) ebuilds(cp atom.CP) ([]version, error) {
	dir := filepath.Join(r.Location, cp.Category, cp.Package)
	names, err := readDirNames(dir)
	if notThere(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var out []version
	for _, n := range names {
		pf, ok := strings.CutSuffix(n, ".ebuild")
		if !ok || !strings.HasPrefix(pf, cp.Package) || len(pf) < len(cp.Package)+2 || pf[len(cp.Package)] != '-' {
			continue
		}
		if v, err := atom.ParseVersion(pf[len(cp.Package)+1:]); err == nil {
			out = append(out, version{v, filepath.Join(dir, n)})
		}
	}
	return out, nil
}

// notThere reports whether err says that a path leads to nothing, or through
// something that is not a directory.
func notThere(err error) bool {
	return errors.Is(err, os.ErrNotExist) || errors.Is(err, syscall.ENOTDIR)
}

// ByPath returns the package of the ebuild at path, which must be inside the
// repository. An ebuild of a repository of metadata alone has no path.
func (r *Repo) ByPath(ctx context.Context, path string) (*metadata.Package, error) {
	cpv, err := r.cpvOf(path)
	if err != nil {
		return nil, err
	}
	pkgs, err := r.Packages(ctx, cpv.CP)
	if err != nil {
		return nil, err
	}
	for _, p := range pkgs {
		if p.CPV.Version.String() == cpv.Version.String() && hasEbuild(p) {
			return p, nil
		}
	}
	return nil, fmt.Errorf("%s: there is no such ebuild: %w", path, os.ErrNotExist)
}

func hasEbuild(p *metadata.Package) bool {
	return strings.HasSuffix(p.File, ".ebuild")
}

// cpvOf takes the path of an ebuild apart: LOCATION/category/package/pf.ebuild.
func (r *Repo) cpvOf(path string) (atom.CPV, error) {
	rel, ok := relativeTo(r.Location, path)
	if !ok {
		return atom.CPV{}, fmt.Errorf("%s is not inside repository %q (%s)", path, r.Name, r.Location)
	}
	parts := strings.Split(filepath.ToSlash(rel), "/")
	if len(parts) != 3 || !strings.HasSuffix(parts[2], ".ebuild") {
		return atom.CPV{}, fmt.Errorf("%s is not an ebuild's path: inside repository %q that is category/package/package-version.ebuild", path, r.Name)
	}
	cpv, err := atom.MakeCPV(parts[0], strings.TrimSuffix(parts[2], ".ebuild"))
	if err != nil {
		return atom.CPV{}, fmt.Errorf("%s: %w", path, err)
	}
	if cpv.Package != parts[1] {
		return atom.CPV{}, fmt.Errorf("%s: the file name should be %s-VERSION.ebuild (PMS 4.3)", path, parts[1])
	}
	return cpv, nil
}

// relativeTo gives path relative to dir if it is below it, as written or with
// symbolic links resolved.
func relativeTo(dir, path string) (string, bool) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return "", false
	}
	if rel, ok := below(dir, abs); ok {
		return rel, true
	}
	realDir, err1 := filepath.EvalSymlinks(dir)
	realPath, err2 := filepath.EvalSymlinks(abs)
	if err1 != nil || err2 != nil {
		return "", false
	}
	return below(realDir, realPath)
}

func below(dir, path string) (string, bool) {
	rel, err := filepath.Rel(dir, path)
	if err != nil || rel == "." || rel == ".." || strings.HasPrefix(rel, "../") {
		return "", false
	}
	return rel, true
}

// ByPath finds the repository that holds the ebuild at path, and its package.
// Of nested repositories the innermost counts. repo is nil if no repository holds path.
func (s *Set) ByPath(ctx context.Context, path string) (repo *Repo, p *metadata.Package, err error) {
	for _, r := range s.Repos {
		if _, ok := relativeTo(r.Location, path); ok && (repo == nil || len(r.Location) > len(repo.Location)) {
			repo = r
		}
	}
	if repo == nil {
		return nil, nil, fmt.Errorf("%s is not inside any configured repository", path)
	}
	p, err = repo.ByPath(ctx, path)
	return repo, p, err
}

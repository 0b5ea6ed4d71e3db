package binpkg

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/portsolve/portsolve/atom"
)

// local lists the packages of a PKGDIR.
func (s *Set) local(ctx context.Context, dir string, trust bool) ([]*entry, error) {
	index := s.localIndex(filepath.Join(dir, IndexName))
	if trust && index != nil && index.Whole {
		return entriesOf(index, dir, nil), nil
	}
	files, err := s.listFiles(ctx, dir)
	if err != nil {
		return nil, err
	}
	byPath := index.byPath()
	var out []*entry
	for _, f := range files {
		e := &entry{cpv: f.cpv, from: f.packageFile}
		if x := byPath[f.path]; x != nil && x.CPV == f.cpv && describes(x, f.packageFile) {
			e.from = indexed{index: index, entry: x, base: dir}
		}
		out = append(out, e)
	}
	return out, nil
}

// localIndex reads PKGDIR's own index; nil if there is none that can be used.
func (s *Set) localIndex(path string) *Index {
	index, err := ReadIndex(path)
	if err != nil {
		if !errors.Is(err, fs.ErrNotExist) {
			s.problem(path, fmt.Errorf("%w; package files are read instead", err))
		}
		return nil
	}
	for _, err := range index.Problems {
		s.problem(path, err)
	}
	return index
}

// entriesOf makes an entry of each package of an index.
func entriesOf(index *Index, base string, host *Host) []*entry {
	out := make([]*entry, len(index.Packages))
	for i := range index.Packages {
		e := &index.Packages[i]
		out[i] = &entry{cpv: e.CPV, from: indexed{index: index, entry: e, base: base, host: host}}
	}
	return out
}

// describes reports whether an entry of the index is about the file as it is now.
func describes(e *IndexEntry, f packageFile) bool {
	size, _ := lineValue(e.text, "SIZE")
	modified, ok := lineValue(e.text, "MTIME")
	if !ok {
		modified, _ = lineValue(e.text, "_mtime_")
	}
	return number(size) == f.size && number(modified) == f.modified
}

// foundFile is a file with the package that its name promises.
type foundFile struct {
	cpv atom.CPV
	packageFile
}

// listFiles finds the package files of a PKGDIR in both layouts: CATEGORY/PF.EXT
// and CATEGORY/PN/PF-BUILDID.EXT. Other files are passed over.
func (s *Set) listFiles(ctx context.Context, dir string) ([]foundFile, error) {
	categories, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("PKGDIR: %w", err)
	}
	var out []foundFile
	for _, c := range categories {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if _, err := atom.ParseCP(c.Name() + "/any"); err != nil {
			continue // not a category
		}
		for _, f := range s.readDir(dir, c.Name()) {
			if IsPackageName(f.Name()) {
				out = s.found(out, dir, c.Name(), "", f)
				continue
			}
			if _, err := atom.ParseCP(c.Name() + "/" + f.Name()); err != nil {
				continue // nor a package name
			}
			for _, build := range s.readDir(dir, filepath.Join(c.Name(), f.Name())) {
				if IsPackageName(build.Name()) {
					out = s.found(out, dir, c.Name(), f.Name(), build)
				}
			}
		}
	}
	return out, nil
}

// readDir lists a directory, nothing if it is none. One that cannot be read is a problem.
func (s *Set) readDir(dir, name string) []fs.DirEntry {
	path := filepath.Join(dir, name)
	if st, err := os.Stat(path); err != nil || !st.IsDir() {
		return nil
	}
	list, err := os.ReadDir(path)
	if err != nil {
		s.problem(path, err)
	}
	return list
}

// found appends a file if its name is that of a package.
func (s *Set) found(out []foundFile, dir, category, name string, e fs.DirEntry) []foundFile {
	path := filepath.Join(category, name, e.Name())
	full := filepath.Join(dir, path)
	st, err := os.Stat(full) // a link may lead to a package
	if err != nil {
		s.problem(full, err)
		return out
	}
	if st.IsDir() {
		return out
	}
	cpv, build, err := parseFileName(category, name, e.Name())
	if err != nil {
		s.problem(full, err)
		return out
	}
	return append(out, foundFile{cpv, packageFile{dir, path, build, st.Size(), st.ModTime().Unix()}})
}

// parseFileName tells the package by its file's name. With a directory for each
// package name, a number at the end is the build's; some files there have none.
func parseFileName(category, name, file string) (cpv atom.CPV, build int, err error) {
	pf, _ := cutSuffix(file)
	if name == "" {
		cpv, err = atom.ParseCPV(category + "/" + pf)
		return cpv, 0, err
	}
	if i := strings.LastIndexByte(pf, '-'); i > 0 {
		if n, err := strconv.ParseUint(pf[i+1:], 10, 31); err == nil {
			if cpv, err := atom.ParseCPV(category + "/" + pf[:i]); err == nil && cpv.CP.Package == name {
				return cpv, int(n), nil
			}
		}
	}
	cpv, err = atom.ParseCPV(category + "/" + pf)
	if err == nil && cpv.CP.Package != name {
		err = fmt.Errorf("%s is not a build of %s/%s, whose directory this is", file, category, name)
	}
	return cpv, 0, err
}

package vdb

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/atom/metadata"
)

// entry is one package directory. pkg and problems are set by the first get.
type entry struct {
	cpv  atom.CPV
	path string
	from source

	once     sync.Once
	pkg      *metadata.Package // nil if damaged
	problems []Problem
}

// source is where an entry's package comes from: a directory, another entry, memory.
type source interface {
	load(s *scratch) (*metadata.Package, []Problem)
}

// get reads the entry on the first call.
func (e *entry) get(s *scratch) *metadata.Package {
	e.once.Do(func() { e.pkg, e.problems = e.from.load(s) })
	return e.pkg
}

// readyPackage is the source of a package that is in memory already.
type readyPackage struct{ p *metadata.Package }

func (r readyPackage) load(*scratch) (*metadata.Package, []Problem) { return r.p, nil }

// errInterrupted marks the directory in which a merge was being prepared.
var errInterrupted = errors.New("left behind by an interrupted merge")

// list finds the package directories below dir, the var/db/pkg of a ROOT.
func list(ctx context.Context, dir string) ([]*entry, []Problem, error) {
	categories, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, fmt.Errorf("installed packages: %w", err)
	}
	var entries []*entry
	var problems []Problem
	for _, c := range categories {
		if err := ctx.Err(); err != nil {
			return nil, nil, err
		}
		if strings.HasPrefix(c.Name(), ".") || !mayBeDir(c) {
			continue
		}
		path := filepath.Join(dir, c.Name())
		members, err := os.ReadDir(path)
		if err != nil {
			if !errors.Is(err, fs.ErrNotExist) && c.IsDir() {
				problems = append(problems, Problem{Path: path, Err: err})
			}
			continue
		}
		entries, problems = listCategory(path, c.Name(), members, entries, problems)
	}
	return entries, problems, nil
}

// listCategory appends the package directories of one category. Files and
// dot-names (locks, among others) are not packages and not worth a word.
func listCategory(path, category string, members []fs.DirEntry, entries []*entry, problems []Problem) ([]*entry, []Problem) {
	for _, m := range members {
		name := m.Name()
		if strings.HasPrefix(name, ".") || strings.HasSuffix(name, lockSuffix) || !mayBeDir(m) {
			continue
		}
		full := path + "/" + name
		if strings.HasPrefix(name, mergingPrefix) {
			problems = append(problems, Problem{Path: full, Err: errInterrupted})
			continue
		}
		cpv, err := atom.ParseCPV(category + "/" + name)
		if err != nil {
			problems = append(problems, Problem{Path: full, Err: fmt.Errorf("not a package name and version: %w", err)})
			continue
		}
		entries = append(entries, &entry{cpv: cpv, path: full, from: directory{cpv, full}})
	}
	return entries, problems
}

const (
	mergingPrefix = "-MERGING-"         // a package is prepared here and then renamed
	lockSuffix    = ".portage_lockfile" // advisory locks of a package directory
)

// mayBeDir is true for directories and for symbolic links, which are followed.
func mayBeDir(e fs.DirEntry) bool {
	return e.IsDir() || e.Type()&fs.ModeSymlink != 0
}

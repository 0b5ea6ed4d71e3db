package repo

import (
	"path/filepath"
	"strings"
	"sync"

	"github.com/portsolve/portsolve/atom"
)

// categoryCache holds the listings of the cache's category directories
// (repositories of metadata alone).
type categoryCache struct {
	mu sync.Mutex
	m  map[string]*category
}

// category is one directory of the metadata cache. It is read once; the index
// is made only if someone asks for packages, not to look for a single name.
type category struct {
	files onceValue[[]string]
	index onceValue[map[string][]string]
}

func (r *Repo) category(name string) *category {
	c := &r.catIndex
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.m == nil {
		c.m = map[string]*category{}
	}
	cat := c.m[name]
	if cat == nil {
		cat = &category{}
		c.m[name] = cat
	}
	return cat
}

// categoryFiles lists the entries of a category. The preferred format is the
// list; others may be incomplete.
func (r *Repo) categoryFiles(name string) ([]string, error) {
	return r.category(name).files.get(func() ([]string, error) {
		for _, f := range r.formats() {
			files, err := readDirNames(filepath.Join(r.Location, f.dir, name))
			if !notThere(err) {
				return files, err
			}
		}
		return nil, nil
	})
}

// categoryIndex gives the versions by package name, in no order.
func (r *Repo) categoryIndex(name string) (map[string][]string, error) {
	return r.category(name).index.get(func() (map[string][]string, error) {
		files, err := r.categoryFiles(name)
		index := make(map[string][]string, len(files)/2)
		for _, pf := range files {
			if pkg, v, ok := atom.SplitPF(pf); ok {
				index[pkg] = append(index[pkg], v)
			}
		}
		return index, err
	})
}

// cached reports whether the cache has any version of cp.
func (r *Repo) cached(cp atom.CP) (bool, error) {
	files, err := r.categoryFiles(cp.Category)
	for _, pf := range files {
		if strings.HasPrefix(pf, cp.Package) {
			if pkg, _, ok := atom.SplitPF(pf); ok && pkg == cp.Package {
				return true, nil
			}
		}
	}
	return false, err
}

package repo

import (
	"os"
	"path/filepath"
)

// kindOnce is whether the repository is of metadata alone, found out once.
type kindOnce = onceValue[bool]

// MetadataOnly reports whether the repository has a metadata cache and no
// package directories at all, as services and continuous integration keep it. The
// entries of its cache are then its versions; otherwise the ebuilds are, and an
// entry without an ebuild is stale and ignored.
func (r *Repo) MetadataOnly() (bool, error) {
	return r.kind.get(func() (bool, error) {
		if len(r.Layout.CacheFormats) == 0 {
			return false, nil
		}
		cats, err := r.categoryDirs(r.Location)
		if err != nil {
			return false, err
		}
		for _, c := range cats {
			found, err := hasPackageDir(filepath.Join(r.Location, c))
			if found || err != nil {
				return false, err
			}
		}
		return true, nil
	})
}

// hasPackageDir reports whether dir has a subdirectory that could be a package's.
func hasPackageDir(dir string) (bool, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		if notThere(err) {
			err = nil
		}
		return false, err
	}
	for _, e := range entries {
		if plainName(e.Name()) && e.Name() != "CVS" && isDirEntry(dir, e) {
			return true, nil
		}
	}
	return false, nil
}

func isDirEntry(dir string, e os.DirEntry) bool {
	if e.Type()&os.ModeSymlink != 0 {
		return isDir(filepath.Join(dir, e.Name()))
	}
	return e.IsDir()
}

// categoryDirs returns the names of the directories of root that are categories, sorted: those
// listed in some profiles/categories or, if there is no list at all, any name
// but those that PMS 4.1 gives another meaning.
func (r *Repo) categoryDirs(root string) ([]string, error) {
	entries, err := os.ReadDir(root)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, e := range entries {
		name := e.Name()
		if _, listed := r.categories[name]; !listed && (len(r.categories) > 0 || reservedDir(name)) {
			continue
		}
		if plainName(name) && isDirEntry(root, e) {
			out = append(out, name)
		}
	}
	return out, nil
}

func reservedDir(name string) bool {
	switch name {
	case "profiles", "metadata", "eclass", "licenses", "scripts", "distfiles", "packages", "files", "local":
		return true
	}
	return false
}

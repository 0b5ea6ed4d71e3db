package repo

import (
	"os"
	"path/filepath"
	"slices"

	"github.com/portsolve/portsolve/atom"
)

// Categories are those listed by profiles/categories of the repository and its
// masters (PMS 4.4), sorted and without duplicates.
func (r *Repo) Categories() []string {
	var out []string
	for _, m := range append(slices.Clone(r.Masters), r) {
		// Open has read the file before; what has become unreadable since is empty.
		words, _ := readWords(filepath.Join(m.Location, "profiles", "categories"))
		out = append(out, words...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Names lists every package name of the repository, sorted. It reads
// directories only (no metadata); a package directory without any ebuild counts.
// Entries that are not valid package names are ignored.
func (r *Repo) Names() ([]atom.CP, error) {
	all, err := r.names.get(func() ([]atom.CP, error) {
		cats, err := r.namedCategories()
		if err != nil {
			return nil, err
		}
		var out []atom.CP
		for _, c := range cats {
			pkgs, err := r.packageNames(c)
			if err != nil {
				return nil, err
			}
			for _, p := range pkgs {
				if cp, err := atom.ParseCP(c + "/" + p); err == nil {
					out = append(out, cp)
				}
			}
		}
		slices.SortFunc(out, atom.CP.Compare)
		return out, nil
	})
	return slices.Clone(all), err
}

// namedCategories are the categories that have a directory, sorted.
func (r *Repo) namedCategories() ([]string, error) {
	alone, err := r.MetadataOnly()
	if err != nil {
		return nil, err
	}
	if alone {
		return r.categoryDirs(filepath.Join(r.Location, r.formats()[0].dir))
	}
	return r.categoryDirs(r.Location)
}

// packageNames lists a category, in no order.
func (r *Repo) packageNames(category string) ([]string, error) {
	alone, err := r.MetadataOnly()
	if err != nil {
		return nil, err
	}
	var out []string
	if alone {
		index, err := r.categoryIndex(category)
		for name := range index {
			out = append(out, name)
		}
		return out, err
	}
	dir := filepath.Join(r.Location, category)
	entries, err := os.ReadDir(dir)
	for _, e := range entries {
		if e.Name() != "CVS" && isDirEntry(dir, e) {
			out = append(out, e.Name())
		}
	}
	return out, err
}

// NamesWithPackage returns the CPs whose package part is name, sorted.
func (r *Repo) NamesWithPackage(name string) ([]atom.CP, error) {
	if !plainName(name) {
		return nil, nil
	}
	cats, err := r.namedCategories()
	if err != nil {
		return nil, err
	}
	var out []atom.CP
	for _, c := range cats {
		cp := atom.CP{Category: c, Package: name}
		found, err := r.Has(cp)
		if err != nil {
			return nil, err
		}
		if found {
			out = append(out, cp)
		}
	}
	return out, nil
}

// Has reports whether the repository has a version of that package. It reads no metadata.
func (r *Repo) Has(cp atom.CP) (bool, error) {
	if !plainName(cp.Category) || !plainName(cp.Package) {
		return false, nil
	}
	if alone, err := r.MetadataOnly(); alone || err != nil {
		if err != nil {
			return false, err
		}
		return r.cached(cp)
	}
	v, err := r.ebuilds(cp)
	return len(v) > 0, err
}

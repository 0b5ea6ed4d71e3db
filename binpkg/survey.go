package binpkg

import (
	"cmp"
	"context"
	"path/filepath"
	"slices"
)

// Survey is what an index says of a PKGDIR beside what is there.
type Survey struct {
	Index       *Index // nil if there is none
	Files       int    // package files
	Differences []Difference
	Problems    []Problem // of the index and of file names
}

// Difference is a file or an entry of the index that the other side lacks, or
// describes otherwise.
type Difference struct {
	Path string // relative to the directory
	Kind DifferenceKind
}

// DifferenceKind is what is wrong between an index and a file.
type DifferenceKind string

// Kinds of differences.
const (
	NotIndexed DifferenceKind = "not in the index"
	Changed    DifferenceKind = "changed since it was indexed" // size or modification time differ
	Missing    DifferenceKind = "indexed, but missing"
)

// SurveyDir compares the index of a PKGDIR with its files, without reading any of
// them. The errors are an unreadable directory or the end of ctx.
func SurveyDir(ctx context.Context, dir string) (*Survey, error) {
	s := &Set{}
	out := &Survey{Index: s.localIndex(filepath.Join(dir, IndexName))}
	files, err := s.listFiles(ctx, dir)
	if err != nil {
		return nil, err
	}
	out.Files = len(files)
	byPath := out.Index.byPath()
	for _, f := range files {
		switch e := byPath[f.path]; {
		case e == nil:
			out.Differences = append(out.Differences, Difference{f.path, NotIndexed})
		case e.CPV != f.cpv || !describes(e, f.packageFile):
			out.Differences = append(out.Differences, Difference{f.path, Changed})
		}
		delete(byPath, f.path)
	}
	for path := range byPath {
		out.Differences = append(out.Differences, Difference{path, Missing})
	}
	slices.SortFunc(out.Differences, func(a, b Difference) int { return cmp.Compare(a.Path, b.Path) })
	out.Problems = s.Problems()
	return out, nil
}

// byPath finds the entries by their PATH; of two with the same one the last counts.
func (x *Index) byPath() map[string]*IndexEntry {
	if x == nil {
		return nil
	}
	out := make(map[string]*IndexEntry, len(x.Packages))
	for i := range x.Packages {
		e := &x.Packages[i]
		value, _ := lineValue(e.text, "PATH")
		if path, err := packagePath(e.CPV, value); err == nil {
			out[path] = e
		}
	}
	return out
}

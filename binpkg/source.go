package binpkg

import (
	"fmt"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/atom/metadata"
)

// indexed is a package known from an index.
type indexed struct {
	index *Index
	entry *IndexEntry
	base  string // directory or URI that PATH is relative to
	host  *Host  // nil: PKGDIR
}

func (i indexed) where() string { return fmt.Sprintf("%s:%d", i.index.Path, i.entry.Line) }

// load implements origin.
func (i indexed) load(cpv atom.CPV) (*metadata.Package, error) {
	vars := i.index.Vars(i.entry)
	path, err := packagePath(cpv, vars["PATH"])
	if err != nil {
		return nil, err
	}
	vars["PATH"] = path
	p := fromVars(cpv, vars)
	p.File = i.base + "/" + path
	if i.host != nil {
		p.Remote, p.Binhost = true, i.host.Name
	}
	return p, nil
}

// packagePath is PATH, by default where packages were before there were several
// builds of a version. One that leads out of the directory is refused.
func packagePath(cpv atom.CPV, path string) (string, error) {
	if path == "" {
		return cpv.String() + ".tbz2", nil
	}
	if !filepath.IsLocal(path) {
		return "", fmt.Errorf("PATH %.80q of %s leads out of the directory", path, cpv)
	}
	return path, nil
}

// fromVars makes a package of its variables.
func fromVars(cpv atom.CPV, vars map[string]string) *metadata.Package {
	p := metadata.FromVars(cpv, metadata.Binary, vars)
	p.Repo = vars["repository"]
	p.BuildTime = number(vars["BUILD_TIME"])
	p.BuildID = int(min(number(vars["BUILD_ID"]), 1<<31-1))
	return p
}

// number is a count, 0 if the text is none: nothing that must be right depends on it.
func number(text string) int64 {
	n, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64)
	if err != nil || n < 0 {
		return 0
	}
	return n
}

// packageFile is a package known from its file only.
type packageFile struct {
	dir, path      string // PKGDIR, and the file relative to it
	buildID        int    // by the file's name, 0 none
	size, modified int64
}

func (f packageFile) where() string { return filepath.Join(f.dir, f.path) }

// load implements origin: it reads the file's metadata.
func (f packageFile) load(cpv atom.CPV) (*metadata.Package, error) {
	in, err := OpenFile(f.where())
	if err != nil {
		return nil, err
	}
	defer in.Close()
	p, err := in.Package()
	if err != nil {
		return nil, err
	}
	if p.CPV != cpv {
		return nil, fmt.Errorf("holds %s, which its name does not say", p.CPV)
	}
	if p.BuildID == 0 && f.buildID > 0 {
		p.BuildID = f.buildID
		p.Raw["BUILD_ID"] = strconv.Itoa(f.buildID)
	}
	p.Raw["PATH"] = f.path
	p.Raw["SIZE"] = strconv.FormatInt(f.size, 10)
	p.Raw["MTIME"] = strconv.FormatInt(f.modified, 10)
	return p, nil
}

// Package makes a package of a file's own metadata. Its SIZE is that of the
// file, as in an index. The error is a *FormatError.
func (f *File) Package() (*metadata.Package, error) {
	values, err := f.values(isVariable)
	if err != nil {
		return nil, err
	}
	return f.packageOf(values)
}

// packageOf is Package for values that have been read.
func (f *File) packageOf(values []Value) (*metadata.Package, error) {
	vars := make(map[string]string, len(values))
	for _, v := range values {
		if !isVariable(v.Name) {
			continue
		}
		if len(v.Data) > maxVariable {
			return nil, &FormatError{f.Path, f.Format, v.Name, fmt.Errorf("is longer than %d KiB", maxVariable>>10)}
		}
		if text := strings.Join(strings.Fields(string(v.Data)), " "); text != "" {
			vars[v.Name] = text
		}
	}
	cpv, err := atom.ParseCPV(vars["CATEGORY"] + "/" + vars["PF"])
	if err != nil {
		return nil, &FormatError{f.Path, f.Format, "CATEGORY and PF", err}
	}
	vars["SIZE"] = strconv.FormatInt(f.Size, 10)
	p := fromVars(cpv, vars)
	p.File = f.Path
	return p, nil
}

// maxVariable bounds one variable; the longest dependency strings have 20 KiB.
const maxVariable = 1 << 20

// isVariable tells the values that a resolver, or somebody who looks at its
// answer, may ask for from files that only a merge needs.
func isVariable(name string) bool {
	switch name {
	case "CATEGORY", "PF", "EAPI", "SLOT", "KEYWORDS", "IUSE", "USE", "IUSE_EFFECTIVE", "repository",
		"BUILD_ID", "BUILD_TIME", "DEPEND", "BDEPEND", "IDEPEND", "RDEPEND", "PDEPEND", "REQUIRED_USE",
		"LICENSE", "PROPERTIES", "RESTRICT", "CHOST", "CBUILD", "PROVIDES", "REQUIRES", "DEFINED_PHASES",
		"DESCRIPTION", "HOMEPAGE", "INHERITED", "SRC_URI", "REPO_REVISIONS":
		return true
	}
	return false
}

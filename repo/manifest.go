package repo

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/portsolve/portsolve/atom"
)

// maxPackageFile bounds a Manifest or ChangeLog; the largest real ones are about 2 MB.
const maxPackageFile = 16 << 20

// Distfiles returns the sizes in bytes of the source files that the Manifest of
// a package lists (its DIST lines, GLEP 74), by file name. It is nil where there
// is no Manifest: then nothing is known about sizes. A line that cannot be
// understood is a *FileError.
func (r *Repo) Distfiles(cp atom.CP) (map[string]int64, error) {
	path, text, err := r.packageFile(cp, "Manifest")
	if text == "" || err != nil {
		return nil, err
	}
	sizes := map[string]int64{}
	num := 0
	for line := range strings.Lines(text) {
		num++
		rest, ok := strings.CutPrefix(line, "DIST ")
		if !ok {
			continue
		}
		fields := strings.Fields(rest)
		if len(fields) < 2 {
			return nil, &FileError{path, num, errors.New("the line should be \"DIST NAME SIZE HASH VALUE…\" (GLEP 74)")}
		}
		size, err := strconv.ParseInt(fields[1], 10, 64)
		if err != nil || size < 0 {
			return nil, &FileError{path, num, fmt.Errorf("%q is not a size in bytes (GLEP 74)", fields[1])}
		}
		sizes[fields[0]] = size
	}
	return sizes, nil
}

// packageFile reads a file of a package directory; "" if it is not there.
func (r *Repo) packageFile(cp atom.CP, name string) (path, text string, err error) {
	if !plainName(cp.Category) || !plainName(cp.Package) {
		return "", "", nil
	}
	path = filepath.Join(r.Location, cp.Category, cp.Package, name)
	text, err = readText(path, maxPackageFile)
	if notThere(err) || errors.Is(err, os.ErrNotExist) {
		return path, "", nil
	}
	return path, text, err
}

package vdb

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Stamp tells whether the installed packages and the world files of a ROOT are still the same: two equal ones mean that
// nothing was installed, removed or recorded between them, by Portage or by us.
type Stamp struct {
	// Packages changes with every installation and removal, World with the world files.
	Packages, World string
}

// ReadStamp reads the stamp of a ROOT ("" = "/"). It looks at no entry: the COUNTER of the last installation and the
// directories of the categories, which change with every entry that comes or goes, tell enough.
func ReadStamp(root string) (Stamp, error) {
	if root == "" {
		root = "/"
	}
	var packages strings.Builder
	dir := filepath.Join(root, pkgDir)
	categories, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return Stamp{}, fmt.Errorf("installed packages: %w", err)
	}
	for _, c := range categories {
		members, err := os.ReadDir(filepath.Join(dir, c.Name()))
		if err != nil {
			continue // a file
		}
		names := 0
		for _, m := range members {
			if mayBeDir(m) && !strings.HasPrefix(m.Name(), ".") && !strings.HasPrefix(m.Name(), mergingPrefix) {
				names++
				fmt.Fprintln(&packages, c.Name(), m.Name())
			}
		}
		if names == 0 {
			continue // a directory that a refused installation has left
		}
		if info, err := os.Stat(filepath.Join(dir, c.Name())); err == nil {
			fmt.Fprintln(&packages, c.Name(), info.ModTime().UnixNano())
		}
	}
	s := Stamp{Packages: packages.String()}
	for _, f := range []struct {
		name string
		into *string
	}{{counterFile, &s.Packages}, {worldFile, &s.World}, {worldSetsFile, &s.World}} {
		text, err := os.ReadFile(filepath.Join(root, f.name))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return Stamp{}, err
		}
		*f.into += string(text) + "\x00"
	}
	return s, nil
}

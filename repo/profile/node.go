package profile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/portsolve/portsolve/atom/eapi"
	"github.com/portsolve/portsolve/repo"
)

// nodeFiles is a directory as read once; the node's Vars are added per use.
type nodeFiles struct {
	node         *Node
	parents      []parent
	makeDefaults []string
}

// listDir returns the names in a directory. Reading the names once is cheaper
// than trying to open the twenty files a profile might have.
func listDir(dir string) (map[string]bool, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	names := make(map[string]bool, len(entries))
	for _, e := range entries {
		names[e.Name()] = true
	}
	return names, nil
}

// read reads a node's files, or returns them as read before.
func (l *loader) read(dir string, user bool) (*nodeFiles, error) {
	if n, ok := l.nodes[dir]; ok {
		return n, nil
	}
	names, err := listDir(dir)
	if err != nil {
		return nil, err
	}
	n := &nodeFiles{node: &Node{Dir: dir, User: user}}
	if !user {
		n.node.Repo = l.repoOf(dir)
	}
	r := nodeReader{loader: l, nodeFiles: n, names: names}
	if err := r.all(); err != nil {
		return nil, err
	}
	l.nodes[dir] = n
	return n, nil
}

// ReadRepoLevel reads the files at the top of a repository's profiles directory,
// which hold for the packages of that repository (PMS 4.4; portage(5)); nil if it has none.
// It does not follow "parent".
func ReadRepoLevel(r *repo.Repo) (*Node, []string, error) {
	dir := filepath.Join(r.Location, "profiles")
	names, err := listDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	delete(names, "parent")
	l := &loader{vars: map[string]string{}}
	n := &nodeFiles{node: &Node{Dir: dir, Repo: r}}
	nr := nodeReader{loader: l, nodeFiles: n, names: names}
	if err := nr.all(); err != nil {
		return nil, nil, err
	}
	if n.node.Vars, err = l.evalDefaults(n); err != nil {
		return nil, nil, err
	}
	return n.node, l.stack.Warnings, nil
}

type nodeReader struct {
	*loader
	*nodeFiles
	names map[string]bool
}

func (r *nodeReader) all() error {
	if err := r.eapi(); err != nil {
		return err
	}
	if err := r.parent(); err != nil {
		return err
	}
	for f := range NumFlagFiles {
		if !r.flagFileAllowed(f) {
			continue
		}
		lines, err := r.lines(f.String())
		if err != nil {
			return err
		}
		r.node.Flags[f] = lines
	}
	for f := range NumAtomFiles {
		if !r.atomFileAllowed(f) {
			continue
		}
		lines, err := r.lines(f.String())
		if err != nil {
			return err
		}
		atoms, bad := ParseAtoms(lines)
		for _, b := range bad {
			if r.node.User {
				return b
			}
			r.stack.Warnings = append(r.stack.Warnings, b.Error()+" (line ignored)")
		}
		r.node.Atoms[f] = atoms
	}
	return r.others()
}

// others reads make.defaults (names only) and deprecated.
func (r *nodeReader) others() error {
	if r.names["make.defaults"] {
		path := filepath.Join(r.node.Dir, "make.defaults")
		files, err := r.files(path)
		if err != nil {
			return err
		}
		r.makeDefaults = files
	}
	if r.names["deprecated"] {
		r.node.IsDeprecated = true
		text, err := ReadFile(filepath.Join(r.node.Dir, "deprecated"))
		if err != nil {
			return err
		}
		first, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
		r.node.Deprecated = strings.TrimSpace(first)
	}
	return nil
}

// eapi reads the file of that name (PMS 5.2.2).
func (r *nodeReader) eapi() error {
	name, path, line := "", filepath.Join(r.node.Dir, "eapi"), 0
	if r.names["eapi"] {
		lines, err := ReadLines(path)
		if err != nil {
			return err
		}
		if len(lines) > 0 {
			name, line = lines[0].Fields[0], lines[0].Source.Line
		}
	}
	if name == "" {
		r.node.EAPI = r.defaultEAPI()
		return nil
	}
	e, ok := lookupEAPI(name)
	if !ok {
		return &repo.FileError{File: path, Line: line, Err: fmt.Errorf("EAPI %q is not supported; this program knows EAPI 0 to %s", name, eapi.Latest().Name)}
	}
	r.node.EAPI = e
	return nil
}

// defaultEAPI is the EAPI of a node without an eapi file: what layout.conf
// says (profile-default-eapi), from EAPI 9 on that of the profiles directory, else 0.
func (r *nodeReader) defaultEAPI() *eapi.EAPI {
	if r.node.User {
		return eapi.Latest()
	}
	if rp := r.node.Repo; rp != nil {
		if e, ok := lookupEAPI(rp.Layout.ProfileEAPIWhenUnspecified); ok {
			return e
		}
		if e, ok := lookupEAPI(rp.ProfilesEAPI); ok && e.ProfileInheritsEAPI {
			return e
		}
	}
	e, _ := eapi.Lookup("0")
	return e
}

func (r *nodeReader) hasFormat(formats ...string) bool {
	if r.node.User {
		return true
	}
	if r.node.Repo == nil {
		return false
	}
	for _, f := range formats {
		if slices.Contains(r.node.Repo.Layout.ProfileFormats, f) {
			return true
		}
	}
	return false
}

// flagFileAllowed: an EAPI that does not have a file ignores it.
func (r *nodeReader) flagFileAllowed(f FlagFile) bool {
	if !r.names[f.String()] {
		return false
	}
	switch f {
	case UseStableForce, UseStableMask:
		return r.node.EAPI.StableUse
	case UseStable:
		return r.node.EAPI.StableUseFiles
	case PackageProvided:
		return r.node.User || r.node.EAPI.PackageProvided
	}
	return true
}

func (r *nodeReader) atomFileAllowed(f AtomFile) bool {
	if !r.names[f.String()] {
		return false
	}
	switch f {
	case PackageUseStableForce, PackageUseStableMask:
		return r.node.EAPI.StableUse
	case PackageUseStable:
		return r.node.EAPI.StableUseFiles
	case PackageLicense:
		return r.hasFormat("profile-license")
	}
	return true
}

// dirsAllowed: EAPI 7, or portage(5)'s profile formats; a repository that names
// no format is read as portage-1-compat.
func (r *nodeReader) dirsAllowed() bool {
	if r.node.EAPI.ProfileDirs || r.node.Repo == nil {
		return true
	}
	return len(r.node.Repo.Layout.ProfileFormats) == 0 || r.hasFormat("portage-1", "portage-1-compat", "portage-2")
}

func (r *nodeReader) files(path string) ([]string, error) {
	files, err := Files(path)
	if err == nil && !r.dirsAllowed() && (len(files) != 1 || files[0] != path) {
		r.stack.Warnings = append(r.stack.Warnings, fmt.Sprintf("%s: ignored, because it is a directory, which needs EAPI 7 or profile-formats portage-2 in layout.conf", path))
		return nil, nil
	}
	return files, err
}

func (r *nodeReader) lines(name string) ([]Line, error) {
	if !r.names[name] {
		return nil, nil
	}
	files, err := r.files(filepath.Join(r.node.Dir, name))
	if err != nil {
		return nil, err
	}
	return readLines(files)
}

package profile

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/portsolve/portsolve/repo"
)

// parent is one line of a node's "parent" file.
type parent struct {
	Line
	text, dir string
}

// parent reads the file of that name: paths relative to the node, or
// "repo:path" below another repository's profiles (":path" below the own one's).
func (r *nodeReader) parent() error {
	if !r.names["parent"] || r.node.User {
		return nil // /etc/portage/profile is not a profile to select, only a place for overrides
	}
	lines, err := ReadLines(filepath.Join(r.node.Dir, "parent"))
	if err != nil {
		return err
	}
	for _, l := range lines {
		text := l.Fields[0]
		dir, err := r.parentDir(text)
		if err != nil {
			return &repo.FileError{File: l.Source.File, Line: l.Source.Line, Err: err}
		}
		r.parents = append(r.parents, parent{Line: l, text: text, dir: dir})
	}
	return nil
}

func (r *nodeReader) parentDir(text string) (string, error) {
	name, path, ok := strings.Cut(text, ":")
	if !ok {
		dir := filepath.Clean(text)
		if !filepath.IsAbs(dir) {
			dir = filepath.Join(r.node.Dir, text)
		}
		if r.node.Repo == nil && r.Locate != nil {
			dir = r.Locate(dir)
		}
		return dir, nil
	}
	rp := r.node.Repo
	if name != "" && r.Repos != nil {
		rp = r.Repos.ByName(name)
	}
	if rp == nil {
		if name == "" {
			return "", fmt.Errorf("parent %q means a profile of the own repository, but this directory is in none", text)
		}
		return "", fmt.Errorf("parent %q: no repository is called %q; add it to repos.conf", text, name)
	}
	return filepath.Join(rp.Location, "profiles", path), nil
}

package profile

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"github.com/portsolve/portsolve/atom/eapi"
	"github.com/portsolve/portsolve/repo"
)

// maxNodes bounds a stack: inheriting twice at each of n levels gives 2^n nodes.
// The deepest real profiles have about 40.
const maxNodes = 2000

// Options of Load.
type Options struct {
	Repos *repo.Set
	// UserDir is /etc/portage/profile, the last node if it exists; "" none.
	UserDir string
	// Locate maps a directory that a node outside of all repositories names as its
	// parent to the one in use (--system, --repo); nil: they are the same.
	Locate func(dir string) string
	// Incremental tells variables that are stacked by their reader and so are not
	// seen by the make.defaults of descendants (USE="${USE} x" is not a copy of the parent's USE).
	Incremental func(name string) bool
}

// Load reads the profile in dir, its ancestors and Options.UserDir. dir "" gives
// the stack of UserDir alone. Errors are *repo.FileError with the line, or name
// the chain of a loop in "parent".
func Load(dir string, o Options) (*Stack, error) {
	l := &loader{Options: o, nodes: map[string]*nodeFiles{}, vars: map[string]string{}}
	if dir != "" {
		if err := l.add(filepath.Clean(dir), nil, false); err != nil {
			return nil, err
		}
	}
	if o.UserDir != "" {
		names, err := listDir(o.UserDir)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		if err == nil && len(names) > 0 {
			if err := l.add(o.UserDir, nil, true); err != nil {
				return nil, err
			}
		}
	}
	return &l.stack, nil
}

type loader struct {
	Options
	stack Stack
	nodes map[string]*nodeFiles // by directory: everything but Vars
	vars  map[string]string     // values that later make.defaults may refer to
	roots map[string]*repo.Repo // by profiles directory, as given and with links resolved
}

// add appends the ancestors of dir and dir itself. chain are the descendants
// that led here.
func (l *loader) add(dir string, chain []string, user bool) error {
	if len(l.stack.Nodes) >= maxNodes {
		return fmt.Errorf("the profile inherits from more than %d directories: %s", maxNodes, strings.Join(append(chain, dir), " -> "))
	}
	n, err := l.read(dir, user)
	if err != nil {
		return err
	}
	chain = append(chain, dir)
	for _, p := range n.parents {
		if slices.Contains(chain, p.dir) {
			loop := append(slices.Clone(chain[slices.Index(chain, p.dir):]), p.dir)
			return &repo.FileError{File: p.Source.File, Line: p.Source.Line, Err: fmt.Errorf("the profile inherits from itself: %s", strings.Join(loop, " -> "))}
		}
		if _, err := l.read(p.dir, false); err != nil {
			if at := new(repo.FileError); errors.As(err, &at) {
				return err // says where
			}
			if errors.Is(err, fs.ErrNotExist) {
				err = fmt.Errorf("parent profile %q does not exist (%s)", p.text, p.dir)
			}
			return &repo.FileError{File: p.Source.File, Line: p.Source.Line, Err: err}
		}
		if err := l.add(p.dir, chain, false); err != nil {
			return err
		}
	}
	node := *n.node
	if node.Vars, err = l.evalDefaults(n); err != nil {
		return err
	}
	l.stack.Nodes = append(l.stack.Nodes, &node)
	return nil
}

// evalDefaults evaluates make.defaults of a node: what it refers to is set
// earlier in it, or by the ancestors before it.
func (l *loader) evalDefaults(n *nodeFiles) ([]Assign, error) {
	var out []Assign
	for _, f := range n.makeDefaults {
		a, err := ReadVars(f, VarOptions{Lookup: func(name string) (string, bool) {
			v, ok := l.vars[name]
			return v, ok
		}})
		if err != nil {
			return nil, err
		}
		out = append(out, a...)
	}
	for _, a := range out {
		if l.Incremental == nil || !l.Incremental(a.Name) {
			l.vars[a.Name] = a.Value
		}
	}
	return out, nil
}

// repoOf finds the repository whose profiles directory holds dir.
func (l *loader) repoOf(dir string) *repo.Repo {
	if l.Repos == nil {
		return nil
	}
	if l.roots == nil {
		l.roots = map[string]*repo.Repo{}
		for _, r := range l.Repos.Repos {
			l.roots[filepath.Join(r.Location, "profiles")] = r
			if p, err := filepath.EvalSymlinks(filepath.Join(r.Location, "profiles")); err == nil {
				l.roots[p] = r
			}
		}
	}
	for d := dir; ; {
		if r, ok := l.roots[d]; ok {
			return r
		}
		up := filepath.Dir(d)
		if up == d {
			return nil
		}
		d = up
	}
}

// lookupEAPI knows the draft name that Portage gives an EAPI before it is
// final ("9-pre1"): profiles were written against it.
func lookupEAPI(name string) (*eapi.EAPI, bool) {
	if base, _, draft := strings.Cut(name, "-pre"); draft {
		name = base
	}
	return eapi.Lookup(name)
}

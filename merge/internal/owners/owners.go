// Package owners answers which installed packages own a path. Paths are compared
// with the symbolic links of their directories resolved, so that /lib/x and
// /usr/lib/x are one where /lib is a link.
package owners

import (
	"hash/maphash"
	"path"
	"slices"
	"strings"

	"github.com/portsolve/portsolve/internal/rootfs"
	"github.com/portsolve/portsolve/vdb"
)

// Resolver resolves the directories of names and remembers them. Forget must be
// called when a directory or a link to one was changed.
type Resolver struct {
	t    rootfs.FS
	dirs map[string]string
}

// NewResolver is for one tree.
func NewResolver(t rootfs.FS) *Resolver { return &Resolver{t: t, dirs: map[string]string{}} }

// Forget drops everything remembered.
func (r *Resolver) Forget() { clear(r.dirs) }

// Set tells where a directory will be, whatever is there now.
func (r *Resolver) Set(dir, name string) {
	for d := range r.dirs {
		if strings.HasPrefix(d, dir+"/") {
			delete(r.dirs, d)
		}
	}
	r.dirs[dir] = name
}

// Name gives the name in the tree, without a slash in front, of a path within ROOT.
// The last element is not followed.
func (r *Resolver) Name(p string) (string, error) {
	p = strings.TrimPrefix(p, "/")
	dir, base := path.Split(p)
	if dir == "" {
		return base, nil
	}
	dir, err := r.dir(strings.TrimSuffix(dir, "/"))
	return path.Join(dir, base), err
}

func (r *Resolver) dir(name string) (string, error) {
	if d, ok := r.dirs[name]; ok {
		return d, nil
	}
	parent, err := r.Name(name)
	if err != nil {
		return "", err
	}
	resolved := parent
	i, err := r.t.Lstat(parent)
	switch {
	case rootfs.IsAbsent(err):
	case err != nil:
		return "", err
	case i.IsSymlink():
		// A name below the link makes FS.Resolve follow it.
		below, err := r.t.Resolve(parent + "/x")
		if err == nil {
			resolved = path.Dir(below)
		} else if !rootfs.IsAbsent(err) { // a link that leads in a circle has nothing below it
			return "", err
		}
	}
	r.dirs[name] = resolved
	return resolved, nil
}

// Index is all paths of all installed packages. It keeps hashes instead of paths:
// a large system has a million of them. An answer is therefore a proposal with an
// error probability of about 2^-40; who destroys something on its strength may look
// into CONTENTS, and who keeps something need not.
type Index struct {
	seed  maphash.Seed
	first map[uint64]int32   // index in names
	more  map[uint64][]int32 // further owners
	names []string           // CPVs
	at    map[string]int32
}

// NewIndex is empty.
func NewIndex() *Index {
	return &Index{seed: maphash.MakeSeed(), first: map[uint64]int32{}, more: map[uint64][]int32{}, at: map[string]int32{}}
}

func (x *Index) hash(name string) uint64 { return maphash.String(x.seed, name) }

func (x *Index) number(cpv string) int32 {
	n, ok := x.at[cpv]
	if !ok {
		n = int32(len(x.names))
		x.names = append(x.names, cpv)
		x.at[cpv] = n
	}
	return n
}

// Add adds what a package owns.
func (x *Index) Add(cpv string, list vdb.Contents, r *Resolver) error {
	n := x.number(cpv)
	for i := range list {
		name, err := r.Name(list[i].Path)
		if err != nil {
			return err
		}
		h := x.hash(name)
		if old, taken := x.first[h]; !taken {
			x.first[h] = n
		} else if old != n && !slices.Contains(x.more[h], n) {
			x.more[h] = append(x.more[h], n)
		}
	}
	return nil
}

// Remove takes a package out.
func (x *Index) Remove(cpv string) {
	n, ok := x.at[cpv]
	if !ok {
		return
	}
	for h, list := range x.more {
		list = slices.DeleteFunc(list, func(o int32) bool { return o == n })
		if len(list) == 0 {
			delete(x.more, h)
		} else {
			x.more[h] = list
		}
	}
	for h, o := range x.first {
		if o != n {
			continue
		}
		if list := x.more[h]; len(list) > 0 {
			x.first[h] = list[0]
			if x.more[h] = list[1:]; len(list) == 1 {
				delete(x.more, h)
			}
		} else {
			delete(x.first, h)
		}
	}
}

// Owners of a resolved name, sorted, without those that are excepted.
func (x *Index) Owners(name string, except ...string) []string {
	h := x.hash(name)
	n, ok := x.first[h]
	if !ok {
		return nil
	}
	var out []string
	for _, n := range append([]int32{n}, x.more[h]...) {
		if cpv := x.names[n]; !slices.Contains(except, cpv) {
			out = append(out, cpv)
		}
	}
	slices.Sort(out)
	return out
}

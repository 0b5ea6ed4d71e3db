package preserve

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/internal/rootfs"
	"github.com/portsolve/portsolve/vdb"
)

// Linkage is the ELF files of all installed packages. It is not for concurrent use.
type Linkage struct {
	tree rootfs.FS
	pkgs map[string][]Object // by "category/package-version"
	// Problems are packages whose NEEDED.ELF.2 could not be read or understood as a whole.
	Problems []string

	unread bool // some could not be read: what they need is not known

	dirs []string          // where the dynamic linker looks, resolved; made by refresh
	real map[string]string // resolved names; made by refresh
}

// Load reads NEEDED.ELF.2 of all installed packages of a ROOT. Broken entries are
// passed over; the only error is a VDB that cannot be listed.
func Load(t rootfs.FS) (*Linkage, error) {
	l := &Linkage{tree: t, pkgs: make(map[string][]Object)}
	const pkgDir = "var/db/pkg"
	categories, err := t.ReadDir(pkgDir)
	if err != nil && !rootfs.IsAbsent(err) {
		return nil, fmt.Errorf("installed packages: %w", err)
	}
	for _, c := range categories {
		entries, _ := t.ReadDir(path.Join(pkgDir, c))
		for _, e := range entries {
			if _, err := atom.MakeCPV(c, e); err != nil {
				continue
			}
			text, err := rootfs.ReadFile(t, path.Join(pkgDir, c, e, "NEEDED.ELF.2"))
			if err != nil {
				if !rootfs.IsAbsent(err) {
					l.Problems = append(l.Problems, err.Error())
					l.unread = true
				}
				continue
			}
			l.Set(c+"/"+e, text)
		}
	}
	return l, nil
}

// Set tells that a package is installed, with its NEEDED.ELF.2 (nil for none).
func (l *Linkage) Set(cpv string, needed []byte) {
	objects, problems := ParseNeeded(needed)
	for _, p := range problems {
		l.Problems = append(l.Problems, fmt.Sprintf("%s: NEEDED.ELF.2: %v", cpv, p))
	}
	if len(objects) == 0 {
		delete(l.pkgs, cpv)
		return
	}
	l.pkgs[cpv] = objects
}

// Delete tells that a package is not installed any more.
func (l *Linkage) Delete(cpv string) { delete(l.pkgs, cpv) }

// Keep lists the paths of a package on its way out (old) that must stay: libraries
// that are not in the package that replaces it (kept, its contents; nil for an
// uninstall) and that something staying needs, or another kept library, and that no
// staying library provides. With each comes the link of its soname, and no other
// link: the plain .so is for compilers. Linkage must have the new package already
// (Set); whether it still has the old one does not matter. Registered libraries
// that old owns count as its own.
func (l *Linkage) Keep(old string, owns, kept vdb.Contents, r *Registry) []string {
	l.refresh()
	leaves := l.leaving(owns, kept) // NEEDED.ELF.2 may spell paths otherwise than CONTENTS
	var going, others []Object
	for _, o := range l.pkgs[old] {
		if p, ok := leaves[l.resolve(o.Path)]; ok {
			o.Path = p
			going = append(going, o)
		}
	}
	for _, o := range l.preserved(r) {
		if p, ok := leaves[l.resolve(o.Path)]; ok {
			o.Path = p
			going = append(going, o)
		} else {
			others = append(others, o)
		}
	}
	if !slices.ContainsFunc(going, func(o Object) bool { return o.Soname != "" }) {
		return nil // as with most packages
	}
	staying := [][]Object{others}
	for _, cpv := range slices.Sorted(maps.Keys(l.pkgs)) {
		if cpv != old {
			staying = append(staying, l.pkgs[cpv])
		}
	}
	links := make(links)
	for _, c := range owns {
		if _, ok := leaves[l.resolve(c.Path)]; ok && c.Kind == vdb.ContentLink {
			links[c.Path] = l.leadsTo(c.Path, c.Target)
		}
	}
	var paths []string
	for _, o := range l.reach(staying, going, links) {
		paths = append(paths, o.Path)
		paths = append(paths, links.sonames(l, o)...)
	}
	return paths
}

// leaving are the paths of owns that are not in kept, by resolved path.
func (l *Linkage) leaving(owns, kept vdb.Contents) map[string]string {
	stays := make(map[string]bool, len(kept))
	for _, c := range kept {
		stays[l.resolve(c.Path)] = true
	}
	leaves := make(map[string]string)
	for _, c := range owns {
		if p := l.resolve(c.Path); c.Kind != vdb.ContentDir && !stays[p] {
			leaves[p] = c.Path
		}
	}
	return leaves
}

// Unneeded lists what is registered and not needed any more, by owner. For a path
// to remove from the disk and from its owner's CONTENTS, first the links, then the
// files; Registry.Release takes it out of the registry. Vanished comes before.
// While what some package needs could not be read, everything counts as needed.
func (l *Linkage) Unneeded(r *Registry) []Owned {
	if r.Empty() || l.unread {
		return nil
	}
	l.refresh()
	preserved := l.preserved(r)
	isPreserved := make(map[string]bool)
	links := make(links)
	for _, key := range r.Keys() {
		for _, p := range r.entries[key].Paths {
			isPreserved[l.resolve(p)] = true
		}
		maps.Copy(links, l.registered(r.entries[key].Paths))
	}
	var staying []Object
	for _, cpv := range slices.Sorted(maps.Keys(l.pkgs)) {
		for _, o := range l.pkgs[cpv] {
			if !isPreserved[l.resolve(o.Path)] {
				staying = append(staying, o)
			}
		}
	}
	needed := make(map[string]bool)
	for _, o := range l.reach([][]Object{staying}, preserved, links) {
		needed[o.Path] = true
		for _, link := range links.to(l, o.Path) {
			needed[link] = true
		}
	}
	var out []Owned
	for _, key := range r.Keys() {
		e := r.entries[key]
		unneeded := Owned{CPV: e.CPV, Counter: e.Counter}
		for _, p := range e.Paths {
			if !needed[p] {
				unneeded.Paths = append(unneeded.Paths, p)
			}
		}
		slices.SortStableFunc(unneeded.Paths, func(a, b string) int { return l.rank(a) - l.rank(b) })
		if len(unneeded.Paths) > 0 {
			out = append(out, unneeded)
		}
	}
	return out
}

// rank sorts links before files.
func (l *Linkage) rank(p string) int {
	if info, err := l.tree.Lstat(p); err == nil && info.IsSymlink() {
		return 0
	}
	return 1
}

// preserved describes the registered files, from the files themselves: the lines
// of their packages are gone. Where a file does not tell its soname, the registered
// names do.
func (l *Linkage) preserved(r *Registry) []Object {
	var out []Object
	for _, key := range r.Keys() {
		paths := r.entries[key].Paths
		for _, p := range paths {
			info, err := l.tree.Lstat(p)
			if err != nil || !info.IsRegular() {
				continue
			}
			o := readELF(l.tree, p)
			if o.Soname == "" {
				o.Soname = path.Base(p)
				for _, link := range l.registered(paths).to(l, p) {
					o.Soname = path.Base(link)
				}
			}
			out = append(out, o)
		}
	}
	return out
}

// links are symbolic links, each with what it leads to in one step, resolved.
type links map[string]string

// registered are those among registered paths.
func (l *Linkage) registered(paths []string) links {
	out := make(links)
	for _, p := range paths {
		if target, err := l.tree.Readlink(p); err == nil {
			out[p] = l.leadsTo(p, target)
		}
	}
	return out
}

// to lists the links that lead to a file in one or more steps, sorted.
func (k links) to(l *Linkage, file string) []string {
	found := map[string]bool{l.resolve(file): true}
	var out []string
	for more := true; more; {
		more = false
		for link, target := range k {
			if p := l.resolve(link); found[target] && !found[p] {
				found[p], more = true, true
				out = append(out, link)
			}
		}
	}
	slices.Sort(out)
	return out
}

// sonames lists the links that the dynamic linker needs to find a library: the one
// named as its soname, with those on the way from there to the file.
func (k links) sonames(l *Linkage, o Object) []string {
	all := k.to(l, o.Path)
	var out []string
	for _, link := range all {
		if path.Base(link) != o.Soname {
			continue
		}
		for next := link; !slices.Contains(out, next); {
			out = append(out, next)
			if i := slices.IndexFunc(all, func(n string) bool { return l.resolve(n) == k[next] }); i >= 0 {
				next = all[i]
			}
		}
	}
	return out
}

// reach returns those of going that staying objects need, directly or through each
// other, in the order of going.
func (l *Linkage) reach(staying [][]Object, going []Object, k links) []Object {
	candidates := make(map[string][]int) // by soname
	for i := range going {
		if s := going[i].Soname; s != "" && l.there(going[i].Path) {
			candidates[s] = append(candidates[s], i)
		}
	}
	if len(candidates) == 0 {
		return nil
	}
	providers := make(map[string][]*Object) // staying ones of those sonames
	for _, objects := range staying {
		for i := range objects {
			if s := objects[i].Soname; candidates[s] != nil {
				providers[s] = append(providers[s], &objects[i])
			}
		}
	}
	keep := make([]bool, len(going))
	var visit func(c *Object)
	visit = func(c *Object) {
		for _, soname := range c.Needed {
			for _, i := range candidates[soname] {
				if keep[i] || !l.finds(c, &going[i], k) || !l.there(c.Path) || l.provided(c, providers[soname]) {
					continue
				}
				keep[i] = true
				visit(&going[i])
			}
		}
	}
	for _, objects := range staying {
		for i := range objects {
			visit(&objects[i])
		}
	}
	var out []Object
	for i, k := range keep {
		if k {
			out = append(out, going[i])
		}
	}
	return out
}

// provided reports that a staying library gives the consumer what it needs.
func (l *Linkage) provided(c *Object, providers []*Object) bool {
	return slices.ContainsFunc(providers, func(p *Object) bool { return l.finds(c, p, nil) && l.there(p.Path) })
}

// finds reports that the dynamic linker would find the provider (or a link to it)
// for the consumer: it is of the same ABI and in a directory of the consumer's RPATH
// or in one of the linker's own (ld.so(8)).
func (l *Linkage) finds(c, provider *Object, k links) bool {
	if !c.sameABI(provider) {
		return false
	}
	in := func(p string) bool {
		dir := path.Dir(l.resolve(p))
		if slices.Contains(l.dirs, dir) {
			return true
		}
		return slices.ContainsFunc(c.RPath, func(r string) bool { return l.realDir(origin(r, c.Path)) == dir })
	}
	return in(provider.Path) || slices.ContainsFunc(k.to(l, provider.Path), in)
}

// origin replaces $ORIGIN in an RPATH (ld.so(8)).
func origin(rpath, of string) string {
	if !strings.Contains(rpath, "$") {
		return rpath
	}
	return strings.NewReplacer("${ORIGIN}", path.Dir(of), "$ORIGIN", path.Dir(of)).Replace(rpath)
}

// refresh forgets what it knew of the tree, which has changed since.
func (l *Linkage) refresh() {
	l.real = make(map[string]string)
	l.dirs = nil
	for _, d := range LibDirs(l.tree) {
		l.dirs = append(l.dirs, l.realDir(d))
	}
}

// resolve gives a path with the links of its parents resolved, so that one file has
// one name however /lib and /usr/lib are linked.
func (l *Linkage) resolve(p string) string {
	dir := l.realDir(path.Dir(p))
	return path.Join(dir, path.Base(p))
}

func (l *Linkage) realDir(dir string) string {
	dir = path.Clean("/" + dir)
	if r, ok := l.real[dir]; ok {
		return r
	}
	r, err := l.tree.Resolve(path.Join(dir, "x")) // Resolve leaves the last element
	if err != nil {
		r = path.Join(dir, "x")
	}
	r = path.Clean("/" + path.Dir(r))
	l.real[dir] = r
	return r
}

// leadsTo is where a link leads, one step, resolved.
func (l *Linkage) leadsTo(link, target string) string {
	if !strings.HasPrefix(target, "/") {
		target = path.Join(path.Dir(l.resolve(link)), target)
	}
	return l.resolve(target)
}

func (l *Linkage) there(p string) bool {
	there, err := rootfs.Exists(l.tree, p)
	return there || err != nil
}

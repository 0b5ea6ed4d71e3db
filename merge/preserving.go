package merge

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/portsolve/portsolve/internal/rootfs"
	"github.com/portsolve/portsolve/merge/internal/owners"
	"github.com/portsolve/portsolve/merge/internal/txn"
	"github.com/portsolve/portsolve/merge/preserve"
	"github.com/portsolve/portsolve/vdb"
)

// FEATURES=preserve-libs: a library that goes away although something still needs it
// stays, registered as Portage does, until nothing needs it any more. What stays is
// decided and registered in the transaction of the package that drops it; what may go
// is removed after it.

const neededFile = "NEEDED.ELF.2"

// registryNow reads the registry anew: Portage may have written it between two runs.
func (e *engine) registryNow() (*preserve.Registry, error) {
	r, err := preserve.Read(e.t)
	if err != nil {
		return nil, fmt.Errorf("the registry of preserved libraries: %w", err)
	}
	if err := r.Damaged(); err != nil {
		e.warn("%v", err)
	}
	return r, nil
}

// linked is the linkage of what is installed, loaded when it is first needed.
func (e *engine) linked() (*preserve.Linkage, error) {
	if e.linkage == nil {
		l, err := preserve.Load(e.t)
		if err != nil {
			return nil, err
		}
		e.linkage = l
	}
	return e.linkage, nil
}

// needed is NEEDED.ELF.2 of an instance.
func (e *engine) needed(in *instance) ([]byte, error) {
	text, err := rootfs.ReadFile(e.t, path.Join(in.Entry, neededFile))
	if rootfs.IsAbsent(err) {
		return nil, nil
	}
	return text, err
}

// preserveOps decides which libraries of the replaced instances stay, adds them to
// what the new package owns, and stages the registry.
func (l *layout) preserveOps(p *prepared, r *record) ([]txn.Op, error) {
	e := l.e
	if !e.feature("preserve-libs") {
		return e.registryOp(p.tx, new(preserve.Registry)) // Portage makes the file anyway
	}
	registry, err := e.registryNow()
	if err != nil {
		return nil, err
	}
	registry.Vanished(e.t)
	var shipped []string
	for i := range l.contents {
		if registry.Has(l.contents[i].Path) {
			shipped = append(shipped, l.contents[i].Path)
		}
	}
	registry.Release(shipped...)
	key := preserve.Key(p.pkg.CPV.CP.String(), r.Slot)
	for i := range l.replaced {
		in := &l.replaced[i]
		keep, err := e.keepers(in, p.pkg.CPV.String(), p.pkg.Value(neededFile), l.contents, registry)
		if err != nil {
			return nil, err
		}
		if len(keep) == 0 {
			continue
		}
		for _, k := range keep {
			if c, ok := in.Contents.Find(k); ok {
				l.contents = append(l.contents, c)
			}
		}
		registry.Register(key, p.pkg.CPV.String(), strconv.FormatInt(r.Counter, 10), keep)
		e.report.Preserved = append(e.report.Preserved, keep...)
	}
	return e.registryOp(p.tx, registry)
}

// keepers are the libraries of an instance that stay when it goes. name and needed
// are of the package that replaces it, "" and nil if none does.
func (e *engine) keepers(in *instance, name string, needed []byte, kept vdb.Contents, registry *preserve.Registry) ([]string, error) {
	old, err := e.needed(in)
	if err != nil || len(old) == 0 && registry.Empty() {
		return nil, err
	}
	link, err := e.linked()
	if err != nil {
		return nil, err
	}
	key := in.CPV.String()
	if name != "" {
		if key == name { // both versions are the same: tell them apart
			key += " (replaced)"
			link.Set(key, old)
			defer link.Delete(key)
		}
		link.Set(name, needed)
	}
	return link.Keep(key, in.Contents, kept, registry), nil
}

// registryOp stages the registry if it changed or is missing. Portage begins with an
// empty file.
func (e *engine) registryOp(tx *txn.Tx, registry *preserve.Registry) ([]txn.Op, error) {
	there, err := rootfs.Exists(e.t, preserve.File)
	if err != nil || there && !registry.Changed() {
		return nil, err
	}
	var text []byte
	if registry.Changed() {
		if text, err = registry.Format(); err != nil {
			return nil, err
		}
	}
	return e.stageState(tx, preserve.File, text, 0o660)
}

// preserveOnUninstall is preserveOps for a package without a successor: what stays is
// registered under its own name and belongs to nobody else.
func (e *engine) preserveOnUninstall(tx *txn.Tx, in *instance) ([]txn.Op, error) {
	if !e.feature("preserve-libs") {
		return nil, nil
	}
	registry, err := e.registryNow()
	if err != nil {
		return nil, err
	}
	registry.Vanished(e.t)
	keep, err := e.keepers(in, "", nil, nil, registry)
	if err != nil {
		return nil, err
	}
	var going []string
	for i := range in.Contents {
		if p := in.Contents[i].Path; registry.Has(p) && !slices.Contains(keep, p) {
			going = append(going, p)
		}
	}
	registry.Release(going...)
	if len(keep) > 0 {
		counter, err := e.value(in.Entry, "COUNTER")
		if err != nil {
			return nil, err
		}
		registry.Register(preserve.Key(in.CPV.CP.String(), in.Slot), in.CPV.String(), counter, keep)
		e.report.Preserved = append(e.report.Preserved, keep...)
	}
	return e.registryOp(tx, registry)
}

// prune removes preserved libraries that nothing needs any more. It runs after each
// package and can be repeated.
func (e *engine) prune(tx *txn.Tx) error {
	if !e.feature("preserve-libs") {
		return nil
	}
	registry, err := e.registryNow()
	if err != nil || registry.Empty() {
		return err
	}
	link, err := e.linked()
	if err != nil {
		return err
	}
	gone := registry.Vanished(e.t)
	unneeded := link.Unneeded(registry)
	number := 0
	for _, o := range unneeded {
		for _, p := range o.Paths {
			number++
			if err := e.pruneOne(tx, p, number, o.CPV); err != nil {
				return err
			}
		}
		registry.Release(o.Paths...)
	}
	for _, o := range append(gone, unneeded...) {
		if err := e.disown(o); err != nil {
			return err
		}
	}
	if !registry.Changed() {
		return nil
	}
	return registry.Write(e.state)
}

// pruneOne moves a library to the stage. Its name may belong to somebody else by now.
func (e *engine) pruneOne(tx *txn.Tx, p string, number int, owner string) error {
	name, err := e.res.Name(p)
	if err != nil {
		return err
	}
	x, err := e.owned()
	if err != nil || len(x.Owners(name, owner)) > 0 {
		return err
	}
	to := tx.Stage(path.Join("pruned", strconv.Itoa(number)+"-"+strings.ReplaceAll(name, "/", "-")))
	if err := rootfs.MkdirAll(e.t, path.Dir(to), 0o700); err != nil {
		return err
	}
	err = e.t.Rename(name, to)
	if err != nil && !rootfs.IsAbsent(err) {
		err = e.t.Unlink(name) // on another mount
	}
	if err != nil && !rootfs.IsAbsent(err) {
		return err
	}
	if err == nil {
		e.emit(Event{Kind: EventFile, CPV: owner, Path: p, Text: FileRemoved})
		e.dropEmpty(x, path.Dir(name), owner)
	}
	return nil
}

// dropEmpty removes directories that a library was the last in and nobody owns.
func (e *engine) dropEmpty(x *owners.Index, dir, owner string) {
	for ; dir != "." && len(x.Owners(dir)) == 0; dir = path.Dir(dir) {
		if e.t.Rmdir(dir) != nil {
			return
		}
		e.emit(Event{Kind: EventFile, CPV: owner, Path: "/" + dir, Text: FileRemoved})
	}
}

// disown takes libraries out of the CONTENTS of the package that had kept them.
func (e *engine) disown(o preserve.Owned) error {
	c := cpv(o.CPV)
	counter, err := e.value(entryDir(c), "COUNTER")
	if err != nil || counter != o.Counter {
		return err // it is not installed any more, or again
	}
	list, _, err := e.store.Contents(c)
	if err != nil {
		return err
	}
	if err := e.store.SetContents(c, list.Without(o.Paths...)); err != nil {
		return err
	}
	if e.index != nil {
		e.index.Remove(o.CPV)
		return e.index.Add(o.CPV, list.Without(o.Paths...), e.res)
	}
	return nil
}

// preservedNow reports whether a path is registered; for the removal of an instance.
func (rm *removal) preserved(c *vdb.Content) (bool, error) {
	if !rm.e.feature("preserve-libs") {
		return false, nil
	}
	if rm.registry == nil {
		r, err := preserve.Read(rm.e.t)
		if err != nil {
			return false, errors.Join(errors.New("the registry of preserved libraries"), err)
		}
		rm.registry = r
	}
	return rm.registry.Has(c.Path), nil
}

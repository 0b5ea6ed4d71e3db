package merge

import (
	"fmt"
	"path"
	"strings"

	"github.com/portsolve/portsolve/internal/rootfs"
	"github.com/portsolve/portsolve/merge/cfgmem"
	"github.com/portsolve/portsolve/merge/internal/image"
	"github.com/portsolve/portsolve/merge/internal/txn"
	"github.com/portsolve/portsolve/vdb"
)

// dir decides about a directory of the image: one that exists, a link to one too, is
// kept as it is.
func (l *layout) dir(o *image.Object, name string) error {
	if l.newDirs[name] {
		return nil
	}
	if l.e.group.made[name] {
		l.event(FileDir, o.Path)
		return nil
	}
	live, err := l.live(name)
	if err != nil {
		return err
	}
	if live == nil {
		return l.newDir(o, name)
	}
	if live.IsDir() {
		l.event(FileDir, o.Path)
		return nil
	}
	if live.IsSymlink() {
		to, err := l.e.t.Stat(name)
		if err == nil && to.IsDir() {
			l.event(FileDir, o.Path)
			return nil
		}
		if err != nil && !rootfs.IsAbsent(err) {
			return err
		}
	}
	return l.dirOverFile(o, name, live)
}

// newDir makes a directory: by moving the staged one with everything in it where
// that is the same as doing it one by one, else as an empty one.
func (l *layout) newDir(o *image.Object, name string) error {
	l.event(FileMerged, o.Path)
	near, err := l.near(path.Dir(name))
	if err != nil {
		return err
	}
	if near && l.straight && !l.newDirs[path.Dir(name)] && l.wholeTree(o) {
		l.under = o.Path
		l.made[name] = true
		_, err := l.put(o, name, nil)
		return err
	}
	return l.mkdir(o, name)
}

func (l *layout) mkdir(o *image.Object, name string) error {
	if _, err := l.near(path.Dir(name)); err != nil {
		return err
	}
	op := txn.Op{Kind: txn.Mkdir, Path: name, Mode: o.Perm(), UID: o.UID, GID: o.GID}
	if !l.e.privileged {
		op.UID, op.GID = -1, -1
	}
	l.ops = append(l.ops, op)
	l.newDirs[name] = true
	l.mounts[name] = l.mounts[path.Dir(name)]
	return nil
}

// wholeTree reports that nothing below a directory that does not exist needs a
// decision of its own: what is protected and was there before does.
func (l *layout) wholeTree(o *image.Object) bool {
	if !l.e.privileged && o.Perm()&0o200 == 0 {
		return false // its owner may not rename a directory that he cannot write
	}
	if len(l.replaced) == 0 {
		return true
	}
	for i := l.at + 1; i < len(l.img.Objects); i++ { // what is below follows
		p := l.img.Objects[i].Path
		if !strings.HasPrefix(p, o.Path+"/") {
			break
		}
		if l.e.protect.Has("/" + p) {
			return false
		}
	}
	return true
}

// dirOverFile is a directory of the image where something else is.
func (l *layout) dirOverFile(o *image.Object, name string, live *rootfs.Info) error {
	op := txn.Op{Kind: txn.Drop, Path: name, OldIno: live.Ino}
	l.unlinks = l.unlinks || live.IsSymlink()
	c := l.recorded(name)
	var err error
	if c != nil {
		op.Old, err = l.backup(name)
	} else {
		others, oerr := l.others(name)
		if oerr != nil {
			return oerr
		}
		if len(others) > 0 || l.e.feature("collision-protect") {
			l.collide(Collision{Path: "/" + o.Path, Owners: others})
			return nil
		}
		if op.Old, err = l.aside(name); err == nil {
			op.KeepOld = true
			l.saved = append(l.saved, SavedFile{"/" + name, "/" + op.Old})
		}
	}
	if err != nil {
		return err
	}
	l.ops = append(l.ops, op)
	l.event(FileMerged, o.Path)
	if err := l.mkdir(o, name); err != nil {
		return err
	}
	l.e.res.Set(o.Path, name) // a link that led elsewhere leads nowhere now
	return nil
}

// aside is the next free NAME.backup.NNNN.
func (l *layout) aside(name string) (string, error) {
	for n := range 10000 {
		to := fmt.Sprintf("%s.backup.%04d", name, n)
		there, err := rootfs.Exists(l.e.t, to)
		if err != nil || !there {
			return to, err
		}
	}
	return "", fmt.Errorf("there are 10000 backups of it; remove some")
}

// file decides about everything but directories.
func (l *layout) file(o *image.Object, name string, live *rootfs.Info) error {
	if live != nil && live.IsDir() {
		return l.fileOverDir(o, name, live)
	}
	protected := l.isProtected(o)
	old := l.recorded(name)
	foreign := false
	if live != nil && old == nil && !protected {
		if preserved, err := l.preserved("/" + o.Path); err != nil {
			return err
		} else if preserved {
			return l.replace(o, name, live, nil, false)
		}
		stop, err := l.inTheWay(o, name)
		if err != nil || stop {
			return err
		}
		foreign = true
	}
	if protected && (live != nil || old != nil) {
		done, err := l.config(o, name, live, old)
		if err != nil || done {
			return err
		}
		foreign = false // the decision was to replace it
	}
	if live == nil {
		l.event(FileMerged, o.Path)
		_, err := l.put(o, name, nil)
		return err
	}
	return l.replace(o, name, live, old, foreign)
}

// isProtected is what CONFIG_PROTECT is for: files and links, without the empty
// files that keep directories.
func (l *layout) isProtected(o *image.Object) bool {
	if !o.IsRegular() && !o.IsSymlink() {
		return false
	}
	if o.IsRegular() && o.Size == 0 && strings.HasPrefix(path.Base(o.Path), ".keep") {
		return false
	}
	return l.e.protect.Has("/" + o.Path)
}

// inTheWay is something that the replaced instances do not own; stop: it is a collision.
func (l *layout) inTheWay(o *image.Object, name string) (stop bool, err error) {
	if l.e.ignore.Has("/" + o.Path) {
		return false, nil
	}
	others, err := l.others(name)
	if err != nil {
		return false, err
	}
	if len(others) == 0 && l.blocked(name) {
		return false, nil
	}
	owned := len(others) > 0
	if l.e.feature("collision-protect") || owned && l.e.feature("protect-owned") {
		l.collide(Collision{Path: "/" + o.Path, Owners: others})
		return true, nil
	}
	if owned {
		l.e.warn("/%s belongs to %s and is overwritten (FEATURES=-protect-owned)", o.Path, strings.Join(others, ", "))
	}
	return false, nil
}

// preserved reports whether a path is a preserved library, which any package that
// ships it again may take over.
func (l *layout) preserved(p string) (bool, error) {
	if !l.e.feature("preserve-libs") {
		return false, nil
	}
	if l.registry == nil {
		r, err := l.e.registryNow()
		if err != nil {
			return false, err
		}
		l.registry = r
	}
	return l.registry.Has(p), nil
}

// blocked reports whether a package that the plan removes for this one owns a name.
func (l *layout) blocked(name string) bool {
	return l.e.index != nil && len(l.step.Blocks) > 0 && len(l.e.index.Owners(name)) > 0
}

// config decides about a protected path (package cfgmem). done: the live file stays.
func (l *layout) config(o *image.Object, name string, live *rootfs.Info, old *vdb.Content) (done bool, err error) {
	if l.memory == nil {
		if l.memory, err = cfgmem.Read(l.e.t); err != nil {
			return false, fmt.Errorf("%w: %w", errNoMemory, err)
		}
	}
	q := cfgmem.Question{New: objectOf(o), IfModified: l.e.feature("config-protect-if-modified"), IgnoreMemory: l.e.o.NoConfmem || l.downgrade}
	if live != nil {
		if q.Live, err = cfgmem.Look(l.e.t, name); err != nil {
			return false, err
		}
	}
	if old != nil {
		q.Recorded = recordedObject(old)
	}
	switch l.memory.Decide("/"+o.Path, q) {
	case cfgmem.Merge:
		return false, nil
	case cfgmem.Keep:
		l.event(FileProtected, o.Path)
		return true, nil
	}
	pending, err := cfgmem.PendingName(l.e.t, name, q.New)
	if err != nil {
		return false, err
	}
	shown := "/" + path.Join(path.Dir(o.Path), path.Base(pending))
	l.configs = append(l.configs, shown)
	if l.e.o.Events != nil {
		l.events = append(l.events, Event{Kind: EventConfig, CPV: l.step.CPV, Path: shown, Text: "/" + o.Path})
	}
	there, err := l.live(pending)
	if err != nil || there != nil {
		return true, err // the last one has this content
	}
	// The directory may be gone.
	if err := l.parents(path.Dir(pending)); err != nil {
		return true, err
	}
	_, err = l.put(o, pending, nil)
	return true, err
}

// parents makes directories that neither ROOT nor the image has.
func (l *layout) parents(dir string) error {
	if dir == "." || l.isNew(dir) {
		return nil
	}
	there, err := rootfs.Exists(l.e.t, dir)
	if err != nil || there {
		return err
	}
	if err := l.parents(path.Dir(dir)); err != nil {
		return err
	}
	l.ops = append(l.ops, txn.Op{Kind: txn.Mkdir, Path: dir, Mode: 0o755, UID: -1, GID: -1})
	l.newDirs[dir] = true
	return nil
}

func objectOf(o *image.Object) cfgmem.Object {
	if o.IsSymlink() {
		return cfgmem.Symlink(o.Target)
	}
	return cfgmem.Object{MD5: o.MD5()}
}

func recordedObject(c *vdb.Content) *cfgmem.Object {
	switch c.Kind {
	case vdb.ContentLink:
		o := cfgmem.Symlink(c.Target)
		return &o
	case vdb.ContentFile:
		return &cfgmem.Object{MD5: c.MD5}
	}
	return &cfgmem.Object{}
}

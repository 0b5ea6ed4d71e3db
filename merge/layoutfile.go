package merge

import (
	"errors"
	"fmt"
	"path"
	"strconv"
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
		_, err := l.put(o, name, nil)
		return err
	}
	l.mkdir(o, name)
	return nil
}

func (l *layout) mkdir(o *image.Object, name string) {
	op := txn.Op{Kind: txn.Mkdir, Path: name, Mode: o.Perm(), UID: o.UID, GID: o.GID}
	if !l.e.privileged {
		op.UID, op.GID = -1, -1
	}
	l.ops = append(l.ops, op)
	l.newDirs[name] = true
	l.mounts[name] = l.mounts[path.Dir(name)]
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
	op := txn.Op{Kind: txn.Drop, Path: name}
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
	l.mkdir(o, name)
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
	if dir == "." || l.newDirs[dir] {
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

// replace puts an object over another that is no directory.
func (l *layout) replace(o *image.Object, name string, live *rootfs.Info, old *vdb.Content, foreign bool) error {
	same, err := l.same(o, name, live)
	if err != nil {
		return err
	}
	if same {
		l.event(FileSame, o.Path)
		if live.MTime.Equal(o.MTime) {
			return nil
		}
		if l.onlyOurs(o, live) {
			l.ops = append(l.ops, txn.Op{Kind: txn.Touch, Path: name, Time: o.MTime.UnixNano(), OldTime: live.MTime.UnixNano()})
			return nil
		}
	} else {
		l.event(FileMerged, o.Path)
	}
	op, err := l.put(o, name, live)
	if err != nil || same {
		return err
	}
	return l.save(op, o, name, live, old, foreign)
}

// same reports that a live object is what the image has, but for its time.
func (l *layout) same(o *image.Object, name string, live *rootfs.Info) (bool, error) {
	if o.Type() != live.Type() || l.e.privileged && (o.UID != live.UID || o.GID != live.GID) || o.HasXattrs {
		return false, nil
	}
	switch {
	case o.IsSymlink():
		target, err := l.e.t.Readlink(name)
		return target == o.Target, err
	case o.Perm() != live.Perm():
		return false, nil
	case o.IsRegular():
		if o.Size != live.Size {
			return false, nil
		}
		sum, err := sumOf(l.e.t, name, *live)
		return sum == o.MD5(), err
	}
	return o.Rdev == live.Rdev, nil
}

// onlyOurs reports that changing an object in place hits no name but the package's:
// other hard links are the administrator's (snapshots).
func (l *layout) onlyOurs(o *image.Object, live *rootfs.Info) bool {
	if live.Nlink == 1 || o.IsSymlink() && live.Nlink == 1 {
		return true
	}
	var ours uint64
	for i := range l.img.Objects {
		other := &l.img.Objects[i]
		if o.Group == 0 || other.Group != o.Group {
			continue
		}
		name, err := l.e.res.Name(other.Path)
		if err != nil {
			return false
		}
		if i, err := l.e.t.Lstat(name); err == nil && i.Same(*live) {
			ours++
		}
	}
	return ours == live.Nlink
}

// save keeps a copy of what is replaced if it is not just what the old package had:
// a file that was changed, or one that nobody owned.
func (l *layout) save(op *txn.Op, o *image.Object, name string, live *rootfs.Info, old *vdb.Content, foreign bool) error {
	if l.e.feature("portage-exact") {
		return nil
	}
	if live.Type() != rootfs.Regular && live.Type() != rootfs.Symlink {
		return nil
	}
	switch {
	case old != nil:
		changed, err := modified(l.e.t, name, *live, old)
		if err != nil || !changed {
			return err
		}
	case !foreign:
		return nil
	default:
		others, err := l.others(name)
		if err != nil || len(others) > 0 || l.blocked(name) {
			return err
		}
	}
	have, err := sumOf(l.e.t, name, *live)
	if err != nil || live.Type() == o.Type() && have == o.MD5() {
		return err
	}
	to, err := l.e.savedName(name, cpv(l.step.CPV).PF(), cpv(l.step.CPV).Category, live, have, op.From == "")
	if err != nil || to == "" {
		return err
	}
	op.Old, op.KeepOld = to, true
	l.saved = append(l.saved, SavedFile{"/" + name, "/" + to})
	return nil
}

// savedName is where a copy of name goes: below savedDir, or beside it if that is on
// another mount. "" if the same is there already.
func (e *engine) savedName(name, pf, category string, live *rootfs.Info, sum string, near bool) (string, error) {
	first := path.Join(savedDir, category, pf, name)
	if !near || e.base != varBase {
		first = name + ".portsolve-saved"
	}
	for n := range 1000 {
		to := first
		if n > 0 {
			to += "." + strconv.Itoa(n)
		}
		i, err := e.t.Lstat(to)
		if rootfs.IsAbsent(err) {
			return to, nil
		}
		if err != nil {
			return "", err
		}
		if i.Type() != live.Type() {
			continue
		}
		have, err := sumOf(e.t, to, i)
		if err != nil {
			return "", err
		}
		if have == sum {
			return "", nil
		}
	}
	return "", errors.New("there are 1000 saved copies of it; remove some")
}

// fileOverDir is a file or a link where a directory is. It replaces the directory
// only if nothing but the replaced package's unchanged files is in it.
func (l *layout) fileOverDir(o *image.Object, name string, live *rootfs.Info) error {
	stranger := ""
	err := rootfs.Walk(l.e.t, name, func(n string, i rootfs.Info) error {
		c := l.recorded(n)
		bad := c == nil || c.Kind == vdb.ContentDir && !i.IsDir()
		if !bad && c.Kind != vdb.ContentDir {
			var err error
			if bad, err = modified(l.e.t, n, i, c); err != nil {
				return err
			}
		}
		if bad {
			stranger = n
			return errStop
		}
		return nil
	})
	if err != nil && !errors.Is(err, errStop) {
		return err
	}
	if stranger != "" {
		why := fmt.Sprintf("is a directory here and a %s in the package", kindOf(o))
		if stranger != name {
			why += fmt.Sprintf("; /%s in it does not belong to the replaced version or was changed, move it away", stranger)
		} else {
			why += "; it does not belong to a replaced version, move it away"
		}
		l.collide(Collision{Path: "/" + o.Path, Why: why})
		return nil
	}
	l.event(FileMerged, o.Path)
	_, err = l.put(o, name, live)
	return err
}

var errStop = errors.New("stop")

func kindOf(o *image.Object) string { return rootfs.Info{Mode: o.Mode}.Kind() }

// memoryOp stages the new configuration memory.
func (e *engine) memoryOp(l *layout, tx *txn.Tx) ([]txn.Op, error) {
	memory := l.memory
	if memory == nil {
		if !e.needsMemoryFile() {
			return nil, nil
		}
		memory = new(cfgmem.Memory)
	} else if !memory.Changed() {
		if !e.needsMemoryFile() {
			return nil, nil
		}
	}
	return e.stageState(tx, cfgmem.File, memory.Format(), 0o660)
}

// needsMemoryFile: Portage makes the file with the first merge.
func (e *engine) needsMemoryFile() bool {
	there, err := rootfs.Exists(e.t, cfgmem.File)
	return err == nil && !there
}

// stageState makes the operation that replaces one of Portage's own files.
func (e *engine) stageState(tx *txn.Tx, name string, data []byte, mode uint32) ([]txn.Op, error) {
	if err := e.state.MkdirAll(path.Dir(name)); err != nil {
		return nil, err
	}
	staged := tx.Stage(path.Join(stateDir, path.Base(name)))
	if err := rootfs.MkdirAll(e.t, path.Dir(staged), 0o700); err != nil {
		return nil, err
	}
	if err := rootfs.RemoveAll(e.t, staged); err != nil {
		return nil, err
	}
	f, err := e.t.Create(staged, mode)
	if err != nil {
		return nil, err
	}
	_, err = f.Write(data)
	live, lerr := e.t.Lstat(name)
	if err == nil && e.privileged {
		uid, gid := 0, e.state.Group
		if lerr == nil {
			uid, gid = live.UID, live.GID
		}
		if err = f.Chown(uid, gid); err == nil {
			err = f.Chmod(mode)
		}
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return nil, err
	}
	op := txn.Op{Kind: txn.Put, Path: name, New: staged}
	near, err := sameMount(e.t, path.Dir(name), tx.Header.Stage)
	if err != nil {
		return nil, err
	}
	if !near {
		op.From, op.New = staged, path.Join(path.Dir(name), e.tempName(tx, 0)+path.Base(name))
	}
	if lerr == nil {
		op.Old = tx.Stage(path.Join(oldDir, path.Base(name)))
		if !near {
			op.Old = op.New + "~"
		}
	}
	return []txn.Op{op}, nil
}

func sameMount(t rootfs.FS, a, b string) (bool, error) {
	ma, err := t.Mount(a)
	if err != nil {
		return false, err
	}
	mb, err := t.Mount(b)
	return ma == mb, err
}

package merge

import (
	"errors"
	"fmt"
	"path"
	"strconv"

	"github.com/portsolve/portsolve/internal/rootfs"
	"github.com/portsolve/portsolve/merge/internal/image"
	"github.com/portsolve/portsolve/merge/internal/txn"
	"github.com/portsolve/portsolve/vdb"
)

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
	for n := range 1000 {
		suffix := ""
		if n > 0 {
			suffix = "." + strconv.Itoa(n)
		}
		to := path.Join(savedDir, category, pf+suffix, name)
		if !near || e.base != varBase {
			to = name + ".portsolve-saved" + suffix
		}
		i, err := e.t.Lstat(to)
		if rootfs.IsAbsent(err) {
			free, err := e.canHold(path.Dir(to))
			if err != nil {
				return "", err
			}
			if !free {
				continue
			}
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

// canHold reports that a directory is there or can be made.
func (e *engine) canHold(dir string) (bool, error) {
	for ; dir != "."; dir = path.Dir(dir) {
		i, err := e.t.Stat(dir)
		if err == nil {
			return i.IsDir(), nil
		}
		if !rootfs.IsAbsent(err) {
			return false, err
		}
	}
	return true, nil
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

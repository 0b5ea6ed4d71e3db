package txn

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"path"
	"strconv"
	"time"

	"github.com/portsolve/portsolve/internal/rootfs"
)

// Kind of an operation.
type Kind string

// Kinds.
const (
	// Put renames New to Path. What was there becomes Old.
	Put Kind = "put"
	// Drop renames Path to Old.
	Drop Kind = "drop"
	// Mkdir makes a directory.
	Mkdir Kind = "mkdir"
	// Touch sets a modification time.
	Touch Kind = "touch"
	// Entry puts the directory New at Path, where one with another COUNTER may be.
	Entry Kind = "entry"
)

// Op is one change of the tree. Do and undo look at what is there, so that both can
// be repeated, and begun in the middle.
type Op struct {
	Kind Kind   `json:"op"`
	Path string `json:"path"`
	New  string `json:"new,omitempty"`
	// From is copied to New by Prepare: New is then on Path's mount, in the nearest
	// directory above it that exists.
	From string `json:"from,omitempty"`
	// Link makes New a hard link of From, which is the New of an earlier operation.
	Link bool `json:"link,omitempty"`
	// Old is where the object that was at Path is kept until the end; "" nothing was there.
	Old string `json:"old,omitempty"`
	// Move keeps the object by renaming it, as a directory must be; otherwise Old
	// becomes a hard link, and there is no moment without the object.
	Move bool `json:"move,omitempty"`
	// KeepOld leaves Old where it is at the end.
	KeepOld bool `json:"keep,omitempty"`

	// NewIno and OldIno are the inode numbers of New and of what was at Path; 0 is not
	// known. Something with another number was put there by somebody else, since the
	// check or since this process was killed, and is left alone.
	NewIno uint64 `json:"new_ino,omitempty"`
	OldIno uint64 `json:"old_ino,omitempty"`

	Mode     uint32 `json:"mode,omitempty"` // Mkdir
	UID, GID int    // Mkdir; -1 as the process
	Time     int64  `json:"time,omitempty"`     // Touch, nanoseconds since 1970
	OldTime  int64  `json:"old_time,omitempty"` // Touch
	Counter  int64  `json:"counter,omitempty"`  // Entry
}

// ErrChanged says that somebody else changed a name since it was looked at.
var ErrChanged = errors.New("somebody else put something here since the check; it is left alone")

// isOther reports that an object is known not to be the one with a number.
func isOther(i rootfs.Info, ino uint64) bool { return ino != 0 && i.Ino != ino }

func (o *Op) what() string { return string(o.Kind) + " /" + o.Path }

func (o *Op) check() error {
	switch o.Kind {
	case Put, Drop, Mkdir, Touch, Entry:
	default:
		return fmt.Errorf("unknown operation %q", o.Kind)
	}
	for i, name := range []string{o.Path, o.New, o.From, o.Old} {
		if name == "" && i > 0 {
			continue
		}
		if c, err := rootfs.Clean(name); err != nil || c != name || c == "." {
			return fmt.Errorf("%q is not a name for it", name)
		}
	}
	return nil
}

func (o *Op) do(t rootfs.FS) error {
	switch o.Kind {
	case Put:
		return o.doPut(t)
	case Drop:
		return o.keepOld(t)
	case Mkdir:
		return o.doMkdir(t)
	case Touch:
		return t.Lutimes(o.Path, time.Unix(0, o.Time))
	}
	return o.doEntry(t)
}

func (o *Op) undo(t rootfs.FS) error {
	switch o.Kind {
	case Put:
		return o.undoPut(t)
	case Drop:
		return o.giveBack(t)
	case Mkdir:
		i, err := t.Lstat(o.Path)
		if rootfs.IsAbsent(err) || err == nil && !i.IsDir() {
			return nil // not begun
		}
		if err == nil {
			err = t.Rmdir(o.Path)
		}
		if err != nil && notEmpty(t, o.Path) {
			return nil // somebody put something into it
		}
		return err
	case Touch:
		err := t.Lutimes(o.Path, time.Unix(0, o.OldTime))
		if rootfs.IsAbsent(err) {
			return nil
		}
		return err
	}
	return o.undoEntry(t)
}

func notEmpty(t rootfs.FS, name string) bool {
	names, err := t.ReadDir(name)
	return err == nil && len(names) > 0
}

// clean removes what an operation may leave outside of the stage.
func (o *Op) clean(t rootfs.FS) error {
	if err := o.cleanDirs(t); err != nil {
		return err
	}
	if o.From == "" {
		return nil
	}
	if err := rootfs.RemoveAll(t, o.New); err != nil {
		return err
	}
	if o.Old == "" || o.KeepOld {
		return nil
	}
	return rootfs.RemoveAll(t, o.Old)
}

// cleanDirs removes directories that were made for the operation and are empty if it
// was taken back: the category of an entry, and those of what is kept for good.
func (o *Op) cleanDirs(t rootfs.FS) error {
	if o.Kind == Entry {
		category := path.Dir(o.Path)
		return rootfs.RemoveEmpty(t, category, path.Dir(category))
	}
	if own := path.Dir(Dir); o.KeepOld && rootfs.Below(o.Old, own) {
		return rootfs.RemoveEmpty(t, path.Dir(o.Old), own)
	}
	return nil
}

func (o *Op) doPut(t rootfs.FS) error {
	there, err := rootfs.Exists(t, o.New)
	if err != nil {
		return err
	}
	if !there {
		// Done before, or lost: only the first can be, for New was durable.
		_, err := t.Lstat(o.Path)
		return err
	}
	if o.Old != "" {
		if err := o.keepOld(t); err != nil {
			return err
		}
	} else if there, err := rootfs.Exists(t, o.Path); err != nil || there {
		if err == nil {
			err = ErrChanged
		}
		return err
	}
	return t.Rename(o.New, o.Path)
}

// keepOld makes Old of what is at Path.
func (o *Op) keepOld(t rootfs.FS) error {
	kept, err := rootfs.Exists(t, o.Old)
	if err != nil {
		return err
	}
	live, err := t.Lstat(o.Path)
	if rootfs.IsAbsent(err) {
		return nil
	}
	if err == nil && isOther(live, o.OldIno) {
		err = ErrChanged
	}
	if err != nil || kept {
		return err
	}
	if err := rootfs.MkdirAll(t, path.Dir(o.Old), 0o700); err != nil {
		return err
	}
	if o.Kind == Put && !o.Move && t.Link(o.Path, o.Old) == nil {
		return nil
	}
	return t.Rename(o.Path, o.Old)
}

// undoPut leaves New in place, so that a second undo sees that nothing is to be done.
func (o *Op) undoPut(t rootfs.FS) error {
	pending, err := rootfs.Exists(t, o.New)
	if err != nil {
		return err
	}
	kept := false
	if o.Old != "" {
		if kept, err = rootfs.Exists(t, o.Old); err != nil {
			return err
		}
	}
	if !pending {
		if live, err := t.Lstat(o.Path); err == nil && isOther(live, o.NewIno) {
			return nil // not ours any more
		}
		if kept && !o.Move && t.Link(o.Path, o.New) == nil {
			return t.Rename(o.Old, o.Path) // one step, there is always something at Path
		}
		if err := t.Rename(o.Path, o.New); err != nil && !rootfs.IsAbsent(err) {
			return err
		}
	}
	if !kept {
		return nil // not begun, or nothing was there
	}
	live, err := t.Lstat(o.Path)
	if rootfs.IsAbsent(err) {
		return t.Rename(o.Old, o.Path)
	}
	if err != nil {
		return err
	}
	fresh, err := t.Lstat(o.New)
	if err != nil {
		return err
	}
	if fresh.Same(live) { // between the two steps above
		return t.Rename(o.Old, o.Path)
	}
	if isOther(live, o.OldIno) {
		return nil // not ours
	}
	return t.Unlink(o.Old) // the second name of what is still at Path
}

// giveBack takes Drop back.
func (o *Op) giveBack(t rootfs.FS) error {
	kept, err := rootfs.Exists(t, o.Old)
	if err != nil || !kept {
		return err
	}
	if there, err := rootfs.Exists(t, o.Path); err != nil || there {
		return err
	}
	return t.Rename(o.Old, o.Path)
}

func (o *Op) doMkdir(t rootfs.FS) error {
	err := t.Mkdir(o.Path, o.Mode)
	if err != nil {
		i, lerr := t.Lstat(o.Path)
		if lerr != nil || !i.IsDir() {
			return err
		}
	}
	if o.UID >= 0 {
		if err := t.Lchown(o.Path, o.UID, o.GID); err != nil {
			return err
		}
		return t.Chmod(o.Path, o.Mode) // chown(2) may clear bits
	}
	return nil
}

// doEntry replaces a directory of the package database. Whether it is done is told
// by the COUNTER in it, which no two entries share.
func (o *Op) doEntry(t rootfs.FS) error {
	done, err := o.inPlace(t, o.Path)
	if err != nil {
		return err
	}
	if !done {
		if err := o.swapEntry(t); err != nil {
			return err
		}
	}
	// After an exchange the old entry has New's name.
	left, err := rootfs.Exists(t, o.New)
	if err != nil || !left {
		return err
	}
	if o.Old == "" {
		return rootfs.RemoveAll(t, o.New)
	}
	return MoveDir(t, o.New, o.Old)
}

func (o *Op) swapEntry(t rootfs.FS) error {
	there, err := rootfs.Exists(t, o.Path)
	if err != nil {
		return err
	}
	if there && o.Old != "" {
		if t.Exchange(o.New, o.Path) == nil {
			return nil
		}
		if err := MoveDir(t, o.Path, o.Old); err != nil {
			return err
		}
	}
	return t.Rename(o.New, o.Path)
}

func (o *Op) undoEntry(t rootfs.FS) error {
	done, err := o.inPlace(t, o.Path)
	if err != nil {
		return err
	}
	if done {
		pending, err := rootfs.Exists(t, o.New) // the old one, after an exchange
		if err != nil {
			return err
		}
		if pending {
			err = t.Exchange(o.New, o.Path)
		} else {
			err = t.Rename(o.Path, o.New)
		}
		if err != nil {
			return err
		}
	}
	if o.Old != "" {
		kept, err := rootfs.Exists(t, o.Old)
		if err != nil {
			return err
		}
		if kept {
			if err := MoveDir(t, o.Old, o.Path); err != nil {
				return err
			}
		}
	}
	if there, err := o.inPlace(t, o.New); err != nil || !there {
		return err
	}
	return rootfs.RemoveAll(t, o.New)
}

// inPlace reports whether an entry with the transaction's COUNTER is at name.
func (o *Op) inPlace(t rootfs.FS, name string) (bool, error) {
	text, err := rootfs.ReadFile(t, path.Join(name, "COUNTER"))
	if rootfs.IsAbsent(err) || errors.Is(err, rootfs.ErrType) {
		return false, nil
	}
	return string(bytes.TrimSpace(text)) == strconv.FormatInt(o.Counter, 10), err
}

// MoveDir renames a directory. Where that is impossible (the lower layer of an
// overlay, another mount), its content is copied and it is removed.
func MoveDir(t rootfs.FS, from, to string) error { return MoveDirBy(t, from, to, "") }

// MoveDirBy is MoveDir that gives what it removes another name before, so that
// nobody sees half of it under its own. by is a name beside from, "" none.
func MoveDirBy(t rootfs.FS, from, to, by string) error {
	if err := rootfs.MkdirAll(t, path.Dir(to), 0o700); err != nil {
		return err
	}
	err := t.Rename(from, to)
	if err == nil {
		return nil
	}
	if there, xerr := rootfs.Exists(t, from); xerr != nil || !there {
		return err
	}
	copied, xerr := rootfs.Exists(t, to)
	if xerr != nil {
		return xerr
	}
	if !copied {
		if err := copyDurably(t, from, to); err != nil {
			return err
		}
	}
	if by != "" && t.Rename(from, by) == nil {
		return rootfs.RemoveAll(t, by)
	}
	return rootfs.RemoveAll(t, from)
}

func copyDurably(t rootfs.FS, from, to string) error {
	part := to + ".part" // a copy that was begun before is begun again
	if err := rootfs.RemoveAll(t, part); err != nil {
		return err
	}
	if err := copyObject(t, from, part); err != nil {
		return err
	}
	if err := t.SyncFS(path.Dir(to)); err != nil {
		return err
	}
	return t.Rename(part, to)
}

// copyObject copies anything with everything below it: content, mode, owner, time,
// extended attributes. The copy gets the owner as far as the process may set it.
func copyObject(t rootfs.FS, from, to string) error {
	i, err := t.Lstat(from)
	if err != nil {
		return err
	}
	switch i.Type() {
	case rootfs.Regular:
		err = copyFile(t, from, to, i)
	case rootfs.Symlink:
		var target string
		if target, err = t.Readlink(from); err == nil {
			err = t.Symlink(target, to)
		}
	case rootfs.Dir:
		err = copyDir(t, from, to, i)
	default:
		err = t.Mknod(to, i.Mode, i.Rdev)
	}
	if err != nil {
		return err
	}
	if t.Lchown(to, i.UID, i.GID) == nil && !i.IsSymlink() {
		if err := t.Chmod(to, i.Perm()); err != nil {
			return err
		}
	}
	if err := copyXattrs(t, from, to); err != nil {
		return err
	}
	return t.Lutimes(to, i.MTime)
}

func copyDir(t rootfs.FS, from, to string, i rootfs.Info) error {
	if err := t.Mkdir(to, i.Perm()|0o700); err != nil {
		return err
	}
	names, err := t.ReadDir(from)
	if err != nil {
		return err
	}
	for _, n := range names {
		if err := copyObject(t, path.Join(from, n), path.Join(to, n)); err != nil {
			return err
		}
	}
	return t.Chmod(to, i.Perm())
}

func copyFile(t rootfs.FS, from, to string, i rootfs.Info) error {
	in, err := t.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := t.Create(to, i.Perm())
	if err != nil {
		return err
	}
	_, err = io.CopyBuffer(struct{ io.Writer }{out}, struct{ io.Reader }{in}, make([]byte, 256<<10))
	return errors.Join(err, out.Close())
}

func copyXattrs(t rootfs.FS, from, to string) error {
	names, err := t.Listxattr(from)
	if err != nil {
		return nil // none to copy where they cannot be listed
	}
	for _, n := range names {
		value, err := t.Getxattr(from, n)
		if err != nil {
			continue
		}
		if err := t.Setxattr(to, n, value); err != nil && !errors.Is(err, errors.ErrUnsupported) {
			return err
		}
	}
	return nil
}

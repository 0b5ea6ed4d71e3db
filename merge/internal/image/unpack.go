package image

import (
	"context"
	"crypto/md5"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"path"
	"slices"
	"sync"

	"github.com/portsolve/portsolve/binpkg"
	"github.com/portsolve/portsolve/internal/rootfs"
)

// Source is binpkg.Image: entries in order whose names have been checked.
type Source interface {
	Next() (*binpkg.Entry, error)
	io.Reader
}

// Options of Unpack.
type Options struct {
	// Owner sets owners. Without privileges that is impossible: everything then
	// belongs to the user who runs the merge.
	Owner bool
	// Xattrs sets extended attributes (FEATURES=xattr).
	Xattrs bool
	// Progress is called with the bytes unpacked so far; nil nobody wants to know.
	Progress func(done int64)
}

// Unpack writes an image below dir, which exists and is empty. Modes, owners and
// times are those of the package from the beginning, except that directories get
// theirs at the end. After an error dir holds something that is to be removed.
func Unpack(ctx context.Context, t rootfs.FS, dir string, in Source, o Options) (*Image, error) {
	u := &unpacker{t: t, o: o, image: Image{Dir: dir}, at: map[string]int{}, hash: md5.New(), buf: buffers.Get().(*[]byte)}
	defer buffers.Put(u.buf)
	for n := 0; ; n++ {
		if n%64 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		e, err := in.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
		if e.Name == "." {
			continue // ROOT's own mode is not the package's business
		}
		if err := u.add(e, in); err != nil {
			return nil, fmt.Errorf("unpacking %q: %w", e.Name, err)
		}
	}
	u.image.sort()
	return &u.image, u.finishDirs()
}

var buffers = sync.Pool{New: func() any { b := make([]byte, 128<<10); return &b }}

type unpacker struct {
	t     rootfs.FS
	o     Options
	image Image
	at    map[string]int // index in Objects of directories and of regular files
	hash  hash.Hash
	buf   *[]byte
	group int
}

func (u *unpacker) name(o *Object) string { return path.Join(u.image.Dir, o.Path) }

func (u *unpacker) add(e *binpkg.Entry, content io.Reader) error {
	if err := u.parents(path.Dir(e.Name)); err != nil {
		return err
	}
	o := Object{Path: e.Name, Mode: e.Mode & rootfs.PermMask, UID: int(e.UID), GID: int(e.GID), Size: e.Size, MTime: e.ModTime}
	var err error
	switch e.Type {
	case binpkg.Directory:
		return u.directory(e, &o)
	case binpkg.Regular:
		o.Mode |= rootfs.Regular
		err = u.regular(e, &o, content)
	case binpkg.Hardlink:
		return u.hardlink(e)
	case binpkg.Symlink:
		o.Mode, o.Target = rootfs.Symlink|0o777, e.Linkname
		if err = u.t.Symlink(e.Linkname, u.name(&o)); err == nil {
			err = u.attributes(e, &o)
		}
	case binpkg.FIFO, binpkg.CharDevice, binpkg.BlockDevice:
		o.Mode |= map[binpkg.EntryType]uint32{binpkg.FIFO: rootfs.FIFO, binpkg.CharDevice: rootfs.Char, binpkg.BlockDevice: rootfs.Block}[e.Type]
		if e.Type != binpkg.FIFO {
			o.Rdev = rootfs.Mkdev(e.Major, e.Minor)
		}
		if err = u.t.Mknod(u.name(&o), o.Mode, o.Rdev); err == nil {
			err = u.attributes(e, &o)
		}
	default:
		err = fmt.Errorf("a %s cannot be installed", e.Type)
	}
	if err == nil {
		u.keep(o)
	}
	return err
}

// keep adds an object to the list.
func (u *unpacker) keep(o Object) {
	if o.IsDir() || o.IsRegular() {
		u.at[o.Path] = len(u.image.Objects)
	}
	u.image.Objects = append(u.image.Objects, o)
}

// parents makes directories that the image has no entry for.
func (u *unpacker) parents(dir string) error {
	if dir == "." {
		return nil
	}
	if _, ok := u.at[dir]; ok {
		return nil
	}
	if err := u.parents(path.Dir(dir)); err != nil {
		return err
	}
	o := Object{Path: dir, Mode: rootfs.Dir | 0o755}
	if !u.o.Owner {
		o.UID, o.GID = -1, -1
	}
	if err := u.t.Mkdir(u.name(&o), 0o700); err != nil {
		return err
	}
	u.keep(o)
	return nil
}

// directory makes a directory that can be written into; finishDirs does the rest.
func (u *unpacker) directory(e *binpkg.Entry, o *Object) error {
	o.Mode |= rootfs.Dir
	if i, ok := u.at[o.Path]; ok { // something below it came first
		u.image.Objects[i] = *o
		return u.xattrs(e, o)
	}
	if err := u.t.Mkdir(u.name(o), 0o700); err != nil {
		return err
	}
	u.keep(*o)
	return u.xattrs(e, o)
}

func (u *unpacker) finishDirs() error {
	for i := range slices.Backward(u.image.Objects) {
		o := &u.image.Objects[i]
		if !o.IsDir() {
			continue
		}
		name := u.name(o)
		if u.o.Owner {
			if err := u.t.Lchown(name, o.UID, o.GID); err != nil {
				return err
			}
		}
		if err := u.t.Chmod(name, o.Perm()); err != nil {
			return err
		}
		if !o.MTime.IsZero() {
			if err := u.t.Lutimes(name, o.MTime); err != nil {
				return err
			}
		}
	}
	return nil
}

func (u *unpacker) regular(e *binpkg.Entry, o *Object, content io.Reader) (err error) {
	perm := o.Perm() & 0o777 // writing and chown(2) clear the others
	f, err := u.t.Create(u.name(o), perm)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	u.hash.Reset()
	n, err := u.copy(f, content)
	if err != nil {
		return err
	}
	o.Size, o.Sum = n, sumOf(u.hash)
	u.image.Bytes += n
	if u.o.Progress != nil {
		u.o.Progress(u.image.Bytes)
	}
	if u.o.Owner {
		if err := f.Chown(o.UID, o.GID); err != nil {
			return err
		}
	}
	if o.Perm() != perm {
		if err := f.Chmod(o.Perm()); err != nil {
			return err
		}
	}
	if u.o.Xattrs {
		for _, name := range sortedNames(e.Xattrs) {
			o.HasXattrs = true
			if err := ignoreUnsupported(f.Setxattr(name, []byte(e.Xattrs[name])), u.o.Owner); err != nil {
				return err
			}
		}
	}
	if err := f.SetModTime(o.MTime); err != nil {
		return err
	}
	i, err := f.Stat()
	o.id, o.ctime = [2]uint64{i.Dev, i.Ino}, i.CTime
	return err
}

// copy is io.Copy that sums up on the way.
func (u *unpacker) copy(w io.Writer, r io.Reader) (total int64, err error) {
	for {
		n, rerr := io.ReadFull(r, *u.buf)
		if n > 0 {
			u.hash.Write((*u.buf)[:n])
			if _, err := w.Write((*u.buf)[:n]); err != nil {
				return total, err
			}
			total += int64(n)
		}
		if rerr == io.EOF || rerr == io.ErrUnexpectedEOF {
			return total, nil
		}
		if rerr != nil {
			return total, rerr
		}
	}
}

func (u *unpacker) hardlink(e *binpkg.Entry) error {
	i, ok := u.at[e.Linkname]
	if !ok {
		// Another name of a symbolic link: links of links are plain copies.
		return u.linkOfLink(e)
	}
	to := &u.image.Objects[i]
	if !to.IsRegular() {
		return errLinkType
	}
	if to.Group == 0 {
		u.group++
		to.Group = u.group
	}
	o := *to
	o.Path = e.Name
	if err := u.t.Link(u.name(to), u.name(&o)); err != nil {
		return err
	}
	// Linking changed the time of the last change of all names.
	info, err := u.t.Lstat(u.name(&o))
	if err != nil {
		return err
	}
	for j := range u.image.Objects {
		if u.image.Objects[j].Group == o.Group {
			u.image.Objects[j].ctime = info.CTime
		}
	}
	o.ctime = info.CTime
	u.keep(o)
	return nil
}

func (u *unpacker) linkOfLink(e *binpkg.Entry) error {
	for i := range u.image.Objects {
		to := u.image.Objects[i]
		if to.Path != e.Linkname || !to.IsSymlink() {
			continue
		}
		old := u.name(&to)
		to.Path = e.Name
		if err := u.t.Link(old, u.name(&to)); err != nil {
			return err
		}
		u.keep(to)
		return nil
	}
	return errLinkType
}

// attributes sets owner, mode and time of what is no regular file and no directory.
func (u *unpacker) attributes(e *binpkg.Entry, o *Object) error {
	name := u.name(o)
	if u.o.Owner {
		if err := u.t.Lchown(name, o.UID, o.GID); err != nil {
			return err
		}
		if !o.IsSymlink() {
			if err := u.t.Chmod(name, o.Perm()); err != nil {
				return err
			}
		}
	}
	if err := u.xattrs(e, o); err != nil {
		return err
	}
	return u.t.Lutimes(name, o.MTime)
}

func (u *unpacker) xattrs(e *binpkg.Entry, o *Object) error {
	if !u.o.Xattrs {
		return nil
	}
	for _, name := range sortedNames(e.Xattrs) {
		o.HasXattrs = true
		if err := ignoreUnsupported(u.t.Setxattr(u.name(o), name, []byte(e.Xattrs[name])), u.o.Owner); err != nil {
			return err
		}
	}
	return nil
}

// ignoreUnsupported lets pass that a file system has no attributes, and that a user
// without privileges may not set some of them; Portage does, too.
func ignoreUnsupported(err error, privileged bool) error {
	if errors.Is(err, errors.ErrUnsupported) || !privileged && errors.Is(err, fs.ErrPermission) {
		return nil
	}
	return err
}

func sortedNames(m map[string]string) []string {
	names := make([]string, 0, len(m))
	for n := range m {
		names = append(names, n)
	}
	slices.Sort(names)
	return names
}

// Package image is what a package wants to install: the image of a binary package,
// unpacked to a directory, with a list of everything in it.
package image

import (
	"cmp"
	"crypto/md5"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/portsolve/portsolve/internal/rootfs"
)

// Object is one object of an image.
type Object struct {
	Path     string // in the image and in ROOT, relative
	Mode     uint32 // type and permissions, as rootfs.Info.Mode
	UID, GID int
	Size     int64
	MTime    time.Time
	Sum      [md5.Size]byte // MD5 of a regular file
	Target   string         // of a symbolic link
	Rdev     uint64
	// Group tells hard links: objects with the same number are one file; 0 none.
	Group int
	// HasXattrs says that it was unpacked with extended attributes.
	HasXattrs bool

	id    [2]uint64 // device and inode in the stage
	ctime time.Time
}

// Type is the type part of Mode, Perm the permissions.
func (o *Object) Type() uint32    { return o.Mode & rootfs.TypeMask }
func (o *Object) Perm() uint32    { return o.Mode & rootfs.PermMask }
func (o *Object) IsDir() bool     { return o.Type() == rootfs.Dir }
func (o *Object) IsSymlink() bool { return o.Type() == rootfs.Symlink }
func (o *Object) IsRegular() bool { return o.Type() == rootfs.Regular }

// Inode is the number of a regular file in the stage, 0 if it is not known.
func (o *Object) Inode() uint64 { return o.id[1] }

// MD5 is Sum in hexadecimal digits; of a symbolic link, the sum of its target.
func (o *Object) MD5() string {
	if o.IsSymlink() {
		sum := md5.Sum([]byte(o.Target))
		return hex.EncodeToString(sum[:])
	}
	return hex.EncodeToString(o.Sum[:])
}

// Image is an unpacked image. Objects are sorted by path (parents before what is in
// them); the top itself is not among them.
type Image struct {
	Dir     string // in the tree
	Objects []Object
	Bytes   int64 // of regular files
}

// sort puts the objects in order.
func (m *Image) sort() {
	slices.SortFunc(m.Objects, func(a, b Object) int { return Compare(a.Path, b.Path) })
}

// Compare orders paths so that everything below a directory follows it directly.
func Compare(a, b string) int {
	for i := 0; i < len(a) && i < len(b); i++ {
		if a[i] != b[i] {
			x, y := a[i], b[i]
			if x == '/' {
				x = 0
			}
			if y == '/' {
				y = 0
			}
			return cmp.Compare(x, y)
		}
	}
	return cmp.Compare(len(a), len(b))
}

// Filter removes objects from the list and from the stage; a directory only if
// nothing is left in it.
func (m *Image) Filter(t rootfs.FS, drop func(*Object) bool) error {
	inside := map[string]int{} // what is kept in a directory
	var kept []Object
	for i := range slices.Backward(m.Objects) {
		o := &m.Objects[i]
		if !drop(o) || o.IsDir() && inside[o.Path] > 0 {
			inside[path.Dir(o.Path)]++
			kept = append(kept, *o)
			continue
		}
		remove := t.Unlink
		if o.IsDir() {
			remove = t.Rmdir
		}
		if err := remove(path.Join(m.Dir, o.Path)); err != nil {
			return err
		}
		if o.IsRegular() {
			m.Bytes -= o.Size
		}
	}
	slices.Reverse(kept)
	m.Objects = kept
	return nil
}

// Rescan brings the list up to date after a phase function has changed the stage.
// Files that look untouched (inode, size, both times) keep their sums.
func (m *Image) Rescan(t rootfs.FS) error {
	old := make(map[string]*Object, len(m.Objects))
	for i := range m.Objects {
		old[m.Objects[i].Path] = &m.Objects[i]
	}
	fresh := &Image{Dir: m.Dir}
	groups := map[[2]uint64]int{}
	err := rootfs.Walk(t, m.Dir, func(name string, i rootfs.Info) error {
		if name == m.Dir {
			return nil
		}
		o := Object{
			Path: strings.TrimPrefix(name, m.Dir+"/"), Mode: i.Mode, UID: i.UID, GID: i.GID, Size: i.Size, MTime: i.MTime, Rdev: i.Rdev,
			id: [2]uint64{i.Dev, i.Ino}, ctime: i.CTime,
		}
		before := old[o.Path]
		if before != nil {
			o.HasXattrs = before.HasXattrs
		}
		if err := fresh.describe(t, name, &o, before, i, groups); err != nil {
			return err
		}
		fresh.Objects = append(fresh.Objects, o)
		return nil
	})
	if err != nil {
		return err
	}
	fresh.sort()
	*m = *fresh
	return nil
}

func (m *Image) describe(t rootfs.FS, name string, o, before *Object, i rootfs.Info, groups map[[2]uint64]int) (err error) {
	switch o.Type() {
	case rootfs.Symlink:
		o.Target, err = t.Readlink(name)
	case rootfs.Regular:
		m.Bytes += o.Size
		if i.Nlink > 1 {
			if groups[o.id] == 0 {
				groups[o.id] = len(groups) + 1
			}
			o.Group = groups[o.id]
		}
		if before != nil && before.id == o.id && before.Size == o.Size && before.MTime.Equal(o.MTime) && before.ctime.Equal(o.ctime) {
			o.Sum = before.Sum
			return nil
		}
		o.Sum, err = Sum(t, name)
	case rootfs.Dir, rootfs.FIFO, rootfs.Char, rootfs.Block:
	default:
		return fmt.Errorf("pkg_preinst left a %s in the image: /%s; it cannot be installed", i.Kind(), o.Path)
	}
	return err
}

// Sum is the MD5 sum of a regular file.
func Sum(t rootfs.FS, name string) (sum [md5.Size]byte, err error) {
	f, err := t.Open(name)
	if err != nil {
		return sum, err
	}
	defer f.Close()
	h := md5.New()
	if _, err = io.CopyBuffer(struct{ io.Writer }{h}, struct{ io.Reader }{f}, make([]byte, 64<<10)); err != nil {
		return sum, err
	}
	return sumOf(h), nil
}

func sumOf(h hash.Hash) (sum [md5.Size]byte) {
	h.Sum(sum[:0])
	return sum
}

var errLinkType = errors.New("a hard link to something that is not a regular file")

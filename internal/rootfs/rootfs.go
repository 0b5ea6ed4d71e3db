// Package rootfs is a directory tree that no name and no symbolic link leads out
// of: the ROOT that packages are merged into.
//
// Names are relative to the tree, separated by slashes and without ".." elements;
// "." is the tree itself. The directories on the way to the last element are
// resolved as the running system would resolve them after chroot(2) into the tree:
// an absolute link begins at the tree, and ".." in a link stops there
// (RESOLVE_IN_ROOT of openat2(2)). The last element is never followed, except where
// a method says so.
//
// What changes a ROOT goes through FS and nothing else. That makes three things
// possible: nothing is written outside, every step can be made to fail in a test
// (package faultfs), and a test can prove that no call was forgotten.
package rootfs

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"
	"time"
)

// FS is a tree. It is safe for concurrent use. Errors are *fs.PathError (also of
// calls with two names) with the name in the tree; errors.Is works with
// fs.ErrNotExist, fs.ErrExist and system error numbers.
type FS interface {
	// Lstat describes what the name itself is.
	Lstat(name string) (Info, error)
	// Stat follows symbolic links, inside of the tree.
	Stat(name string) (Info, error)
	// Readlink is the target of a symbolic link as it is stored.
	Readlink(name string) (string, error)
	// ReadDir lists a directory: plain names, sorted bytewise. A link to a
	// directory is followed.
	ReadDir(name string) ([]string, error)
	// Resolve gives the name with all links among its parents replaced, as a name
	// of this tree. The last element is not followed. A parent that does not exist
	// is kept as it is, with everything behind it.
	Resolve(name string) (string, error)
	// Path is the name on the host, for messages and for programs that are started.
	// It is not safe to open: links are resolved by whoever uses it.
	Path(name string) string

	// Open opens a regular file for reading; anything else is an error (ErrType for
	// a FIFO, which would block, for a device and for a link).
	Open(name string) (File, error)
	// Create makes a new regular file with exactly this mode, whatever the umask is;
	// fs.ErrExist if the name is taken, be it by a dangling link.
	Create(name string, mode uint32) (File, error)
	// Mkdir makes a directory with exactly this mode.
	Mkdir(name string, mode uint32) error
	// Symlink makes a link at name. The target is stored as it is.
	Symlink(target, name string) error
	// Link makes newname another name of oldname; a symbolic link is linked itself.
	Link(oldname, newname string) error
	// Mknod makes a FIFO, a device or a socket with exactly this mode (Type and
	// permissions as in Info.Mode; rdev as in Info.Rdev).
	Mknod(name string, mode uint32, rdev uint64) error
	// Unlink removes anything but a directory.
	Unlink(name string) error
	// Rmdir removes an empty directory.
	Rmdir(name string) error
	// Rename is rename(2): it replaces newname in one step; if both are names of one
	// file, nothing happens.
	Rename(oldname, newname string) error
	// Exchange swaps two names in one step (RENAME_EXCHANGE of renameat2(2));
	// errors.ErrUnsupported where the file system cannot.
	Exchange(a, b string) error

	// Chmod sets permission, suid, sgid and sticky bits (07777); links have none.
	Chmod(name string, mode uint32) error
	// Lchown sets owner and group.
	Lchown(name string, uid, gid int) error
	// Lutimes sets the time of modification in nanoseconds; access time becomes the same.
	Lutimes(name string, mtime time.Time) error
	// Listxattr lists the names of extended attributes, sorted; none where the file
	// system has none.
	Listxattr(name string) ([]string, error)
	Getxattr(name, attr string) ([]byte, error)
	Setxattr(name, attr string, value []byte) error

	// Mount tells mounts apart: names with different numbers cannot be renamed to each
	// other or linked. Links are followed.
	Mount(name string) (uint64, error)
	// SyncFS makes everything durable that was done so far on the file system that
	// holds name (syncfs(2)).
	SyncFS(name string) error
	// SyncDir makes the entries of a directory durable (fsync(2)).
	SyncDir(name string) error
	// Space says what is free on the file system that holds name, for this user.
	Space(name string) (Space, error)
	// Lock takes an advisory lock on a file as Portage does, see LockOptions.
	Lock(ctx context.Context, name string, o LockOptions) (unlock func() error, err error)
	// Close releases the tree.
	Close() error
}

// File is an open regular file.
type File interface {
	io.Reader
	io.Writer
	io.Closer
	Stat() (Info, error)
	// Sync makes content and metadata durable (fsync(2)).
	Sync() error
	Chmod(mode uint32) error
	Chown(uid, gid int) error
	SetModTime(mtime time.Time) error
	Setxattr(attr string, value []byte) error
}

// LockOptions of Lock.
type LockOptions struct {
	// Shared allows other shared holders.
	Shared bool
	// Remove removes the file with the lock, as Portage does with *.portage_lockfile.
	Remove bool
	// Mode of the file if it has to be made; 0 is 0660.
	Mode uint32
	// Waiting is called once if somebody else holds the lock; the text names the
	// process if it can be found out ("process 123 (emerge)"), else it is "".
	Waiting func(holder string)
	// NoWait returns a *LockedError instead of waiting.
	NoWait bool
}

// LockedError says that somebody else holds a lock.
type LockedError struct {
	Path   string // on the host
	Holder string // "process 123 (emerge)", "" if it is not known
}

func (e *LockedError) Error() string {
	who := e.Holder
	if who == "" {
		who = "another process"
	}
	return fmt.Sprintf("%s is locked by %s; try again when it has finished", e.Path, who)
}

// ErrType says that something is of another kind than the call is for.
var ErrType = errors.New("is not a regular file")

// Space of a file system, in bytes and in inodes. Inodes is -1 where the file
// system has no limit of its own.
type Space struct {
	Bytes  int64
	Inodes int64
}

// Info describes an object. Dev and Ino identify it.
type Info struct {
	// Mode has the type (S_IFMT) and the 12 permission bits, as in stat(2).
	Mode     uint32
	UID, GID int
	Size     int64
	MTime    time.Time
	CTime    time.Time // of the last change of content or attributes
	Dev, Ino uint64
	Nlink    uint64
	Rdev     uint64 // of devices, as in stat(2)
}

// Types of Info.Mode, the numbers of stat(2) on Linux.
const (
	TypeMask uint32 = 0o170000
	Socket   uint32 = 0o140000
	Symlink  uint32 = 0o120000
	Regular  uint32 = 0o100000
	Block    uint32 = 0o060000
	Dir      uint32 = 0o040000
	Char     uint32 = 0o020000
	FIFO     uint32 = 0o010000

	SetUID   uint32 = 0o4000
	SetGID   uint32 = 0o2000
	Sticky   uint32 = 0o1000
	PermMask uint32 = 0o7777
)

// Type is the type part of Mode.
func (i Info) Type() uint32 { return i.Mode & TypeMask }

// Perm is the permissions with suid, sgid and sticky.
func (i Info) Perm() uint32 { return i.Mode & PermMask }

// IsDir, IsRegular and IsSymlink ask for the common types.
func (i Info) IsDir() bool     { return i.Type() == Dir }
func (i Info) IsRegular() bool { return i.Type() == Regular }
func (i Info) IsSymlink() bool { return i.Type() == Symlink }

// Same reports that both describe one object.
func (i Info) Same(o Info) bool { return i.Dev == o.Dev && i.Ino == o.Ino }

// Kind is the type in words, for messages.
func (i Info) Kind() string {
	switch i.Type() {
	case Regular:
		return "regular file"
	case Dir:
		return "directory"
	case Symlink:
		return "symbolic link"
	case FIFO:
		return "FIFO"
	case Socket:
		return "socket"
	case Block:
		return "block device"
	case Char:
		return "character device"
	}
	return "object of an unknown type"
}

// Clean checks a name and gives its shortest form. An absolute name is taken from
// the tree's top; empty names, NUL bytes and ".." are errors: what they would mean
// depends on links, and no caller has a use for them.
func Clean(name string) (string, error) {
	if name == "" {
		return "", errors.New("the name is empty")
	}
	if strings.IndexByte(name, 0) >= 0 {
		return "", fmt.Errorf("the name %q has a NUL byte", name)
	}
	if strings.Contains(name, "..") {
		for e := range strings.SplitSeq(name, "/") {
			if e == ".." {
				return "", fmt.Errorf("the name %q has a .. element", name)
			}
		}
	}
	if c := strings.TrimPrefix(path.Clean(name), "/"); c != "" {
		return c, nil
	}
	return ".", nil
}

// clean is Clean with the error of a call.
func clean(op, name string) (string, error) {
	c, err := Clean(name)
	if err != nil {
		return "", &fs.PathError{Op: op, Path: name, Err: err}
	}
	return c, nil
}

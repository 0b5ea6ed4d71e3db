package rootfs

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// tree is the FS of Linux: a descriptor of its top and openat2(2), or, on kernels
// before 5.6 and where a sandbox forbids it, a walk of our own.
type tree struct {
	host string
	top  int
	walk bool // do not use openat2
}

// Open opens the directory dir of the host as a tree.
func Open(dir string) (FS, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	fd, err := retry(func() (int, error) { return unix.Open(abs, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0) })
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: abs, Err: err}
	}
	t := &tree{host: abs, top: fd}
	probe, err := t.openat2(".", unix.O_PATH)
	if err != nil {
		t.walk = true
	} else {
		unix.Close(probe)
	}
	return t, nil
}

// retry repeats a system call that a signal interrupted.
func retry[T any](call func() (T, error)) (T, error) {
	for {
		v, err := call()
		if err != unix.EINTR {
			return v, err
		}
	}
}

func retry0(call func() error) error {
	_, err := retry(func() (struct{}, error) { return struct{}{}, call() })
	return err
}

func (t *tree) Close() error { return unix.Close(t.top) }

func (t *tree) Path(name string) string {
	return filepath.Join(t.host, filepath.FromSlash(name))
}

// openat2 opens a name with all links, the last one too, resolved in the tree.
func (t *tree) openat2(name string, flags int) (int, error) {
	how := unix.OpenHow{
		Flags:   uint64(flags | unix.O_CLOEXEC),
		Resolve: unix.RESOLVE_IN_ROOT | unix.RESOLVE_NO_MAGICLINKS,
	}
	// EAGAIN: something was renamed while the kernel looked at "..".
	for tries := 0; ; tries++ {
		fd, err := retry(func() (int, error) { return unix.Openat2(t.top, name, &how) })
		if err != unix.EAGAIN || tries == 128 {
			return fd, err
		}
	}
}

// open opens a name, following the last link unless O_NOFOLLOW is among the flags.
func (t *tree) open(name string, flags int) (int, error) {
	if t.walk {
		return t.walkOpen(name, flags)
	}
	return t.openat2(name, flags)
}

// at calls f with the directory of name and its last element.
func (t *tree) at(op, name string, f func(dir int, base string) error) error {
	c, err := clean(op, name)
	if err != nil {
		return err
	}
	dir, base, done, err := t.parent(c)
	if err == nil {
		err = f(dir, base)
		done()
	}
	if err != nil {
		return &fs.PathError{Op: op, Path: c, Err: err}
	}
	return nil
}

func (t *tree) parent(c string) (dir int, base string, done func(), err error) {
	at, base := path.Split(c)
	if at == "" {
		return t.top, base, func() {}, nil
	}
	fd, err := t.open(at[:len(at)-1], unix.O_PATH|unix.O_DIRECTORY)
	if err != nil {
		return 0, "", nil, err
	}
	return fd, base, func() { unix.Close(fd) }, nil
}

// at2 is at for two names.
func (t *tree) at2(op, a, b string, f func(dirA int, baseA string, dirB int, baseB string) error) error {
	both := func(err error) error { return &fs.PathError{Op: op, Path: a + " -> " + b, Err: err} }
	ca, errA := Clean(a)
	cb, errB := Clean(b)
	if err := errors.Join(errA, errB); err != nil {
		return both(err)
	}
	dirA, baseA, doneA, err := t.parent(ca)
	if err != nil {
		return both(err)
	}
	defer doneA()
	dirB, baseB, doneB, err := t.parent(cb)
	if err != nil {
		return both(err)
	}
	defer doneB()
	if err := f(dirA, baseA, dirB, baseB); err != nil {
		return both(err)
	}
	return nil
}

func info(st *unix.Stat_t) Info {
	return Info{
		Mode: st.Mode, UID: int(st.Uid), GID: int(st.Gid), Size: st.Size,
		MTime: time.Unix(int64(st.Mtim.Sec), int64(st.Mtim.Nsec)),
		CTime: time.Unix(int64(st.Ctim.Sec), int64(st.Ctim.Nsec)),
		Dev:   uint64(st.Dev), Ino: st.Ino, Nlink: uint64(st.Nlink), Rdev: uint64(st.Rdev),
	}
}

func (t *tree) Lstat(name string) (Info, error) {
	var st unix.Stat_t
	err := t.at("lstat", name, func(dir int, base string) error {
		return retry0(func() error { return unix.Fstatat(dir, base, &st, unix.AT_SYMLINK_NOFOLLOW) })
	})
	return info(&st), err
}

func (t *tree) Stat(name string) (Info, error) {
	c, err := clean("stat", name)
	if err != nil {
		return Info{}, err
	}
	fd, err := t.open(c, unix.O_PATH)
	if err != nil {
		return Info{}, &fs.PathError{Op: "stat", Path: c, Err: err}
	}
	defer unix.Close(fd)
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return Info{}, &fs.PathError{Op: "stat", Path: c, Err: err}
	}
	return info(&st), nil
}

func (t *tree) Readlink(name string) (string, error) {
	target := ""
	err := t.at("readlink", name, func(dir int, base string) (err error) {
		target, err = readlinkat(dir, base)
		return err
	})
	return target, err
}

func readlinkat(dir int, base string) (string, error) {
	for size := 256; ; size *= 4 {
		buf := make([]byte, size)
		n, err := retry(func() (int, error) { return unix.Readlinkat(dir, base, buf) })
		if err != nil {
			return "", err
		}
		if n < size {
			return string(buf[:n]), nil
		}
	}
}

func (t *tree) ReadDir(name string) ([]string, error) {
	c, err := clean("readdir", name)
	if err != nil {
		return nil, err
	}
	fd, err := t.open(c, unix.O_RDONLY|unix.O_DIRECTORY)
	if err != nil {
		return nil, &fs.PathError{Op: "readdir", Path: c, Err: err}
	}
	defer unix.Close(fd)
	var names []string
	buf := make([]byte, 16<<10)
	for {
		n, err := retry(func() (int, error) { return unix.ReadDirent(fd, buf) })
		if err != nil {
			return nil, &fs.PathError{Op: "readdir", Path: c, Err: err}
		}
		if n <= 0 {
			break
		}
		_, _, names = unix.ParseDirent(buf[:n], -1, names)
	}
	slices.Sort(names)
	return names, nil
}

// Resolve asks the kernel's view of the parents one by one.
func (t *tree) Resolve(name string) (string, error) {
	c, err := clean("resolve", name)
	if err != nil {
		return "", err
	}
	dir, base := path.Split(c)
	if dir == "" {
		return c, nil
	}
	resolved, err := resolveLinks(strings.TrimSuffix(dir, "/"), func(n string) (string, bool, error) {
		i, err := t.Lstat(n)
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ENOTDIR) {
			return "", false, fs.ErrNotExist
		}
		if err != nil || !i.IsSymlink() {
			return "", false, err
		}
		target, err := t.Readlink(n)
		return target, true, err
	})
	if err != nil {
		return "", &fs.PathError{Op: "resolve", Path: c, Err: err}
	}
	return path.Join(resolved, base), nil
}

func (t *tree) Mkdir(name string, mode uint32) error {
	return t.at("mkdir", name, func(dir int, base string) error {
		if err := retry0(func() error { return unix.Mkdirat(dir, base, mode&0o777) }); err != nil {
			return err
		}
		return chmodat(dir, base, mode)
	})
}

func (t *tree) Symlink(target, name string) error {
	return t.at("symlink", name, func(dir int, base string) error {
		return retry0(func() error { return unix.Symlinkat(target, dir, base) })
	})
}

func (t *tree) Link(oldname, newname string) error {
	return t.at2("link", oldname, newname, func(d1 int, b1 string, d2 int, b2 string) error {
		return retry0(func() error { return unix.Linkat(d1, b1, d2, b2, 0) })
	})
}

func (t *tree) Mknod(name string, mode uint32, rdev uint64) error {
	return t.at("mknod", name, func(dir int, base string) error {
		if err := retry0(func() error { return unix.Mknodat(dir, base, mode&^0o7000, int(rdev)) }); err != nil {
			return err
		}
		return chmodat(dir, base, mode)
	})
}

func (t *tree) Unlink(name string) error {
	return t.at("unlink", name, func(dir int, base string) error {
		return retry0(func() error { return unix.Unlinkat(dir, base, 0) })
	})
}

func (t *tree) Rmdir(name string) error {
	return t.at("rmdir", name, func(dir int, base string) error {
		return retry0(func() error { return unix.Unlinkat(dir, base, unix.AT_REMOVEDIR) })
	})
}

func (t *tree) Rename(oldname, newname string) error {
	return t.at2("rename", oldname, newname, func(d1 int, b1 string, d2 int, b2 string) error {
		return retry0(func() error { return unix.Renameat(d1, b1, d2, b2) })
	})
}

func (t *tree) Exchange(a, b string) error {
	return t.at2("exchange", a, b, func(d1 int, b1 string, d2 int, b2 string) error {
		err := retry0(func() error { return unix.Renameat2(d1, b1, d2, b2, unix.RENAME_EXCHANGE) })
		if err == unix.ENOSYS || err == unix.EINVAL || err == unix.EOPNOTSUPP {
			return errors.ErrUnsupported
		}
		return err
	})
}

func (t *tree) Chmod(name string, mode uint32) error {
	return t.at("chmod", name, func(dir int, base string) error { return chmodat(dir, base, mode) })
}

// chmodat never follows a link, also not one that somebody put in place of what
// was just made.
func chmodat(dir int, base string, mode uint32) error {
	err := retry0(func() error { return unix.Fchmodat(dir, base, mode&PermMask, unix.AT_SYMLINK_NOFOLLOW) })
	if err != unix.EOPNOTSUPP && err != unix.ENOSYS {
		return err
	}
	// Kernels before 6.6 cannot do it in one step; a descriptor of the object itself can.
	fd, err := retry(func() (int, error) {
		return unix.Openat(dir, base, unix.O_PATH|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	})
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return err
	}
	if st.Mode&TypeMask == Symlink {
		return unix.EOPNOTSUPP
	}
	return retry0(func() error { return unix.Chmod("/proc/self/fd/"+strconv.Itoa(fd), mode&PermMask) })
}

func (t *tree) Lchown(name string, uid, gid int) error {
	return t.at("lchown", name, func(dir int, base string) error {
		return retry0(func() error { return unix.Fchownat(dir, base, uid, gid, unix.AT_SYMLINK_NOFOLLOW) })
	})
}

func times(mtime time.Time) ([]unix.Timespec, error) {
	ts, err := unix.TimeToTimespec(mtime)
	if err != nil {
		return nil, fmt.Errorf("the time %v does not fit the file system: %w", mtime, err)
	}
	return []unix.Timespec{ts, ts}, nil
}

func (t *tree) Lutimes(name string, mtime time.Time) error {
	return t.at("utimes", name, func(dir int, base string) error {
		ts, err := times(mtime)
		if err != nil {
			return err
		}
		return retry0(func() error { return unix.UtimesNanoAt(dir, base, ts, unix.AT_SYMLINK_NOFOLLOW) })
	})
}

func (t *tree) SyncDir(name string) error {
	return t.withFD("fsync", name, unix.O_RDONLY|unix.O_DIRECTORY, unix.Fsync)
}

func (t *tree) SyncFS(name string) error {
	return t.withFD("syncfs", name, unix.O_RDONLY|unix.O_DIRECTORY, unix.Syncfs)
}

// Mount is the number that statx(2) gives, from Linux 5.8 on, else the device: a bind
// mount has the same device, but is another mount.
func (t *tree) Mount(name string) (uint64, error) {
	var id uint64
	err := t.withFD("mount", name, unix.O_PATH, func(fd int) error {
		var x unix.Statx_t
		if err := unix.Statx(fd, "", unix.AT_EMPTY_PATH, unix.STATX_MNT_ID, &x); err == nil && x.Mask&unix.STATX_MNT_ID != 0 {
			id = x.Mnt_id
			return nil
		}
		var st unix.Stat_t
		err := unix.Fstat(fd, &st)
		id = uint64(st.Dev)
		return err
	})
	return id, err
}

func (t *tree) Space(name string) (Space, error) {
	var s Space
	err := t.withFD("statfs", name, unix.O_PATH, func(fd int) error {
		var st unix.Statfs_t
		if err := unix.Fstatfs(fd, &st); err != nil {
			return err
		}
		size := int64(st.Frsize)
		if size == 0 {
			size = int64(st.Bsize)
		}
		s.Bytes, s.Inodes = int64(st.Bavail)*size, int64(st.Ffree)
		if st.Files == 0 {
			s.Inodes = -1
		}
		return nil
	})
	return s, err
}

// withFD calls f with a descriptor of what name leads to.
func (t *tree) withFD(op, name string, flags int, f func(fd int) error) error {
	c, err := clean(op, name)
	if err != nil {
		return err
	}
	fd, err := t.open(c, flags)
	if err == nil {
		err = retry0(func() error { return f(fd) })
		unix.Close(fd)
	}
	if err != nil {
		return &fs.PathError{Op: op, Path: c, Err: err}
	}
	return nil
}

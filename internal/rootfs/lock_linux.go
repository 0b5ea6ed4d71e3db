package rootfs

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Lock takes a flock(2) and a lock of fcntl(2), which know nothing of each other on
// Linux: Portage uses one or the other (Python's fcntl.lockf or fcntl.flock), and
// either kind of holder keeps us out. Because a holder may remove the file with its
// lock, a lock that was got counts only if the name still leads to the file.
func (t *tree) Lock(ctx context.Context, name string, o LockOptions) (func() error, error) {
	c, err := clean("lock", name)
	if err != nil {
		return nil, err
	}
	told := false
	for wait := 5 * time.Millisecond; ; wait = min(2*wait, 200*time.Millisecond) {
		fd, err := t.tryLock(c, o)
		if err == nil {
			return func() error { return t.unlock(c, fd, o.Remove) }, nil
		}
		var locked *LockedError
		if !errors.As(err, &locked) || o.NoWait {
			return nil, err
		}
		if !told && o.Waiting != nil {
			o.Waiting(locked.Holder)
			told = true
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("%w (%w)", err, context.Cause(ctx))
		case <-time.After(wait):
		}
	}
}

func (t *tree) tryLock(c string, o LockOptions) (int, error) {
	mode := o.Mode
	if mode == 0 {
		mode = 0o660
	}
	for {
		var fd int
		err := t.at("lock", c, func(dir int, base string) (err error) {
			fd, err = openLockFile(dir, base, mode)
			return err
		})
		if err != nil {
			return -1, err
		}
		how := unix.LOCK_EX | unix.LOCK_NB
		if o.Shared {
			how = unix.LOCK_SH | unix.LOCK_NB
		}
		err = retry0(func() error { return unix.Flock(fd, how) })
		if err == nil {
			err = recordLock(fd, o.Shared)
		}
		if err != nil {
			_ = unix.Flock(fd, unix.LOCK_UN) // or we would take ourselves for the holder
			holder := lockHolder(fd)
			unix.Close(fd)
			if err == unix.EWOULDBLOCK || err == unix.EACCES {
				return -1, &LockedError{Path: t.Path(c), Holder: holder}
			}
			return -1, &fs.PathError{Op: "lock", Path: c, Err: err}
		}
		var held unix.Stat_t
		now, err := t.Lstat(c)
		if err2 := unix.Fstat(fd, &held); err == nil && err2 == nil && now.Same(info(&held)) {
			return fd, nil
		}
		unix.Close(fd) // removed by the last holder: begin again
	}
}

// recordLock takes the lock of fcntl(2) on the whole file, in the form that belongs
// to the open file and not to the process (F_OFD_SETLK): it conflicts with the usual
// one all the same, and closing another descriptor of the file does not lose it.
func recordLock(fd int, shared bool) error {
	l := unix.Flock_t{Type: unix.F_WRLCK}
	if shared {
		l.Type = unix.F_RDLCK
	}
	err := retry0(func() error { return unix.FcntlFlock(uintptr(fd), unix.F_OFD_SETLK, &l) })
	if err == unix.EINVAL || err == unix.ENOLCK || err == unix.ENOSYS {
		return nil // a file system without them: nobody else has one
	}
	return err
}

// openLockFile opens the file, or makes it with exactly this mode.
func openLockFile(dir int, base string, mode uint32) (int, error) {
	const flags = unix.O_RDWR | unix.O_NOFOLLOW | unix.O_CLOEXEC | unix.O_NONBLOCK
	for {
		fd, err := retry(func() (int, error) { return unix.Openat(dir, base, flags, 0) })
		if err != unix.ENOENT {
			return fd, err
		}
		fd, err = retry(func() (int, error) { return unix.Openat(dir, base, flags|unix.O_CREAT|unix.O_EXCL, mode) })
		if err == unix.EEXIST {
			continue
		}
		if err == nil {
			err = unix.Fchmod(fd, mode)
		}
		return fd, err
	}
}

func (t *tree) unlock(c string, fd int, remove bool) error {
	var err error
	if remove {
		err = t.Unlink(c)
		if errors.Is(err, fs.ErrNotExist) {
			err = nil
		}
	}
	return errors.Join(err, unix.Close(fd))
}

// lockHolder looks the file up in /proc/locks:
// "1: FLOCK  ADVISORY  WRITE 1234 08:01:5678 0 EOF" (proc_locks(5)).
func lockHolder(fd int) string {
	var st unix.Stat_t
	if unix.Fstat(fd, &st) != nil {
		return ""
	}
	locks, err := os.ReadFile("/proc/locks")
	if err != nil {
		return ""
	}
	inode := fmt.Sprintf(":%d", st.Ino)
	for in := bufio.NewScanner(bytes.NewReader(locks)); in.Scan(); {
		f := strings.Fields(in.Text())
		if len(f) < 6 || f[1] == "->" || !strings.HasSuffix(f[5], inode) || f[4] == "-1" {
			continue // -1: a lock that belongs to an open file
		}
		name, err := os.ReadFile("/proc/" + f[4] + "/comm")
		if err != nil {
			return "process " + f[4]
		}
		return "process " + f[4] + " (" + strings.TrimSpace(string(name)) + ")"
	}
	return ""
}

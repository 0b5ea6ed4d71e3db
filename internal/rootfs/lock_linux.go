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

// Lock uses flock(2), as Portage does. Because a holder may remove the file with
// its lock, a lock that was got counts only if the name still leads to the file.
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
		if err != nil {
			holder := lockHolder(fd)
			unix.Close(fd)
			if err == unix.EWOULDBLOCK {
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
		if len(f) < 6 || f[1] == "->" || !strings.HasSuffix(f[5], inode) {
			continue
		}
		name, err := os.ReadFile("/proc/" + f[4] + "/comm")
		if err != nil {
			return "process " + f[4]
		}
		return "process " + f[4] + " (" + strings.TrimSpace(string(name)) + ")"
	}
	return ""
}

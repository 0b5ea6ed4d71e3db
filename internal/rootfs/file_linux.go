package rootfs

import (
	"io"
	"io/fs"
	"runtime"
	"time"

	"golang.org/x/sys/unix"
)

// file is an open file. It goes without os.File: there is nothing to poll, and a
// merge opens a hundred thousand of them.
type file struct {
	name string
	fd   int
}

func (t *tree) Open(name string) (File, error) {
	c, err := clean("open", name)
	if err != nil {
		return nil, err
	}
	var fd int
	err = t.at("open", c, func(dir int, base string) (err error) {
		fd, err = retry(func() (int, error) {
			return unix.Openat(dir, base, unix.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
		})
		if err == unix.ELOOP || err == unix.ENXIO {
			return ErrType
		}
		if err != nil {
			return err
		}
		var st unix.Stat_t
		if err = unix.Fstat(fd, &st); err == nil && st.Mode&TypeMask != Regular {
			err = ErrType
		}
		if err != nil {
			unix.Close(fd)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return newFile(c, fd), nil
}

func (t *tree) Create(name string, mode uint32) (File, error) {
	c, err := clean("create", name)
	if err != nil {
		return nil, err
	}
	var fd int
	err = t.at("create", c, func(dir int, base string) (err error) {
		fd, err = retry(func() (int, error) {
			return unix.Openat(dir, base, unix.O_RDWR|unix.O_CREAT|unix.O_EXCL|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0o600)
		})
		if err != nil || mode == 0o600 {
			return err
		}
		if err = retry0(func() error { return unix.Fchmod(fd, mode&PermMask) }); err != nil {
			unix.Close(fd)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return newFile(c, fd), nil
}

func newFile(name string, fd int) *file { return &file{name: name, fd: fd} }

func (f *file) fail(op string, err error) error {
	runtime.KeepAlive(f)
	if err == nil {
		return nil
	}
	return &fs.PathError{Op: op, Path: f.name, Err: err}
}

func (f *file) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	n, err := retry(func() (int, error) { return unix.Read(f.fd, p) })
	if err != nil {
		return 0, f.fail("read", err)
	}
	if n == 0 {
		return 0, io.EOF
	}
	return n, nil
}

func (f *file) Write(p []byte) (int, error) {
	done := 0
	for done < len(p) {
		n, err := retry(func() (int, error) { return unix.Write(f.fd, p[done:]) })
		if err != nil {
			return done, f.fail("write", err)
		}
		if n == 0 {
			return done, f.fail("write", io.ErrShortWrite)
		}
		done += n
	}
	return done, nil
}

func (f *file) Close() error {
	if f.fd < 0 {
		return f.fail("close", fs.ErrClosed)
	}
	err := unix.Close(f.fd)
	f.fd = -1
	if err == unix.EINTR {
		err = nil // Linux has closed it
	}
	return f.fail("close", err)
}

func (f *file) Stat() (Info, error) {
	var st unix.Stat_t
	err := retry0(func() error { return unix.Fstat(f.fd, &st) })
	return info(&st), f.fail("stat", err)
}

func (f *file) Sync() error {
	return f.fail("fsync", retry0(func() error { return unix.Fsync(f.fd) }))
}

func (f *file) Chmod(mode uint32) error {
	return f.fail("chmod", retry0(func() error { return unix.Fchmod(f.fd, mode&PermMask) }))
}

func (f *file) Chown(uid, gid int) error {
	return f.fail("chown", retry0(func() error { return unix.Fchown(f.fd, uid, gid) }))
}

func (f *file) Setxattr(attr string, value []byte) error {
	return f.fail("setxattr", retry0(func() error { return unix.Fsetxattr(f.fd, attr, value, 0) }))
}

func (f *file) SetModTime(mtime time.Time) error {
	ts, err := times(mtime)
	if err == nil {
		// futimens(2): utimensat(2) with the descriptor and no name.
		err = retry0(func() error { return utimensat(f.fd, ts) })
	}
	return f.fail("utimes", err)
}

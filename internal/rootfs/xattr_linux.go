package rootfs

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"
)

// utimensat with a NULL name acts on the descriptor; package unix offers names only.
func utimensat(fd int, ts []unix.Timespec) error {
	_, _, errno := unix.Syscall6(unix.SYS_UTIMENSAT, uintptr(fd), 0, uintptr(unsafe.Pointer(&ts[0])), 0, 0, 0)
	if errno != 0 {
		return errno
	}
	return nil
}

// There is no lgetxattr relative to a directory before Linux 6.13, so the
// directory's descriptor is named through /proc; the last element is not followed.
func xattrPath(dir int, base string) string {
	return "/proc/self/fd/" + strconv.Itoa(dir) + "/" + base
}

func (t *tree) Listxattr(name string) ([]string, error) {
	var out []string
	err := t.at("listxattr", name, func(dir int, base string) error {
		buf, err := growing(func(b []byte) (int, error) { return unix.Llistxattr(xattrPath(dir, base), b) })
		if errors.Is(err, unix.ENOTSUP) {
			return nil
		}
		for n := range strings.SplitSeq(string(buf), "\x00") {
			if n != "" {
				out = append(out, n)
			}
		}
		return err
	})
	slices.Sort(out)
	return out, err
}

func (t *tree) Getxattr(name, attr string) ([]byte, error) {
	var out []byte
	err := t.at("getxattr", name, func(dir int, base string) (err error) {
		out, err = growing(func(b []byte) (int, error) { return unix.Lgetxattr(xattrPath(dir, base), attr, b) })
		return err
	})
	return out, err
}

func (t *tree) Setxattr(name, attr string, value []byte) error {
	return t.at("setxattr", name, func(dir int, base string) error {
		return retry0(func() error { return unix.Lsetxattr(xattrPath(dir, base), attr, value, 0) })
	})
}

// growing calls with larger buffers until the answer fits.
func growing(call func([]byte) (int, error)) ([]byte, error) {
	for size := 256; ; size *= 4 {
		buf := make([]byte, size)
		n, err := retry(func() (int, error) { return call(buf) })
		if err == unix.ERANGE && size < 1<<20 {
			continue
		}
		if err != nil {
			return nil, err
		}
		return buf[:n], nil
	}
}

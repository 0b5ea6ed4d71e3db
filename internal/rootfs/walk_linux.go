package rootfs

import (
	"strings"

	"golang.org/x/sys/unix"
)

// walkOpen is openat2 with RESOLVE_IN_ROOT where the kernel has none: each element
// is opened in the directory before it with O_NOFOLLOW, so that no step can leave
// the tree, whatever is renamed meanwhile.
func (t *tree) walkOpen(name string, flags int) (int, error) {
	todo := strings.Split(name, "/")
	stack := []int{t.top} // directories from the top to the present one
	defer func() {
		for _, fd := range stack[1:] {
			unix.Close(fd)
		}
	}()
	links := 0
	for len(todo) > 0 {
		element := todo[0]
		todo = todo[1:]
		switch element {
		case "", ".":
			continue
		case "..":
			if n := len(stack); n > 1 {
				unix.Close(stack[n-1])
				stack = stack[:n-1]
			}
			continue
		}
		here := stack[len(stack)-1]
		fd, err := retry(func() (int, error) {
			return unix.Openat(here, element, unix.O_PATH|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
		})
		if err != nil {
			return -1, err
		}
		var st unix.Stat_t
		if err := unix.Fstat(fd, &st); err != nil {
			unix.Close(fd)
			return -1, err
		}
		last := len(todo) == 0
		switch {
		case st.Mode&TypeMask == Symlink && !(last && flags&unix.O_NOFOLLOW != 0):
			target, err := readlinkat(fd, "")
			unix.Close(fd)
			if err != nil {
				return -1, err
			}
			if links++; links > maxLinks {
				return -1, unix.ELOOP
			}
			if strings.HasPrefix(target, "/") {
				for _, d := range stack[1:] {
					unix.Close(d)
				}
				stack = stack[:1]
			}
			todo = append(strings.Split(target, "/"), todo...)
		case last:
			defer unix.Close(fd)
			return t.reopen(here, element, fd, flags)
		case st.Mode&TypeMask != Dir:
			unix.Close(fd)
			return -1, unix.ENOTDIR
		default:
			stack = append(stack, fd)
		}
	}
	return t.reopen(stack[len(stack)-1], ".", stack[len(stack)-1], flags)
}

// reopen opens the object of fd with the flags that are wanted.
func (t *tree) reopen(dir int, base string, fd, flags int) (int, error) {
	out, err := retry(func() (int, error) {
		return unix.Openat(dir, base, flags|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	})
	if err != nil {
		return -1, err
	}
	var a, b unix.Stat_t
	if unix.Fstat(fd, &a) != nil || unix.Fstat(out, &b) != nil || a.Dev != b.Dev || a.Ino != b.Ino {
		unix.Close(out)
		return -1, unix.EAGAIN
	}
	return out, nil
}

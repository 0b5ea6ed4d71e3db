//go:build unix

package repo

import (
	"io/fs"
	"syscall"
)

// readFile returns the content of a file of at most limit bytes. A run reads
// thousands of small files: this makes four system calls and one allocation for
// each, half of what package os needs. Opening without blocking guards against a
// FIFO in place of the file; a directory fails to read.
func readFile(path string, limit int64) (string, error) {
	fd, err := openFile(path)
	if err != nil {
		return "", &fs.PathError{Op: "open", Path: path, Err: err}
	}
	defer syscall.Close(fd)
	var small [16 << 10]byte
	buf, n := small[:], 0
	for {
		m, err := syscall.Read(fd, buf[n:])
		if err == syscall.EINTR {
			continue
		}
		if err != nil {
			return "", &fs.PathError{Op: "read", Path: path, Err: err}
		}
		if m <= 0 {
			return string(buf[:n]), nil
		}
		n += m
		if int64(n) > limit {
			return "", tooLarge(path, limit)
		}
		if n == len(buf) {
			buf = append(make([]byte, 0, 4*n), buf...)[:4*n]
		}
	}
}

func openFile(path string) (int, error) {
	for {
		fd, err := syscall.Open(path, syscall.O_RDONLY|syscall.O_CLOEXEC|syscall.O_NONBLOCK, 0)
		if err != syscall.EINTR {
			return fd, err
		}
	}
}

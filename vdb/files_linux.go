package vdb

import (
	"bytes"
	"encoding/binary"
	"io"
	"os"
	"syscall"
)

// Reading an entry is about 17 small files. os.File costs several times the
// system calls themselves (poller registration, finalizers, path walks), which
// is most of the time of a whole read; hence openat and getdents directly.

// read loads the known files of the entry at path. It leaves s.present and
// s.extents set.
func (s *scratch) read(path string) error {
	s.reset()
	fd, err := openRetry(atCWD, path, syscall.O_DIRECTORY)
	if err != nil {
		return &os.PathError{Op: "open", Path: path, Err: err}
	}
	defer syscall.Close(fd)
	types, err := s.readDir(fd)
	if err != nil {
		return &os.PathError{Op: "readdir", Path: path, Err: err}
	}
	for id := range numFiles {
		if !s.present[id] {
			continue
		}
		from := len(s.blob)
		if err := s.readFile(fd, fileNames[id], types[id]); err != nil {
			return &fileError{fileNames[id], err}
		}
		s.extents[id] = extent{from, len(s.blob)}
	}
	return nil
}

// readDir notes which known files exist, with their d_type.
func (s *scratch) readDir(fd int) (types [numFiles]byte, err error) {
	// Layout of struct linux_dirent64 (getdents64(2)).
	const reclenAt, typeAt, nameAt = 16, 18, 19
	for {
		n, err := syscall.ReadDirent(fd, s.dirents)
		if err == syscall.EINTR {
			continue
		}
		if err != nil || n <= 0 {
			return types, err
		}
		for b := s.dirents[:n]; len(b) > nameAt; {
			reclen := int(binary.NativeEndian.Uint16(b[reclenAt:]))
			if reclen <= nameAt || reclen > len(b) {
				return types, syscall.EIO
			}
			name := b[nameAt:reclen]
			if i := bytes.IndexByte(name, 0); i >= 0 {
				name = name[:i]
			}
			if id, ok := lookupFile(name); ok {
				s.present[id], types[id] = true, b[typeAt]
			}
			b = b[reclen:]
		}
	}
}

// readFile appends a file's text to s.blob. O_NONBLOCK keeps a FIFO in the
// place of a file from hanging the program.
func (s *scratch) readFile(dir int, name string, dtype byte) error {
	switch dtype {
	case syscall.DT_REG, syscall.DT_LNK, syscall.DT_UNKNOWN:
	default:
		return errNotRegular
	}
	fd, err := openRetry(dir, name, syscall.O_NONBLOCK)
	if err != nil {
		return err
	}
	defer syscall.Close(fd)
	if dtype != syscall.DT_REG {
		var st syscall.Stat_t
		if err := syscall.Fstat(fd, &st); err != nil {
			return err
		}
		if st.Mode&syscall.S_IFMT != syscall.S_IFREG {
			return errNotRegular
		}
	}
	for {
		if cap(s.blob)-len(s.blob) < 4<<10 {
			s.blob = append(make([]byte, 0, 2*cap(s.blob)), s.blob...)
		}
		free := s.blob[len(s.blob):cap(s.blob)]
		n, err := syscall.Read(fd, free)
		if err == syscall.EINTR {
			continue
		}
		if err != nil && err != io.EOF {
			return err
		}
		s.blob = s.blob[:len(s.blob)+n]
		if len(s.blob) > maxEntryBytes {
			return errTooLarge
		}
		if n < len(free) { // regular file: a short read is its end
			return nil
		}
	}
}

// atCWD is AT_FDCWD: paths are relative to the working directory.
const atCWD = -0x64

func openRetry(dir int, name string, flags int) (int, error) {
	for {
		fd, err := syscall.Openat(dir, name, syscall.O_RDONLY|syscall.O_CLOEXEC|flags, 0)
		if err != syscall.EINTR {
			return fd, err
		}
	}
}

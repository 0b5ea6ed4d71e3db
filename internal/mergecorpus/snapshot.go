package mergecorpus

import (
	"crypto/md5"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

const vdbDir = "/var/db/pkg"

// Snapshot is the state of ROOT as it is now.
func (w *World) Snapshot() (*State, error) {
	root, err := w.tree(w.Root)
	if err != nil {
		return nil, err
	}
	st := &State{Root: *root, Leftover: []string{}}
	if st.VDB, err = w.vdb(); err != nil {
		return nil, err
	}
	if w.hasOutside {
		st.Outside, err = w.tree(filepath.Dir(filepath.Join(w.Dir, outsideTarget)))
		if err != nil {
			return nil, err
		}
		for i := range st.Outside.Entries { // these are recorded without texts
			st.Outside.Entries[i].Text = nil
		}
	}
	return st, nil
}

// tree lists everything below dir but what is in the VDB.
func (w *World) tree(dir string) (*Tree, error) {
	t := &Tree{Entries: []Entry{}}
	if _, err := os.Lstat(dir); errors.Is(err, fs.ErrNotExist) {
		return t, nil
	}
	t.Exists = true
	first := map[uint64]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || path == dir {
			return err
		}
		name := strings.TrimPrefix(path, dir)
		e, err := w.entry(path, name)
		if err != nil {
			return err
		}
		t.Entries = append(t.Entries, *e)
		if name == vdbDir {
			return fs.SkipDir
		}
		return nil
	})
	slices.SortFunc(t.Entries, func(a, b Entry) int { return strings.Compare(a.Path, b.Path) })
	for i := range t.Entries {
		if err := nameGroup(dir, &t.Entries[i], first); err != nil {
			return nil, err
		}
	}
	return t, err
}

// nameGroup names hard-linked files after the first path of the same inode.
func nameGroup(dir string, e *Entry, first map[uint64]string) error {
	if e.Nlink == 0 {
		return nil
	}
	var st syscall.Stat_t
	if err := syscall.Lstat(filepath.Join(dir, e.Path), &st); err != nil {
		return err
	}
	if first[st.Ino] == "" {
		first[st.Ino] = e.Path
	}
	e.Group = first[st.Ino]
	return nil
}

func (w *World) entry(path, name string) (*Entry, error) {
	var st syscall.Stat_t
	if err := syscall.Lstat(path, &st); err != nil {
		return nil, err
	}
	e := &Entry{Path: w.normalise(name), Mode: fmt.Sprintf("%04o", st.Mode&0o7777), UID: int(st.Uid), GID: int(st.Gid)}
	switch st.Mode & syscall.S_IFMT {
	case syscall.S_IFDIR:
		e.Type = "dir"
		return e, nil
	case syscall.S_IFLNK:
		e.Type = "sym"
		target, err := os.Readlink(path)
		if err != nil {
			return nil, err
		}
		target = w.normalise(target)
		e.Target = &target
	case syscall.S_IFIFO:
		e.Type = "fifo"
	case syscall.S_IFREG:
		e.Type = "file"
	default:
		e.Type = fmt.Sprintf("mode %o", st.Mode)
	}
	e.MTime, e.MTimeNsec = w.mtime(st.Mtim.Sec, st.Mtim.Nsec)
	if e.Type == "file" {
		return e, w.content(e, path, &st)
	}
	return e, nil
}

func (w *World) mtime(sec, nsec int64) (any, int) {
	if !time.Unix(sec, nsec).Before(w.started) {
		return now, 0
	}
	return float64(sec), int(nsec)
}

func (w *World) content(e *Entry, path string, st *syscall.Stat_t) error {
	if e.Path == "/var/cache/edb/mtimedb" {
		e.Volatile = true
		return nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	size := int64(len(text))
	sum := md5.Sum(text)
	e.Size, e.MD5 = &size, hex.EncodeToString(sum[:])
	if hasText(e.Path) && size <= maxText {
		s := string(text)
		e.Text = &s
	}
	if st.Nlink > 1 {
		e.Nlink = int(st.Nlink)
	}
	e.Xattr, err = xattrs(path)
	return err
}

// maxText is the size in bytes up to which texts are kept.
const maxText = 4096

// hasText tells the small files that are recorded with what is in them.
func hasText(path string) bool {
	return strings.HasPrefix(path, "/etc/") || strings.HasPrefix(path, "/var/lib/portage/") ||
		strings.HasPrefix(path, "/var/log/mc/") || path == "/"+counterFile || path == "/usr/share/info/dir"
}

// xattrs are the extended attributes of the user namespace.
func xattrs(path string) (map[string]string, error) {
	buf := make([]byte, 4096)
	n, err := unix.Llistxattr(path, buf)
	if errors.Is(err, unix.ENOTSUP) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var out map[string]string
	for _, name := range strings.Split(strings.TrimSuffix(string(buf[:n]), "\x00"), "\x00") {
		if name == "" {
			continue
		}
		value := make([]byte, 4096)
		n, err := unix.Lgetxattr(path, name, value)
		if err != nil {
			return nil, err
		}
		if out == nil {
			out = map[string]string{}
		}
		out[name] = string(value[:n])
	}
	return out, nil
}

// normalise replaces what differs from run to run in names.
func (w *World) normalise(s string) string {
	s = strings.ReplaceAll(s, w.Root, "<ROOT>")
	return strings.ReplaceAll(s, w.Dir, "<MNT>")
}

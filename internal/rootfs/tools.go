package rootfs

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"path"
	"strings"
	"syscall"
)

// TempSuffix ends the names of the files that WriteFile writes before it renames
// them; a file that ends so after a crash belongs to nobody and may be removed.
const TempSuffix = ".portsolve-new"

// ReadFile reads a regular file as a whole.
func ReadFile(t FS, name string) ([]byte, error) {
	f, err := t.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var b bytes.Buffer
	if i, err := f.Stat(); err == nil && i.Size > 0 && i.Size < 1<<30 {
		b.Grow(int(i.Size) + bytes.MinRead)
	}
	_, err = b.ReadFrom(onlyReader{f})
	return b.Bytes(), err
}

type onlyReader struct{ io.Reader }

// WriteFile makes a file of this content and mode or replaces one: it is written
// beside it, made durable and renamed, so that at any time the old or the new
// content is there. A link in its place is replaced itself; a directory is an error.
// An existing file's owner is kept, as far as the process may set it.
func WriteFile(t FS, name string, data []byte, mode uint32) error {
	temp := name + TempSuffix
	if err := t.Unlink(temp); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := writeTemp(t, temp, name, data, mode); err != nil {
		_ = t.Unlink(temp)
		return err
	}
	if err := t.Rename(temp, name); err != nil {
		_ = t.Unlink(temp)
		return err
	}
	return t.SyncDir(path.Dir(name))
}

func writeTemp(t FS, temp, name string, data []byte, mode uint32) error {
	f, err := t.Create(temp, mode)
	if err != nil {
		return err
	}
	defer f.Close()
	if old, err := t.Lstat(name); err == nil && old.IsRegular() {
		if f.Chown(old.UID, old.GID) == nil && mode&(SetUID|SetGID) != 0 {
			if err := f.Chmod(mode); err != nil { // chown(2) clears them
				return err
			}
		}
	}
	if _, err := f.Write(data); err != nil {
		return err
	}
	return f.Sync()
}

// MkdirAll makes a directory and its missing parents. What exists is kept, a link
// to a directory too.
func MkdirAll(t FS, name string, mode uint32) error {
	i, err := t.Stat(name)
	if err == nil {
		if !i.IsDir() {
			return &fs.PathError{Op: "mkdir", Path: name, Err: errors.New("is there and is a " + i.Kind() + ", not a directory")}
		}
		return nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if dir := path.Dir(name); dir != "." && dir != "/" {
		if err := MkdirAll(t, dir, mode); err != nil {
			return err
		}
	}
	err = t.Mkdir(name, mode)
	if errors.Is(err, fs.ErrExist) {
		if i, err2 := t.Stat(name); err2 == nil && i.IsDir() {
			return nil // somebody else was faster
		}
	}
	return err
}

// RemoveAll removes name and everything below it; links are removed, not followed.
// Nothing there is no error. It goes on after an error and returns the first one.
func RemoveAll(t FS, name string) error {
	err := t.Unlink(name)
	if err == nil || IsAbsent(err) {
		return nil
	}
	i, lerr := t.Lstat(name)
	if lerr != nil {
		return lerr
	}
	if !i.IsDir() {
		return err
	}
	if i.Perm()&0o700 != 0o700 { // without privileges its owner could not empty it
		_ = t.Chmod(name, i.Perm()|0o700)
	}
	names, first := t.ReadDir(name)
	for _, n := range names {
		if err := RemoveAll(t, path.Join(name, n)); err != nil && first == nil {
			first = err
		}
	}
	if err := t.Rmdir(name); err != nil && first == nil && !errors.Is(err, fs.ErrNotExist) {
		first = err
	}
	return first
}

// RemoveEmpty removes dir if it is empty, then its parents below top as long as they
// are. What is not there counts as removed, so that a second call goes on where a
// first one was interrupted.
func RemoveEmpty(t FS, dir, top string) error {
	for ; dir != top && Below(dir, top); dir = path.Dir(dir) {
		names, err := t.ReadDir(dir)
		if IsAbsent(err) {
			continue
		}
		if err != nil || len(names) > 0 {
			return err
		}
		if err := t.Rmdir(dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
			if names, rerr := t.ReadDir(dir); rerr == nil && len(names) > 0 {
				return nil // somebody has just put something into it
			}
			return err
		}
	}
	return nil
}

// Walk calls f for name and everything below it, parents first, names of one
// directory in their order; links are not followed. SkipDir of package fs leaves out
// what is below a directory; every other error ends the walk.
func Walk(t FS, name string, f func(name string, i Info) error) error {
	i, err := t.Lstat(name)
	if err != nil {
		return err
	}
	return walk(t, name, i, f)
}

func walk(t FS, name string, i Info, f func(string, Info) error) error {
	if err := f(name, i); err != nil {
		if i.IsDir() && errors.Is(err, fs.SkipDir) {
			return nil
		}
		return err
	}
	if !i.IsDir() {
		return nil
	}
	names, err := t.ReadDir(name)
	if err != nil {
		return err
	}
	for _, n := range names {
		child := path.Join(name, n)
		ci, err := t.Lstat(child)
		if errors.Is(err, fs.ErrNotExist) {
			continue // went away meanwhile
		}
		if err == nil {
			err = walk(t, child, ci, f)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// Exists reports whether something has this name; a dangling link counts.
func Exists(t FS, name string) (bool, error) {
	_, err := t.Lstat(name)
	switch {
	case err == nil:
		return true, nil
	case IsAbsent(err):
		return false, nil
	}
	return false, err
}

// IsAbsent reports that an error says that there is nothing of that name: neither
// the object nor, maybe, a directory on the way to it. Links that lead in a circle are
// on the way to nothing.
func IsAbsent(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ELOOP) || err != nil && isNotDir(err)
}

// Below reports whether name is dir or below it; both are clean.
func Below(name, dir string) bool {
	return dir == "." || name == dir || len(name) > len(dir) && name[len(dir)] == '/' && strings.HasPrefix(name, dir)
}

// Package savedfiles lists, restores and removes what merges have kept of the administrator's: files that were changed, or
// that nobody owned, where a package's file came or went (docs/merge-safety.md, points 6 and 7).
package savedfiles

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/portsolve/portsolve/internal/rootfs"
)

// Dir is where the copies are, below ROOT: Dir/CATEGORY/PF/NAME, and PF.1, PF.2 … for further ones.
const Dir = "var/lib/portsolve/saved"

// File is one saved copy. Names are those of the tree, without a slash at their begin.
type File struct {
	Name    string // where it was
	Copy    string // where it is
	Package string // whose file came or went: "cat/pkg-1", with .1 … for a further copy
	// Saved is about when it was saved, or put back the last time.
	Saved time.Time
}

// List finds all copies, sorted by Name, then by time; of one moment PF comes before PF.1. Errors are about directories that cannot be read.
// Where /usr is a file system of its own, copies are beside the files (NAME.portsolve-saved) and not found here.
func List(t rootfs.FS) ([]File, error) {
	var out []File
	err := rootfs.Walk(t, Dir, func(name string, i rootfs.Info) error {
		if i.IsDir() {
			return nil
		}
		parts := strings.SplitN(strings.TrimPrefix(name, Dir+"/"), "/", 3)
		if len(parts) == 3 {
			out = append(out, File{Name: parts[2], Copy: name, Package: parts[0] + "/" + parts[1], Saved: i.CTime})
		}
		return nil
	})
	if rootfs.IsAbsent(err) {
		err = nil
	}
	slices.SortFunc(out, func(a, b File) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), a.Saved.Compare(b.Saved), cmp.Compare(len(a.Copy), len(b.Copy)), strings.Compare(a.Copy, b.Copy))
	})
	return out, err
}

// Restore puts a copy back to where it was, in one step. What is there now takes its place among the saved ones, so that
// nothing is lost and a second Restore takes the first one back. The caller holds the lock of the package database.
func Restore(t rootfs.FS, f File) error {
	if err := f.check(t); err != nil {
		return err
	}
	now, err := t.Lstat(f.Name)
	switch {
	case rootfs.IsAbsent(err):
		if err := rootfs.MkdirAll(t, path.Dir(f.Name), 0o755); err != nil {
			return err
		}
		err = t.Rename(f.Copy, f.Name)
	case err != nil:
	case now.IsDir():
		return fmt.Errorf("%s is a directory now; move it away first", t.Path(f.Name))
	default:
		err = t.Exchange(f.Copy, f.Name)
	}
	if errors.Is(err, syscall.EXDEV) || errors.Is(err, errors.ErrUnsupported) {
		return fmt.Errorf("%s and %s cannot be exchanged on this file system; copy it by hand", t.Path(f.Copy), t.Path(f.Name))
	}
	if err != nil {
		return err
	}
	return errors.Join(t.SyncDir(path.Dir(f.Name)), t.SyncDir(path.Dir(f.Copy)), tidy(t, f))
}

// Remove removes a copy for good, and the directories that become empty. The caller holds the lock of the package database.
func Remove(t rootfs.FS, f File) error {
	if err := f.check(t); err != nil {
		return err
	}
	if err := t.Unlink(f.Copy); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return tidy(t, f)
}

// tidy removes empty directories above a copy; "var/lib" stays.
func tidy(t rootfs.FS, f File) error { return rootfs.RemoveEmpty(t, path.Dir(f.Copy), "var/lib") }

// check guards against a File that List did not make.
func (f File) check(t rootfs.FS) error {
	if f.Name == "" || f.Copy != path.Join(Dir, f.Package, f.Name) || !rootfs.Below(f.Copy, Dir) {
		return fmt.Errorf("%s is no saved copy of %s", f.Copy, f.Name)
	}
	i, err := t.Lstat(f.Copy)
	if err == nil && i.IsDir() {
		err = fmt.Errorf("%s is a directory", t.Path(f.Copy))
	}
	return err
}

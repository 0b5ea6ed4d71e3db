package edit

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/portsolve/portsolve/internal/wholefile"
)

// temporary is what the names of unfinished files begin with: with a dot, so that nobody reads them as configuration.
const temporary = ".portsolve-"

// maxProtected is how many versions of a protected file may wait.
const maxProtected = 9999

// protect finds the name for the new version of a protected file. If the last that waits is the same, it does.
func (f *File) protect() error {
	dir, base := filepath.Split(f.Path)
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	last, next := "", 0
	for _, e := range entries {
		var n int
		if number, ok := strings.CutSuffix(e.Name(), "_"+base); ok && len(number) == len("._cfg0000") {
			if _, err := fmt.Sscanf(number, "._cfg%04d", &n); err == nil && n >= next {
				last, next = e.Name(), n+1
			}
		}
	}
	if last != "" {
		waiting, err := os.ReadFile(filepath.Join(dir, last))
		if err == nil && bytes.Equal(waiting, f.Content) {
			f.Write, f.Pending = filepath.Join(dir, last), true
			return nil
		}
	}
	if next > maxProtected {
		return fmt.Errorf("%s has %d new versions waiting; run dispatch-conf or etc-update first", f.Path, next)
	}
	f.Write = filepath.Join(dir, fmt.Sprintf("._cfg%04d_%s", next, base))
	return nil
}

// Apply writes all files: first beside their places, and when all are on the disk, they are moved there. If one cannot
// be written, or one has changed since Prepare, none is.
func (d *Edits) Apply() (err error) {
	var ready []string // temporary files by File, "" for none
	defer func() {
		for _, t := range ready {
			if t != "" {
				_ = os.Remove(t) // those that were not moved
			}
		}
	}()
	for i := range d.Files {
		f := &d.Files[i]
		t := ""
		if !f.Pending {
			if t, err = f.stage(); err != nil {
				return fmt.Errorf("%w\nno configuration was changed; the lines above can be added by hand", err)
			}
		}
		ready = append(ready, t)
	}
	for i := range d.Files {
		f := &d.Files[i]
		if f.Pending {
			continue
		}
		if err := os.Rename(ready[i], target(f.Write)); err != nil {
			return d.interrupted(i, err)
		}
		ready[i] = ""
		if err := wholefile.SyncDir(filepath.Dir(target(f.Write))); err != nil {
			return err
		}
	}
	return nil
}

// interrupted tells how far Apply got.
func (d *Edits) interrupted(at int, err error) error {
	for i := range d.Files[:at] {
		if f := &d.Files[i]; !f.Pending {
			err = fmt.Errorf("%w\n%s has been written, though", err, f.Write)
		}
	}
	return err
}

// target is where a link leads: the link itself stays.
func target(path string) string {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		return real
	}
	return path
}

// stage writes the new content to a temporary file of the directory where it belongs.
func (f *File) stage() (name string, err error) {
	if err := f.unchanged(); err != nil {
		return "", err
	}
	dir := filepath.Dir(target(f.Write))
	if err := os.MkdirAll(dir, 0o755); err != nil { // etc/portage/profile
		return "", err
	}
	tmp, err := os.CreateTemp(dir, temporary+"*")
	if err != nil {
		return "", fmt.Errorf("%s cannot be written: %w", f.Write, err)
	}
	defer func() {
		if cerr := tmp.Close(); err == nil {
			err = cerr
		}
		if err != nil {
			_ = os.Remove(tmp.Name())
			name, err = "", fmt.Errorf("%s cannot be written: %w", f.Write, err)
		}
	}()
	if _, err := tmp.Write(f.Content); err != nil {
		return "", err
	}
	if err := tmp.Chmod(f.mode); err != nil {
		return "", err
	}
	f.keepOwner(tmp)
	return tmp.Name(), tmp.Sync()
}

// unchanged compares the file with what Prepare read.
func (f *File) unchanged() error {
	now, err := os.ReadFile(f.Path)
	switch {
	case errors.Is(err, fs.ErrNotExist) && !f.is:
		return nil
	case err != nil:
		return err
	case !f.is || !bytes.Equal(now, f.old):
		return fmt.Errorf("%s was changed while the request was resolved; try again", f.Path)
	}
	return nil
}

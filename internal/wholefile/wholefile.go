// Package wholefile writes files that are there whole, or as they were before.
package wholefile

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// Replace gives path the content that write writes, and mode 0644. The directory must exist. It is first written beside
// path, under a hidden name, and renamed when it is complete; after an error nothing has changed. Nothing is synced: this is for
// what can be made again, and after a power cut the file may be empty. An error of write is returned with path before it.
func Replace(path string, write func(io.Writer) error) error {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // it is gone when all went well
	err = write(f)
	if err == nil {
		err = f.Chmod(0o644)
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	return os.Rename(f.Name(), path)
}

// SyncDir makes the names in a directory durable (fsync(2)): a file that was synced and then renamed into it is there
// after a power cut.
func SyncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

//go:build unix

package vdb

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// specialFiles are the entries that writeSpecialFiles makes, with something
// that is no regular file as USE.
func specialFiles() []string { return []string{"fifo-1", "zero-1"} }

func writeSpecialFiles(t *testing.T, root string) {
	t.Helper()
	fifo := writeEntry(t, root, "a/fifo-1", files{"SLOT": "0"})
	if err := syscall.Mkfifo(filepath.Join(fifo, "USE"), 0o644); err != nil {
		t.Fatal(err)
	}
	link := writeEntry(t, root, "a/zero-1", files{"SLOT": "0"})
	if err := os.Symlink("/dev/zero", filepath.Join(link, "USE")); err != nil {
		t.Fatal(err)
	}
}

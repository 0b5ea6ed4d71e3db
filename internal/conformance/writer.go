package main

import (
	"os"
	"path/filepath"
	"strings"
)

// lines joins lines with a newline after each.
func lines(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return strings.Join(list, "\n") + "\n"
}

// writer writes files below dir and keeps the first error.
type writer struct {
	dir string
	err error
}

func (w *writer) fail(err error) {
	if w.err == nil {
		w.err = err
	}
}

func (w *writer) path(rel string) string { return filepath.Join(w.dir, filepath.FromSlash(rel)) }

func (w *writer) mkdir(rel string) {
	if w.err == nil {
		w.err = os.MkdirAll(w.path(rel), 0o755)
	}
}

func (w *writer) write(rel, content string) {
	w.mkdir(filepath.Dir(rel))
	if w.err == nil {
		w.err = os.WriteFile(w.path(rel), []byte(content), 0o644)
	}
}

func (w *writer) symlink(target, rel string) {
	w.mkdir(filepath.Dir(rel))
	if w.err == nil {
		w.err = os.Symlink(target, w.path(rel))
	}
}

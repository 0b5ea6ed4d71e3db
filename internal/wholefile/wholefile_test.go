package wholefile_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/portsolve/portsolve/internal/wholefile"
)

func TestReplace(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "answer")
	for _, text := range []string{"old", "new"} {
		if err := wholefile.Replace(path, func(w io.Writer) error { _, err := io.WriteString(w, text); return err }); err != nil {
			t.Fatal(err)
		}
		checkOnly(t, dir, text)
	}
	// A writer that fails in the middle leaves the old file, and nothing beside it.
	full := errors.New("no space left")
	err := wholefile.Replace(path, func(w io.Writer) error { _, _ = io.WriteString(w, "ha"); return full })
	if !errors.Is(err, full) || !strings.Contains(err.Error(), path) {
		t.Errorf("%v", err)
	}
	checkOnly(t, dir, "new")
	if info, err := os.Stat(path); err != nil || info.Mode() != 0o644 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	if err := wholefile.Replace(filepath.Join(dir, "missing", "x"), nil); err == nil {
		t.Error("written into a directory that does not exist")
	}
	if err := wholefile.SyncDir(dir); err != nil {
		t.Error(err)
	}
}

func checkOnly(t *testing.T, dir, want string) {
	t.Helper()
	files, err := os.ReadDir(dir)
	if err != nil || len(files) != 1 {
		t.Fatalf("%v, %v", files, err)
	}
	if text, err := os.ReadFile(filepath.Join(dir, files[0].Name())); err != nil || string(text) != want {
		t.Errorf("%q, %v", text, err)
	}
}

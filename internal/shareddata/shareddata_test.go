package shareddata_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/portsolve/portsolve/internal/shareddata"
)

func TestPath(t *testing.T) {
	checkout := t.TempDir()
	below := filepath.Join(checkout, "merge", "cfgmem")
	if err := os.MkdirAll(below, 0o755); err != nil {
		t.Fatal(err)
	}
	check := func(what, want string, elements ...string) {
		t.Helper()
		if got := shareddata.Path(elements...); got != filepath.FromSlash(want) {
			t.Errorf("%s: %s, want %s", what, got, want)
		}
	}
	t.Setenv("PORTSOLVE_SHARED", "")
	t.Chdir(below)
	check("outside of a module", "../shared/merges", "merges")
	if err := os.WriteFile(filepath.Join(checkout, "go.mod"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	check("two directories down", "../../../shared")
	t.Chdir(checkout)
	check("at the top", "../shared/a/b", "a", "b")
	t.Setenv("PORTSOLVE_SHARED", "/data")
	check("named", "/data/a", "a")
}

package mergecorpus_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/portsolve/portsolve/internal/mergecorpus"
)

// corpus finds the shared data, or skips.
func corpus(t *testing.T) (scenarios, binpkgs string) {
	t.Helper()
	shared := os.Getenv("PORTSOLVE_SHARED")
	if shared == "" {
		shared = "../../../shared"
	}
	scenarios, binpkgs = filepath.Join(shared, "merges"), filepath.Join(shared, "binpkgs")
	if _, err := os.Stat(scenarios); err != nil {
		t.Skipf("the shared corpus of merges is not there: %v", err)
	}
	return scenarios, binpkgs
}

// TestLayOut: what is laid out for a scenario is what Portage was given.
func TestLayOut(t *testing.T) {
	scenarios, binpkgs := corpus(t)
	list, err := mergecorpus.Read(scenarios, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range list {
		t.Run(s.ID(), func(t *testing.T) {
			if inNamespace(t, len(s.Mounts) > 0) {
				return
			}
			w, err := mergecorpus.LayOut(t.TempDir(), binpkgs, s)
			defer func() {
				if err := w.Close(); err != nil {
					t.Error(err)
				}
			}()
			skipOrFail(t, err)
			want, err := s.Recorded(0)
			if err != nil {
				t.Fatal(err)
			}
			got, err := w.Snapshot()
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range mergecorpus.Compare(want, got, mergecorpus.Loose{}) {
				t.Error(d)
			}
		})
	}
}

// inNamespace runs the test again in a mount namespace of its own, if it needs
// one, and reports whether that has been done.
func inNamespace(t *testing.T, needed bool) bool {
	t.Helper()
	if !needed {
		return false
	}
	cmd := mergecorpus.Isolated("-test.run=^"+regexp.QuoteMeta(t.Name())+"$", "-test.v")
	if cmd == nil {
		return false
	}
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Skipf("a mount namespace is not possible here: %v", err)
	}
	t.Logf("in a mount namespace of its own:\n%s", out)
	if err != nil {
		t.Fail()
	}
	if skipped.Match(out) {
		t.Skip("skipped there")
	}
	return true
}

var skipped = regexp.MustCompile(`(?m)^\s+--- SKIP`)

func skipOrFail(t *testing.T, err error) {
	t.Helper()
	var skip *mergecorpus.Skip
	if errors.As(err, &skip) {
		t.Skip(skip.Reason)
	}
	if err != nil {
		t.Fatal(err)
	}
}

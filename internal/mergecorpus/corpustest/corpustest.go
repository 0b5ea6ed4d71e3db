// Package corpustest helps tests that run the corpus of merge scenarios.
package corpustest

import (
	"errors"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/portsolve/portsolve/internal/mergecorpus"
	"github.com/portsolve/portsolve/internal/shareddata"
)

// Find gives the directories of the corpus, or skips the test.
func Find(t *testing.T) (scenarios, binpkgs string) {
	t.Helper()
	scenarios, binpkgs = shareddata.Path("merges"), shareddata.Path("binpkgs")
	if _, err := os.Stat(scenarios); err != nil {
		t.Skipf("the shared corpus of merges is not there: %v", err)
	}
	return scenarios, binpkgs
}

// InNamespace runs the test again in a mount namespace of its own, if needed says
// so, and reports whether that has been done.
func InNamespace(t *testing.T, needed bool) bool {
	t.Helper()
	if !needed {
		return false
	}
	var pattern []string
	for part := range strings.SplitSeq(t.Name(), "/") {
		pattern = append(pattern, "^"+regexp.QuoteMeta(part)+"$")
	}
	cmd := mergecorpus.Isolated("-test.run="+strings.Join(pattern, "/"), "-test.v")
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
	if regexp.MustCompile(`(?m)^\s+--- SKIP`).Match(out) {
		t.Skip("skipped in the mount namespace of its own; the reason is in the log above")
	}
	return true
}

// SkipOrFail skips the test for a *mergecorpus.Skip, and fails it for another error.
func SkipOrFail(t *testing.T, err error) {
	t.Helper()
	var skip *mergecorpus.Skip
	if errors.As(err, &skip) {
		t.Skip(skip.Reason)
	}
	if err != nil {
		t.Fatal(err)
	}
}

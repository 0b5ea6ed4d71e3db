package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/portsolve/portsolve/internal/differences"
	"github.com/portsolve/portsolve/internal/shareddata"
)

// TestDifferencesDocument keeps the tables of the machines true. It takes about
// a minute, so it is asked for by naming the unpacked repository.
func TestDifferencesDocument(t *testing.T) {
	tree := os.Getenv("PORTSOLVE_TREE")
	if tree == "" {
		t.Skip("PORTSOLVE_TREE does not name an unpacked gentoo-2021.tar.zst of the shared data")
	}
	committed, err := os.ReadFile(filepath.Join("..", "..", "docs", "portage-differences.md"))
	if err != nil {
		t.Fatal(err)
	}
	want, err := differences.Machines.In(string(committed))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "document.md")
	if err := os.WriteFile(path, committed, 0o600); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	args := []string{"-data", shareddata.Path("reference"), "-tree", tree, "-differences", path}
	if err := run(t.Context(), args, &out); err != nil {
		t.Fatal(err)
	}
	rewritten, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := differences.Machines.In(string(rewritten)); err != nil || got != want {
		t.Errorf("docs/portage-differences.md is out of date; go run ./internal/reference -tree %s -differences docs/portage-differences.md rewrites it. Now:\n%s", tree, got)
	}
}

func TestDifference(t *testing.T) {
	c := &referenceCase{Name: "one", Exit: 1, Autounmask: proposal{
		Use: map[string]map[string]bool{"a/b-1": {"x": true}}, Keywords: []string{"a/c-1"}, License: map[string][]string{"a/d-1": {"Z", "A"}},
	}, Circular: true, Graph: []string{"a/b-1"}}
	a := c.recordedAnswer()
	want := []string{"a/b-1 +x", "a/c-1 keyword", "a/d-1 license A", "a/d-1 license Z"}
	if len(a.Changes) != len(want) || a.Solved || len(a.Problems) != 1 || a.Problems[0] != differences.BuildCycle {
		t.Fatalf("%+v", a)
	}
	for i := range want {
		if a.Changes[i] != want[i] {
			t.Errorf("change %d: %q, want %q", i, a.Changes[i], want[i])
		}
	}
	d := c.difference(attempt{err: os.ErrInvalid}, attempt{err: os.ErrInvalid})
	if d == nil || !d.Deviation || d.Checker != "error" {
		t.Errorf("%+v", d)
	}
}

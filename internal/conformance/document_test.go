package main

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/portsolve/portsolve/internal/differences"
)

// TestDifferencesDocument keeps the tables of docs/portage-differences.md equal
// to what the default mode answers.
func TestDifferencesDocument(t *testing.T) {
	docs := sharedScenarios(t)
	total := 0
	var list []*differences.Difference
	for i, wait := range runAll(context.Background(), docs, []bool{true, false}, 2) {
		out := <-wait
		if out.Err != nil {
			t.Errorf("%s: %v", docs[i].Name, out.Err)
		}
		total += len(out.Default)
		list = append(list, differing(out)...)
	}
	document, err := os.ReadFile(filepath.Join("..", "..", "docs", "portage-differences.md"))
	if err != nil {
		t.Fatal(err)
	}
	text, err := differences.Scenarios.In(string(document))
	if err != nil {
		t.Fatal(err)
	}
	if now := differences.Table(list, total); now != text {
		t.Errorf("docs/portage-differences.md is out of date; go run ./internal/conformance -differences docs/portage-differences.md rewrites it. Now:\n%s", now)
	}
}

func TestRecordedAnswer(t *testing.T) {
	a := recordedAnswer(map[string]any{
		"success":     false,
		"mergelist":   []any{"a/b-1", "[uninstall]a/c-1", "[binary,remote]a/d-1-2", "a/e-1::other{targetroot}", "a/f-1{targetroot}", "!!a/g"},
		"use_changes": map[string]any{"a/b-1": map[string]any{"x": true, "y": false}}, "unstable_keywords": []any{"a/d-1"},
		"circular_dependency_solutions": map[string]any{"a/b-1": []any{[]any{[]any{"x", true}, []any{"y", false}}}},
		"slot_collision_solutions":      []any{map[string]any{"a/b-1": map[string]any{"z": false}}},
	})
	want := differences.Answer{
		Plan:     []string{"a/b-1", "uninstall a/c-1", "binary a/d-1-2", "a/e-1", "a/f-1", "!!a/g"},
		Changes:  []string{"a/b-1 +x", "a/b-1 -y", "a/d-1 keyword"},
		Suggests: []string{"a/b-1 +x -y", "a/b-1 -z"},
		Problems: []differences.Problem{differences.BuildCycle, differences.SlotConflict, differences.Blocker},
	}
	if canonical(a) != canonical(want) {
		t.Errorf("%+v, want %+v", a, want)
	}
	removal := recordedAnswer(map[string]any{"success": true, "cleanlist": []any{"a/b-1"}})
	if canonical(removal) != canonical(differences.Answer{Solved: true, Plan: []string{"uninstall a/b-1"}}) {
		t.Errorf("%+v", removal)
	}
}

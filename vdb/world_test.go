package vdb

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestReadWorld(t *testing.T) {
	root := t.TempDir()
	world := filepath.Join(root, "var/lib/portage/world")
	sets := filepath.Join(root, "var/lib/portage/world_sets")
	writeFile(t, world, "# comment\n\ndev-lang/go\n  dev-java/openjdk:11  # why\n@old\nbad atom\nsys-apps/x::repo\n"+
		"*/*\n"+strings.Repeat("x", 1<<20)+"\nlast/one")
	writeFile(t, sets, "@games\nnotaset\n@\n@kde/apps\n")
	w, err := ReadWorld(root)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, a := range w.Atoms {
		got = append(got, fmt.Sprintf("%s=%s:%d", a.Text, a.Atom, a.Source.Line))
		if a.Source.File != world {
			t.Errorf("source %v", a.Source)
		}
	}
	want := []string{"dev-lang/go=dev-lang/go:3", "dev-java/openjdk:11=dev-java/openjdk:11:4",
		"sys-apps/x::repo=sys-apps/x::repo:7", "last/one=last/one:10"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	got = nil
	for _, s := range w.Sets {
		if s.Atom != nil {
			t.Errorf("%s has an atom", s.Text)
		}
		got = append(got, fmt.Sprintf("%s:%s:%d", s.Text, filepath.Base(s.Source.File), s.Source.Line))
	}
	if diff := cmp.Diff([]string{"@old:world:5", "@games:world_sets:1", "@kde/apps:world_sets:4"}, got); diff != "" {
		t.Error(diff)
	}
	got = nil
	for _, p := range w.Problems {
		got = append(got, p.Path)
	}
	wantProblems := []string{world + ":6", world + ":8", world + ":9", sets + ":2", sets + ":3"}
	if diff := cmp.Diff(wantProblems, got); diff != "" {
		t.Error(diff)
	}
}

func TestReadWorldWithoutFiles(t *testing.T) {
	w, err := ReadWorld(t.TempDir())
	if err != nil || len(w.Atoms)+len(w.Sets)+len(w.Problems) != 0 {
		t.Errorf("%+v, %v", w, err)
	}
}

func TestReadWorldUnreadable(t *testing.T) {
	root := t.TempDir()
	writeFile(t, filepath.Join(root, "var/lib/portage/world/file"), "")
	if _, err := ReadWorld(root); err == nil || !strings.Contains(err.Error(), "var/lib/portage/world") {
		t.Errorf("error %v", err)
	}
}

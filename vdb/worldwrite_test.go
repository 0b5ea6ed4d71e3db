package vdb

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/portsolve/portsolve/atom"
)

func TestEditWorld(t *testing.T) {
	for _, c := range []struct {
		what, old, want string
		edit            WorldEdit
	}{
		{"first package", "", "app-mc/tiny\n", WorldEdit{Add: []string{"app-mc/tiny"}}},
		{"sorted", "app-mc/tiny\n", "app-mc/data\napp-mc/slotted:1\napp-mc/tiny\n", WorldEdit{Add: []string{"app-mc/slotted:1", "app-mc/data"}}},
		{"there already", "app-mc/tiny\n", "app-mc/tiny\n", WorldEdit{Add: []string{"app-mc/tiny"}}},
		{"twice in the file", "b/b\na/a\nb/b\n", "a/a\nb/b\n", WorldEdit{}},
		{"deselected", "app-mc/data\napp-mc/tiny\n", "app-mc/data\n", WorldEdit{Remove: []string{"app-mc/tiny", "app-mc/not-there"}}},
		{"another slot stays", "a/a\na/a:1\na/a:2\n", "a/a\na/a:2\n", WorldEdit{Remove: []string{"a/a:1"}}},
		{"last one", "app-mc/tiny\n", "", WorldEdit{Remove: []string{"app-mc/tiny"}}},
		{"comments", "# mine\nb/b # why\n\n# of a\na/a\n# the end\n", "# of a\na/a\n# mine\nb/b # why\nc/c\n# the end\n", WorldEdit{Add: []string{"c/c"}}},
		{"removed with a comment behind it", "a/a # why\nb/b\n", "b/b\n", WorldEdit{Remove: []string{"a/a"}}},
		{"what is not understood stays", ">=x/y\nnonsense here\na/a\n", ">=x/y\na/a\nb/b\nnonsense here\n", WorldEdit{Add: []string{"b/b"}}},
		{"no newline at the end", "b/b", "a/a\nb/b\n", WorldEdit{Add: []string{"a/a"}}},
	} {
		s, root := newStore(t)
		if c.old != "" {
			writeFile(t, filepath.Join(root, "var/lib/portage/world"), c.old)
		}
		if err := s.EditWorld(context.Background(), c.edit, nil); err != nil {
			t.Errorf("%s: %v", c.what, err)
			continue
		}
		if diff := cmp.Diff(c.want, read(t, root, "var/lib/portage/world")); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.what, diff)
		}
		names, err := os.ReadDir(filepath.Join(root, "var/lib/portage"))
		if err != nil {
			t.Fatal(err)
		}
		if want := map[bool]int{true: 2, false: 1}[len(c.edit.Add) > 0]; len(names) != want {
			t.Errorf("%s: files %v", c.what, names)
		}
	}
}

func TestEditWorldSets(t *testing.T) {
	s, root := newStore(t)
	edit := func(e WorldEdit) {
		t.Helper()
		if err := s.EditWorld(context.Background(), e, nil); err != nil {
			t.Fatal(err)
		}
	}
	edit(WorldEdit{Add: []string{"@mcset", "app-mc/tiny", "@another"}})
	if w, sets := read(t, root, "var/lib/portage/world"), read(t, root, "var/lib/portage/world_sets"); w != "app-mc/tiny\n" || sets != "@another\n@mcset\n" {
		t.Errorf("world %q, world_sets %q", w, sets)
	}
	edit(WorldEdit{Remove: []string{"@mcset"}})
	w, err := ReadWorld(root)
	if err != nil || len(w.Problems) > 0 || len(w.Sets) != 1 || w.Sets[0].Text != "@another" || len(w.Atoms) != 1 {
		t.Errorf("read back as %+v, %v", w, err)
	}
	for _, line := range []string{"", "a/b c/d", "a/b\nc/d", "*/*", "tiny", "@", "a/b#c"} {
		if s.EditWorld(context.Background(), WorldEdit{Add: []string{line}}, nil) == nil {
			t.Errorf("%q was added", line)
		}
	}
}

func TestWorldName(t *testing.T) {
	for text, want := range map[string]string{
		"=app-mc/tiny-1.2-r3":       "app-mc/tiny",
		"app-mc/slotted:1":          "app-mc/slotted:1",
		">=app-mc/slotted-2:2/5[x]": "app-mc/slotted:2",
		"app-mc/tiny:0::mcrepo":     "app-mc/tiny:0::mcrepo",
		"~app-mc/tiny-1":            "app-mc/tiny",
		"app-*/tiny":                "",
	} {
		a, err := atom.ParseWildcard(text)
		if err != nil {
			t.Fatal(err)
		}
		if got := WorldName(a); got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
}

func TestUnneededWorld(t *testing.T) {
	w := new(World)
	for _, line := range []string{"a/a", "a/a:1", "a/a:2", ">=a/a-5", "b/b"} {
		if err := w.addAtom(line, WorldAtom{}.Source); err != nil {
			t.Fatal(err)
		}
	}
	// a/a:2 is still installed, as 2.0.
	installed := func(a *atom.Atom) bool { return a.Op == atom.OpNone && (a.Slot == "" || a.Slot == "2") }
	got := w.Unneeded(atom.CP{Category: "a", Package: "a"}, installed)
	if diff := cmp.Diff([]string{"a/a:1", ">=a/a-5"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

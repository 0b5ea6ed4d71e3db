package vdb

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func ownersFixture(t *testing.T) string {
	root := t.TempDir()
	writeEntry(t, root, "a/one-1", files{"SLOT": "0", "CONTENTS": "dir /usr\ndir /usr/bin\n" +
		"obj /usr/bin/a b 0123 1620\nsym /usr/bin/link -> a 1620\nfif /run/fifo\n" +
		"obj /" + strings.Repeat("x", 200_000) + " 0 1\nobj /etc/last 0 1"})
	writeEntry(t, root, "a/two-1", files{"SLOT": "0", "CONTENTS": "dir /usr\nobj /usr/bin/b 0 1\n"})
	writeEntry(t, root, "a/three-1", files{"SLOT": "0"})
	writeEntry(t, root, "a/damaged-1", files{"CONTENTS": "obj /usr/bin/b 0 1\n"})
	return root
}

func TestOwners(t *testing.T) {
	root := ownersFixture(t)
	d := open(t, root)
	for path, want := range map[string][]string{
		"/usr":             {"a/one-1", "a/two-1"},
		"/usr/bin/a b":     {"a/one-1"},
		"/usr/bin/../bin/": {"a/one-1"},
		"/usr/bin/link":    {"a/one-1"},
		"/run/fifo":        {"a/one-1"},
		"/etc/last":        {"a/one-1"},
		"/usr/bin/b":       {"a/two-1"},
		"/usr/bin/a":       {},
		"/usr/bin/c":       {},
	} {
		got, err := d.Owners(root + path)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, cpvs(got)); diff != "" {
			t.Errorf("%s: %s", path, diff)
		}
	}
	for _, bad := range []string{"usr/bin/b", "/elsewhere/b", root + "x/usr"} {
		if _, err := d.Owners(bad); err == nil {
			t.Errorf("%s: no error", bad)
		}
	}
}

func TestOwnersThroughLinkedDirectory(t *testing.T) {
	root := ownersFixture(t)
	if err := os.MkdirAll(filepath.Join(root, "usr/bin"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("usr/bin", filepath.Join(root, "bin")); err != nil {
		t.Fatal(err)
	}
	got, err := open(t, root).Owners(root + "/bin/b")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"a/two-1"}, cpvs(got)); diff != "" {
		t.Error(diff)
	}
}

func TestField(t *testing.T) {
	root := t.TempDir()
	writeEntry(t, root, "a/b-1", files{"SLOT": "0", "DESCRIPTION": "  words\n"})
	writeEntry(t, root, "a/b-1/INHERITED", nil)
	d := open(t, root)
	p := d.All()[0]
	if got, err := d.Field(p, "DESCRIPTION"); got != "words" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	if got, err := d.Field(p, "SIZE"); got != "" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := d.Field(p, "INHERITED"); err == nil {
		t.Error("a directory must be an error")
	}
}

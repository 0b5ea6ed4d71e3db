package demo

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestExtract(t *testing.T) {
	for _, s := range Stories() {
		dir := t.TempDir()
		if err := s.Extract(dir); err != nil {
			t.Fatalf("%s: %v", s.Name, err)
		}
		for _, name := range []string{
			"etc/portage/make.conf", "etc/portage/make.profile/parent", "var/lib/portage/world",
			"var/db/repos/demo/profiles/repo_name", "var/db/pkg/sys-libs/zlib-1.3*/SLOT",
		} {
			if found, err := filepath.Glob(filepath.Join(dir, name)); err != nil || len(found) != 1 {
				t.Errorf("%s: %s: %v, %v", s.Name, name, found, err)
			}
		}
	}
}

func TestSections(t *testing.T) {
	dir := t.TempDir()
	const archive = "comment\n-- a/b --\ntext\n-- not a header\n-- link -> a/b --\n-- entry/ --\nSLOT=0/1\nUSE=a b=c\n"
	for _, s := range sections(archive) {
		if err := s.write(dir); err != nil {
			t.Fatal(err)
		}
	}
	for name, want := range map[string]string{
		"a/b": "text\n-- not a header\n", "link": "text\n-- not a header\n", "entry/SLOT": "0/1\n", "entry/USE": "a b=c\n",
	} {
		if got, err := os.ReadFile(filepath.Join(dir, name)); err != nil || string(got) != want {
			t.Errorf("%s: %q, %v; want %q", name, got, err, want)
		}
	}
	bad := section{name: "entry/", text: "no equals sign\n"}
	if err := bad.write(dir); err == nil {
		t.Error("a line without = in an entry: no error")
	}
}

func TestFind(t *testing.T) {
	if s, err := Find("conflict"); err != nil || s.Name != "conflict" {
		t.Errorf("Find(conflict) = %v, %v", s, err)
	}
	if _, err := Find("conflcit"); err == nil || !strings.Contains(err.Error(), "Did you mean conflict?") {
		t.Errorf("misspelt name: %v", err)
	}
}

func TestUnpack(t *testing.T) {
	dir, done, err := Unpack("masked")
	if err != nil {
		t.Fatal(err)
	}
	done()
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("%s is still there: %v", dir, err)
	}
	if _, _, err := Unpack("nosuch"); err == nil {
		t.Error("unknown story: no error")
	}
}

package repo

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/portsolve/portsolve/atom"
)

// packageDir makes a repository that has one file in the directory of app-misc/hello.
func packageDir(t *testing.T, name, text string) (*Repo, atom.CP) {
	t.Helper()
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "app-misc", "hello"), 0o755); err != nil {
		t.Fatal(err)
	}
	if name != "" {
		if err := os.WriteFile(filepath.Join(dir, "app-misc", "hello", name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return &Repo{Name: "test", Location: dir}, atom.CP{Category: "app-misc", Package: "hello"}
}

func TestDistfiles(t *testing.T) {
	r, cp := packageDir(t, "Manifest", "AUX x.patch 12 SHA512 00\nDIST hello-1.tar.gz 1234 BLAKE2B ab SHA512 cd\n"+
		"EBUILD hello-1.ebuild 7 SHA512 00\nDIST data.zip 0 SHA512 ef\n-----BEGIN PGP SIGNATURE-----\n")
	got, err := r.Distfiles(cp)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(map[string]int64{"hello-1.tar.gz": 1234, "data.zip": 0}, got); d != "" {
		t.Error(d)
	}
	for _, name := range []string{"missing", "..", "a/b", ""} {
		got, err := r.Distfiles(atom.CP{Category: "app-misc", Package: name})
		if got != nil || err != nil {
			t.Errorf("%q: %v, %v; want nothing", name, got, err)
		}
	}
}

func TestDistfilesBadLine(t *testing.T) {
	for _, line := range []string{"DIST hello.tar.gz", "DIST hello.tar.gz big SHA512 0", "DIST hello.tar.gz -1", "DIST \x00 1"} {
		r, cp := packageDir(t, "Manifest", "DIST a 1\n"+line+"\n")
		_, err := r.Distfiles(cp)
		var at *FileError
		if !errors.As(err, &at) || at.Line != 2 {
			t.Errorf("%q: %v, want an error at line 2", line, err)
		}
	}
}

const helloLog = `# ChangeLog for app-misc/hello
# Copyright

*hello-2.0-r1 (03 Mar 2014)

  03 Mar 2014; A. Person <a@example.org> +hello-2.0-r1.ebuild:
  Install the manual.

*hello-2.0 (02 Feb 2014)

  02 Feb 2014; A. Person <a@example.org> +hello-2.0.ebuild:
  Version bump. See *hello-1 (no heading).

*hello-world-1 (another package)
`

func TestChangeLog(t *testing.T) {
	r, cp := packageDir(t, "ChangeLog", helloLog)
	got, err := r.ChangeLog(cp)
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 2 || got[0].Version.String() != "2.0-r1" || got[1].Version.String() != "2.0" {
		t.Fatalf("releases: %+v", got)
	}
	want := "*hello-2.0-r1 (03 Mar 2014)\n\n  03 Mar 2014; A. Person <a@example.org> +hello-2.0-r1.ebuild:\n  Install the manual."
	if got[0].Text != want {
		t.Errorf("got %q", got[0].Text)
	}
	none, cp := packageDir(t, "", "")
	if got, err := none.ChangeLog(cp); got != nil || err != nil {
		t.Errorf("no file: %v, %v", got, err)
	}
}

// FuzzPackageFiles: whatever a Manifest or ChangeLog holds, the readers end, and
// what they return is plausible.
func FuzzPackageFiles(f *testing.F) {
	f.Add("DIST hello-1.tar.gz 1234 SHA512 0\n")
	f.Add("DIST a\n*hello-1 (x)\n\n  text\n")
	f.Add(helloLog)
	dir := f.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "app-misc", "hello"), 0o755); err != nil {
		f.Fatal(err)
	}
	r, cp := &Repo{Name: "test", Location: dir}, atom.CP{Category: "app-misc", Package: "hello"}
	f.Fuzz(func(t *testing.T, text string) {
		for _, name := range []string{"Manifest", "ChangeLog"} {
			if err := os.WriteFile(filepath.Join(dir, "app-misc", "hello", name), []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		sizes, err := r.Distfiles(cp)
		for name, size := range sizes {
			if name == "" || size < 0 || err != nil {
				t.Errorf("%q: size %d, error %v", name, size, err)
			}
		}
		releases, err := r.ChangeLog(cp)
		for _, rel := range releases {
			if err != nil || len(rel.Text) < len("*hello-1") || rel.Text[0] != '*' {
				t.Errorf("release %q, error %v", rel.Text, err)
			}
		}
	})
}

package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/portsolve/portsolve/binpkg"
)

// ownLib is libFile as PKGDIR has it.
const ownLib, ownTool = "app-misc/lib/lib-1-1.gpkg.tar", "app-misc/tool/tool-2-1.gpkg.tar"

// placedBuilder is an imageBuilder whose binhost has its packages put into PKGDIR.
func placedBuilder(t *testing.T) (b *imageBuilder, pkgdir string) {
	t.Helper()
	b = newImageBuilder(t)
	conf := filepath.Join(b.system, "etc/portage/binrepos.conf")
	text, err := os.ReadFile(conf)
	check(t, err)
	check(t, os.WriteFile(conf, []byte(strings.TrimSpace(string(text))+"\nlocation = /var/cache/binpkgs\n"), 0o644))
	return b, filepath.Join(b.system, "var/cache/binpkgs")
}

// What is fetched into PKGDIR is in its index: another command finds it there when the binhost is gone.
func TestFetchIntoPkgdir(t *testing.T) {
	b, pkgdir := placedBuilder(t)
	check(t, makePackage(pkgdir, "app-misc/other-1", "", "", nil))
	check(t, os.Mkdir(filepath.Join(pkgdir, "app-misc/other"), 0o755))
	check(t, os.Rename(filepath.Join(pkgdir, "app-misc/other-1-1.gpkg.tar"), filepath.Join(pkgdir, "app-misc/other/other-1-1.gpkg.tar")))
	_, err := binpkg.UpdateIndex(t.Context(), pkgdir, binpkg.IndexOptions{})
	check(t, err)
	if stdout, stderr, code := b.merge(t, "--fetchonly", "app-misc/tool"); code != ExitOK {
		t.Fatalf("exit code %d\n%s%s", code, stdout, stderr)
	}
	survey, err := binpkg.SurveyDir(t.Context(), pkgdir)
	check(t, err)
	if len(survey.Differences) > 0 || len(survey.Index.Packages) != 3 {
		t.Errorf("the index has %d packages; it differs from the files: %v", len(survey.Index.Packages), survey.Differences)
	}
	if left, _ := filepath.Glob(filepath.Join(pkgdir, "*lockfile")); len(left) > 0 {
		t.Errorf("left: %q", left)
	}
	check(t, os.RemoveAll(b.served))
	stdout, stderr, code := say(t, b.system, atRoot[:], "merge", "--system", b.system, "-K", "app-misc/tool")
	if code != ExitOK || !strings.Contains(stdout, ">>> Packages: 2 merged.") {
		t.Errorf("exit code %d\n%s%s", code, stdout, stderr)
	}
}

// A package that was built here is not replaced by one of the binhost with the same name.
func TestFetchReplacesNothing(t *testing.T) {
	b, pkgdir := placedBuilder(t)
	check(t, os.MkdirAll(filepath.Join(pkgdir, "app-misc/lib"), 0o755))
	check(t, os.WriteFile(filepath.Join(pkgdir, ownLib), []byte("my own build"), 0o644))
	stdout, stderr, code := b.merge(t, "app-misc/tool")
	if code != ExitOK || !containsAll(stderr, "app-misc/lib-1-1 is kept in the cache: ", ownLib+" is another package, of this system") {
		t.Errorf("exit code %d\n%s%s", code, stdout, stderr)
	}
	if now, err := os.ReadFile(filepath.Join(pkgdir, ownLib)); err != nil || string(now) != "my own build" {
		t.Errorf("PKGDIR's own package was replaced (%v)", err)
	}
	if text, err := os.ReadFile(filepath.Join(b.root, "usr/lib/lib.txt")); err != nil || string(text) != "lib\n" {
		t.Errorf("the binhost's package was to be merged: %q, %v", text, err)
	}
	if stdout, stderr, code := b.merge(t, "app-misc/tool"); code != ExitOK || b.packages.Load() != 2 {
		t.Errorf("again: exit code %d, %d packages were asked of the binhost\n%s%s", code, b.packages.Load(), stdout, stderr)
	}
}

// Where nothing can be written, the cache is used, with a word; what is there already is used from there.
func TestFetchIntoUnwritable(t *testing.T) {
	b, pkgdir := placedBuilder(t)
	check(t, os.MkdirAll(filepath.Join(pkgdir, "app-misc"), 0o755))
	check(t, os.WriteFile(filepath.Join(pkgdir, "app-misc/tool"), nil, 0o644)) // which stops root, too
	stdout, stderr, code := b.merge(t, "app-misc/tool")
	if code != ExitOK || !strings.Contains(stderr, "app-misc/tool-2-1 is kept in the cache: ") {
		t.Errorf("exit code %d\n%s%s", code, stdout, stderr)
	}
	b, pkgdir = placedBuilder(t)
	for from, to := range map[string]string{libFile: ownLib, toolFile: ownTool} { // copied there by hand
		text, err := os.ReadFile(filepath.Join(b.served, from))
		check(t, err)
		check(t, os.MkdirAll(filepath.Dir(filepath.Join(pkgdir, to)), 0o755))
		check(t, os.WriteFile(filepath.Join(pkgdir, to), text, 0o444))
	}
	stdout, stderr, code = b.merge(t, "app-misc/tool")
	if code != ExitOK || b.packages.Load() != 0 {
		t.Errorf("exit code %d, %d packages were asked of the binhost\n%s%s", code, b.packages.Load(), stdout, stderr)
	}
	if text, _ := os.ReadFile(filepath.Join(pkgdir, "Packages")); !strings.Contains(string(text), "PACKAGES: 2\n") {
		t.Errorf("the index is %s", text)
	}
}

// Without a location in binrepos.conf, and without --cache-dir, root's packages are where Portage keeps them.
func TestDefaultLocation(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("others have a cache of their own")
	}
	b := newImageBuilder(t)
	stdout, stderr, code := say(t, b.system, append(atRoot[:], "XDG_CACHE_HOME="+t.TempDir()), "merge", "--system", b.system, "-G", "--fetchonly", "app-misc/tool")
	if _, err := os.Stat(filepath.Join(b.system, "var/cache/binhost/far", toolFile)); code != ExitOK || err != nil {
		t.Errorf("exit code %d: %v\n%s%s", code, err, stdout, stderr)
	}
}

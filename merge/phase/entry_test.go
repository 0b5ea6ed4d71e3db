package phase

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// entryFixture is an installation with an entry in the VDB.
func entryFixture(t *testing.T, env string) (f *fixture, entry string) {
	f = newFixture(t, "8", "setup", env)
	entry = filepath.Join(t.TempDir(), "foo-1.2-r3")
	for _, err := range []error{
		os.Mkdir(entry, 0o755),
		os.WriteFile(filepath.Join(entry, "environment.bz2"), bzip(t, env), 0o644),
		os.Chtimes(entry, time.Unix(1, 5), time.Unix(1, 5)),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	f.call.Package = installedPackage(t, "app-misc/foo-1.2-r3", nil)
	return f, entry
}

func install(t *testing.T, f *fixture, entry string) string {
	t.Helper()
	for _, phase := range []string{"setup", "preinst", "postinst"} {
		f.call.Phase = phase
		if phase == "postinst" {
			f.call.Entry = entry
		}
		f.mustRun(t)
	}
	data, err := os.ReadFile(filepath.Join(entry, "environment.bz2"))
	if err != nil {
		t.Fatal(err)
	}
	out, err := decompress(bytes.NewReader(data), MaxEnvironment)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// TestUninstallSeesWhatTheInstallationSet: PMS 11.2, "including functions executed as
// part of a later uninstall".
func TestUninstallSeesWhatTheInstallationSet(t *testing.T) {
	env := `declare -x P="foo-1.2"
declare -- SAME="1"
declare -a FILES
pkg_setup () 
{ 
    SETUP=1
}
pkg_preinst () 
{ 
    FILES=(a "b c");
    SAME=1
}
pkg_postinst () 
{ 
    POST="${#FILES[@]}";
    made () 
    { 
        echo "made"
    }
}
pkg_postrm () 
{ 
    echo "${SETUP} ${FILES[1]} ${POST} ${SAME}";
    made
}
`
	f, entry := entryFixture(t, env)
	got := install(t, f, entry)
	added, ok := strings.CutPrefix(got, env)
	if !ok || strings.Contains(added, "SAME") || strings.Contains(added, "pkg_setup") || strings.Contains(added, "EBUILD_PHASE") {
		t.Errorf("the environment of the entry is\n%s", got)
	}
	if i, err := os.Stat(entry); err != nil || !i.ModTime().Equal(time.Unix(1, 5)) {
		t.Errorf("the time of the directory: %v %v", i.ModTime(), err)
	}
	// The uninstall starts anew from the entry.
	rm := newFixture(t, "8", "postrm", got)
	rm.call.Package = f.call.Package
	if got := rm.mustRun(t); got != "1 b c 2 1\nmade\n" {
		t.Errorf("pkg_postrm saw %q", got)
	}
}

// TestEntryStays: phases that set nothing leave the file of the package, byte by byte.
func TestEntryStays(t *testing.T) {
	env := "declare -- X=\"1\"\npkg_setup () \n{ \n    local X=2; X=1\n}\npkg_postinst () \n{ \n    einfo hello\n}\n"
	f, entry := entryFixture(t, env)
	before, _ := os.Stat(filepath.Join(entry, "environment.bz2"))
	install(t, f, entry)
	after, err := os.Stat(filepath.Join(entry, "environment.bz2"))
	if err != nil || !os.SameFile(before, after) {
		t.Errorf("environment.bz2 was written again: %v", err)
	}
}

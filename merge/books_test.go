package merge

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/portsolve/portsolve/internal/rootfs"
	"github.com/portsolve/portsolve/merge/preserve"
)

// TestUninstallMakesWorld: a run of the user's that only uninstalls leaves a world
// file, as Portage's does; a blocker that goes on the way of an install does not.
func TestUninstallMakesWorld(t *testing.T) {
	world := func(w *world) string {
		text, err := os.ReadFile(filepath.Join(w.root, "var/lib/portage/world"))
		if err != nil {
			return "none"
		}
		return string(text)
	}
	w := newWorld(t)
	w.merge(basic1)
	if got := world(w); got != "none" {
		t.Errorf("after a merge that selects nothing: %q", got)
	}
	p := w.plan(pack{cpv: "app-mc/other-1", files: "file usr/share/other x"})
	p.Steps = append(p.Steps, Step{Action: Uninstall, CPV: "app-mc/basic-1"})
	if _, err := w.run(p); err != nil {
		t.Fatal(err)
	}
	if got := world(w); got != "none" {
		t.Errorf("after a blocker was uninstalled: %q", got)
	}
	w.unmerge("app-mc/other-1")
	if got := world(w); got != "" {
		t.Errorf("after the user's uninstall: %q", got)
	}
}

// TestFailedReinstallForgetsItsNeeds: what a build that was never installed does not
// need is still needed by the one that is.
func TestFailedReinstallForgetsItsNeeds(t *testing.T) {
	lib := pack{cpv: "lib-mc/old-1", files: "file usr/lib/libold.so.1 old",
		values: map[string]string{"NEEDED.ELF.2": "X86_64;/usr/lib/libold.so.1;libold.so.1;;;x86_64\n"}}
	app := pack{cpv: "app-mc/app-1", files: "file usr/bin/app one 755",
		values: map[string]string{"NEEDED.ELF.2": "X86_64;/usr/bin/app;;;libold.so.1;x86_64\n"}}
	w := newWorld(t)
	w.merge(lib, app)
	w.unmerge("lib-mc/old-1")
	w.fs = func(t rootfs.FS) rootfs.FS { return noEntry{t} }
	w.o.KeepGoing = true
	rebuilt := pack{cpv: app.cpv, files: app.files}
	if _, err := w.run(w.plan(rebuilt, pack{cpv: "app-mc/next-1", files: "file usr/share/next x"})); !errors.Is(err, syscall.ENOSPC) {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(w.root, preserve.File))
	if err != nil || !strings.Contains(string(text), "/usr/lib/libold.so.1") {
		t.Errorf("the library that app-1 needs is not preserved any more: %q, %v", text, err)
	}
	if _, err := os.Stat(w.path("usr/lib/libold.so.1")); err != nil {
		t.Error(err)
	}
}

// noEntry has no space for the entry of app-1.
type noEntry struct{ rootfs.FS }

func (n noEntry) Mkdir(name string, mode uint32) error {
	if strings.HasSuffix(name, "-MERGING-app-1") {
		return &fs.PathError{Op: "mkdir", Path: name, Err: syscall.ENOSPC}
	}
	return n.FS.Mkdir(name, mode)
}

// TestInfoIndex: pages get an index on a machine without install-info(1), which goes
// with the last page.
func TestInfoIndex(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	w := newWorld(t)
	w.settings.InfoDirs = []string{"/usr/share/info"}
	page := "INFO-DIR-SECTION_Archiving"
	w.merge(pack{cpv: "app-mc/info-1", files: "dir usr\ndir usr/share\ndir usr/share/info\nfile usr/share/info/a.info " + page})
	index := filepath.Join(w.root, "usr/share/info/dir")
	if text, err := os.ReadFile(index); err != nil || !strings.Contains(string(text), "* Menu:") {
		t.Errorf("the index is %q, %v", text, err)
	}
	w.unmerge("app-mc/info-1")
	if _, err := os.Stat(filepath.Dir(index)); err == nil {
		t.Error("the directory of the index is left")
	}
}

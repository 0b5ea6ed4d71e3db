package merge

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/portsolve/portsolve/internal/rootfs"
)

// The tests of this file are named in docs/merge-safety.md.

func simple(cpv, files string) pack { return pack{cpv: cpv, files: files} }

func (w *world) content(name string) string {
	text, err := os.ReadFile(w.path(name))
	if err != nil {
		return "(" + errors.Unwrap(err).Error() + ")"
	}
	return string(text)
}

// fails expects an error with all these parts, and that nothing of ROOT has changed.
func (w *world) fails(p pack, parts ...string) {
	w.t.Helper()
	before := w.snapshot()
	err := w.refuse(p)
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			w.t.Errorf("the error does not say %q: %v", part, err)
		}
	}
	if after := w.snapshot(); after != before {
		w.t.Errorf("it was refused, but ROOT has changed:\n%s", diffLines(before, after))
	}
	if left := w.leftovers(); left != "" {
		w.t.Errorf("it was refused, and something is left:\n%s", left)
	}
}

func TestSymlinkInImageIsNoWayOut(t *testing.T) {
	w := newWorld(t)
	outside := t.TempDir()
	w.fails(simple("app-mc/evil-1", "link usr/x "+outside+"\nfile usr/x/owned bad"), "usr/x/owned", "symbolic link")
	w.fails(simple("app-mc/evil-1", "link usr/x ../../../..\nfile usr/x/owned bad"), "usr/x/owned")
	w.fails(simple("app-mc/evil-1", "file ../../owned bad"), "owned")
	w.fails(simple("app-mc/evil-1", "file usr/a 1\nfile usr/a 2"), "usr/a", "twice")
	if names, _ := os.ReadDir(outside); len(names) > 0 {
		t.Errorf("something was written outside: %v", names)
	}
}

func TestSymlinkInRootIsNoWayOut(t *testing.T) {
	w := newWorld(t)
	outside := filepath.Join(t.TempDir(), "target")
	if err := os.MkdirAll(outside, 0o755); err != nil {
		t.Fatal(err)
	}
	w.put("usr/keep", "")
	if err := os.Symlink(outside, w.path("usr/share")); err != nil {
		t.Fatal(err)
	}
	w.merge(basic1)
	w.merge(basic2)
	w.unmerge("app-mc/basic-2")
	if names, _ := os.ReadDir(outside); len(names) > 0 {
		t.Errorf("something was written outside: %v", names)
	}
	if target, err := os.Readlink(w.path("usr/share.backup.0000")); target != outside {
		t.Errorf("the administrator's link is lost: %q, %v", target, err)
	}
}

// A link of ROOT that is absolute and leads to something in ROOT is followed there.
func TestAbsoluteSymlinkInRoot(t *testing.T) {
	w := newWorld(t)
	w.put("data/share/there", "x")
	w.put("usr/keep", "y")
	if err := os.Symlink("/data/share", w.path("usr/share")); err != nil {
		t.Fatal(err)
	}
	w.merge(basic1)
	if got := w.content("data/share/basic/same"); got != "same" {
		t.Errorf("data/share/basic/same: %s", got)
	}
	w.unmerge("app-mc/basic-1")
	w.want("uninstalled", "d data\nd data/share\nf data/share/there x\nd usr\nf usr/keep y\nl usr/share -> /data/share")
}

func TestSymlinkOverOwnedFileIsCollision(t *testing.T) {
	for _, feature := range []string{"protect-owned", "collision-protect"} {
		w := newWorld(t)
		w.merge(simple("app-mc/a-1", "file usr/x mine"))
		w.settings.Features = map[string]bool{feature: true}
		w.fails(simple("app-mc/b-1", "dir usr/dir\nfile usr/dir/f f\nlink usr/x dir"), "/usr/x belongs to app-mc/a-1")
	}
	w := newWorld(t)
	w.put("usr/x", "user's")
	w.settings.Features["collision-protect"] = true
	w.fails(simple("app-mc/b-1", "dir usr/dir\nfile usr/dir/f f\nlink usr/x dir"), "/usr/x belongs to no package")
}

func TestSymlinkOverDirectory(t *testing.T) {
	w := newWorld(t)
	w.merge(simple("app-mc/a-1", "dir usr/d\nfile usr/d/f one"))
	second := simple("app-mc/a-2", "dir usr/real\nfile usr/real/f two\nlink usr/d real")
	w.put("usr/d/users", "mine")
	w.fails(second, "/usr/d: is a directory here and a symbolic link in the package", "/usr/d/users")
	if err := os.Remove(w.path("usr/d/users")); err != nil {
		t.Fatal(err)
	}
	w.merge(second)
	w.want("upgraded", "d usr\nl usr/d -> real\nd usr/real\nf usr/real/f two")
	w.unmerge("app-mc/a-2")
	w.want("uninstalled", "")
}

func TestFileOverUsersDirectory(t *testing.T) {
	w := newWorld(t)
	w.put("usr/x/users", "mine")
	w.fails(simple("app-mc/a-1", "file usr/x file"), "/usr/x: is a directory here and a regular file in the package")
}

func TestUnownedFileIsSaved(t *testing.T) {
	w := newWorld(t)
	w.put("usr/x", "user's")
	w.put("usr/same", "same")
	r := w.merge(simple("app-mc/a-1", "file usr/x package\nfile usr/same same"))
	saved := "var/lib/portsolve/saved/app-mc/a-1/usr/x"
	if got := w.content(saved); got != "user's" {
		t.Errorf("%s: %s", saved, got)
	}
	if len(r.Steps[0].Saved) != 1 || r.Steps[0].Saved[0] != (SavedFile{"/usr/x", "/" + saved}) {
		t.Errorf("the report says: %v", r.Steps[0].Saved)
	}
	w.unmerge("app-mc/a-1")
	if got := w.content(saved); got != "user's" {
		t.Errorf("after the removal %s: %s", saved, got)
	}
	w.settings.Features["portage-exact"] = true
	w.put("usr/y", "user's")
	r = w.merge(simple("app-mc/b-1", "file usr/y package"))
	if len(r.Steps[0].Saved) > 0 {
		t.Errorf("FEATURES=portage-exact saves: %v", r.Steps[0].Saved)
	}
}

func TestModifiedFilesAreSaved(t *testing.T) {
	w := newWorld(t)
	w.merge(simple("app-mc/a-1", "file usr/kept original\nfile usr/dropped original\nfile usr/plain plain"))
	w.put("usr/kept", "edited")
	w.put("usr/dropped", "edited too")
	r := w.merge(simple("app-mc/a-2", "file usr/kept newer\nfile usr/plain plain"))
	w.want("upgraded", `d usr
		f usr/kept newer
		f usr/plain plain
		d var/lib/portsolve
		d var/lib/portsolve/saved
		d var/lib/portsolve/saved/app-mc
		d var/lib/portsolve/saved/app-mc/a-1
		d var/lib/portsolve/saved/app-mc/a-1/usr
		f var/lib/portsolve/saved/app-mc/a-1/usr/dropped edited too
		d var/lib/portsolve/saved/app-mc/a-2
		d var/lib/portsolve/saved/app-mc/a-2/usr
		f var/lib/portsolve/saved/app-mc/a-2/usr/kept edited`)
	if len(r.Steps[0].Saved) != 2 {
		t.Errorf("the report says: %v", r.Steps[0].Saved)
	}
	w.put("usr/kept", "edited again")
	old := time.Unix(1600000000, 0)
	if err := os.Chtimes(w.path("usr/kept"), old, old); err != nil {
		t.Fatal(err)
	}
	w.merge(simple("app-mc/a-3", "file usr/kept newest\nfile usr/plain plain"))
	if got := w.content("var/lib/portsolve/saved/app-mc/a-3/usr/kept"); got != "edited again" {
		t.Errorf("an edit that kept the time: %s", got)
	}
	w.settings.Features["unmerge-orphans"] = false
	w.put("usr/plain", "edited")
	r = w.unmerge("app-mc/a-3")
	if got := w.content("usr/plain"); got != "edited" || len(r.Steps[0].Kept) != 1 {
		t.Errorf("FEATURES=-unmerge-orphans: %s, %v", got, r.Steps[0].Kept)
	}
}

func TestHardLinkedSnapshots(t *testing.T) {
	w := newWorld(t)
	w.merge(simple("app-mc/a-1", "file usr/x one\nfile usr/same same"))
	for _, n := range []string{"x", "same"} {
		if err := os.Link(w.path("usr/"+n), w.path("snap-"+n)); err != nil {
			t.Fatal(err)
		}
	}
	p := simple("app-mc/a-2", "file usr/x two\nfile usr/same same")
	p.time = 1600000777
	w.merge(p)
	w.unmerge("app-mc/a-2")
	for name, want := range map[string]string{"snap-x": "one", "snap-same": "same"} {
		i, err := os.Stat(w.path(name))
		if err != nil || i.Mode().Perm() != 0o644 || i.ModTime().Unix() != 1600000000 || w.content(name) != want {
			t.Errorf("%s was changed: %v, %v, %s", name, i, err, w.content(name))
		}
	}
}

func TestSuidWithForeignLinks(t *testing.T) {
	w := newWorld(t)
	w.merge(simple("app-mc/a-1", "file usr/su one 4755\nhard usr/su2 usr/su"))
	if err := os.Link(w.path("usr/su"), w.path("copy")); err != nil {
		t.Fatal(err)
	}
	w.fails(simple("app-mc/a-2", "file usr/su two 4755"), "setuid", "1 further hard link")
	if _, err := w.run(&Plan{Steps: []Step{{Action: Uninstall, CPV: "app-mc/a-1"}}}); err == nil {
		t.Error("it was uninstalled")
	}
	if err := os.Remove(w.path("copy")); err != nil {
		t.Fatal(err)
	}
	w.unmerge("app-mc/a-1")
}

func TestFullDiskIsToldBefore(t *testing.T) {
	w := newWorld(t)
	p := simple("app-mc/big-1", "file usr/x x")
	p.values = map[string]string{"SIZE": "1234567890123456"}
	w.fails(p, "app-mc/big-1 needs", "are free; make room there")
}

func TestSharedFileStaysWithItsOtherOwner(t *testing.T) {
	w := newWorld(t)
	w.merge(simple("app-mc/a-1", "dir etc\nfile etc/shared same\nfile usr/other x"))
	w.settings.CollisionIgnore = []string{"/usr/other"}
	w.merge(simple("app-mc/b-1", "dir etc\nfile etc/shared same\nfile usr/other y"))
	w.unmerge("app-mc/a-1")
	if got := w.content("etc/shared") + w.content("usr/other"); got != "samey" {
		t.Errorf("b's files: %s", got)
	}
	w.unmerge("app-mc/b-1")
	w.want("both uninstalled", "")
}

func TestBaseLinksKeepTheirDirectory(t *testing.T) {
	w := newWorld(t)
	if err := os.MkdirAll(w.path("usr/lib"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("usr/lib", w.path("lib")); err != nil {
		t.Fatal(err)
	}
	w.merge(simple("app-mc/a-1", "dir usr\ndir usr/lib\nfile usr/lib/x x"))
	w.merge(simple("app-mc/b-1", "dir lib\nfile lib/y y"))
	w.want("merged through the link", "l lib -> usr/lib\nd usr\nd usr/lib\nf usr/lib/x x\nf usr/lib/y y")
	w.unmerge("app-mc/b-1")
	w.unmerge("app-mc/a-1")
	w.want("uninstalled", "l lib -> usr/lib\nd usr\nd usr/lib")
}

// A package's link to a directory goes with it, unless another package has something in the directory.
func TestOwnedLinkToDirectory(t *testing.T) {
	w := newWorld(t)
	a := simple("app-mc/a-1", "dir usr\ndir usr/real\nfile usr/real/a a\nlink usr/d real")
	w.merge(a)
	w.unmerge("app-mc/a-1")
	w.want("alone", "")
	w.merge(a)
	w.merge(simple("app-mc/b-1", "dir usr\ndir usr/real\nfile usr/real/b b"))
	r := w.unmerge("app-mc/a-1")
	w.want("shared", "d usr\nl usr/d -> real\nd usr/real\nf usr/real/b b")
	if len(r.Steps[0].Kept) != 1 || r.Steps[0].Kept[0].Path != "/usr/d" {
		t.Errorf("the report says: %v", r.Steps[0].Kept)
	}
	w = newWorld(t) // the links of the base system stay in any case
	w.merge(simple("app-mc/base-1", "dir usr\ndir usr/lib\nfile usr/lib/x x\nlink lib usr/lib"))
	w.unmerge("app-mc/base-1")
	w.want("base", "l lib -> usr/lib\nd usr\nd usr/lib")
}

func TestUsersLinkInPlaceOfADirectory(t *testing.T) {
	w := newWorld(t)
	w.merge(simple("app-mc/a-1", "dir usr/big\nfile usr/big/f f"))
	if err := os.Rename(w.path("usr/big"), w.path("data")); err != nil {
		t.Fatal(err)
	}
	w.put("data/users", "mine")
	if err := os.Symlink("/data", w.path("usr/big")); err != nil {
		t.Fatal(err)
	}
	w.unmerge("app-mc/a-1")
	w.want("uninstalled", "d data\nf data/users mine\nd usr\nl usr/big -> /data")
}

func TestLineBreakInNameIsRefused(t *testing.T) {
	w := newWorld(t)
	w.fails(simple("app-mc/a-1", "file usr/a%0Db x"), "line break")
}

func TestTwoPathsThatBecomeOne(t *testing.T) {
	w := newWorld(t)
	if err := os.MkdirAll(w.path("usr/lib"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("usr/lib", w.path("lib")); err != nil {
		t.Fatal(err)
	}
	w.fails(simple("app-mc/a-1", "file lib/x one\nfile usr/lib/x two"), "both lead to /usr/lib/x here")
	w.merge(simple("app-mc/a-1", "file lib/x one\nfile usr/lib/x one"))
}

// TestSecondRunWaits lets two runs meet: the second waits for the first, or says who
// holds the lock.
func TestSecondRunWaits(t *testing.T) {
	w := newWorld(t)
	tree, err := rootfs.Open(w.root)
	if err != nil {
		t.Fatal(err)
	}
	defer tree.Close()
	_, unlock, err := newEngineOn(context.Background(), tree, w.target(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	plan := w.plan(basic1)
	w.o.LockWait = 30 * time.Millisecond
	_, err = w.run(plan)
	var locked *rootfs.LockedError
	if !errors.As(err, &locked) || !strings.Contains(err.Error(), fmt.Sprint(os.Getpid())) {
		t.Errorf("the error does not say who holds the lock: %v", err)
	}
	w.o.LockWait = 0
	done := make(chan error)
	go func() { _, err := w.run(plan); done <- err }()
	select {
	case err := <-done:
		t.Fatalf("the second run did not wait: %v", err)
	case <-time.After(50 * time.Millisecond):
	}
	if err := unlock(); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

// TestRace merges and unmerges from several goroutines at once, each with a lock of
// its own.
func TestRace(t *testing.T) {
	w := newWorld(t)
	done := make(chan error)
	for i := range 4 {
		p := simple(fmt.Sprintf("app-mc/race%d-1", i), fmt.Sprintf("dir usr\nfile usr/f%d x\ndir usr/shared\nfile usr/shared/g%d y", i, i))
		plan := w.plan(p)
		go func() {
			_, err := w.run(plan)
			if err == nil {
				_, err = w.run(&Plan{Steps: []Step{{Action: Uninstall, CPV: p.cpv}}})
			}
			done <- err
		}()
	}
	for range 4 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	w.want("all are gone", "")
}

func TestKeepGoing(t *testing.T) {
	w := newWorld(t)
	w.put("usr/x/users", "mine")
	p := w.plan(simple("app-mc/bad-1", "file usr/x x"), simple("app-mc/needs-1", "file usr/n n"), simple("app-mc/other-1", "file usr/o o"))
	p.Steps[1].After = []int{0}
	w.o.KeepGoing = true
	r, err := w.run(p)
	if err == nil {
		t.Fatal("no error")
	}
	var states []string
	for _, s := range r.Steps {
		states = append(states, string(s.State))
	}
	if got := strings.Join(states, " "); got != "failed skipped done" {
		t.Errorf("states: %s", got)
	}
}

func TestEventsAndCancel(t *testing.T) {
	w := newWorld(t)
	events := make(chan Event)
	var kinds []string
	done := make(chan bool)
	go func() {
		for e := range events {
			if e.Kind == EventFile {
				kinds = append(kinds, e.Text+e.Path)
			}
		}
		close(done)
	}()
	if _, err := Run(context.Background(), w.plan(basic1), w.target(), Options{Events: events}); err != nil {
		t.Fatal(err)
	}
	<-done
	if got := strings.Join(kinds, " "); !strings.Contains(got, ">>>/usr/bin/basic") {
		t.Errorf("events: %s", got)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	before := w.snapshot()
	if _, err := Run(ctx, w.plan(basic2), w.target(), Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	if after := w.snapshot(); after != before {
		t.Error("a cancelled run changed ROOT")
	}
}

func TestPackagesMaskIsIgnored(t *testing.T) {
	w := newWorld(t)
	p := simple("app-mc/a-1", "file usr/share/doc/x x")
	p.values = map[string]string{"INSTALL_MASK": "/usr/share/doc"}
	w.merge(p)
	if got := w.content("usr/share/doc/x"); got != "x" {
		t.Errorf("the file: %s", got)
	}
	w.settings.InstallMask = []string{"/usr/share/doc"}
	w.merge(p)
	w.want("masked", "d usr\nd usr/share")
}

func TestConfigWithRestoredTime(t *testing.T) {
	w := newWorld(t)
	w.settings.Features["merge-use-vdb"] = true
	w.merge(simple("app-mc/a-1", "file etc/a.conf default1"))
	w.put("etc/a.conf", "edited!!")
	old := time.Unix(1600000000, 0)
	if err := os.Chtimes(w.path("etc/a.conf"), old, old); err != nil {
		t.Fatal(err)
	}
	r := w.merge(simple("app-mc/a-2", "file etc/a.conf default2"))
	if got := w.content("etc/a.conf") + " " + w.content("etc/._cfg0000_a.conf"); got != "edited!! default2" {
		t.Errorf("live and offered: %s", got)
	}
	if len(r.Steps[0].Configs) != 1 || r.Steps[0].Configs[0] != "/etc/._cfg0000_a.conf" {
		t.Errorf("the report says: %v", r.Steps[0].Configs)
	}
}

func TestBrokenContentsIsReported(t *testing.T) {
	w := newWorld(t)
	w.merge(simple("app-mc/a-1", "file usr/x x\nfile usr/y y"))
	name := "var/db/pkg/app-mc/a-1/CONTENTS"
	w.put(name, strings.Replace(w.content(name), "obj /usr/x", "obx /usr/x", 1))
	r := w.unmerge("app-mc/a-1")
	if got := strings.Join(r.Steps[0].Warnings, "\n"); !strings.Contains(got, "CONTENTS of app-mc/a-1: line 2") {
		t.Errorf("warnings: %s", got)
	}
	w.want("uninstalled", "d usr\nf usr/x x")
}

package mergecorpus

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

const (
	counterFile  = "var/cache/edb/counter"
	counterStart = "100"
	portageGID   = 250
	repoName     = "mcrepo"
)

// Skip says why a scenario cannot be run here.
type Skip struct{ Reason string }

func (s *Skip) Error() string { return "skipped: " + s.Reason }

// World is a scenario laid out on disk: Dir plays "/", with /etc/portage, a
// repository without packages and a profile; ROOT is /root in it.
type World struct {
	Dir, Root, PkgDir string
	started           time.Time
	immutable, mounts []string
	hasOutside        bool
}

// LayOut puts the scenario's initial state into dir, which must be empty. binpkgs
// holds the package directories. Call Close in any case. A *Skip is returned
// when this machine or user cannot have that state.
func LayOut(dir, binpkgs string, s *Scenario) (*World, error) {
	w := &World{Dir: dir, Root: filepath.Join(dir, "root"), PkgDir: filepath.Join(binpkgs, s.PkgDir), started: time.Now().Add(-2 * time.Second)}
	if os.Geteuid() != 0 {
		return w, &Skip{"the recorded owners and groups need root"}
	}
	if st, err := os.Stat(w.PkgDir); err != nil || !st.IsDir() {
		return w, fmt.Errorf("scenario %s needs the packages of %s, which is not there", s.ID(), w.PkgDir)
	}
	err := w.layOut(s)
	return w, err
}

func (w *World) layOut(s *Scenario) error {
	old := syscall.Umask(0o022)
	defer syscall.Umask(old)
	for _, d := range []string{w.Root, filepath.Join(w.Dir, "tmp")} {
		if err := os.MkdirAll(d, 0o755); err != nil {
			return err
		}
	}
	for _, m := range s.Mounts {
		if err := w.mount(m); err != nil {
			return err
		}
	}
	if err := w.base(); err != nil {
		return err
	}
	if err := w.configuration(); err != nil {
		return err
	}
	return w.apply(s.Before)
}

// base makes the directories that every scenario starts with.
func (w *World) base() error {
	dirs := []struct {
		path string
		mode uint32
		gid  int
	}{
		{"etc", 0o755, 0}, {"var", 0o755, 0}, {"var/cache", 0o755, 0}, {"var/db", 0o755, 0}, {"var/lib", 0o755, 0},
		{"var/cache/edb", 0o2755, portageGID}, {"var/db/pkg", 0o755, portageGID}, {"var/lib/portage", 0o2755, portageGID},
	}
	for _, d := range dirs {
		path := filepath.Join(w.Root, d.path)
		err := errors.Join(os.MkdirAll(path, 0o755), os.Chown(path, 0, d.gid), syscall.Chmod(path, d.mode))
		if err != nil {
			return err
		}
	}
	return os.WriteFile(filepath.Join(w.Root, counterFile), []byte(counterStart), 0o644)
}

// configuration writes what Portage was configured with, without FEATURES,
// which differ from step to step.
func (w *World) configuration() error {
	files := map[string]string{
		"var/repo/profiles/repo_name":             repoName + "\n",
		"var/repo/profiles/categories":            "app-mc\nlib-mc\n",
		"var/repo/profiles/arch.list":             "amd64\n",
		"var/repo/metadata/layout.conf":           "masters =\n",
		"var/repo/profiles/default/make.defaults": profile,
		"etc/portage/repos.conf":                  "[DEFAULT]\nmain-repo = " + repoName + "\n[" + repoName + "]\nlocation = " + filepath.Join(w.Dir, "var/repo") + "\n",
		"etc/portage/make.conf":                   makeConf,
		"etc/group":                               "root:x:0:\nportage:x:250:\n",
		"etc/passwd":                              "root:x:0:0::/root:/bin/sh\nportage:x:250:250::/var/empty:/bin/false\n",
	}
	for name, text := range files {
		if err := writeFile(filepath.Join(w.Dir, name), text); err != nil {
			return err
		}
	}
	pkgdir, err := filepath.Abs(w.PkgDir)
	if err != nil {
		return err
	}
	return errors.Join(
		os.Symlink("../../var/repo/profiles/default", filepath.Join(w.Dir, "etc/portage/make.profile")),
		withParents(filepath.Join(w.Dir, "var/cache/binpkgs"), func(p string) error { return os.Symlink(pkgdir, p) }))
}

// profile and makeConf are those that the corpus was recorded with, as its
// Packages indices show them.
const (
	profile = `ARCH="amd64"
ELIBC="glibc"
KERNEL="linux"
USERLAND="GNU"
CHOST="x86_64-pc-linux-gnu"
IUSE_IMPLICIT="prefix"
USE_EXPAND="ELIBC KERNEL USERLAND"
USE_EXPAND_IMPLICIT="ARCH ELIBC KERNEL USERLAND"
USE_EXPAND_UNPREFIXED="ARCH"
USE_EXPAND_VALUES_ARCH="amd64"
USE_EXPAND_VALUES_ELIBC="glibc"
USE_EXPAND_VALUES_KERNEL="linux"
USE_EXPAND_VALUES_USERLAND="GNU"
`
	makeConf = `ACCEPT_KEYWORDS="amd64"
ACCEPT_LICENSE="*"
CBUILD="x86_64-pc-linux-gnu"
CFLAGS="-O1"
`
)

// mount mounts a tmpfs over ROOT or over the directory of builds. It stays
// within the mount namespace of this process; see Isolate.
func (w *World) mount(m Action) error {
	if os.Getenv(isolated) == "" {
		return &Skip{"needs a mount namespace of its own"}
	}
	dir, options := filepath.Join(w.Dir, "tmp"), "mode=755"
	switch m[0] {
	case "tmpfs_root":
		dir, options = w.Root, "mode=755,size="+m.text(1)
	case "tmpfs_tmp":
	default:
		return fmt.Errorf("unknown mount %v", m)
	}
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, options); err != nil {
		return &Skip{"mounting a tmpfs: " + err.Error()}
	}
	w.mounts = append(w.mounts, dir)
	return nil
}

// Close undoes what would be in the way of removing the directory.
func (w *World) Close() error {
	var errs []error
	for _, path := range w.immutable {
		if _, err := os.Lstat(path); err == nil {
			errs = append(errs, exec.Command("chattr", "-i", path).Run())
		}
	}
	for _, dir := range w.mounts {
		errs = append(errs, unix.Unmount(dir, unix.MNT_DETACH))
	}
	return errors.Join(errs...)
}

package vdb

import (
	"errors"
	"io/fs"
	"os/user"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/portsolve/portsolve/internal/rootfs"
)

// State is where Portage keeps what it knows of a ROOT, seen by those who write
// there: var/db/pkg, var/lib/portage and var/cache/edb.
type State struct {
	FS rootfs.FS // the ROOT
	// Group is the number of the group "portage"; 0 if the system has none. What
	// Portage makes for that group gets it, as far as the process may set it.
	Group int
}

// PortageGroup is the number of the group portage: ROOT's, else the host's, else the
// one that Gentoo always gives it (acct-group/portage).
func PortageGroup(t rootfs.FS) int {
	text, _ := rootfs.ReadFile(t, "etc/group")
	for line := range strings.Lines(string(text)) {
		f := strings.Split(strings.TrimSpace(line), ":")
		if len(f) < 3 || f[0] != "portage" {
			continue
		}
		if n, err := strconv.Atoi(f[2]); err == nil && n > 0 {
			return n
		}
	}
	if g, err := user.LookupGroup("portage"); err == nil {
		if n, err := strconv.Atoi(g.Gid); err == nil && n > 0 {
			return n
		}
	}
	return 250
}

// Directories below ROOT that Portage makes itself.
const (
	pkgDir     = "var/db/pkg"
	privateDir = "var/lib/portage"
	edbDir     = "var/cache/edb"
)

type stateDir struct {
	name string
	mode uint32
}

// stateDirs have a mode and the group of their own; their parents are 0755.
var stateDirs = [...]stateDir{{pkgDir, 0o755}, {privateDir, 0o2755}, {edbDir, 0o2755}}

// MkdirAll makes a directory with its parents, those of Portage as Portage makes
// them. What exists is kept as it is.
func (s State) MkdirAll(name string) error {
	if info, err := s.FS.Stat(name); err == nil && info.IsDir() {
		return nil
	}
	for _, d := range stateDirs {
		if !rootfs.Below(name, d.name) {
			continue
		}
		if there, err := rootfs.Exists(s.FS, d.name); err != nil || there {
			break
		}
		if err := rootfs.MkdirAll(s.FS, path.Dir(d.name), 0o755); err != nil {
			return err
		}
		if err := s.FS.Mkdir(d.name, d.mode); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
		if s.setGroup(d.name) { // chown(2) may clear the bits
			_ = s.FS.Chmod(d.name, d.mode)
		}
	}
	return rootfs.MkdirAll(s.FS, name, 0o755)
}

// OpenState opens a ROOT ("" = "/") for writing. Call Close when done.
func OpenState(root string, group int) (State, error) {
	if root == "" {
		root = "/"
	}
	t, err := rootfs.Open(root)
	return State{FS: t, Group: group}, err
}

// Close releases the tree of a State made by OpenState.
func (s State) Close() error { return s.FS.Close() }

// Write makes or replaces a file: beside it, made durable, renamed. Its directory
// is made if need be. A file that has this content already is left alone. If the
// name is a symbolic link, as for a world file that somebody keeps elsewhere, the
// link stays and what it leads to is written. The group of a new file is that of the
// directory, or Group in the directories of Portage.
func (s State) Write(name string, data []byte, mode uint32) error {
	name, err := follow(s.FS, name)
	if err != nil {
		return err
	}
	old, err := rootfs.ReadFile(s.FS, name)
	if err == nil && string(old) == string(data) {
		return s.dropTemp(name)
	}
	if err := s.MkdirAll(path.Dir(name)); err != nil {
		return err
	}
	isNew := rootfs.IsAbsent(err)
	if err := rootfs.WriteFile(s.FS, name, data, mode); err != nil {
		return err
	}
	isOurs := slices.ContainsFunc(stateDirs[:], func(d stateDir) bool { return rootfs.Below(name, d.name) })
	if isNew && isOurs && s.setGroup(name) {
		_ = s.FS.Chmod(name, mode)
	}
	return nil
}

// dropTemp removes the new version of a file that a killed process had not renamed.
func (s State) dropTemp(name string) error {
	temp := name + rootfs.TempSuffix
	if there, err := rootfs.Exists(s.FS, temp); err != nil || !there {
		return err
	}
	return rootfs.RemoveAll(s.FS, temp)
}

// setGroup gives a new object to the group; whether it had to be changed and was.
func (s State) setGroup(name string) bool {
	info, err := s.FS.Lstat(name)
	if err != nil || s.Group <= 0 || info.GID == s.Group {
		return false
	}
	return s.FS.Lchown(name, info.UID, s.Group) == nil
}

// ReadThrough reads a regular file, or the one that a symbolic link of that name
// leads to inside the tree.
func ReadThrough(t rootfs.FS, name string) ([]byte, error) {
	name, err := follow(t, name)
	if err != nil {
		return nil, err
	}
	return rootfs.ReadFile(t, name)
}

// follow gives the name that a chain of links ends at, be it taken or not.
func follow(t rootfs.FS, name string) (string, error) {
	const maxLinks = 40 // as the kernel
	for range maxLinks {
		target, err := t.Readlink(name)
		if err != nil {
			return name, nil // not a link
		}
		if !path.IsAbs(target) {
			resolved, err := t.Resolve(name)
			if err != nil {
				return "", err
			}
			target = path.Join("/", path.Dir(resolved), target)
		}
		if name, err = rootfs.Clean(path.Clean(target)); err != nil {
			return "", err
		}
	}
	return "", &fs.PathError{Op: "open", Path: name, Err: errLoop}
}

var errLoop = errors.New("too many symbolic links")

// readSmall reads a file of at most limit bytes; a larger one is errTooLarge.
func readSmall(t rootfs.FS, name string, limit int64) ([]byte, error) {
	info, err := t.Stat(name)
	if err != nil {
		return nil, err
	}
	if info.IsRegular() && info.Size > limit {
		return nil, &fs.PathError{Op: "read", Path: name, Err: errTooLarge}
	}
	return ReadThrough(t, name)
}

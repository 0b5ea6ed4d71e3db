package cfgmem

import (
	"cmp"
	"crypto/md5"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/portsolve/portsolve/internal/rootfs"
)

// prefix and the four digits and the underscore behind it begin the name of an
// offered file.
const (
	prefix    = "._cfg"
	maxNumber = 9999
)

// Update is a pending configuration file: one that was offered and neither accepted
// nor rejected yet. Names are in ROOT, without a slash in front.
type Update struct {
	Name   string // etc/._cfg0000_foo.conf
	Target string // etc/foo.conf
	Number int    // 0
}

// parseName takes the plain name of an offered file apart.
func parseName(name string) (target string, number int, ok bool) {
	rest, ok := strings.CutPrefix(name, prefix)
	if !ok || len(rest) < 6 || rest[4] != '_' || strings.Trim(rest[:4], "0123456789") != "" {
		return "", 0, false
	}
	number, err := strconv.Atoi(rest[:4])
	return rest[5:], number, err == nil
}

// PendingName is where to offer a new version of name (a name in ROOT): the highest
// ._cfgNNNN_ of that name if it has this content already, else the next number.
func PendingName(t rootfs.FS, name string, o Object) (string, error) {
	dir, base := path.Split(name)
	names, err := t.ReadDir(path.Clean(dir))
	if err != nil && !rootfs.IsAbsent(err) {
		return "", err
	}
	highest := -1
	for _, n := range names {
		if target, number, ok := parseName(n); ok && target == base {
			highest = max(highest, number)
		}
	}
	if highest >= 0 {
		last := dir + pendingName(base, highest)
		there, err := Look(t, last)
		if err == nil && there != nil && there.MD5 == o.MD5 && there.sameKind(o) {
			return last, nil
		}
	}
	if highest == maxNumber {
		return "", fmt.Errorf("%s: %d updates of this file are pending; accept or reject them first", t.Path(name), highest+1)
	}
	return dir + pendingName(base, highest+1), nil
}

func pendingName(base string, number int) string {
	return fmt.Sprintf("%s%04d_%s", prefix, number, base)
}

// Look describes what is at a name: nil if nothing is, an Object without MD5 if it
// is neither a file nor a symbolic link.
func Look(t rootfs.FS, name string) (*Object, error) {
	info, err := t.Lstat(name)
	if rootfs.IsAbsent(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	switch {
	case info.IsSymlink():
		target, err := t.Readlink(name)
		o := Symlink(target)
		return &o, err
	case !info.IsRegular():
		return &Object{}, nil
	}
	f, err := t.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	sum := md5.New()
	if _, err := io.Copy(sum, f); err != nil {
		return nil, err
	}
	return &Object{MD5: hex.EncodeToString(sum.Sum(nil))}, nil
}

// Pending finds the pending updates of everything that protect (CONFIG_PROTECT:
// absolute directories and files) names, sorted by target and number. What does not
// exist or cannot be read is passed over; an unreadable directory is among errs.
func Pending(t rootfs.FS, protect []string) (updates []Update, errs []error) {
	seen := make(map[string]bool)
	add := func(dir, plain string) {
		target, number, ok := parseName(plain)
		u := Update{path.Join(dir, plain), path.Join(dir, target), number}
		if ok && !seen[u.Name] {
			seen[u.Name] = true
			updates = append(updates, u)
		}
	}
	for _, p := range protect {
		name, err := rootfs.Clean(p)
		if err != nil {
			errs = append(errs, fmt.Errorf("CONFIG_PROTECT: %w", err))
			continue
		}
		if info, err := t.Stat(name); err == nil && info.IsDir() {
			find(t, name, add, &errs)
			continue
		}
		names, _ := t.ReadDir(path.Dir(name))
		for _, n := range names {
			if target, _, ok := parseName(n); ok && target == path.Base(name) {
				add(path.Dir(name), n)
			}
		}
	}
	slices.SortFunc(updates, func(a, b Update) int {
		return cmp.Or(strings.Compare(a.Target, b.Target), cmp.Compare(a.Number, b.Number))
	})
	return updates, errs
}

// find calls add for every file and link below dir; links are not followed.
func find(t rootfs.FS, dir string, add func(dir, plain string), errs *[]error) {
	names, err := t.ReadDir(dir)
	if err != nil {
		*errs = append(*errs, err)
	}
	for _, n := range names {
		info, err := t.Lstat(path.Join(dir, n))
		switch {
		case err != nil:
		case info.IsDir():
			find(t, path.Join(dir, n), add, errs)
		case info.IsRegular() || info.IsSymlink():
			add(dir, n)
		}
	}
}

// Accept puts a pending update in the place of its target, in one step, and removes
// the older updates of that file, which it supersedes.
func Accept(t rootfs.FS, u Update) error {
	if err := u.check(t); err != nil {
		return err
	}
	if info, err := t.Lstat(u.Target); err == nil && info.IsDir() {
		return fmt.Errorf("%s is a directory: %s cannot take its place", t.Path(u.Target), path.Base(u.Name))
	}
	if err := t.Rename(u.Name, u.Target); err != nil {
		return err
	}
	dir, base := path.Split(u.Target)
	names, _ := t.ReadDir(path.Clean(dir))
	var errs []error
	for _, n := range names {
		if target, number, ok := parseName(n); ok && target == base && number < u.Number {
			errs = append(errs, t.Unlink(dir+n))
		}
	}
	return errors.Join(append(errs, t.SyncDir(path.Clean(dir)))...)
}

// Reject removes a pending update. The memory has it, so that it is not offered
// again before the package's file changes.
func Reject(t rootfs.FS, u Update) error {
	if err := u.check(t); err != nil {
		return err
	}
	if err := t.Unlink(u.Name); err != nil {
		return err
	}
	return t.SyncDir(path.Dir(u.Name))
}

// check guards against an Update that is none, and one that is gone.
func (u Update) check(t rootfs.FS) error {
	target, _, ok := parseName(path.Base(u.Name))
	if !ok || path.Join(path.Dir(u.Name), target) != u.Target {
		return fmt.Errorf("%s is not a pending update of %s", u.Name, u.Target)
	}
	info, err := t.Lstat(u.Name)
	if err != nil {
		return err
	}
	if !info.IsRegular() && !info.IsSymlink() {
		return fmt.Errorf("%s is a %s, not an update of a configuration file", t.Path(u.Name), info.Kind())
	}
	return nil
}

package merge

import (
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/portsolve/portsolve/internal/rootfs"
	"github.com/portsolve/portsolve/merge/internal/image"
	"github.com/portsolve/portsolve/merge/internal/txn"
	"github.com/portsolve/portsolve/merge/preserve"
	"github.com/portsolve/portsolve/vdb"
)

// removal takes the files of one instance out of ROOT. It can be repeated.
type removal struct {
	e        *engine
	tx       *txn.Tx
	in       *instance
	newOne   *instance // what replaces it; nil
	number   int
	count    int
	registry *preserve.Registry // nil until somebody asks

	bases  map[string]bool // directories that links of the base system lead to
	synced bool
}

// run goes through the paths in reverse order, files before directories.
func (rm *removal) run() error {
	names := make([]string, 0, len(rm.in.byName))
	for name := range rm.in.byName {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int { return image.Compare(b, a) })
	if err := rm.findBases(); err != nil {
		return err
	}
	var late []string
	for _, name := range names {
		if c := rm.in.byName[name]; c.Kind == vdb.ContentDir {
			late = append(late, name)
			continue
		}
		again, err := rm.file(name, rm.in.byName[name])
		if err != nil {
			return err
		}
		if again {
			late = append(late, name)
		}
	}
	for _, name := range late {
		if err := rm.last(name, rm.in.byName[name]); err != nil {
			return err
		}
	}
	return nil
}

// findBases are the directories behind /lib, /usr/lib and the like where those are
// links: a package that leaves them empty must not take them away.
func (rm *removal) findBases() error {
	rm.bases = map[string]bool{}
	for _, link := range []string{"bin", "sbin", "lib", "lib32", "lib64", "libx32", "usr/bin", "usr/sbin", "usr/lib", "usr/local/lib"} {
		i, err := rm.e.t.Lstat(link)
		if rootfs.IsAbsent(err) || err == nil && !i.IsSymlink() {
			continue
		}
		if err != nil {
			return err
		}
		below, err := rm.e.t.Resolve(link + "/x")
		if err != nil {
			continue // a circle
		}
		rm.bases[path.Dir(below)] = true
		rm.bases[link] = true
	}
	return nil
}

func (rm *removal) tell(name, mark string) {
	rm.e.emit(Event{Kind: EventFile, CPV: rm.in.CPV.String(), Path: "/" + name, Text: mark})
}

func (rm *removal) kept(name, mark, why string) {
	rm.tell(name, mark)
	if rm.e.report != nil {
		rm.e.report.Kept = append(rm.e.report.Kept, KeptFile{"/" + name, why})
	}
}

// file decides about everything but directories. again: it is a link to a directory,
// for the second round.
func (rm *removal) file(name string, c *vdb.Content) (again bool, err error) {
	if rm.newOne != nil && rm.newOne.byName[name] != nil {
		rm.tell(name, FileReplaced)
		return false, nil
	}
	live, err := rm.e.t.Lstat(name)
	if rootfs.IsAbsent(err) {
		rm.tell(name, FileMissing)
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if keep, err := rm.ownedByOthers(name); err != nil || keep {
		return false, err
	}
	if keep, err := rm.preserved(c); err != nil || keep {
		rm.tell(name, FilePreserved)
		return false, err
	}
	switch {
	case rm.e.keep.Has(c.Path):
		rm.kept(name, FileIgnored, "UNINSTALL_IGNORE")
		return false, nil
	case live.IsDir():
		rm.kept(name, FileModified, "is a directory now")
		return false, nil
	}
	if live.IsSymlink() && c.Kind == vdb.ContentLink {
		if to, err := rm.e.t.Stat(name); err == nil && to.IsDir() {
			return true, nil
		}
	}
	return false, rm.remove(name, c, live)
}

// ownedByOthers keeps a file that another package owns, too.
func (rm *removal) ownedByOthers(name string) (bool, error) {
	x, err := rm.e.owned()
	if err != nil {
		return false, err
	}
	if others := x.Owners(name, rm.in.CPV.String()); len(others) > 0 {
		rm.tell(name, FileReplaced)
		return true, nil
	}
	return false, nil
}

// remove applies the rules for modified and protected files.
func (rm *removal) remove(name string, c *vdb.Content, live rootfs.Info) error {
	changed, err := modified(rm.e.t, name, live, c)
	if err != nil {
		return err
	}
	protected := (live.IsRegular() || live.IsSymlink()) && rm.e.protect.Has(c.Path) && !emptyKeep(name, live)
	orphans := rm.e.feature("unmerge-orphans")
	if protected {
		if changed || c.Kind == vdb.ContentFile && live.MTime.Unix() != c.MTime {
			rm.kept(name, FileProtected, "is protected by CONFIG_PROTECT and was changed")
			return nil
		}
	}
	if !orphans {
		switch {
		case c.Kind == vdb.ContentFile && (!live.IsRegular() || live.MTime.Unix() != c.MTime):
			rm.kept(name, FileModified, "has another modification time than recorded (FEATURES=-unmerge-orphans)")
			return nil
		case changed:
			rm.kept(name, FileMD5, "was changed (FEATURES=-unmerge-orphans)")
			return nil
		case c.Kind == vdb.ContentFIFO || c.Kind == vdb.ContentDev:
			rm.kept(name, FileModified, "is no regular file (FEATURES=-unmerge-orphans)")
			return nil
		}
	}
	return rm.takeAway(name, live, changed)
}

func emptyKeep(name string, live rootfs.Info) bool {
	return live.IsRegular() && live.Size == 0 && strings.HasPrefix(path.Base(name), ".keep")
}

// takeAway moves a file to the stage, where it is deleted when the rest is durable; a
// file that was changed is moved to the saved ones instead.
func (rm *removal) takeAway(name string, live rootfs.Info, changed bool) error {
	to := ""
	near, err := sameMount(rm.e.t, path.Dir(name), rm.tx.Header.Stage)
	if err != nil {
		return err
	}
	saved := false
	if changed && (live.IsRegular() || live.IsSymlink()) && !rm.e.feature("portage-exact") {
		sum, err := sumOf(rm.e.t, name, live)
		if err != nil {
			return err
		}
		if to, err = rm.e.savedName(name, rm.in.CPV.PF(), rm.in.CPV.Category, &live, sum, near); err != nil {
			return err
		}
		saved = to != ""
	}
	if to == "" {
		rm.count++
		to = rm.tx.Stage(path.Join("removed"+strconv.Itoa(rm.number), strconv.Itoa(rm.count)))
		for { // of a run that was interrupted
			there, err := rootfs.Exists(rm.e.t, to)
			if err != nil {
				return err
			}
			if !there {
				break
			}
			rm.count++
			to = rm.tx.Stage(path.Join("removed"+strconv.Itoa(rm.number), strconv.Itoa(rm.count)))
		}
	}
	if err := rootfs.MkdirAll(rm.e.t, path.Dir(to), 0o700); err != nil {
		return err
	}
	err = rm.e.t.Rename(name, to)
	if err != nil && !near && !saved {
		err = rm.unlinkFar(name)
	}
	if err != nil {
		if rm.e.ctx.Err() == nil && !isDenied(err) {
			return err
		}
		rm.kept(name, FileFailed, fmt.Sprintf("cannot be removed: %v; it belongs to no package now", err))
		return nil
	}
	rm.tell(name, FileRemoved)
	if saved && rm.e.report != nil {
		rm.e.report.Saved = append(rm.e.report.Saved, SavedFile{"/" + name, "/" + to})
		rm.e.warn("/%s had been changed; it is now /%s", name, to)
	}
	return nil
}

// unlinkFar deletes a file on another mount. What replaces it is made durable before.
func (rm *removal) unlinkFar(name string) error {
	if !rm.synced {
		for _, p := range rm.tx.SyncPoints() {
			if err := rm.e.t.SyncFS(p); err != nil {
				return err
			}
		}
		rm.synced = true
	}
	return rm.e.t.Unlink(name)
}

// last is the second round: links to directories, and directories that are empty.
func (rm *removal) last(name string, c *vdb.Content) error {
	live, err := rm.e.t.Lstat(name)
	if rootfs.IsAbsent(err) {
		return nil
	}
	if err != nil {
		return err
	}
	if rm.newOne != nil && rm.newOne.byName[name] != nil || rm.bases[name] {
		return nil
	}
	if live.IsSymlink() {
		if c.Kind == vdb.ContentDir {
			if _, err := rm.e.t.Stat(name); !rootfs.IsAbsent(err) {
				return err // the administrator's; or nil
			}
			// It leads to something that went with the package.
		}
		return rm.dirLink(name, c, live)
	}
	if !live.IsDir() || c.Kind != vdb.ContentDir {
		return nil
	}
	if keep, err := rm.ownedByOthers(name); err != nil || keep {
		return err
	}
	if rm.e.keep.Has(c.Path) {
		return nil
	}
	if err := rm.dropInfoIndex(name); err != nil {
		return err
	}
	err = rm.e.t.Rmdir(name)
	switch {
	case err == nil:
		rm.tell(name, FileRemoved)
	case notEmpty(rm.e.t, name):
		rm.tell(name, FileNotEmpty)
	case isDenied(err):
		rm.kept(name, FileFailed, fmt.Sprintf("cannot be removed: %v", err))
	default:
		return err
	}
	return nil
}

func notEmpty(t rootfs.FS, name string) bool {
	names, err := t.ReadDir(name)
	return err == nil && len(names) > 0
}

// dirLink is an owned link to a directory. Other packages' files may have been
// recorded by names that lead through it.
func (rm *removal) dirLink(name string, c *vdb.Content, live rootfs.Info) error {
	used, err := rm.e.recordedBelow(c.Path, rm.in.CPV.String())
	if err == nil && used == "" {
		used, err = rm.ownedBehind(name)
	}
	if err != nil {
		return err
	}
	if used != "" {
		rm.kept(name, FileNotEmpty, "leads to a directory with files of "+used)
		return nil
	}
	return rm.remove(name, c, live)
}

// ownedBehind is another package that owns something in the directory that a link leads
// to: its users may know it by the link, so Portage keeps such links, too.
func (rm *removal) ownedBehind(name string) (string, error) {
	below, err := rm.e.t.Resolve(name + "/x")
	if err != nil {
		return "", nil // a circle: there is nothing behind it
	}
	dir := path.Dir(below)
	names, err := rm.e.t.ReadDir(dir)
	if err != nil {
		if rootfs.IsAbsent(err) {
			return "", nil
		}
		return "", err
	}
	x, err := rm.e.owned()
	if err != nil {
		return "", err
	}
	except := []string{rm.in.CPV.String()}
	if rm.newOne != nil {
		except = append(except, rm.newOne.CPV.String())
	}
	for _, n := range names {
		if others := x.Owners(path.Join(dir, n), except...); len(others) > 0 {
			return others[0], nil
		}
	}
	return "", nil
}

// recordedBelow is a package that owns something below a path as CONTENTS spells it.
func (e *engine) recordedBelow(dir, except string) (string, error) {
	categories, err := e.t.ReadDir("var/db/pkg")
	if err != nil && !rootfs.IsAbsent(err) {
		return "", err
	}
	for _, category := range categories {
		entries, err := e.t.ReadDir(path.Join("var/db/pkg", category))
		if err != nil {
			continue
		}
		for _, pf := range entries {
			name := category + "/" + pf
			if name == except || strings.HasPrefix(pf, "-MERGING-") {
				continue
			}
			text, err := rootfs.ReadFile(e.t, path.Join("var/db/pkg", name, "CONTENTS"))
			if err != nil {
				continue
			}
			if strings.Contains(string(text), " "+dir+"/") {
				return name, nil
			}
		}
	}
	return "", nil
}

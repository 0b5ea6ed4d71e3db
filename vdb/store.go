package vdb

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/internal/rootfs"
)

// Store is the write side of the VDB of one ROOT. An entry is complete or not
// there: it is written to -MERGING-PF beside its place, which no reader takes for a
// package, and renamed. Callers hold the lock (see Lock); a Store is not for
// concurrent use.
type Store struct {
	State
	counter int64 // greatest number known to be taken, 0 before the first look
}

// NewStore is the write side of the VDB in a ROOT.
func NewStore(s State) *Store { return &Store{State: s} }

// Entry is what is recorded of an installed package.
type Entry struct {
	CPV atom.CPV
	// Files is the metadata of the package as it was built, by name (SLOT,
	// RDEPEND, environment.bz2, NEEDED.ELF.2, foo-1.ebuild, …). It is written as it
	// is. What it says of CONTENTS, COUNTER and BINPKGMD5, and Portage's file
	// "metadata", is replaced by the fields here.
	Files     map[string][]byte
	Contents  Contents
	Counter   int64  // from NextCounter
	BinpkgMD5 string // of the package file, hexadecimal; "" for none
}

// Check says whether the entry can be recorded and read again: names that are
// plain file names, a SLOT, no NUL bytes in text, CONTENTS that can be written.
func (e *Entry) Check() error {
	_, err := e.files()
	return err
}

// files are all files to write but the cache.
func (e *Entry) files() (map[string][]byte, error) {
	bad := func(err error) error { return fmt.Errorf("%s cannot be recorded as installed: %w", e.CPV, err) }
	if c, err := atom.ParseCPV(e.CPV.String()); err != nil || c != e.CPV {
		return nil, bad(errors.New("not a package name and version"))
	}
	out := make(map[string][]byte, len(e.Files)+3)
	maps.Copy(out, e.Files)
	delete(out, cacheName)
	delete(out, "BINPKGMD5")
	if e.BinpkgMD5 != "" {
		out["BINPKGMD5"] = []byte(e.BinpkgMD5 + "\n")
	}
	out["COUNTER"] = strconv.AppendInt(nil, e.Counter, 10)
	var err error
	if out["CONTENTS"], err = e.Contents.Format(); err != nil {
		return nil, bad(err)
	}
	total := 0
	for _, name := range slices.Sorted(maps.Keys(out)) {
		if !plainName(name) {
			return nil, bad(fmt.Errorf("its metadata has a file %q, which is not a plain file name", name))
		}
		if _, isText := lookupFile([]byte(name)); !isText {
			continue
		}
		if bytes.IndexByte(out[name], 0) >= 0 {
			return nil, bad(&fileError{name, errNUL})
		}
		if total += len(out[name]); total > maxEntryBytes {
			return nil, bad(&fileError{name, errTooLarge})
		}
	}
	if len(bytes.TrimSpace(out["SLOT"])) == 0 {
		return nil, bad(errNoSlot)
	}
	return out, nil
}

// plainName accepts names that lead nowhere else.
func plainName(name string) bool {
	return name != "" && name != "." && name != ".." && len(name) <= 200 && !strings.ContainsAny(name, "/\x00\n")
}

// Names in var/db/pkg.
func entryName(c atom.CPV) string   { return path.Join(pkgDir, c.Category, c.PF()) }
func mergingName(c atom.CPV) string { return path.Join(pkgDir, c.Category, mergingPrefix+c.PF()) }

// Stage writes an entry to its -MERGING- directory; one that is there already is
// removed. It is not durable before Sync (or a SyncFS of var/db/pkg), and not
// visible before Publish. After an error nothing is left.
func (s *Store) Stage(e *Entry) error {
	files, err := e.files()
	if err != nil {
		return err
	}
	dir := mergingName(e.CPV)
	if err := rootfs.RemoveAll(s.FS, dir); err != nil {
		return fmt.Errorf("the remains of an interrupted merge of %s cannot be removed: %w", e.CPV, err)
	}
	if err := s.MkdirAll(path.Dir(dir)); err != nil {
		return err
	}
	if err := s.fill(dir, files); err != nil {
		_ = rootfs.RemoveAll(s.FS, dir)
		return fmt.Errorf("the entry of %s in the database of installed packages cannot be written: %w", e.CPV, err)
	}
	return nil
}

func (s *Store) fill(dir string, files map[string][]byte) error {
	if err := s.FS.Mkdir(dir, 0o755); err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if err := s.create(path.Join(dir, name), files[name]); err != nil {
			return err
		}
	}
	// The cache comes last: making its file is the last change of the directory,
	// whose time goes into it.
	f, err := s.FS.Create(path.Join(dir, cacheName), 0o644)
	if err != nil {
		return err
	}
	info, err := s.FS.Lstat(dir)
	if err == nil {
		_, err = f.Write(cacheText(files, info.MTime.UnixNano()))
	}
	return errors.Join(err, f.Close())
}

func (s *Store) create(name string, data []byte) error {
	f, err := s.FS.Create(name, 0o644)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Close())
}

// Sync makes a staged entry durable. It is one call for the whole file system, so
// that an engine that has just synced ROOT with var/db/pkg in it need not call it.
func (s *Store) Sync(c atom.CPV) error { return s.FS.SyncFS(mergingName(c)) }

// Publish puts a staged entry, which must be durable, in its place: from then on the
// package is installed. An entry of the same version is replaced in one step where
// the file system can (RENAME_EXCHANGE). It may be called again after a crash in the
// middle: counter is the entry's, and tells whether it is in place already.
func (s *Store) Publish(c atom.CPV, counter int64) error {
	final, staged := entryName(c), mergingName(c)
	inPlace, err := s.hasCounter(final, counter)
	if err != nil {
		return err
	}
	if !inPlace {
		if err := s.complete(staged, counter); err != nil {
			return fmt.Errorf("the entry of %s cannot be put in place: %w", c, err)
		}
		if err := s.swapIn(staged, final); err != nil {
			return fmt.Errorf("the entry of %s cannot be put in place: %w", c, err)
		}
	}
	if err := s.FS.SyncDir(path.Dir(final)); err != nil {
		return err
	}
	s.counter = max(s.counter, counter)
	return rootfs.RemoveAll(s.FS, staged) // the replaced entry
}

// complete checks that Stage came to its end in a directory: the cache's last line
// is the last thing it writes.
func (s *Store) complete(staged string, counter int64) error {
	mine, err := s.hasCounter(staged, counter)
	if err != nil {
		return err
	}
	cache, err := readSmall(s.FS, path.Join(staged, cacheName), maxEntryBytes)
	if err != nil && !rootfs.IsAbsent(err) {
		return err
	}
	i := bytes.LastIndex(cache, []byte(cacheEnd))
	if !mine || i < 0 || !bytes.HasSuffix(cache, []byte("\n")) {
		return fmt.Errorf("%s is not there or not complete; the package has to be merged again", s.FS.Path(staged))
	}
	return nil
}

// swapIn gives the staged directory its final name; what had it gets the other.
func (s *Store) swapIn(staged, final string) error {
	taken, err := rootfs.Exists(s.FS, final)
	if err != nil {
		return err
	}
	if !taken {
		return s.FS.Rename(staged, final)
	}
	err = s.FS.Exchange(staged, final)
	if !errors.Is(err, errors.ErrUnsupported) {
		return err
	}
	// Without an exchange there is a moment with neither; a rerun of Publish ends it.
	aside := staged + removedSuffix
	if err := rootfs.RemoveAll(s.FS, aside); err != nil {
		return err
	}
	if err := s.FS.Rename(final, aside); err != nil {
		return err
	}
	if err := s.FS.Rename(staged, final); err != nil {
		return errors.Join(err, s.FS.Rename(aside, final))
	}
	return rootfs.RemoveAll(s.FS, aside)
}

// removedSuffix ends the name of a -MERGING- directory that holds an entry on its
// way out.
const removedSuffix = ".removed"

// hasCounter reports whether the entry in dir has this COUNTER. A broken entry has not.
func (s *Store) hasCounter(dir string, counter int64) (bool, error) {
	text, err := readSmall(s.FS, path.Join(dir, "COUNTER"), 64)
	switch {
	case rootfs.IsAbsent(err) || errors.Is(err, rootfs.ErrType) || errors.Is(err, errTooLarge):
		return false, nil
	case err != nil:
		return false, err
	}
	return string(bytes.TrimSpace(text)) == strconv.FormatInt(counter, 10), nil
}

// Discard removes a staged entry that is not wanted any more.
func (s *Store) Discard(c atom.CPV) error { return rootfs.RemoveAll(s.FS, mergingName(c)) }

// Remove takes an entry out: from one step to the next the package is not
// installed. No entry is no error. An empty category goes with its last package.
func (s *Store) Remove(c atom.CPV) error {
	final := entryName(c)
	aside := mergingName(c) + removedSuffix
	if err := rootfs.RemoveAll(s.FS, aside); err != nil {
		return err
	}
	err := s.FS.Rename(final, aside)
	if err != nil && !rootfs.IsAbsent(err) {
		return fmt.Errorf("the entry of %s cannot be removed: %w", c, err)
	}
	if err == nil {
		if err := s.FS.SyncDir(path.Dir(final)); err != nil {
			return err
		}
	}
	if err := rootfs.RemoveAll(s.FS, aside); err != nil {
		return err
	}
	_ = s.FS.Rmdir(path.Dir(final)) // not empty: as it should be
	return nil
}

// Contents reads what an installed package owns. A missing file is a package
// without files, as for Portage.
func (s *Store) Contents(c atom.CPV) (Contents, []LineProblem, error) {
	name := path.Join(entryName(c), "CONTENTS")
	text, err := rootfs.ReadFile(s.FS, name)
	if rootfs.IsAbsent(err) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, fmt.Errorf("what %s owns cannot be read: %w", c, err)
	}
	list, problems := ParseContents(text)
	return list, problems, nil
}

// Remains are -MERGING- directories that somebody left behind, as names in the tree,
// sorted. Another process may be at work in one if it does not hold the lock, as
// Portage with FEATURES=parallel-install.
func (s *Store) Remains() []string {
	var out []string
	categories, _ := s.FS.ReadDir(pkgDir)
	for _, c := range categories {
		entries, _ := s.FS.ReadDir(path.Join(pkgDir, c))
		for _, e := range entries {
			if strings.HasPrefix(e, mergingPrefix) {
				out = append(out, path.Join(pkgDir, c, e))
			}
		}
	}
	return out
}

// CleanRemains removes what a killed process has left: entries that Remove or Publish
// had put aside, with their category if it had no other, and the new counter file of
// NextCounter, which the next run may not come to write. The -MERGING- directory of a package that is being merged is not
// touched, and neither is one of Portage, which removes it with the next merge of
// that version.
func (s *Store) CleanRemains() error {
	var errs []error
	for _, name := range s.Remains() {
		if strings.HasSuffix(name, removedSuffix) {
			errs = append(errs, rootfs.RemoveAll(s.FS, name), rootfs.RemoveEmpty(s.FS, path.Dir(name), pkgDir))
		}
	}
	errs = append(errs, s.dropTemp(counterFile))
	return errors.Join(errs...)
}

// SetContents replaces the CONTENTS of an installed package in one step, as when
// another package takes over a path. Lines of the file that cannot be understood
// are kept at its end. The package must be installed.
func (s *Store) SetContents(c atom.CPV, list Contents) error {
	if _, err := s.FS.Lstat(entryName(c)); err != nil {
		return fmt.Errorf("%s is not installed: %w", c, err)
	}
	name := path.Join(entryName(c), "CONTENTS")
	text, err := list.Format()
	if err != nil {
		return fmt.Errorf("%s: %w", c, err)
	}
	old, err := rootfs.ReadFile(s.FS, name)
	if err != nil && !rootfs.IsAbsent(err) && !errors.Is(err, fs.ErrPermission) {
		return err
	}
	text = append(text, unreadLines(old)...)
	if err == nil && bytes.Equal(old, text) {
		return nil
	}
	return rootfs.WriteFile(s.FS, name, text, 0o644)
}

// unreadLines are the lines ParseContents cannot understand.
func unreadLines(text []byte) []byte {
	_, problems := ParseContents(text)
	if len(problems) == 0 {
		return nil
	}
	lines := bytes.Split(text, []byte("\n"))
	var out []byte
	for _, p := range problems {
		out = append(append(out, lines[p.Line-1]...), '\n')
	}
	return out
}

package binpkg

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/klauspost/compress/gzip"

	"github.com/portsolve/portsolve/internal/rootfs"
)

// indexLock is the file that Portage locks while it changes an index.
const indexLock = IndexName + ".portage_lockfile"

// IndexOptions of UpdateIndex.
type IndexOptions struct {
	// Header sets variables of the header (CHOST, ARCH, IUSE_IMPLICIT, …); "" removes
	// one, others stay as they are. PACKAGES, TIMESTAMP and VERSION are set in any case.
	Header map[string]string
	// Compress also writes Packages.gz (FEATURES=compress-index). Otherwise one that is
	// there is removed, because it would become out of date.
	Compress bool
	// Reread reads all files, also those of which the index has size and time of modification.
	Reread bool
	// Only are the files to look at, relative to the directory; entries of others
	// stay as they are. nil looks at all files, and so does an index that is missing or
	// not whole.
	Only []string
	// Time for TIMESTAMP; zero is now.
	Time time.Time
	// Waiting is called if another process, maybe Portage, holds the lock.
	Waiting func(holder string)
}

// IndexUpdate is what UpdateIndex has done.
type IndexUpdate struct {
	Packages                int      // in the index now
	Added, Changed, Removed []string // paths of package files relative to PKGDIR, sorted
	// Problems are files that are left out, each with its reason.
	Problems []Problem
	// Written is false if the index was up to date.
	Written bool
}

// UpdateIndex makes the index of a PKGDIR fit its files, as emaint binhost --fix
// does, in both layouts. Files whose size and modification time are as recorded are
// not read again. Others are verified (checksums, not signatures), and left out if
// they are damaged. The lock is Portage's; readers see the old index or the new one,
// whole. The error says why the directory cannot be read or written.
func UpdateIndex(ctx context.Context, dir string, o IndexOptions) (_ *IndexUpdate, err error) {
	if o.Time.IsZero() {
		o.Time = time.Now()
	}
	tree, err := rootfs.Open(dir)
	if err != nil {
		return nil, err
	}
	defer tree.Close()
	unlock, err := tree.Lock(ctx, indexLock, rootfs.LockOptions{Remove: true, Waiting: o.Waiting})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, unlock()) }()
	u := &indexUpdate{dir: dir, tree: tree, o: o, out: &IndexUpdate{}}
	if err := u.collect(ctx); err != nil {
		return nil, err
	}
	return u.out, u.write()
}

// indexUpdate is an index in the making.
type indexUpdate struct {
	dir     string
	tree    rootfs.FS
	o       IndexOptions
	old     *Index // nil: none that can be used
	header  map[string]string
	records []indexRecord
	out     *IndexUpdate
}

// indexRecord is one package with its lines.
type indexRecord struct {
	cpv, path string
	buildID   int64
	text      string
}

// collect decides what the index holds.
func (u *indexUpdate) collect(ctx context.Context) error {
	u.old = (&Set{}).localIndex(filepath.Join(u.dir, IndexName)) // what is wrong with it is mended
	u.setHeader()
	if u.old == nil || !u.old.Whole {
		u.o.Only = nil // nothing is known about the others
	}
	s := &Set{}
	files, err := u.files(ctx, s)
	if err != nil {
		return err
	}
	byPath := u.old.byPath()
	u.keepOthers(byPath)
	for _, f := range files {
		if err := ctx.Err(); err != nil {
			return err
		}
		old := byPath[f.path]
		delete(byPath, f.path)
		if old != nil && !u.o.Reread && old.CPV == f.cpv && describes(old, f.packageFile) {
			u.records = append(u.records, recordOf(old, f.path))
			continue
		}
		text, err := u.record(ctx, &f)
		switch {
		case err != nil && ctx.Err() != nil:
			return ctx.Err()
		case err != nil:
			s.problem(filepath.Join(u.dir, f.path), withoutPath(err))
			if old != nil {
				u.out.Removed = append(u.out.Removed, f.path)
			}
			continue
		case old == nil:
			u.out.Added = append(u.out.Added, f.path)
		case old.text != text:
			u.out.Changed = append(u.out.Changed, f.path)
		}
		id, _ := lineValue(text, "BUILD_ID")
		u.records = append(u.records, indexRecord{f.cpv.String(), f.path, number(id), text})
	}
	for path := range byPath {
		u.out.Removed = append(u.out.Removed, path)
	}
	for _, list := range [][]string{u.out.Added, u.out.Changed, u.out.Removed} {
		slices.Sort(list)
	}
	u.out.Problems = s.Problems()
	return nil
}

// withoutPath takes the path out of an error that is shown behind it.
func withoutPath(err error) error {
	var v *VerifyError
	if errors.As(err, &v) && v.Member == "" && v.Entry == "" {
		return v.Err
	}
	var f *FormatError
	if errors.As(err, &f) && f.Member == "" {
		return f.Err
	}
	return err
}

// files are those to look at.
func (u *indexUpdate) files(ctx context.Context, s *Set) ([]foundFile, error) {
	if u.o.Only == nil {
		return s.listFiles(ctx, u.dir)
	}
	var out []foundFile
	for _, path := range u.o.Only {
		category, rest, _ := strings.Cut(filepath.ToSlash(filepath.Clean(path)), "/")
		name, file := filepath.Split(rest)
		st, err := os.Stat(filepath.Join(u.dir, path))
		if errors.Is(err, fs.ErrNotExist) {
			continue // its entry goes
		}
		if err != nil {
			return nil, err
		}
		if !filepath.IsLocal(path) || strings.Count(rest, "/") > 1 || !IsPackageName(file) {
			return nil, fmt.Errorf("%s: is not the place of a package in %s (CATEGORY/PF.EXT, or CATEGORY/PN/PF-BUILDID.EXT)", path, u.dir)
		}
		out = s.found(out, u.dir, category, strings.TrimSuffix(name, "/"), fs.FileInfoToDirEntry(st))
	}
	return out, nil
}

// keepOthers takes over the entries that Only does not name.
func (u *indexUpdate) keepOthers(byPath map[string]*IndexEntry) {
	if u.o.Only == nil {
		return
	}
	looked := map[string]bool{}
	for _, path := range u.o.Only {
		looked[filepath.ToSlash(filepath.Clean(path))] = true
	}
	for path, e := range byPath {
		if !looked[path] {
			u.records = append(u.records, recordOf(e, path))
			delete(byPath, path)
		}
	}
}

func recordOf(e *IndexEntry, path string) indexRecord {
	id, _ := lineValue(e.text, "BUILD_ID")
	return indexRecord{e.CPV.String(), path, number(id), strings.TrimRight(e.text, "\n")}
}

func (u *indexUpdate) setHeader() {
	u.header = map[string]string{}
	if u.old != nil {
		for k, v := range u.old.Header {
			u.header[k] = v
		}
	}
	for k, v := range u.o.Header {
		if v = strings.Join(strings.Fields(v), " "); v == "" {
			delete(u.header, k)
		} else {
			u.header[k] = v
		}
	}
}

// write makes the files, unless they are up to date.
func (u *indexUpdate) write() error {
	slices.SortFunc(u.records, func(a, b indexRecord) int {
		return cmp.Or(strings.Compare(a.cpv, b.cpv), cmp.Compare(a.buildID, b.buildID), strings.Compare(a.path, b.path))
	})
	u.out.Packages = len(u.records)
	u.header["PACKAGES"] = strconv.Itoa(len(u.records))
	u.header["VERSION"] = strconv.Itoa(indexVersion)
	if u.upToDate() {
		return nil
	}
	u.header["TIMESTAMP"] = strconv.FormatInt(u.o.Time.Unix(), 10)
	text := []byte(u.text())
	zipped := IndexName + ".gz"
	if u.o.Compress {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		if _, err := z.Write(text); err != nil {
			return err
		}
		if err := z.Close(); err != nil {
			return err
		}
		if err := u.file(zipped, b.Bytes()); err != nil {
			return err
		}
	} else if err := u.tree.Unlink(zipped); err != nil && !rootfs.IsAbsent(err) {
		return err
	}
	u.out.Written = true
	return u.file(IndexName, text)
}

// file writes one of the files; both get the time in TIMESTAMP.
func (u *indexUpdate) file(name string, data []byte) error {
	if err := rootfs.WriteFile(u.tree, name, data, 0o644); err != nil {
		return err
	}
	return u.tree.Lutimes(name, time.Unix(u.o.Time.Unix(), 0))
}

// upToDate reports whether the index on disk has this content and all its files.
func (u *indexUpdate) upToDate() bool {
	if u.old == nil || !u.old.Whole || len(u.old.Problems) > 0 || len(u.out.Added)+len(u.out.Changed)+len(u.out.Removed) > 0 {
		return false
	}
	if there, err := rootfs.Exists(u.tree, IndexName+".gz"); err != nil || there != u.o.Compress {
		return false
	}
	u.header["TIMESTAMP"] = u.old.Header["TIMESTAMP"]
	now, err := rootfs.ReadFile(u.tree, IndexName)
	return err == nil && string(now) == u.text()
}

// text is the whole index.
func (u *indexUpdate) text() string {
	var b strings.Builder
	keys := make([]string, 0, len(u.header))
	for k := range u.header {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	for _, k := range keys {
		fmt.Fprintf(&b, "%s: %s\n", k, u.header[k])
	}
	b.WriteString("\n")
	for _, r := range u.records {
		b.WriteString(r.text)
		b.WriteString("\n\n")
	}
	return b.String()
}

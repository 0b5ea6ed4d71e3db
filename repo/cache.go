package repo

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/atom/eapi"
	"github.com/portsolve/portsolve/atom/metadata"
)

// ErrNoMetadata is (wrapped in) Package.Invalid of an ebuild without a valid cache entry.
var ErrNoMetadata = errors.New("no valid metadata cache entry")

// errStale tells an entry that belongs to other contents of the ebuild or its
// eclasses from one that cannot be read.
var errStale = errors.New("the cache entry is out of date")

// load makes the package of one version. ebuild is the path of its ebuild, ""
// in a repository of metadata alone.
func (r *Repo) load(cpv atom.CPV, ebuild string) *metadata.Package {
	pf := cpv.PF()
	var reason error
	src := ebuildFile{path: ebuild}
	for _, f := range r.formats() {
		path := filepath.Join(r.Location, f.dir, cpv.Category, pf)
		entry, err := r.readEntry(f, path, &src)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			if reason == nil {
				reason = err
			}
			continue
		}
		p := entry.pkg(cpv)
		p.Repo, p.File = r.Name, path
		if ebuild != "" {
			p.File = ebuild
		}
		return p
	}
	return r.withoutMetadata(cpv, &src, reason)
}

// withoutMetadata makes the package of an ebuild that no cache entry describes.
// Its EAPI is known all the same if the ebuild can be read (PMS 7.3.1), so that
// an unsupported one is named as such.
func (r *Repo) withoutMetadata(cpv atom.CPV, src *ebuildFile, reason error) *metadata.Package {
	p := &metadata.Package{CPV: cpv, Origin: metadata.Ebuild, Repo: r.Name, File: src.path}
	switch {
	case reason != nil:
		p.Invalid = fmt.Errorf("%w: %w", ErrNoMetadata, reason)
	default:
		p.Invalid = fmt.Errorf("%w: %s has none for this version", ErrNoMetadata, filepath.Join(r.Location, "metadata"))
	}
	if text, err := src.content(); err == nil {
		p.EAPIName = ebuildEAPI(text)
		p.EAPI, _ = eapi.Lookup(p.EAPIName)
	}
	return p
}

// readEntry reads one cache entry and checks that it is still valid.
func (r *Repo) readEntry(f cacheFormat, path string, src *ebuildFile) (cacheEntry, error) {
	text, err := readText(path, maxEntrySize)
	if err != nil {
		return cacheEntry{}, err
	}
	e, err := f.parse(text)
	if err != nil {
		if fe := (*FileError)(nil); errors.As(err, &fe) {
			fe.File = path
		}
		return e, err
	}
	if err := r.checkValid(&e, path, src); err != nil {
		return e, &FileError{File: path, Err: err}
	}
	return e, nil
}

// checkValid compares what the entry recorded with the ebuild, where there is
// one, and with the eclasses.
func (r *Repo) checkValid(e *cacheEntry, path string, src *ebuildFile) error {
	var err error
	switch {
	case src.path == "":
	case e.byTime:
		err = src.checkNotNewer(path)
	default:
		err = src.check(e.md5, e.mtime)
	}
	if err != nil {
		return err
	}
	return r.checkEclasses(e.eclasses, src.path != "")
}

// ebuildFile is an ebuild whose content is read once, when first needed.
type ebuildFile struct {
	path string
	text string
	err  error
	done bool
}

func (e *ebuildFile) content() (string, error) {
	if !e.done {
		e.done = true
		if e.path == "" {
			e.err = os.ErrNotExist
		} else {
			e.text, e.err = readFile(e.path, maxEntrySize)
		}
	}
	return e.text, e.err
}

// check compares the ebuild with the checksum, or where the entry has none the
// modification time (seconds), that the cache entry recorded.
func (e *ebuildFile) check(sum, mtime string) error {
	switch {
	case sum != "":
		text, err := e.content()
		if err != nil {
			return err
		}
		if !sumMatches(text, sum) {
			return fmt.Errorf("%w: its _md5_ is not the checksum of the ebuild", errStale)
		}
	case mtime != "":
		st, err := os.Stat(e.path)
		if err != nil {
			return err
		}
		if strconv.FormatInt(st.ModTime().Unix(), 10) != mtime {
			return fmt.Errorf("%w: its _mtime_ is not that of the ebuild", errStale)
		}
	default:
		return errors.New("the cache entry has no _md5_ line (PMS 14.3)")
	}
	return nil
}

// checkNotNewer is the validity rule of the legacy format, which records no
// checksum: the entry is at least as new as the ebuild.
func (e *ebuildFile) checkNotNewer(entry string) error {
	if e.path == "" {
		return nil
	}
	es, err := os.Stat(e.path)
	if err != nil {
		return err
	}
	cs, err := os.Stat(entry)
	if err != nil {
		return err
	}
	if es.ModTime().Unix() > cs.ModTime().Unix() {
		return fmt.Errorf("%w: the ebuild is newer", errStale)
	}
	return nil
}

// ebuildEAPI finds the EAPI in an ebuild's text: the first line that is neither
// blank nor a comment must assign it, otherwise it is "0" (PMS 7.3.1).
func ebuildEAPI(text string) string {
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		v, ok := strings.CutPrefix(line, "EAPI=")
		if !ok {
			return "0"
		}
		if i := strings.IndexAny(v, " \t"); i >= 0 {
			v = v[:i]
		}
		if len(v) >= 2 && (v[0] == '"' || v[0] == '\'') && v[len(v)-1] == v[0] {
			v = v[1 : len(v)-1]
		}
		if v == "" {
			return "0"
		}
		return v
	}
	return "0"
}

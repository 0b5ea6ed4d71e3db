package vdb

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/portsolve/portsolve/atom/metadata"
)

// maxFieldBytes bounds what Field returns.
const maxFieldBytes = maxEntryBytes

// Field reads a file of a package's entry that the package does not carry
// (DESCRIPTION, INHERITED, NEEDED.ELF.2, SIZE, …), without surrounding white
// space; "" if there is none.
func (d *DB) Field(p *metadata.Package, name string) (string, error) {
	if p.File == "" || name != filepath.Base(name) {
		return "", nil
	}
	path := filepath.Join(p.File, name)
	st, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	if !st.Mode().IsRegular() {
		return "", &fs.PathError{Op: "read", Path: path, Err: errNotRegular}
	}
	if st.Size() > maxFieldBytes {
		return "", &fs.PathError{Op: "read", Path: path, Err: errTooLarge}
	}
	text, err := os.ReadFile(path)
	return strings.TrimSpace(string(text)), err
}

// Owners returns the installed packages that own path, sorted by CPV. path is
// absolute and below the DB's root. A path and the same path with the symbolic
// links of its parent directories resolved (as on systems where /bin is a link
// to usr/bin) count as one. It scans every CONTENTS file.
func (d *DB) Owners(path string) ([]*metadata.Package, error) {
	owned, err := d.OwnersOfAny([]string{path})
	return owned, err
}

// OwnersOfAny returns the packages that own at least one of paths.
func (d *DB) OwnersOfAny(paths []string) ([]*metadata.Package, error) {
	want := make(map[string]bool)
	for _, p := range paths {
		spellings, err := d.spellings(p)
		if err != nil {
			return nil, err
		}
		for _, s := range spellings {
			want[s] = true
		}
	}
	owns := make([]bool, len(d.entries))
	var next atomic.Int64
	var wg sync.WaitGroup
	for range d.workers {
		wg.Add(1)
		go func() {
			defer wg.Done()
			in := bufio.NewReaderSize(nil, 64<<10)
			for i := int(next.Add(1)) - 1; i < len(owns); i = int(next.Add(1)) - 1 {
				owns[i] = contentsHas(in, d.entries[i].path, want)
			}
		}()
	}
	wg.Wait()
	scratch := d.scratches.get()
	defer d.scratches.put(scratch)
	var out []*metadata.Package
	for i, e := range d.entries {
		if !owns[i] {
			continue
		}
		if p := e.get(scratch); p != nil {
			out = append(out, p)
		}
	}
	return out, nil
}

// spellings are the ways in which CONTENTS may name path: absolute, without ROOT.
func (d *DB) spellings(path string) ([]string, error) {
	if !filepath.IsAbs(path) {
		return nil, fmt.Errorf("%s: an absolute path is needed to look up its owner", path)
	}
	path = filepath.Clean(path)
	list := []string{path}
	if real, err := filepath.EvalSymlinks(filepath.Dir(path)); err == nil {
		list = append(list, filepath.Join(real, filepath.Base(path)))
	}
	root := filepath.Clean("/" + d.root)
	if root == "/" {
		return list, nil
	}
	var below []string
	roots := []string{root}
	if real, err := filepath.EvalSymlinks(root); err == nil {
		roots = append(roots, real)
	}
	for _, p := range list {
		for _, r := range roots {
			if rest, ok := strings.CutPrefix(p, r); ok && strings.HasPrefix(rest, "/") {
				below = append(below, rest)
			}
		}
	}
	if len(below) == 0 {
		return nil, fmt.Errorf("%s is not below the root %s", path, root)
	}
	return below, nil
}

// contentsHas scans the CONTENTS of the entry at dir. Without a readable one
// it owns nothing.
func contentsHas(in *bufio.Reader, dir string, want map[string]bool) bool {
	if dir == "" {
		return false
	}
	path := filepath.Join(dir, "CONTENTS")
	if st, err := os.Stat(path); err != nil || !st.Mode().IsRegular() {
		return false
	}
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	in.Reset(f)
	for {
		line, err := in.ReadSlice('\n')
		if name := contentsPath(bytes.TrimSuffix(line, []byte("\n"))); name != nil && want[string(name)] {
			return true
		}
		for errors.Is(err, bufio.ErrBufferFull) { // longer than any path: not of interest
			_, err = in.ReadSlice('\n')
		}
		if errors.Is(err, io.EOF) {
			return false
		} else if err != nil {
			return false
		}
	}
}

// contentsPath is the path of a CONTENTS line, which is one of
//
//	dir PATH
//	obj PATH MD5 MTIME
//	sym PATH -> TARGET MTIME
//	fif PATH
//	dev PATH
//
// PATH may hold spaces. nil if the line is something else.
func contentsPath(line []byte) []byte {
	kind, rest, ok := bytes.Cut(line, []byte(" "))
	if !ok {
		return nil
	}
	switch string(kind) {
	case "dir", "fif", "dev":
		return rest
	case "obj":
		for range 2 {
			i := bytes.LastIndexByte(rest, ' ')
			if i < 0 {
				return nil
			}
			rest = rest[:i]
		}
		return rest
	case "sym":
		if i := bytes.Index(rest, []byte(" -> ")); i >= 0 {
			return rest[:i]
		}
	}
	return nil
}

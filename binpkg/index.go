package binpkg

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strconv"
	"strings"

	"github.com/klauspost/compress/gzip"

	"github.com/portsolve/portsolve/atom"
)

// IndexName is the file that lists the packages of a directory.
const IndexName = "Packages"

// maxIndex bounds an index, unpacked. The largest known binhosts have some 30 MiB.
const maxIndex = 256 << 20

// indexVersion is the latest VERSION of an index that we understand.
const indexVersion = 0

// Index is a parsed Packages file. Packages are split but their variables are
// not looked at, except for the name.
type Index struct {
	Path     string            // of the file, for messages
	Header   map[string]string // its variables ("TIMESTAMP", "URI")
	Packages []IndexEntry      // in the order of the file
	// Problems are packages that were left out, and signs that the index is not whole.
	Problems []error
	// Whole is false if the index ends early or its header counts more packages.
	Whole bool
}

// IndexEntry is one package of an index.
type IndexEntry struct {
	CPV  atom.CPV
	Line int    // of its first line
	text string // lines "KEY: value"
}

// ReadIndex reads a Packages file, also one compressed with gzip. Broken packages
// are left out and named in Problems. The error is an *fs.PathError, or says why the
// file is no index that we understand.
func ReadIndex(path string) (*Index, error) {
	f, size, err := openRegular(path)
	if err == errNotRegular {
		err = &fs.PathError{Op: "read", Path: path, Err: err}
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var in io.Reader = f
	if strings.HasSuffix(path, ".gz") {
		z, err := gzip.NewReader(f)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		in = z
	}
	var b bytes.Buffer
	if size < maxIndex {
		b.Grow(int(size) + bytes.MinRead)
	}
	n, err := io.Copy(&b, io.LimitReader(in, maxIndex+1))
	if n > maxIndex {
		return nil, fmt.Errorf("%s: the index is larger than %d MiB", path, maxIndex>>20)
	}
	x, parseErr := ParseIndex(path, b.String())
	if err != nil && x != nil && len(x.Packages) > 0 { // what is there is there
		x.Whole = false
		x.Problems = append(x.Problems, fmt.Errorf("the index cannot be read to its end: %w", err))
		return x, nil
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return x, parseErr
}

// ParseIndex is ReadIndex for text; path is for messages.
func ParseIndex(path, text string) (*Index, error) {
	x := &Index{Path: path, Whole: true}
	if strings.IndexByte(text, 0) >= 0 {
		return nil, fmt.Errorf("%s: holds NUL bytes; it is damaged or not an index", path)
	}
	head, rest, line := cutBlock(text, 1)
	x.Header = parseBlock(head)
	if len(x.Header) == 0 && strings.TrimSpace(text) != "" {
		return nil, fmt.Errorf("%s: does not begin with lines of the form \"KEY: value\"; it is not an index", path)
	}
	if v := x.Header["VERSION"]; v != "" {
		if n, err := strconv.Atoi(v); err != nil || n > indexVersion {
			return nil, fmt.Errorf("%s: VERSION %s of the index is not supported (0 is)", path, v)
		}
	}
	if _, isPackage := x.Header["CPV"]; isPackage { // no header
		x.Header, rest, line = map[string]string{}, text, 1
	}
	x.parsePackages(rest, line)
	x.checkWhole(text)
	return x, nil
}

// cutBlock takes the lines up to the first empty one. line is the number of the
// text's first line, and of the rest's on return.
func cutBlock(text string, line int) (block, rest string, next int) {
	for strings.HasPrefix(text, "\n") {
		text = text[1:]
		line++
	}
	block, rest, _ = strings.Cut(text, "\n\n")
	return block, rest, line + strings.Count(block, "\n") + 2
}

// parseBlock reads lines "KEY: value"; others are passed over.
func parseBlock(block string) map[string]string {
	vars := make(map[string]string, strings.Count(block, "\n")+1)
	for line := range strings.SplitSeq(block, "\n") {
		key, value, ok := strings.Cut(line, ":")
		if ok && key != "" && !strings.ContainsAny(key, " \t") {
			vars[key] = strings.TrimSpace(value)
		}
	}
	return vars
}

// parsePackages splits the packages.
func (x *Index) parsePackages(text string, line int) {
	x.Packages = make([]IndexEntry, 0, strings.Count(text, "CPV: "))
	for text != "" {
		var block string
		first := line
		for strings.HasPrefix(text, "\n") {
			text, first = text[1:], first+1
		}
		if text == "" {
			return
		}
		block, text, line = cutBlock(text, first)
		value, ok := lineValue(block, "CPV")
		if !ok {
			x.Problems = append(x.Problems, fmt.Errorf("line %d: a package without CPV is left out", first))
			continue
		}
		cpv, err := atom.ParseCPV(value)
		if err != nil {
			x.Problems = append(x.Problems, fmt.Errorf("line %d: %w; the package is left out", first, err))
			continue
		}
		x.Packages = append(x.Packages, IndexEntry{CPV: cpv, Line: first, text: block})
	}
}

// lineValue finds the value of one key.
func lineValue(block, key string) (string, bool) {
	for rest := block; rest != ""; {
		var line string
		line, rest, _ = strings.Cut(rest, "\n")
		if len(line) > len(key) && line[len(key)] == ':' && line[:len(key)] == key {
			return strings.TrimSpace(line[len(key)+1:]), true
		}
	}
	return "", false
}

// checkWhole compares with the header's count. Every package is followed by an
// empty line, so that a cut in the middle of the last one shows as well.
func (x *Index) checkWhole(text string) {
	want, err := strconv.Atoi(x.Header["PACKAGES"])
	have := len(x.Packages) + len(x.Problems)
	switch {
	case err == nil && want > have:
		x.Whole = false
		x.Problems = append(x.Problems, fmt.Errorf("its header counts %d packages, but only %d are there; the index is not whole", want, have))
	case len(x.Packages) > 0 && !strings.HasSuffix(text, "\n\n"):
		x.Whole = false
		x.Problems = append(x.Problems, errors.New("it ends in the middle of a package; the index is not whole"))
	}
}

// Vars parses a package's variables, completed by what the header says for all.
// Names are those of metadata: DESCRIPTION and repository, not DESC and REPO.
func (x *Index) Vars(e *IndexEntry) map[string]string {
	vars := parseBlock(e.text)
	rename := func(from, to string) {
		if v, ok := vars[from]; ok {
			delete(vars, from)
			if vars[to] == "" {
				vars[to] = v
			}
		}
	}
	rename("REPO", "repository")
	rename("DESC", "DESCRIPTION")
	rename("_mtime_", "MTIME")
	for _, inherited := range [...]string{"CHOST", "repository"} {
		if v, ok := x.Header[inherited]; ok && vars[inherited] == "" {
			vars[inherited] = v
		}
	}
	if vars["SLOT"] == "" {
		vars["SLOT"] = "0" // left out when it is that
	}
	return vars
}

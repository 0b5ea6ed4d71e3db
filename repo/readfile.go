package repo

import (
	"errors"
	"fmt"
	"os"
	"strings"
)

// Limits on what a hostile or broken repository can make us hold in memory. The
// largest real files are 140 kB (cache entry), 100 kB (ebuild) and 1 MB (use.local.desc).
const (
	maxEntrySize = 4 << 20  // cache entry, ebuild, eclass, layout.conf, repos.conf
	maxListSize  = 64 << 20 // line-based files below profiles/
)

// FileError is an error at a line of a file. Line is 0 if it concerns the whole file.
type FileError struct {
	File string
	Line int
	Err  error
}

func (e *FileError) Error() string {
	if e.Line == 0 {
		return fmt.Sprintf("%s: %v", e.File, e.Err)
	}
	return fmt.Sprintf("%s:%d: %v", e.File, e.Line, e.Err)
}

func (e *FileError) Unwrap() error { return e.Err }

func tooLarge(path string, limit int64) error {
	return &FileError{File: path, Err: fmt.Errorf("is longer than %d bytes, which no such file is", limit)}
}

// readText is readFile for files that a person writes: a NUL byte is an error at its line.
func readText(path string, limit int64) (string, error) {
	text, err := readFile(path, limit)
	if err != nil {
		return "", err
	}
	if i := strings.IndexByte(text, 0); i >= 0 {
		return "", &FileError{path, 1 + strings.Count(text[:i], "\n"), errors.New("contains a NUL byte; this is not a text file")}
	}
	return text, nil
}

// fileLine is one meaningful line of a line-based file.
type fileLine struct {
	num    int
	fields []string
}

// readLines reads a line-based file of the profiles directory (PMS 4.4):
// comments and blank lines are left out. As Portage does, a word that begins
// with '#' starts a comment in the middle of a line, too. A missing file is empty.
func readLines(path string) ([]fileLine, error) {
	text, err := readText(path, maxListSize)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var out []fileLine
	num := 0
	for line := range strings.Lines(text) {
		num++
		if f := cutComment(strings.Fields(line)); len(f) > 0 {
			out = append(out, fileLine{num, f})
		}
	}
	return out, nil
}

func cutComment(fields []string) []string {
	for i, f := range fields {
		if f[0] == '#' {
			return fields[:i]
		}
	}
	return fields
}

// readWords returns the first word of every line.
func readWords(path string) ([]string, error) {
	lines, err := readLines(path)
	if err != nil {
		return nil, err
	}
	out := make([]string, len(lines))
	for i, l := range lines {
		out[i] = l.fields[0]
	}
	return out, nil
}

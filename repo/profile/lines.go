package profile

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/portsolve/portsolve/atom/metadata"
	"github.com/portsolve/portsolve/repo"
)

// maxFileSize bounds what one configuration file may make us hold; the largest
// real one (use.local.desc aside, which is not read here) has 200 kB.
const maxFileSize = 16 << 20

// maxDepth bounds directories within directories, and files that source files.
const maxDepth = 32

// Line is one meaningful line of a configuration file, split at blanks.
type Line struct {
	Source metadata.Source
	Fields []string // at least one
}

// ReadFile returns the content of a regular file, with an error that names the
// file when it is too large, not a file, or contains NUL bytes (in which case the line is given, too).
func ReadFile(path string) (string, error) {
	st, err := os.Stat(path) // before opening it, which blocks on a named pipe
	if err != nil {
		return "", err
	}
	if !st.Mode().IsRegular() {
		return "", &repo.FileError{File: path, Err: errors.New("is not a regular file")}
	}
	if st.Size() > maxFileSize {
		return "", &repo.FileError{File: path, Err: fmt.Errorf("is %d bytes long; a configuration file has at most %d", st.Size(), maxFileSize)}
	}
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	var b strings.Builder
	b.Grow(int(st.Size()) + 1)
	if _, err := io.Copy(&b, io.LimitReader(f, maxFileSize)); err != nil {
		return "", err
	}
	text := b.String()
	if i := strings.IndexByte(text, 0); i >= 0 {
		return "", &repo.FileError{File: path, Line: 1 + strings.Count(text[:i], "\n"), Err: errors.New("contains a NUL byte; this is not a text file")}
	}
	return text, nil
}

// Files returns the files that a name of portage(5) stands for: the file itself,
// or, for a directory, all files below it in order of their names. Hidden files,
// backups ("~") and version control directories are left out. A missing name is no file.
func Files(path string) ([]string, error) {
	st, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if !st.IsDir() {
		return []string{path}, nil
	}
	return appendFiles(nil, path, 0)
}

func appendFiles(out []string, dir string, depth int) ([]string, error) {
	if depth > maxDepth {
		return nil, &repo.FileError{File: dir, Err: fmt.Errorf("is nested more than %d directories deep; is a link pointing to its own parent?", maxDepth)}
	}
	entries, err := os.ReadDir(dir) // sorted by name
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		name := e.Name()
		if strings.HasPrefix(name, ".") || strings.HasSuffix(name, "~") || slices.Contains([]string{"CVS", "RCS", "SCCS"}, name) {
			continue
		}
		path := filepath.Join(dir, name)
		isDir := e.IsDir()
		if e.Type()&fs.ModeSymlink != 0 {
			st, err := os.Stat(path)
			if err != nil {
				continue // dangling
			}
			isDir = st.IsDir()
		}
		if !isDir {
			out = append(out, path)
		} else if out, err = appendFiles(out, path, depth+1); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// ReadLines reads a line-based file, or all files of a directory of that name.
// A word that begins with '#' starts a comment. The comment block above a group
// of lines becomes their Source.Comment.
func ReadLines(path string) ([]Line, error) {
	files, err := Files(path)
	if err != nil {
		return nil, err
	}
	return readLines(files)
}

func readLines(files []string) ([]Line, error) {
	var out []Line
	for _, f := range files {
		text, err := ReadFile(f)
		if err != nil {
			return nil, err
		}
		out = appendLines(out, f, text)
	}
	return out, nil
}

// appendLines splits text. A comment block belongs to all lines below it up to
// the next blank line or comment.
func appendLines(out []Line, file, text string) []Line {
	var c commentBlock
	num := 0
	for len(text) > 0 {
		num++
		var line string
		line, text, _ = strings.Cut(text, "\n")
		line = strings.TrimSpace(line)
		switch {
		case line == "":
			c.blank()
		case line[0] == '#':
			c.add(line)
		default:
			fields := strings.Fields(line)
			for i, f := range fields {
				if f[0] == '#' {
					fields = fields[:i:i]
					break
				}
			}
			out = append(out, Line{metadata.Source{File: file, Line: num, Text: line, Comment: c.use()}, fields})
		}
	}
	return out
}

// commentBlock collects comment lines; text is joined only when a line needs it.
type commentBlock struct {
	lines  []string
	used   bool // a line below the block has taken it
	joined string
}

func (c *commentBlock) blank() { *c = commentBlock{lines: c.lines[:0]} }

func (c *commentBlock) add(line string) {
	if c.used {
		c.blank()
	}
	c.lines = append(c.lines, strings.TrimSpace(line[1:]))
}

func (c *commentBlock) use() string {
	if !c.used {
		c.used, c.joined = true, strings.Trim(strings.Join(c.lines, "\n"), "\n")
	}
	return c.joined
}

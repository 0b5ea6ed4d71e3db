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

	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/atom/metadata"
)

// World is the content of var/lib/portage/world and world_sets, in file order.
type World struct {
	Atoms    []WorldAtom
	Sets     []WorldAtom // "@name"
	Problems []Problem   // lines that were skipped; Path is "file:line"
}

// WorldAtom is one line of a world file.
type WorldAtom struct {
	Text   string          // as it stands there, without comment and blanks
	Atom   *atom.Atom      // nil for a set
	Source metadata.Source // file and line
}

// maxWorldLine bounds a line; longer ones are a Problem.
const maxWorldLine = 4096

var (
	errLongLine = fmt.Errorf("line longer than %d bytes", maxWorldLine)
	errWildcard = errors.New("wildcards are not allowed in the world file")
	errNotASet  = errors.New("not a set name (\"@name\" expected)")
)

// ReadWorld reads the world files below root (ROOT with EPREFIX, "" = "/");
// missing files are empty. Lines that cannot be understood are Problems; the
// only errors are files that cannot be read.
func ReadWorld(root string) (*World, error) {
	if root == "" {
		root = "/"
	}
	w := new(World)
	dir := filepath.Join(root, "var/lib/portage")
	if err := w.read(filepath.Join(dir, "world"), w.addAtom); err != nil {
		return nil, err
	}
	return w, w.read(filepath.Join(dir, "world_sets"), w.addSet)
}

// read calls add for each line of a file; '#' begins a comment.
func (w *World) read(path string, add func(text string, src metadata.Source) error) error {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("world file: %w", err)
	}
	defer f.Close()
	in := bufio.NewReaderSize(f, maxWorldLine)
	for number := 1; ; number++ {
		line, tooLong, err := readLine(in)
		if err != nil && err != io.EOF {
			return fmt.Errorf("world file: %w", err)
		}
		text := strings.TrimSpace(line)
		problem := errLongLine
		if !tooLong {
			if i := strings.IndexByte(text, '#'); i >= 0 {
				text = strings.TrimSpace(text[:i])
			}
			problem = nil
			if text != "" {
				problem = add(text, metadata.Source{File: path, Line: number, Text: text})
			}
		}
		if problem != nil {
			w.Problems = append(w.Problems, Problem{Path: fmt.Sprintf("%s:%d", path, number), Err: problem})
		}
		if err == io.EOF {
			return nil
		}
	}
}

// readLine reads up to a newline. Of a line that does not fit the reader's
// buffer everything is skipped.
func readLine(in *bufio.Reader) (line string, tooLong bool, err error) {
	b, err := in.ReadSlice('\n')
	if err != bufio.ErrBufferFull {
		return string(bytes.TrimSuffix(b, []byte("\n"))), false, err
	}
	for err == bufio.ErrBufferFull {
		_, err = in.ReadSlice('\n')
	}
	return "", true, err
}

// addAtom takes a line of the world file; old versions of Portage kept sets there, too.
func (w *World) addAtom(text string, src metadata.Source) error {
	if strings.HasPrefix(text, "@") {
		return w.addSet(text, src)
	}
	a, err := atom.ParseWildcard(text)
	if err != nil {
		return err
	}
	if a.Wild {
		return errWildcard
	}
	w.Atoms = append(w.Atoms, WorldAtom{Text: text, Atom: a, Source: src})
	return nil
}

func (w *World) addSet(text string, src metadata.Source) error {
	if len(text) < 2 || text[0] != '@' || strings.ContainsAny(text, " \t\x00") {
		return errNotASet
	}
	w.Sets = append(w.Sets, WorldAtom{Text: text, Source: src})
	return nil
}

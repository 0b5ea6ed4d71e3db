package sets

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/atom/metadata"
)

// maxLine bounds a line of a set file or of sets.conf.
const maxLine = 64 << 10

var (
	errLongLine = fmt.Errorf("line longer than %d bytes", maxLine)
	errNUL      = errors.New("NUL byte in text")
	errWildcard = errors.New("wildcards are not allowed in a set")
	errIsDir    = errors.New("not a regular file")
)

// eachLine calls f for each line that is not blank once comments ('#' at its
// start or after white space) and surrounding white space are gone. raw is the
// line as it is. A missing file has no lines.
func eachLine(path string, f func(src metadata.Source, raw string) error) error {
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer file.Close()
	if st, err := file.Stat(); err != nil {
		return err
	} else if !st.Mode().IsRegular() {
		return &fs.PathError{Op: "read", Path: path, Err: errIsDir}
	}
	in := bufio.NewReaderSize(file, maxLine)
	for number := 1; ; number++ {
		b, err := in.ReadSlice('\n')
		src := metadata.Source{File: path, Line: number}
		if errors.Is(err, bufio.ErrBufferFull) {
			return &FormatError{Source: src, Err: errLongLine}
		}
		if err != nil && err != io.EOF {
			return err
		}
		raw := strings.TrimRight(string(b), "\r\n")
		if strings.IndexByte(raw, 0) >= 0 {
			return &FormatError{Source: src, Err: errNUL}
		}
		src.Text = strings.TrimSpace(withoutComment(raw))
		if src.Text != "" {
			if err := f(src, raw); err != nil {
				return err
			}
		}
		if err == io.EOF {
			return nil
		}
	}
}

// withoutComment cuts a comment off.
func withoutComment(line string) string {
	for i := 0; i < len(line); i++ {
		if line[i] == '#' && (i == 0 || line[i-1] == ' ' || line[i-1] == '\t') {
			return line[:i]
		}
	}
	return line
}

// parseMember parses an atom as a set may hold it.
func parseMember(text string, src metadata.Source) (Member, error) {
	a, err := atom.ParseWildcard(text)
	if err == nil && a.Wild {
		err = errWildcard
	}
	if err != nil {
		return Member{}, &FormatError{Source: src, Err: err}
	}
	return Member{Atom: a, Source: src}, nil
}

// add puts an atom or "@name" into the contents.
func (c *contents) add(text string, src metadata.Source) error {
	if name, ok := strings.CutPrefix(text, "@"); ok {
		if name == "" {
			return &FormatError{Source: src, Err: errors.New("set name missing after @")}
		}
		c.sets = append(c.sets, reference{name, src})
		return nil
	}
	m, err := parseMember(text, src)
	if err == nil {
		c.atoms = append(c.atoms, m)
	}
	return err
}

// section of an ini file.
type section struct {
	name   string
	source metadata.Source
	values map[string]string
}

// readConf reads sets.conf: "[section]", "key = value" or "key: value", lines
// that begin with white space continue a value.
func readConf(path string) ([]section, error) {
	var sections []section
	lastKey := ""
	err := eachLine(path, func(src metadata.Source, raw string) error {
		text := src.Text
		if text[0] == ';' {
			return nil
		}
		continued := raw[0] == ' ' || raw[0] == '\t'
		switch {
		case text[0] == '[':
			name, ok := strings.CutSuffix(text[1:], "]")
			if name = strings.TrimSpace(name); !ok || name == "" {
				return &FormatError{Source: src, Err: errors.New("section header is not of the form [name]")}
			}
			sections = append(sections, section{name, src, make(map[string]string)})
			lastKey = ""
			return nil
		case len(sections) == 0:
			return &FormatError{Source: src, Err: errors.New("text before the first [section]")}
		case continued && lastKey != "":
			sections[len(sections)-1].values[lastKey] += " " + text
			return nil
		}
		i := strings.IndexAny(text, "=:")
		if i <= 0 {
			return &FormatError{Source: src, Err: errors.New("expected \"key = value\"")}
		}
		lastKey = strings.TrimSpace(text[:i])
		sections[len(sections)-1].values[lastKey] = strings.TrimSpace(text[i+1:])
		return nil
	})
	return sections, err
}

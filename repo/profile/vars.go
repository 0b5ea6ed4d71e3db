package profile

import (
	"errors"
	"fmt"
	"path/filepath"
	"sort"
	"strings"

	"github.com/portsolve/portsolve/atom/metadata"
	"github.com/portsolve/portsolve/repo"
)

// maxValue bounds the length of one expanded value: assignments that refer to
// themselves twice per line would otherwise double it with every line.
const maxValue = 4 << 20

// Assign is one assignment of a bash-like file, its value expanded.
type Assign struct {
	Name, Value string
	Source      metadata.Source // where the assignment begins
	breaks      []int           // offsets in Value at which the file continues on the next line
}

// SourceAt is the Source of the word that begins at that offset of Value: the
// assignment may span several lines.
func (a *Assign) SourceAt(offset int) metadata.Source {
	s := a.Source
	s.Line += sort.SearchInts(a.breaks, offset+1)
	return s
}

// VarOptions says how to read a bash-like file.
type VarOptions struct {
	// Lookup gives variables that were not set earlier in the file; nil: there are none.
	Lookup func(name string) (string, bool)
	// Include is not nil where "source FILE" is allowed (make.conf, not
	// make.defaults); it returns the path to open.
	Include func(path string) string
}

// ReadVars reads a bash-like file of assignments (PMS 5.2.4; make.conf(5)):
// NAME=value with optional "export", single and double quotes, $NAME and ${NAME},
// comments and continued lines. Commands are errors. All errors are
// *repo.FileError with the line; a missing file is fs.ErrNotExist.
func ReadVars(path string, o VarOptions) ([]Assign, error) {
	text, err := ReadFile(path)
	if err != nil {
		return nil, err
	}
	return ParseVars(path, text, o)
}

// ParseVars is ReadVars for a text that was read already; file is its name.
func ParseVars(file, text string, o VarOptions) ([]Assign, error) {
	s := &varSet{VarOptions: o, values: map[string]string{}}
	if err := s.parse(file, text, 0); err != nil {
		return nil, err
	}
	return s.out, nil
}

// varSet is the state that a file shares with the files it sources.
type varSet struct {
	VarOptions
	values map[string]string
	out    []Assign
	files  int
}

// varParser is a cursor in one file.
type varParser struct {
	*varSet
	file, text string
	pos, line  int
	depth      int
}

func (s *varSet) parse(file, text string, depth int) error {
	p := &varParser{varSet: s, file: file, text: text, line: 1, depth: depth}
	for p.skipSpace(); p.pos < len(p.text); p.skipSpace() {
		if err := p.statement(); err != nil {
			return err
		}
	}
	return nil
}

func (p *varParser) errorf(line int, format string, args ...any) error {
	return &repo.FileError{File: p.file, Line: line, Err: fmt.Errorf(format, args...)}
}

// skipSpace passes blanks, line ends, semicolons and comments.
func (p *varParser) skipSpace() {
	for p.pos < len(p.text) {
		switch c := p.text[p.pos]; {
		case c == '\n':
			p.line++
			p.pos++
		case c == ' ' || c == '\t' || c == '\r' || c == ';' || c == '\f' || c == '\v':
			p.pos++
		case c == '\\' && strings.HasPrefix(p.text[p.pos+1:], "\n"):
			p.line++
			p.pos += 2
		case c == '#':
			if i := strings.IndexByte(p.text[p.pos:], '\n'); i >= 0 {
				p.pos += i
			} else {
				p.pos = len(p.text)
			}
		default:
			return
		}
	}
}

func (p *varParser) skipBlanks() {
	for p.pos < len(p.text) && (p.text[p.pos] == ' ' || p.text[p.pos] == '\t') {
		p.pos++
	}
}

// statement reads one assignment or "source FILE".
func (p *varParser) statement() error {
	line, start := p.line, p.pos
	name := p.name()
	switch {
	case name == "export" && p.atBlank():
		p.skipBlanks()
		line, start = p.line, p.pos
		name = p.name()
	case p.Include != nil && (name == "source" || name == "" && p.text[p.pos] == '.') && p.sourceFollows(name):
		return p.source(line)
	}
	if name == "" {
		return p.errorf(line, "%q is not an assignment; only NAME=value, comments%s may stand here", p.restOfLine(start), p.sourceHint())
	}
	p.skipBlanks()
	if p.pos >= len(p.text) || p.text[p.pos] != '=' {
		return p.errorf(line, "%q is not an assignment: \"=\" is missing after %s; commands are not run here", p.restOfLine(start), name)
	}
	p.pos++
	p.skipBlanks()
	a := Assign{Name: name, Source: metadata.Source{File: p.file, Line: line, Text: p.restOfLine(start)}}
	value, breaks, err := p.word(line)
	if err != nil {
		return err
	}
	a.Value, a.breaks = value, breaks
	p.values[name] = value
	p.out = append(p.out, a)
	return nil
}

func (p *varParser) sourceHint() string {
	if p.Include != nil {
		return " and \"source FILE\""
	}
	return ""
}

func (p *varParser) atBlank() bool {
	return p.pos < len(p.text) && (p.text[p.pos] == ' ' || p.text[p.pos] == '\t')
}

func (p *varParser) sourceFollows(name string) bool {
	if name == "" {
		return len(p.text) > p.pos+1 && (p.text[p.pos+1] == ' ' || p.text[p.pos+1] == '\t')
	}
	return p.atBlank()
}

func (p *varParser) source(line int) error {
	if p.text[p.pos] == '.' {
		p.pos++
	}
	p.skipBlanks()
	path, _, err := p.word(line)
	if err != nil {
		return err
	}
	if path == "" {
		return p.errorf(line, "source needs the name of a file")
	}
	p.files++
	if p.depth >= maxDepth || p.files > 1000 {
		return p.errorf(line, "source %q: too many files source each other; is there a loop?", path)
	}
	if !filepath.IsAbs(path) {
		path = filepath.Join(filepath.Dir(p.file), path)
	} else {
		path = p.Include(path)
	}
	files, err := Files(path)
	if err == nil && len(files) == 0 {
		err = errors.New("there is no such file")
	}
	if err != nil {
		return p.errorf(line, "source %q: %w", path, err)
	}
	for _, f := range files {
		text, err := ReadFile(f)
		if err != nil {
			return p.errorf(line, "source: %w", err)
		}
		if err := p.parse(f, text, p.depth+1); err != nil {
			return err
		}
	}
	return nil
}

// restOfLine is the text from start to the end of its line, trimmed and shortened for messages.
func (p *varParser) restOfLine(start int) string {
	t := p.text[start:]
	if i := strings.IndexByte(t, '\n'); i >= 0 {
		t = t[:i]
	}
	if len(t) > 200 {
		t = t[:200] + "…"
	}
	return strings.TrimSpace(t)
}

func (p *varParser) name() string {
	start := p.pos
	for p.pos < len(p.text) && isNameByte(p.text[p.pos], p.pos > start) {
		p.pos++
	}
	return p.text[start:p.pos]
}

func isNameByte(c byte, digit bool) bool {
	return c == '_' || 'a' <= c|0x20 && c|0x20 <= 'z' || digit && '0' <= c && c <= '9'
}

package vdb

import (
	"bytes"
	"errors"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
)

// ContentKind is the first word of a line of CONTENTS.
type ContentKind uint8

// The kinds of CONTENTS lines.
const (
	ContentDir  ContentKind = iota // directory
	ContentFile                    // regular file: "obj"
	ContentLink                    // symbolic link: "sym"
	ContentFIFO                    // FIFO: "fif"
	ContentDev                     // device node: "dev"
)

var contentWords = [...]string{"dir", "obj", "sym", "fif", "dev"}

// String is the word used in CONTENTS.
func (k ContentKind) String() string { return contentWords[k] }

// Content is one line of CONTENTS: something a package owns.
type Content struct {
	Kind ContentKind
	// Path is absolute, without ROOT, and as the package's image has it: where a
	// parent is a symbolic link in ROOT, the object itself is elsewhere.
	Path string
	MD5  string // of a ContentFile, 32 lowercase hexadecimal digits
	// Target of a ContentLink as it is stored in the link.
	Target string
	// MTime of a ContentFile or ContentLink in seconds since 1970.
	MTime int64
}

// Contents is what a package owns.
type Contents []Content

// LineProblem is a line of a file that could not be understood.
type LineProblem struct {
	Line int   // from 1
	Err  error // for people
}

// String is one line for people.
func (p LineProblem) String() string { return fmt.Sprintf("line %d: %v", p.Line, p.Err) }

var (
	errContentKind   = errors.New(`does not begin with "dir", "obj", "sym", "fif" or "dev"`)
	errContentShort  = errors.New("a part of the line is missing")
	errContentPath   = errors.New("the path is not absolute or has a .. element")
	errContentMTime  = errors.New("the time of modification is not a number")
	errContentMD5    = errors.New("the checksum is not an MD5 sum")
	errContentArrow  = errors.New(`" -> " in the name of a symbolic link makes its line of CONTENTS ambiguous`)
	errContentName   = errors.New("a newline or carriage return in a name cannot be written to CONTENTS")
	errContentTarget = errors.New("a symbolic link needs a target")
)

// ParseContents reads a CONTENTS file. A line that cannot be understood is a
// LineProblem and left out: what it named is then unowned, as for Portage. There is
// no quoting: a path may have spaces, so that obj lines are read from the right,
// and sym lines at the first " -> ". The order of the file is kept; of two lines
// with one path the last one counts.
func ParseContents(text []byte) (Contents, []LineProblem) {
	var list Contents
	var problems []LineProblem
	at := make(map[string]int)
	for number := 1; len(text) > 0; number++ {
		var line []byte
		line, text, _ = bytes.Cut(text, []byte("\n"))
		if len(line) == 0 {
			continue
		}
		c, err := parseContent(string(line))
		if err != nil {
			problems = append(problems, LineProblem{number, fmt.Errorf("%.80q: %w", line, err)})
			continue
		}
		if i, twice := at[c.Path]; twice {
			list[i] = c
			continue
		}
		at[c.Path] = len(list)
		list = append(list, c)
	}
	return list, problems
}

func parseContent(line string) (c Content, err error) {
	word, rest, ok := strings.Cut(line, " ")
	if !ok {
		return c, errContentKind
	}
	i := slices.Index(contentWords[:], word)
	if i < 0 {
		return c, errContentKind
	}
	c.Kind = ContentKind(i)
	switch c.Kind {
	case ContentFile:
		if rest, c.MTime, err = cutMTime(rest); err != nil {
			return c, err
		}
		i := strings.LastIndexByte(rest, ' ')
		if i < 0 {
			return c, errContentShort
		}
		rest, c.MD5 = rest[:i], strings.ToLower(rest[i+1:])
		if !isMD5(c.MD5) {
			return c, errContentMD5
		}
	case ContentLink:
		if rest, c.MTime, err = cutMTime(rest); err != nil {
			return c, err
		}
		if rest, c.Target, ok = strings.Cut(rest, " -> "); !ok || c.Target == "" {
			return c, errContentShort
		}
	}
	c.Path, err = contentPathOf(rest)
	return c, err
}

// cutMTime takes the number behind the last space off.
func cutMTime(s string) (rest string, mtime int64, err error) {
	i := strings.LastIndexByte(s, ' ')
	if i < 0 {
		return s, 0, errContentShort
	}
	if mtime, err = strconv.ParseInt(s[i+1:], 10, 64); err != nil {
		return s, 0, errContentMTime
	}
	return s[:i], mtime, nil
}

// contentPathOf checks a path and takes doubled slashes out.
func contentPathOf(p string) (string, error) {
	if !strings.HasPrefix(p, "/") || strings.IndexByte(p, 0) >= 0 {
		return "", errContentPath
	}
	if strings.Contains(p, "/..") && slices.Contains(strings.Split(p, "/"), "..") {
		return "", errContentPath
	}
	if p = path.Clean(p); p == "/" {
		return "", errContentPath
	}
	return p, nil
}

func isMD5(s string) bool {
	return len(s) == 32 && strings.Trim(s, "0123456789abcdef") == ""
}

// Format is the text of the CONTENTS file, sorted by path, so that equal contents
// are equal bytes (Portage writes in the order of reading directories). What
// would be read back as something else is an error that names the path: a newline
// in a name, a link with " -> " in its own name.
func (c Contents) Format() ([]byte, error) {
	sorted := slices.Clone(c)
	slices.SortStableFunc(sorted, func(a, b Content) int { return strings.Compare(a.Path, b.Path) })
	var out bytes.Buffer
	for i, x := range sorted {
		if err := x.check(); err != nil {
			return nil, fmt.Errorf("%q: %w", x.Path, err)
		}
		if i > 0 && sorted[i-1].Path == x.Path {
			return nil, fmt.Errorf("%q is twice in the contents of one package", x.Path)
		}
		out.WriteString(x.Kind.String())
		out.WriteByte(' ')
		out.WriteString(x.Path)
		switch x.Kind {
		case ContentFile:
			fmt.Fprintf(&out, " %s %d", x.MD5, x.MTime)
		case ContentLink:
			fmt.Fprintf(&out, " -> %s %d", x.Target, x.MTime)
		}
		out.WriteByte('\n')
	}
	return out.Bytes(), nil
}

// check says why a line cannot be written.
func (c Content) check() error {
	if strings.ContainsAny(c.Path, "\n\r") || strings.ContainsAny(c.Target, "\n\r") {
		return errContentName
	}
	if clean, err := contentPathOf(c.Path); err != nil || clean != c.Path {
		return errContentPath
	}
	switch c.Kind {
	case ContentFile:
		if !isMD5(c.MD5) {
			return errContentMD5
		}
	case ContentLink:
		if c.Target == "" {
			return errContentTarget
		}
		if strings.Contains(c.Path+" ", " -> ") {
			return errContentArrow
		}
	}
	return nil
}

// Find returns the line of a path.
func (c Contents) Find(path string) (Content, bool) {
	for _, x := range c {
		if x.Path == path {
			return x, true
		}
	}
	return Content{}, false
}

// Without returns the contents without the given paths.
func (c Contents) Without(paths ...string) Contents {
	out := slices.Clone(c)
	return slices.DeleteFunc(out, func(x Content) bool { return slices.Contains(paths, x.Path) })
}

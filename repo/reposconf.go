package repo

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/portsolve/portsolve/atom/metadata"
)

// defaultSection is the section whose values all others inherit.
const defaultSection = "DEFAULT"

// option is one value of repos.conf.
type option struct {
	value string
	src   metadata.Source
}

// section is one repository's part of repos.conf.
type section struct {
	name string
	src  metadata.Source // its first header
	opts map[string]option
}

// reposConf is everything that the files of portage(5) "repos.conf" say.
type reposConf struct {
	sections map[string]*section
	order    []string // section names by first appearance, DEFAULT excluded
	env      map[string]string
}

func newReposConf(env map[string]string) *reposConf {
	return &reposConf{sections: map[string]*section{}, env: env}
}

// load reads a file, or a directory recursively in order of names. Files whose
// name begins with a dot or ends with "~" are skipped, as are the directories of
// version control systems. What does not exist is skipped.
func (c *reposConf) load(path string) error {
	return c.loadPath(path, map[string]bool{})
}

func (c *reposConf) loadPath(path string, seen map[string]bool) error {
	st, err := os.Stat(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if !st.IsDir() {
		text, err := readText(path, maxEntrySize)
		if err != nil {
			return err
		}
		return c.parse(path, text)
	}
	// A symbolic link may lead back up.
	if real, err := filepath.EvalSymlinks(path); err == nil {
		if seen[real] {
			return nil
		}
		seen[real] = true
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if skipConfigName(e.Name()) {
			continue
		}
		if err := c.loadPath(filepath.Join(path, e.Name()), seen); err != nil {
			return err
		}
	}
	return nil
}

func skipConfigName(name string) bool {
	return name[0] == '.' || strings.HasSuffix(name, "~") || name == "CVS"
}

// parse reads INI text: "[section]" headers, "key = value" or "key: value",
// whole-line comments with '#' or ';', and continuation lines that are indented
// deeper than their key.
func (c *reposConf) parse(file, text string) error {
	var sec *section
	var key string // of the last option, for continuation lines
	indent, num := 0, 0
	for line := range strings.Lines(text) {
		num++
		line = strings.TrimRight(line, " \t\r\n")
		body := strings.TrimLeft(line, " \t")
		src := metadata.Source{File: file, Line: num, Text: body}
		switch {
		case body == "":
			key = ""
		case body[0] == '#' || body[0] == ';':
		case key != "" && len(line)-len(body) > indent:
			o := sec.opts[key]
			o.value += "\n" + body
			sec.opts[key] = o
		case body[0] == '[':
			name, ok := strings.CutSuffix(body[1:], "]")
			if !ok || name == "" {
				return &FileError{file, num, fmt.Errorf("section header %q must have the form [name]", body)}
			}
			sec, key = c.section(name, src), ""
		default:
			if sec == nil {
				return &FileError{file, num, fmt.Errorf("%q stands before the first [section] header", body)}
			}
			i := strings.IndexAny(body, "=:")
			if i <= 0 {
				return &FileError{file, num, fmt.Errorf("%q is neither a [section] header nor of the form \"key = value\"", body)}
			}
			key = strings.ToLower(strings.TrimRight(body[:i], " \t"))
			indent = len(line) - len(body)
			sec.opts[key] = option{strings.TrimLeft(body[i+1:], " \t"), src}
		}
	}
	return nil
}

func (c *reposConf) section(name string, src metadata.Source) *section {
	s := c.sections[name]
	if s == nil {
		s = &section{name: name, src: src, opts: map[string]option{}}
		c.sections[name] = s
		if name != defaultSection {
			c.order = append(c.order, name)
		}
	}
	return s
}

// merged returns the options of a section over those of DEFAULT.
func (c *reposConf) merged(name string) map[string]option {
	out := map[string]option{}
	for _, n := range []string{defaultSection, name} {
		if s := c.sections[n]; s != nil {
			for k, o := range s.opts {
				out[k] = o
			}
		}
	}
	return out
}

// expandAll interpolates the %(name)s of every value; the first error in order of
// files and lines is returned.
func (c *reposConf) expandAll(opts map[string]option) error {
	type failure struct {
		src metadata.Source
		err error
	}
	var fails []failure
	raw := make(map[string]option, len(opts))
	for k, o := range opts {
		raw[k] = o
	}
	for k, o := range raw {
		v, err := c.expand(raw, o.value, 0)
		if err != nil {
			fails = append(fails, failure{o.src, err})
			continue
		}
		opts[k] = option{v, o.src}
	}
	if len(fails) == 0 {
		return nil
	}
	first := slices.MinFunc(fails, func(a, b failure) int {
		return cmp.Or(cmp.Compare(a.src.File, b.src.File), cmp.Compare(a.src.Line, b.src.Line))
	})
	return &FileError{first.src.File, first.src.Line, first.err}
}

// maxInterpolation bounds nested %(name)s, so that a value that refers to itself
// is an error; Python's configparser, whose syntax this is, has the same limit.
const (
	maxInterpolation = 10
	maxValueLength   = 1 << 16
)

// expand replaces %(name)s by the option or environment variable of that name
// and %% by %.
func (c *reposConf) expand(opts map[string]option, v string, depth int) (string, error) {
	if !strings.Contains(v, "%") {
		return v, nil
	}
	if depth >= maxInterpolation {
		return "", fmt.Errorf("value %q refers to itself, or is nested more than %d deep", v, maxInterpolation)
	}
	var b strings.Builder
	for {
		i := strings.IndexByte(v, '%')
		if i < 0 || i+1 == len(v) {
			b.WriteString(v)
			return b.String(), nil
		}
		b.WriteString(v[:i])
		switch v[i+1] {
		case '%':
			b.WriteByte('%')
			v = v[i+2:]
		case '(':
			end := strings.Index(v[i:], ")s")
			if end < 0 {
				return "", fmt.Errorf("%q: \"%%(\" without a closing \")s\"", v)
			}
			val, err := c.lookup(opts, v[i+2:i+end], depth)
			if err != nil {
				return "", err
			}
			b.WriteString(val)
			v = v[i+end+2:]
		default:
			b.WriteByte('%')
			v = v[i+1:]
		}
		if b.Len() > maxValueLength {
			return "", errors.New("the expanded value is longer than 64 KiB")
		}
	}
}

func (c *reposConf) lookup(opts map[string]option, name string, depth int) (string, error) {
	if o, ok := opts[strings.ToLower(name)]; ok {
		return c.expand(opts, o.value, depth+1)
	}
	if v, ok := c.env[name]; ok {
		return v, nil
	}
	return "", fmt.Errorf("%%(%s)s: neither this section, nor [DEFAULT], nor the environment has %q", name, name)
}

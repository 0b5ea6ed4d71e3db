package sets

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/atom/metadata"
)

// maxGLSA bounds one advisory; real ones are below 50 kB.
const maxGLSA = 1 << 20

// advisory is what we need of a GLSA (glsa.dtd).
type advisory struct {
	ID      string `xml:"id,attr"`
	Product struct {
		Type string `xml:"type,attr"`
	} `xml:"product"`
	Packages []affected `xml:"affected>package"`
}

type affected struct {
	Name       string         `xml:"name,attr"`
	Arch       string         `xml:"arch,attr"`
	Vulnerable []versionRange `xml:"vulnerable"`
	Unaffected []versionRange `xml:"unaffected"`
}

// versionRange is <vulnerable range="lt" slot="*">1.2</vulnerable>.
type versionRange struct {
	Range string `xml:"range,attr"`
	Slot  string `xml:"slot,attr"`
	Text  string `xml:",chardata"`

	version atom.Version
	prefix  *atom.Atom // "eq" with a trailing '*'
}

// parseAdvisory reads and checks one advisory. An advisory about packages that
// are not installed, or about something other than packages, has none.
func parseAdvisory(path string, installed map[string]bool) ([]affected, error) {
	text, err := readBounded(path, maxGLSA)
	if err != nil {
		return nil, err
	}
	if !concerns(text, installed) {
		return nil, nil // XML parsing is slow, and most advisories are about others
	}
	var a advisory
	if err := xml.Unmarshal(text, &a); err != nil {
		src := metadata.Source{File: path}
		var syntax *xml.SyntaxError
		if errors.As(err, &syntax) {
			src.Line = syntax.Line
		}
		return nil, &FormatError{Source: src, Err: err}
	}
	if a.Product.Type != "ebuild" {
		return nil, nil
	}
	for i := range a.Packages {
		if bad, err := a.Packages[i].check(); err != nil {
			return nil, &FormatError{Source: locate(path, text, bad), Err: err}
		}
	}
	return a.Packages, nil
}

// readBounded reads a regular file of at most limit bytes.
func readBounded(path string, limit int64) ([]byte, error) {
	st, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !st.Mode().IsRegular() {
		return nil, &fs.PathError{Op: "read", Path: path, Err: errIsDir}
	}
	if st.Size() > limit {
		return nil, &FormatError{Source: metadata.Source{File: path}, Err: fmt.Errorf("larger than %d bytes", limit)}
	}
	return os.ReadFile(path)
}

// concerns reports whether the advisory names an installed package. Where the
// attribute is not spelled the usual way it says yes, to be safe.
func concerns(text []byte, installed map[string]bool) bool {
	for {
		i := bytes.Index(text, []byte("<package"))
		if i < 0 {
			return false
		}
		text = text[i+len("<package"):]
		end := bytes.IndexByte(text, '>')
		if end < 0 {
			return true
		}
		_, rest, ok := bytes.Cut(text[:end], []byte(`name="`))
		name, _, closed := bytes.Cut(rest, []byte(`"`))
		if !ok || !closed || installed[string(bytes.TrimSpace(name))] {
			return true
		}
	}
}

// locate finds the line of an attribute value, for messages.
func locate(path string, text []byte, value string) metadata.Source {
	src := metadata.Source{File: path}
	if i := bytes.Index(text, []byte(`"`+value+`"`)); i >= 0 {
		src.Line = 1 + bytes.Count(text[:i], []byte("\n"))
	} else if i := bytes.Index(text, []byte(value)); value != "" && i >= 0 {
		src.Line = 1 + bytes.Count(text[:i], []byte("\n"))
	}
	return src
}

// check parses names and versions; bad is the offending text.
func (p *affected) check() (bad string, err error) {
	if _, err := atom.ParseCP(strings.TrimSpace(p.Name)); err != nil {
		return p.Name, err
	}
	if !validArchList(p.Arch) {
		return p.Arch, fmt.Errorf("arch=%q is not \"*\" or names of architectures separated by blanks", p.Arch)
	}
	for _, list := range [...][]versionRange{p.Vulnerable, p.Unaffected} {
		for i := range list {
			if bad, err := list[i].parse(); err != nil {
				return bad, err
			}
		}
	}
	return "", nil
}

// validArchList: "*", or architectures (letters, digits, '_' and '-').
func validArchList(text string) bool {
	words := strings.Fields(text)
	for _, w := range words {
		if w == "*" {
			continue
		}
		for _, c := range []byte(w) {
			ok := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '_' || c == '-'
			if !ok {
				return false
			}
		}
	}
	return len(words) > 0
}

func (v *versionRange) parse() (bad string, err error) {
	switch v.Range {
	case "lt", "le", "eq", "ge", "gt", "rlt", "rle", "rge", "rgt":
	default:
		return v.Range, fmt.Errorf("range=%q is none of lt, le, eq, ge, gt, rlt, rle, rge, rgt", v.Range)
	}
	text := strings.TrimSpace(v.Text)
	base, glob := strings.CutSuffix(text, "*")
	if v.version, err = atom.ParseVersion(base); err != nil {
		return v.Text, err
	}
	if glob {
		if v.Range != "eq" {
			return v.Text, fmt.Errorf("version %q: only range eq allows '*'", text)
		}
		v.prefix = &atom.Atom{Op: atom.OpGlob, Version: v.version}
	}
	return "", nil
}

// matches reports whether a package is in the range. The forms with 'r'
// compare revisions of the same version.
func (v *versionRange) matches(p *metadata.Package) bool {
	if v.Slot != "" && v.Slot != "*" && v.Slot != p.Slot {
		return false
	}
	have := p.CPV.Version
	if v.prefix != nil {
		a := *v.prefix
		a.CP = p.CPV.CP
		return a.MatchVersion(p.CPV)
	}
	how, revisions := strings.CutPrefix(v.Range, "r")
	if revisions && have.Base().Compare(v.version.Base()) != 0 {
		return false
	}
	c := have.Compare(v.version)
	switch how {
	case "lt":
		return c < 0
	case "le":
		return c <= 0
	case "ge":
		return c >= 0
	case "gt":
		return c > 0
	}
	return c == 0
}

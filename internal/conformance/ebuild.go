package main

import (
	"crypto/md5"
	"fmt"
	"slices"
	"sort"
	"strings"

	"github.com/portsolve/portsolve/atom/eapi"
)

// ebuildText writes the ebuild file of a fixture package: EAPI first, one
// assignment per item in the given order, then MISC_CONTENT verbatim.
func ebuildText(meta ordered) string {
	defaults := ordered{{"EAPI", "0"}, {"DEPEND", ""}, {"SLOT", "0"}, {"KEYWORDS", "x86"}, {"IUSE", ""}}
	var b strings.Builder
	eapiName, ok := meta.get("EAPI")
	if !ok {
		eapiName = "0"
	}
	fmt.Fprintf(&b, "EAPI=\"%s\"\n", eapiName)
	misc := ""
	for _, m := range meta {
		switch m.Key {
		case "EAPI", "COPYRIGHT_HEADER":
		case "MISC_CONTENT":
			misc = m.Value
		default:
			fmt.Fprintf(&b, "%s=\"%s\"\n", m.Key, m.Value)
		}
	}
	for _, d := range defaults[1:] {
		if _, ok := meta.get(d.Key); !ok {
			fmt.Fprintf(&b, "%s=\"%s\"\n", d.Key, d.Value)
		}
	}
	b.WriteString(misc)
	if !strings.HasSuffix(misc, "\n") {
		b.WriteByte('\n')
	}
	return b.String()
}

// accumulated are the variables to which eclasses add (PMS 10.2).
var accumulated = [...]string{"IUSE", "REQUIRED_USE", "DEPEND", "BDEPEND", "RDEPEND", "PDEPEND", "IDEPEND"}

// phaseOf maps phase functions to their names in DEFINED_PHASES (PMS 7.3.1).
var phaseOf = map[string]string{
	"pkg_pretend": "pretend", "pkg_setup": "setup", "src_unpack": "unpack", "src_prepare": "prepare",
	"src_configure": "configure", "src_compile": "compile", "src_test": "test", "src_install": "install",
	"pkg_preinst": "preinst", "pkg_postinst": "postinst", "pkg_prerm": "prerm", "pkg_postrm": "postrm",
	"pkg_config": "config", "pkg_info": "info", "pkg_nofetch": "nofetch",
}

// sourced is what reading an ebuild leaves: its variables and functions.
type sourced struct {
	vars      map[string]string
	eclass    map[string][]string // accumulated variables: one value per eclass
	phases    map[string]bool
	inherited []string
}

// source reads an ebuild of the simple kind that fixtures are made of:
// assignments of quoted values, inherit, and functions whose bodies do not
// matter. Nothing is executed. eclasses maps names to their text.
func source(text, pf string, eclasses map[string]string) (*sourced, error) {
	s := &sourced{vars: map[string]string{"PF": pf}, eclass: map[string][]string{}, phases: map[string]bool{}}
	if err := s.read(text, eclasses, 0); err != nil {
		return nil, err
	}
	return s, nil
}

func (s *sourced) read(text string, eclasses map[string]string, depth int) error {
	if depth > 20 {
		return fmt.Errorf("eclasses inherit each other more than 20 deep")
	}
	for len(text) > 0 {
		if name, appends, rest, ok := cutAssignment(text); ok {
			value, after := s.word(rest)
			if appends {
				value = s.vars[name] + value
			}
			s.vars[name] = value
			text = after
			continue
		}
		line, rest, _ := strings.Cut(text, "\n")
		text = rest
		line = strings.TrimSpace(line)
		name, isFunction := functionName(line)
		switch {
		case isFunction:
			s.define(name)
			if !strings.HasSuffix(line, "}") {
				_, text, _ = strings.Cut("\n"+text, "\n}")
			}
		case strings.HasPrefix(line, "inherit "):
			for _, e := range strings.Fields(line)[1:] {
				if err := s.inherit(e, eclasses, depth); err != nil {
					return err
				}
			}
		case strings.HasPrefix(line, "EXPORT_FUNCTIONS "):
			for _, f := range strings.Fields(line)[1:] {
				s.define(f)
			}
		}
	}
	return nil
}

func (s *sourced) define(function string) {
	if phase, ok := phaseOf[function]; ok {
		s.phases[phase] = true
	}
}

// inherit reads an eclass: the accumulating variables it sets are kept apart
// from the ebuild's own.
func (s *sourced) inherit(name string, eclasses map[string]string, depth int) error {
	text, ok := eclasses[name]
	if !ok {
		return fmt.Errorf("inherit %s: the fixture has no such eclass", name)
	}
	if slices.Contains(s.inherited, name) {
		return nil
	}
	s.inherited = append(s.inherited, name)
	saved := map[string]string{}
	for _, v := range accumulated {
		if value, ok := s.vars[v]; ok {
			saved[v] = value
			delete(s.vars, v)
		}
	}
	err := s.read(text, eclasses, depth+1)
	for _, v := range accumulated {
		if value, ok := s.vars[v]; ok {
			s.eclass[v] = append(s.eclass[v], value)
			delete(s.vars, v)
		}
		if value, ok := saved[v]; ok {
			s.vars[v] = value
		}
	}
	return err
}

// nameLength is the length of the variable name that text starts with.
func nameLength(text string) int {
	for i := 0; i < len(text); i++ {
		c := text[i]
		letter := c == '_' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z'
		if !letter && (i == 0 || c < '0' || c > '9') {
			return i
		}
	}
	return len(text)
}

// cutAssignment splits `NAME=` or `NAME+=` off the front of text.
func cutAssignment(text string) (name string, appends bool, rest string, ok bool) {
	i := nameLength(text)
	switch {
	case i == 0:
		return "", false, "", false
	case strings.HasPrefix(text[i:], "="):
		return text[:i], false, text[i+1:], true
	case strings.HasPrefix(text[i:], "+="):
		return text[:i], true, text[i+2:], true
	}
	return "", false, "", false
}

// functionName recognises `name() {` at the start of a function.
func functionName(line string) (string, bool) {
	name, rest, ok := strings.Cut(line, "()")
	if !ok || strings.ContainsAny(name, " \t=\"'") {
		return "", false
	}
	return name, strings.HasPrefix(strings.TrimSpace(rest), "{")
}

// word reads one shell word (quotes, escapes, parameters) and returns its value
// and the text after the line it ends on.
func (s *sourced) word(text string) (value, after string) {
	var b strings.Builder
	quote := byte(0)
	i := 0
	for ; i < len(text); i++ {
		c := text[i]
		switch {
		case quote == 0 && (c == ' ' || c == '\t' || c == '\n' || c == ';'):
			_, after, _ = strings.Cut(text[i:], "\n")
			return b.String(), after
		case c == quote:
			quote = 0
		case quote == 0 && (c == '"' || c == '\''):
			quote = c
		case c == '\\' && quote != '\'' && i+1 < len(text):
			i++
			if quote == '"' && !strings.ContainsRune("$`\"\\\n", rune(text[i])) {
				b.WriteByte('\\')
			}
			if text[i] != '\n' {
				b.WriteByte(text[i])
			}
		case c == '$' && quote != '\'':
			i += s.parameter(&b, text[i+1:])
		default:
			b.WriteByte(c)
		}
	}
	return b.String(), ""
}

// parameter expands $NAME or ${NAME} at the start of text and returns how many
// bytes it took.
func (s *sourced) parameter(b *strings.Builder, text string) int {
	body, braces := strings.CutPrefix(text, "{")
	name := body[:nameLength(body)]
	if name == "" {
		b.WriteByte('$')
		return 0
	}
	b.WriteString(s.vars[name])
	if braces {
		return len(name) + len("{}")
	}
	return len(name)
}

// cacheEntry renders the md5-cache entry (PMS 14.3) of an ebuild.
func cacheEntry(text, pf string, eclasses map[string]string) (string, error) {
	s, err := source(text, pf, eclasses)
	if err != nil {
		return "", err
	}
	s.finish()
	keys := []string{"BDEPEND", "DEPEND", "DESCRIPTION", "EAPI", "HOMEPAGE", "IDEPEND", "IUSE", "KEYWORDS", "LICENSE",
		"PDEPEND", "PROPERTIES", "RDEPEND", "REQUIRED_USE", "RESTRICT", "SLOT", "SRC_URI"}
	var b strings.Builder
	fmt.Fprintf(&b, "DEFINED_PHASES=%s\n", s.definedPhases())
	for _, key := range keys {
		if value := strings.Join(strings.Fields(s.vars[key]), " "); value != "" {
			fmt.Fprintf(&b, "%s=%s\n", key, value)
		}
	}
	if len(s.inherited) > 0 {
		fmt.Fprintf(&b, "INHERIT=%s\n_eclasses_=", strings.Join(s.inherited, " "))
		names := slices.Clone(s.inherited)
		sort.Strings(names)
		for i, name := range names {
			if i > 0 {
				b.WriteByte('\t')
			}
			fmt.Fprintf(&b, "%s\t%x", name, md5.Sum([]byte(eclasses[name])))
		}
		b.WriteByte('\n')
	}
	fmt.Fprintf(&b, "_md5_=%x\n", md5.Sum([]byte(text)))
	return b.String(), nil
}

// finish applies what the package manager does after sourcing: the default of
// RDEPEND, the eclasses' additions, and variables that the EAPI does not know.
func (s *sourced) finish() {
	row, known := eapi.Lookup(s.vars["EAPI"])
	if known && row.RDependFromDepend {
		if _, set := s.vars["RDEPEND"]; !set {
			s.vars["RDEPEND"] = s.vars["DEPEND"]
		}
	}
	for _, v := range accumulated {
		if parts := s.eclass[v]; len(parts) > 0 {
			s.vars[v] = strings.Join(append([]string{s.vars[v]}, parts...), " ")
		}
	}
	if known && !row.BDepend {
		delete(s.vars, "BDEPEND")
	}
	if known && !row.IDepend {
		delete(s.vars, "IDEPEND")
	}
}

func (s *sourced) definedPhases() string {
	var list []string
	for p := range s.phases {
		list = append(list, p)
	}
	if len(list) == 0 {
		return "-"
	}
	sort.Strings(list)
	return strings.Join(list, " ")
}

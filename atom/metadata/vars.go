package metadata

import (
	"fmt"
	"strings"

	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/atom/eapi"
)

// FromVars makes a package from its variables by name. It fills EAPI, SLOT,
// KEYWORDS and IUSE, for built packages also USE and IUSE_EFFECTIVE, and keeps
// vars as Raw. An unset EAPI is 0 (PMS 7.3.1); an unknown one leaves EAPI nil
// and is not Invalid; values wrong for the EAPI set Invalid. Expressions are
// not parsed. The caller adds Repo, File and the rest before others see it.
func FromVars(cpv atom.CPV, origin Origin, vars map[string]string) *Package {
	p := &Package{CPV: cpv, Origin: origin, Raw: vars}
	p.fill(func(name string) string { return vars[name] })
	return p
}

// FromText is FromVars for variables in the form of an md5-cache entry, lines
// NAME=value. It keeps the text instead of a map, which costs no allocation
// per variable.
func FromText(cpv atom.CPV, origin Origin, text string) *Package {
	p := &Package{CPV: cpv, Origin: origin, Text: text}
	var v [numFilled]string
	for rest := text; rest != ""; {
		var line string
		line, rest, _ = strings.Cut(rest, "\n")
		name, value, ok := strings.Cut(line, "=")
		if i := filledIndex(name); ok && i >= 0 && v[i] == "" {
			v[i] = value
		}
	}
	p.fill(func(name string) string { return v[filledIndex(name)] })
	return p
}

// numFilled variables become fields of Package.
const numFilled = 6

func filledIndex(name string) int {
	switch name {
	case "EAPI":
		return 0
	case "SLOT":
		return 1
	case "KEYWORDS":
		return 2
	case "IUSE":
		return 3
	case "USE":
		return 4
	case "IUSE_EFFECTIVE":
		return 5
	}
	return -1
}

func (p *Package) fill(get func(string) string) {
	p.EAPIName = strings.TrimSpace(get("EAPI"))
	if p.EAPIName == "" {
		p.EAPIName = "0"
	}
	e, ok := eapi.Lookup(p.EAPIName)
	if !ok {
		return
	}
	p.EAPI, p.EAPIName = e, e.Name
	var err error
	if p.Slot, p.SubSlot, err = p.parseSlot(get("SLOT")); err != nil {
		p.Invalid = fmt.Errorf("SLOT of %s: %w", p.CPV, err)
	}
	p.Keywords = strings.Fields(get("KEYWORDS"))
	iuse := e
	if p.Built() {
		iuse = eapi.Latest()
	}
	if p.IUSE, err = ParseIUSE(get("IUSE"), iuse); err != nil && p.Invalid == nil {
		p.Invalid = fmt.Errorf("IUSE of %s: %w", p.CPV, err)
	}
	if p.Built() {
		p.Use = NewUseSet(strings.Fields(get("USE")))
		if s := get("IUSE_EFFECTIVE"); s != "" {
			p.IUSEEffective = NewUseSet(strings.Fields(s))
		}
	}
}

// parseSlot allows sub-slots in built packages of any EAPI, since package
// managers record them.
func (p *Package) parseSlot(s string) (slot, sub string, err error) {
	e := p.EAPI
	if p.Built() {
		e = eapi.Latest()
	}
	return ParseSlot(strings.TrimSpace(s), e)
}

// ParseSlot splits the value of SLOT. Without sub-slot, sub equals slot
// (PMS 7.2). The error is a *atom.SyntaxError.
func ParseSlot(s string, e *eapi.EAPI) (slot, sub string, err error) {
	if e == nil {
		e = eapi.Latest()
	}
	slot, sub, has := strings.Cut(s, "/")
	if !has {
		sub = slot
	} else if !e.SubSlots {
		return "", "", &atom.SyntaxError{What: "slot", Text: s, Token: s[len(slot):], Offset: len(slot),
			EAPI: e.Name, Rule: "sub-slots need EAPI 5", Section: "PMS 7.2"}
	}
	if err := atom.CheckSlotName(slot); err != nil {
		return "", "", err
	}
	if has {
		if err := atom.CheckSlotName(sub); err != nil {
			return "", "", err
		}
	}
	return slot, sub, nil
}

// ParseIUSE splits IUSE. Of a flag that repeats, the first place and the last
// default count. The error is a *atom.SyntaxError; the flags before it, or with an
// EAPI without defaults all of them, are returned with it.
func ParseIUSE(s string, e *eapi.EAPI) ([]IUSEFlag, error) {
	if e == nil {
		e = eapi.Latest()
	}
	n := countFields(s)
	if n == 0 {
		return nil, nil
	}
	flags := make([]IUSEFlag, 0, n)
	var err error
	var seen map[string]int // only for long lists, where a scan would be quadratic
	if n > 64 {
		seen = make(map[string]int, n)
	}
	for word := range strings.FieldsSeq(s) {
		f := IUSEFlag{Name: word}
		if word[0] == '+' || word[0] == '-' {
			f.Default, f.Name = word[0], word[1:]
			if !e.IUSEDefaults && err == nil { // the flags are clear all the same
				err = iuseError(s, word, e, "defaults in IUSE need EAPI 1", "PMS 7.3")
			}
		}
		if !atom.ValidFlag(f.Name) {
			return flags, iuseError(s, word, e, "a USE flag begins with a letter or digit and holds letters, digits and + _ @ -", "PMS 3.1.4")
		}
		if i := find(flags, seen, f.Name); i >= 0 {
			if f.Default != 0 {
				flags[i].Default = f.Default
			}
			continue
		}
		if seen != nil {
			seen[f.Name] = len(flags)
		}
		flags = append(flags, f)
	}
	return flags, err
}

func find(flags []IUSEFlag, seen map[string]int, name string) int {
	if seen != nil {
		if i, ok := seen[name]; ok {
			return i
		}
		return -1
	}
	for i := range flags {
		if flags[i].Name == name {
			return i
		}
	}
	return -1
}

func iuseError(s, word string, e *eapi.EAPI, rule, section string) error {
	return &atom.SyntaxError{What: "IUSE", Text: s, Token: word, Offset: strings.Index(s, word),
		EAPI: e.Name, Rule: rule, Section: section}
}

// countFields is len(strings.Fields(s)) for ASCII space, without allocating.
func countFields(s string) int {
	n, in := 0, false
	for i := 0; i < len(s); i++ {
		space := s[i] == ' ' || '\t' <= s[i] && s[i] <= '\r'
		if !space && !in {
			n++
		}
		in = !space
	}
	return n
}

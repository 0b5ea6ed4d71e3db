package atom

import (
	"strings"
)

// CP is a qualified package name, category and package ("dev-libs/icu").
// It is comparable and serves as a map key.
type CP struct{ Category, Package string }

// String is "category/package"; the package alone when there is no category
// (see ParseNameless).
func (c CP) String() string {
	if c.Category == "" {
		return c.Package
	}
	return c.Category + "/" + c.Package
}

// Compare orders by category, then package.
func (c CP) Compare(d CP) int {
	if r := strings.Compare(c.Category, d.Category); r != 0 {
		return r
	}
	return strings.Compare(c.Package, d.Package)
}

// CPV is a package name with version: "dev-libs/icu-68.2-r1".
type CPV struct {
	CP
	Version Version
}

// String is "category/package-version", without the version when there is none.
func (c CPV) String() string {
	if c.Version.IsZero() {
		return c.CP.String()
	}
	if c.Category == "" {
		return c.PF()
	}
	return c.Category + "/" + c.Package + "-" + c.Version.s
}

// Compare orders by name, then by version.
func (c CPV) Compare(d CPV) int {
	if r := c.CP.Compare(d.CP); r != 0 {
		return r
	}
	return c.Version.Compare(d.Version)
}

// PF is "icu-68.2-r1".
func (c CPV) PF() string {
	if c.Version.IsZero() {
		return c.Package
	}
	return c.Package + "-" + c.Version.s
}

// ParseCP parses "category/package" by the rules of PMS 3.1.1 and 3.1.2.
// The error is a *SyntaxError.
func ParseCP(s string) (CP, error) {
	cp, f := parseCP(s, false)
	if f.bad() {
		return CP{}, f.err("package name", s, nil)
	}
	return cp, nil
}

// ParseCPV parses "category/package-version" (PMS 3.1, 3.2). The error is a
// *SyntaxError.
func ParseCPV(s string) (CPV, error) {
	slash := strings.IndexByte(s, '/')
	if slash < 0 {
		f := fault{token: s, rule: "a category and a slash must come before the package name", section: "PMS 3.1"}
		return CPV{}, f.err("package version", s, nil)
	}
	if f := checkCategory(s[:slash], false); f.bad() {
		return CPV{}, f.err("package version", s, nil)
	}
	name, ver, ok := SplitPF(s[slash+1:])
	if !ok {
		f := fault{offset: slash + 1, token: s[slash+1:],
			rule: "a hyphen and a valid version must follow the package name", section: "PMS 3.2"}
		return CPV{}, f.err("package version", s, nil)
	}
	if f := checkPackage(name, false); f.bad() {
		return CPV{}, f.at(slash+1).err("package version", s, nil)
	}
	return CPV{CP{s[:slash], name}, Version{ver}}, nil
}

// MakeCPV joins a category and a directory or file name such as "icu-68.2-r1",
// as readers of trees and of /var/db/pkg find them. The error is a *SyntaxError.
func MakeCPV(category, pf string) (CPV, error) {
	if f := checkCategory(category, false); f.bad() {
		return CPV{}, f.err("category name", category, nil)
	}
	name, ver, ok := SplitPF(pf)
	if !ok {
		f := fault{token: pf, rule: "a hyphen and a valid version must follow the package name", section: "PMS 3.2"}
		return CPV{}, f.err("package version", pf, nil)
	}
	if f := checkPackage(name, false); f.bad() {
		return CPV{}, f.err("package version", pf, nil)
	}
	return CPV{CP{category, name}, Version{ver}}, nil
}

// SplitPF separates "icu-68.2-r1" into "icu" and "68.2-r1" at the last hyphen
// that leaves a valid version. ok is false when there is none. The name is not
// checked.
func SplitPF(pf string) (name, version string, ok bool) {
	last := strings.LastIndexByte(pf, '-')
	if last <= 0 {
		return "", "", false
	}
	if isRevision(pf[last+1:]) {
		prev := strings.LastIndexByte(pf[:last], '-')
		if prev > 0 && validBase(pf[prev+1:last]) {
			return pf[:prev], pf[prev+1:], true
		}
		return "", "", false
	}
	if validBase(pf[last+1:]) {
		return pf[:last], pf[last+1:], true
	}
	return "", "", false
}

// parseCP parses "category/package"; wild admits '*' patterns.
func parseCP(s string, wild bool) (CP, fault) {
	slash := strings.IndexByte(s, '/')
	if slash < 0 {
		return CP{}, fault{token: s, rule: "a category and a slash must come before the package name", section: "PMS 8.3"}
	}
	if f := checkCategory(s[:slash], wild); f.bad() {
		return CP{}, f
	}
	if f := checkPackage(s[slash+1:], wild); f.bad() {
		return CP{}, f.at(slash + 1)
	}
	return CP{s[:slash], s[slash+1:]}, fault{}
}

func checkCategory(s string, wild bool) fault {
	if s == "" {
		return fault{rule: "the category must not be empty", section: "PMS 3.1.1"}
	}
	if c := s[0]; c == '-' || c == '.' || c == '+' {
		return fault{token: s, rule: "a category must not begin with a hyphen, a dot or a plus sign", section: "PMS 3.1.1"}
	}
	for i := 0; i < len(s); i++ {
		if !isWordByte(s[i]) && s[i] != '.' && s[i] != '+' && !(wild && s[i] == '*') {
			return fault{offset: i, token: charAt(s, i), rule: "a category may only hold letters, digits and + _ . -", section: "PMS 3.1.1"}
		}
	}
	return checkStars(s, wild)
}

func checkPackage(s string, wild bool) fault {
	if s == "" {
		return fault{rule: "the package name must not be empty", section: "PMS 3.1.2"}
	}
	if s[0] == '-' || s[0] == '+' {
		return fault{token: s, rule: "a package name must not begin with a hyphen or a plus sign", section: "PMS 3.1.2"}
	}
	// Before the characters, or the dots of a version would be what the message is about.
	if _, v, ok := SplitPF(s); ok {
		return fault{offset: len(s) - len(v), token: v,
			rule: "a package name must not end in a hyphen and a version; to name a version put an operator such as = before the atom", section: "PMS 3.1.2, 8.3.1"}
	}
	for i := 0; i < len(s); i++ {
		if !isWordByte(s[i]) && s[i] != '+' && !(wild && s[i] == '*') {
			return fault{offset: i, token: charAt(s, i), rule: "a package name may only hold letters, digits and + _ -", section: "PMS 3.1.2"}
		}
	}
	return checkStars(s, wild)
}

// checkStars refuses "**", which portage(5) reserves.
func checkStars(s string, wild bool) fault {
	if wild {
		if i := strings.Index(s, "**"); i >= 0 {
			return fault{offset: i, token: "**", rule: "a pattern must not hold two asterisks in a row", section: "portage(5)"}
		}
	}
	return fault{}
}

// checkSlot checks a slot or sub-slot name.
func checkSlot(s string) fault {
	if s == "" {
		return fault{rule: "the slot must not be empty", section: "PMS 3.1.3"}
	}
	if c := s[0]; c == '-' || c == '.' || c == '+' {
		return fault{token: s, rule: "a slot must not begin with a hyphen, a dot or a plus sign", section: "PMS 3.1.3"}
	}
	for i := 0; i < len(s); i++ {
		if !isWordByte(s[i]) && s[i] != '.' && s[i] != '+' {
			return fault{offset: i, token: charAt(s, i), rule: "a slot may only hold letters, digits and + _ . -", section: "PMS 3.1.3"}
		}
	}
	return fault{}
}

// CheckSlotName reports whether s is a valid slot or sub-slot name (PMS 3.1.3).
// The error is a *SyntaxError.
func CheckSlotName(s string) error {
	if f := checkSlot(s); f.bad() {
		return f.err("slot", s, nil)
	}
	return nil
}

// ValidFlag reports whether s is a USE flag name (PMS 3.1.4).
func ValidFlag(s string) bool {
	if s == "" || !isAlnum(s[0]) {
		return false
	}
	for i := 1; i < len(s); i++ {
		if !isWordByte(s[i]) && s[i] != '+' && s[i] != '@' {
			return false
		}
	}
	return true
}

// ValidRepo reports whether s is a repository name (PMS 3.1.5).
func ValidRepo(s string) bool {
	if s == "" || s[0] == '-' {
		return false
	}
	for i := 0; i < len(s); i++ {
		if !isWordByte(s[i]) {
			return false
		}
	}
	_, _, versioned := SplitPF(s)
	return !versioned
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }
func isLower(c byte) bool { return 'a' <= c && c <= 'z' }
func isAlnum(c byte) bool { return isDigit(c) || isLower(c|0x20) }

// isWordByte accepts what every kind of name may hold: [A-Za-z0-9_-].
func isWordByte(c byte) bool { return isAlnum(c) || c == '_' || c == '-' }

// charAt is the character (not the byte) that begins at s[i], for messages.
func charAt(s string, i int) string {
	for _, r := range s[i:] {
		return string(r)
	}
	return ""
}

package atom

import "strings"

// Version is a parsed version with revision (PMS 3.2). The zero value is
// "no version". Comparable with Compare only: 1.0 and 1.0-r0 are different
// values that compare equal.
type Version struct{ s string }

// ParseVersion parses a version with optional revision: "1.2.3b_rc2_p5-r1"
// (PMS 3.2). The error is a *SyntaxError.
func ParseVersion(s string) (Version, error) {
	n := scanBase(s)
	if n < 0 {
		f := fault{token: s, rule: "a version begins with a digit", section: "PMS 3.2"}
		return Version{}, f.err("version", s, nil)
	}
	if n < len(s) && !(s[n] == '-' && isRevision(s[n+1:])) {
		f := fault{offset: n, token: s[n:],
			rule:    "a version is numbers joined by dots, then one letter, then suffixes _alpha _beta _pre _rc _p with numbers, then -r and a number",
			section: "PMS 3.2"}
		return Version{}, f.err("version", s, nil)
	}
	return Version{s}, nil
}

// String is the version as it was written.
func (v Version) String() string { return v.s }

// IsZero reports "no version".
func (v Version) IsZero() bool { return v.s == "" }

// Revision is the text after "-r", "" when absent; Base is the version without it.
func (v Version) Revision() string {
	if i := strings.LastIndex(v.s, "-r"); i >= 0 {
		return v.s[i+2:]
	}
	return ""
}

// Base is the version without its revision.
func (v Version) Base() Version {
	if i := strings.LastIndex(v.s, "-r"); i >= 0 {
		return Version{v.s[:i]}
	}
	return v
}

// Live reports versions such as 9999 or 5.15.9999 by convention: the last
// number (before letter, suffixes and revision) is all 9s, at least four.
func (v Version) Live() bool {
	n := numbersEnd(v.s)
	i := n
	for i > 0 && v.s[i-1] == '9' {
		i--
	}
	return n-i >= 4 && (i == 0 || v.s[i-1] == '.')
}

// MarshalText gives the version as it was written.
func (v Version) MarshalText() ([]byte, error) { return []byte(v.s), nil }

// UnmarshalText parses a version; empty text gives the zero value.
func (v *Version) UnmarshalText(b []byte) error {
	if len(b) == 0 {
		*v = Version{}
		return nil
	}
	w, err := ParseVersion(string(b))
	if err == nil {
		*v = w
	}
	return err
}

// validBase reports whether s is a version without revision.
func validBase(s string) bool { return scanBase(s) == len(s) }

// scanBase returns the length of the longest prefix of s that is a version
// without revision, -1 when there is none.
func scanBase(s string) int {
	if s == "" || !isDigit(s[0]) {
		return -1
	}
	i := numbersEnd(s)
	if i < len(s) && isLower(s[i]) {
		i++
	}
	for {
		_, _, rest, ok := cutSuffix(s[i:])
		if !ok {
			return i
		}
		i = len(s) - len(rest)
	}
}

// numbersEnd is the length of the leading [0-9]+(\.[0-9]+)* of s.
func numbersEnd(s string) int {
	i := digitsEnd(s)
	for i > 0 && i+1 < len(s) && s[i] == '.' && isDigit(s[i+1]) {
		i += 1 + digitsEnd(s[i+1:])
	}
	return i
}

func digitsEnd(s string) int {
	i := 0
	for i < len(s) && isDigit(s[i]) {
		i++
	}
	return i
}

// isRevision reports r[0-9]+.
func isRevision(s string) bool {
	return len(s) > 1 && s[0] == 'r' && digitsEnd(s[1:]) == len(s)-1
}

// suffix types in their order (PMS 3.3, algorithm 3.6).
type suffix uint8

const (
	sufAlpha suffix = iota
	sufBeta
	sufPre
	sufRC
	sufP
)

// cutSuffix takes one suffix such as "_rc2" from the front of s.
func cutSuffix(s string) (typ suffix, number, rest string, ok bool) {
	if len(s) < 2 || s[0] != '_' {
		return 0, "", s, false
	}
	n := 0
	switch t := s[1:]; {
	case strings.HasPrefix(t, "alpha"):
		typ, n = sufAlpha, 6
	case strings.HasPrefix(t, "beta"):
		typ, n = sufBeta, 5
	case strings.HasPrefix(t, "pre"):
		typ, n = sufPre, 4
	case strings.HasPrefix(t, "rc"):
		typ, n = sufRC, 3
	case t[0] == 'p':
		typ, n = sufP, 2
	default:
		return 0, "", s, false
	}
	end := n + digitsEnd(s[n:])
	return typ, s[n:end], s[end:], true
}

package atom

import "strings"

// Compare orders versions as PMS 3.3 does: -1, 0 or +1. It does not allocate.
// The zero value is before every version.
func (v Version) Compare(w Version) int {
	a, b := v.s, w.s
	if a == b {
		return 0
	}
	if a == "" || b == "" {
		return compareLen(len(a), len(b))
	}
	x, a := cutDigits(a)
	y, b := cutDigits(b)
	if r := compareInt(x, y); r != 0 {
		return r
	}
	for isDot(a) && isDot(b) {
		x, a = cutDigits(a[1:])
		y, b = cutDigits(b[1:])
		if r := compareComponent(x, y); r != 0 {
			return r
		}
	}
	if isDot(a) != isDot(b) {
		if isDot(a) {
			return 1
		}
		return -1
	}
	la, a := cutLetter(a)
	lb, b := cutLetter(b)
	if la != lb {
		return compareLen(int(la), int(lb))
	}
	return compareSuffixes(a, b)
}

// Equal reports Compare == 0. Tests that compare with go-cmp use it too.
func (v Version) Equal(w Version) bool { return v.Compare(w) == 0 }

// compareSuffixes compares suffixes and revision, algorithms 3.5 to 3.7.
func compareSuffixes(a, b string) int {
	for {
		ta, na, ra, oka := cutSuffix(a)
		tb, nb, rb, okb := cutSuffix(b)
		switch {
		case oka && okb:
			if ta != tb {
				return compareLen(int(ta), int(tb))
			}
			if r := compareInt(na, nb); r != 0 {
				return r
			}
			a, b = ra, rb
		case oka:
			return suffixSign(ta)
		case okb:
			return -suffixSign(tb)
		default:
			return compareInt(cutRevision(a), cutRevision(b))
		}
	}
}

// suffixSign tells how a version with one more suffix stands to one without:
// only _p makes it newer.
func suffixSign(t suffix) int {
	if t == sufP {
		return 1
	}
	return -1
}

// compareInt compares decimal numbers of any length; "" counts as 0.
func compareInt(a, b string) int {
	a, b = strings.TrimLeft(a, "0"), strings.TrimLeft(b, "0")
	if len(a) != len(b) {
		return compareLen(len(a), len(b))
	}
	return strings.Compare(a, b)
}

// compareComponent compares numeric components after the first: as decimal
// fractions when one has a leading zero (algorithm 3.3).
func compareComponent(a, b string) int {
	if a == b {
		return 0
	}
	if a != "" && a[0] == '0' || b != "" && b[0] == '0' {
		return strings.Compare(strings.TrimRight(a, "0"), strings.TrimRight(b, "0"))
	}
	return compareInt(a, b)
}

func compareLen(a, b int) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

func isDot(s string) bool { return s != "" && s[0] == '.' }

func cutDigits(s string) (digits, rest string) {
	n := digitsEnd(s)
	return s[:n], s[n:]
}

// cutLetter takes the letter component; 0 when there is none.
func cutLetter(s string) (letter byte, rest string) {
	if s != "" && isLower(s[0]) {
		return s[0], s[1:]
	}
	return 0, s
}

// cutRevision returns the digits after "-r" when s is a revision, else "".
func cutRevision(s string) string {
	if len(s) > 2 && s[0] == '-' && s[1] == 'r' {
		return s[2:]
	}
	return ""
}

// hasPrefix reports whether the components of p are the first components of
// v: what "=cat/pkg-p*" asks (PMS 8.3.1). 1.2 is a prefix of 1.2.3, 1.2a and
// 1.2-r1, not of 1.20. A suffix's type and number are separate components.
func (v Version) hasPrefix(p Version) bool {
	if v.s == "" {
		return false
	}
	a, b := v.s, p.s
	x, a := cutDigits(a)
	y, b := cutDigits(b)
	if compareInt(x, y) != 0 {
		return false
	}
	for isDot(b) {
		if !isDot(a) {
			return false
		}
		x, a = cutDigits(a[1:])
		y, b = cutDigits(b[1:])
		if compareComponent(x, y) != 0 {
			return false
		}
	}
	if b == "" {
		return true
	}
	// More than numbers was asked for, so v must have no further numbers.
	la, a := cutLetter(a)
	lb, b := cutLetter(b)
	if la != lb {
		return false
	}
	return b == "" || suffixesHavePrefix(a, b)
}

// suffixesHavePrefix is hasPrefix for what follows number and letter; b is not empty.
func suffixesHavePrefix(a, b string) bool {
	for {
		tb, nb, rb, ok := cutSuffix(b)
		if !ok {
			break
		}
		ta, na, ra, ok := cutSuffix(a)
		if !ok || ta != tb {
			return false
		}
		if (rb != "" || nb != "") && compareInt(na, nb) != 0 {
			return false
		}
		if rb == "" {
			return true
		}
		a, b = ra, rb
	}
	// A revision is the last component: nothing else may stand before it in v.
	return (a == "" || a[0] == '-') && compareInt(cutRevision(a), cutRevision(b)) == 0
}

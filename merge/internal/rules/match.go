// Package rules has the small decisions of a merge that are pure functions of
// settings and paths: patterns, masks, what is protected. Paths are absolute within
// ROOT.
package rules

import (
	"path"
	"slices"
	"strings"
)

// Match is fnmatch(3) as Portage uses it (Python's fnmatch): "*" and "?" match any
// character, the slash too; "[…]" and "[!…]" are sets; nothing is quoted.
func Match(pattern, name string) bool {
	// Backtracking to the last star only: linear in practice, quadratic at worst.
	p, n := 0, 0
	star, mark := -1, 0
	for n < len(name) {
		if p < len(pattern) {
			if pattern[p] == '*' {
				star, mark = p, n
				p++
				continue
			}
			if width, ok := matchOne(pattern[p:], name[n]); ok {
				p += width
				n++
				continue
			}
		}
		if star < 0 {
			return false
		}
		mark++
		p, n = star+1, mark
	}
	for p < len(pattern) && pattern[p] == '*' {
		p++
	}
	return p == len(pattern)
}

// matchOne matches the first element of a pattern, which is no star, and tells its width.
func matchOne(pattern string, c byte) (width int, ok bool) {
	switch pattern[0] {
	case '?':
		return 1, true
	case '[':
		if end, in, isSet := matchSet(pattern, c); isSet {
			return end, in
		}
	}
	return 1, pattern[0] == c
}

// matchSet matches "[…]"; isSet is false if there is no closing bracket.
func matchSet(pattern string, c byte) (width int, in, isSet bool) {
	i := 1
	negated := i < len(pattern) && pattern[i] == '!'
	if negated {
		i++
	}
	for first := true; i < len(pattern); first = false {
		if pattern[i] == ']' && !first {
			return i + 1, in != negated, true
		}
		low, high := pattern[i], pattern[i]
		if i+2 < len(pattern) && pattern[i+1] == '-' && pattern[i+2] != ']' {
			high = pattern[i+2]
			i += 2
		}
		i++
		in = in || low <= c && c <= high
	}
	return 0, false, false
}

// Globs is UNINSTALL_IGNORE: patterns for the whole path. One that names a directory
// says nothing of what is in it.
type Globs []string

// Has reports whether a pattern matches the path.
func (l Globs) Has(name string) bool {
	return slices.ContainsFunc(l, func(p string) bool { return Match(p, name) })
}

// Patterns is COLLISION_IGNORE.
type Patterns []string

// Has reports whether a path is named: by a pattern that matches it, or that is or
// matches a directory above it.
func (l Patterns) Has(name string) bool {
	for _, p := range l {
		if p == "" {
			continue
		}
		p = cleanPattern(p)
		if Match(p, name) || Match(p+"/*", name) {
			return true
		}
	}
	return false
}

func cleanPattern(p string) string {
	for len(p) > 1 && strings.HasSuffix(p, "/") {
		p = p[:len(p)-1]
	}
	return p
}

// Mask is INSTALL_MASK (make.conf(5)): patterns in order, the last one that matches
// counts, "-" before a pattern takes back. A pattern that begins with a slash is for
// the whole path and for everything below it, another one for the file name.
type Mask []string

// Has reports whether a file of an image is left out.
func (m Mask) Has(name string) bool {
	masked := false
	base := path.Base(name)
	for _, p := range m {
		pattern, back := strings.CutPrefix(p, "-")
		if pattern == "" {
			continue
		}
		hit := false
		if strings.HasPrefix(pattern, "/") {
			pattern = cleanPattern(pattern)
			hit = Match(pattern, name) || Match(pattern+"/*", name)
		} else {
			hit = Match(pattern, base)
		}
		if hit {
			masked = !back
		}
	}
	return masked
}

// Protect is CONFIG_PROTECT and CONFIG_PROTECT_MASK.
type Protect struct{ dirs, mask []string }

// NewProtect takes both lists; "-*" takes back what is before it.
func NewProtect(protect, mask []string) *Protect {
	return &Protect{protectList(protect), protectList(mask)}
}

func protectList(words []string) []string {
	var out []string
	for _, w := range words {
		switch {
		case w == "-*":
			out = nil
		case strings.HasPrefix(w, "-"):
			w = path.Clean("/" + w[1:])
			for i := len(out) - 1; i >= 0; i-- {
				if out[i] == w {
					out = append(out[:i], out[i+1:]...)
				}
			}
		case w != "":
			out = append(out, path.Clean("/"+w))
		}
	}
	return out
}

// Has reports whether a path is protected: the most specific entry of both lists
// that is the path or a directory above it counts, the mask if both are the same.
func (p *Protect) Has(name string) bool {
	protected := longest(p.dirs, name)
	return protected > 0 && protected > longest(p.mask, name)
}

func longest(dirs []string, name string) int {
	best := 0
	for _, d := range dirs {
		if len(d) > best && (d == "/" || name == d || strings.HasPrefix(name, d) && name[len(d)] == '/') {
			best = len(d)
		}
	}
	return best
}

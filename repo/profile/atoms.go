package profile

import (
	"fmt"

	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/atom/metadata"
	"github.com/portsolve/portsolve/repo"
)

// AtomLine is a line "atom [words]". Remove marks a line "-atom", which takes
// back an equal line that was read before it.
type AtomLine struct {
	Atom   *atom.Atom
	Remove bool
	Words  []string
	Source *metadata.Source
}

// ParseAtoms parses the first word of each line. A line whose atom is wrong is
// left out and its error, a *repo.FileError, is returned in bad.
func ParseAtoms(lines []Line) (out []AtomLine, bad []error) {
	if len(lines) == 0 {
		return nil, nil
	}
	out = make([]AtomLine, 0, len(lines))
	for i := range lines {
		l := &lines[i]
		text, remove := l.Fields[0], false
		if len(text) > 1 && text[0] == '-' {
			text, remove = text[1:], true
		}
		a, err := atom.ParseWildcard(text)
		if err == nil && a.Blocker != atom.NotBlocker {
			err = fmt.Errorf("%q is a blocker; only plain atoms may stand here", text)
		}
		if err != nil {
			bad = append(bad, &repo.FileError{File: l.Source.File, Line: l.Source.Line, Err: err})
			continue
		}
		out = append(out, AtomLine{Atom: a, Remove: remove, Words: l.Fields[1:], Source: &l.Source})
	}
	return out, bad
}

// StackAtoms joins lists in order and applies their "-atom" lines: each removes
// every equal line before it. The result has no Remove lines.
func StackAtoms(lists ...[]AtomLine) []AtomLine {
	n, removes := 0, false
	for _, l := range lists {
		n += len(l)
		for i := range l {
			removes = removes || l[i].Remove
		}
	}
	out := make([]AtomLine, 0, n)
	for _, l := range lists {
		out = append(out, l...)
	}
	if !removes {
		return out
	}
	// From the end: a line is gone if an equal removal has been seen behind it.
	gone := map[string]bool{}
	kept := len(out)
	for i := len(out) - 1; i >= 0; i-- {
		text := out[i].Atom.String()
		if out[i].Remove {
			gone[text] = true
		} else if !gone[text] {
			kept--
			out[kept] = out[i]
		}
	}
	return out[kept:]
}

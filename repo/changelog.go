package repo

import (
	"strings"

	"github.com/portsolve/portsolve/atom"
)

// Release is the part of a ChangeLog that begins with the heading of one
// version, "*pkg-1.2 (01 Jan 2015)". Text is the heading and what follows it,
// without blank lines at the end.
type Release struct {
	Version atom.Version
	Text    string
}

// ChangeLog returns the releases that the ChangeLog of a package tells of, in
// the order of the file, which is newest first. What stands above the first
// heading is left out. A package without a ChangeLog has none.
func (r *Repo) ChangeLog(cp atom.CP) ([]Release, error) {
	_, text, err := r.packageFile(cp, "ChangeLog")
	if err != nil {
		return nil, err
	}
	var out []Release
	start := -1 // of the current release
	end := func(at int) {
		if start >= 0 {
			out[len(out)-1].Text = strings.TrimRight(text[start:at], "\n")
		}
	}
	at := 0
	for line := range strings.Lines(text) {
		if v, ok := releaseHeading(line, cp); ok {
			end(at)
			start, out = at, append(out, Release{Version: v})
		}
		at += len(line)
	}
	end(len(text))
	return out, nil
}

// releaseHeading reads "*pkg-1.2-r3 (date)".
func releaseHeading(line string, cp atom.CP) (atom.Version, bool) {
	word, ok := strings.CutPrefix(line, "*"+cp.Package+"-")
	if !ok {
		return atom.Version{}, false
	}
	word, _, _ = strings.Cut(strings.TrimSpace(word), " ")
	v, err := atom.ParseVersion(word)
	return v, err == nil
}

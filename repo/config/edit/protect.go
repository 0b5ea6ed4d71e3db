package edit

import (
	"path/filepath"
	"strings"
)

// Protection tells whether CONFIG_PROTECT holds for a file (make.conf(5)): if the longest of the entries of
// CONFIG_PROTECT and CONFIG_PROTECT_MASK that it is below, or is itself, is one of CONFIG_PROTECT. Entries are
// paths of the system below root, of directories or files.
func Protection(root, protect, mask string) func(path string) bool {
	kept, free := entries(root, protect), entries(root, mask)
	return func(path string) bool {
		p := longest(kept, path)
		return p > 0 && p > longest(free, path)
	}
}

func entries(root, words string) []string {
	var out []string
	for _, w := range strings.Fields(words) {
		out = append(out, filepath.Join(root, w))
	}
	return out
}

// longest is the length of the longest entry that path is below, 0 if there is none.
func longest(entries []string, path string) int {
	n := 0
	for _, e := range entries {
		if path == e || strings.HasPrefix(path, strings.TrimSuffix(e, "/")+"/") {
			n = max(n, len(e))
		}
	}
	return n
}

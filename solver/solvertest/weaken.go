package solvertest

import (
	"slices"
	"strings"
)

// WithoutEachDependency lists the texts of a scenario of World that lack one dependency variable of one
// package each.
func WithoutEachDependency(text string) []string {
	var out []string
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		for from := 0; ; {
			at := strings.Index(line[from:], "DEPEND=\"")
			if at < 0 {
				break
			}
			start := strings.LastIndexByte(line[:from+at], ' ')
			end := from + at + len("DEPEND=\"")
			if quote := strings.IndexByte(line[end:], '"'); quote >= 0 {
				end += quote + 1
			}
			if start >= 0 {
				weaker := slices.Clone(lines)
				weaker[i] = line[:start] + line[end:]
				out = append(out, strings.Join(weaker, "\n"))
			}
			from = end
		}
	}
	return out
}

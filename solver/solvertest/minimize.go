package solvertest

import "strings"

// Minimize makes the text of a scenario smaller as long as fails says that it
// still fails: it drops lines, then attributes and words. fails must say no to
// a text that does not parse.
func Minimize(text string, fails func(string) bool) string {
	for {
		before := text
		text = dropEach(text, "\n", fails)
		lines := strings.Split(text, "\n")
		for i := range lines {
			lines[i] = dropEach(lines[i], " ", func(line string) bool {
				return fails(strings.Join(replaced(lines, i, line), "\n"))
			})
		}
		text = strings.Join(lines, "\n")
		if text == before {
			return text
		}
	}
}

// dropEach leaves out runs of parts, long ones first.
func dropEach(text, sep string, fails func(string) bool) string {
	parts := strings.Split(text, sep)
	for size := len(parts) / 2; size > 0; size /= 2 {
		for i := 0; i+size <= len(parts); {
			fewer := append(append([]string{}, parts[:i]...), parts[i+size:]...)
			if fails(strings.Join(fewer, sep)) {
				parts = fewer
			} else {
				i++
			}
		}
	}
	return strings.Join(parts, sep)
}

func replaced(lines []string, i int, line string) []string {
	out := append([]string{}, lines...)
	out[i] = line
	return out
}

package scenario

import "strings"

// section is one file of a txtar archive: a line "-- name --" and what follows.
type section struct {
	name string
	line int // of the first line of the body, from 1
	body string
}

// splitArchive reads the txtar format, which has no syntax errors.
func splitArchive(text string) (comment string, sections []section) {
	start, line := 0, 1
	end := func(at int) {
		if len(sections) == 0 {
			comment = text[start:at]
			return
		}
		sections[len(sections)-1].body = text[start:at]
	}
	for at := 0; at < len(text); line++ {
		next := len(text)
		if i := strings.IndexByte(text[at:], '\n'); i >= 0 {
			next = at + i + 1
		}
		if name, ok := marker(text[at:next]); ok {
			end(at)
			sections = append(sections, section{name: name, line: line + 1})
			start = next
		}
		at = next
	}
	end(len(text))
	return comment, sections
}

func marker(line string) (string, bool) {
	line = strings.TrimRight(line, "\r\n")
	if len(line) < 7 || !strings.HasPrefix(line, "-- ") || !strings.HasSuffix(line, " --") {
		return "", false
	}
	name := strings.TrimSpace(line[3 : len(line)-3])
	return name, name != ""
}

// numbered is a logical line with its number in the file.
type numbered struct {
	text string
	line int
}

// logicalLines drops blank lines and comments ('#' at the start of a line) and
// joins continuation lines, which begin with white space.
func (s *section) logicalLines() []numbered {
	var out []numbered
	for i, l := range strings.Split(s.body, "\n") {
		trimmed := strings.TrimSpace(l)
		if trimmed == "" || trimmed[0] == '#' {
			continue
		}
		if (l[0] == ' ' || l[0] == '\t') && len(out) > 0 {
			out[len(out)-1].text += " " + trimmed
			continue
		}
		out = append(out, numbered{trimmed, s.line + i})
	}
	return out
}

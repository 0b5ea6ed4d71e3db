package scenario

import (
	"fmt"
	"strconv"
	"strings"
)

// A line is a list of words; a word may be quoted as in Go ("a b"), also
// behind an equals sign (KEY="a b").

func splitWords(s string) ([]string, error) {
	var out []string
	for s = strings.TrimLeft(s, " \t"); s != ""; s = strings.TrimLeft(s, " \t") {
		end := strings.IndexAny(s, " \t\"")
		if end < 0 {
			return append(out, s), nil
		}
		if s[end] != '"' {
			out = append(out, s[:end])
			s = s[end:]
			continue
		}
		quoted, err := strconv.QuotedPrefix(s[end:])
		if err != nil {
			return nil, fmt.Errorf("the quotation mark in %q has no partner", s)
		}
		value, err := strconv.Unquote(quoted)
		if err != nil {
			return nil, fmt.Errorf("wrong quotation %s", quoted)
		}
		out = append(out, s[:end]+value)
		s = s[end+len(quoted):]
	}
	return out, nil
}

// quoteValue writes a value so that splitWords reads it back.
func quoteValue(v string) string {
	if v != "" && !strings.ContainsAny(v, " \t\"\\\n\r") && strconv.CanBackquote(v) {
		return v
	}
	return strconv.Quote(v)
}

// attributes cuts "KEY=value" words into a map and complains of what is none.
func attributes(words []string) (map[string]string, error) {
	m := make(map[string]string, len(words))
	for _, w := range words {
		key, value, ok := strings.Cut(w, "=")
		if !ok || key == "" {
			return nil, fmt.Errorf("%q is not of the form KEY=value", w)
		}
		if _, twice := m[key]; twice {
			return nil, fmt.Errorf("%s is given twice", key)
		}
		m[key] = strings.Join(strings.Fields(value), " ")
	}
	return m, nil
}

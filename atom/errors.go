package atom

import (
	"fmt"
	"strings"

	"github.com/portsolve/portsolve/atom/eapi"
)

// SyntaxError says what is wrong with a name, version, atom or expression.
type SyntaxError struct {
	What    string // what the text should have been: "atom", "version", "dependency"; "" = "text"
	Text    string // the whole text given to the parser
	Token   string // the offending token
	Offset  int    // byte offset of Token in Text
	EAPI    string // "" where no EAPI is involved
	Rule    string // what was expected, in words
	Section string // where that is written, "PMS 8.3.1"; "" when nowhere in particular
}

// Error is one line: the text, the token and its column (from 1), the rule and
// where the rule comes from. Long texts are shortened to the token's surroundings.
func (e *SyntaxError) Error() string {
	what := e.What
	if what == "" {
		what = "text"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "invalid %s %q: ", what, around(e.Text, e.Offset, 80))
	if e.Token != "" && e.Token != e.Text {
		fmt.Fprintf(&b, "token %q at column %d: ", around(e.Token, 0, 80), e.Offset+1)
	} else if e.Token == "" && e.Text != "" {
		fmt.Fprintf(&b, "at column %d: ", e.Offset+1)
	}
	b.WriteString(e.Rule)
	var where []string
	if e.EAPI != "" {
		where = append(where, "EAPI "+e.EAPI)
	}
	if e.Section != "" {
		where = append(where, e.Section)
	}
	if where != nil {
		fmt.Fprintf(&b, " (%s)", strings.Join(where, ", "))
	}
	return b.String()
}

// around cuts s to about limit bytes that include offset, marking what it left out.
func around(s string, offset, limit int) string {
	if len(s) <= limit {
		return s
	}
	from := min(max(offset-limit/4, 0), len(s))
	to := min(from+limit, len(s))
	out := strings.ToValidUTF8(s[from:to], "?")
	if from > 0 {
		out = "…" + out
	}
	if to < len(s) {
		out += "…"
	}
	return out
}

// fault is a SyntaxError without its context, so that the inner parsers need
// not know what they are part of. The zero value (empty rule) is "no error".
type fault struct {
	offset  int
	token   string
	rule    string
	section string
}

func (f fault) bad() bool { return f.rule != "" }

// at moves the fault to where its text stands in a larger text.
func (f fault) at(base int) fault {
	f.offset += base
	return f
}

func (f fault) err(what, text string, e *eapi.EAPI) error {
	s := &SyntaxError{
		What: what, Text: text, Token: f.token, Offset: f.offset,
		Rule: f.rule, Section: f.section,
	}
	if e != nil {
		s.EAPI = e.Name
	}
	return s
}

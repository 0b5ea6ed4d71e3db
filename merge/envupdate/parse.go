package envupdate

import (
	"errors"
	"fmt"
	"strings"
)

// assignment is NAME=value of a file in env.d.
type assignment struct{ name, value string }

var errUnclosed = errors.New("a quote is not closed")

// parse reads a file of env.d: assignments as in sh, without expansion. A value is
// taken as it is written: in double quotes a backslash stays unless it stands before
// a double quote or a backslash. "export" before a name is allowed, and, as for
// Portage and unlike sh, NAME = value.
func parse(text string) ([]assignment, error) {
	p := &parser{text: text, line: 1}
	var out []assignment
	for {
		p.skipBlank()
		if p.at == len(p.text) {
			return out, nil
		}
		line := p.line
		name := p.name()
		if name == "export" && p.peek() == ' ' {
			p.skipBlank()
			name = p.name()
		}
		spaced := p.skipSpaces()
		if name == "" || p.peek() != '=' {
			return nil, fmt.Errorf("line %d: not of the form NAME=\"value\"", line)
		}
		p.next()
		if spaced {
			p.skipSpaces()
		}
		value, err := p.value()
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", line, err)
		}
		out = append(out, assignment{name, value})
	}
}

type parser struct {
	text string
	at   int
	line int
}

// peek is the next byte, 0 at the end.
func (p *parser) peek() byte {
	if p.at == len(p.text) {
		return 0
	}
	return p.text[p.at]
}

func (p *parser) next() byte {
	c := p.peek()
	if c == '\n' {
		p.line++
	}
	if p.at < len(p.text) {
		p.at++
	}
	return c
}

// skipBlank passes over white space, semicolons and comments.
func (p *parser) skipBlank() {
	for p.at < len(p.text) {
		switch c := p.peek(); {
		case c == '#':
			for p.at < len(p.text) && p.peek() != '\n' {
				p.next()
			}
		case c == ' ' || c >= '\t' && c <= '\r' || c == ';':
			p.next()
		default:
			return
		}
	}
}

// skipSpaces passes over white space within a line.
func (p *parser) skipSpaces() bool {
	from := p.at
	for c := p.peek(); c == ' ' || c == '\t'; c = p.peek() {
		p.next()
	}
	return p.at > from
}

func (p *parser) name() string {
	from := p.at
	for {
		c := p.peek()
		isLetter := c == '_' || c|0x20 >= 'a' && c|0x20 <= 'z'
		if !isLetter && (p.at == from || c < '0' || c > '9') {
			return p.text[from:p.at]
		}
		p.next()
	}
}

// value reads up to white space outside of quotes.
func (p *parser) value() (string, error) {
	var b strings.Builder
	for p.at < len(p.text) {
		c := p.peek()
		switch {
		case c == ' ' || c >= '\t' && c <= '\r' || c == ';':
			return b.String(), nil
		case c == '\'' || c == '"':
			if err := p.quoted(&b); err != nil {
				return "", err
			}
		case c == '\\':
			p.next()
			if c := p.next(); c != '\n' && c != 0 {
				b.WriteByte(c)
			}
		default:
			b.WriteByte(p.next())
		}
	}
	return b.String(), nil
}

func (p *parser) quoted(b *strings.Builder) error {
	quote := p.next()
	for p.at < len(p.text) {
		c := p.next()
		switch {
		case c == quote:
			return nil
		case c == '\\' && quote == '"':
			switch p.peek() {
			case '"', '\\':
				b.WriteByte(p.next())
			case '\n':
				p.next()
			default:
				b.WriteByte(c)
			}
		default:
			b.WriteByte(c)
		}
	}
	return errUnclosed
}

package profile

import "strings"

// wordBuilder collects an expanded value and where its lines break.
type wordBuilder struct {
	strings.Builder
	breaks []int
}

func (w *wordBuilder) lineBreak() { w.breaks = append(w.breaks, w.Len()) }

// word reads a value: quoted and unquoted parts up to a blank or line end.
// line is where the statement began.
func (p *varParser) word(line int) (string, []int, error) {
	var w wordBuilder
	for p.pos < len(p.text) {
		c := p.text[p.pos]
		switch {
		case c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == ';':
			return w.String(), w.breaks, nil
		case c == '#' && w.Len() == 0:
			return w.String(), w.breaks, nil
		case c == '\'':
			if err := p.single(&w); err != nil {
				return "", nil, err
			}
		case c == '"':
			if err := p.double(&w); err != nil {
				return "", nil, err
			}
		case c == '\\':
			p.backslash(&w, "")
		case c == '$':
			if err := p.expand(&w); err != nil {
				return "", nil, err
			}
		default:
			w.WriteByte(c)
			p.pos++
		}
		if w.Len() > maxValue {
			return "", nil, p.errorf(line, "the value is longer than %d bytes", maxValue)
		}
	}
	return w.String(), w.breaks, nil
}

func (p *varParser) newline(w *wordBuilder) {
	p.line++
	w.lineBreak()
}

func (p *varParser) single(w *wordBuilder) error {
	line := p.line
	end := strings.IndexByte(p.text[p.pos+1:], '\'')
	if end < 0 {
		return p.errorf(line, "a single quote (') is opened here and never closed")
	}
	for _, c := range []byte(p.text[p.pos+1 : p.pos+1+end]) {
		w.WriteByte(c)
		if c == '\n' {
			p.newline(w)
		}
	}
	p.pos += end + 2
	return nil
}

func (p *varParser) double(w *wordBuilder) error {
	line := p.line
	for p.pos++; p.pos < len(p.text); {
		c := p.text[p.pos]
		switch c {
		case '"':
			p.pos++
			return nil
		case '\\':
			p.backslash(w, "\"\\$`")
		case '$':
			if err := p.expand(w); err != nil {
				return err
			}
			if w.Len() > maxValue {
				return p.errorf(line, "the value is longer than %d bytes", maxValue)
			}
		default:
			w.WriteByte(c)
			p.pos++
			if c == '\n' {
				p.newline(w)
			}
		}
	}
	return p.errorf(line, "a double quote (\") is opened here and never closed")
}

// backslash joins lines, and quotes the next character: any one outside of
// quotes, one of special inside.
func (p *varParser) backslash(w *wordBuilder, special string) {
	p.pos++
	if p.pos >= len(p.text) {
		return
	}
	c := p.text[p.pos]
	p.pos++
	if c == '\n' {
		p.newline(w)
		return
	}
	if special != "" && strings.IndexByte(special, c) < 0 {
		w.WriteByte('\\')
	}
	w.WriteByte(c)
}

// expand reads $NAME or ${NAME}. A dollar sign before anything else is itself,
// as in MAKEOPTS="-j$(nproc)", which people write although nothing runs it.
func (p *varParser) expand(w *wordBuilder) error {
	p.pos++
	if p.pos < len(p.text) && p.text[p.pos] == '{' {
		p.pos++
		start := p.pos
		name := p.name()
		if name == "" || p.pos >= len(p.text) || p.text[p.pos] != '}' {
			return p.errorf(p.line, "%q cannot be expanded; only $NAME and ${NAME} can", "${"+p.restOfLine(start))
		}
		p.pos++
		p.variable(w, name)
		return nil
	}
	name := p.name()
	if name == "" {
		w.WriteByte('$')
		return nil
	}
	p.variable(w, name)
	return nil
}

// variable appends a value; its line ends become blanks, so that positions in
// the new value count only its own lines.
func (p *varParser) variable(w *wordBuilder, name string) {
	v, ok := p.values[name]
	if !ok && p.Lookup != nil {
		v, _ = p.Lookup(name)
	}
	if strings.IndexByte(v, '\n') >= 0 {
		v = strings.ReplaceAll(v, "\n", " ")
	}
	w.WriteString(v)
}

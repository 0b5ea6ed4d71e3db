package depend

import (
	"errors"
	"fmt"
	"strings"

	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/atom/eapi"
)

// maxDepth bounds the nesting of groups. Real expressions nest five deep; the
// bound keeps hostile ones from exhausting the stack here and in all consumers.
const maxDepth = 1000

// class is the kind of variable an expression stands in.
type class uint8

const (
	dependency class = iota
	built
	requiredUse
	license
	words
	srcURI
)

func (c class) String() string {
	return [...]string{"dependency", "dependency", "REQUIRED_USE", "LICENSE", "RESTRICT or PROPERTIES", "SRC_URI"}[c]
}

// token is a run of bytes without whitespace; text is "" at the end.
type token struct {
	text   string
	offset int
}

type parser struct {
	src   string
	pos   int
	eapi  *eapi.EAPI
	class class
	ahead token   // a token read but not yet wanted
	stack []*Node // children of the groups that are open, innermost last
	slab  []Node  // nodes are carved from slabs: fewer, larger allocations
	links []*Node // likewise the Children slices
}

func parse(s string, e *eapi.EAPI, c class) (*Node, error) {
	if e == nil {
		e = eapi.Latest()
	}
	p := parser{src: s, eapi: e, class: c}
	root := p.node(All, token{})
	if err := p.items(root, token{}, 0); err != nil {
		return nil, err
	}
	return root, nil
}

// items parses the members of group up to its closing parenthesis, or to the
// end of the text when depth is 0. open is the parenthesis.
func (p *parser) items(group *Node, open token, depth int) error {
	if depth > maxDepth {
		return p.fail(open, fmt.Sprintf("groups must not nest deeper than %d", maxDepth), "")
	}
	first := len(p.stack)
	for {
		t := p.next()
		switch {
		case t.text == "" && depth == 0, t.text == ")" && depth > 0:
			p.close(group, first)
			return nil
		case t.text == "":
			return p.fail(open, "this group has no closing parenthesis", "PMS 8.2")
		case t.text == ")":
			return p.fail(t, "this closing parenthesis has no opening one", "PMS 8.2")
		}
		n, isGroup, err := p.item(t)
		if err == nil && isGroup {
			err = p.group(n, t, depth)
		}
		if err != nil {
			return err
		}
		p.stack = append(p.stack, n)
	}
}

// group parses parenthesis and members of the group that t introduced.
func (p *parser) group(n *Node, t token, depth int) error {
	open := t
	if t.text != "(" {
		if open = p.next(); open.text != "(" {
			if open.text == "" {
				open = t
			}
			return p.fail(open, "an opening parenthesis between whitespace must follow "+short(t.text), "PMS 8.2")
		}
	}
	return p.items(n, open, depth+1)
}

// close moves the members since first from the stack into the group and
// settles whether Evaluate has anything to do below it.
func (p *parser) close(group *Node, first int) {
	members := p.stack[first:]
	if len(members) > 0 {
		if len(p.links) < len(members) {
			p.links = make([]*Node, max(len(members), min(p.guess(), 128)))
		}
		group.Children = p.links[:len(members):len(members)]
		p.links = p.links[len(members):]
		copy(group.Children, members)
	}
	p.stack = p.stack[:first]
	group.settled = settledGroup(group)
}

// item makes the node that t begins; isGroup asks for the members.
func (p *parser) item(t token) (n *Node, isGroup bool, err error) {
	switch t.text {
	case "(":
		return p.node(All, t), true, nil
	case "||":
		if p.class == words || p.class == srcURI {
			return nil, false, p.fail(t, "|| is not allowed in "+p.class.String(), "PMS 8.2")
		}
		n = p.node(AnyOf, t)
		n.EmptyMatches = p.eapi.EmptyGroupsMatch
		return n, true, nil
	case "^^":
		if p.class != requiredUse {
			return nil, false, p.fail(t, "^^ is only allowed in REQUIRED_USE", "PMS 8.2")
		}
		n = p.node(ExactlyOne, t)
		n.EmptyMatches = p.eapi.EmptyGroupsMatch
		return n, true, nil
	case "??":
		if p.class != requiredUse {
			return nil, false, p.fail(t, "?? is only allowed in REQUIRED_USE", "PMS 8.2")
		}
		if !p.eapi.AtMostOneOf {
			return nil, false, p.fail(t, "?? groups need EAPI 5", "PMS 8.2")
		}
		return p.node(AtMostOne, t), true, nil
	}
	if strings.HasSuffix(t.text, "?") && !(p.class == srcURI && strings.Contains(t.text, "://")) {
		n, err = p.condition(t)
		return n, true, err
	}
	n, err = p.leaf(t)
	return n, false, err
}

func (p *parser) condition(t token) (*Node, error) {
	n := p.node(UseIf, t)
	n.Text = t.text[:len(t.text)-1]
	if strings.HasPrefix(n.Text, "!") {
		n.Negated, n.Text = true, n.Text[1:]
	}
	if !atom.ValidFlag(n.Text) {
		return nil, p.fail(t, "a USE flag must stand before the question mark", "PMS 8.2, 3.1.4")
	}
	return n, nil
}

func (p *parser) leaf(t token) (*Node, error) {
	switch p.class {
	case dependency, built:
		return p.atom(t)
	case requiredUse:
		n := p.node(TextLeaf, t)
		n.Text, n.Negated = strings.CutPrefix(t.text, "!")
		if !atom.ValidFlag(n.Text) {
			return nil, p.failLeaf(t, "a USE flag was expected, with ! in front to negate it", "PMS 8.2, 3.1.4")
		}
		return n, nil
	case license:
		if !validLicense(t.text) {
			return nil, p.failLeaf(t, "a licence name begins with a letter, digit or _ and holds letters, digits and + _ . -", "PMS 3.1.7")
		}
	case words:
		if !validWord(t.text) {
			return nil, p.failLeaf(t, "a simple word was expected", "PMS 8.2")
		}
	case srcURI:
		return p.uri(t)
	}
	n := p.node(TextLeaf, t)
	n.Text = t.text
	return n, nil
}

func (p *parser) atom(t token) (*Node, error) {
	var a *atom.Atom
	var err error
	if p.class == built {
		a, err = atom.ParseBuilt(t.text, p.eapi)
	} else {
		a, err = atom.Parse(t.text, p.eapi)
	}
	if err == nil {
		n := p.node(AtomLeaf, t)
		n.Atom, n.settled = a, !a.ConditionalUse()
		return n, nil
	}
	var se *atom.SyntaxError
	if strayParenthesis(t.text) || !errors.As(err, &se) {
		return nil, p.failLeaf(t, err.Error(), "")
	}
	return nil, p.fail(t, within(t, se), se.Section)
}

// within words an atom's error as the rule of the whole expression: the token
// is the atom, the part of it that is wrong stands in the rule.
func within(t token, se *atom.SyntaxError) string {
	if se.Token == "" || se.Token == t.text {
		return se.Rule
	}
	return fmt.Sprintf("%q: %s", short(se.Token), se.Rule)
}

// short keeps rules readable when a token is not.
func short(s string) string {
	if len(s) <= 80 {
		return s
	}
	return strings.ToValidUTF8(s[:80], "?") + "…"
}

// uri parses a URI or file name with its arrow (PMS 7.3.2).
func (p *parser) uri(t token) (*Node, error) {
	n := p.node(TextLeaf, t)
	n.Text = t.text
	scheme, _, isURI := strings.Cut(t.text, "://")
	switch {
	case t.text == "->":
		return nil, p.fail(t, "a URI must stand before the arrow", "PMS 8.2")
	case isURI && !p.eapi.SelectiveURIRestrict && (strings.HasPrefix(scheme, "fetch+") || strings.HasPrefix(scheme, "mirror+")):
		return nil, p.fail(t, "the prefixes fetch+ and mirror+ need EAPI 8", "PMS 7.3.2")
	case !isURI && strings.IndexByte(t.text, '/') >= 0:
		return nil, p.failLeaf(t, "a URI with :// or a file name without slash was expected", "PMS 8.2")
	case strings.HasPrefix(t.text, "(") || t.text == "|":
		return nil, p.failLeaf(t, "a URI or a file name was expected", "PMS 8.2")
	}
	if p.ahead = p.scan(); p.ahead.text != "->" {
		return n, nil
	}
	arrow := p.next()
	if !p.eapi.SrcURIArrows {
		return nil, p.fail(arrow, "arrows need EAPI 2", "PMS 7.3.2")
	}
	name := p.next()
	if name.text == "" || name.text == "(" || name.text == ")" || strings.IndexByte(name.text, '/') >= 0 {
		if name.text == "" {
			name = arrow
		}
		return nil, p.fail(name, "a file name without slash must follow the arrow", "PMS 8.2")
	}
	n.Rename = name.text
	return n, nil
}

// next takes the next token.
func (p *parser) next() token {
	if t := p.ahead; t.text != "" {
		p.ahead = token{}
		return t
	}
	return p.scan()
}

func (p *parser) scan() token {
	s, i := p.src, p.pos
	for i < len(s) && isSpace(s[i]) {
		i++
	}
	j := i
	for j < len(s) && !isSpace(s[j]) {
		j++
	}
	p.pos = j
	return token{s[i:j], i}
}

func isSpace(c byte) bool { return c == ' ' || '\t' <= c && c <= '\r' }

// node takes a node from the slab. Leaves are settled unless told otherwise.
func (p *parser) node(k Kind, t token) *Node {
	if len(p.slab) == 0 {
		p.slab = make([]Node, min(p.guess(), 64))
	}
	n := &p.slab[0]
	p.slab = p.slab[1:]
	n.Kind, n.Offset, n.settled = k, t.offset, true
	return n
}

// guess estimates how many nodes the rest of the text holds: real ones take
// about 18 bytes each.
func (p *parser) guess() int { return (len(p.src)-p.pos)/16 + 2 }

// failLeaf is fail, with a better rule for parentheses that touch their neighbours.
func (p *parser) failLeaf(t token, rule, section string) error {
	if strayParenthesis(t.text) {
		rule, section = "a parenthesis needs whitespace on both sides", "PMS 8.2"
	}
	return p.fail(t, rule, section)
}

func strayParenthesis(s string) bool {
	return s[0] == '(' || strings.HasSuffix(s, ")") || strings.HasSuffix(s, "(")
}

func (p *parser) fail(t token, rule, section string) error {
	return &atom.SyntaxError{
		What: p.class.String(), Text: p.src, Token: t.text, Offset: t.offset,
		EAPI: p.eapi.Name, Rule: rule, Section: section,
	}
}

func validLicense(s string) bool {
	if s[0] == '-' || s[0] == '.' || s[0] == '+' {
		return false
	}
	return validWord(s)
}

// validWord accepts [A-Za-z0-9+_.-]+ .
func validWord(s string) bool {
	for i := 0; i < len(s); i++ {
		c := s[i]
		ok := 'a' <= c|0x20 && c|0x20 <= 'z' || '0' <= c && c <= '9' || c == '+' || c == '_' || c == '.' || c == '-'
		if !ok {
			return false
		}
	}
	return s != ""
}

package sets

import (
	"errors"
	"fmt"
	"maps"
	"strings"

	"github.com/portsolve/portsolve/atom/metadata"
)

// operator joins two sets of an expression.
type operator byte

const (
	intersect operator = '/'
	subtract  operator = '-'
	unite     operator = '+'
)

// maxTerms bounds an expression.
const maxTerms = 1000

// term is one set of an expression with the operator in front of it (0 for the first).
type term struct {
	op   operator
	text string
}

// splitExpression cuts "a/@b-@c" at the operators, which are a character and
// "@"; names have no "@", option lists in braces may.
func splitExpression(text string) ([]term, error) {
	terms := []term{{}}
	start, depth := 0, 0
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '{':
			depth++
		case '}':
			depth--
		case '/', '-', '+':
			if depth == 0 && i+1 < len(text) && text[i+1] == '@' {
				terms[len(terms)-1].text = text[start:i]
				terms = append(terms, term{op: operator(text[i])})
				start = i + 2
				i++
			}
		}
		if depth < 0 || depth > 1 {
			return nil, fmt.Errorf("@%.200s: unbalanced braces", text)
		}
	}
	terms[len(terms)-1].text = text[start:]
	if depth != 0 {
		return nil, fmt.Errorf("@%.200s: unbalanced braces", text)
	}
	if len(terms) > maxTerms {
		return nil, fmt.Errorf("an expression of %d sets; at most %d are allowed", len(terms), maxTerms)
	}
	return terms, nil
}

// expression resolves what follows "@" in a request.
func (r *resolver) expression(text string) (*Set, error) {
	terms, err := splitExpression(text)
	if err != nil {
		return nil, &FormatError{Err: err}
	}
	result, err := r.term(terms[0].text)
	if err != nil || len(terms) == 1 {
		return result, err
	}
	members := result.Atoms
	for _, t := range terms[1:] {
		right, err := r.term(t.text)
		if err != nil {
			return nil, err
		}
		members = combine(members, t.op, right.Atoms)
	}
	return &Set{Name: text, Atoms: sorted(members)}, nil
}

// combine applies one operator; equality is that of the atoms' texts.
func combine(left []Member, op operator, right []Member) []Member {
	if op == unite {
		return append(left[:len(left):len(left)], right...)
	}
	in := make(map[string]bool, len(right))
	for _, m := range right {
		in[m.Atom.String()] = true
	}
	var out []Member
	for _, m := range left {
		if in[m.Atom.String()] == (op == intersect) {
			out = append(out, m)
		}
	}
	return out
}

// term resolves "name" or "name{option=value,…}".
func (r *resolver) term(text string) (*Set, error) {
	name, list, given := strings.Cut(text, "{")
	if name == "" {
		return nil, &FormatError{Err: errors.New("set name missing after @")}
	}
	if !given {
		return r.named(name, "", metadata.Source{})
	}
	list, ok := strings.CutSuffix(list, "}")
	if !ok {
		return nil, &FormatError{Err: fmt.Errorf("@%s: text after the closing brace", name)}
	}
	options, err := parseOptions(list)
	if err != nil {
		return nil, &FormatError{Err: fmt.Errorf("@%s: %w", name, err)}
	}
	def := &definition{name: name, options: make(map[string]string)}
	if known, ok := r.cat.defs[name]; ok {
		def.class = known.class
		maps.Copy(def.options, known.options)
	} else if options["class"] == "" {
		return r.named(name, "", metadata.Source{}) // reports the unknown name
	}
	maps.Copy(def.options, options)
	if class := options["class"]; class != "" {
		def.class = className(class)
	}
	r.stack = append(r.stack, name)
	defer func() { r.stack = r.stack[:len(r.stack)-1] }()
	return r.build(name, def)
}

// parseOptions reads "key=value,key=value"; a key alone means "true".
func parseOptions(text string) (map[string]string, error) {
	options := make(map[string]string)
	for item := range strings.SplitSeq(text, ",") {
		if strings.TrimSpace(item) == "" {
			continue
		}
		key, value, given := strings.Cut(item, "=")
		key = strings.TrimSpace(key)
		if key == "" {
			return nil, fmt.Errorf("option without a name: %q", item)
		}
		if !given {
			value = "true"
		}
		options[key] = strings.TrimSpace(value)
	}
	return options, nil
}

// Package depend parses dependency-like expressions (PMS 8.2): *DEPEND,
// REQUIRED_USE, LICENSE, RESTRICT, PROPERTIES and SRC_URI.
package depend

import (
	"slices"

	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/atom/eapi"
)

// Kind of a node.
type Kind uint8

// Kinds of nodes.
const (
	All        Kind = iota // ( a b ), also the root
	AnyOf                  // || ( )
	ExactlyOne             // ^^ ( )
	AtMostOne              // ?? ( )
	UseIf                  // flag? ( ) or !flag? ( ): Text is the flag, Negated for !
	AtomLeaf               // Atom is set
	TextLeaf               // Text is a license, restrict token, URI, or (REQUIRED_USE) a flag with Negated
)

// Node is one node of an immutable expression tree.
type Node struct {
	Kind     Kind
	Negated  bool
	Text     string
	Rename   string // SRC_URI: name after the arrow
	Atom     *atom.Atom
	Children []*Node
	Offset   int // byte offset in the source text

	// EmptyMatches is set on || and ^^ groups of an EAPI in which such a group
	// counts as matched when it has no members (PMS 8.2.3, 8.2.4).
	EmptyMatches bool

	// settled marks a subtree that Evaluate would return unchanged.
	settled bool
}

// Depend parses a *DEPEND string. An empty string gives an All node without
// children. A nil e means the latest EAPI, here and below; errors are
// *atom.SyntaxError.
//
// Unlike PMS's grammar, as Portage does, all parsers accept groups without
// members, because eclasses generate them.
func Depend(s string, e *eapi.EAPI) (*Node, error) { return parse(s, e, dependency) }

// DependBuilt parses a *DEPEND string recorded in a built package: atoms may use
// features of later EAPIs and the bound form :slot/sub= (atom.ParseBuilt).
func DependBuilt(s string, e *eapi.EAPI) (*Node, error) { return parse(s, e, built) }

// RequiredUse parses REQUIRED_USE (PMS 7.3.4). Whether the EAPI has the variable
// at all is the caller's concern.
func RequiredUse(s string, e *eapi.EAPI) (*Node, error) { return parse(s, e, requiredUse) }

// License parses LICENSE.
func License(s string, e *eapi.EAPI) (*Node, error) { return parse(s, e, license) }

// Words parses RESTRICT or PROPERTIES.
func Words(s string, e *eapi.EAPI) (*Node, error) { return parse(s, e, words) }

// SrcURI parses SRC_URI (PMS 7.3.2).
func SrcURI(s string, e *eapi.EAPI) (*Node, error) { return parse(s, e, srcURI) }

// Equal reports that two trees mean the same item by item. Offsets do not count.
func (n *Node) Equal(m *Node) bool {
	if n == nil || m == nil {
		return n == m
	}
	return n.Kind == m.Kind && n.Negated == m.Negated && n.Text == m.Text && n.Rename == m.Rename &&
		n.EmptyMatches == m.EmptyMatches && n.Atom.Equal(m.Atom) &&
		slices.EqualFunc(n.Children, m.Children, (*Node).Equal)
}

// Atoms calls f for every atom leaf in textual order.
func (n *Node) Atoms(f func(*atom.Atom)) {
	n.Leaves(func(l *Node) {
		if l.Kind == AtomLeaf {
			f(l.Atom)
		}
	})
}

// Leaves calls f for every leaf, atoms and texts, in textual order.
func (n *Node) Leaves(f func(*Node)) {
	if n == nil {
		return
	}
	if n.Kind == AtomLeaf || n.Kind == TextLeaf {
		f(n)
		return
	}
	for _, c := range n.Children {
		c.Leaves(f)
	}
}

// Conditions calls f for the flag of every USE conditional, and of every
// conditional USE dependency, in textual order; flags may repeat.
func (n *Node) Conditions(f func(flag string)) {
	if n == nil {
		return
	}
	switch n.Kind {
	case UseIf:
		f(n.Text)
	case AtomLeaf:
		for _, u := range n.Atom.Use {
			if u.Kind.Conditional() {
				f(u.Flag)
			}
		}
	}
	for _, c := range n.Children {
		c.Conditions(f)
	}
}

// Empty reports a tree without anything in it.
func (n *Node) Empty() bool {
	return n == nil || n.Kind == All && len(n.Children) == 0
}

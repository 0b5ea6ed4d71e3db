// Package depend parses dependency-like expressions (PMS 8.2): *DEPEND,
// REQUIRED_USE, LICENSE, RESTRICT, PROPERTIES and SRC_URI.
package depend

import (
	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/atom/eapi"
)

// Kind of a node.
type Kind uint8

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
}

// Depend parses a *DEPEND string. An empty string gives an All node without children.
func Depend(s string, e *eapi.EAPI) (*Node, error)      { panic("stub") }
func RequiredUse(s string, e *eapi.EAPI) (*Node, error) { panic("stub") }
func License(s string, e *eapi.EAPI) (*Node, error)     { panic("stub") }

// Words parses RESTRICT or PROPERTIES.
func Words(s string, e *eapi.EAPI) (*Node, error)  { panic("stub") }
func SrcURI(s string, e *eapi.EAPI) (*Node, error) { panic("stub") }

// String round-trips: parsing it gives an equal tree (offsets aside).
func (n *Node) String() string { panic("stub") }

// Evaluate resolves USE conditionals and the conditional USE dependencies of
// atoms, and flattens nested all-of groups in all-of context. Groups that PMS
// counts as true when empty stay visible as empty nodes only where EmptyGroupsMatch is false.
func (n *Node) Evaluate(use func(flag string) bool) *Node { panic("stub") }

// Atoms calls f for every atom leaf in textual order.
func (n *Node) Atoms(f func(*atom.Atom)) { panic("stub") }

// SatisfiedUse evaluates REQUIRED_USE.
func (n *Node) SatisfiedUse(use func(flag string) bool) bool { panic("stub") }

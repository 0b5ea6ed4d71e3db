package universe

import (
	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/atom/metadata"
)

// Arg is one argument of the request after names and sets were looked up:
// an atom, a set with its members, or one exact package (an ebuild path).
type Arg struct {
	Text  string // as the user wrote it: "dev-libs/icu", "@world"
	Set   bool   // Text names a set
	Root  RootID
	Atoms []ArgAtom
	// Exact restricts the argument to this package, whatever masks it (an ebuild or package file given by path).
	Exact *metadata.Package
}

// ArgAtom is one member of an argument.
type ArgAtom struct {
	Atom   *atom.Atom
	Sets   []string // sets it came through, outermost first ("@world", "@selected")
	Source metadata.Source
}

// Request is what the caller wants, with names resolved.
type Request struct {
	Args    []Arg
	Options Options
	// World is what must keep working besides the request (@world): the complete graph.
	World []Arg
	// Circular names dependencies (parent to child) that an earlier attempt found in build cycles without
	// an order: where there is a choice, another one is preferred.
	Circular map[*metadata.Package]map[*metadata.Package]bool
}

package plan

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/atom/eapi"
	"github.com/portsolve/portsolve/atom/metadata"
	"github.com/portsolve/portsolve/solver/universe"
)

// The tests describe selections in a small language, one package per line, in discovery order:
//
//	name[*|~]: dependency …     * replaces an installed version of itself, ~ is installed and stays
//	-name:                      installed and removed
//	+name: dependency …         more of a package declared above
//
// A dependency is KIND:name, KIND one of D B I R P, followed by any of
// "+" satisfied, "=" slot operator, "o" optional, "^" satisfied through a slot operator by an installed version with
// another sub-slot, "<old" satisfied by the installed package old; KIND:name|other is an edge to name from an any-of group;
// or !name, !!name: a blocker (against the installed package "name" that is replaced or removed, else against the planned one).
// A line "name~: !other" where name is also a replaced or removed package is written "@name: !other": the blocker
// of the installed package that goes.

// world is a parsed description.
type world struct {
	sel   *universe.Selection
	nodes map[string]*universe.Node
	old   map[string]*universe.Candidate
}

func candidate(name string, origin metadata.Origin) *universe.Candidate {
	category := "c"
	if i := strings.IndexByte(name, '/'); i >= 0 {
		category, name = name[:i], name[i+1:]
	}
	v, err := atom.ParseVersion(map[bool]string{true: "0", false: "1"}[origin == metadata.Installed])
	if err != nil {
		panic(err)
	}
	cpv := atom.CPV{CP: atom.CP{Category: category, Package: name}, Version: v}
	return &universe.Candidate{Pkg: &metadata.Package{CPV: cpv, Origin: origin, Slot: "0", SubSlot: "0",
		EAPI: eapi.Latest(), EAPIName: eapi.Latest().Name, Raw: map[string]string{}}}
}

func parse(t testing.TB, text string) *world {
	t.Helper()
	w := &world{sel: &universe.Selection{Roots: make([]universe.Root, 1)},
		nodes: map[string]*universe.Node{}, old: map[string]*universe.Candidate{}}
	type rest struct{ name, deps string }
	var lines []rest
	for line := range strings.Lines(text) {
		head, deps, ok := strings.Cut(strings.TrimSpace(line), ":")
		if !ok {
			continue
		}
		lines = append(lines, rest{head, deps})
		w.declare(head)
	}
	for _, l := range lines {
		w.installed(strings.Trim(l.name, "*~-@+"))
	}
	for _, l := range lines {
		for _, d := range strings.Fields(l.deps) {
			w.dependency(t, l.name, d)
		}
	}
	return w
}

func (w *world) declare(head string) {
	name := strings.Trim(head, "*~-@+")
	switch {
	case head[0] == '@', head[0] == '+':
		return
	case head[0] == '-':
		c := candidate(name, metadata.Installed)
		w.old[name] = c
		w.sel.Removed = append(w.sel.Removed, c)
		return
	}
	n := &universe.Node{Index: len(w.sel.Nodes), Merge: !strings.HasSuffix(head, "~")}
	if n.Merge {
		n.Cand = candidate(name, metadata.Ebuild)
	} else {
		n.Cand = candidate(name, metadata.Installed)
	}
	if strings.HasSuffix(head, "*") {
		w.old[name] = candidate(name, metadata.Installed)
		n.Replaces = []*universe.Candidate{w.old[name]}
	}
	w.nodes[name] = n
	w.sel.Nodes = append(w.sel.Nodes, n)
}

// installed enters what is installed under a name into the root, once.
func (w *world) installed(name string) {
	c := w.old[name]
	if n := w.nodes[name]; c == nil && n != nil && !n.Merge {
		c = n.Cand
	}
	if root := &w.sel.Roots[0]; c != nil && !slices.Contains(root.Installed, c.Pkg) {
		root.Installed = append(root.Installed, c.Pkg)
	}
}

func (w *world) dependency(t testing.TB, head, text string) {
	t.Helper()
	name := strings.Trim(head, "*~-@+")
	if text[0] == '!' {
		w.block(t, head, name, text)
		return
	}
	parent := w.nodes[name]
	kind := map[byte]metadata.DepKind{'D': metadata.DEPEND, 'B': metadata.BDEPEND, 'I': metadata.IDEPEND,
		'R': metadata.RDEPEND, 'P': metadata.PDEPEND}[text[0]]
	text, old, _ := strings.Cut(text, "<")
	childName := strings.TrimRight(text[2:], "+=o^")
	marks := text[2+len(childName):]
	childName, other, _ := strings.Cut(childName, "|")
	child := w.nodes[childName]
	if parent == nil || child == nil {
		t.Fatalf("%s: %s: unknown package", head, text)
	}
	slotOp := strings.ContainsAny(marks, "=^")
	p := universe.Priority{Satisfied: strings.ContainsAny(marks, "+^"), Optional: strings.Contains(marks, "o")}
	switch {
	case old != "":
		p.SatisfiedBy = w.old[old]
	case p.Satisfied && w.old[childName] != nil:
		p.SatisfiedBy = w.old[childName]
	case p.Satisfied && !child.Merge:
		p.SatisfiedBy = child.Cand
	}
	if strings.Contains(marks, "^") && p.SatisfiedBy != nil {
		p.SatisfiedBy.Pkg.SubSlot = "old"
	}
	parent.Cand.Pkg.Raw[kind.String()] += dependencyText(child.Cand.CP().String(), other)
	switch kind {
	case metadata.DEPEND, metadata.BDEPEND:
		p.Buildtime, p.BuildtimeSlotOp = true, slotOp
	case metadata.RDEPEND, metadata.IDEPEND:
		p.Runtime, p.RuntimeSlotOp = true, slotOp
	case metadata.PDEPEND:
		p.RuntimePost = true
	}
	e := &universe.Edge{Parent: parent, Child: child, Kind: kind, Atom: &atom.Atom{CP: child.Cand.CP()}, Priority: p}
	parent.Out = append(parent.Out, e)
	child.In = append(child.In, e)
}

func dependencyText(name, other string) string {
	if other == "" {
		return " " + name
	}
	return " || ( " + name + " c/" + other + " )"
}

func (w *world) block(t testing.TB, head, name, text string) {
	t.Helper()
	other := strings.TrimLeft(text, "!")
	a := &atom.Atom{CP: atom.CP{Category: "c", Package: other}, Blocker: atom.Blocker(len(text) - len(other))}
	b := &universe.Block{Parent: w.nodes[name], Atom: a, Kind: metadata.RDEPEND}
	if head[0] == '@' {
		b.Parent = &universe.Node{Index: -1, Cand: w.old[name]}
	}
	switch {
	case head[0] != '@' && w.old[other] != nil:
		b.Blocked = w.old[other]
	case w.nodes[other] != nil:
		b.Blocked = w.nodes[other].Cand
		if w.nodes[other].Merge {
			b.Planned = w.nodes[other]
		}
	default:
		t.Fatalf("%s: %s: unknown package", head, text)
	}
	w.sel.Blocks = append(w.sel.Blocks, b)
}

// show writes a plan in one line: names, -name for a removal, !name for a solved
// and ?!name for an unsolved blocker.
func show(p *Plan) string {
	var words []string
	for _, s := range p.Steps {
		switch s.Kind {
		case Merge:
			words = append(words, s.Node.Cand.CP().Package)
		case Uninstall:
			words = append(words, "-"+s.Removed.CP().Package)
		case Blocker:
			mark := "?"
			if s.Solved {
				mark = ""
			}
			words = append(words, fmt.Sprint(mark, strings.Repeat("!", int(s.Atom.Blocker)), s.Atom.Package))
		}
	}
	return strings.Join(words, " ")
}

func order(t testing.TB, text string, o Options) (*Plan, error) {
	t.Helper()
	return Order(context.Background(), parse(t, text).sel, o)
}

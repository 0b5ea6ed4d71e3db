package plan

import (
	"slices"

	"github.com/portsolve/portsolve/solver/universe"
)

// TreeEntry is one line of the display with --tree.
type TreeEntry struct {
	// Step is the index of the step, or -1 for a package that is shown only
	// because something below it is merged for its sake.
	Step  int
	Node  *universe.Node // nil for removals and blockers
	Depth int            // 0 for what was asked for
}

// Tree arranges the steps of a plan for --tree: in reverse order of execution, each package below one that
// needs it, indented by Depth. Packages that stay, and packages shown elsewhere, are repeated (Step -1)
// where they are needed to connect a line with the request.
func Tree(p *Plan, s *universe.Selection) []TreeEntry {
	t := &tree{sel: s, step: stepsOf(p)}
	for i, step := range slices.Backward(p.Steps) {
		if step.Kind != Merge {
			t.entries = append(t.entries, TreeEntry{Step: i, Depth: 0})
			continue
		}
		t.place(i, step.Node)
	}
	return t.entries
}

// UnorderedTree arranges the merges for --tree --unordered-display: from what was asked
// for down to its dependencies, each package once, whatever the order of execution. Removals and
// blockers follow.
func UnorderedTree(p *Plan, s *universe.Selection) []TreeEntry {
	t := &tree{sel: s, step: stepsOf(p)}
	shown := make([]bool, len(s.Nodes))
	for _, n := range s.Nodes {
		if len(n.Args) > 0 {
			t.descend(n, shown)
		}
	}
	for _, n := range s.Nodes {
		if _, ok := t.step[n]; ok && !shown[n.Index] {
			t.descend(n, shown)
		}
	}
	t.dropIdle()
	for i, step := range p.Steps {
		if step.Kind != Merge {
			t.entries = append(t.entries, TreeEntry{Step: i})
		}
	}
	return t.entries
}

func stepsOf(p *Plan) map[*universe.Node]int {
	steps := make(map[*universe.Node]int, len(p.Steps))
	for i, s := range p.Steps {
		if s.Kind == Merge {
			steps[s.Node] = i
		}
	}
	return steps
}

// tree is a display in the making.
type tree struct {
	sel     *universe.Selection
	step    map[*universe.Node]int
	entries []TreeEntry
	path    []*universe.Node // from the request to the line written last
}

// place writes the line of a merge: below the deepest package of the current path
// that needs it, else below a new path from the request.
func (t *tree) place(step int, n *universe.Node) {
	for depth := len(t.path); depth > 0; depth-- {
		if needs(t.path[depth-1], n) {
			t.path = append(t.path[:depth], n)
			t.entries = append(t.entries, TreeEntry{Step: step, Node: n, Depth: depth})
			return
		}
	}
	t.path = t.path[:0]
	for _, above := range t.wayDown(n) {
		t.entries = append(t.entries, TreeEntry{Step: -1, Node: above, Depth: len(t.path)})
		t.path = append(t.path, above)
	}
	t.entries = append(t.entries, TreeEntry{Step: step, Node: n, Depth: len(t.path)})
	t.path = append(t.path, n)
}

// needs reports whether parent depends on child directly.
func needs(parent, child *universe.Node) bool {
	return slices.ContainsFunc(parent.Out, func(e *universe.Edge) bool { return e.Child == child })
}

// wayDown is a shortest way from a package that was asked for to n, without n.
func (t *tree) wayDown(n *universe.Node) []*universe.Node {
	if len(n.Args) > 0 {
		return nil
	}
	below := map[*universe.Node]*universe.Node{n: nil}
	queue := []*universe.Node{n}
	for i := 0; i < len(queue); i++ {
		for _, e := range queue[i].In {
			if _, seen := below[e.Parent]; seen {
				continue
			}
			below[e.Parent] = queue[i]
			if len(e.Parent.Args) > 0 {
				return chain(below, e.Parent, n)
			}
			queue = append(queue, e.Parent)
		}
	}
	return nil
}

func chain(below map[*universe.Node]*universe.Node, from, to *universe.Node) []*universe.Node {
	var way []*universe.Node
	for n := from; n != to; n = below[n] {
		way = append(way, n)
	}
	return way
}

// descend writes n and what it depends on, depth first, each package once.
func (t *tree) descend(root *universe.Node, shown []bool) {
	type visit struct {
		node  *universe.Node
		depth int
	}
	stack := []visit{{root, 0}}
	for len(stack) > 0 {
		v := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if !has(t.sel, v.node) || shown[v.node.Index] {
			continue
		}
		shown[v.node.Index] = true
		step, ok := t.step[v.node]
		if !ok {
			step = -1
		}
		t.entries = append(t.entries, TreeEntry{Step: step, Node: v.node, Depth: v.depth})
		for _, e := range slices.Backward(v.node.Out) {
			stack = append(stack, visit{e.Child, v.depth + 1})
		}
	}
}

// dropIdle removes lines of packages that stay and that have no merge below them.
func (t *tree) dropIdle() {
	kept := make([]TreeEntry, 0, len(t.entries))
	depth := -1 // of the nearest kept line below
	for _, e := range slices.Backward(t.entries) {
		if e.Step < 0 && e.Depth >= depth {
			continue
		}
		kept = append(kept, e)
		depth = e.Depth
	}
	slices.Reverse(kept)
	t.entries = kept
}

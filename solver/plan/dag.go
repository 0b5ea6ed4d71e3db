package plan

import (
	"slices"

	"github.com/portsolve/portsolve/atom/metadata"
	"github.com/portsolve/portsolve/solver/universe"
)

// Dep is one thing that a step waits for.
type Dep struct {
	Step int    // index of an earlier step
	Kind string // "build", "run", "post", "install", "slot", "blocker"
}

// depKinds are the words for dependencies in Dep.Kind.
var depKinds = [metadata.NumDepKinds]string{
	metadata.DEPEND: "build", metadata.BDEPEND: "build", metadata.IDEPEND: "install",
	metadata.RDEPEND: "run", metadata.PDEPEND: "post",
}

// DAG tells for every step which earlier steps it must wait for, in ascending order of
// step and kind. It is not reduced. Dependencies that the order could not keep (in cycles, satisfied by
// what is installed) are not in it. Kind "slot" is a step about the same slot of the same package, "blocker"
// a removal or replacement that a blocker asks for, or the packages that a removal follows.
func DAG(p *Plan) [][]Dep {
	d := newDAG(p)
	for i, s := range p.Steps {
		switch s.Kind {
		case Merge:
			d.dependencies(i, s.Node)
			d.sameSlot(i, s.Node.Cand)
		case Uninstall:
			d.sameSlot(i, s.Removed)
		case Blocker:
			d.display(i)
		}
	}
	d.blockers()
	for i := range d.deps {
		slices.SortFunc(d.deps[i], func(a, b Dep) int {
			if a.Step != b.Step {
				return a.Step - b.Step
			}
			return kindRank(a.Kind) - kindRank(b.Kind)
		})
		d.deps[i] = slices.Compact(d.deps[i])
	}
	return d.deps
}

// kindRank orders the kinds of Dep.
func kindRank(kind string) int {
	return slices.Index([]string{"build", "install", "run", "post", "slot", "blocker"}, kind)
}

// dag collects the result of DAG.
type dag struct {
	plan  *Plan
	deps  [][]Dep
	merge map[*universe.Node]int      // step of a node
	gone  map[*universe.Candidate]int // step after which an installed package is gone
	slot  map[universe.SlotKey]int    // latest step about a slot so far
	cycle map[int][]int               // steps of a run-time cycle
}

func newDAG(p *Plan) *dag {
	d := &dag{plan: p, deps: make([][]Dep, len(p.Steps)), merge: map[*universe.Node]int{},
		gone: map[*universe.Candidate]int{}, slot: map[universe.SlotKey]int{}, cycle: map[int][]int{}}
	for i, s := range p.Steps {
		switch s.Kind {
		case Merge:
			d.merge[s.Node] = i
			for _, old := range s.Node.Replaces {
				if _, earlier := d.gone[old]; !earlier {
					d.gone[old] = i
				}
			}
			if s.Cycle > 0 {
				d.cycle[s.Cycle] = append(d.cycle[s.Cycle], i)
			}
		case Uninstall:
			d.gone[s.Removed] = i
		}
	}
	return d
}

// add notes that step waits for an earlier one; others are ignored.
func (d *dag) add(step, earlier int, kind string) {
	if earlier < step {
		d.deps[step] = append(d.deps[step], Dep{earlier, kind})
	}
}

// dependencies adds the dependencies of a merged package. Whoever needs one member of a
// run-time cycle needs the members that make it usable.
func (d *dag) dependencies(step int, n *universe.Node) {
	for _, e := range n.Out {
		child, ok := d.merge[e.Child]
		if !ok || e.Child == n || e.Priority.Optional {
			continue
		}
		d.add(step, child, depKinds[e.Kind])
		cycle := d.plan.Steps[child].Cycle
		if cycle == 0 || cycle == d.plan.Steps[step].Cycle {
			continue
		}
		for _, member := range d.cycle[cycle] {
			d.add(step, member, depKinds[e.Kind])
		}
	}
}

// sameSlot orders steps about one slot.
func (d *dag) sameSlot(step int, c *universe.Candidate) {
	if last, ok := d.slot[c.SlotKey()]; ok {
		d.add(step, last, "slot")
	}
	d.slot[c.SlotKey()] = step
}

// display makes a solved blocker follow the step that solved it.
func (d *dag) display(step int) {
	if d.plan.Steps[step].Solved && step > 0 {
		d.add(step, step-1, "blocker")
	}
}

// blockers orders merges and the removals or replacements that blockers ask for, as
// the plan has them.
func (d *dag) blockers() {
	for _, s := range d.plan.Steps {
		if s.Kind != Blocker {
			continue
		}
		for _, b := range s.Blocks {
			d.tie(b)
		}
	}
	for _, b := range d.plan.hidden {
		d.tie(b)
	}
}

func (d *dag) tie(b *universe.Block) {
	old, merged, ok := parties(b)
	if !ok {
		return
	}
	gone, ok1 := d.gone[old]
	step, ok2 := d.merge[merged]
	if !ok1 || !ok2 {
		return
	}
	d.add(max(gone, step), min(gone, step), "blocker")
}

package render

import (
	"strings"

	"github.com/portsolve/portsolve/solver/answer"
)

// forest is the plan seen from the requests downwards: every entry hangs below
// the first entry of the plan that needs it.
type forest struct {
	plan   []answer.Entry
	parent []int // -1 for a root
}

func newForest(plan []answer.Entry) *forest {
	f := &forest{plan: plan, parent: make([]int, len(plan))}
	at := make(map[string]int, len(plan))
	for i := range plan {
		f.parent[i] = -1
		if plan[i].Action == answer.Merge {
			at[plan[i].Root+" "+plan[i].CPV] = i
		}
	}
	for i := range plan {
		if isRequested(&plan[i]) {
			continue
		}
		for _, name := range parentNames(&plan[i]) {
			j, ok := at[plan[i].Root+" "+name]
			if ok && j != i && !f.below(j, i) {
				f.parent[i] = j
				break
			}
		}
	}
	return f
}

func parentNames(e *answer.Entry) []string {
	if len(e.Parents) > 0 {
		return e.Parents
	}
	var names []string
	for _, w := range e.Why {
		if w.Parent != "" {
			names = append(names, w.Parent)
		}
	}
	return names
}

// below reports whether a hangs somewhere below b; it keeps the forest free of
// cycles, since a run-time cycle may name each other as parents.
func (f *forest) below(a, b int) bool {
	for ; a >= 0; a = f.parent[a] {
		if a == b {
			return true
		}
	}
	return false
}

// chain is the way from the root to entry i, i included.
func (f *forest) chain(i int) []int {
	var up []int
	for ; i >= 0; i = f.parent[i] {
		up = append(up, i)
	}
	for l, r := 0, len(up)-1; l < r; l, r = l+1, r-1 {
		up[l], up[r] = up[r], up[l]
	}
	return up
}

// tree prints the plan in reverse order of merging, each package below what
// needs it. A parent whose own line stands elsewhere is repeated as "nomerge".
// With Unordered the list leaves the merge order and repeats nothing.
func (p *page) tree() {
	f := newForest(p.res.Plan)
	if p.opt.Unordered {
		for i := len(f.plan) - 1; i >= 0; i-- {
			if f.parent[i] < 0 {
				p.branch(f, i, 0)
			}
		}
		return
	}
	var open []int
	for i := len(f.plan) - 1; i >= 0; i-- {
		way := f.chain(i)
		same := 0
		for same < len(open) && same < len(way)-1 && open[same] == way[same] {
			same++
		}
		for depth := same; depth < len(way)-1; depth++ {
			p.nomerge(&f.plan[way[depth]], depth)
		}
		p.entry(&f.plan[i], len(way)-1)
		open = way
	}
}

func (p *page) branch(f *forest, i, depth int) {
	p.entry(&f.plan[i], depth)
	for j := len(f.plan) - 1; j >= 0; j-- {
		if f.parent[j] == i {
			p.branch(f, j, depth+1)
		}
	}
}

func (p *page) nomerge(e *answer.Entry, depth int) {
	p.printf("[nomerge       ] %s%s\n", strings.Repeat(" ", depth), p.palette.paint(merge, p.title(e)))
}

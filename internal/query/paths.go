package query

import (
	"cmp"
	"slices"

	"github.com/portsolve/portsolve/solver/universe"
)

// Path is a shortest chain of dependencies from an argument to p: the edges in
// order, p at the end of the last one; there are none if an argument asks for p
// itself. start is the package that the argument asks for, nil if no argument
// leads to p. Of equally short chains one with the fewest build-time dependencies
// is taken.
func Path(p *Package) (start *Package, edges []*Edge) {
	via := map[*Package]*Edge{p: nil} // the way towards p
	cost := map[*Package]int{p: 0}    // build-time dependencies on it
	for level := []*Package{p}; len(level) > 0; level = above(level, via, cost) {
		for _, q := range level {
			if len(q.Args) > 0 && (start == nil || cost[q] < cost[start]) {
				start = q
			}
		}
		if start != nil {
			break
		}
	}
	if start == nil {
		return nil, nil
	}
	for e := via[start]; e != nil; e = via[e.To] {
		edges = append(edges, e)
	}
	return start, edges
}

// above lists the packages that depend on a level and were not met before.
func above(level []*Package, via map[*Package]*Edge, cost map[*Package]int) []*Package {
	var next []*Package
	met := map[*Package]bool{} // in next
	for _, at := range level {
		for _, e := range at.In {
			c := cost[at] + rank(e)
			_, known := via[e.From]
			switch {
			case !known:
				met[e.From] = true
				next = append(next, e.From)
			case !met[e.From] || c >= cost[e.From]:
				continue
			}
			via[e.From], cost[e.From] = e, c
		}
	}
	return next
}

// incoming lists the edges to p, run-time dependencies first.
func incoming(p *Package) []*Edge {
	list := slices.Clone(p.In)
	slices.SortStableFunc(list, func(a, b *Edge) int { return cmp.Compare(rank(a), rank(b)) })
	return list
}

func rank(e *Edge) int {
	if universe.BuildTime(e.Kind) {
		return 1
	}
	return 0
}

// Parents counts the packages that depend on p directly.
func Parents(p *Package) int {
	seen := map[*Package]bool{p: true}
	for _, e := range p.In {
		seen[e.From] = true
	}
	return len(seen) - 1
}

// AllPaths lists the packages on all paths from arguments to p, p first and then
// nearest first, each with the dependencies that lead to it from others of the list.
// If no argument leads to p, those of its direct parents are listed.
func AllPaths(g *Graph, p *Package) []Step {
	g.reach(p)
	if !p.fromArgs {
		return []Step{{p, p.In}}
	}
	var out []Step
	seen := map[*Package]bool{p: true}
	queue := []*Package{p}
	for len(queue) > 0 {
		at := queue[0]
		queue = queue[1:]
		step := Step{Package: at}
		for _, e := range incoming(at) {
			if !e.From.fromArgs || e.From == p {
				continue
			}
			step.In = append(step.In, e)
			if !seen[e.From] {
				seen[e.From] = true
				queue = append(queue, e.From)
			}
		}
		out = append(out, step)
	}
	return out
}

// Step is a package on a path, and the dependencies of others on it.
type Step struct {
	Package *Package
	In      []*Edge
}

// reach marks what arguments lead to without going through p; p is marked if
// anything leads to it.
func (g *Graph) reach(p *Package) {
	var stack []*Package
	for _, q := range g.Packages {
		if q.fromArgs = len(q.Args) > 0; q.fromArgs {
			stack = append(stack, q)
		}
	}
	for len(stack) > 0 {
		at := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if at == p {
			continue
		}
		for _, e := range at.Out {
			if !e.To.fromArgs {
				e.To.fromArgs = true
				stack = append(stack, e.To)
			}
		}
	}
}

package sat

// Propagator keeps a partial assignment closed under unit propagation, with
// scopes that can be undone. The search asks it after every choice what has
// become certain. (gini can propagate in scopes, too, but does not report what
// follows without an assumption, or from a failed one.)
type Propagator struct {
	lits    []Lit
	clauses [][2]int32 // from, to in lits; the first two literals are watched
	watch   [][]int32  // by literal index: clauses that watch it
	val     []int8     // by variable
	trail   []Lit
	marks   []int // length of trail at each open scope
	head    int
	broken  bool // contradictory without any scope
}

// NewPropagator makes one for variables 1 to vars.
func NewPropagator(vars int) *Propagator {
	return &Propagator{val: make([]int8, vars+1), watch: make([][]int32, 2*(vars+1))}
}

func slot(l Lit) int {
	if l < 0 {
		return int(-l)*2 + 1
	}
	return int(l) * 2
}

// True reports whether l is certain.
func (p *Propagator) True(l Lit) bool {
	if l < 0 {
		return p.val[-l] < 0
	}
	return p.val[l] > 0
}

// Add adds a clause; no scope may be open. What follows from it is propagated.
func (p *Propagator) Add(clause ...Lit) {
	if p.broken {
		return
	}
	open := make([]Lit, 0, len(clause))
	for _, l := range clause {
		if p.True(l) {
			return
		}
		if !p.True(-l) {
			open = append(open, l)
		}
	}
	switch len(open) {
	case 0:
		p.broken = true
	case 1:
		p.set(open[0])
		p.broken = !p.propagate()
	default:
		from := int32(len(p.lits))
		p.lits = append(p.lits, open...)
		id := int32(len(p.clauses))
		p.clauses = append(p.clauses, [2]int32{from, int32(len(p.lits))})
		p.watch[slot(open[0])] = append(p.watch[slot(open[0])], id)
		p.watch[slot(open[1])] = append(p.watch[slot(open[1])], id)
	}
}

func (p *Propagator) set(l Lit) {
	if l < 0 {
		p.val[-l] = -1
	} else {
		p.val[l] = 1
	}
	p.trail = append(p.trail, l)
}

// propagate closes the assignment; false in a contradiction.
func (p *Propagator) propagate() bool {
	for ; p.head < len(p.trail); p.head++ {
		if !p.visit(p.trail[p.head].Not()) {
			return false
		}
	}
	return true
}

// visit looks at the clauses that watch a literal which has become false.
func (p *Propagator) visit(f Lit) bool {
	list := p.watch[slot(f)]
	kept := list[:0]
	for i, id := range list {
		c := p.lits[p.clauses[id][0]:p.clauses[id][1]]
		if c[0] == f {
			c[0], c[1] = c[1], c[0]
		}
		if p.True(c[0]) || p.rewatch(c, id) {
			if p.True(c[0]) {
				kept = append(kept, id)
			}
			continue
		}
		kept = append(kept, id)
		if p.True(c[0].Not()) {
			p.watch[slot(f)] = append(kept, list[i+1:]...)
			return false
		}
		p.set(c[0])
	}
	p.watch[slot(f)] = kept
	return true
}

// rewatch finds another literal to watch in place of c[1]; false if there is none.
func (p *Propagator) rewatch(c []Lit, id int32) bool {
	for k := 2; k < len(c); k++ {
		if !p.True(c[k].Not()) {
			c[1], c[k] = c[k], c[1]
			p.watch[slot(c[1])] = append(p.watch[slot(c[1])], id)
			return true
		}
	}
	return false
}

// Push opens a scope and assumes l; false, with the scope closed again, if that
// is a contradiction.
func (p *Propagator) Push(l Lit) bool {
	if p.broken || p.True(l.Not()) {
		return false
	}
	p.marks = append(p.marks, len(p.trail))
	if !p.True(l) {
		p.set(l)
	}
	if p.propagate() {
		return true
	}
	p.PopTo(len(p.marks) - 1)
	return false
}

// Depth is the number of open scopes.
func (p *Propagator) Depth() int { return len(p.marks) }

// PopTo closes scopes until depth are left.
func (p *Propagator) PopTo(depth int) {
	if depth >= len(p.marks) {
		return
	}
	n := p.marks[depth]
	for _, l := range p.trail[n:] {
		p.val[l.Var()] = 0
	}
	p.trail, p.marks = p.trail[:n], p.marks[:depth]
	p.head = n
}

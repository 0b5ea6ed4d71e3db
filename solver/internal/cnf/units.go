package cnf

import "github.com/portsolve/portsolve/solver/internal/sat"

// Facts returns the literals that follow from the clauses by unit propagation
// alone, without any assumption. The engine knows them, too, but does not report them.
func (f *Formula) Facts() []sat.Lit {
	val := make([]int8, f.vars+1)
	occ := make([][]int32, 2*(f.vars+1))
	open := make([]int32, len(f.clauses))
	var queue []sat.Lit
	set := func(l sat.Lit) {
		v, s := l.Var(), int8(1)
		if l < 0 {
			s = -1
		}
		if val[v] == 0 {
			val[v] = s
			queue = append(queue, l)
		}
	}
	for i, c := range f.clauses {
		lits := f.lits[c.from:c.to]
		open[i] = int32(len(lits))
		if len(lits) == 1 {
			set(lits[0])
		}
		for _, l := range lits {
			k := index(l.Not())
			occ[k] = append(occ[k], int32(i))
		}
	}
	for done := 0; done < len(queue); done++ {
		for _, i := range occ[index(queue[done])] {
			open[i]--
			if open[i] == 1 {
				c := f.clauses[i]
				if l := f.last(val, f.lits[c.from:c.to]); l != 0 {
					set(l)
				}
			}
		}
	}
	return queue
}

func index(l sat.Lit) int {
	if l < 0 {
		return int(-l)*2 + 1
	}
	return int(l) * 2
}

// last is the only literal that is not false, 0 if one is true.
func (f *Formula) last(val []int8, lits []sat.Lit) sat.Lit {
	var free sat.Lit
	for _, l := range lits {
		v := val[l.Var()]
		switch {
		case v == 0:
			free = l
		case (v > 0) == (l > 0):
			return 0
		}
	}
	return free
}

package cnf

import (
	"bufio"
	"fmt"
	"io"
	"strconv"

	"github.com/portsolve/portsolve/solver/internal/sat"
)

// WriteDIMACS writes the formula in the format that SAT solvers read. A comment
// before a clause names its rule; clauses of one rule that follow each other share
// it. Learned clauses are part of it, marked as such: they follow from the others.
func (f *Formula) WriteDIMACS(w io.Writer) error {
	out := bufio.NewWriter(w)
	fmt.Fprintf(out, "c The formula of a resolution; vars.tsv says what each variable means.\n")
	fmt.Fprintf(out, "c Rules: docs/encoding.md. The numbers of the rules are those of this file only.\n")
	fmt.Fprintf(out, "p cnf %d %d\n", f.vars, len(f.clauses))
	last := int32(-1)
	var line []byte
	for _, c := range f.clauses {
		if c.rule != last {
			fmt.Fprintf(out, "c %d %s\n", c.rule+1, oneLine(f.rules.at(c.rule).String()))
			last = c.rule
		}
		line = line[:0]
		for _, l := range f.lits[c.from:c.to] {
			line = append(strconv.AppendInt(line, int64(l), 10), ' ')
		}
		out.Write(append(line, '0', '\n'))
	}
	return out.Flush()
}

// WriteVariables writes a table with one line per variable and a heading:
// number, meaning and package, separated by tabs.
func (f *Formula) WriteVariables(w io.Writer) error {
	out := bufio.NewWriter(w)
	out.WriteString("variable\tmeaning\tpackage\n")
	for i, v := range f.Variables() {
		fmt.Fprintf(out, "%d\t%s\t%s\n", i+1, oneLine(v.Meaning), oneLine(v.Package))
	}
	return out.Flush()
}

// WriteModel writes what was decided, in this order, and then every true
// variable, each with number, meaning and package. e must hold a model: nothing may
// have been asked of it since it answered Sat.
func (f *Formula) WriteModel(w io.Writer, e *sat.Engine, decisions []sat.Lit) error {
	out := bufio.NewWriter(w)
	vars := f.Variables()
	write := func(l sat.Lit) {
		v := vars[l.Var()-1]
		fmt.Fprintf(out, "%d\t%s\t%s\n", l, oneLine(v.Meaning), oneLine(v.Package))
	}
	fmt.Fprintf(out, "# %d decisions in their order; a number below 0 is a choice that turned out to be impossible\n", len(decisions))
	for _, l := range decisions {
		write(l)
	}
	model := f.model(e, decisions)
	fmt.Fprintf(out, "\n# %d of %d variables are true\n", len(model), f.vars)
	for _, l := range model {
		write(l)
	}
	return out.Flush()
}

// model lists the true variables. What no clause mentions is true only if it was decided.
func (f *Formula) model(e *sat.Engine, decisions []sat.Lit) []sat.Lit {
	state := make([]bool, f.vars+1)
	for _, l := range f.lits {
		state[l.Var()] = true
	}
	for v := range state {
		state[v] = state[v] && e.Value(sat.Lit(v))
	}
	for _, l := range decisions {
		state[l.Var()] = l > 0
	}
	var out []sat.Lit
	for v, on := range state {
		if on {
			out = append(out, sat.Lit(v))
		}
	}
	return out
}

// oneLine keeps text from the outside from breaking the line format.
func oneLine(s string) string {
	for i := range len(s) {
		if s[i] < ' ' {
			return strconv.Quote(s)
		}
	}
	return s
}

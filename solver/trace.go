package solver

import (
	"context"
	"fmt"
	"io"

	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/solver/internal/search"
	"github.com/portsolve/portsolve/solver/scenario"
	"github.com/portsolve/portsolve/solver/universe"
)

// stages is what an outcome was made of, for the Write methods.
type stages struct {
	problem  *Problem
	universe *universe.Universe
	found    *search.Result
	earlier  []atom.CP // names that only earlier rounds of Solve asked for
}

// WriteUniverse writes the request and all packages that were looked at as a scenario (package
// scenario). Solving what scenario.Parse reads from it gives the same selection.
func (o *Outcome) WriteUniverse(ctx context.Context, w io.Writer) error {
	names := append(o.stages.universe.Names(), o.stages.earlier...)
	return scenario.Write(ctx, w, o.stages.problem.Roots, &o.stages.problem.Request, names)
}

// WriteFormula writes the clauses that the selection is a model of, in DIMACS
// format, each with its rule as a comment.
func (o *Outcome) WriteFormula(w io.Writer) error {
	if f := o.stages.found.Formula; f != nil {
		return f.WriteDIMACS(w)
	}
	_, err := io.WriteString(w, "c The request was refused before a formula was needed.\np cnf 0 0\n")
	return err
}

// WriteVariables writes the meaning of the formula's variables as a table: number,
// meaning and package, separated by tabs, below a line with these headings.
func (o *Outcome) WriteVariables(w io.Writer) error {
	if f := o.stages.found.Formula; f != nil {
		return f.WriteVariables(w)
	}
	_, err := io.WriteString(w, "variable\tmeaning\tpackage\n")
	return err
}

// WriteModel writes the decisions in the order they were made and the true
// variables; without a complete selection, what contradicts it.
func (o *Outcome) WriteModel(w io.Writer) error {
	r := o.stages.found
	if o.Complete && r.Formula != nil && r.Engine != nil {
		return r.Formula.WriteModel(w, r.Engine, r.Decisions)
	}
	text := "# There is no model that fulfils the request.\n"
	if o.Conflict != nil {
		text += "# These rules contradict each other:\n"
		for _, rule := range o.Conflict.Rules {
			text += rule.Text + "\n"
		}
	}
	for _, u := range o.Unsatisfied {
		text += fmt.Sprintf("# nothing satisfies %s (%s)\n", u.Atom, u.Parent)
	}
	_, err := io.WriteString(w, text)
	return err
}

package portsolve

import (
	"context"
	"fmt"
	"io"

	"github.com/portsolve/portsolve/solver/scenario"
)

// trace gives the stages between request and answer to Request.Trace.
func (c *composer) trace(ctx context.Context, r *Request, res *Result) error {
	if r.Trace == nil {
		return nil
	}
	o := c.outcome
	for _, file := range [...]struct {
		name  string
		write func(io.Writer) error
	}{
		{"universe.txtar", func(w io.Writer) error {
			if err := o.WriteUniverse(ctx, w); err != nil {
				return err
			}
			return scenario.WriteExpect(w, res)
		}},
		{"problem.cnf", o.WriteFormula},
		{"vars.tsv", o.WriteVariables},
		{"model.txt", o.WriteModel},
	} {
		if err := r.Trace(file.name, file.write); err != nil {
			return fmt.Errorf("tracing the resolution: %w", err)
		}
	}
	return nil
}

package cli

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/portsolve/portsolve"
	"github.com/portsolve/portsolve/internal/wholefile"
	"github.com/portsolve/portsolve/solver/answer"
)

// traceFiles are the files of --trace DIR, one per stage, in order: what was asked
// (words and options after normalisation), what was looked at (docs/scenarios.md), the
// formula and its variables (docs/encoding.md), what was chosen, and the answer (docs/json.md).
var traceFiles = [...]string{"request.json", "universe.txtar", "problem.cnf", "vars.tsv", "model.txt", "plan.json"}

// startTrace writes the first stage, and has the library hand over the next ones.
// Files of an earlier run go first, so that what is there belongs together.
func (c *command) startTrace(req *portsolve.Request) error {
	if c.trace == "" {
		return nil
	}
	if err := os.MkdirAll(c.trace, 0o755); err != nil {
		return fmt.Errorf("--trace: %w", err)
	}
	for _, name := range traceFiles {
		if err := os.Remove(filepath.Join(c.trace, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("--trace: %w", err)
		}
	}
	if err := c.traceJSON(traceFiles[0], *req); err != nil {
		return err
	}
	req.Trace = c.traceFile
	return nil
}

// endTrace writes the last stage.
func (c *command) endTrace(res *answer.Result) error {
	if c.trace == "" {
		return nil
	}
	return c.traceJSON(traceFiles[len(traceFiles)-1], res)
}

func (c *command) traceJSON(name string, value any) error {
	return c.traceFile(name, func(w io.Writer) error { return answer.Encode(w, value) })
}

// traceFile writes one file: it is there whole, or not at all.
func (c *command) traceFile(name string, write func(io.Writer) error) error {
	if err := wholefile.Replace(filepath.Join(c.trace, name), write); err != nil {
		return fmt.Errorf("--trace: %w", err)
	}
	return nil
}

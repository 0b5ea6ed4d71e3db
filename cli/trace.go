package cli

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/portsolve/portsolve"
	"github.com/portsolve/portsolve/solver/answer"
)

// traceRequest and traceResult write the first and the last stage of a
// resolution to the directory of --trace: what was asked (request.json: words
// and options after normalisation) and the answer (plan.json, docs/json.md).
func (c *command) traceRequest(req portsolve.Request) error {
	return c.traceFile("request.json", req)
}

func (c *command) traceResult(res *answer.Result) error {
	return c.traceFile("plan.json", res)
}

func (c *command) traceFile(name string, value any) error {
	if c.trace == "" {
		return nil
	}
	text, err := json.MarshalIndent(value, "", "  ")
	if err == nil {
		err = os.MkdirAll(c.trace, 0o755)
	}
	if err == nil {
		err = os.WriteFile(filepath.Join(c.trace, name), append(text, '\n'), 0o644)
	}
	if err != nil {
		return fmt.Errorf("--trace: %w", err)
	}
	return nil
}

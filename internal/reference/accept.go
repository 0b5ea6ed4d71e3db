package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/portsolve/portsolve"
	"github.com/portsolve/portsolve/solver/answer"
)

// acceptFirst writes the first alternative of every case that has one into the machine's configuration, as
// --autounmask-continue would, and asks again: the request must be solved, with as many packages as was promised.
func (h *harness) acceptFirst(ctx context.Context) (err error) {
	cases, err := readCases(filepath.Join(h.data, "expected"), h.only)
	if err != nil {
		return err
	}
	solved, count := 0, 0
	for _, c := range cases {
		if h.systems, err = os.MkdirTemp("", "portsolve-systems-"); err != nil {
			return err
		}
		h.unpacked = map[string]error{}
		tried, ok, err := h.accept(ctx, c)
		_ = os.RemoveAll(h.systems) // the configuration is changed: the next case unpacks it anew
		if err != nil {
			return fmt.Errorf("%s: %w", c.Name, err)
		}
		if tried {
			count++
		}
		if ok {
			solved++
		}
	}
	fmt.Fprintf(h.w, "accept: %d of %d requests are solved with their first alternative\n", solved, count)
	return nil
}

func (h *harness) accept(ctx context.Context, c *referenceCase) (tried, ok bool, err error) {
	request, err := c.resolveRequest(false)
	if err != nil {
		return false, false, err
	}
	request.Patience = h.patience
	dir, err := h.machine(c.System)
	if err != nil {
		return false, false, err
	}
	start := time.Now()
	sys, first, err := resolve(ctx, dir, h.tree, request)
	if err != nil {
		return false, false, err
	}
	took := time.Since(start)
	if len(first.Alternatives) == 0 {
		return false, false, nil
	}
	a := &first.Alternatives[0]
	edits, err := sys.PrepareChanges(a.Changes, true)
	if err != nil {
		return true, false, err
	}
	if err := edits.Apply(); err != nil {
		return true, false, err
	}
	request.Alternatives = portsolve.NoAlternatives
	again, second, err := resolve(ctx, dir, h.tree, request)
	if err != nil {
		return true, false, err
	}
	ok = second.Status == answer.Solved && len(second.Plan) == len(a.Plan) || !a.Ordered && second.Changes.Empty() && len(second.Plan) >= len(a.Plan)
	fmt.Fprintf(h.w, "%-36s %2d alternatives (%s) in %.3f s; the first: %d entries, promised %d of the plan; again: %s, %d, checker: %s\n",
		c.Name, len(first.Alternatives), first.AlternativesEnd, took.Seconds(), len(a.Changes.Entries), len(a.Plan), second.Status, len(second.Plan),
		verdict(ctx, again, request, second))
	return true, ok, nil
}

// Package solver finds the best selection for a request. See docs/encoding.md and docs/objective.md.
package solver

import (
	"context"

	"github.com/portsolve/portsolve/solver/answer"
	"github.com/portsolve/portsolve/solver/universe"
)

// Problem is everything a resolution depends on. Nothing else (time, environment, files) does.
type Problem struct {
	Roots   []universe.Root
	Request universe.Request
}

// Outcome is the selection and what could not be done. Plan is not set here (see plan.Order).
type Outcome struct {
	Selection     *universe.Selection // best found; incomplete if Status is Unsolvable
	Complete      bool
	Changes       answer.Changes
	Conflict      *answer.Conflict
	Unsatisfied   []answer.Unsatisfied
	RequiredUse   []answer.RequiredUse
	SlotConflicts []answer.SlotConflict
	VirtualCycle  []string
	Rebuilds      map[string][]string
	HeldBack      []answer.HeldBack
	Stats         answer.Stats
}

// Solve runs universe → CNF → model → selection. The error is ctx's, or broken input; an
// unsolvable request is an Outcome, not an error.
func Solve(ctx context.Context, p *Problem) (*Outcome, error) { panic("stub") }

// Package plan orders a selection: which package is merged or removed when.
package plan

import (
	"context"

	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/solver/universe"
)

// Step is one action, in order of execution.
type Step struct {
	Kind    StepKind
	Node    *universe.Node      // Merge
	Removed *universe.Candidate // Uninstall
	Block   *universe.Block     // Blocker (for display)
	Atom    *atom.Atom          // Blocker
	Solved  bool                // Blocker: an uninstall or replacement of the plan solves it
	Cycle   int                 // >0: number of the run-time cycle it belongs to
}

type StepKind uint8

const (
	Merge StepKind = iota
	Uninstall
	Blocker
)

// Plan is the ordered selection.
type Plan struct {
	Steps []Step
	// Unsolved blockers end the plan as Blocker steps with Solved false.
	Unsolved bool
}

// Options of Order.
type Options struct {
	Compat                 bool // neighbours in emerge's order too
	Tree, UnorderedDisplay bool
	ImplicitSystemDeps     bool
	BuildPkgOnly           bool
}

// Order computes the merge order. An unbreakable cycle of build dependencies gives a *CycleError
// together with the steps that could be ordered.
func Order(ctx context.Context, s *universe.Selection, o Options) (*Plan, error) { panic("stub") }

// CycleError carries the members of an unbreakable cycle and the edges between them.
type CycleError struct {
	Nodes []*universe.Node
	Edges []*universe.Edge
}

func (e *CycleError) Error() string { panic("stub") }

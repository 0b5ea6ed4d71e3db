// Package plan orders a selection: which package is merged or removed when.
// docs/plan-order.md states the principles; its sections are cited as "order 3".
package plan

import (
	"context"
	"slices"

	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/solver/universe"
)

// Step is one action, in order of execution.
type Step struct {
	Kind    StepKind
	Node    *universe.Node      // Merge
	Removed *universe.Candidate // Uninstall
	Block   *universe.Block     // Blocker (for display): the first with this atom
	Blocks  []*universe.Block   // Blocker: all blocks with this atom, for their parents
	Atom    *atom.Atom          // Blocker
	Solved  bool                // Blocker: an uninstall or replacement of the plan solves it
	Cycle   int                 // >0: number of the run-time cycle it belongs to
}

// StepKind tells the kinds of Step apart.
type StepKind uint8

// The kinds of steps. A Blocker does nothing; it is there to be displayed.
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

	// hidden are blocks that a replacement solves without a display entry; DAG needs them.
	hidden []*universe.Block
	// early are packages that are removed although a later step merges something into their slot.
	early []*universe.Candidate
}

// Replaces lists the installed packages whose place n takes when its turn comes: Node.Replaces without what an
// earlier step of the plan has removed (order 6).
func (p *Plan) Replaces(n *universe.Node) []*universe.Candidate {
	if !slices.ContainsFunc(n.Replaces, p.removedEarly) {
		return n.Replaces
	}
	return slices.DeleteFunc(slices.Clone(n.Replaces), p.removedEarly)
}

func (p *Plan) removedEarly(c *universe.Candidate) bool { return slices.Contains(p.early, c) }

// Options of Order. The zero value orders as the complete search does, without implicit dependencies.
type Options struct {
	// Compat makes emerge's choices where they differ (order 6): a strongly blocked installed package
	// of the running root is not removed, the blocker stays unsolved.
	Compat bool
	// Tree and UnorderedDisplay are --tree and --unordered-display: they keep the
	// steps of related packages together.
	Tree, UnorderedDisplay bool
	// ImplicitSystemDeps is --implicit-system-deps=y: system packages and libc go first.
	ImplicitSystemDeps bool
	// BuildPkgOnly is --buildpkgonly: nothing is installed, so only build dependencies that are not
	// satisfied matter, and blockers only if they are strong build-time ones.
	BuildPkgOnly bool
	// System is the system set (profile packages); used with ImplicitSystemDeps.
	System []*atom.Atom
}

// Order computes the merge order. An unbreakable cycle of build dependencies gives a *CycleError
// together with the steps that could be ordered. Any other error is ctx's.
func Order(ctx context.Context, s *universe.Selection, o Options) (*Plan, error) {
	return newOrderer(s, o).run(ctx)
}

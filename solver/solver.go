// Package solver finds the best selection for a request: universe → CNF →
// model → selection. See docs/encoding.md and docs/objective.md.
package solver

import (
	"context"
	"math"
	"time"

	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/atom/metadata"
	"github.com/portsolve/portsolve/solver/answer"
	"github.com/portsolve/portsolve/solver/internal/search"
	"github.com/portsolve/portsolve/solver/internal/unsat"
	"github.com/portsolve/portsolve/solver/universe"
)

// Problem is everything a resolution depends on. Nothing else (time,
// environment, files) does.
type Problem struct {
	Roots   []universe.Root
	Request universe.Request
	// Overrides are USE settings of ebuilds that count as configured. No change that is proposed contradicts them.
	Overrides map[*metadata.Package]map[string]bool
	// Accepted are ebuilds that count as neither masked nor short of a keyword or license.
	Accepted map[*metadata.Package]bool
	// Cache is shared by problems that differ in nothing but Overrides, Accepted and Request.Circular; nil: nothing is
	// shared. It does not change answers.
	Cache *universe.Cache

	trial bool // only whether there is a solution is of interest, not why there is none
}

// Outcome is the selection and what could not be done. Ordering it is plan.Order's task.
type Outcome struct {
	Selection     *universe.Selection // best found; incomplete if Complete is false
	Complete      bool
	Changes       answer.Changes
	Conflict      *answer.Conflict  // the first of Conflicts
	Conflicts     []answer.Conflict // as far as they do not follow from one another
	MoreConflicts bool              // the search for conflicts was ended by a bound
	LeaveOut      []answer.Why      // arguments without any one of which the rest would have a solution
	Unsatisfied   []answer.Unsatisfied
	Skipped       []answer.Unsatisfied // members of @world and @system that nothing can satisfy and that were left out
	RequiredUse   []answer.RequiredUse
	SlotConflicts []answer.SlotConflict
	VirtualCycle  []string
	Rebuilds      map[string][]string
	HeldBack      []answer.HeldBack
	Stats         answer.Stats

	stages stages
}

// Solve finds the best selection. The error is ctx's, a source's, or a limit reached; an
// unsolvable request is an Outcome, not an error.
func Solve(ctx context.Context, p *Problem) (*Outcome, error) {
	changes := newChanges(p)
	var stats answer.Stats
	var earlier []atom.CP
	for {
		start := time.Now()
		u := p.Cache.New(ctx, p.Roots, &p.Request, changes.flags, changes.accept)
		s := search.New(u)
		r, err := s.Run(ctx)
		if err != nil {
			return nil, err
		}
		if !r.Complete && changes.proposeFor(ctx, u, r) || changes.proposeRebuild(u, r) {
			earlier = append(earlier, u.Names()...)
			addTimes(&stats, time.Since(start), u.Reading(), s.Encoding())
			continue // a USE change would help: again with it
		}
		changes.proposeParents(u, r)
		o := &Outcome{Complete: r.Complete, Rebuilds: r.Rebuilds, Changes: changes.answer(),
			VirtualCycle: r.VirtualCycle, Stats: stats, stages: stages{p, u, r, earlier}}
		o.decode(ctx, u, r)
		addTimes(&o.Stats, time.Since(start), u.Reading(), s.Encoding())
		return o, ctx.Err()
	}
}

// decode fills in the selection, or why there is no complete one.
func (o *Outcome) decode(ctx context.Context, u *universe.Universe, r *search.Result) {
	if r.Formula != nil {
		o.Stats.Variables, o.Stats.Clauses = r.Formula.Vars(), r.Formula.Clauses()
	}
	o.Selection = selection(u, r)
	if !o.stages.problem.trial {
		o.Skipped = skipped(u, r)
	}
	for _, h := range r.HeldBack {
		o.HeldBack = append(o.HeldBack, heldBack(h))
	}
	if !r.Complete && !o.stages.problem.trial {
		report(ctx, o, u, r)
	}
	if u.Req.Options.Compat && r.Complete {
		o.reportBroken(u, r)
	}
	o.Stats.Versions = u.Versions()
}

// addTimes splits the time of one round: what was neither reading nor encoding is the search.
func addTimes(s *answer.Stats, total, reading, encoding time.Duration) {
	add := func(ms *float64, d time.Duration) { // whole microseconds
		*ms = math.Round(1000**ms+float64(d.Microseconds())) / 1000
	}
	add(&s.LoadMS, reading)
	add(&s.EncodeMS, encoding)
	add(&s.SolveMS, total-reading-encoding)
}

func selection(u *universe.Universe, r *search.Result) *universe.Selection {
	blocks := search.Blocks(u, r)
	return &universe.Selection{Roots: u.Roots, Nodes: r.Nodes, Removed: r.Removed, Kept: r.Kept, Blocks: blocks}
}

// report says why there is no complete selection.
func report(ctx context.Context, o *Outcome, u *universe.Universe, r *search.Result) {
	for _, m := range r.Missing {
		o.unsatisfied(u, m)
	}
	if r.Formula != nil {
		o.explain(ctx)
	}
	o.slotConflicts(ctx, u, r.Conflicts)
}

// Explain tells of the contradictions of an outcome that is not complete, if that was not done yet: Attempt leaves it out.
func (o *Outcome) Explain(ctx context.Context) {
	if !o.Complete && o.Conflict == nil && o.stages.found.Formula != nil {
		o.explain(ctx)
	}
}

// explain tells of the contradictions of an outcome that is not complete.
func (o *Outcome) explain(ctx context.Context) {
	r := unsat.Explain(ctx, o.stages.universe, o.stages.found.Formula)
	o.Conflicts, o.MoreConflicts, o.LeaveOut = r.Conflicts, r.More, r.LeaveOut
	if len(r.Conflicts) > 0 {
		o.Conflict = &o.Conflicts[0]
	}
}

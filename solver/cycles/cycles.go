// Package cycles says how build cycles can be broken: by USE settings with
// which solving again leads to an answer without the cycle, and by building a
// package twice, first without the flag that needs the cycle. docs/cycles.md
// states the rules; its sections are cited as "cycles 2".
package cycles

import (
	"context"
	"slices"

	"github.com/portsolve/portsolve/atom/metadata"
	"github.com/portsolve/portsolve/solver/plan"
	"github.com/portsolve/portsolve/solver/universe"
)

// Input is an answer that could not be ordered.
type Input struct {
	Request   *universe.Request
	Selection *universe.Selection
	Cycle     *plan.CycleError
	Options   plan.Options // of the order that ended in Cycle
	// Resolve solves the request again with USE settings of ebuilds switched.
	Resolve func(ctx context.Context, use Overrides) (*Attempt, error)
}

// Overrides are USE settings by package.
type Overrides = map[*metadata.Package]map[string]bool

// Attempt is what Input.Resolve found.
type Attempt struct {
	Selection *universe.Selection
	Complete  bool             // every dependency and blocker is settled
	Cycle     *plan.CycleError // nil: it could be ordered
}

// Report is all there is to say about the cycles of an answer.
type Report struct {
	// Loops are the cycles, each a shortest one of its group, in the order in which they have to be
	// dealt with: a loop that a step against an earlier one breaks, too, is not listed.
	Loops []Loop
	// TwoStep is an order in which some packages are built twice, nil if there is none.
	TwoStep *TwoStep
}

// Loop is one cycle of dependencies.
type Loop struct {
	// Edges in order: the child of each is the parent of the next, and the last one's that of the first.
	Edges []*universe.Edge
	// Group counts the packages that depend on each other in this and other cycles.
	Group int
	// Breaks are the minimal settings that break the loop, those with the fewest flags first.
	Breaks []Break
}

// Break is one minimal way to break a loop.
type Break struct {
	Settings []Setting
	Edge     *universe.Edge // of the loop: what is no longer needed
	Verified bool           // solving again proved it
	Suffices bool           // with it alone, solving again gave an answer without any cycle
}

// Setting is the change of flags of one package that is merged.
type Setting struct {
	Node  *universe.Node
	Flags map[string]bool
}

// Bounds of the work. They only matter to requests with cycles, of which those that build a whole system
// from nothing have about fifty.
const (
	maxFlags    = 4   // flags of one package in one setting
	maxSteps    = 400 // sets of flags that are looked at for one edge
	maxBreaks   = 8   // ways per edge of a loop
	maxPackages = 3   // packages in one setting
	maxResolves = 6   // times that the request is solved again
	maxLoops    = 200 // loops of one answer
)

// Find looks for ways to break the cycles of an answer. The error is ctx's or that of Resolve.
func Find(ctx context.Context, in *Input) (*Report, error) { return Start(ctx, in).Finish(ctx) }

// Search is a search for ways around cycles that has begun.
type Search struct {
	f      *finder
	report *Report
	err    error
	done   chan struct{}
}

// Start begins with what needs no Resolve: the loops, their breaks and the order in which packages are built twice. It goes on in a
// goroutine of its own, which only reads the selection, until Finish or Wait returns.
func Start(ctx context.Context, in *Input) *Search {
	s := &Search{done: make(chan struct{}), f: &finder{in: in, compat: in.Options.Compat,
		u: universe.New(ctx, in.Selection.Roots, in.Request)}}
	go func() {
		defer close(s.done)
		s.report, s.err = s.f.look(ctx)
	}()
	return s
}

// Wait returns when the goroutine has ended: soon after ctx of Start.
func (s *Search) Wait() { <-s.done }

// Finish verifies what was found. The error is ctx's or that of Resolve.
func (s *Search) Finish(ctx context.Context) (*Report, error) {
	s.Wait()
	if s.err != nil || s.f.compat {
		return s.report, s.err
	}
	r := s.report
	if err := s.f.verify(ctx, r.Loops); err != nil {
		return nil, err
	}
	open := func(l Loop) bool { return len(l.Breaks) == 0 }
	if t := r.TwoStep; t != nil && len(t.Needs) > 0 && !slices.ContainsFunc(r.Loops, open) {
		r.TwoStep = nil // settings break all of them: nothing has to come from elsewhere
	}
	return r, nil
}

// look is the part that solves nothing again.
func (f *finder) look(ctx context.Context) (*Report, error) {
	r := &Report{}
	if f.compat {
		r.Loops = reported(f.in.Cycle)
		r.Loops[0].Breaks = f.breaks(&r.Loops[0])
		return r, ctx.Err()
	}
	w, err := f.untangle(ctx)
	if err != nil {
		return nil, err
	}
	r.Loops, r.TwoStep = w.loops, w.result()
	for i := range r.Loops {
		r.Loops[i].Breaks = f.breaks(&r.Loops[i])
	}
	return r, nil
}

// finder is one run of Find.
type finder struct {
	in     *Input
	compat bool
	u      *universe.Universe // for the dependencies of candidates with other flags
}

// reported are the loops as the order has found them: one for each group.
func reported(e *plan.CycleError) []Loop {
	loops := []Loop{{Edges: e.Shortest, Group: len(e.Nodes)}}
	for _, m := range e.More {
		loops = append(loops, Loop{Edges: m.Shortest, Group: len(m.Nodes)})
	}
	return loops
}

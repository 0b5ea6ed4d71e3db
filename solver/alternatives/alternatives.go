// Package alternatives finds every minimal set of configuration changes that makes a request possible, the cheapest
// first. docs/alternatives.md states what a change is, what it costs, and why none is missed.
package alternatives

import (
	"context"
	"errors"

	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/atom/metadata"
	"github.com/portsolve/portsolve/solver"
	"github.com/portsolve/portsolve/solver/universe"
)

// Kind of a change, from the least to the most that it asks of the user.
type Kind uint8

// The kinds.
const (
	Use         Kind = iota // package.use
	License                 // package.license
	Properties              // package.properties
	Restrict                // package.accept_restrict
	Testing                 // package.accept_keywords: ~arch
	Foreign                 // package.accept_keywords: another architecture's keyword
	Unkeyworded             // package.accept_keywords: no keyword at all (**)
	Live                    // package.accept_keywords: a version that is fetched from a repository of sources
	Unmask                  // package.unmask
	MaskedUse               // a USE flag that the profile forces or masks; only if Allowed, as the two below
	Remove                  // an installed package is removed first
	Drop                    // an argument is given up: Flag is its text
	NumKinds
)

// Change is one entry of the configuration for all versions of a package in one slot.
type Change struct {
	CP   atom.CP
	Slot string
	Kind Kind
	Flag string // Use, MaskedUse: the flag; Drop: the argument
	On   bool   // Use, MaskedUse: what it is set to
}

// Input is what Find works on.
type Input struct {
	Problem *solver.Problem
	// Allowed tells which kinds of changes may be made.
	Allowed [NumKinds]bool
	// Arch is ARCH: whose keywords are this machine's.
	Arch string
	// Explicit tells whether the user wrote a setting, given where it stands: contradicting it costs more. nil: never.
	Explicit func(metadata.Source) bool
	// First is what solving without any change gave, if that is known and failed.
	First *solver.Outcome
	// MaxAttempts bounds how often the request is solved, 0 means DefaultMaxAttempts.
	MaxAttempts int
}

// Bounds of the work. Where one is reached, Finder.Complete says so.
const (
	// DefaultMaxAttempts is enough for all alternatives of most requests; one attempt costs as much as the request.
	DefaultMaxAttempts = 400
	maxNodes           = 100_000 // change sets in the queue
	maxCores           = 24      // contradictions looked at per attempt
	maxFlips           = 6       // further flags of a package that REQUIRED_USE makes necessary
	maxFlipSteps       = 600     // sets of flags that are looked at for one package
)

// Alternative is a minimal set of changes with which the request has a solution.
type Alternative struct {
	Changes []Change // sorted by package, slot, kind and flag
	Cost    Cost
	// Overrides and Accepted are the changes for exactly the packages that the solution merges, and Outcome is the
	// solution with just these.
	Overrides map[*metadata.Package]map[string]bool
	Accepted  map[*metadata.Package]bool
	Outcome   *solver.Outcome
	// Problem is the problem with the changes made.
	Problem *solver.Problem
	// Against are the settings of the user that changes contradict.
	Against []Contradicted
}

// Contradicted is a setting that an alternative contradicts.
type Contradicted struct {
	Change Change
	Source metadata.Source
}

// Finder yields the alternatives one after the other. It is not safe for concurrent use.
type Finder struct {
	in       *Input
	w        *world
	queue    nodeQueue
	seen     map[string]bool
	cores    []*core
	found    []set
	attempts int
	nodes    int
	serial   int
	cut      bool // something was left out
	done     bool
}

// New prepares a search; nothing is solved yet.
func New(ctx context.Context, in *Input) *Finder {
	own, p := *in, *in.Problem
	in, own.Problem = &own, &p
	p.Request.Options.Autounmask = universe.No // as solver.Attempt has it, so that all attempts share what they know
	p.Cache = &universe.Cache{}
	f := &Finder{in: in, w: newWorld(in, p.Cache.New(ctx, p.Roots, &p.Request, p.Overrides, p.Accepted)), seen: map[string]bool{}}
	f.push(&node{found: -1})
	return f
}

// Complete reports, after Next has returned nil, that there are no further alternatives: whatever else is changed, the
// request has no solution. False if a limit was reached, and always if Remove is allowed: what is removed also decides
// which of the others have to stay, and not all sets are looked at in which that helps.
func (f *Finder) Complete() bool { return f.done && !f.cut && !f.w.cut && !f.in.Allowed[Remove] }

// Attempts is how often the request was solved.
func (f *Finder) Attempts() int { return f.attempts }

// Next finds the next alternative, nil if there is none or a limit was reached. They come by ascending cost, and none
// contains another. The error is ctx's or a source's; the search can go on after ctx's.
func (f *Finder) Next(ctx context.Context) (*Alternative, error) {
	for len(f.queue) > 0 {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if f.nodes > maxNodes || f.attempts >= f.maxAttempts() {
			f.cut = true
			break
		}
		n := f.pop()
		if f.dominated(n.set) {
			continue
		}
		if again, dead := f.look(n); dead {
			continue
		} else if again {
			f.insert(n)
			continue
		}
		if f.expand(n) {
			continue
		}
		a, err := f.try(ctx, n)
		if a != nil || err != nil {
			return a, err
		}
	}
	f.done = true
	return nil, nil
}

func (f *Finder) maxAttempts() int {
	if f.in.MaxAttempts > 0 {
		return f.in.MaxAttempts
	}
	return DefaultMaxAttempts
}

// try solves the request with a set of changes. A failure teaches contradictions, and the node is queued again.
func (f *Finder) try(ctx context.Context, n *node) (*Alternative, error) {
	over, accepted := f.w.apply(n.set)
	o, err := f.in.First, error(nil)
	if o == nil || len(n.set) > 0 {
		o, err = f.attempt(ctx, f.w.problem(n.set, over, accepted))
	}
	if err != nil || o == nil {
		if ctx.Err() != nil {
			f.insert(n)
		}
		return nil, err
	}
	if o.Complete {
		f.found = append(f.found, n.set)
		if len(n.set) == 0 {
			return nil, nil // nothing has to be changed
		}
		return f.alternative(ctx, n.set, o, over, accepted)
	}
	news := f.learn(ctx, o, n.set)
	if err := ctx.Err(); err != nil {
		f.insert(n)
		return nil, err
	}
	if news == 0 {
		f.cut = true // refused without a reason that changes could be made for
		return nil, nil
	}
	f.insert(n)
	return nil, nil
}

// attempt is solver.Attempt; a nil outcome means that the solver gave up.
func (f *Finder) attempt(ctx context.Context, p *solver.Problem) (*solver.Outcome, error) {
	f.attempts++
	o, err := solver.Attempt(ctx, p)
	var limit *solver.LimitError
	if errors.As(err, &limit) {
		f.cut = true
		return nil, nil
	}
	return o, err
}

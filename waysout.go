package portsolve

import (
	"context"
	"errors"
	"iter"

	"github.com/portsolve/portsolve/solver/alternatives"
	"github.com/portsolve/portsolve/solver/answer"
)

// WaysOut looks for the alternatives of one request, one after the other (docs/alternatives.md). It is not safe for
// concurrent use.
type WaysOut struct {
	choices *choices
	finder  *alternatives.Finder
}

// WaysOut prepares a search for every minimal set of configuration changes with which a request that fails has a
// solution. The options of the request say which changes are allowed; Alternatives, Patience and Pick do not matter.
// The error is as that of Resolve.
func (s *System) WaysOut(ctx context.Context, r Request) (*WaysOut, error) {
	problem, missing, err := s.problem(ctx, r)
	if err != nil {
		return nil, inputError(ctx, err)
	}
	if len(missing) > 0 {
		return nil, &UsageError{errors.New("there is no package named " + missing[0].Atom)}
	}
	if err := r.checkAllow(); err != nil {
		return nil, err
	}
	if r.Options.Compat {
		return nil, &UsageError{errors.New("with --compat=emerge there is emerge's single proposal, and no alternatives")}
	}
	r.Pick = 0
	c := &choices{sys: s, problem: problem, request: &r}
	c.find(ctx, nil)
	return &WaysOut{choices: c, finder: c.finder}, nil
}

// Next finds, applies and verifies the next alternative; nil if there is none or a limit was reached (Complete). They come by
// ascending cost but for what only their plans tell (rebuilds, build cycles). The error is ctx's, and the search can go
// on with another ctx, or a source's.
func (w *WaysOut) Next(ctx context.Context) (*answer.Alternative, error) {
	for {
		a, err := w.finder.Next(ctx)
		if a == nil || err != nil {
			return nil, err
		}
		n, err := w.choices.verified(ctx, a)
		if err != nil {
			return nil, err
		}
		if n != nil {
			return &n.answer, nil
		}
	}
}

// All are the alternatives as Next finds them. After an error there are no more.
func (w *WaysOut) All(ctx context.Context) iter.Seq2[*answer.Alternative, error] {
	return func(yield func(*answer.Alternative, error) bool) {
		for {
			a, err := w.Next(ctx)
			if a == nil && err == nil || !yield(a, err) || err != nil {
				return
			}
		}
	}
}

// Complete reports, after Next has returned nil, that there are no further alternatives: whatever else is changed, the
// request has no solution.
func (w *WaysOut) Complete() bool { return w.finder.Complete() }

// Rejected counts alternatives that the independent checker refused. There should be none.
func (w *WaysOut) Rejected() int { return w.choices.rejected }

// Attempts is how often the request was solved.
func (w *WaysOut) Attempts() int { return w.finder.Attempts() }

// Forbid takes an alternative of the same request for known: neither it nor a set that contains it is found. It
// must be called before Next.
func (w *WaysOut) Forbid(a *answer.Alternative) { w.finder.Forbid(a.Changes) }

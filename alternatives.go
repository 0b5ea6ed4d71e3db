package portsolve

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/portsolve/portsolve/atom/metadata"
	"github.com/portsolve/portsolve/solver"
	"github.com/portsolve/portsolve/solver/alternatives"
	"github.com/portsolve/portsolve/solver/answer"
	"github.com/portsolve/portsolve/solver/check"
	"github.com/portsolve/portsolve/solver/universe"
)

// Numbers of alternatives for Request.Alternatives, besides any positive one.
const (
	DefaultAlternatives = 10
	NoAlternatives      = -1
	AllAlternatives     = math.MaxInt
)

// defaultPatience is how long alternatives are looked for if the request does not say.
const defaultPatience = 3 * time.Second

// choices is the search for alternatives of one request.
type choices struct {
	sys      *System
	problem  *solver.Problem
	request  *Request
	failed   *solver.Outcome // without any change; nil if that is not known
	found    []*choice
	leaders  int      // groups of found
	prefixes []string // of USE_EXPAND, with "_" at the end
	finder   *alternatives.Finder
	rejected int     // by the checker
	best     *choice // of those that may be shown, if it is not the user who picks
	end      string
}

// alternatives looks for every way out of a request that fails, or that needs changes. It returns the composer of the
// answer to show: first, or that of one of the alternatives.
func (s *System) alternatives(ctx context.Context, r *Request, problem *solver.Problem, first *composer) (*composer, *choices, error) {
	o := &problem.Request.Options
	if err := r.checkAllow(); err != nil {
		return nil, nil, err
	}
	if o.Compat || r.Alternatives < 0 || !o.Autounmask.Or(true) || first.outcome.Complete && first.outcome.Changes.Empty() {
		return first, nil, r.picks(0)
	}
	s.progress("alternatives", 0, 0)
	c := &choices{sys: s, problem: problem, request: r}
	if err := c.fail(ctx, first.outcome); err != nil {
		return nil, nil, err
	}
	if err := c.search(ctx, first.outcome, c.failed); err != nil {
		return nil, nil, err
	}
	c.rank()
	c.group()
	if err := r.picks(len(c.found)); err != nil {
		return nil, nil, err
	}
	pick := c.best
	if r.Pick > 0 {
		pick = c.found[r.Pick-1]
	}
	if pick == nil {
		return first, c, nil
	}
	if first.outcome.Complete && changesEqual(first.outcome.Changes, pick.outcome.Changes) {
		return first, c, nil // with all that is known about its cycles
	}
	pick.stats = first.stats
	if pick.cycle != nil {
		var err error
		pick.cycles, err = pick.breakCycles(ctx, pick.problem).Finish(ctx)
		return pick.composer, c, err
	}
	return pick.composer, c, nil
}

// fail finds the outcome without any change: where the search for alternatives begins, and what has to be explained.
func (c *choices) fail(ctx context.Context, first *solver.Outcome) error {
	if first.Changes.Empty() {
		c.failed = first
		return nil
	}
	failed, err := solver.Attempt(ctx, c.problem)
	var limit *solver.LimitError
	if errors.As(err, &limit) {
		return nil // the search says so
	}
	c.failed = failed
	return err
}

// picks refuses a choice that there is not.
func (r *Request) picks(found int) error {
	switch {
	case r.Pick < 0:
		return &UsageError{fmt.Errorf("--autounmask-pick %d: alternatives are numbered from 1", r.Pick)}
	case r.Pick == 0 || r.Pick <= found:
		return nil
	case found == 0:
		return &UsageError{fmt.Errorf("--autounmask-pick %d: there are no alternatives to choose from", r.Pick)}
	}
	return &UsageError{fmt.Errorf("--autounmask-pick %d: there are only %d alternatives", r.Pick, found)}
}

// search finds and verifies alternatives until there are enough or time is up; then the changes of proposal, if they help
// and are not among them, make another. failed is the outcome without any change, if it is known.
func (c *choices) search(ctx context.Context, proposal, failed *solver.Outcome) error {
	patience := c.request.Patience
	if patience == 0 {
		patience = defaultPatience
	}
	c.find(ctx, failed)
	f := c.finder
	if err := c.enumerate(ctx, f, patience); err != nil || c.end == "all" || c.wanted() == 1 {
		return err
	}
	hurry, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if err := c.reduce(hurry, f, proposal); ctx.Err() != nil || hurry.Err() == nil {
		return err
	}
	return nil
}

// find begins the search.
func (c *choices) find(ctx context.Context, failed *solver.Outcome) {
	c.finder = alternatives.New(ctx, &alternatives.Input{Problem: c.problem, Allowed: allowed(&c.problem.Request.Options, c.request.Allow),
		Arch: c.sys.Var("ARCH"), Explicit: c.sys.explicit, First: failed})
}

// reduce makes an alternative of what the resolver proposes of itself, or would propose if it were allowed to.
func (c *choices) reduce(ctx context.Context, f *alternatives.Finder, proposal *solver.Outcome) error {
	if !proposal.Complete && len(c.found) == 0 {
		p := *c.problem
		o := &p.Request.Options
		o.Autounmask = universe.Yes
		if o.AutounmaskLicense == universe.Unset {
			o.AutounmaskLicense = universe.Yes
		}
		var err error
		var limit *solver.LimitError
		if proposal, err = solver.Solve(ctx, &p); errors.As(err, &limit) {
			return nil
		} else if err != nil {
			return err
		}
	}
	if !proposal.Complete || proposal.Changes.Empty() {
		return nil
	}
	a, err := f.Reduce(ctx, proposal.Changes)
	if err != nil || a == nil {
		return err
	}
	if c.enough() {
		c.found = c.found[:len(c.found)-1]
	}
	return c.add(ctx, a)
}

func (c *choices) wanted() int {
	if c.request.Alternatives == 0 {
		return max(DefaultAlternatives, c.request.Pick)
	}
	return max(c.request.Alternatives, c.request.Pick)
}

// enumerate takes what f finds.
func (c *choices) enumerate(ctx context.Context, f *alternatives.Finder, patience time.Duration) error {
	hurry, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	c.end = "limit"
	for !c.enough() {
		a, err := f.Next(hurry)
		if err == nil && a != nil {
			err = c.add(hurry, a)
		}
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case hurry.Err() != nil:
			c.end = "time"
			return nil
		case err != nil:
			return err
		case a == nil:
			if f.Complete() {
				c.end = "all"
			}
			return nil
		}
	}
	return nil
}

// keywordKinds are the changes of package.accept_keywords.
var keywordKinds = [...]alternatives.Kind{alternatives.Testing, alternatives.Foreign, alternatives.Unkeyworded, alternatives.Live}

// allowed are the kinds of changes that no option refuses.
func allowed(o *universe.Options, allow []string) (kinds [alternatives.NumKinds]bool) {
	kinds[alternatives.Use] = o.AutounmaskUse.Or(true)
	kinds[alternatives.License] = o.AutounmaskLicense.Or(true)
	keywords := !o.AutounmaskKeepKeywords.Or(false)
	for _, k := range keywordKinds {
		kinds[k] = keywords
	}
	kinds[alternatives.Properties], kinds[alternatives.Restrict] = kinds[alternatives.License], kinds[alternatives.License]
	kinds[alternatives.Unmask] = !o.AutounmaskKeepMasks.Or(false)
	kinds[alternatives.MaskedUse] = slices.Contains(allow, AllowMaskedUse)
	kinds[alternatives.Remove] = slices.Contains(allow, AllowRemove)
	kinds[alternatives.Drop] = slices.Contains(allow, AllowDrop)
	return kinds
}

// proposed are the kinds that emerge proposes with the same options.
func proposed(o *universe.Options) (kinds [alternatives.NumKinds]bool) {
	asked := o.Autounmask.Or(false)
	kinds[alternatives.Use] = true
	kinds[alternatives.License] = o.AutounmaskLicense.Or(false)
	keywords := !o.AutounmaskKeepKeywords.Or(!asked)
	for _, k := range keywordKinds {
		kinds[k] = keywords
	}
	kinds[alternatives.Unmask] = !o.AutounmaskKeepMasks.Or(!asked)
	return kinds
}

// explicit tells settings that the user wrote from those of profiles and ebuilds.
func (s *System) explicit(src metadata.Source) bool {
	etc := s.onDisk(s.configRoot(), "etc/portage") + "/"
	return src.File == "environment" || strings.HasPrefix(src.File, etc) && !strings.HasPrefix(src.File, etc+"make.profile/")
}

// add keeps an alternative unless the checker rejects it.
func (c *choices) add(ctx context.Context, a *alternatives.Alternative) error {
	n, err := c.verified(ctx, a)
	if n == nil || err != nil {
		return err
	}
	c.keep(n)
	c.forget(n)
	return nil
}

// verified orders an alternative and has it judged; nil if the checker rejects it.
func (c *choices) verified(ctx context.Context, a *alternatives.Alternative) (*choice, error) {
	p := *a.Problem
	p.Request.Options = c.problem.Request.Options // as they were given
	n := &choice{composer: &composer{sys: c.sys, options: &c.problem.Request.Options, outcome: a.Outcome}, changes: a, problem: &p}
	if err := n.settle(ctx); err != nil {
		return nil, err
	}
	res := n.result()
	if plain := n.withoutRemovals(res); res.Ordered && len(check.Check(&p.Request, p.Roots, plain)) > 0 {
		c.rejected++
		return nil, nil
	}
	if len(res.Changes.Remove) > 0 && res.Ordered {
		if broken := c.broken(&p, res); len(broken) > 0 {
			c.finder.Extend(a, broken)
			return nil, nil
		}
	}
	kinds := proposed(&p.Request.Options)
	n.shown = !slices.ContainsFunc(a.Changes, func(ch alternatives.Change) bool { return !kinds[ch.Kind] })
	n.describe(res)
	return n, nil
}

// forget drops what only the answer that is shown needs: the solver's stages are large.
func (c *choices) forget(n *choice) {
	if c.request.Pick > 0 {
		return
	}
	drop := n
	if n.shown && (c.best == nil || slices.Compare(n.answer.Cost, c.best.answer.Cost) < 0) {
		drop, c.best = c.best, n
	}
	if drop != nil {
		drop.composer, drop.changes, drop.problem = nil, nil, nil
	}
}

// rank sorts by cost; equal ones stay in the order in which they were found.
func (c *choices) rank() {
	slices.SortStableFunc(c.found, func(a, b *choice) int { return slices.Compare(a.answer.Cost, b.answer.Cost) })
}

// fill makes the alternatives part of an answer.
func (c *choices) fill(ctx context.Context, r *Result) {
	if r.Status == answer.ChangesNeeded && c.failed != nil { // what the changes are for
		c.failed.Explain(ctx)
		r.Conflicts, r.MoreConflicts = c.failed.Conflicts, c.failed.MoreConflicts
	}
	r.AlternativesEnd = c.end
	for _, a := range c.found {
		r.Alternatives = append(r.Alternatives, a.answer)
	}
}

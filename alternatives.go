package portsolve

import (
	"context"
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
	sys     *System
	problem *solver.Problem
	request *Request
	found   []*choice
	end     string
}

// choice is one verified alternative.
type choice struct {
	*composer
	changes *alternatives.Alternative
	problem *solver.Problem // with the changes made
	answer  answer.Alternative
	shown   bool // emerge would propose changes of its kinds
}

// alternatives looks for every way out of a request that fails, or that needs changes. It returns the composer of the
// answer to show: first, or that of one of the alternatives.
func (s *System) alternatives(ctx context.Context, r *Request, problem *solver.Problem, first *composer) (*composer, *choices, error) {
	o := &problem.Request.Options
	if o.Compat || r.Alternatives < 0 || !o.Autounmask.Or(true) || first.outcome.Complete && first.outcome.Changes.Empty() {
		return first, nil, r.picks(0)
	}
	s.progress("alternatives", 0, 0)
	c := &choices{sys: s, problem: problem, request: r}
	if err := c.search(ctx); err != nil {
		return nil, nil, err
	}
	c.rank()
	if err := r.picks(len(c.found)); err != nil {
		return nil, nil, err
	}
	chosen := slices.IndexFunc(c.found, func(a *choice) bool { return a.shown })
	if r.Pick > 0 {
		chosen = r.Pick - 1
	}
	if chosen < 0 {
		return first, c, nil
	}
	pick := c.found[chosen]
	if first.outcome.Complete && changesEqual(first.outcome.Changes, pick.outcome.Changes) {
		return first, c, nil // with all that is known about its cycles
	}
	pick.stats = first.stats
	if pick.cycle != nil {
		return pick.composer, c, pick.breakCycles(ctx, pick.problem)
	}
	return pick.composer, c, nil
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

// search finds and verifies alternatives until there are enough or time is up.
func (c *choices) search(ctx context.Context) error {
	want, patience := c.request.Alternatives, c.request.Patience
	if want == 0 {
		want = DefaultAlternatives
	}
	want = max(want, c.request.Pick)
	if patience == 0 {
		patience = defaultPatience
	}
	hurry, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	f := alternatives.New(hurry, &alternatives.Input{Problem: c.problem, Allowed: allowed(&c.problem.Request.Options), Explicit: c.sys.explicit})
	c.end = "limit"
	for len(c.found) < want {
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

// allowed are the kinds of changes that no option refuses.
func allowed(o *universe.Options) (kinds [alternatives.NumKinds]bool) {
	kinds[alternatives.Use] = o.AutounmaskUse.Or(true)
	kinds[alternatives.License] = o.AutounmaskLicense.Or(true)
	keywords := !o.AutounmaskKeepKeywords.Or(false)
	kinds[alternatives.Testing], kinds[alternatives.Unkeyworded], kinds[alternatives.Live] = keywords, keywords, keywords
	kinds[alternatives.Unmask] = !o.AutounmaskKeepMasks.Or(false)
	return kinds
}

// proposed are the kinds that emerge proposes with the same options.
func proposed(o *universe.Options) (kinds [alternatives.NumKinds]bool) {
	asked := o.Autounmask.Or(false)
	kinds[alternatives.Use] = true
	kinds[alternatives.License] = o.AutounmaskLicense.Or(false)
	keywords := !o.AutounmaskKeepKeywords.Or(!asked)
	kinds[alternatives.Testing], kinds[alternatives.Unkeyworded], kinds[alternatives.Live] = keywords, keywords, keywords
	kinds[alternatives.Unmask] = !o.AutounmaskKeepMasks.Or(!asked)
	return kinds
}

// explicit tells settings that the user wrote from those of profiles and ebuilds.
func (s *System) explicit(src metadata.Source) bool {
	etc := s.onDisk(s.configRoot(), "etc/portage") + "/"
	return src.File == "environment" || strings.HasPrefix(src.File, etc) && !strings.HasPrefix(src.File, etc+"make.profile/")
}

// add orders an alternative and has it judged; what the checker rejects is left out.
func (c *choices) add(ctx context.Context, a *alternatives.Alternative) error {
	p := *c.problem
	p.Overrides, p.Accepted = a.Overrides, a.Accepted
	n := &choice{composer: &composer{sys: c.sys, options: &c.problem.Request.Options, outcome: a.Outcome}, changes: a, problem: &p}
	if err := n.settle(ctx); err != nil {
		return err
	}
	res := n.result()
	if res.Ordered && len(check.Check(&p.Request, p.Roots, res)) > 0 {
		return nil
	}
	kinds := proposed(&p.Request.Options)
	n.shown = !slices.ContainsFunc(a.Changes, func(ch alternatives.Change) bool { return !kinds[ch.Kind] })
	n.describe(res)
	c.found = append(c.found, n)
	return nil
}

// settle orders the plan. Where a build cycle is in the way, another choice of any-of groups is tried as it is for any
// request.
func (n *choice) settle(ctx context.Context) error {
	if err := n.order(ctx); err != nil || n.cycle == nil {
		return err
	}
	again := *n.problem
	cycle := n.cycle
	for i := 0; i < maxCycleAttempts && cycle != nil && avoidCycle(&again.Request, cycle); i++ {
		o, err := solver.Attempt(ctx, &again)
		if err != nil {
			return err
		}
		if !o.Complete {
			return nil
		}
		o.Changes = n.outcome.Changes
		other := &composer{sys: n.sys, options: n.options, outcome: o}
		if err := other.order(ctx); err != nil {
			return err
		}
		if cycle = other.cycle; cycle == nil && !other.plan.Unsolved {
			n.composer = other
		}
	}
	return nil
}

// describe fills in the answer's part.
func (n *choice) describe(res *Result) {
	a := &n.answer
	a.Changes, a.Plan, a.Ordered = res.Changes, res.Plan, res.Ordered
	for _, x := range n.changes.Against {
		a.Against = append(a.Against, answer.Against{Package: n.packageOf(x.Change), Setting: setting(x.Change), File: x.Source.String()})
	}
	for i := range res.Plan {
		e := &res.Plan[i]
		switch e.Action {
		case answer.Merge:
			a.Merged++
			for _, old := range e.Old {
				a.Rebuilt += b2i(old.CPV == e.Package.CPV)
			}
		case answer.Uninstall:
			a.Removed++
		}
		if e.Download != nil {
			a.Download += *e.Download
		}
	}
	cost := n.changes.Cost
	a.Cost = append([]int{b2i(!a.Ordered)}, cost[:alternatives.CostFlags]...)
	a.Cost = append(append(a.Cost, a.Rebuilt), cost[alternatives.CostFlags:]...)
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// packageOf is the version that a change is made for.
func (n *choice) packageOf(c alternatives.Change) string {
	for _, m := range n.outcome.Selection.Nodes {
		if m.Merge && m.Cand.CP() == c.CP && m.Cand.Pkg.Slot == c.Slot {
			return m.Cand.Pkg.CPV.String()
		}
	}
	return c.CP.String() + ":" + c.Slot
}

// setting is a change in the words of the file that it belongs to.
func setting(c alternatives.Change) string {
	switch {
	case c.Kind == alternatives.Unmask:
		return "unmask"
	case c.Kind != alternatives.Use:
		return "accept"
	case c.On:
		return c.Flag
	}
	return "-" + c.Flag
}

// rank sorts by cost; equal ones stay in the order in which they were found.
func (c *choices) rank() {
	slices.SortStableFunc(c.found, func(a, b *choice) int { return slices.Compare(a.answer.Cost, b.answer.Cost) })
}

// fill makes the alternatives part of an answer.
func (c *choices) fill(r *Result) {
	r.AlternativesEnd = c.end
	for _, a := range c.found {
		r.Alternatives = append(r.Alternatives, a.answer)
	}
}

func changesEqual(a, b answer.Changes) bool {
	flags := func(x, y map[string]map[string]bool) bool {
		for cpv, m := range x {
			for f, on := range m {
				if was, ok := y[cpv][f]; !ok || was != on {
					return false
				}
			}
		}
		return true
	}
	same := func(x, y []string) bool {
		return slices.Equal(slices.Sorted(slices.Values(x)), slices.Sorted(slices.Values(y)))
	}
	if len(a.License) != len(b.License) {
		return false
	}
	for cpv := range a.License {
		if _, ok := b.License[cpv]; !ok {
			return false
		}
	}
	return flags(a.Use, b.Use) && flags(b.Use, a.Use) && same(a.Keywords, b.Keywords) && same(a.Unmask, b.Unmask)
}

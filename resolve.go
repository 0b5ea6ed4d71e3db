package portsolve

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/portsolve/portsolve/atom/metadata"
	"github.com/portsolve/portsolve/internal/emergeopts"
	"github.com/portsolve/portsolve/solver"
	"github.com/portsolve/portsolve/solver/answer"
	"github.com/portsolve/portsolve/solver/check"
	"github.com/portsolve/portsolve/solver/plan"
	"github.com/portsolve/portsolve/solver/removal"
	"github.com/portsolve/portsolve/solver/universe"
	"github.com/portsolve/portsolve/vdb"
)

// Resolve answers a request. A request that cannot be met is a Result that says
// why; the error is ctx's, a *UsageError or an *InputError.
func (s *System) Resolve(ctx context.Context, r Request) (*Result, error) {
	start := time.Now()
	switch {
	case removal.IsAction(r.Options.Action):
		return s.remove(ctx, r)
	case r.Options.Action == actionDeselect:
		return s.deselect(r)
	}
	problem, missing, err := s.problem(ctx, r)
	if err != nil {
		return nil, inputError(ctx, err)
	}
	prepared := milliseconds(time.Since(start))
	if len(missing) > 0 {
		return s.unknownNames(missing, s.loadMS+prepared), nil
	}
	c, err := s.attempts(ctx, problem)
	if err != nil {
		return nil, inputError(ctx, err)
	}
	c, choices, err := s.alternatives(ctx, &r, problem, c)
	if err != nil {
		return nil, inputError(ctx, err)
	}
	c.stats.LoadMS = math.Round(1000*(c.stats.LoadMS+s.loadMS+prepared)) / 1000
	res := c.result()
	if choices != nil {
		choices.fill(ctx, res)
	}
	if err := s.addSelected(ctx, &problem.Request, res); err != nil {
		return nil, inputError(ctx, err)
	}
	if err := c.trace(ctx, &r, res); err != nil {
		return nil, err
	}
	return res, nil
}

// maxCycleAttempts bounds how often a request is solved again to avoid a build
// cycle by another choice of any-of groups; each attempt must find a new cycle.
const maxCycleAttempts = 8

// attempts solves a problem, again as long as that may avoid a build cycle. If
// it cannot be avoided, the preferred selection is the answer: the first. Ways around its cycles are
// looked for meanwhile, since mostly they are needed.
func (s *System) attempts(ctx context.Context, problem *solver.Problem) (*composer, error) {
	first, err := s.attempt(ctx, problem)
	if err != nil || first.cycle == nil {
		return first, err
	}
	inner, cancel := context.WithCancel(ctx)
	ways := first.breakCycles(inner, problem)
	defer ways.Wait()
	defer cancel()
	if without, err := s.withoutCycle(ctx, problem, first); without != nil || err != nil {
		return without, err
	}
	first.cycles, err = ways.Finish(ctx)
	return first, err
}

// withoutCycle solves a problem again, with the dependencies of cycles noted as circular; nil if all answers have cycles.
func (s *System) withoutCycle(ctx context.Context, problem *solver.Problem, c *composer) (*composer, error) {
	if o := &problem.Request.Options; o.Compat && o.Backtrack < 0 {
		return nil, nil
	}
	again := *problem
	for n := 0; n < maxCycleAttempts && avoidCycle(&again.Request, c.cycle); n++ {
		var err error
		if c, err = s.attempt(ctx, &again); err != nil {
			return nil, err
		}
		if c.cycle == nil {
			if c.outcome.Complete && !c.plan.Unsolved {
				return c, nil
			}
			break // around the cycle there is no whole selection
		}
	}
	return nil, nil
}

func (s *System) attempt(ctx context.Context, problem *solver.Problem) (*composer, error) {
	s.progress("solving", 0, 0)
	out, err := solver.Solve(ctx, problem)
	if err != nil {
		return nil, err
	}
	c := &composer{sys: s, options: &problem.Request.Options, outcome: out}
	c.stats = out.Stats
	start := time.Now()
	s.progress("ordering", 0, 0)
	if err := c.order(ctx); err != nil {
		return nil, err
	}
	c.stats.OrderMS = milliseconds(time.Since(start))
	return c, nil
}

// avoidCycle notes the dependencies of a cycle, so that the next attempt takes
// another branch where there is a choice. false if they were all known.
func avoidCycle(r *universe.Request, e *plan.CycleError) bool {
	if r.Circular == nil {
		r.Circular = map[*metadata.Package]map[*metadata.Package]bool{}
	}
	found := false
	for _, d := range e.Edges {
		p, c := d.Parent.Cand.Pkg, d.Child.Cand.Pkg
		if r.Circular[p] == nil {
			r.Circular[p] = map[*metadata.Package]bool{}
		}
		if !r.Circular[p][c] {
			r.Circular[p][c], found = true, true
		}
	}
	return found
}

// Verify has the independent checker judge a result of this system for the
// same request. No violations means that the answer keeps every rule of PMS.
func (s *System) Verify(ctx context.Context, r Request, res *Result) ([]Violation, error) {
	switch {
	case r.Options.Action == actionDeselect:
		return nil, nil // nothing is merged or removed
	case res.Removal != nil:
		return s.verifyRemoval(ctx, r, res)
	}
	problem, missing, err := s.problem(ctx, r)
	if err != nil {
		return nil, inputError(ctx, err)
	}
	if len(missing) > 0 {
		return nil, nil
	}
	problem, res = s.given(problem, res)
	return check.Check(&problem.Request, problem.Roots, res), nil
}

func (s *System) progress(stage string, done, total int) {
	if s.options.Progress != nil {
		s.options.Progress(stage, done, total)
	}
}

// problem is everything the solver needs to know of a request. missing are
// arguments that name no package at all.
func (s *System) problem(ctx context.Context, r Request) (p *solver.Problem, missing []answer.Unsatisfied, err error) {
	if err := emergeopts.Conflicts(&r.Options); err != nil {
		return nil, nil, &UsageError{err}
	}
	if hasFeature(s.target().settings, "getbinpkg") {
		r.Options.GetBinPkg = true
	}
	emergeopts.Normalize(&r.Options)
	if r.Options.Action != "" {
		return nil, nil, &UsageError{fmt.Errorf("--%s is not implemented yet", r.Options.Action)}
	}
	x, err := s.expand(ctx, r)
	if err != nil {
		return nil, nil, err
	}
	if len(x.missing) > 0 {
		return nil, x.missing, nil
	}
	t := s.target()
	r.Options.SysrootIsTarget = t.id == universe.Target && s.logical(t.settings.SysRoot()) == t.path
	p = &solver.Problem{Request: universe.Request{Args: x.args, Options: r.Options}, Cache: &universe.Cache{}}
	if p.Request.World, err = s.world(&r.Options); err != nil {
		return nil, nil, err
	}
	if p.Roots, err = s.solverRoots(ctx, &r.Options); err != nil {
		return nil, nil, err
	}
	return p, nil, s.addBinaries(ctx, p.Roots, &p.Request)
}

// world is what must keep working besides the request: @world of the target
// and, unless --root-deps confines the request to the target, of the host.
func (s *System) world(o *universe.Options) ([]universe.Arg, error) {
	if o.IgnoreWorld {
		return nil, nil
	}
	var world []universe.Arg
	for _, r := range s.roots {
		if r != s.target() && o.RootDeps != "" {
			continue
		}
		arg, err := s.setArg(r, s.installedFor(r, o), "@world")
		if err != nil {
			return nil, err
		}
		world = append(world, arg)
	}
	return world, nil
}

// installedFor chooses the view of the installed packages that the options ask for.
func (s *System) installedFor(r *root, o *universe.Options) *vdb.DB {
	return s.installed(r, o.DynamicDeps.Or(true), o.IgnoreBuiltSlotOperatorDeps)
}

func (s *System) solverRoots(ctx context.Context, o *universe.Options) ([]universe.Root, error) {
	var repos []universe.Repository
	for _, r := range s.repos.Repos {
		repos = append(repos, universe.Repository{Name: r.Name, Source: r})
	}
	var roots []universe.Root
	for _, r := range s.roots {
		db := s.installedFor(r, o)
		if err := db.Preload(ctx); err != nil {
			return nil, err
		}
		roots = append(roots, universe.Root{
			Path: r.path, Policy: r.settings, Repos: repos,
			Installed: db.All(), Provided: r.settings.Provided(), System: r.settings.SystemSet(),
		})
	}
	return roots, nil
}

// ebuildOf finds the ebuild of an installed package's version in the repository
// it came from, for dynamic dependencies.
func (s *System) ebuildOf(p *metadata.Package) *metadata.Package {
	r := s.repos.ByName(p.Repo)
	if r == nil {
		return nil
	}
	pkgs, err := r.Packages(context.Background(), p.CPV.CP)
	if err != nil {
		return nil // found again, and reported, when the name is resolved
	}
	for _, e := range pkgs {
		if e.CPV.Version == p.CPV.Version {
			return e
		}
	}
	return nil
}

// unknownNames answers a request whose arguments name nothing.
func (s *System) unknownNames(missing []answer.Unsatisfied, loadMS float64) *Result {
	return &Result{
		Schema: answer.Schema, Status: answer.Unsolvable, Unsatisfied: missing,
		Plan: []answer.Entry{}, Warnings: s.warnings, UseExpand: s.useExpand(),
		Stats: answer.Stats{LoadMS: loadMS},
	}
}

func (s *System) useExpand() []answer.UseGroup {
	prefixes, hidden := s.target().settings.UseExpand()
	var groups []answer.UseGroup
	for _, p := range prefixes {
		groups = append(groups, answer.UseGroup{Prefix: p, Hidden: hidden[p]})
	}
	return groups
}

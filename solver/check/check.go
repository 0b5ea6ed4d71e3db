// Package check is the independent judge of an answer: written from PMS, it
// shares no code with the encoder, the search or the ordering.
//
// It replays the plan on the installed packages, step by step, and asks at each
// step and of the final state what PMS asks (docs/checker.md lists the rules
// with their sections). Whether a valid answer is also the best one is not its
// business.
package check

import (
	"fmt"

	"github.com/portsolve/portsolve/solver/answer"
	"github.com/portsolve/portsolve/solver/universe"
)

// The rules, as Violation.Rule names them. docs/checker.md explains each.
const (
	RulePlan         = "plan"           // an entry does not describe what it does, or the status contradicts the plan
	RuleUse          = "use"            // recorded USE differs from the configuration and the proposed changes
	RuleVisibility   = "visibility"     // a masked package is merged and no change covers it
	RuleRequest      = "request"        // an argument is not satisfied
	RuleDependency   = "dependency"     // a dependency of a merged package has no match
	RuleAnyOf        = "any-of"         // no branch of a || group holds
	RuleUseDep       = "use-dependency" // name, version and slot match, USE does not
	RuleSlotOperator = "slot-operator"  // built against another slot or sub-slot than the one that stays
	RuleKeep         = "keep"           // an installed package that worked before is broken or gone
	RuleSlot         = "slot"           // two packages in one slot
	RuleBlocker      = "blocker"        // a blocked package is there
	RuleRequiredUse  = "required-use"   // REQUIRED_USE does not hold
	RuleOrder        = "order"          // merged before what it needs to be built, or to work
)

// Violation is one broken rule.
type Violation struct {
	Rule    string // one of the Rule constants
	Package string // cpv (with ::repo) of the package at fault, or the argument
	Detail  string // one sentence for people
}

// String gives "rule: detail".
func (v Violation) String() string { return v.Rule + ": " + v.Detail }

// Check applies PMS rules to the request, the resulting installed set and the order of res.Plan.
// Entry.Package must be set. roots are the state before. nil means accepted.
//
// An answer that admits defeat (status "unsolvable", or not complete) claims
// nothing about the result, so only its entries are compared with the
// repositories. Violations come in a fixed order: the plan's, then the
// installed packages' by name.
func Check(req *universe.Request, roots []universe.Root, res *answer.Result) []Violation {
	c := newChecker(req, roots, res)
	c.statusRule()
	if !c.claimsSuccess() {
		return c.out
	}
	if !c.res.Ordered {
		c.add(RulePlan, "", "the answer is %q but says that its plan has no order", res.Status)
		return c.out
	}
	c.stateRules()
	c.orderRules()
	return c.out
}

// State is Check without the order: the entries of res.Plan are taken as a set,
// and a build-time dependency holds if the result, or what the merge itself replaces, satisfies it.
// Status and Ordered are not looked at. The brute-force oracle of solvertest uses it.
func State(req *universe.Request, roots []universe.Root, res *answer.Result) []Violation {
	c := newChecker(req, roots, res)
	c.unordered = true
	c.stateRules()
	return c.out
}

// Holds is len(State(…)) == 0, found out sooner: for those who ask of thousands of results.
func Holds(req *universe.Request, roots []universe.Root, res *answer.Result) bool {
	c := newChecker(req, roots, res)
	c.unordered, c.quick = true, true
	c.stateRules()
	return len(c.out) == 0
}

// checker is one run. Nothing in it outlives Check.
type checker struct {
	req       *universe.Request
	opts      *universe.Options
	res       *answer.Result
	roots     []*state
	steps     []step // one per plan entry, item nil for blockers and broken entries
	n         int    // number of plan entries; also "the time after the plan"
	unordered bool
	quick     bool            // one violation, without a text, is enough
	graph     *graph          // made by planGraph when it is first needed
	exact     map[string]bool // cpv::repo given by path: masks do not matter
	out       []Violation
}

// step is a plan entry with what it does to the timeline.
type step struct {
	entry   *answer.Entry
	item    *item   // merged or removed; nil for blockers and entries that make no sense
	ousted  []*item // what the merge replaces
	removal bool
}

func newChecker(req *universe.Request, roots []universe.Root, res *answer.Result) *checker {
	c := &checker{req: req, opts: &req.Options, res: res, n: len(res.Plan), exact: map[string]bool{}}
	for i := range req.Args {
		if p := req.Args[i].Exact; p != nil {
			c.exact[label(p)] = true
		}
	}
	for i := range roots {
		c.roots = append(c.roots, newState(universe.RootID(i), &roots[i], c.n))
	}
	c.replay()
	return c
}

// stateRules judges everything but order.
func (c *checker) stateRules() {
	if !c.opts.NoDeps && !c.opts.BuildPkgOnly && !c.mayBreak() {
		c.findBroken()
	}
	rules := []func(){c.useRule, c.visibilityRule, c.slotRule, c.requiredUseRule, c.requestRule}
	if !c.opts.NoDeps {
		rules = append(rules, c.dependRules, c.blockerRule)
		if !c.opts.BuildPkgOnly { // which installs nothing, so nothing can break
			rules = append(rules, c.keepRule, c.removalRule)
		}
	}
	for _, rule := range rules {
		if c.quick && len(c.out) > 0 {
			return
		}
		rule()
	}
}

func (c *checker) claimsSuccess() bool {
	s := c.res.Status
	return s == answer.Solved || s == answer.ChangesNeeded || s == answer.NothingToDo
}

func (c *checker) add(rule, pkg, format string, args ...any) {
	if c.quick {
		c.out = append(c.out, Violation{})
		return
	}
	c.out = append(c.out, Violation{Rule: rule, Package: pkg, Detail: fmt.Sprintf(format, args...)})
}

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"runtime/debug"
	"sort"

	"github.com/portsolve/portsolve"
	"github.com/portsolve/portsolve/internal/emergeopts"
	"github.com/portsolve/portsolve/solver/universe"
)

// attempt is the answer to one order of a case's arguments.
type attempt struct {
	Request []string
	Checks  map[string]any // nil if the run failed
	Err     error
	Wrong   []string // expected fields that differ
	Reject  []string // what the independent checker says against a complete answer
	Result  *portsolve.Result
}

// verdict is one case in one mode.
type verdict struct {
	Doc      *document
	Dir      string // where the fixture was laid out; gone by now
	Scenario int
	Case     int
	Test     *testCase
	Traits   traits
	Attempts []attempt
}

// passed reports whether every order of the arguments gave what is expected.
func (v *verdict) passed() bool {
	for _, a := range v.Attempts {
		if a.Err != nil || len(a.Wrong) > 0 {
			return false
		}
	}
	return true
}

// outcome is all of one document: verdicts by mode and the configuration rows.
type outcome struct {
	Doc     *document
	Compat  []*verdict
	Default []*verdict
	Rows    []rowVerdict
	Err     error // the fixture could not be laid out
}

// runDocument lays out each scenario in a directory of its own and runs its
// cases one after the other.
func runDocument(ctx context.Context, doc *document, modes []bool) *outcome {
	out := &outcome{Doc: doc}
	for i := range doc.Scenarios {
		if doc.Scenarios[i].SameAs != nil {
			continue
		}
		if err := runScenario(ctx, out, i, modes); err != nil {
			out.Err = fmt.Errorf("scenario %d: %w", i, err)
		}
	}
	return out
}

func runScenario(ctx context.Context, out *outcome, index int, modes []bool) error {
	dir, err := os.MkdirTemp("", "portsolve-scenario-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	s := &out.Doc.Scenarios[index]
	p, err := layOut(dir, s)
	if err != nil {
		return err
	}
	sys, openErr := open(ctx, p)
	for i := range s.Cases {
		c := &s.Cases[i]
		if len(c.Mutations) > 0 {
			if err := p.apply(c.Mutations); err != nil {
				return err
			}
			if err := p.writeCaches(); err != nil {
				return err
			}
			sys, openErr = open(ctx, p)
		}
		if !c.counted() {
			continue
		}
		for _, compat := range modes {
			v := &verdict{Doc: out.Doc, Dir: dir, Scenario: index, Case: i, Test: c, Traits: traitsOf(c)}
			v.Attempts = runCase(ctx, sys, openErr, c, compat)
			if compat {
				out.Compat = append(out.Compat, v)
			} else {
				out.Default = append(out.Default, v)
			}
		}
	}
	out.Rows = append(out.Rows, checkRows(ctx, sys, openErr, out.Doc, index)...)
	return nil
}

// open turns a panic into an error: one broken package must not end the run of
// all others, and is reported as what it is.
func open(ctx context.Context, p *playground) (sys *portsolve.System, err error) {
	defer recovered(&err)
	return portsolve.Open(ctx, p.options())
}

func recovered(err *error) {
	if r := recover(); r != nil {
		*err = fmt.Errorf("panic: %v\n%s", r, debug.Stack())
	}
}

func runCase(ctx context.Context, sys *portsolve.System, openErr error, c *testCase, compat bool) []attempt {
	var all []attempt
	for _, request := range c.requests() {
		a := attempt{Request: request, Err: openErr}
		if openErr == nil {
			a.run(ctx, sys, c, compat)
		}
		if a.Err == nil {
			a.Wrong = judge(c, a.Checks)
		}
		all = append(all, a)
	}
	return all
}

func (a *attempt) run(ctx context.Context, sys *portsolve.System, c *testCase, compat bool) {
	defer recovered(&a.Err)
	options, err := caseOptions(c, compat)
	if err != nil {
		a.Err = err
		return
	}
	request := portsolve.Request{Args: a.Request, Options: options}
	a.Result, a.Err = sys.Resolve(ctx, request)
	if a.Err != nil {
		return
	}
	if a.Checks, a.Err = observe(a.Result); a.Err != nil {
		return
	}
	if a.Result.Complete {
		a.verify(ctx, sys, request)
	}
}

func (a *attempt) verify(ctx context.Context, sys *portsolve.System, request portsolve.Request) {
	violations, err := sys.Verify(ctx, request, a.Result)
	if err != nil {
		a.Reject = []string{"the checker failed: " + err.Error()}
		return
	}
	for _, v := range violations {
		a.Reject = append(a.Reject, fmt.Sprintf("%s: %s: %s", v.Rule, v.Package, v.Detail))
	}
}

// caseOptions goes through the same table as the command line does.
func caseOptions(c *testCase, compat bool) (universe.Options, error) {
	var o universe.Options
	names := make([]string, 0, len(c.Options))
	for name := range c.Options {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		words, err := optionWords(c.Options[name])
		if err != nil {
			return o, fmt.Errorf("option %s: %w", name, err)
		}
		for _, word := range words {
			if err := emergeopts.Set(&o, name, word); err != nil {
				return o, err
			}
		}
	}
	if c.Effective != nil {
		o.Action = *c.Effective
	}
	emergeopts.Normalize(&o)
	o.Compat = compat
	return o, nil
}

// results is the JSON that the corpus's own judge reads: positions are kept.
func results(out *outcome) ([]byte, error) {
	type answerJSON struct {
		Checks       map[string]any `json:"checks,omitempty"`
		Permutations []any          `json:"permutations,omitempty"`
	}
	type scenarioJSON struct {
		Cases []answerJSON `json:"cases"`
	}
	all := make([]scenarioJSON, len(out.Doc.Scenarios))
	for i := range all {
		all[i].Cases = []answerJSON{}
		if out.Doc.Scenarios[i].SameAs == nil {
			all[i].Cases = make([]answerJSON, len(out.Doc.Scenarios[i].Cases))
		}
	}
	for _, v := range out.Compat {
		a := &all[v.Scenario].Cases[v.Case]
		for _, t := range v.Attempts {
			checks := t.Checks
			if checks == nil {
				checks = map[string]any{}
			}
			if len(v.Test.Orders) > 0 {
				a.Permutations = append(a.Permutations, map[string]any{"checks": checks})
			} else {
				a.Checks = checks
			}
		}
	}
	return json.MarshalIndent(map[string]any{"scenarios": all}, "", " ")
}

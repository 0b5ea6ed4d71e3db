package solver_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/portsolve/portsolve/solver/answer"
	"github.com/portsolve/portsolve/solver/check"
	"github.com/portsolve/portsolve/solver/scenario"
	"github.com/portsolve/portsolve/solver/solvertest"
)

const (
	randomWorlds = 2000             // tried by every run; the generator is seeded by their number
	largeOnes    = 40               // to one large world come so many small ones
	oracleLimit  = 1000             // final sets that are tried for one world
	patience     = 10 * time.Second // a world takes a millisecond; this only ends an endless loop
	maxReported  = 60               // failures that are minimized and printed
)

// TestRandomWorlds resolves small random worlds, each drawn from its number. An answer passes the checker in
// both modes, there is one exactly if trying every possible result finds one, none of those is better
// (solvertest.Better), nothing is merged that nothing asks for, and the laws of laws_test.go hold.
func TestRandomWorlds(t *testing.T) {
	failing(t, solvertest.World, first(), setting("PORTSOLVE_RANDOM_WORLDS", randomWorlds))
}

// TestLargeRandomWorlds does the same with worlds that are too large to try every result.
func TestLargeRandomWorlds(t *testing.T) {
	failing(t, solvertest.LargeWorld, first(), setting("PORTSOLVE_RANDOM_WORLDS", randomWorlds)/largeOnes)
}

func first() int { return setting("PORTSOLVE_RANDOM_FIRST", 0) }

// setting reads a number from the environment.
func setting(name string, otherwise int) int {
	if n, err := strconv.Atoi(os.Getenv(name)); err == nil {
		return n
	}
	return otherwise
}

// failing reports the worlds that fail, minimized.
func failing(t *testing.T, draw func(*rapid.T) string, seed, count int) {
	worlds := rapid.Custom(draw)
	failures, statuses := 0, map[answer.Status]int{}
	for end := seed + count; seed < end; seed++ {
		text := worlds.Example(seed)
		status, kind, _ := judge(text)
		statuses[status]++
		if kind == "" {
			continue
		}
		if failures++; failures > maxReported {
			continue
		}
		small := text
		if kind != "timeout" {
			small = solvertest.Minimize(text, func(s string) bool { _, k, _ := judge(s); return k == kind })
		}
		_, _, detail := judge(small)
		t.Errorf("world %d: %s: %s\n%s", seed, kind, detail, small)
	}
	if failures > 0 {
		t.Errorf("%d of %d worlds fail", failures, count)
	}
	t.Logf("answers: %v", statuses)
	for _, s := range []answer.Status{answer.Solved, answer.NothingToDo, answer.Unsolvable, answer.ChangesNeeded} {
		if statuses[s] == 0 && count > 100 {
			t.Errorf("no world is %s: the generator has lost something", s)
		}
	}
}

// trial is one world with its answer.
type trial struct {
	text   string
	sc     *scenario.Scenario
	res    *answer.Result
	solved bool // there is a plan, or nothing to do
}

// judge resolves a world and says what is wrong with the answer: in a word or two,
// and in full. Worlds that do not parse have nothing wrong.
func judge(text string) (status answer.Status, kind, detail string) {
	t, err := try(text, nil)
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return "", "timeout", err.Error()
	case err != nil:
		return "", "error", err.Error()
	case t == nil:
		return "", "", ""
	}
	kind, detail = t.judge()
	return t.res.Status, kind, detail
}

func (t *trial) judge() (kind, detail string) {
	if kind, detail := t.check(""); kind != "" {
		return kind, detail
	}
	like, err := try(t.text, func(sc *scenario.Scenario) { sc.Request.Options.Compat = true })
	if err != nil {
		return "compat error", err.Error()
	}
	if kind, detail := like.check("compat "); kind != "" {
		return kind, detail
	}
	if t.withoutOrder() {
		return "", "" // the set exists
	}
	if extra := solvertest.Unasked(t.sc, t.res.Plan); t.solved && len(extra) > 0 {
		return "needless", fmt.Sprintf("nothing leads to %v; %s", extra, planText(t.res))
	}
	for _, law := range laws {
		if detail := law.broken(t); detail != "" {
			return law.name, detail
		}
	}
	return t.compareAll()
}

// try resolves a world; nil if it is none.
func try(text string, change func(*scenario.Scenario)) (*trial, error) {
	sc, err := scenario.Parse([]byte(text))
	if err != nil || len(sc.Roots) == 0 || len(sc.Request.Args) == 0 {
		return nil, nil
	}
	if change != nil {
		change(sc)
	}
	t := &trial{text: text, sc: sc}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if t.res, err = resolve(ctx, sc.Roots, &sc.Request); err != nil {
		return nil, err
	}
	t.solved = t.res.Status == answer.Solved || t.res.Status == answer.NothingToDo
	return t, nil
}

func (t *trial) check(mode string) (kind, detail string) {
	for _, v := range check.Check(&t.sc.Request, t.sc.Roots, t.res) {
		return mode + "check " + v.Rule, fmt.Sprintf("the checker rejects the answer: %s; %s", v, planText(t.res))
	}
	return "", ""
}

// withoutOrder: what was found has no order, because of a build cycle or because a blocker has no place to be solved at.
func (t *trial) withoutOrder() bool {
	return len(t.res.Cycles) > 0 || slices.ContainsFunc(t.res.Plan, func(e answer.Entry) bool {
		return e.Action == answer.BlockerEntry && !e.SolvedBlocker
	})
}

// compareAll compares the answer with every possible one.
func (t *trial) compareAll() (kind, detail string) {
	valid, ok := solvertest.Oracle(t.sc, oracleLimit)
	switch {
	case !ok:
	case t.solved && len(valid) == 0:
		return "unsound", "there should be no solution, but the answer is " + planText(t.res)
	case !t.solved && len(valid) > 0:
		return "incomplete", fmt.Sprintf("no solution was found (%s), but there is one: %s", t.res.Status, planText(&answer.Result{Plan: valid[0]}))
	case t.solved:
		if better, why := solvertest.Better(t.sc, t.res.Plan, valid); why != "" {
			return "not the best", fmt.Sprintf("%s; %s, but better is %s", why, planText(t.res), planText(&answer.Result{Plan: better}))
		}
	}
	return "", ""
}

func planText(res *answer.Result) string {
	s := string(res.Status) + ":"
	for _, e := range res.Plan {
		s += " " + string(e.Action) + " " + e.CPV + e.Atom
		if e.Root != "/" && e.Root != "" {
			s += "@target"
		}
	}
	return s
}

package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"time"

	"github.com/portsolve/portsolve"
	"github.com/portsolve/portsolve/solver/answer"
	"github.com/portsolve/portsolve/solver/universe"
)

// everyMachineTwice updates @world of every machine, applies the plan in memory and asks again: a
// plan that leaves something to do was not the whole answer.
func (h *harness) everyMachineTwice(ctx context.Context) (err error) {
	machines, err := filepath.Glob(filepath.Join(h.data, "systems", "*.tar.zst"))
	if err != nil || len(machines) == 0 {
		return fmt.Errorf("%s: no machines (*.tar.zst) there", filepath.Join(h.data, "systems"))
	}
	if h.systems, err = os.MkdirTemp("", "portsolve-systems-"); err != nil {
		return err
	}
	defer os.RemoveAll(h.systems)
	sort.Strings(machines)
	settled, count := 0, 0
	for _, path := range machines {
		name := strings.TrimSuffix(filepath.Base(path), ".tar.zst")
		if !strings.Contains(name, h.only) {
			continue
		}
		dir, err := h.machine(name)
		if err != nil {
			return fmt.Errorf("system %s: %w", name, err)
		}
		t, err := h.twice(ctx, dir)
		if err != nil {
			return fmt.Errorf("system %s: %w", name, err)
		}
		count++
		if t.settled() {
			settled++
		}
		h.reportTwice(name, t)
	}
	fmt.Fprintf(h.w, "twice: %d of %d machines have nothing left to do\n", settled, count)
	return nil
}

// pair is one machine asked twice.
type pair struct {
	first, second *portsolve.Result
	verdict       string // of the checker, about the second answer
	seconds       float64
}

// settled: the second answer has nothing to do, or there was no first answer to apply.
func (t *pair) settled() bool {
	return t.second == nil || t.second.Status == answer.NothingToDo
}

// twice resolves -uDN @world on a machine, and again after applying the plan if there was one.
func (h *harness) twice(ctx context.Context, dir string) (*pair, error) {
	start := time.Now()
	r := portsolve.Request{Args: []string{"@world"}}
	r.Options.Update, r.Options.NewUse, r.Options.Deep, r.Options.Compat = true, true, universe.Unlimited, h.compat
	sys, first, err := resolve(ctx, dir, h.tree, r)
	if err != nil {
		return nil, err
	}
	t := &pair{first: first, verdict: "not asked"}
	if first.Complete {
		after, err := sys.After(ctx, first)
		if err != nil {
			return nil, err
		}
		if t.second, err = after.Resolve(ctx, r); err != nil {
			return nil, err
		}
		t.verdict = verdict(ctx, after, r, t.second)
	}
	t.seconds = time.Since(start).Seconds()
	return t, nil
}

func (h *harness) reportTwice(name string, t *pair) {
	again, left := "no complete answer to apply", 0
	if t.second != nil {
		again, left = string(t.second.Status), len(t.second.Plan)
	}
	fmt.Fprintf(h.w, "%-24s %-15s %4d entries  again: %-15s %4d entries  %.3f s  checker: %s\n",
		name, t.first.Status, len(t.first.Plan), again, left, t.seconds, t.verdict)
	if !h.verbose || t.second == nil {
		return
	}
	for _, e := range t.second.Plan {
		fmt.Fprintf(h.w, "    %-9s %s%s replaces %v because of %+v\n", e.Action, e.CPV, e.Atom, e.Replaces, e.Why)
	}
}

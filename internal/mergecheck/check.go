package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/portsolve/portsolve/internal/mergecorpus"
)

// checker counts what comes out.
type checker struct {
	*settings
	deviations                        *mergecorpus.Deviations
	lists                             map[string][]string // as they are now, of scenarios that the document is about
	stdout                            io.Writer
	passed, deviating, skipped, total int
	killed, calls, violations         int
}

// scenario runs one scenario in a directory of its own. A scenario passes if
// there is no difference, or exactly those that are documented.
func (c *checker) scenario(ctx context.Context, s *mergecorpus.Scenario) error {
	dir, err := os.MkdirTemp("", "mergecheck-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	res, err := mergecorpus.Run(ctx, dir, c.binpkgs, s)
	var skip *mergecorpus.Skip
	if errors.As(err, &skip) {
		c.skipped++
		fmt.Fprintf(c.stdout, "SKIP %s: %s\n", s.ID(), skip.Reason)
		return nil
	}
	if err != nil {
		return err
	}
	c.total++
	if err := c.write(s, res); err != nil {
		return err
	}
	if _, ok := c.deviations.Lists[s.ID()]; ok {
		c.lists[s.ID()] = res.Differences
	}
	if len(c.deviations.Judge(s.ID(), res.Differences)) > 0 {
		c.failed(s, res)
	} else if c.passed++; len(res.Differences) > 0 {
		c.deviating++
	}
	if c.kill > 0 && s.Killed() {
		return c.sweep(ctx, s)
	}
	return nil
}

// sweep kills our own step again and again.
func (c *checker) sweep(ctx context.Context, s *mergecorpus.Scenario) error {
	var dirs []string
	defer func() {
		for _, d := range dirs {
			os.RemoveAll(d)
		}
	}()
	temp := func() string {
		dir, err := os.MkdirTemp("", "mergecheck-")
		if err != nil {
			panic(err)
		}
		dirs = append(dirs, dir)
		return dir
	}
	sweep, err := mergecorpus.KillSweep(ctx, temp, c.binpkgs, s, c.kill)
	if err != nil {
		return err
	}
	fmt.Fprintf(c.stdout, "KILL %s: %d of %d calls, %d violations\n", s.ID(), sweep.Killed, sweep.Calls, len(sweep.Violations))
	for _, v := range sweep.Violations {
		fmt.Fprintln(c.stdout, "   ", v)
	}
	c.killed, c.calls, c.violations = c.killed+sweep.Killed, c.calls+sweep.Calls, c.violations+len(sweep.Violations)
	return nil
}

// write leaves the states for other eyes.
func (c *checker) write(s *mergecorpus.Scenario, res *mergecorpus.Outcome) error {
	if c.out == "" {
		return nil
	}
	dir := filepath.Join(c.out, s.ID())
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for k, st := range res.States {
		if st == nil {
			continue
		}
		name := "before.json"
		if k > 0 {
			name = fmt.Sprintf("after-%d.json", k)
		}
		f, err := os.Create(filepath.Join(dir, name))
		if err != nil {
			return err
		}
		if err := errors.Join(st.Write(f), f.Close()); err != nil {
			return err
		}
	}
	return nil
}

func (c *checker) failed(s *mergecorpus.Scenario, res *mergecorpus.Outcome) {
	expected := c.deviations.Lists[s.ID()]
	fmt.Fprintf(c.stdout, "FAIL %s: %s (%d differences)\n", s.ID(), s.Title, len(res.Differences))
	if !c.verbose {
		return
	}
	for _, d := range res.Differences {
		mark := "  "
		if slices.Contains(expected, d) {
			mark = "= " // documented
		}
		fmt.Fprintln(c.stdout, "   ", mark+d)
	}
	for _, d := range expected {
		if !slices.Contains(res.Differences, d) {
			fmt.Fprintln(c.stdout, "    - documented, but not found:", d)
		}
	}
	for k, st := range res.States {
		if st == nil || k == 0 {
			continue
		}
		for _, m := range st.Messages {
			fmt.Fprintf(c.stdout, "      step %d: %s\n", k, m)
		}
	}
}

func (c *checker) summary() {
	if c.skipped > 0 {
		fmt.Fprintf(c.stdout, "%d skipped\n", c.skipped)
	}
	if c.calls > 0 {
		fmt.Fprintf(c.stdout, "killed before %d of %d calls: %d violations\n", c.killed, c.calls, c.violations)
	}
	fmt.Fprintf(c.stdout, "%d as recorded, %d with documented deviations\n", c.passed-c.deviating, c.deviating)
	fmt.Fprintf(c.stdout, "merges: %d of %d\n", c.passed, c.total)
}

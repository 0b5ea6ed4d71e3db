package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/portsolve/portsolve/internal/mergecorpus"
	"github.com/portsolve/portsolve/internal/mergecorpus/rules"
)

// checker counts what comes out.
type checker struct {
	*settings
	document                  *rules.Document
	now                       map[string][]rules.Verdict // of scenarios that the document is about
	stdout                    io.Writer
	tally                     tally
	killed, calls, violations int
}

// tally counts scenarios.
type tally struct {
	total, skipped           int
	same, byRule, documented int // passed: as recorded; by rules alone; with a row of the document
}

func (t *tally) passed() int { return t.same + t.byRule + t.documented }

// scenario runs one scenario in a directory of its own. A scenario passes if
// there is no difference, exactly those that are documented, or only such as a rule excuses.
func (c *checker) scenario(ctx context.Context, s *mergecorpus.Scenario) error {
	dir, err := os.MkdirTemp("", "mergecheck-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	res, err := mergecorpus.Run(ctx, dir, c.binpkgs, s)
	var skip *mergecorpus.Skip
	if errors.As(err, &skip) {
		c.tally.skipped++
		fmt.Fprintf(c.stdout, "SKIP %s: %s\n", s.ID(), skip.Reason)
		return nil
	}
	if err != nil {
		return err
	}
	c.tally.total++
	if err := c.write(s, res); err != nil {
		return err
	}
	if err := c.judge(ctx, s, res); err != nil {
		return err
	}
	if c.kill > 0 && s.Killed() {
		return c.sweep(ctx, s)
	}
	return nil
}

// judge says what became of a scenario.
func (c *checker) judge(ctx context.Context, s *mergecorpus.Scenario, res *mergecorpus.Outcome) error {
	list, err := rules.Find(ctx, c.binpkgs, s, res)
	if err != nil {
		return err
	}
	id := s.ID()
	known := c.document.Has(id)
	if known {
		c.now[id] = list
	}
	if known && c.rulesOnly {
		known, id = false, "" // as if the document did not know it
	}
	wrong := c.document.Judge(id, list)
	if res.Impossible != "" {
		wrong = append(wrong, res.Impossible)
	}
	switch {
	case len(wrong) > 0:
		c.failed(s, list, wrong, res)
		return nil
	case len(list) == 0:
		c.tally.same++
	case known:
		c.tally.documented++
	default:
		c.tally.byRule++
		fmt.Fprintf(c.stdout, "RULE %s: %s\n", s.ID(), rules.CountsText(list))
	}
	if c.verbose {
		for _, v := range list {
			fmt.Fprintf(c.stdout, "    by rule %d: %s\n", v.Rule, v.Line())
		}
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

func (c *checker) failed(s *mergecorpus.Scenario, list []rules.Verdict, wrong []string, res *mergecorpus.Outcome) {
	fmt.Fprintf(c.stdout, "FAIL %s: %s (%d differences, %d of them wrong)\n", s.ID(), s.Title, len(list), len(wrong))
	if !c.verbose {
		return
	}
	for _, v := range list {
		mark := "  not excused: "
		if v.Rule > 0 {
			mark = fmt.Sprintf("  by rule %d: ", v.Rule)
		}
		fmt.Fprintln(c.stdout, "  "+mark+v.Line())
	}
	for _, w := range wrong {
		fmt.Fprintln(c.stdout, "    wrong:", w)
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
	t := &c.tally
	if t.skipped > 0 {
		fmt.Fprintf(c.stdout, "%d skipped\n", t.skipped)
	}
	if c.calls > 0 {
		fmt.Fprintf(c.stdout, "killed before %d of %d calls: %d violations\n", c.killed, c.calls, c.violations)
	}
	fmt.Fprintf(c.stdout, "%d as recorded, %d with documented deviations, %d with deviations by rule alone\n", t.same, t.documented, t.byRule)
	fmt.Fprintf(c.stdout, "merges: %d of %d\n", t.passed(), t.total)
}

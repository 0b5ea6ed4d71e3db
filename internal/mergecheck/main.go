// Command mergecheck runs the shared corpus of merge scenarios through the
// public API and reports where ROOT and the VDB differ afterwards from what was
// recorded from Portage.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"

	"github.com/portsolve/portsolve/internal/mergecorpus"
	"github.com/portsolve/portsolve/internal/mergecorpus/rules"
	"github.com/portsolve/portsolve/internal/shareddata"
)

func main() {
	os.Exit(start())
}

func start() int {
	if cmd := mergecorpus.Isolated(os.Args[1:]...); cmd != nil { // for scenarios with mounts
		cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
		if err := cmd.Start(); err == nil {
			return exitOf(cmd.Wait())
		}
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "mergecheck:", err)
		return 2
	}
	return 0
}

func exitOf(err error) int {
	var exit interface{ ExitCode() int }
	switch {
	case err == nil:
		return 0
	case errors.As(err, &exit):
		return exit.ExitCode()
	}
	return 2
}

type settings struct {
	scenarios, binpkgs, out, deviations string
	match                               *regexp.Regexp
	verbose, update, rulesOnly          bool
	kill                                int
}

func parseArgs(args []string) (*settings, error) {
	flags := flag.NewFlagSet("mergecheck", flag.ContinueOnError)
	var s settings
	var pattern string
	flags.StringVar(&s.scenarios, "scenarios", shareddata.Path("merges"), "directory of scenarios")
	flags.StringVar(&s.binpkgs, "binpkgs", shareddata.Path("binpkgs"), "directory of package directories")
	flags.StringVar(&s.out, "out", "", "write NN-name/after-K.json of portsolve into this directory")
	flags.StringVar(&s.deviations, "deviations", filepath.Join("docs", "merge-deviations.md"), "the differences that are meant")
	flags.StringVar(&pattern, "run", "", "only scenarios whose NN-name matches this regular expression")
	flags.BoolVar(&s.verbose, "v", false, "print every difference and its rule, and what was said in a step that failed")
	flags.BoolVar(&s.update, "update", false, "rewrite the lists of differences of the scenarios that -deviations is about")
	flags.BoolVar(&s.rulesOnly, "rules-only", false, "judge every scenario by the rules alone, also those that -deviations knows")
	flags.IntVar(&s.kill, "kill", 0, "also kill our own step of kill scenarios, before every N-th of its changing calls")
	if err := flags.Parse(args); err != nil {
		return nil, err
	}
	if flags.NArg() > 0 {
		return nil, fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	if pattern != "" {
		re, err := regexp.Compile(pattern)
		if err != nil {
			return nil, fmt.Errorf("-run: %w", err)
		}
		s.match = re
	}
	return &s, nil
}

func run(ctx context.Context, args []string, stdout io.Writer) error {
	s, err := parseArgs(args)
	if err != nil {
		return err
	}
	list, err := mergecorpus.Read(s.scenarios, s.match)
	if err != nil {
		return err
	}
	document, err := rules.ReadDocument(s.deviations)
	if err != nil {
		return err
	}
	c := &checker{settings: s, document: document, now: map[string][]rules.Verdict{}, stdout: stdout}
	for _, sc := range list {
		if err := c.scenario(ctx, sc); err != nil {
			return fmt.Errorf("%s: %w", sc.ID(), err)
		}
	}
	c.summary()
	if s.update {
		return document.Update(s.deviations, c.now)
	}
	return nil
}

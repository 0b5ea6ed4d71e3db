// Command conformance runs the shared corpus of resolver scenarios through the
// public API and reports where the answers differ from the expectations.
//
// Every scenario is laid out on disk in a directory of its own (repositories
// with ebuilds and metadata cache, profile, /etc/portage, installed packages,
// world) so that the real readers are exercised; nothing is mocked.
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

	"github.com/portsolve/portsolve/internal/differences"
	"github.com/portsolve/portsolve/internal/shareddata"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "conformance:", err)
		os.Exit(2)
	}
}

// settings are the command line.
type settings struct {
	scenarios, out, mode string
	differences          string
	match                *regexp.Regexp
	verbose              bool
	workers              int
}

func parseArgs(args []string) (*settings, error) {
	flags := flag.NewFlagSet("conformance", flag.ContinueOnError)
	var s settings
	var pattern string
	flags.StringVar(&s.scenarios, "scenarios", shareddata.Path("portage-scenarios", "scenarios"), "directory of scenario files")
	flags.StringVar(&pattern, "run", "", "only files whose name matches this regular expression")
	flags.BoolVar(&s.verbose, "v", false, "print the request, and expected and own merge list side by side, for each failing case")
	flags.StringVar(&s.out, "out", "", "write the compat mode's answers as NAME.json into this directory, for the corpus's own judge")
	flags.StringVar(&s.mode, "mode", "both", "compat, default or both")
	flags.StringVar(&s.differences, "differences", "", "rewrite the tables of this document (docs/portage-differences.md); needs both modes and all files")
	flags.IntVar(&s.workers, "workers", 2, "scenario files worked on at the same time")
	if err := flags.Parse(args); err != nil {
		return nil, err
	}
	if flags.NArg() > 0 {
		return nil, fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	if s.workers < 1 {
		return nil, fmt.Errorf("-workers %d: at least one is needed", s.workers)
	}
	if s.differences != "" && (s.mode != "both" || pattern != "") {
		return nil, errors.New("-differences needs all files in both modes")
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

// modes lists the values of compat to run.
func (s *settings) modes() ([]bool, error) {
	switch s.mode {
	case "compat":
		return []bool{true}, nil
	case "default":
		return []bool{false}, nil
	case "both":
		return []bool{true, false}, nil
	}
	return nil, fmt.Errorf("-mode %s: expected compat, default or both", s.mode)
}

func run(ctx context.Context, args []string, stdout io.Writer) error {
	s, err := parseArgs(args)
	if err != nil {
		return err
	}
	modes, err := s.modes()
	if err != nil {
		return err
	}
	docs, err := readDocuments(s.scenarios, s.match)
	if err != nil {
		return err
	}
	if s.out != "" {
		if err := os.MkdirAll(s.out, 0o755); err != nil {
			return err
		}
	}
	rep := &report{w: stdout, verbose: s.verbose}
	var differ []*differences.Difference
	for i, wait := range runAll(ctx, docs, modes, s.workers) {
		out := <-wait
		if err := ctx.Err(); err != nil {
			return err
		}
		if out.Err != nil {
			fmt.Fprintf(stdout, "FIXTURE %s: %v\n", docs[i].Name, out.Err)
		}
		rep.add(out)
		differ = append(differ, differing(out)...)
		if s.out != "" {
			data, err := results(out)
			if err != nil {
				return err
			}
			if err := os.WriteFile(filepath.Join(s.out, docs[i].Name+".json"), data, 0o644); err != nil {
				return err
			}
		}
	}
	rep.summary(modes)
	if s.differences != "" {
		return differences.Scenarios.Write(s.differences, differences.Table(differ, rep.def.all.total))
	}
	return nil
}

// runAll starts the work and returns one channel per document, in order.
func runAll(ctx context.Context, docs []*document, modes []bool, workers int) []chan *outcome {
	waits := make([]chan *outcome, len(docs))
	jobs := make(chan int)
	for i := range waits {
		waits[i] = make(chan *outcome, 1)
	}
	go func() {
		for i := range docs {
			jobs <- i
		}
		close(jobs)
	}()
	for range workers {
		go func() {
			for i := range jobs {
				waits[i] <- runDocument(ctx, docs[i], modes)
			}
		}()
	}
	return waits
}

// Command reference compares answers on real machines and a whole tree with the
// recorded answers of another resolver: as sets of package versions and USE
// flags, because the order of neighbours is free there.
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
	"strings"
	"time"

	"github.com/portsolve/portsolve"
	"github.com/portsolve/portsolve/internal/differences"
	"github.com/portsolve/portsolve/internal/shareddata"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "reference:", err)
		os.Exit(2)
	}
}

// harness is one run of the program.
type harness struct {
	data, tree, only string
	document         string // rewrite its tables
	differ           []*differences.Difference
	verbose, compat  bool
	patience         time.Duration
	acceptIt         bool // write the first alternative and ask again
	again            bool // ask every machine twice instead of comparing
	w                io.Writer
	systems          string // directory that the machines are unpacked to
	unpacked         map[string]error
	same, counted    int
}

func run(ctx context.Context, args []string, w io.Writer) error {
	h := &harness{w: w, unpacked: map[string]error{}}
	if err := h.parse(args); err != nil {
		return err
	}
	if h.again {
		return h.everyMachineTwice(ctx)
	}
	if h.acceptIt {
		return h.acceptFirst(ctx)
	}
	cases, err := readCases(filepath.Join(h.data, "expected"), h.only)
	if err != nil {
		return err
	}
	if h.systems, err = os.MkdirTemp("", "portsolve-systems-"); err != nil {
		return err
	}
	defer os.RemoveAll(h.systems)
	for _, c := range cases {
		if err := h.one(ctx, c); err != nil {
			return err
		}
	}
	fmt.Fprintf(w, "reference: %d of %d cases with the same set\n", h.same, h.counted)
	if h.document != "" {
		return differences.Machines.Write(h.document, differences.Table(h.differ, len(cases)))
	}
	return nil
}

func (h *harness) parse(args []string) error {
	flags := flag.NewFlagSet("reference", flag.ContinueOnError)
	flags.StringVar(&h.data, "data", shareddata.Path("reference"), "directory with systems/ and expected/")
	flags.StringVar(&h.tree, "tree", "", "the unpacked repository (gentoo-2021)")
	flags.StringVar(&h.only, "case", "", "only cases whose name contains this")
	flags.BoolVar(&h.verbose, "v", false, "print the packages and flags that differ")
	flags.BoolVar(&h.again, "twice", false, "resolve -uDN @world on every machine, apply the plan in memory and resolve again: nothing should be left to do")
	flags.BoolVar(&h.acceptIt, "accept", false, "write the first alternative of each case that has one into the configuration and resolve again: it should solve the request")
	flags.DurationVar(&h.patience, "patience", 0, "with -accept: how long to look for alternatives (3s)")
	flags.BoolVar(&h.compat, "compat", false, "answer as --compat=emerge does")
	flags.StringVar(&h.document, "differences", "", "answer in both modes and rewrite the tables of this document (docs/portage-differences.md)")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if h.document != "" && (h.compat || h.only != "") {
		return errors.New("-differences needs all cases, and has both modes: leave out -case and -compat")
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	if h.tree == "" {
		return fmt.Errorf("-tree is missing: unpack gentoo-2021.tar.zst and name the directory")
	}
	if _, err := os.Stat(filepath.Join(h.tree, "profiles")); err != nil {
		return fmt.Errorf("-tree %s is not a repository: %w", h.tree, err)
	}
	return nil
}

// one runs a case and prints its line.
func (h *harness) one(ctx context.Context, c *referenceCase) error {
	system, err := h.machine(c.System)
	if err != nil {
		return fmt.Errorf("system %s: %w", c.System, err)
	}
	own, err := h.attempt(ctx, c, system, h.compat)
	if err != nil {
		return err
	}
	h.print(c, &own)
	if h.document == "" {
		return nil
	}
	compat, err := h.attempt(ctx, c, system, true)
	if err != nil {
		return err
	}
	if d := c.difference(own, compat); d != nil {
		d.Relocate(h.tree, "/var/db/repos/gentoo")
		d.Relocate(system, "")
		h.differ = append(h.differ, d)
	}
	return nil
}

// attempt answers a case in one mode.
func (h *harness) attempt(ctx context.Context, c *referenceCase, system string, compat bool) (attempt, error) {
	request, err := c.resolveRequest(compat)
	if err != nil {
		return attempt{}, fmt.Errorf("%s: %w", c.Name, err)
	}
	start := time.Now()
	sys, result, err := resolve(ctx, system, h.tree, request)
	a := attempt{result: result, err: err, seconds: time.Since(start).Seconds()}
	if ctx.Err() != nil {
		return a, ctx.Err()
	}
	if err == nil {
		a.checker = verdict(ctx, sys, request, result)
	}
	return a, nil
}

// print writes the line of a case.
func (h *harness) print(c *referenceCase, a *attempt) {
	if a.err != nil {
		if c.counts() {
			h.counted++
		}
		text, _, _ := strings.Cut(a.err.Error(), "\n")
		fmt.Fprintf(h.w, "%-36s error after %.3f s: %s\n", c.Name, a.seconds, text)
		return
	}
	d := compare(c, a.result)
	label := "differs"
	if d.equal() {
		label = "same"
	}
	if c.counts() {
		h.counted++
		if d.equal() {
			h.same++
		}
	} else {
		label = "not counted (" + label + ")"
	}
	fmt.Fprintf(h.w, "%-36s %-22s %-15s ours %4d  theirs %4d  only ours %3d  only theirs %3d  other USE %3d  %.3f s  checker: %s\n",
		c.Name, label, a.result.Status, d.ours, d.theirs, len(d.onlyOurs), len(d.onlyTheirs), len(d.otherUse), a.seconds, a.checker)
	if h.verbose {
		h.details(c, d, a.result)
	}
}

func resolve(ctx context.Context, system, tree string, r portsolve.Request) (sys *portsolve.System, res *portsolve.Result, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	sys, err = portsolve.Open(ctx, portsolve.Options{
		System: system, Repos: map[string]string{"gentoo": tree}, Env: map[string]string{},
	})
	if err != nil {
		return nil, nil, err
	}
	res, err = sys.Resolve(ctx, r)
	return sys, res, err
}

// verdict asks the independent checker about a complete answer.
func verdict(ctx context.Context, sys *portsolve.System, r portsolve.Request, res *portsolve.Result) (text string) {
	defer func() {
		if p := recover(); p != nil {
			text = fmt.Sprintf("panic: %v", p)
		}
	}()
	if !res.Complete {
		return "answer is not complete"
	}
	violations, err := sys.Verify(ctx, r, res)
	switch {
	case err != nil:
		return err.Error()
	case len(violations) == 0:
		return "accepted"
	}
	return fmt.Sprintf("%d violations, first: %v", len(violations), violations[0])
}

func (h *harness) details(c *referenceCase, d *difference, res *portsolve.Result) {
	if c.Note != "" {
		fmt.Fprintf(h.w, "    note: %s\n", c.Note)
	}
	print := func(title string, list []string) {
		for _, e := range list {
			fmt.Fprintf(h.w, "    %-12s %s\n", title, e)
		}
	}
	print("only ours", d.onlyOurs)
	print("only theirs", d.onlyTheirs)
	print("other USE", d.otherUse)
	for _, u := range res.Unsatisfied {
		fmt.Fprintf(h.w, "    unsatisfied  %s (from %s)\n", u.Atom, u.Parent)
	}
	for cpv, flags := range res.Changes.Use {
		fmt.Fprintf(h.w, "    change       %s %v\n", cpv, flags)
	}
	if res.Conflict != nil {
		for _, r := range res.Conflict.Rules {
			fmt.Fprintf(h.w, "    conflict     %s\n", r.Text)
		}
	}
	for _, c := range res.Cycles {
		fmt.Fprintf(h.w, "    cycle        %s: %d settings break it\n", strings.Join(c.Members, " "), len(c.Breaks))
	}
	if t := res.TwoStep; t != nil {
		fmt.Fprintf(h.w, "    two steps    %d entries, %d packages built twice, from elsewhere: %s\n", len(t.Plan), len(t.Twice), strings.Join(t.Needs, " "))
	}
	fmt.Fprintf(h.w, "    stats        %+v\n", res.Stats)
}

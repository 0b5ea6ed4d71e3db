// Command waysout looks for every way out of requests that fail on a real machine with a real tree: one package each, all
// alternatives, each verified by the checker; then once more with all that were found forbidden, which must leave
// nothing. It prints what that takes.
package main

import (
	"context"
	_ "embed"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"time"

	"github.com/portsolve/portsolve"
	"github.com/portsolve/portsolve/solver/answer"
	"github.com/portsolve/portsolve/solver/universe"
)

// desktopCases are packages with a visible version whose request fails on stage3-desktop at the profile's USE (-scan: all
// up to dev-games, of the others every fifth was looked at).
//
//go:embed desktop.txt
var desktopCases string

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "waysout:", err)
		os.Exit(2)
	}
}

// harness is one run of the program.
type harness struct {
	tree, system string
	budget       time.Duration
	limit        int
	scan, list   bool
	all          bool
	from         string
	stride       int
	names        []string
	sys          *portsolve.System
	w            io.Writer
	cases        []*result
}

func run(ctx context.Context, args []string, w io.Writer) error {
	h := &harness{w: w}
	if err := h.parse(args); err != nil {
		return err
	}
	var err error
	h.sys, err = portsolve.Open(ctx, portsolve.Options{System: h.system, Repos: map[string]string{"gentoo": h.tree}, Env: map[string]string{}})
	if err != nil {
		return err
	}
	if h.scan {
		return h.scanTree(ctx)
	}
	for _, name := range h.names {
		r, err := h.one(ctx, name)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		h.cases = append(h.cases, r)
		h.print(r)
	}
	h.summary()
	return nil
}

func (h *harness) parse(args []string) error {
	flags := flag.NewFlagSet("waysout", flag.ContinueOnError)
	flags.StringVar(&h.tree, "tree", "", "the unpacked repository (gentoo-2021)")
	flags.StringVar(&h.system, "system", "", "the unpacked machine (stage3-desktop)")
	flags.DurationVar(&h.budget, "budget", 30*time.Second, "processor time for one package; what takes longer is reported as unfinished")
	flags.IntVar(&h.limit, "limit", 200, "alternatives of one package")
	flags.BoolVar(&h.all, "all", false, "all kinds of changes; otherwise USE flags only, as emerge proposes by default")
	flags.BoolVar(&h.list, "v", false, "print the changes of each alternative")
	flags.BoolVar(&h.scan, "scan", false, "instead: print the packages with a visible version that cannot be had without a change")
	flags.StringVar(&h.from, "from", "", "with -scan: begin at this name")
	flags.IntVar(&h.stride, "stride", 1, "with -scan: look at each Nth package; otherwise at each Nth case")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if h.tree == "" || h.system == "" {
		return errors.New("-tree and -system are needed: unpack gentoo-2021.tar.zst and systems/stage3-desktop.tar.zst, and name the directories")
	}
	if h.stride < 1 {
		return errors.New("-stride is at least 1")
	}
	if h.names = flags.Args(); len(h.names) > 0 {
		return nil
	}
	for i, name := range strings.Fields(desktopCases) {
		if i%h.stride == 0 {
			h.names = append(h.names, name)
		}
	}
	return nil
}

// scanTree prints the cases that there are.
func (h *harness) scanTree(ctx context.Context) error {
	found, err := h.sys.Search(ctx, portsolve.SearchQuery{Pattern: "%."})
	if err != nil {
		return err
	}
	for i, p := range found.Found {
		if p.Masked || p.Name < h.from || i%h.stride != 0 {
			continue
		}
		res, err := h.sys.Resolve(ctx, portsolve.Request{Args: []string{p.Name}, Alternatives: portsolve.NoAlternatives,
			Options: universe.Options{Autounmask: universe.No}})
		if err != nil {
			return err
		}
		if res.Status == answer.Unsolvable {
			fmt.Fprintln(h.w, p.Name)
		}
	}
	return nil
}

// result is what one package gave.
type result struct {
	name     string
	found    []*answer.Alternative
	cpu      []time.Duration // of each alternative
	end      time.Duration   // from the last to the end
	attempts int
	rejected int
	complete bool
	limit    string // what ended the search if it is not complete
	refuted  int    // attempts of the search with all found sets forbidden; -1: it found something
}

func (h *harness) one(ctx context.Context, name string) (*result, error) {
	request := portsolve.Request{Args: []string{name}}
	if o := &request.Options; !h.all {
		o.AutounmaskLicense, o.AutounmaskKeepKeywords, o.AutounmaskKeepMasks = universe.No, universe.Yes, universe.Yes
	}
	w, err := h.sys.WaysOut(ctx, request)
	if err != nil {
		return nil, err
	}
	r := &result{name: name}
	began := cpuTime()
	for {
		start := cpuTime()
		a, err := h.next(ctx, w, h.budget-(start-began))
		if err != nil {
			return nil, err
		}
		took := cpuTime() - start
		if a == nil {
			r.end = took
			break
		}
		r.found, r.cpu = append(r.found, a), append(r.cpu, took)
		if len(r.found) == h.limit {
			r.limit = "limit"
			break
		}
	}
	r.attempts, r.rejected, r.complete = w.Attempts(), w.Rejected(), r.limit == "" && w.Complete()
	if !r.complete && r.limit == "" {
		r.limit = "time"
	}
	if r.complete {
		r.refuted, err = h.refute(ctx, request, r)
	}
	return r, err
}

// next is the next alternative, nil if there is none or the budget is spent.
func (h *harness) next(ctx context.Context, w *portsolve.WaysOut, budget time.Duration) (*answer.Alternative, error) {
	short, cancel := context.WithCancel(ctx)
	defer cancel()
	end := cpuTime() + budget
	go func() {
		for short.Err() == nil {
			if cpuTime() > end {
				cancel()
			}
			select {
			case <-short.Done():
			case <-time.After(100 * time.Millisecond):
			}
		}
	}()
	a, err := w.Next(short)
	if err != nil && ctx.Err() == nil && errors.Is(err, context.Canceled) {
		return nil, nil
	}
	return a, err
}

// refute searches once more, with all that was found forbidden.
func (h *harness) refute(ctx context.Context, request portsolve.Request, r *result) (int, error) {
	w, err := h.sys.WaysOut(ctx, request)
	if err != nil {
		return 0, err
	}
	for _, a := range r.found {
		w.Forbid(a)
	}
	a, err := h.next(ctx, w, 2*h.budget)
	if err != nil || a != nil || !w.Complete() {
		return -1, err
	}
	return w.Attempts(), nil
}

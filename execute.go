package portsolve

import (
	"context"
	"errors"
	"fmt"

	"github.com/portsolve/portsolve/binpkg/fetch"
	"github.com/portsolve/portsolve/internal/rootfs"
	"github.com/portsolve/portsolve/merge"
	"github.com/portsolve/portsolve/merge/resume"
	"github.com/portsolve/portsolve/vdb"
)

// ExecuteOptions of Execution.Run.
type ExecuteOptions struct {
	// Merge are the options of merge.Run; its Events are not used.
	Merge merge.Options
	// Event, if not nil, is told what happens in the run of that index. It is called by
	// one goroutine at a time.
	Event func(run int, e merge.Event)
	// Open gives the file system of a root; nil is rootfs.Open. Tests inject faults there.
	Open func(dir string) (rootfs.FS, error)
	// Fetch, if not nil, is told how downloads go.
	Fetch func(fetch.Event)
}

// Run carries an execution out: the world files first, then run after run. What is
// left to do is kept in the list that --resume goes on with. The reports are those of the runs that
// were begun; without KeepGoing the first error ends everything. Errors are those of merge.Run, and an *OvertakenError
// if another process has changed what the plan was made for.
func (x *Execution) Run(ctx context.Context, o ExecuteOptions) ([]*merge.Report, error) {
	if err := x.Fetch(ctx, o.Fetch); err != nil {
		return nil, err
	}
	if err := x.overtaken(sameStamp, x.sys.roots...); err != nil {
		return nil, err
	}
	open := o.Open
	if open == nil {
		open = rootfs.Open
	}
	fs, err := open(x.Target.Root)
	if err != nil {
		return nil, err
	}
	defer fs.Close()
	state := vdb.State{FS: fs, Group: vdb.PortageGroup(fs)}
	if len(x.World.Add)+len(x.World.Remove) > 0 {
		if err := state.EditWorld(ctx, x.World, o.waiting); err != nil {
			return nil, err
		}
	}
	if len(x.Runs) == 0 {
		return nil, nil
	}
	o.Merge.Open = x.trust.open
	todo, err := x.begin(ctx, state, &o)
	if err != nil {
		return nil, err
	}
	var reports []*merge.Report
	var failures []error
	byRun := make([]*merge.Report, len(x.Runs))
	for i := range x.Runs {
		x.unmet(i, byRun)
		report, err := x.run(ctx, i, &o, todo)
		byRun[i] = report
		if report != nil {
			reports = append(reports, report)
		}
		failures = append(failures, err)
		if err != nil && (!o.Merge.KeepGoing || ctx.Err() != nil) {
			break
		}
	}
	err = errors.Join(failures...)
	var overtaken *OvertakenError
	if err == nil || len(reports) == 1 && x.resumed == nil && errors.As(err, &overtaken) { // nothing was done that could be resumed
		todo.finish()
	}
	return reports, err
}

func (o *ExecuteOptions) waiting(holder string) {
	o.event(-1, merge.Event{Kind: merge.EventLockWait, Step: -1, Text: holder})
}

func (o *ExecuteOptions) event(run int, e merge.Event) {
	if o.Event != nil {
		o.Event(run, e)
	}
}

// run is one run, with its events handed on.
func (x *Execution) run(ctx context.Context, i int, o *ExecuteOptions, todo *todo) (*merge.Report, error) {
	events, done := make(chan merge.Event), make(chan struct{})
	go func() {
		defer close(done)
		for e := range events {
			if e.Kind == merge.EventDone && e.Step >= 0 {
				todo.done(x.item(i, e.Step))
			}
			o.event(i, e)
		}
	}()
	options := o.Merge
	options.Events = events
	x.bind(i, &options)
	report, err := o.run(ctx, &x.Runs[i], options)
	<-done
	return report, err
}

// unmet marks the steps of a run that need what an earlier run, for another root, has not done.
func (x *Execution) unmet(run int, reports []*merge.Report) {
	steps := x.Runs[run].Plan.Steps
	for k := range steps {
		for _, needs := range x.across[stepRef{run, k}] {
			if r := reports[needs.run]; r == nil || r.Steps[needs.step].State != merge.StateDone {
				steps[k].Unmet = x.Runs[needs.run].Plan.Steps[needs.step].CPV
			}
		}
	}
}

func (o *ExecuteOptions) run(ctx context.Context, run *MergeRun, options merge.Options) (*merge.Report, error) {
	if o.Open == nil {
		return merge.Run(ctx, &run.Plan, run.Target, options)
	}
	fs, err := o.Open(run.Target.Root)
	if err != nil {
		close(options.Events)
		return nil, err
	}
	report, err := merge.RunIn(ctx, fs, &run.Plan, run.Target, options)
	return report, errors.Join(err, fs.Close())
}

// item is a step as the list of what is left spells it.
func (x *Execution) item(run, step int) resume.Item {
	s := &x.Runs[run].Plan.Steps[step]
	i := resume.Item{Kind: resume.Binary, Root: x.paths[x.Runs[run].Target.Root], CPV: s.CPV, Action: resume.Merge}
	if s.Action == merge.Uninstall {
		i.Kind, i.Action = resume.Installed, resume.Uninstall
	}
	return i
}

// todo is the list of what is left, on disk. Whatever goes wrong with it later
// only costs the possibility to resume: it is told and does not end the run.
type todo struct {
	run    *resume.Run // nil: this is nothing to resume
	report func(error)
}

func (x *Execution) begin(ctx context.Context, state vdb.State, o *ExecuteOptions) (*todo, error) {
	t := &todo{report: func(err error) {
		if err != nil {
			o.event(-1, merge.Event{Kind: merge.EventWarning, Step: -1, Text: fmt.Sprintf("the list for --resume: %v", err)})
		}
	}}
	if !x.merges {
		problem, err := resume.Tidy(ctx, state)
		t.report(problem)
		t.report(err)
		return t, ctx.Err()
	}
	l := &resume.List{Favorites: x.Favorites, Options: x.Options}
	for i := range x.Runs {
		for k := range x.Runs[i].Plan.Steps {
			l.Items = append(l.Items, x.item(i, k))
		}
	}
	run, problem, err := resume.Start(ctx, state, l, x.resumed)
	t.run = run
	t.report(problem)
	t.report(err)
	return t, ctx.Err()
}

func (t *todo) done(item resume.Item) {
	if t.run != nil {
		t.report(t.run.Done(item))
	}
}

func (t *todo) finish() {
	if t.run != nil {
		t.report(t.run.Finish())
	}
}

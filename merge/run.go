package merge

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/merge/internal/txn"
	"github.com/portsolve/portsolve/vdb"
)

// Run carries out a plan. It takes Portage's lock of ROOT's /var/db/pkg, finishes
// what a killed run left (Recover), and then does step after step. The report says
// what became of each step, also if the error is not nil. The error is that of the
// first step that failed (*StepError), of the lock (*rootfs.LockedError wrapped), of
// the recovery, or of ctx. A context that ends stops the run before the next step, or
// in the present one as long as its files are not in place yet; otherwise the step is
// finished.
func Run(ctx context.Context, plan *Plan, target Target, o Options) (*Report, error) {
	if o.Events != nil {
		defer close(o.Events)
	}
	if err := plan.Check(); err != nil {
		return nil, err
	}
	e, end, err := newEngine(ctx, target, o)
	if err != nil {
		return nil, err
	}
	report, err := e.run(plan)
	return report, errors.Join(err, end())
}

// Recover finishes what a killed run left in ROOT, or rolls it back where finishing
// is impossible; it says in words what it did, nothing if nothing was left. It takes
// and releases the lock as Run does.
func Recover(ctx context.Context, target Target, o Options) ([]string, error) {
	if o.Events != nil {
		defer close(o.Events)
	}
	e, end, err := newEngine(ctx, target, o)
	if err != nil {
		return nil, err
	}
	text, err := e.recover()
	return text, errors.Join(err, end())
}

// run is Run with the lock held.
func (e *engine) run(plan *Plan) (*Report, error) {
	report := &Report{Steps: make([]StepReport, len(plan.Steps))}
	for i := range plan.Steps {
		report.Steps[i] = StepReport{Step: plan.Steps[i], State: StateSkipped}
	}
	var err error
	if report.Recovered, err = e.recover(); err != nil {
		return report, err
	}
	if e.o.Before != nil {
		if err := e.o.Before(); err != nil {
			return report, err
		}
	}
	if err := e.pretend(plan); err != nil {
		return report, err
	}
	if err := e.makeTemp(); err != nil {
		return report, err
	}
	e.removing = !slices.ContainsFunc(plan.Steps, func(s Step) bool { return s.Action != Uninstall })
	line := e.startUnpacking(plan)
	defer line.stop()
	e.steps = report
	for i := range plan.Steps {
		if e.interrupted() {
			break
		}
		if e.missing(i, &report.Steps[i]) {
			e.skip(line.take(i)) // it must not keep its room
			continue
		}
		e.one(i, &plan.Steps[i], line)
	}
	e.flush()
	e.at(-1, nil)
	line.stop()
	return report, errors.Join(e.first, e.finish())
}

// missing reports that a step cannot be done because one that it needs was not.
func (e *engine) missing(i int, r *StepReport) bool {
	name := unmet(e.steps, i)
	if name == "" {
		return false
	}
	r.Err = fmt.Errorf("%s is needed before and was not done", name)
	return true
}

// unmet is a package that step i needs and that was not done and is not about to be,
// "" if there is none.
func unmet(report *Report, i int) string {
	s := &report.Steps[i].Step
	for _, n := range s.After {
		if state := report.Steps[n].State; state != StateDone && state != stateWaits {
			return report.Steps[n].Step.CPV
		}
	}
	return s.Unmet
}

// isFinal reports an error after which nothing more may be done to ROOT before
// Recover has been at it.
func isFinal(err error) bool {
	var stuck *txn.StuckError
	var unfinished *unfinishedError
	return errors.As(err, &stuck) || errors.As(err, &unfinished)
}

// finish does what is due at the end of a run.
func (e *engine) finish() error {
	err := errors.Join(e.sweep(), e.updateEnv())
	return errors.Join(err, e.settled())
}

// stateWaits is a step that is arranged and waits for others (group).
const stateWaits State = "waits"

// one does one step, or arranges it.
func (e *engine) one(i int, s *Step, line *unpacking) {
	m := &member{step: i, s: s, report: &e.steps.Steps[i], r: new(record)}
	e.at(i, m.report)
	if s.Action == Uninstall {
		if e.alone() != nil {
			return
		}
		e.emit(Event{Kind: EventStart, CPV: s.CPV, Text: string(s.Action)})
		e.ended(m, e.uninstall(s, m.r))
		return
	}
	e.emit(Event{Kind: EventStart, CPV: s.CPV, Text: string(s.Action)})
	m.p = line.take(i)
	e.install(m)
}

// ended notes what became of a step.
func (e *engine) ended(m *member, err error) {
	e.at(m.step, m.report)
	if m.p != nil {
		err = errors.Join(err, e.drop(m.p))
		m.p.img, m.l = nil, nil
	}
	if err == nil {
		m.report.State = StateDone
		e.emit(Event{Kind: EventDone, CPV: m.s.CPV})
		return
	}
	e.linkage = nil // it may know a package already that is not installed now
	m.report.State = StateFailed
	if m.r.placed {
		m.report.State = StateBroken
	}
	step := &StepError{CPV: m.s.CPV, Err: err}
	var phase *phaseError
	if errors.As(err, &phase) {
		step = &StepError{CPV: m.s.CPV, Phase: phase.phase, Err: phase.err}
	}
	m.report.Err = step
	e.emit(Event{Kind: EventFailed, CPV: m.s.CPV, Text: step.Error()})
	if e.first == nil {
		e.first = step
	}
	e.halted = e.halted || !e.o.KeepGoing || isFinal(err)
}

// record is what a transaction's journal says of its package.
type record struct {
	Action   Action     `json:"action"`
	CPV      string     `json:"cpv"`
	Slot     string     `json:"slot"`
	Counter  int64      `json:"counter,omitempty"`
	Replaced []oldEntry `json:"replaced,omitempty"` // what gives way
	Select   []string   `json:"select,omitempty"`
	Deselect []string   `json:"deselect,omitempty"`
	// World makes the world file if there is none, as Portage does when the user
	// uninstalls.
	World bool `json:"world,omitempty"`

	placed   bool         // the changes are made
	contents vdb.Contents // what the new package owns, if this run knows it
}

// oldEntry is an instance that gives way.
type oldEntry struct {
	CPV string `json:"cpv"`
	// Aside is where the entry goes in the stage. If the new one has the same
	// version it is there as soon as the changes are made.
	Aside string `json:"aside"`
}

// cpv parses a name that was checked before.
func cpv(s string) atom.CPV {
	c, _ := atom.ParseCPV(s)
	return c
}

package merge

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/portsolve/portsolve/binpkg"
)

// Options of Run.
type Options struct {
	// Events gets what happens, in order; nil nobody looks. Run closes it at its end and
	// waits for the receiver at every event.
	Events chan<- Event
	// Phases runs pkg_* functions; nil: none is run, as with a documented switch.
	Phases Phases
	// Out takes the output of phases; nil discards it.
	Out io.Writer
	// Jobs is how many packages are unpacked at the same time; 0 is the number of CPUs.
	// Files get into ROOT one package after the other, in the plan's order.
	Jobs int
	// NoConfmem offers updates of configuration files that were offered before
	// (--noconfmem).
	NoConfmem bool
	// KeepGoing goes on with the other packages after a failure (--keep-going).
	KeepGoing bool
	// LockWait limits the wait for another process that changes the same ROOT; 0 waits
	// until ctx ends, negative does not wait.
	LockWait time.Duration
	// Verify is what is asked of package files beside what the plan says of them:
	// signatures and keys.
	Verify binpkg.VerifyOptions
	// Before, if not nil, is called with the lock held, before anything of the plan is done and after what a killed run
	// left was put in order. Its error ends the run: whoever made the plan looks there whether it is still right.
	Before func() error
	// Open opens and verifies the package file of a step; nil is binpkg.OpenVerified.
	Open func(ctx context.Context, step Step, path string, o binpkg.VerifyOptions) (*binpkg.Verified, error)
}

// EventKind says what an Event is about.
type EventKind string

// Kinds of events.
const (
	EventLockWait  EventKind = "lock-wait"  // Text: who holds the lock
	EventRecover   EventKind = "recover"    // a killed run is finished or rolled back: Text
	EventStart     EventKind = "start"      // a step begins
	EventUnpack    EventKind = "unpack"     // Done of Total bytes
	EventPhase     EventKind = "phase"      // Phase begins
	EventPhaseFail EventKind = "phase-fail" // Phase failed: Text
	EventFile      EventKind = "file"       // Path was merged, removed or kept: Text is how (see FileAction)
	EventConfig    EventKind = "config"     // Path was written for a protected file: Text is that file
	EventCollision EventKind = "collision"  // Path is in the way: Text says whose it is
	EventElog      EventKind = "elog"       // Level and Text
	EventWarning   EventKind = "warning"    // Text
	EventDone      EventKind = "done"       // a step has ended well
	EventFailed    EventKind = "failed"     // a step has failed: Text
)

// Marks of EventFile, as emerge shows them.
const (
	FileMerged    = ">>>"       // new or replaced
	FileSame      = "==="       // content and mode were the same
	FileDir       = "---"       // a directory that was there
	FileRemoved   = "<<<"       // removed by an uninstall
	FileReplaced  = "replaced"  // not removed: another package or the new version owns it
	FileProtected = "cfgpro"    // not removed: protected by CONFIG_PROTECT
	FileModified  = "!mtime"    // not removed: its modification time is not the recorded one
	FileMD5       = "!md5"      // not removed: its content is not the recorded one
	FileMissing   = "!found"    // was not there any more
	FileNotEmpty  = "!empty"    // a directory with something in it
	FileIgnored   = "ignored"   // UNINSTALL_IGNORE
	FilePreserved = "preserved" // a library that is still in use
	FileFailed    = "!failed"   // could not be removed
)

// Event is one thing that happens in Run. Fields that do not belong to its kind are
// zero.
type Event struct {
	Kind  EventKind
	Step  int    // index in Plan.Steps; -1 outside of steps
	CPV   string // of the package in question; in an upgrade also the replaced one
	Phase string
	Path  string // absolute within ROOT
	Level string // of elog: INFO, LOG, WARN, QA, ERROR
	Text  string
	Done  int64
	Total int64
}

// State of a step in a Report.
type State string

// States.
const (
	StateDone    State = "done"
	StateFailed  State = "failed"  // nothing was changed, or it was rolled back
	StateBroken  State = "broken"  // installed, but something afterwards failed (pkg_postinst)
	StateSkipped State = "skipped" // not reached
)

// Report is what Run did.
type Report struct {
	Steps []StepReport
	// Recovered says in words what was left by a killed run and what became of it.
	Recovered []string
}

// StepReport is what became of a step.
type StepReport struct {
	Step  Step
	State State
	Err   error // nil if Done or Skipped
	// Replaced are the CPVs that gave way.
	Replaced []string
	// Configs are new files (._cfgNNNN_name) that wait for the administrator, absolute
	// within ROOT.
	Configs []string
	// Kept are files of the replaced or uninstalled package that were left, and why.
	Kept []KeptFile
	// Failed are phases that failed without consequence (prerm, postrm).
	FailedPhases []string
	// Saved are copies of what was the administrator's own in the place of a package's
	// file: it was changed, or nobody owned it. Absolute within ROOT.
	Saved []SavedFile
	// Preserved are libraries kept for their users (FEATURES=preserve-libs).
	Preserved []string
	// Warnings for people.
	Warnings []string
}

// KeptFile is a file that an uninstall left.
type KeptFile struct{ Path, Why string }

// SavedFile is something that was at Path and is now at Copy.
type SavedFile struct{ Path, Copy string }

// OK reports whether all steps were done.
func (r *Report) OK() bool {
	for i := range r.Steps {
		if r.Steps[i].State != StateDone {
			return false
		}
	}
	return true
}

// StepError is the failure of one step.
type StepError struct {
	CPV   string
	Phase string // "" if no phase failed
	Err   error
}

func (e *StepError) Error() string {
	if e.Phase != "" {
		return fmt.Sprintf("%s: pkg_%s: %v", e.CPV, e.Phase, e.Err)
	}
	return e.CPV + ": " + e.Err.Error()
}

// Unwrap gives the cause.
func (e *StepError) Unwrap() error { return e.Err }

package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/portsolve/portsolve"
	"github.com/portsolve/portsolve/internal/emergeopts"
	"github.com/portsolve/portsolve/solver/answer"
)

// Exit codes of the portsolve command (docs/emerge-options.md lists them).
const (
	ExitOK          = 0   // solved, or nothing to do
	ExitUnsolved    = 1   // unsolvable, configuration changes are needed, or a question has no answer
	ExitUsage       = 2   // the command line is wrong
	ExitInput       = 3   // the system, the configuration or the tree cannot be read
	ExitInterrupted = 130 // interrupted from the keyboard
)

// usageError is a mistake on the command line.
type usageError struct{ error }

func (e *usageError) Unwrap() error { return e.error }

func usagef(format string, args ...any) error {
	return &usageError{fmt.Errorf(format, args...)}
}

// errNoAnswer ends a question about something that does not exist, after the
// command has said so.
var errNoAnswer = errors.New("no answer")

// exitCode is the one place that turns an outcome into an exit code. res is
// looked at only without an error, and may be nil then (help, lists).
func exitCode(res *answer.Result, err error) int {
	var usage *usageError
	var failed *failure
	var badRequest *portsolve.UsageError
	switch {
	case errors.Is(err, context.Canceled):
		return ExitInterrupted
	case errors.As(err, &usage), errors.As(err, &badRequest), errors.Is(err, emergeopts.ErrConflict):
		return ExitUsage
	case errors.Is(err, errNoAnswer), errors.As(err, &failed):
		return ExitUnsolved
	case err != nil:
		return ExitInput
	case res == nil, res.Status == answer.Solved, res.Status == answer.NothingToDo:
		return ExitOK
	}
	return ExitUnsolved
}

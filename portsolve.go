// Package portsolve resolves dependencies of Gentoo-style ebuild repositories
// (PMS) with a SAT solver.
package portsolve

import (
	"context"

	"github.com/portsolve/portsolve/solver/answer"
	"github.com/portsolve/portsolve/solver/check"
	"github.com/portsolve/portsolve/solver/universe"
)

type (
	// Options says where the system is; the zero value is the running machine.
	Options struct {
		ConfigRoot, Root, SysRoot, EPrefix string                              // as emerge's --config-root, --root, --sysroot, --prefix
		System                             string                              // treat DIR as "/" for configuration, VDB, world and all roots
		Repos                              map[string]string                   // --repo NAME=DIR
		Env                                map[string]string                   // nil = the process environment
		Progress                           func(stage string, done, total int) // may be nil
	}
	// Request is what to resolve: arguments as on emerge's command line and its options.
	Request struct {
		Args    []string
		Options universe.Options
	}
	// Result is the answer.
	Result = answer.Result
)

// System is an opened system: repositories, configuration, installed packages.
// Safe for concurrent use; it never writes.
type System struct{}

// Open reads repositories, configuration and the installed packages.
func Open(ctx context.Context, o Options) (*System, error) { panic("stub") }

// Resolve answers a request.
func (s *System) Resolve(ctx context.Context, r Request) (*Result, error) { panic("stub") }

// Verify re-checks a result with the independent checker.
func (s *System) Verify(ctx context.Context, r Request, res *Result) ([]check.Violation, error) {
	panic("stub")
}

// UsageError is wrapped by errors of the request itself (exit 2); InputError by broken input (exit 3).
type UsageError struct{ Err error }

func (e *UsageError) Error() string { return e.Err.Error() }
func (e *UsageError) Unwrap() error { return e.Err }

type InputError struct{ Err error }

func (e *InputError) Error() string { return e.Err.Error() }
func (e *InputError) Unwrap() error { return e.Err }

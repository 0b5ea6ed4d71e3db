package portsolve

import (
	"errors"
	"io"
	"time"

	"github.com/portsolve/portsolve/atom/metadata"
	"github.com/portsolve/portsolve/solver/answer"
	"github.com/portsolve/portsolve/solver/check"
	"github.com/portsolve/portsolve/solver/universe"
)

// Options says where the system is. The zero value is the running machine.
type Options struct {
	// ConfigRoot, Root, SysRoot and EPrefix are emerge's --config-root, --root,
	// --sysroot and --prefix. Empty means: from the environment (PORTAGE_CONFIGROOT,
	// ROOT, SYSROOT, EPREFIX), else from make.conf, else "/" (EPREFIX: none).
	ConfigRoot, Root, SysRoot, EPrefix string
	// System treats a directory as "/": configuration, installed packages, world
	// and all roots are below it, and so is a repository whose configured location
	// exists there. Empty means the machine's own "/".
	System string
	// Repos adds repositories or overrides where they are: name -> directory.
	Repos map[string]string
	// Env is the environment, which configures packages as make.conf does. nil
	// means the process's own.
	Env map[string]string
	// AcceptProperties and AcceptRestrict are emerge's --accept-properties and
	// --accept-restrict; empty means: as configured.
	AcceptProperties, AcceptRestrict string
	// CacheDir is where indexes and packages of http binhosts are kept; nothing else is. Empty means
	// /var/cache/portsolve for root, and "portsolve" in the user's cache directory for others.
	CacheDir string
	// FetchAttempts is how often one download from an http binhost is tried before giving up; 0 means 5.
	FetchAttempts int
	// Progress, if not nil, is told how far a stage ("repositories", "installed
	// packages", "solving", "ordering") is. total is 0 when unknown.
	Progress func(stage string, done, total int)
}

// Request is what to resolve.
type Request struct {
	// Args are arguments as on emerge's command line: atoms, "cat/pkg", "pkg",
	// "@set", paths of installed files (beginning with "/") and of ebuilds.
	Args []string
	// Options are emerge's options; the zero value has emerge's defaults.
	Options universe.Options
	// Alternatives is how many ways out are looked for if the request fails or needs configuration changes:
	// DefaultAlternatives if 0, NoAlternatives, AllAlternatives. Patience bounds the time for it, 3 s if 0.
	Alternatives int
	Patience     time.Duration `json:"-"`
	// Pick makes alternative number Pick (from 1) the plan and the changes of the answer; 0: the first whose changes
	// emerge would propose with the same options.
	Pick int
	// Allow lets alternatives do what is no matter of the configuration: AllowMaskedUse, AllowRemove, AllowDrop.
	Allow []string
	// Trace, if not nil, is given the stages between the request and the answer, in this order:
	// "universe.txtar" (all packages that were looked at, as a scenario a test can run), "problem.cnf" and
	// "vars.tsv" (the formula and the meaning of its variables), "model.txt" (what was chosen). An error of
	// it ends Resolve.
	Trace func(file string, write func(io.Writer) error) error `json:"-"`
}

// What Request.Allow may have (docs/alternatives.md, section 1).
const (
	AllowMaskedUse = "use.mask" // change USE flags that the profile forces or masks
	AllowRemove    = "remove"   // remove installed packages
	AllowDrop      = "drop"     // give up arguments
)

// Result is the answer to a Request as plain data.
type Result = answer.Result

// Violation is one rule that the independent checker found broken.
type Violation = check.Violation

// Candidate is one version of a package in one root, as the configuration sees
// it.
type Candidate struct {
	Pkg  *metadata.Package
	Root universe.RootID
	// Use are the enabled flags: as configured, or for installed and binary
	// packages as built.
	Use metadata.UseSet
	// Excluded is every reason why the configuration would not choose it, nil for none.
	Excluded []metadata.Exclusion
}

// Visible reports whether nothing excludes the candidate. What is installed has
// been accepted once: its keywords, properties, restrictions and CHOST are still
// reported, but only masks, licenses and unusable metadata hide it.
func (c *Candidate) Visible() bool {
	for _, e := range c.Excluded {
		switch e.Kind {
		case metadata.ExclKeyword, metadata.ExclProperties, metadata.ExclRestrict, metadata.ExclCHOST:
			if c.Pkg.Origin == metadata.Installed {
				continue
			}
		}
		return false
	}
	return true
}

// ErrNoConfiguration is wrapped by Open's error where there is no Gentoo
// configuration at all: neither etc/portage nor a repository.
var ErrNoConfiguration = errors.New("no Gentoo configuration")

// UsageError is an error in the request itself, or in options that contradict
// each other. The command line ends with exit code 2.
type UsageError struct{ Err error }

func (e *UsageError) Error() string { return e.Err.Error() }

// Unwrap gives the cause.
func (e *UsageError) Unwrap() error { return e.Err }

// InputError is broken input: an unreadable tree, a configuration with errors.
// Its text names file and line where there are any. The command line ends with
// exit code 3.
type InputError struct{ Err error }

func (e *InputError) Error() string { return e.Err.Error() }

// Unwrap gives the cause.
func (e *InputError) Unwrap() error { return e.Err }

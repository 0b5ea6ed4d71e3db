package merge

import (
	"context"
	"io"

	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/atom/metadata"
)

// Phases runs the pkg_* functions of a package (PMS chapter 9). Package merge/phase
// has the implementation with bash. It is called by one goroutine at a time.
//
// An error says that the phase failed (die, an exit status, no bash); what follows
// from it is the engine's policy: pkg_pretend, pkg_setup and pkg_preinst keep the
// package from being installed, a failed pkg_postinst ends the plan but leaves the
// package installed, and pkg_prerm and pkg_postrm are only reported.
type Phases interface {
	Run(ctx context.Context, call PhaseCall) error
}

// PhaseCall is one call of one phase function. Paths are of the host.
type PhaseCall struct {
	// Phase is the function without "pkg_": pretend, setup, preinst, postinst, prerm,
	// postrm, config, info. The engine calls a phase only if DEFINED_PHASES has it (or
	// was not recorded).
	Phase string
	// Package has the metadata: CPV, EAPI, SLOT, USE, repository.
	Package *metadata.Package
	// Env opens environment.bz2 as it was saved with the package (still compressed);
	// the error is fs.ErrNotExist if there is none.
	Env func() (io.ReadCloser, error)
	// Value is another value of the package's metadata (INHERITED, FEATURES, …), "" if absent.
	Value func(name string) string
	// Image is D: where the files to install are, as a real directory. pkg_preinst may
	// change it; in pkg_postinst they are in ROOT. Other phases get "".
	Image string
	// Root is ROOT (with EPREFIX); it ends with a slash.
	Root string
	// Temp is T, a directory of this package's transaction that exists from pkg_setup to
	// pkg_postinst. It lies on ROOT's file system.
	Temp string
	// Entry is the directory of the package in /var/db/pkg, "" while there is none.
	Entry string
	// ReplacingVersions and ReplacedByVersion are PVRs as PMS 11.1 says.
	ReplacingVersions []string
	ReplacedByVersion string
	// MergeType is MERGE_TYPE: "binary".
	MergeType string
	// Config is Target.Config.
	Config map[string]string
	// Query answers has_version and best_version from the state of ROOT now.
	Query Query
	// Out takes what the phase prints; never nil.
	Out io.Writer
	// Elog takes what einfo, elog, ewarn, eqawarn and eerror say; level is the command's
	// name without the e in capitals (INFO, LOG, WARN, QA, ERROR); never nil.
	Elog func(level, text string)
}

// Query is what phases may ask about a system.
type Query interface {
	// Installed lists the installed packages of a name in ROOT, ascending by version.
	Installed(cp atom.CP) []*metadata.Package
}

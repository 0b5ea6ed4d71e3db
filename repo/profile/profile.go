// Package profile reads a profile and its ancestors (PMS chapter 5) into a flat
// list of nodes, and the line-based and bash-like files that profiles and
// /etc/portage share. It keeps the file and line of everything it reads and
// leaves the meaning of the lines to package config.
package profile

import (
	"github.com/portsolve/portsolve/atom/eapi"
	"github.com/portsolve/portsolve/repo"
)

// Node is one directory of a profile stack as read. A directory that several
// profiles inherit from occurs once per inheritance, as PMS 5.2.1 has it.
type Node struct {
	Dir  string
	EAPI *eapi.EAPI
	// Repo is the repository that the directory lies in, nil outside of any
	// (/etc/portage/profile).
	Repo *repo.Repo
	// User marks /etc/portage/profile: formats and EAPI restrict nothing there.
	User bool

	// Vars are the assignments of make.defaults in order, values expanded.
	Vars []Assign
	// Flags are the files whose lines are USE flags or plain words.
	Flags [NumFlagFiles][]Line
	// Atoms are the files whose lines begin with an atom.
	Atoms [NumAtomFiles][]AtomLine
	// Deprecated is the first line of the file "deprecated": the profile to use
	// instead ("" if the file is absent or empty); IsDeprecated tells whether it exists.
	Deprecated   string
	IsDeprecated bool
}

// FlagFile names a file of plain words; the values index Node.Flags.
type FlagFile uint8

// The files of plain words (PMS 5.2.6, 5.2.8, 5.2.11).
const (
	UseForce FlagFile = iota
	UseMask
	UseStableForce
	UseStableMask
	UseStable       // EAPI 9
	Packages        // "*atom" and "atom"
	PackageProvided // not from EAPI 7 on
	SonameProvided  // portage(5)
	NumFlagFiles
)

// AtomFile names a file of lines "atom [words]"; the values index Node.Atoms.
type AtomFile uint8

// The files of atoms (PMS 5.2.7, 5.2.9 to 5.2.12; the last three portage(5)).
const (
	PackageMask AtomFile = iota
	PackageUnmask
	PackageUse
	PackageUseStable // EAPI 9
	PackageUseForce
	PackageUseMask
	PackageUseStableForce
	PackageUseStableMask
	PackageKeywords
	PackageAcceptKeywords
	PackageLicense
	NumAtomFiles
)

// flagFileNames and atomFileNames are constant tables: file name by index.
var (
	flagFileNames = [NumFlagFiles]string{
		"use.force", "use.mask", "use.stable.force", "use.stable.mask", "use.stable",
		"packages", "package.provided", "soname.provided",
	}
	atomFileNames = [NumAtomFiles]string{
		"package.mask", "package.unmask", "package.use", "package.use.stable",
		"package.use.force", "package.use.mask", "package.use.stable.force", "package.use.stable.mask",
		"package.keywords", "package.accept_keywords", "package.license",
	}
)

// String is the file's name.
func (f FlagFile) String() string { return flagFileNames[f] }

// String is the file's name.
func (f AtomFile) String() string { return atomFileNames[f] }

// Stack is a profile with everything it inherits.
type Stack struct {
	// Nodes in order of application: ancestors first, the profile itself last.
	Nodes []*Node
	// Warnings name lines that were ignored, with file and line.
	Warnings []string
}

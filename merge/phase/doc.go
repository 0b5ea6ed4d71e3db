// Package phase runs the pkg_* functions of binary and installed packages with
// bash: it implements merge.Phases.
//
// What is run, when, with which environment and commands, and what differs from
// Portage, is docs/phases.md. The shell side is in lib/; this side prepares files,
// starts bash, answers its questions and collects its messages. No value that comes
// from a package becomes part of shell text: bash reads them from files.
package phase

// Package merge carries out a plan: it installs binary packages into a ROOT and
// uninstalls packages from it.
//
// What it promises whatever happens (a kill, a full or broken disk, a power cut),
// and where it deliberately does more than Portage, is docs/merge-safety.md. No code
// that decides what to install is linked into this package: a plan comes from the
// resolver, from a file (ReadPlan) or from a program of yours.
package merge

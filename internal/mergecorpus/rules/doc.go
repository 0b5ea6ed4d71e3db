// Package rules proves that a difference from what was recorded is one of the
// documented ways in which a merge of ours is safer than Portage's.
//
// A rule sees states only: what was recorded and what we made, before the step
// and after it, with the package databases. It never sees which scenario it is. The
// rules are a chapter of docs/merge-deviations.md.
package rules

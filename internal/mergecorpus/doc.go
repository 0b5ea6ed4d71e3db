// Package mergecorpus reads the shared corpus of merge scenarios, lays each of
// them out on disk, runs its steps through the public API and compares what ROOT
// and its VDB look like afterwards with what was recorded from Portage.
//
// The corpus' own README says what its files mean and what a comparison leaves
// out. Where portsolve is meant to differ, docs/merge-deviations.md lists the
// differences one by one.
package mergecorpus

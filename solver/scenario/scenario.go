// Package scenario is a small language for resolutions: repositories, installed
// packages, configuration, a request, and what should come out, in one text
// that a Gentoo user can read. docs/scenarios.md describes it; the files under
// solver/testdata/cases are examples.
//
// Parse makes a world in memory from it (no disk is touched), Write saves any
// world as such a text. What resolve --trace saves is therefore a test case.
package scenario

import (
	"context"

	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/atom/metadata"
	"github.com/portsolve/portsolve/solver/universe"
)

// Scenario is one parsed file. Roots and Request are what solver.Problem takes.
type Scenario struct {
	Comment string // the text before the first section
	Roots   []universe.Root
	Request universe.Request
	Expect  Expect
}

// Expect is the section "expect": what the answer must be. The zero value
// expects nothing in particular.
type Expect struct {
	Status string   // "plan", "nothing", "fails" or ""
	Groups [][]Step // "plan": in order; the order within a group is free
	Words  []string // "fails": what the explanation must mention
	Held   []string // cpvs that must be reported as held back
}

// Step is one expected entry of the plan.
type Step struct {
	Uninstall bool
	CPV       string
	Repo      string   // "" = any
	Root      string   // "host", "target" or "" = any
	Use       []string // flags that must be on, or with "-" off
}

// Repo is an ebuild repository in memory. It implements universe.Source.
type Repo struct {
	packages map[atom.CP][]*metadata.Package
	names    []atom.CP // in order of first appearance
}

// Packages returns every version of cp in the order of the text.
func (r *Repo) Packages(ctx context.Context, cp atom.CP) ([]*metadata.Package, error) {
	return r.packages[cp], ctx.Err()
}

// Names lists the package names in order of first appearance.
func (r *Repo) Names() []atom.CP { return r.names }

func (r *Repo) add(p *metadata.Package) {
	if r.packages == nil {
		r.packages = map[atom.CP][]*metadata.Package{}
	}
	cp := p.CPV.CP
	if r.packages[cp] == nil {
		r.names = append(r.names, cp)
	}
	r.packages[cp] = append(r.packages[cp], p)
}

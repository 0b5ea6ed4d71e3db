// Package universe holds the data that flows through the solver: the request,
// the candidates with the reasons that exclude some of them, and the selection made from them.
// It declares the interfaces it consumes (Source, Policy) and does no I/O itself.
package universe

import (
	"context"

	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/atom/metadata"
)

// Source yields every candidate of a package name, in any order. Ebuild
// repositories, the VDB and (later) binary package indexes implement it.
type Source interface {
	Packages(ctx context.Context, cp atom.CP) ([]*metadata.Package, error)
}

// Policy answers what the configuration says of a package. *config.Settings implements it.
type Policy interface {
	Use(p *metadata.Package) metadata.UseSet
	UseFromConfig(p *metadata.Package) metadata.UseSet
	HasFlag(p *metadata.Package, flag string) bool
	ExplainUse(p *metadata.Package, flag string) (on, forced, masked bool, src metadata.Source)
	Exclusions(p *metadata.Package) []metadata.Exclusion
}

// RootID indexes Problem.Roots: 0 is the running (build host's) root, where
// BDEPEND goes; 1, if present, is the target ROOT.
type RootID uint8

const (
	Host   RootID = 0
	Target RootID = 1

	numRoots = 2
)

// Root is one place where packages are installed.
type Root struct {
	Path      string // absolute, with trailing slash
	Policy    Policy
	Repos     []Repository // ascending precedence
	Installed []*metadata.Package
	Provided  []atom.CPV
	System    []*atom.Atom // the system set; matters for the order of the plan only (docs/plan-order.md)
	// Binaries yields the binary packages that the request may see, those of PKGDIR and of binhosts
	// alike (metadata.Package.Remote tells them apart): ascending by version; of equal versions the one to
	// prefer last. nil if the options ask for none.
	Binaries Source
	// SonameProvided is soname.provided of the profiles.
	SonameProvided map[Soname]bool
	// Unwanted gives the reasons why options, repos.conf or binrepos.conf keep one of Binaries from being
	// used (--usepkg-exclude and the like), which come on top of the Policy's. nil if there are none at all.
	Unwanted func(p *metadata.Package) []metadata.Exclusion
}

// Repository is an ebuild source with its name; precedence is its index.
type Repository struct {
	Name string
	Source
}

// Priority classifies a dependency edge; plan orders by it (docs/plan-order.md).
type Priority struct {
	Buildtime       bool       // DEPEND, BDEPEND
	Runtime         bool       // RDEPEND, IDEPEND
	RuntimePost     bool       // PDEPEND
	BuildtimeSlotOp bool       // Buildtime through a := atom
	RuntimeSlotOp   bool       // Runtime through a := atom
	Optional        bool       // e.g. build dependency of a package that is not built
	Satisfied       bool       // what is installed before the plan runs already satisfies the atom
	SatisfiedBy     *Candidate // that installed package, nil if none
	Cross           bool       // parent and child are in different roots
}

// Node is a package of the selection: it is merged, or installed and looked at.
type Node struct {
	Index    int // position in Selection.Nodes: discovery order
	Cand     *Candidate
	Merge    bool     // false: installed and stays
	Args     []string // request arguments ("@world", "dev-libs/icu") that match it directly
	Why      []Cause
	Out, In  []*Edge      // discovery order
	Replaces []*Candidate // installed packages in the same slot of the same root
	Depth    int
}

// Cause says why a node is in the selection: an argument or a parent's atom.
type Cause struct {
	Arg     string // request argument or set, "" if Parent is set
	Parent  *Node
	Atom    *atom.Atom
	Kind    metadata.DepKind
	Rebuild string // non-empty: rebuilt because of this cpv's new slot/sub-slot (or other cause, in words)
}

// Edge is one dependency of Parent that Child satisfies.
type Edge struct {
	Parent, Child *Node
	Kind          metadata.DepKind
	Atom          *atom.Atom // USE part evaluated
	Priority      Priority
}

// Block is a blocker atom of a selected package that matches another package.
type Block struct {
	Parent  *Node
	Root    RootID // where the blocked package would be
	Atom    *atom.Atom
	Kind    metadata.DepKind
	Blocked *Candidate // installed, or planned
	Planned *Node      // set if Blocked is in the selection as a merge
}

// Selection is the solver's decoded answer, before ordering.
type Selection struct {
	Roots   []Root
	Nodes   []*Node      // discovery order; several nodes of one slot only in an incomplete selection
	Removed []*Candidate // installed packages that must go (blockers), not replaced in their slot
	Blocks  []*Block
	Kept    []*Candidate // installed packages outside Nodes that stay
}

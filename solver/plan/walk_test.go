package plan

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/atom/depend"
	"github.com/portsolve/portsolve/atom/eapi"
	"github.com/portsolve/portsolve/atom/metadata"
	"github.com/portsolve/portsolve/solver/universe"
)

// rebuilt is a selection made from a recorded answer.
type rebuilt struct {
	sel    *universe.Selection
	label  map[*universe.Candidate]string
	system []*atom.Atom
	deep   bool
	usepkg bool
	before []*universe.Candidate // installed
	dyn    map[string]recordedPackage
}

// rebuild makes the nodes in recorded order and finds the edges anew.
func rebuild(f *fixture, c *recordedCase) (*rebuilt, error) {
	r := &rebuilt{label: map[*universe.Candidate]string{}, dyn: map[string]recordedPackage{},
		sel: &universe.Selection{Roots: make([]universe.Root, 1)}}
	for _, p := range f.Ebuilds {
		r.dyn[withoutRepo([]string{p.CPV})[0]] = p
	}
	for _, line := range f.Profile["packages"] {
		if a, err := atom.ParseWildcard(strings.TrimPrefix(line, "*")); err == nil && line[0] == '*' {
			r.system = append(r.system, a)
		}
	}
	_, r.deep = c.Options["--deep"]
	if _, ok := c.Options["--complete-graph"]; ok || slices.Contains(c.Actual.Checks.Graph, "@world") {
		r.deep = true
	}
	for name := range c.Options {
		r.usepkg = r.usepkg || strings.HasPrefix(name, "--usepkg") || strings.HasPrefix(name, "--getbinpkg")
	}
	for _, p := range f.Installed {
		cand, err := made(p, metadata.Installed, nil)
		if err != nil {
			return nil, err
		}
		r.before = append(r.before, cand)
		r.sel.Roots[0].Installed = append(r.sel.Roots[0].Installed, cand.Pkg)
	}
	for _, g := range c.Actual.Checks.Graph {
		if err := r.addNode(f, c, g); err != nil {
			return nil, err
		}
	}
	r.findRemoved(c)
	for _, n := range r.sel.Nodes {
		if err := r.addEdges(n); err != nil {
			return nil, err
		}
	}
	return r, r.addInstalledBlocks()
}

// made turns a recorded package into a candidate; d, if not nil, has its slot and USE.
func made(p recordedPackage, o metadata.Origin, d *recordedEntry) (*universe.Candidate, error) {
	name := p.CPV
	if p.Effective != "" {
		name = p.Effective
	}
	name, repo, _ := strings.Cut(name, "::")
	cpv, err := atom.ParseCPV(name)
	if err != nil {
		return nil, err
	}
	m := maps.Clone(p.Metadata)
	if m == nil {
		m = map[string]string{}
	}
	pkg := &metadata.Package{CPV: cpv, Origin: o, Repo: repo, EAPIName: m["EAPI"], Raw: m}
	if pkg.EAPIName == "" {
		pkg.EAPIName = "0"
	}
	if pkg.EAPI, _ = eapi.Lookup(pkg.EAPIName); pkg.EAPI == nil {
		return nil, fmt.Errorf("EAPI %s", pkg.EAPIName)
	}
	if _, ok := m["RDEPEND"]; !ok && o == metadata.Ebuild && pkg.EAPI.RDependFromDepend {
		m["RDEPEND"] = m["DEPEND"]
	}
	slot := m["SLOT"]
	if slot == "" {
		slot = "0"
	}
	pkg.Slot, pkg.SubSlot, _ = strings.Cut(slot, "/")
	if pkg.SubSlot == "" {
		pkg.SubSlot = pkg.Slot
	}
	for _, flag := range strings.Fields(m["IUSE"]) {
		pkg.IUSE = append(pkg.IUSE, metadata.IUSEFlag{Name: strings.TrimLeft(flag, "+-")})
	}
	use := strings.Fields(m["USE"])
	if d != nil {
		use = d.Use
	}
	pkg.Use = metadata.NewUseSet(slices.Clone(use))
	return &universe.Candidate{Pkg: pkg, Use: pkg.Use}, nil
}

// addNode interprets one element of the recorded graph.
func (r *rebuilt) addNode(f *fixture, c *recordedCase, text string) error {
	label := withoutRepo([]string{text})[0]
	kind, name := "", label
	if strings.HasPrefix(label, "[") {
		kind, name, _ = strings.Cut(label[1:], "]")
	}
	if _, err := atom.ParseCPV(name); err != nil || kind == "uninstall" {
		return nil // an argument, or a removal, which the blockers bring back
	}
	n := &universe.Node{Index: len(r.sel.Nodes)}
	if kind == "nomerge" {
		for _, old := range r.before {
			if old.Pkg.CPV.String() == name {
				n.Cand = old
			}
		}
	} else {
		n.Merge = true
		i := slices.Index(withoutRepo(c.Actual.Checks.Mergelist), label)
		if i < 0 || i >= len(c.Actual.Detail) {
			return fmt.Errorf("%s is in the graph and not in the list", text)
		}
		lists := [][]recordedPackage{f.Ebuilds}
		if strings.HasPrefix(kind, "binary") {
			lists = [][]recordedPackage{f.Binpkgs}
			for _, b := range f.Binrepos {
				lists = append(lists, b.Binpkgs)
			}
		}
		origin := metadata.Ebuild
		if strings.HasPrefix(kind, "binary") {
			origin = metadata.Binary
		}
		for _, p := range slices.Concat(lists...) {
			base := strings.TrimSuffix(name, "-"+p.Metadata["BUILD_ID"])
			if own, repo, _ := strings.Cut(p.CPV, "::"); n.Cand == nil && own == base && (repo == "" || strings.HasSuffix(text, "::"+repo)) {
				cand, err := made(p, origin, &c.Actual.Detail[i])
				if err != nil {
					return err
				}
				n.Cand = cand
			}
		}
	}
	if n.Cand == nil {
		return fmt.Errorf("%s is not in the fixture", text)
	}
	if n.Merge {
		for _, old := range r.before {
			if old.CP() == n.Cand.CP() && old.Pkg.Slot == n.Cand.Pkg.Slot {
				n.Replaces = append(n.Replaces, old)
			}
		}
	}
	r.label[n.Cand] = label
	r.sel.Nodes = append(r.sel.Nodes, n)
	return nil
}

func (r *rebuilt) findRemoved(c *recordedCase) {
	for _, g := range slices.Concat(c.Actual.Checks.Graph, c.Actual.Checks.Mergelist) {
		name, ok := strings.CutPrefix(withoutRepo([]string{g})[0], "[uninstall]")
		for _, old := range r.before {
			if ok && old.Pkg.CPV.String() == name {
				r.label[old] = "[uninstall]" + name
				if !r.replaced(old) && !slices.Contains(r.sel.Removed, old) {
					r.sel.Removed = append(r.sel.Removed, old)
				}
			}
		}
	}
}

func (r *rebuilt) replaced(old *universe.Candidate) bool {
	return slices.ContainsFunc(r.sel.Nodes, func(n *universe.Node) bool { return slices.Contains(n.Replaces, old) })
}

func matches(a *atom.Atom, c *universe.Candidate) bool {
	return a.MatchVersion(c.Pkg.CPV) && a.MatchSlot(c.Pkg.Slot, c.Pkg.SubSlot) &&
		(len(a.Use) == 0 || a.MatchUse(c.Pkg.HasIUSE, c.Use.Has))
}

// best is the node that an atom means: the highest version.
func (r *rebuilt) best(a *atom.Atom) *universe.Node {
	var found *universe.Node
	for _, n := range r.sel.Nodes {
		if matches(a, n.Cand) && (found == nil || n.Cand.Pkg.CPV.Compare(found.Cand.Pkg.CPV) > 0) {
			found = n
		}
	}
	return found
}

// deps is a dependency variable; an installed package takes it from its ebuild.
func (r *rebuilt) deps(c *universe.Candidate, k metadata.DepKind) (*depend.Node, error) {
	p := c.Pkg
	if e, ok := r.dyn[p.CPV.String()]; ok && c.Installed() {
		cand, err := made(e, metadata.Ebuild, nil)
		if err != nil {
			return nil, err
		}
		p = cand.Pkg
	}
	if !k.In(p.EAPI) {
		return &depend.Node{}, nil
	}
	d, err := p.Deps(k)
	if err != nil {
		return nil, err
	}
	return d.Evaluate(c.Use.Has), nil
}

func (r *rebuilt) addEdges(n *universe.Node) error {
	if !n.Merge && !r.deep {
		return nil
	}
	for k := metadata.DEPEND; k < metadata.NumDepKinds; k++ {
		if r.usepkg && k <= metadata.BDEPEND && n.Cand.Pkg.Origin != metadata.Ebuild {
			continue // --with-bdeps=auto
		}
		d, err := r.deps(n.Cand, k)
		if err != nil {
			return err
		}
		r.walk(n, k, d)
	}
	return nil
}

func (r *rebuilt) walk(n *universe.Node, k metadata.DepKind, d *depend.Node) {
	switch d.Kind {
	case depend.AtomLeaf:
		if d.Atom.Blocker != atom.NotBlocker {
			r.addBlock(n, k, d.Atom)
			return
		}
		child := r.best(d.Atom)
		if child == nil {
			return
		}
		p := universe.Priority{Optional: k <= metadata.BDEPEND && n.Cand.Pkg.Origin != metadata.Ebuild}
		op := d.Atom.SlotOp == atom.SlotOpEqual
		switch k {
		case metadata.DEPEND, metadata.BDEPEND:
			p.Buildtime, p.BuildtimeSlotOp = true, op
		case metadata.PDEPEND:
			p.RuntimePost = true
		default:
			p.Runtime, p.RuntimeSlotOp = true, op
		}
		for _, old := range r.before {
			p.Satisfied = p.Satisfied || matches(d.Atom, old)
		}
		e := &universe.Edge{Parent: n, Child: child, Kind: k, Atom: d.Atom, Priority: p}
		n.Out = append(n.Out, e)
		child.In = append(child.In, e)
	case depend.AnyOf:
		for _, branch := range d.Children {
			if r.covered(n, k, branch) {
				r.walk(n, k, branch)
				return
			}
		}
	default:
		for _, c := range d.Children {
			r.walk(n, k, c)
		}
	}
}

// covered reports whether the selection has all that a branch names; a package is not built
// with itself if it can be avoided.
func (r *rebuilt) covered(n *universe.Node, k metadata.DepKind, d *depend.Node) bool {
	switch d.Kind {
	case depend.AtomLeaf:
		if d.Atom.Blocker != atom.NotBlocker {
			return true
		}
		child := r.best(d.Atom)
		return child != nil && (child != n || k > metadata.BDEPEND || slices.ContainsFunc(r.before, func(c *universe.Candidate) bool { return matches(d.Atom, c) }))
	case depend.AnyOf:
		return slices.ContainsFunc(d.Children, func(c *depend.Node) bool { return r.covered(n, k, c) })
	default:
		return !slices.ContainsFunc(d.Children, func(c *depend.Node) bool { return !r.covered(n, k, c) })
	}
}

// addBlock adds what a blocker of a node matches.
func (r *rebuilt) addBlock(n *universe.Node, k metadata.DepKind, a *atom.Atom) {
	if !n.Merge && k <= metadata.BDEPEND {
		return
	}
	for _, old := range r.before {
		own := old.CP() == n.Cand.CP() && old.Pkg.Slot == n.Cand.Pkg.Slot
		if n.Merge && matches(a, old) && !(own && a.Blocker == atom.Weak) {
			r.sel.Blocks = append(r.sel.Blocks, &universe.Block{Parent: n, Atom: a, Kind: k, Blocked: old})
		}
	}
	for _, m := range r.sel.Nodes {
		if m != n && m.Merge && matches(a, m.Cand) {
			r.sel.Blocks = append(r.sel.Blocks, &universe.Block{Parent: n, Atom: a, Kind: k, Blocked: m.Cand, Planned: m})
		}
	}
}

// addInstalledBlocks adds the blockers of installed packages outside the graph.
func (r *rebuilt) addInstalledBlocks() error {
	for _, old := range r.before {
		if slices.ContainsFunc(r.sel.Nodes, func(n *universe.Node) bool { return n.Cand == old }) {
			continue
		}
		n := &universe.Node{Index: -1, Cand: old}
		for _, k := range []metadata.DepKind{metadata.RDEPEND, metadata.PDEPEND} {
			d, err := r.deps(old, k)
			if err != nil {
				return err
			}
			d.Atoms(func(a *atom.Atom) {
				if a.Blocker != atom.NotBlocker {
					r.addBlock(n, k, a)
				}
			})
		}
	}
	return nil
}

// names is the plan as the recordings write it.
func (r *rebuilt) names(p *Plan) []string {
	var out []string
	for _, s := range p.Steps {
		switch s.Kind {
		case Merge:
			out = append(out, r.label[s.Node.Cand])
		case Uninstall:
			out = append(out, "[uninstall]"+s.Removed.Pkg.CPV.String())
		case Blocker:
			out = append(out, s.Atom.String())
		}
	}
	return out
}

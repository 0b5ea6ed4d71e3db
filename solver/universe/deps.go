package universe

import (
	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/atom/depend"
	"github.com/portsolve/portsolve/atom/metadata"
)

// depRoute says where one dependency variable of packages for a root goes.
type depRoute struct {
	kind  metadata.DepKind
	root  RootID // root of the dependency
	from  RootID // root of the package that has it
	since bool   // only for EAPIs with BDEPEND (7+)
	until bool   // only for EAPIs without BDEPEND
}

// Discovery order of the dependency variables (docs/objective.md, "Order of
// discovery").
var depOrder = [...]metadata.DepKind{
	metadata.DEPEND, metadata.BDEPEND, metadata.IDEPEND, metadata.RDEPEND, metadata.PDEPEND,
}

// routes implements PMS table 8.1 ("Summary of dependency classes") for a
// target ROOT with SYSROOT=/, and emerge's --root-deps.
func routes(roots []Root, o *Options) []depRoute {
	var out []depRoute
	for _, k := range depOrder {
		out = append(out, depRoute{kind: k, root: Host, from: Host})
	}
	if len(roots) < 2 {
		return out
	}
	sysroot := Host
	if o.SysrootIsTarget {
		sysroot = Target
	}
	for _, k := range depOrder {
		switch k {
		case metadata.RDEPEND, metadata.PDEPEND:
			out = append(out, depRoute{kind: k, root: Target, from: Target})
		case metadata.DEPEND:
			if o.RootDeps != "rdeps" {
				out = append(out, depRoute{kind: k, root: Host, from: Target, until: true})
			}
			out = append(out, depRoute{kind: k, root: sysroot, from: Target, since: true})
			if o.RootDeps == "true" {
				out = append(out, depRoute{kind: k, root: Target, from: Target})
			}
		default:
			out = append(out, depRoute{kind: k, root: Host, from: Target})
			if o.RootDeps == "true" {
				out = append(out, depRoute{kind: k, root: Target, from: Target})
			}
		}
	}
	return out
}

// Deps returns the dependency variables of a candidate with USE conditionals
// resolved under its flags, in discovery order; empty ones are left out.
// Every variable is listed, whether or not the candidate is going to be built:
// see NeedsBuildDeps.
func (u *Universe) Deps(c *Candidate) []Dep {
	if c.depsKnown {
		return c.deps
	}
	c.depsKnown = true
	if c.Pkg.EAPI == nil {
		return nil
	}
	use := c.Flags().Has
	if u.tests.wants(c) {
		base := use
		use = func(f string) bool { return f == "test" || base(f) }
	}
	var exprs [metadata.NumDepKinds]*depend.Node
	for _, r := range u.rules {
		if r.from != c.Root || r.since && !c.Pkg.EAPI.BDepend || r.until && c.Pkg.EAPI.BDepend {
			continue
		}
		if exprs[r.kind] == nil {
			n, err := c.Pkg.Deps(r.kind)
			if err != nil || n == nil {
				continue // an invalid ebuild is excluded; an invalid installed one keeps what it can
			}
			exprs[r.kind] = n.Evaluate(use)
			if c.Installed() && u.Req.Options.IgnoreBuiltSlotOperatorDeps {
				exprs[r.kind] = unbind(exprs[r.kind])
			}
		}
		if len(exprs[r.kind].Children) > 0 {
			c.deps = append(c.deps, Dep{Kind: r.kind, Root: r.root, Expr: exprs[r.kind]})
		}
	}
	return c.deps
}

// BuildTime reports whether a dependency variable matters for building only.
func BuildTime(k metadata.DepKind) bool { return k == metadata.DEPEND || k == metadata.BDEPEND }

// Satisfied evaluates an expression where holds tells whether an atom is
// satisfied. Blockers count as satisfied: they are rules of their own.
func Satisfied(n *depend.Node, holds func(*atom.Atom) bool) bool {
	switch n.Kind {
	case depend.AtomLeaf:
		return n.Atom.Blocker != atom.NotBlocker || holds(n.Atom)
	case depend.AnyOf:
		for _, ch := range n.Children {
			if Satisfied(ch, holds) {
				return true
			}
		}
		return len(n.Children) == 0 && n.EmptyMatches
	default:
		for _, ch := range n.Children {
			if !Satisfied(ch, holds) {
				return false
			}
		}
		return true
	}
}

// testTargets are the arguments that --with-test-deps applies to.
type testTargets struct{ atoms []*atom.Atom }

func findTestTargets(r *Request) testTargets {
	var t testTargets
	if !r.Options.WithTestDeps {
		return t
	}
	for _, a := range r.Args {
		if a.Set {
			continue
		}
		for _, m := range a.Atoms {
			t.atoms = append(t.atoms, m.Atom)
		}
	}
	return t
}

func (t testTargets) wants(c *Candidate) bool {
	if len(t.atoms) == 0 || c.Pkg.Origin != metadata.Ebuild || !c.HasFlag("test") {
		return false
	}
	if _, _, masked, _ := c.policy.ExplainUse(c.Pkg, "test"); masked {
		return false
	}
	for _, a := range t.atoms {
		if a.CP == c.CP() && c.Matches(a) {
			return true
		}
	}
	return false
}

// HeldBefore reports whether what is installed before the request satisfies n.
func (u *Universe) HeldBefore(root RootID, n *depend.Node) bool {
	return Satisfied(n, func(a *atom.Atom) bool {
		return u.InstalledMatch(root, a) != nil || u.Provided(root, a)
	})
}

// DepText is the text of one dependency variable under the candidate's flags
// with recorded slot bindings (:0/1=) written as in an ebuild (:0=), so that a
// built package can be compared to its ebuild.
func (u *Universe) DepText(c *Candidate, k metadata.DepKind) string {
	var b []byte
	for _, d := range u.Deps(c) {
		if d.Kind != k {
			continue
		}
		d.Expr.Atoms(func(a *atom.Atom) { b = appendUnbound(b, a) })
	}
	return string(b)
}

// DepsChanged reports whether the dependencies of an installed package, as they
// were when it was built, differ from those that its ebuild has now under the
// same flags (--changed-deps). Build dependencies count only with build.
func DepsChanged(installed, ebuild *Candidate, build bool) bool {
	was := installed.Pkg
	if was.AsBuilt != nil {
		was = was.AsBuilt
	}
	use := installed.Flags().Has
	for k := range metadata.NumDepKinds {
		if (build || !BuildTime(k)) && depText(was, k, use) != depText(ebuild.Pkg, k, use) {
			return true
		}
	}
	return false
}

// depText is DepText without a root and its options.
func depText(p *metadata.Package, k metadata.DepKind, use func(string) bool) string {
	n, err := p.Deps(k)
	if err != nil || n == nil {
		return ""
	}
	var b []byte
	n.Evaluate(use).Atoms(func(a *atom.Atom) { b = appendUnbound(b, a) })
	return string(b)
}

// unbind rewrites recorded bindings (:slot/sub=) to := for --ignore-built-slot-operator-deps.
func unbind(n *depend.Node) *depend.Node {
	if n.Kind == depend.AtomLeaf {
		if n.Atom.SlotOp != atom.SlotOpEqual || n.Atom.SubSlot == "" {
			return n
		}
		m := *n
		m.Atom = n.Atom.WithSlot("", "", n.Atom.SlotOp)
		return &m
	}
	m := *n
	m.Children = make([]*depend.Node, len(n.Children))
	for i, ch := range n.Children {
		m.Children[i] = unbind(ch)
	}
	return &m
}

// OldSelf returns the installed version of c itself if it answers a build-time
// dependency of c: what is about to be replaced may build its successor
// (compilers that need an older self). nil if it doesn't.
func (u *Universe) OldSelf(c *Candidate, root RootID, k metadata.DepKind, a *atom.Atom) *Candidate {
	if !BuildTime(k) || c.Installed() || root != c.Root || a.CP != c.CP() || u.Req.Options.EmptyTree {
		return nil
	}
	if k == metadata.BDEPEND && root == Target && c.Matches(a) {
		// --root-deps asks for what runs on the build host in the target, too; there the one on the host builds it.
		return u.InstalledMatch(Host, a)
	}
	for _, i := range u.InstalledIn(c.SlotKey()) {
		if i.Matches(a) {
			return i
		}
	}
	return nil
}

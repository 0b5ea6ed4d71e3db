package check

import (
	"context"

	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/atom/depend"
	"github.com/portsolve/portsolve/atom/metadata"
	"github.com/portsolve/portsolve/solver/universe"
)

// requestRule: every argument is satisfied by the result. With --onlydeps it
// is enough that everything one of its versions needs is there;
// --update-if-installed asks nothing for names of which nothing is installed.
func (c *checker) requestRule() {
	for i := range c.req.Args {
		arg := &c.req.Args[i]
		if int(arg.Root) >= len(c.roots) {
			c.add(RuleRequest, arg.Text, "the argument %s is for a root that does not exist", arg.Text)
			continue
		}
		if arg.Exact != nil {
			c.exactArgument(arg)
			continue
		}
		for j := range arg.Atoms {
			c.argument(arg, &arg.Atoms[j])
		}
	}
}

func (c *checker) exactArgument(arg *universe.Arg) {
	if c.opts.OnlyDeps {
		if !c.couldBeMerged(c.asIfMerged(arg.Root, arg.Exact)) {
			c.add(RuleRequest, arg.Text, "the dependencies of %s are not all there", arg.Text)
		}
		return
	}
	for _, it := range c.roots[arg.Root].byCP[arg.Exact.CPV.CP] {
		if it.stays && sameCPV(it.pkg, arg.Exact) && it.pkg.Repo == arg.Exact.Repo {
			return
		}
	}
	c.add(RuleRequest, arg.Text, "%s was asked for, but will not be installed", label(arg.Exact))
}

func (c *checker) argument(arg *universe.Arg, m *universe.ArgAtom) {
	st := c.roots[arg.Root]
	a := m.Atom
	if a == nil || c.opts.OnlyDeps && c.someCouldBeMerged(arg.Root, a) || !c.opts.OnlyDeps && st.has(a, c.n) {
		return
	}
	if c.opts.UpdateIfInstalled && !st.hadSome(a.CP) {
		return // only what is installed is updated
	}
	if forgiving(arg, m) && !c.available(st, a) || c.opts.Compat && c.reslotted(st, a) {
		return
	}
	if c.opts.OnlyDeps {
		c.add(RuleRequest, arg.Text, "the dependencies of no version of %s are all there", a)
		return
	}
	_, why := c.explain(&item{pkg: &metadata.Package{}, root: arg.Root}, &depend.Node{Kind: depend.AtomLeaf, Atom: a}, arg.Root, c.n)
	from := ""
	if text := a.String(); text != arg.Text {
		from = " (from " + arg.Text + ")"
	}
	c.add(RuleRequest, arg.Text, "%s was asked for%s, but %s", a, from, why)
}

// hadSome: some version of the name was installed before.
func (st *state) hadSome(cp atom.CP) bool {
	for _, it := range st.byCP[cp] {
		if it.there(atStart) {
			return true
		}
	}
	return false
}

// reslotted: the version asked for is installed, in the slot that its ebuild had then; emerge's mode leaves it there.
func (c *checker) reslotted(st *state, a *atom.Atom) bool {
	elsewhere := a.WithSlot("", "", a.SlotOp)
	found := false
	for _, it := range st.byCP[a.CP] {
		if !it.merged() && it.stays && st.matches(it, elsewhere) {
			c.eachOffer(st, a.CP, func(p *metadata.Package) { found = found || sameCPV(p, it.pkg) && a.MatchSlot(p.Slot, p.SubSlot) })
		}
	}
	return found
}

// forgiving: members of the standing sets that nothing can satisfy are
// reported to the user but do not make the request fail (emerge warns of them, too).
func forgiving(arg *universe.Arg, m *universe.ArgAtom) bool {
	for _, s := range append([]string{arg.Text}, m.Sets...) {
		switch s {
		case "@world", "@selected", "@system", "@profile":
			return true
		}
	}
	return false
}

// available reports whether a visible package of a repository whose REQUIRED_USE holds, or an installed
// one, matches the atom.
func (c *checker) available(st *state, a *atom.Atom) bool {
	for _, it := range st.byCP[a.CP] {
		if it.there(atStart) && st.matches(it, a) {
			return true
		}
	}
	if c.opts.UsePkgOnly {
		return c.availableBinary(st, a)
	}
	found := false
	c.eachOffer(st, a.CP, func(p *metadata.Package) {
		it := c.asIfMerged(st.id, p)
		found = found || st.matches(it, a) && p.Invalid == nil && len(st.root.Policy.Exclusions(p)) == 0 && (c.opts.Compat || requiredUse(it))
	})
	return found
}

// availableBinary is available where only binary packages may be used. What depends on ebuilds (--binpkg-respect-use and
// the like) is not judged: with such options nothing counts as available.
func (c *checker) availableBinary(st *state, a *atom.Atom) bool {
	o := c.opts
	if st.root.Binaries == nil || o.BinpkgRespectUse == "y" || o.BinpkgChangedDeps == "y" || o.UseEbuildVisibility.Or(false) ||
		o.UsePkgExcludeLive || o.ChangedSlot {
		return false
	}
	pkgs, err := st.root.Binaries.Packages(context.Background(), a.CP)
	if err != nil {
		return false
	}
	for _, p := range pkgs {
		if st.matches(c.asIfMerged(st.id, p), a) && p.Invalid == nil && len(st.root.Policy.Exclusions(p)) == 0 &&
			(st.root.Unwanted == nil || len(st.root.Unwanted(p)) == 0) {
			return true
		}
	}
	return false
}

// eachOffer visits what the repositories of a root have of one name.
func (c *checker) eachOffer(st *state, cp atom.CP, f func(*metadata.Package)) {
	for _, r := range st.root.Repos {
		pkgs, err := r.Packages(context.Background(), cp)
		if err != nil {
			continue
		}
		for _, p := range pkgs {
			f(p)
		}
	}
}

// someCouldBeMerged: --onlydeps leaves the package itself out, and the answer
// does not say which version it had in mind; any that could be merged will do,
// and an installed one where there is nothing to be merged.
func (c *checker) someCouldBeMerged(root universe.RootID, a *atom.Atom) bool {
	st, offered, found := c.roots[root], false, false
	c.eachOffer(st, a.CP, func(p *metadata.Package) {
		if it := c.asIfMerged(root, p); c.mayMerge(st, p) && st.matches(it, a) && (c.opts.Compat || requiredUse(it)) {
			offered = true
			found = found || c.couldBeMerged(it)
		}
	})
	for _, it := range st.byCP[a.CP] {
		found = found || !offered && it.there(atStart) && st.matches(it, a) && c.couldBeMerged(it)
	}
	return found || st.isProvided(a)
}

// requiredUse: REQUIRED_USE holds or is not to be looked at.
func requiredUse(it *item) bool {
	if it.pkg.Origin != metadata.Ebuild || it.pkg.EAPI == nil || !it.pkg.EAPI.RequiredUse {
		return true
	}
	tree, err := it.pkg.RequiredUse()
	return err == nil && (tree == nil || tree.SatisfiedUse(it.use.Has))
}

func (c *checker) asIfMerged(root universe.RootID, p *metadata.Package) *item {
	return &item{pkg: p, root: root, use: c.expectedUse(c.roots[root], p, nil), from: c.n, to: c.n}
}

// couldBeMerged reports whether the result has everything a package needs (of
// what the options ask for). At run time it may need itself.
func (c *checker) couldBeMerged(it *item) bool {
	if c.opts.NoDeps {
		return true
	}
	rdeps := c.opts.OnlyDepsWithRdeps.Or(true)
	wanted := [metadata.NumDepKinds]bool{
		metadata.DEPEND:  true,
		metadata.BDEPEND: true,
		metadata.RDEPEND: rdeps,
		metadata.PDEPEND: rdeps,
		metadata.IDEPEND: c.opts.OnlyDepsWithIdeps.Or(rdeps),
	}
	good := true
	for k, want := range wanted {
		if !want {
			continue
		}
		c.eachClause(it, metadata.DepKind(k), func(r universe.RootID, cl *depend.Node) {
			blocker := isBlocker(cl)
			leaf := c.leafAt(it, r, working)
			good = good && (blocker || holds(cl, it.pkg.EAPI, func(a *atom.Atom) bool {
				own := r == it.root && a.CP == it.pkg.CPV.CP && a.Blocker == atom.NotBlocker && !buildKind(metadata.DepKind(k))
				return own && c.roots[r].matches(it, a) || leaf(a)
			}))
		})
	}
	return good
}

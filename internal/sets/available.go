package sets

import (
	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/atom/depend"
	"github.com/portsolve/portsolve/atom/metadata"
)

// bestVisible is the highest version of cp that is visible and that accept
// takes, of equal ones that of the repository with precedence; nil if none.
func (r *resolver) bestVisible(cp atom.CP, accept func(*metadata.Package) bool) (*metadata.Package, error) {
	var best *metadata.Package
	err := r.ebuilds(cp, func(p *metadata.Package) {
		if best != nil && p.CPV.Compare(best.CPV) < 0 || !accept(p) {
			return
		}
		if r.c.Settings == nil || len(r.c.Settings.Exclusions(p)) == 0 {
			best = p
		}
	})
	return best, err
}

// ebuilds calls f for every ebuild of cp with valid metadata, by repository in
// ascending precedence.
func (r *resolver) ebuilds(cp atom.CP, f func(*metadata.Package)) error {
	if r.c.Repos == nil {
		return nil
	}
	for _, in := range r.c.Repos.Repos {
		list, err := in.Packages(r.ctx, cp)
		if err != nil {
			return err
		}
		for _, p := range list {
			if p.Invalid == nil && p.EAPI != nil {
				f(p)
			}
		}
	}
	return nil
}

// bestOfSlot is bestVisible within an installed package's slot.
func (r *resolver) bestOfSlot(p *metadata.Package) (*metadata.Package, error) {
	return r.bestVisible(p.CPV.CP, func(e *metadata.Package) bool { return e.Slot == p.Slot })
}

// compared keeps the installed packages for which keep accepts the best
// visible ebuild of their slot, which is nil if there is none.
func (r *resolver) compared(keep func(p, best *metadata.Package) bool) (contents, error) {
	var c contents
	for _, p := range r.installed() {
		if err := r.ctx.Err(); err != nil {
			return c, err
		}
		best, err := r.bestOfSlot(p)
		if err != nil {
			return c, err
		}
		if keep(p, best) {
			c.atoms = append(c.atoms, slotMember(p))
		}
	}
	return c, nil
}

// downgrade: installed packages newer than anything visible in their slot.
func downgrade(r *resolver, _ *definition) (contents, error) {
	return r.compared(func(p, best *metadata.Package) bool {
		return best != nil && best.CPV.Version.Compare(p.CPV.Version) < 0
	})
}

// unavailable: installed packages of whose slot nothing is visible.
func unavailable(r *resolver, _ *definition) (contents, error) {
	return r.compared(func(_, best *metadata.Package) bool { return best == nil })
}

// changedSubslot: installed packages whose slot's best visible ebuild has
// another sub-slot.
func changedSubslot(r *resolver, _ *definition) (contents, error) {
	return r.compared(func(p, best *metadata.Package) bool {
		return best != nil && best.SubSlot != p.SubSlot
	})
}

// changedDeps: installed versions whose run-time dependencies as recorded
// differ from those of the same version's ebuild, bindings of slot operators
// aside; as =cat/pkg-version.
func changedDeps(r *resolver, _ *definition) (contents, error) {
	var c contents
	for _, p := range r.installed() {
		if err := r.ctx.Err(); err != nil {
			return c, err
		}
		var same *metadata.Package
		err := r.ebuilds(p.CPV.CP, func(e *metadata.Package) {
			if e.CPV.String() == p.CPV.String() && (same == nil || e.Repo == p.Repo || same.Repo != p.Repo) {
				same = e
			}
		})
		if err != nil {
			return c, err
		}
		if same != nil && !sameRunTimeDeps(p, same) {
			c.atoms = append(c.atoms, versionMember(p.CPV, metadata.Source{File: p.File}))
		}
	}
	return c, nil
}

// sameRunTimeDeps compares RDEPEND and PDEPEND under the USE p was built with.
// What cannot be parsed is compared as text.
func sameRunTimeDeps(p, e *metadata.Package) bool {
	for _, k := range [...]metadata.DepKind{metadata.RDEPEND, metadata.PDEPEND} {
		a, errA := p.Deps(k)
		b, errB := e.Deps(k)
		if errA != nil || errB != nil {
			if p.Var(k.String()) != e.Var(k.String()) {
				return false
			}
			continue
		}
		if unbound(a.Evaluate(p.Use.Has)).String() != unbound(b.Evaluate(p.Use.Has)).String() {
			return false
		}
	}
	return true
}

// unbound is n with every slot-operator atom (:=, :slot=, :slot/sub=) as plain ":=".
func unbound(n *depend.Node) *depend.Node {
	if n == nil {
		return nil
	}
	m := *n
	if n.Kind == depend.AtomLeaf && n.Atom.SlotOp == atom.SlotOpEqual {
		m.Atom = n.Atom.WithSlot("", "", atom.SlotOpEqual)
	}
	m.Children = make([]*depend.Node, len(n.Children))
	for i, c := range n.Children {
		m.Children[i] = unbound(c)
	}
	return &m
}

package portsolve

import (
	"slices"
	"sort"

	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/atom/metadata"
	"github.com/portsolve/portsolve/solver"
	"github.com/portsolve/portsolve/solver/answer"
	"github.com/portsolve/portsolve/solver/universe"
)

// readBinaries finds the binary packages of the name in question, as the solver judges them.
func (w *whyNot) readBinaries(word string) error {
	p, missing, err := w.sys.problem(w.ctx, Request{Args: []string{word}, Options: w.request.Options})
	if err != nil {
		return inputError(w.ctx, err)
	}
	if len(missing) > 0 {
		return nil
	}
	w.onlyBinary = p.Request.Options.UsePkgOnly
	id := w.sys.target().id
	if p.Roots[id].Binaries == nil || !p.Request.Options.UsePkg {
		return nil
	}
	u := universe.New(w.ctx, p.Roots, &p.Request)
	w.told = map[*universe.Candidate]bool{}
	for _, c := range u.Group(id, w.atom.CP).All {
		if c.Pkg.Origin == metadata.Binary && matchesPackage(w.atom, c.Pkg) {
			w.binary = append(w.binary, c)
		}
	}
	if err := u.Err(); err != nil {
		return inputError(w.ctx, err)
	}
	return nil
}

// binariesOf describes the binary packages of a version that nothing has been said of yet.
func (w *whyNot) binariesOf(p *metadata.Package) []answer.RejectedBinary {
	var out []answer.RejectedBinary
	for _, c := range w.binary {
		if !w.told[c] && c.Pkg.CPV == p.CPV && (p.Origin == metadata.Binary || c.Pkg.Repo == p.Repo || c.Pkg.Repo == "") {
			w.told[c] = true
			out = append(out, solver.RejectedBinary(c, w.sys.target().path))
		}
	}
	return out
}

// onlyBinaries adds the versions that are there as binary packages alone.
func (w *whyNot) onlyBinaries(res *answer.WhyNot) error {
	added := false
	for _, c := range w.binary {
		if w.told[c] {
			continue
		}
		v := answer.Version{CPV: c.Pkg.CPV.String(), Slot: c.Pkg.Slot, SubSlot: c.Pkg.SubSlot, Repo: c.Pkg.Repo, State: "hidden"}
		v.Binaries = w.binariesOf(c.Pkg)
		usable := slices.ContainsFunc(v.Binaries, mayBeUsed)
		better := w.tried[v.Slot]
		if usable && (better != "" && laterCPV(better, v.CPV) || len(w.tried) >= maxTries) {
			v.State, v.By = "passed-over", better
		} else if usable {
			w.tried[v.Slot] = v.CPV
			if err := w.try(&v); err != nil {
				return err
			}
		}
		res.Versions = append(res.Versions, v)
		added = true
	}
	if added {
		sort.SliceStable(res.Versions, func(i, j int) bool {
			return laterCPV(res.Versions[i].CPV, res.Versions[j].CPV)
		})
	}
	return nil
}

// mayBeUsed: neither configuration nor options forbid it.
func mayBeUsed(b answer.RejectedBinary) bool { return len(b.Reasons) == 0 }

// laterCPV compares versions of one package.
func laterCPV(a, b string) bool {
	x, err := atom.ParseCPV(a)
	if err != nil {
		return false
	}
	y, err := atom.ParseCPV(b)
	return err == nil && x.Version.Compare(y.Version) > 0
}

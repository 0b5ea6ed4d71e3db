package portsolve

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/atom/metadata"
	"github.com/portsolve/portsolve/solver/answer"
	"github.com/portsolve/portsolve/solver/universe"
)

// maxTries bounds how many versions WhyNot asks the solver about: the best
// visible one of each slot.
const maxTries = 6

// WhyNot says of every version that an atom matches what stands in its way:
// every reason that hides it, or else what a request for it (added to the
// arguments of r) comes to. The error is ctx's, a *UsageError or an *InputError.
func (s *System) WhyNot(ctx context.Context, word string, r Request) (*answer.WhyNot, error) {
	res := &answer.WhyNot{
		Schema: answer.Schema, Atom: word, For: emptyNotNil(r.Args),
		Versions: []answer.Version{}, Others: []string{}, Suggestions: []string{},
	}
	x, err := s.expand(ctx, Request{Args: []string{word}, Options: r.Options})
	if err != nil {
		return nil, inputError(ctx, err)
	}
	if len(x.missing) > 0 {
		res.Suggestions = append(res.Suggestions, x.missing[0].Suggestions...)
		return res, nil
	}
	if x.args[0].Set || x.args[0].Exact != nil || len(x.args[0].Atoms) != 1 {
		return nil, &UsageError{fmt.Errorf("%q: name one package or version, as in cat/pkg or =cat/pkg-1.2", word)}
	}
	w := &whyNot{sys: s, ctx: ctx, request: r, atom: x.args[0].Atoms[0].Atom, tried: map[string]string{}}
	res.Atom = w.atom.String()
	if err := w.readBinaries(word); err != nil {
		return nil, err
	}
	if err := w.versions(res); err != nil {
		return nil, err
	}
	if len(res.Versions) == 0 {
		err = w.others(res)
	}
	return res, err
}

// whyNot is one question.
type whyNot struct {
	sys        *System
	ctx        context.Context
	request    Request
	atom       *atom.Atom
	base       *Result               // the answer to the request alone, once it was needed
	tried      map[string]string     // slot -> the version that was tried
	binary     []*universe.Candidate // binary packages of the name, if the request may use any; best first
	told       map[*universe.Candidate]bool
	onlyBinary bool
}

// candidates are those of the root that requests are for, best first.
func (w *whyNot) candidates(a *atom.Atom) ([]Candidate, error) {
	all, err := w.sys.Candidates(w.ctx, a.String())
	slices.Reverse(all)
	return slices.DeleteFunc(all, func(c Candidate) bool { return c.Root != w.sys.target().id }), err
}

func (w *whyNot) versions(res *answer.WhyNot) error {
	all, err := w.candidates(w.atom.WithoutUse())
	if err != nil {
		return err
	}
	installed := map[string]*metadata.Package{}
	for _, c := range all {
		if c.Pkg.Origin == metadata.Installed {
			installed[c.Pkg.CPV.String()] = c.Pkg
		}
	}
	for _, c := range all {
		cpv := c.Pkg.CPV.String()
		if c.Pkg.Origin == metadata.Installed {
			if installed[cpv] == nil {
				continue // said of its ebuild
			}
		}
		v, err := w.version(&c, installed[cpv])
		if err != nil {
			return err
		}
		if v.Installed {
			delete(installed, cpv)
		}
		res.Versions = append(res.Versions, v)
	}
	return w.onlyBinaries(res)
}

// version judges one version; installed is the installed package of the same
// version, if any.
func (w *whyNot) version(c *Candidate, installed *metadata.Package) (answer.Version, error) {
	p := c.Pkg
	v := answer.Version{CPV: p.CPV.String(), Slot: p.Slot, SubSlot: p.SubSlot, Repo: p.Repo, Reasons: w.reasons(c)}
	v.Binaries = w.binariesOf(c.Pkg)
	usable := slices.ContainsFunc(v.Binaries, mayBeUsed)
	if w.onlyBinary && p.Origin == metadata.Ebuild && !usable {
		v.Reasons = append(v.Reasons, answer.Reason{Kind: string(metadata.ExclOption), Text: "only binary packages may be used (--usepkgonly)"})
	}
	hidden := len(v.Reasons) > 0 && !usable
	better, tried := w.tried[p.Slot]
	switch {
	case p.Origin == metadata.Installed || installed != nil && installed.Slot == p.Slot && installed.Repo == p.Repo:
		v.State, v.Installed = "installed", true
		if w.tried[p.Slot] == "" {
			w.tried[p.Slot] = v.CPV
		}
	case hidden:
		v.State = "hidden"
	case tried || len(w.tried) >= maxTries:
		v.State, v.By = "passed-over", better
	default:
		w.tried[p.Slot] = v.CPV
		return v, w.try(&v)
	}
	return v, nil
}

// reasons are those of the configuration, and those of the flags.
func (w *whyNot) reasons(c *Candidate) []answer.Reason {
	p := c.Pkg
	if p.Origin == metadata.Installed {
		return nil
	}
	list := reasons(c.Excluded)
	if len(list) > 0 {
		return list
	}
	settings := w.sys.target().settings
	if tree, err := p.RequiredUse(); err == nil && tree != nil && !tree.SatisfiedUse(c.Use.Has) {
		list = append(list, answer.Reason{
			Kind: string(metadata.ExclRequiredUse), Text: "its REQUIRED_USE does not hold with the flags as configured: " + tree.String(),
		})
	}
	hasFlag := func(flag string) bool { return settings.HasFlag(p, flag) }
	if len(w.atom.Use) == 0 || w.atom.MatchUse(hasFlag, c.Use.Has) {
		return list
	}
	for _, d := range w.atom.Use {
		state := "is off"
		switch {
		case !hasFlag(d.Flag):
			state = "does not exist"
		case c.Use.Has(d.Flag):
			state = "is on"
		}
		_, _, _, src := settings.ExplainUse(p, d.Flag)
		list = append(list, answer.Reason{
			Kind: "USE", Text: fmt.Sprintf("[%s] is asked for, and its flag %s %s", d, d.Flag, state), Source: src.String(), Tokens: []string{d.Flag},
		})
	}
	return list
}

// try asks the solver for the version.
func (w *whyNot) try(v *answer.Version) error {
	r := w.request
	exact := "=" + v.CPV + ":" + v.Slot
	if v.Repo != "" {
		exact += "::" + v.Repo
	}
	r.Args = append(slices.Clip(r.Args), exact)
	res, err := w.sys.Resolve(w.ctx, r)
	if err != nil {
		return err
	}
	v.Try = res
	for i := range v.Binaries { // what the selection made of those that nothing forbids
		for j := range res.Binaries {
			if b, r := &v.Binaries[i], &res.Binaries[j]; mayBeUsed(*b) && b.Path == r.Path && b.CPV == r.CPV {
				b.Reasons = r.Reasons
			}
		}
	}
	switch res.Status {
	case answer.Unsolvable:
		v.State = "impossible"
	case answer.ChangesNeeded:
		v.State = "changes"
	default:
		v.State = "possible"
	}
	return w.heldBack(v)
}

// heldBack looks for the version among the updates that the request alone
// wanted and did not make.
func (w *whyNot) heldBack(v *answer.Version) error {
	if len(w.request.Args) == 0 {
		return nil
	}
	if w.base == nil {
		base, err := w.sys.Resolve(w.ctx, w.request)
		if err != nil {
			return err
		}
		w.base = base
	}
	for _, h := range w.base.HeldBack {
		if h.CPV == v.CPV {
			v.HeldBack = append(v.HeldBack, h.By...)
		}
	}
	return nil
}

// others lists the versions there are when none matches, or similar names.
func (w *whyNot) others(res *answer.WhyNot) error {
	all, err := w.candidates(&atom.Atom{CP: w.atom.CP})
	if err != nil {
		return err
	}
	for _, c := range all {
		name := c.Pkg.CPV.String() + ":" + c.Pkg.Slot + "::" + c.Pkg.Repo
		if !slices.Contains(res.Others, name) {
			res.Others = append(res.Others, name)
		}
	}
	if len(res.Others) == 0 {
		for _, name := range w.sys.similarNames(w.atom.CP) {
			if !strings.EqualFold(name, w.atom.CP.String()) {
				res.Suggestions = append(res.Suggestions, name)
			}
		}
	}
	return nil
}

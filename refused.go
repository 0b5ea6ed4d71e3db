package portsolve

import (
	"fmt"
	"strings"

	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/atom/metadata"
	"github.com/portsolve/portsolve/internal/emergeopts"
	"github.com/portsolve/portsolve/solver"
	"github.com/portsolve/portsolve/solver/answer"
	"github.com/portsolve/portsolve/solver/universe"
)

// RefusedError says that an answer cannot be executed, because some of its
// packages are to be built. Nothing has been changed.
type RefusedError struct{ Packages []Refused }

// Refused is a package that no binary package fits.
type Refused struct {
	CPV  string
	Root string
	// Reasons has one sentence for each binary package of that name which does not fit, with
	// the same reasons as the answer's rejected_binaries.
	Reasons []string
}

func (e *RefusedError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d of the packages would have to be built, which portsolve does not do; nothing has been changed", len(e.Packages))
	for _, p := range e.Packages {
		fmt.Fprintf(&b, "\n  %s for %s", p.CPV, p.Root)
		for _, r := range p.Reasons {
			b.WriteString("\n    " + r)
		}
	}
	return b.String()
}

// whyNoBinary says for each binary package of an entry's name why it is not used: what the
// answer says of it, or where the request did not look at binary packages, what would be said.
func (x *executor) whyNoBinary(e *answer.Entry) ([]string, error) {
	var out []string
	for i := range x.rejected {
		if b := &x.rejected[i]; b.Root == e.Root && b.Instead == e.CPV {
			out = append(out, unfit(b))
		}
	}
	if len(out) > 0 {
		return out, nil
	}
	return x.notLookedAt(e)
}

// unfit is one sentence about a binary package with its reasons.
func unfit(b *answer.RejectedBinary) string {
	var why []string
	for i := range b.Reasons {
		text := b.Reasons[i].Text
		if src := b.Reasons[i].Source; src != "" && !strings.Contains(text, src) {
			text += " (" + src + ")"
		}
		why = append(why, text)
	}
	return binaryName(b) + ": " + strings.Join(why, "; ")
}

// binaryName is "a/b-1 (build 2) of binhost far".
func binaryName(b *answer.RejectedBinary) string {
	name := b.CPV
	if b.BuildID > 0 {
		name += fmt.Sprintf(" (build %d)", b.BuildID)
	}
	if b.Binhost != "" {
		name += " of binhost " + b.Binhost
	}
	return name
}

// notLookedAt judges the binary packages of an entry's name that the answer says nothing of.
func (x *executor) notLookedAt(e *answer.Entry) ([]string, error) {
	cpv, err := atom.ParseCPV(e.CPV)
	if err != nil {
		return nil, &UsageError{err}
	}
	r := x.sys.rootByPath(e.Root)
	if r == nil {
		r = x.sys.target()
	}
	remote := x.sys.looksAtHosts(r)
	if err := x.needJudge(remote); err != nil {
		return nil, inputError(x.ctx, err)
	}
	var out []string
	for _, c := range x.judge.Group(r.id, cpv.CP).All {
		if c.Pkg.Origin != metadata.Binary {
			continue
		}
		b := solver.RejectedBinary(c, r.path)
		switch {
		case c.Pkg.CPV.Version.Compare(cpv.Version) != 0:
			out = append(out, binaryName(&b)+" is of another version")
		case len(b.Reasons) > 0:
			out = append(out, unfit(&b))
		default:
			out = append(out, binaryName(&b)+" may be used, but the plan was made without binary packages (--usepkg)")
		}
	}
	if err := x.judge.Err(); err != nil {
		return nil, inputError(x.ctx, err)
	}
	if len(out) == 0 {
		where := "in PKGDIR"
		if remote {
			where = "in PKGDIR or on the binhosts"
		}
		out = []string{fmt.Sprintf("there is no binary package of %s %s", cpv.CP, where)}
	}
	return out, nil
}

// needJudge makes what judges binary packages by the configuration, as a request with
// --usepkg would.
func (x *executor) needJudge(remote bool) error {
	if x.judge != nil {
		return nil
	}
	req := universe.Request{Options: universe.Options{UsePkg: true, GetBinPkg: remote}}
	emergeopts.Normalize(&req.Options)
	roots, err := x.sys.solverRoots(x.ctx, &req.Options)
	if err != nil {
		return err
	}
	if err := x.sys.addBinaries(x.ctx, roots, &req); err != nil {
		return err
	}
	x.judge = universe.New(x.ctx, roots, &req)
	return nil
}

// looksAtHosts: a request has read the indexes of the binhosts.
func (s *System) looksAtHosts(r *root) bool {
	s.binary.mu.Lock()
	defer s.binary.mu.Unlock()
	return s.binary.sets[binaryKey{r.id, true}] != nil
}

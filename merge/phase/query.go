package phase

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/atom/metadata"
	"github.com/portsolve/portsolve/merge"
	"github.com/portsolve/portsolve/vdb"
)

// asker answers has_version and best_version (PMS 12.3.4). A question is a letter for
// the root (b, d or r), a blank and a package dependency specification.
func (r *Runner) asker(ctx context.Context, c *merge.PhaseCall) func(what, question string) (bool, string, error) {
	return func(what, question string) (bool, string, error) {
		where, text, _ := strings.Cut(question, " ")
		a, err := atom.Parse(text, c.Package.EAPI)
		if err != nil {
			return false, "", err
		}
		if a.Blocker != atom.NotBlocker {
			return false, "", fmt.Errorf("a blocker cannot be asked for")
		}
		if a.ConditionalUse() {
			a = a.EvaluateUse(func(flag string) bool { return slices.Contains(c.Package.Use, flag) })
		}
		q, err := r.system(ctx, c, where)
		if err != nil || q == nil {
			return false, "", err
		}
		best, ok := bestMatch(q.Installed(a.CP), a)
		return ok, best, nil
	}
}

// bestMatch is the newest of the packages that match.
func bestMatch(list []*metadata.Package, a *atom.Atom) (string, bool) {
	var best *metadata.Package
	for _, p := range list {
		if matches(p, a) && (best == nil || best.CPV.Version.Compare(p.CPV.Version) < 0) {
			best = p
		}
	}
	if best == nil {
		return "", false
	}
	return best.CPV.String(), true
}

func matches(p *metadata.Package, a *atom.Atom) bool {
	iuse := func(flag string) bool {
		return slices.Contains(p.IUSEEffective, flag) ||
			slices.ContainsFunc(p.IUSE, func(f metadata.IUSEFlag) bool { return f.Name == flag })
	}
	use := func(flag string) bool { return slices.Contains(p.Use, flag) }
	return a.MatchVersion(p.CPV) && a.MatchSlot(p.Slot, p.SubSlot) && a.MatchRepo(p.Repo) && a.MatchUse(iuse, use)
}

// system chooses who answers: ROOT, the machine that runs this (BROOT) or SYSROOT.
func (r *Runner) system(ctx context.Context, c *merge.PhaseCall, where string) (merge.Query, error) {
	root, prefix := offset(c)
	var other string
	switch where {
	case "b":
		if r.o.Host != nil {
			return r.o.Host, nil
		}
		other = strings.TrimRight(c.Config["BROOT"], "/")
	case "d":
		if r.o.Sysroot != nil {
			return r.o.Sysroot, nil
		}
		other = strings.TrimRight(c.Config["SYSROOT"], "/")
	default:
		return c.Query, nil
	}
	if other == root || other == root+prefix {
		return c.Query, nil
	}
	db, err := vdb.Open(ctx, vdb.Options{Root: other + "/"})
	if err != nil {
		return nil, fmt.Errorf("the installed packages of %s/ cannot be read: %w", other, err)
	}
	return installed{db}, nil
}

// installed is a vdb.DB as a merge.Query.
type installed struct{ db *vdb.DB }

func (q installed) Installed(cp atom.CP) []*metadata.Package { return q.db.Packages(cp) }

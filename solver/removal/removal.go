// Package removal plans what to uninstall: depclean, prune, unmerge and clean,
// and the check for broken dependencies (docs/removal.md). It looks at what is
// installed only; of the repositories it asks whether an installed version is
// still available, where several versions could satisfy the same dependency.
//
// There is no choice to search for: what has to stay is a closure, and the rest goes.
package removal

import (
	"context"
	"fmt"
	"slices"

	"github.com/portsolve/portsolve/solver/answer"
	"github.com/portsolve/portsolve/solver/universe"
)

// Actions, as universe.Options.Action names them.
const (
	DepClean  = "depclean"   // what nothing needs; with arguments, those of them that nothing needs
	Prune     = "prune"      // all but the highest version of each package, if nothing needs the others
	Unmerge   = "unmerge"    // the arguments, whatever needs them
	RageClean = "rage-clean" // as Unmerge
	Clean     = "clean"      // all but the most recently installed package of each slot
	DepCheck  = "dep_check"  // nothing: Broken is the answer
)

// IsAction reports whether Plan answers requests with that Options.Action.
func IsAction(action string) bool {
	switch action {
	case DepClean, Prune, Unmerge, RageClean, Clean, DepCheck:
		return true
	}
	return false
}

// Plan answers a request whose Options.Action is one of the above. Arguments
// and World are for the last root, which is the one that packages are removed from;
// World lists the sets that must stay, each as an argument of its own. Arguments
// may hold wildcard atoms. The error is ctx's or that of a repository.
func Plan(ctx context.Context, roots []universe.Root, req *universe.Request) (*answer.Removal, error) {
	p := newPlanner(ctx, roots, req)
	switch req.Options.Action {
	case DepClean:
		p.depclean()
	case Prune:
		p.prune()
	case Unmerge, RageClean:
		p.unmerge()
	case Clean:
		p.clean()
	case DepCheck:
		p.depcheck()
	default:
		return nil, fmt.Errorf("%q is not a removal", req.Options.Action)
	}
	if err := p.w.err(); err != nil {
		return nil, err
	}
	return p.answer(), nil
}

// planner is one run of Plan.
type planner struct {
	w         *walker
	req       *universe.Request
	opts      *universe.Options
	root      universe.RootID
	installed []*universe.Candidate // of the root, in CPV order
	args      []arg
	excluded  []bool                // by position in installed: --exclude names it
	remove    []*universe.Candidate // ascending, then in order
	protected []*universe.Candidate // asked for, but may not go
	ordered   bool
	blocked   bool
	breaks    map[string][]string
}

func newPlanner(ctx context.Context, roots []universe.Root, req *universe.Request) *planner {
	p := &planner{w: newWalker(ctx, roots, req), req: req, opts: &req.Options, root: universe.RootID(len(roots) - 1)}
	p.installed = p.w.u.AllInstalled(p.root)
	for i := range req.Args {
		p.args = append(p.args, p.findArg(&req.Args[i]))
	}
	p.excluded = make([]bool, len(p.installed))
	if words := wildcards(req.Options.Exclude); len(words) > 0 {
		for i, c := range p.installed {
			p.excluded[i] = matchesAny(c, words)
		}
	}
	return p
}

// depclean removes what neither world nor an excluded package leads to. With
// arguments everything else stays, and world only counts as far as it does not
// name the arguments (the caller decides that: Deselect).
func (p *planner) depclean() {
	p.seedWorld()
	for i, c := range p.installed {
		if p.excluded[i] || len(p.req.Args) > 0 && !p.named(c) {
			p.w.seed("", nil, c)
		}
	}
	p.keepPackageManager()
	p.w.run()
	p.w.keepLibraries(p.installed)
	p.removeUnreached()
	p.refuse()
}

// prune removes superseded versions: those below the highest installed one of
// the same name. Everything else stays, and so does what that needs.
func (p *planner) prune() {
	old := p.superseded()
	if p.opts.NoDeps {
		p.take(func(i int, _ *universe.Candidate) bool { return old[i] })
		return
	}
	p.seedWorld()
	for i, c := range p.installed {
		if !old[i] || p.excluded[i] {
			p.w.seed("", nil, c)
		}
	}
	for i, c := range p.installed {
		if i == 0 || p.installed[i-1].CP() != c.CP() {
			p.w.seed("", nil, p.w.prefer(p.w.u.InstalledGroup(p.root, c.CP())))
		}
	}
	p.keepPackageManager()
	p.w.run()
	p.w.keepLibraries(p.installed)
	p.removeUnreached()
	p.refuse()
}

// superseded marks the packages that prune may remove, by position.
func (p *planner) superseded() []bool {
	old := make([]bool, len(p.installed))
	for i, c := range p.installed {
		higher := i+1 < len(p.installed) && p.installed[i+1].CP() == c.CP()
		old[i] = higher && (len(p.req.Args) == 0 || p.named(c))
	}
	return old
}

// unmerge removes what is named.
func (p *planner) unmerge() {
	p.take(func(_ int, c *universe.Candidate) bool { return p.named(c) })
}

// clean removes what was left behind in a slot that something was installed to
// later (the VDB's COUNTER tells).
func (p *planner) clean() {
	latest := map[universe.SlotKey]*universe.Candidate{}
	for _, c := range p.installed {
		if l := latest[c.SlotKey()]; l == nil || c.Pkg.Counter >= l.Pkg.Counter {
			latest[c.SlotKey()] = c
		}
	}
	p.take(func(_ int, c *universe.Candidate) bool {
		return latest[c.SlotKey()] != c && (len(p.req.Args) == 0 || p.named(c))
	})
}

// take removes what want says, but for excluded packages and the package
// manager, and notes what that breaks.
func (p *planner) take(want func(int, *universe.Candidate) bool) {
	gone := map[*universe.Candidate]bool{}
	for i, c := range p.installed {
		switch {
		case !want(i, c):
		case p.excluded[i] || p.isPackageManager(c):
			p.protected = append(p.protected, c)
		default:
			gone[c] = true
			p.remove = append(p.remove, c)
		}
	}
	p.breaks = p.w.breaks(p.installed, gone)
	p.sortRemoved()
}

// depcheck follows the dependencies of everything that is installed.
func (p *planner) depcheck() {
	p.seedWorld()
	for _, c := range p.installed {
		p.w.seed("", nil, c)
	}
	p.w.run()
}

// seedWorld makes the sets of World stay.
func (p *planner) seedWorld() {
	for i := range p.req.World {
		set := &p.req.World[i]
		for j := range set.Atoms {
			p.w.seed(set.Text, set.Atoms[j].Atom, nil)
		}
	}
}

// removeUnreached removes what the walk has not come to.
func (p *planner) removeUnreached() {
	for _, c := range p.installed {
		if !p.w.kept(c) {
			p.remove = append(p.remove, c)
		}
	}
	p.sortRemoved()
}

func (p *planner) sortRemoved() {
	p.remove, p.ordered = order(p.w, p.remove)
}

// refuse gives up if a run-time dependency of what stays is missing: what could
// satisfy it is unknown, and might be on the list. A package that was named
// has been judged by a person, so then only its own name among the missing
// atoms counts; emerge does not look at all then.
func (p *planner) refuse() {
	switch {
	case len(p.w.missing) == 0:
	case len(p.req.Args) == 0:
		p.blocked = true
	case !p.opts.Compat:
		p.blocked = slices.ContainsFunc(p.remove, func(c *universe.Candidate) bool { return p.w.missing[c.CP()] })
	}
	if p.blocked {
		p.remove, p.ordered = nil, false
	}
}

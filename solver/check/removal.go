package check

import (
	"slices"
	"strings"

	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/atom/depend"
	"github.com/portsolve/portsolve/atom/metadata"
	"github.com/portsolve/portsolve/solver/answer"
	"github.com/portsolve/portsolve/solver/universe"
)

// Removal judges res.Removal: the list names installed packages that the
// request allows to remove, what stays keeps working, and packages go before
// what they depend on. req.World holds the sets that must stay satisfied. nil
// means accepted. Whether more could be removed is not its business.
func Removal(req *universe.Request, roots []universe.Root, res *answer.Result) []Violation {
	r := res.Removal
	if r == nil {
		return []Violation{{Rule: RulePlan, Detail: "the answer says nothing about removal"}}
	}
	j := newRemovalJudge(req, roots, res)
	if r.Blocked && len(r.CleanList) > 0 {
		j.add(RulePlan, r.CleanList[0], "something is removed although missing dependencies forbid it")
	}
	if j.target == nil {
		return j.out
	}
	j.listRule(r)
	for _, it := range j.removed {
		j.allowedRule(it)
	}
	if j.looksAtDependencies() {
		j.keepRule()
	}
	j.orderRule()
	return j.out
}

// removalJudge is one run of Removal. The timeline of a checker has one step per removed package.
type removalJudge struct {
	*checker
	target  *state
	removed []*item // in order
}

func newRemovalJudge(req *universe.Request, roots []universe.Root, res *answer.Result) *removalJudge {
	j := &removalJudge{checker: &checker{
		req: req, opts: &req.Options, res: res, n: len(res.Removal.CleanList) + 1, exact: map[string]bool{},
	}}
	for i := range roots {
		j.roots = append(j.roots, newState(universe.RootID(i), &roots[i], j.n))
	}
	if len(j.roots) > 0 {
		j.target = j.roots[len(j.roots)-1]
	}
	return j
}

// listRule: the list names installed packages, each once. Step 0 of the timeline
// does nothing, so that atStart is before the first removal.
func (j *removalJudge) listRule(r *answer.Removal) {
	for i, cpv := range r.CleanList {
		at := slices.IndexFunc(j.target.items, func(it *item) bool { return it.stays && it.pkg.CPV.String() == cpv })
		if at < 0 {
			j.add(RulePlan, cpv, "%s is to be removed, but is not installed (any more)", cpv)
			continue
		}
		it := j.target.items[at]
		it.stays, it.to = false, i+1
		j.removed = append(j.removed, it)
	}
	if want := len(j.target.items) - len(j.removed); r.Kept != want && r.Action != "dep_check" {
		j.add(RulePlan, "", "%d packages stay, not %d", want, r.Kept)
	}
}

// looksAtDependencies: the other actions remove whatever needs it.
func (j *removalJudge) looksAtDependencies() bool {
	return j.opts.Action == "depclean" || j.opts.Action == "prune" && !j.opts.NoDeps
}

// allowedRule: with arguments only what they name goes; excluded packages and
// the package manager of the running system stay; prune leaves the highest
// version, clean one package in the slot.
func (j *removalJudge) allowedRule(it *item) {
	name := label(it.pkg)
	if len(j.req.Args) > 0 && !slices.ContainsFunc(j.req.Args, func(a universe.Arg) bool { return j.matchesArg(it, &a) }) {
		j.add(RuleRequest, name, "no argument names %s", name)
	}
	for _, w := range strings.Fields(strings.Join(j.opts.Exclude, " ")) {
		if a := excludeAtom(w); a != nil && j.target.matches(it, a) {
			j.add(RuleRequest, name, "%s is excluded", name)
		}
	}
	if it.root == universe.Host && it.pkg.CPV.CP.String() == "sys-apps/portage" {
		j.add(RuleKeep, name, "the package manager would remove itself")
	}
	other := func(may func(*item) bool) bool {
		return slices.ContainsFunc(j.target.byCP[it.pkg.CPV.CP], func(o *item) bool { return o.stays && may(o) })
	}
	switch j.opts.Action {
	case "prune":
		if !other(func(o *item) bool { return o.pkg.CPV.Compare(it.pkg.CPV) > 0 }) {
			j.add(RuleKeep, name, "no higher version than %s stays", name)
		}
	case "clean":
		if !other(func(o *item) bool { return o.pkg.Slot == it.pkg.Slot && o.pkg.Counter >= it.pkg.Counter }) {
			j.add(RuleKeep, name, "nothing that was installed later than %s stays in its slot", name)
		}
	}
}

func excludeAtom(word string) *atom.Atom {
	if name, _, _ := strings.Cut(word, ":"); !strings.Contains(name, "/") {
		word = "*/" + word
	}
	a, err := atom.ParseWildcard(word)
	if err != nil {
		return nil
	}
	return a
}

func (j *removalJudge) matchesArg(it *item, a *universe.Arg) bool {
	return slices.ContainsFunc(a.Atoms, func(m universe.ArgAtom) bool { return m.Atom != nil && j.target.matches(it, m.Atom) })
}

// keepRule: sets that must stay and run-time dependencies (PMS 8.1) of what stays, if they were satisfied, still are.
func (j *removalJudge) keepRule() {
	for i := range j.req.World {
		j.keepWorld(&j.req.World[i])
	}
	for _, st := range j.roots {
		for _, it := range st.items {
			if it.stays {
				j.eachRuntime(it, func(root universe.RootID, cl *depend.Node, k metadata.DepKind) {
					if !holds(cl, it.pkg.EAPI, j.leafAt(it, root, j.n)) && holds(cl, it.pkg.EAPI, j.leafAt(it, root, atStart)) {
						j.add(RuleKeep, label(it.pkg), "the installed %s needs %s (%s), which goes", label(it.pkg), cl, k)
					}
				})
			}
		}
	}
}

// eachRuntime visits the clauses that matter to an installed package, but for blockers.
func (j *removalJudge) eachRuntime(it *item, f func(universe.RootID, *depend.Node, metadata.DepKind)) {
	for _, k := range []metadata.DepKind{metadata.RDEPEND, metadata.IDEPEND, metadata.PDEPEND} {
		j.eachClause(it, k, func(root universe.RootID, cl *depend.Node) {
			if cl.Kind != depend.AtomLeaf || cl.Atom.Blocker == atom.NotBlocker {
				f(root, cl, k)
			}
		})
	}
}

// orderRule: while a package is there, so is what it needs at run time, unless
// the two depend on each other. PDEPEND may go earlier: it makes no order (PMS 8.1).
func (j *removalJudge) orderRule() {
	uses := map[*item][]*item{}
	type early struct{ user, gone *item }
	var found []early
	for _, it := range j.removed {
		j.eachRuntime(it, func(root universe.RootID, cl *depend.Node, k metadata.DepKind) {
			held := holds(cl, it.pkg.EAPI, j.leafAt(it, root, atStart))
			ok := holds(cl, it.pkg.EAPI, j.leafAt(it, root, it.to))
			cl.Atoms(func(a *atom.Atom) {
				for _, o := range j.roots[root].byCP[a.CP] {
					if o == it || o.stays || a.Blocker != atom.NotBlocker || !j.roots[root].matches(o, a) {
						continue
					}
					uses[it] = append(uses[it], o)
					if held && !ok && o.to < it.to && k != metadata.PDEPEND {
						found = append(found, early{it, o})
					}
				}
			})
		})
	}
	for _, e := range found {
		if !reaches(uses, e.gone, e.user) {
			j.add(RuleOrder, label(e.gone.pkg), "%s goes before %s, which needs it", label(e.gone.pkg), label(e.user.pkg))
		}
	}
}

func reaches(uses map[*item][]*item, from, to *item) bool {
	seen := map[*item]bool{from: true}
	queue := []*item{from}
	for at := 0; at < len(queue); at++ {
		if queue[at] == to {
			return true
		}
		for _, next := range uses[queue[at]] {
			if !seen[next] {
				seen[next] = true
				queue = append(queue, next)
			}
		}
	}
	return false
}

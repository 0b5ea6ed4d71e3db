package solvertest

import (
	"fmt"
	"slices"
	"strings"

	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/atom/metadata"
	"github.com/portsolve/portsolve/internal/emergeopts"
	"github.com/portsolve/portsolve/solver/answer"
	"github.com/portsolve/portsolve/solver/scenario"
	"github.com/portsolve/portsolve/solver/universe"
)

// Better finds a plan among others that is better than plan by those criteria of docs/objective.md that
// can be told from the results alone, and says why it is; "" if there is none. The criteria, in their order:
//
//   - fewer of the slots that the request or @world leads to are emptied (where a package
//     that nothing needs in the end blocks what is merged, it may go);
//   - what was asked for is newer (or, where no update is wanted, stays);
//   - fewer of these slots get an older version.
//
// Fewer means a part of the same, newer that no argument gets an older one for it.
func Better(sc *scenario.Scenario, plan []answer.Entry, others [][]answer.Entry) (better []answer.Entry, why string) {
	j := newJudge(sc)
	mine := j.score(plan)
	again := j.o.OnlyDeps || j.o.NewUse || j.o.ChangedUse || j.o.ChangedDeps
	for _, other := range others {
		s := j.score(other)
		if again {
			s.asked, s.older = mine.asked, mine.older // for the sake of dependencies, or of what is built again
		}
		if why := s.beats(mine); why != "" {
			return other, why
		}
	}
	return nil, ""
}

// judge scores plans of one world.
type judge struct {
	sc      *scenario.Scenario
	o       universe.Options
	reached []map[*metadata.Package]bool // installed packages that matter, by root
	visible [][]*metadata.Package
}

func newJudge(sc *scenario.Scenario) *judge {
	j := &judge{sc: sc, o: sc.Request.Options}
	emergeopts.Normalize(&j.o)
	for i := range sc.Roots {
		j.visible = append(j.visible, visible(&sc.Roots[i]))
		j.reached = append(j.reached, map[*metadata.Package]bool{})
	}
	for _, args := range [][]universe.Arg{sc.Request.Args, sc.Request.World} {
		for _, arg := range args {
			for _, m := range arg.Atoms {
				j.reach(arg.Root, m.Atom)
			}
		}
	}
	return j
}

// reach follows the run-time dependencies of installed packages.
func (j *judge) reach(id universe.RootID, a *atom.Atom) {
	root := &j.sc.Roots[id]
	for _, p := range root.Installed {
		if a.Blocker != atom.NotBlocker || j.reached[id][p] || !matches(root, a, p) {
			continue
		}
		j.reached[id][p] = true
		for _, k := range []metadata.DepKind{metadata.RDEPEND, metadata.PDEPEND} {
			if n, err := p.Deps(k); err == nil {
				n.Evaluate(p.Use.Has).Atoms(func(a *atom.Atom) { j.reach(id, a) })
			}
		}
	}
}

// score of one plan: slots and cpvs are texts.
type score struct {
	gone, older []string
	asked       []int // by atom of the request: how many better answers there are to it alone
}

func (j *judge) score(plan []answer.Entry) score {
	var s score
	for id := range j.sc.Roots {
		root := &j.sc.Roots[id]
		final := slices.Clone(root.Installed)
		for _, e := range plan {
			if e.Root != root.Path || e.Action == answer.BlockerEntry {
				continue
			}
			final = slices.DeleteFunc(final, func(p *metadata.Package) bool {
				return p.CPV.CP == e.Package.CPV.CP && p.Slot == e.Package.Slot
			})
			if e.Action == answer.Merge {
				final = append(final, e.Package)
			}
		}
		j.compareSlots(universe.RootID(id), final, &s)
		j.compareArgs(universe.RootID(id), final, &s)
	}
	return s
}

func (j *judge) compareSlots(id universe.RootID, final []*metadata.Package, s *score) {
	root := &j.sc.Roots[id]
	for _, p := range root.Installed {
		if !j.reached[id][p] {
			continue
		}
		slot := fmt.Sprintf("%s%s:%s", root.Path, p.CPV.CP, p.Slot)
		at := slices.IndexFunc(final, func(q *metadata.Package) bool { return q.CPV.CP == p.CPV.CP && q.Slot == p.Slot })
		if at < 0 {
			at = slices.IndexFunc(final, func(q *metadata.Package) bool { return q.CPV == p.CPV }) // moved
		}
		switch {
		case at < 0:
			if !j.outlived(id, p) && !inTheWay(root, p, final) {
				s.gone = append(s.gone, slot)
			}
		case final[at].CPV.Compare(p.CPV) >= 0:
		case j.asked(id, p) && (j.o.OnlyDeps || !j.o.Selective.Or(false)):
			// the best version there is was asked for, whatever is installed
		case j.o.Update && len(root.Policy.Exclusions(p)) > 0:
			// what is masked now gives way
		default:
			s.older = append(s.older, slot)
		}
	}
}

func (j *judge) asked(id universe.RootID, p *metadata.Package) bool {
	for _, arg := range j.sc.Request.Args {
		for _, m := range arg.Atoms {
			if arg.Root == id && matches(&j.sc.Roots[id], m.Atom, p) {
				return true
			}
		}
	}
	return false
}

// inTheWay: an installed package blocks what is merged, which has nothing against it.
func inTheWay(root *universe.Root, p *metadata.Package, final []*metadata.Package) bool {
	merged := func(blocked func(*metadata.Package) bool) bool {
		return slices.ContainsFunc(final, func(q *metadata.Package) bool { return q.Origin != metadata.Installed && blocked(q) })
	}
	return merged(func(q *metadata.Package) bool { return blocks(root, p, q) }) &&
		!merged(func(q *metadata.Package) bool { return blocks(root, q, p) })
}

// outlived: where an update is wanted, a newer version in another slot that blocks the installed one may take its place.
func (j *judge) outlived(id universe.RootID, p *metadata.Package) bool {
	return j.o.Update && slices.ContainsFunc(j.visible[id], func(q *metadata.Package) bool {
		return q.CPV.CP == p.CPV.CP && q.Slot != p.Slot && q.CPV.Compare(p.CPV) > 0 && blocks(&j.sc.Roots[id], q, p)
	})
}

func blocks(root *universe.Root, p, old *metadata.Package) bool {
	found := false
	for k := range metadata.NumDepKinds {
		if n, err := p.Deps(k); err == nil {
			n.Evaluate(root.Policy.Use(p).Has).Atoms(func(a *atom.Atom) {
				found = found || a.Blocker != atom.NotBlocker && matches(root, a, old)
			})
		}
	}
	return found
}

// compareArgs counts, for each atom of the request, the visible versions that are newer than the newest of the
// result. Without an update, what is installed is the best answer to a selective request.
func (j *judge) compareArgs(id universe.RootID, final []*metadata.Package, s *score) {
	root := &j.sc.Roots[id]
	for _, arg := range j.sc.Request.Args {
		for _, m := range arg.Atoms {
			if arg.Root != id || j.o.OnlyDeps || provided(root, m.Atom) {
				continue
			}
			stays := j.o.Selective.Or(false) && !j.o.Update
			rank := len(j.visible[id]) + 1
			for _, p := range final {
				switch {
				case !matches(root, m.Atom, p):
				case stays && j.installed(id, p.CPV):
					rank = 0
				case stays:
					rank = min(rank, 1) // any other
				default:
					rank = min(rank, j.newer(id, m.Atom, p))
				}
			}
			s.asked = append(s.asked, rank)
		}
	}
}

// installed: that version was there before; that it is built again makes no difference here.
func (j *judge) installed(id universe.RootID, v atom.CPV) bool {
	return slices.ContainsFunc(j.sc.Roots[id].Installed, func(p *metadata.Package) bool { return p.CPV == v })
}

// newer counts what is better than p: visible, or installed if the request is satisfied with that.
func (j *judge) newer(id universe.RootID, a *atom.Atom, p *metadata.Package) int {
	root := &j.sc.Roots[id]
	better := map[string]bool{}
	for _, q := range root.Installed {
		if j.o.Selective.Or(false) && len(root.Policy.Exclusions(q)) == 0 && matches(root, a, q) && q.CPV.Compare(p.CPV) > 0 {
			better[q.CPV.String()] = true
		}
	}
	for _, q := range j.visible[id] {
		if matches(root, a, q) && q.CPV.Compare(p.CPV) > 0 {
			better[q.CPV.String()] = true
		}
	}
	return len(better)
}

// beats says why s is better than t, "" if it is not.
func (s score) beats(t score) string {
	if !slices.Equal(s.gone, t.gone) {
		return lost(s.gone, t.gone, "is removed without need")
	}
	if !slices.Equal(s.asked, t.asked) {
		for i := range s.asked {
			if s.asked[i] > t.asked[i] {
				return ""
			}
		}
		return fmt.Sprintf("what was asked for could be newer (places %v instead of %v)", s.asked, t.asked)
	}
	if !slices.Equal(s.older, t.older) {
		return lost(s.older, t.older, "gets older without need")
	}
	return ""
}

// lost says which member of t is not in s, if s is a part of t.
func lost(s, t []string, what string) string {
	for _, e := range s {
		if !slices.Contains(t, e) {
			return ""
		}
	}
	rest := slices.DeleteFunc(slices.Clone(t), func(e string) bool { return slices.Contains(s, e) })
	return strings.Join(rest, " and ") + " " + what
}

package check_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/atom/metadata"
	"github.com/portsolve/portsolve/solver/answer"
	"github.com/portsolve/portsolve/solver/check"
	"github.com/portsolve/portsolve/solver/scenario"
	"github.com/portsolve/portsolve/solver/universe"
)

// world is a scenario whose answers the tests write by hand.
type world struct {
	*scenario.Scenario
	t *testing.T
}

func parse(t *testing.T, text string) world {
	t.Helper()
	sc, err := scenario.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return world{sc, t}
}

// answer makes a well-formed answer from words such as "dev-libs/a-1",
// "-dev-libs/b-1" (uninstall) and "host:dev-libs/c-1".
func (w world) answer(words ...string) *answer.Result {
	w.t.Helper()
	res := &answer.Result{Status: answer.Solved, Complete: true, Ordered: true}
	if len(words) == 0 {
		res.Status = answer.NothingToDo
	}
	installed := make([][]*metadata.Package, len(w.Roots))
	for i := range w.Roots {
		installed[i] = slices.Clone(w.Roots[i].Installed)
	}
	for _, word := range words {
		id := len(w.Roots) - 1
		if name, ok := strings.CutPrefix(word, "host:"); ok {
			word, id = name, 0
		}
		name, removal := strings.CutPrefix(word, "-")
		root, set := &w.Roots[id], &installed[id]
		var p *metadata.Package
		if removal {
			i := slices.IndexFunc(*set, func(q *metadata.Package) bool { return q.CPV.String() == name })
			p = (*set)[i]
			*set = slices.Delete(*set, i, i+1)
			res.Plan = append(res.Plan, w.entry(answer.Uninstall, root, p, p.Use))
			continue
		}
		p = w.find(root, name)
		e := w.entry(answer.Merge, root, p, root.Policy.Use(p))
		*set = slices.DeleteFunc(*set, func(q *metadata.Package) bool {
			gone := q.CPV.CP == p.CPV.CP && q.Slot == p.Slot
			if gone {
				e.Replaces = append(e.Replaces, q.CPV.String())
			}
			return gone
		})
		res.Plan = append(res.Plan, e)
	}
	return res
}

func (w world) entry(action answer.Action, root *universe.Root, p *metadata.Package, use metadata.UseSet) answer.Entry {
	e := answer.Entry{
		Action: action, Type: p.Origin.String(), CPV: p.CPV.String(), Slot: p.Slot, SubSlot: p.SubSlot,
		Repo: p.Repo, Root: root.Path, Use: map[string]bool{}, Package: p,
	}
	for _, f := range p.IUSE {
		e.Use[f.Name] = use.Has(f.Name)
	}
	return e
}

func (w world) find(root *universe.Root, name string) *metadata.Package {
	w.t.Helper()
	cpv, err := atom.ParseCPV(name)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, r := range root.Repos {
		pkgs, err := r.Packages(context.Background(), cpv.CP)
		if err != nil {
			w.t.Fatal(err)
		}
		for _, p := range pkgs {
			if p.CPV == cpv {
				return p
			}
		}
	}
	w.t.Fatalf("no repository has %s", name)
	return nil
}

// accepts fails the test unless the checker finds nothing.
func (w world) accepts(res *answer.Result) {
	w.t.Helper()
	for _, v := range check.Check(&w.Request, w.Roots, res) {
		w.t.Errorf("a good answer is rejected: %s", v)
	}
}

// rejects fails the test unless the checker reports exactly these rules, each at least once.
func (w world) rejects(res *answer.Result, rules ...string) []check.Violation {
	w.t.Helper()
	found := check.Check(&w.Request, w.Roots, res)
	if state := check.State(&w.Request, w.Roots, res); check.Holds(&w.Request, w.Roots, res) != (len(state) == 0) {
		w.t.Errorf("Holds and State (%v) disagree", state)
	}
	var got []string
	for _, v := range found {
		got = append(got, v.Rule)
		if v.Detail == "" || v.String() != v.Rule+": "+v.Detail {
			w.t.Errorf("a violation without a sentence: %+v", v)
		}
	}
	slices.Sort(got)
	slices.Sort(rules)
	if !slices.Equal(slices.Compact(got), rules) {
		w.t.Errorf("the checker reports %v, expected the rules %v", found, rules)
	}
	return found
}

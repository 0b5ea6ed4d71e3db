package solver_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/atom/metadata"
	"github.com/portsolve/portsolve/solver/answer"
	"github.com/portsolve/portsolve/solver/apply"
	"github.com/portsolve/portsolve/solver/scenario"
	"github.com/portsolve/portsolve/solver/solvertest"
)

// laws relate the answers to two worlds that differ in one thing. Each says how it is broken, "" if it holds.
var laws = []struct {
	name   string
	broken func(*trial) string
}{
	{"repeat", repeated},
	{"unrelated", withUnrelated},
	{"fewer constraints", withFewerConstraints},
	{"twice", appliedTwice},
}

// repeated: the same world has the same answer, byte for byte.
func repeated(t *trial) string {
	again, err := try(t.text, nil)
	if err != nil {
		return err.Error()
	}
	if a, b := render(t.res), render(again.res); a != b {
		return fmt.Sprintf("first\n%s\nthen\n%s", a, b)
	}
	return ""
}

func render(res *answer.Result) string {
	timeless := *res
	timeless.Stats = answer.Stats{}
	data, err := json.MarshalIndent(&timeless, "", " ")
	if err != nil {
		return err.Error()
	}
	return string(data)
}

// withUnrelated: a package that nothing names changes nothing, whether it is installed, or breaks, or not.
func withUnrelated(t *trial) string {
	text := strings.Replace(t.text, "-- repo --\n", "-- repo --\nc/aaa-2 RDEPEND=\"c/gone\"\nz/zzz-1\nz/zzz-2 SLOT=2 IUSE=x\n", 1)
	text = strings.Replace(text, "-- installed --\n", "-- installed --\nc/aaa-1 RDEPEND=\"c/gone z/zzz\"\nz/zzz-1\n", 1)
	other, err := try(text, nil)
	if err != nil {
		return err.Error()
	}
	if other == nil {
		return "" // the minimizer took a section away
	}
	if a, b := planText(t.res), planText(other.res); a != b {
		return fmt.Sprintf("%s, but with an unrelated package %s", a, b)
	}
	return ""
}

const (
	smallText = 4000 // the longest text of a world that is tried without each of its dependencies
	thinned   = 3    // one of so many is: each takes ten resolutions
)

// withFewerConstraints: what can be solved can be solved with a dependency less. The order is no
// matter of constraints: another choice may have none.
func withFewerConstraints(t *trial) string {
	if !t.solved || len(t.text) > smallText || len(t.text)%thinned != 0 {
		return ""
	}
	for _, text := range solvertest.WithoutEachDependency(t.text) {
		other, err := try(text, nil)
		if err != nil {
			return err.Error()
		}
		if other != nil && !other.solved && !other.withoutOrder() {
			return fmt.Sprintf("%s, but %s without one dependency:\n%s", planText(t.res), planText(other.res), text)
		}
	}
	return ""
}

// appliedTwice: once the plan is executed, a selective request finds nothing to do. Excused are packages that had to
// be built before what they are bound to could be replaced (docs/checker.md, "Order"): they are built again. And what an
// old version of itself must build cannot be expected to be the best at the first time.
func appliedTwice(t *trial) string {
	o := t.sc.Request.Options
	selective := o.Update || o.NewUse || o.ChangedUse || o.ChangedDeps || o.Selective.Or(false)
	if !t.solved || !selective || o.EmptyTree || o.OnlyDeps && removes(t.res) || bootstraps(t.sc) {
		return ""
	}
	second, err := t.applied()
	if err == nil && second.res.Status != answer.NothingToDo && repeats(second.res, t.res) {
		second, err = second.applied()
	}
	switch {
	case err != nil:
		return err.Error()
	case second.res.Status != answer.NothingToDo:
		return fmt.Sprintf("%s, and then %s", planText(t.res), planText(second.res))
	}
	return ""
}

// applied resolves the same request where the plan has been executed.
func (t *trial) applied() (*trial, error) {
	installed, err := apply.Plan(t.sc.Roots, t.res.Plan)
	if err != nil {
		return nil, err
	}
	return try(t.text, func(sc *scenario.Scenario) {
		sc.Roots = slices.Clone(t.sc.Roots)
		for i := range sc.Roots {
			sc.Roots[i].Installed = installed[i]
		}
		sc.Request = t.sc.Request
	})
}

// repeats: all that is merged was merged the first time, too.
func repeats(second, first *answer.Result) bool {
	for _, e := range second.Plan {
		if !slices.ContainsFunc(first.Plan, func(f answer.Entry) bool {
			return e.Action == answer.Merge && f.Action == answer.Merge && f.CPV == e.CPV && f.Root == e.Root
		}) {
			return false
		}
	}
	return true
}

// removes: an installed version that --onlydeps found the best there is has been removed for its own dependencies.
func removes(res *answer.Result) bool {
	return slices.ContainsFunc(res.Plan, func(e answer.Entry) bool { return e.Action == answer.Uninstall })
}

// bootstraps: some ebuild is built with a version of itself.
func bootstraps(sc *scenario.Scenario) bool {
	for _, r := range sc.Roots[0].Repos {
		repo := r.Source.(*scenario.Repo)
		for _, cp := range repo.Names() {
			pkgs, err := repo.Packages(context.Background(), cp)
			if err == nil && slices.ContainsFunc(pkgs, builtWithItself) {
				return true
			}
		}
	}
	return false
}

func builtWithItself(p *metadata.Package) bool {
	found := false
	for _, k := range []metadata.DepKind{metadata.DEPEND, metadata.BDEPEND} {
		if n, err := p.Deps(k); err == nil {
			n.Atoms(func(a *atom.Atom) { found = found || a.CP == p.CPV.CP })
		}
	}
	return found
}

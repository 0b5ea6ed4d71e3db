package alternatives_test

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/portsolve/portsolve/atom/metadata"
	"github.com/portsolve/portsolve/solver"
	"github.com/portsolve/portsolve/solver/alternatives"
	"github.com/portsolve/portsolve/solver/scenario"
	"github.com/portsolve/portsolve/solver/solvertest"
	"github.com/portsolve/portsolve/solver/universe"
)

// Every minimal set of changes is found, and nothing else: compared with trying all sets of small worlds.
// PORTSOLVE_RANDOM_WORLDS says how many.
func TestAgainstBruteForce(t *testing.T) {
	worlds := 150
	if n, err := strconv.Atoi(os.Getenv("PORTSOLVE_RANDOM_WORLDS")); err == nil {
		worlds = n
	}
	tried, some := 0, 0
	for seed := 0; seed < worlds; seed++ {
		text := rapid.Custom(world).Example(seed)
		want, ok := bruteForce(t, text)
		if !ok {
			continue
		}
		tried++
		if len(want) > 0 {
			some++
		}
		if problem := compare(t, text, want); problem != "" {
			small := solvertest.Minimize(text, func(s string) bool {
				if _, err := scenario.Parse([]byte(s)); err != nil {
					return false
				}
				w, ok := bruteForce(t, s)
				return ok && compare(t, s, w) != ""
			})
			w, _ := bruteForce(t, small)
			t.Fatalf("world %d: %s\n%s\nwith the world\n%s", seed, compare(t, small, w), strings.Join(w, "\n"), small)
		}
	}
	t.Logf("%d worlds, %d of them with alternatives", tried, some)
	if some*10 < tried {
		t.Errorf("only %d of %d worlds have alternatives: the generator is of no use", some, tried)
	}
}

// compare returns what is wrong with the alternatives of a world, "" if nothing.
func compare(t *testing.T, text string, want []string) string {
	got, f := find(t, text, alternatives.Input{})
	if !f.Complete() {
		return "the search was cut off"
	}
	sorted := slices.Sorted(slices.Values(got))
	if !slices.Equal(sorted, want) {
		return fmt.Sprintf("found\n%s\ninstead of", strings.Join(sorted, "\n"))
	}
	return ""
}

// option is one place of the configuration with the changes that can be made there: at most one of them.
type option []alternatives.Change

// maxBrute bounds the sets that are tried for one world.
const maxBrute = 1500

// bruteForce lists all minimal sets of changes of a world as words does, sorted. ok is false if there are too many to try.
func bruteForce(t *testing.T, text string) (found []string, ok bool) {
	sc, err := scenario.Parse([]byte(text))
	if err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	options := optionsOf(sc)
	total := 1
	for _, o := range options {
		if total *= len(o) + 1; total > maxBrute {
			return nil, false
		}
	}
	var sets [][]alternatives.Change
	for n := range total {
		var s []alternatives.Change
		for _, o := range options {
			if i := n % (len(o) + 1); i > 0 {
				s = append(s, o[i-1])
			}
			n /= len(o) + 1
		}
		slices.SortFunc(s, alternatives.Change.Compare)
		sets = append(sets, s)
	}
	slices.SortStableFunc(sets, func(a, b []alternatives.Change) int { return len(a) - len(b) })
	var minimal [][]alternatives.Change
	for _, s := range sets {
		contained := slices.ContainsFunc(minimal, func(m []alternatives.Change) bool {
			return !slices.ContainsFunc(m, func(c alternatives.Change) bool { return !slices.Contains(s, c) })
		})
		if contained || !solves(t, sc, s) {
			continue
		}
		minimal = append(minimal, s)
		if len(s) == 0 {
			return nil, true
		}
		found = append(found, words(&alternatives.Alternative{Changes: s}))
	}
	slices.Sort(found)
	return found, true
}

// optionsOf lists everything that can be changed.
func optionsOf(sc *scenario.Scenario) []option {
	var out []option
	seen := map[alternatives.Change]bool{}
	add := func(o option) {
		if !seen[o[0]] {
			seen[o[0]] = true
			out = append(out, o)
		}
	}
	policy := sc.Roots[0].Policy
	eachEbuild(sc, func(p *metadata.Package) {
		base := alternatives.Change{CP: p.CPV.CP, Slot: p.Slot}
		for _, f := range p.IUSE {
			if _, forced, masked, _ := policy.ExplainUse(p, f.Name); forced || masked {
				continue
			}
			on, off := base, base
			on.Flag, on.On, off.Flag = f.Name, true, f.Name
			add(option{on, off})
		}
		for _, x := range policy.Exclusions(p) {
			c := base
			c.Kind = kindOf(x)
			add(option{c})
		}
	})
	return out
}

func kindOf(x metadata.Exclusion) alternatives.Kind {
	switch {
	case x.Kind == metadata.ExclMask:
		return alternatives.Unmask
	case x.Kind == metadata.ExclLicense:
		return alternatives.License
	case x.Kind == metadata.ExclProperties:
		return alternatives.Properties
	case x.Kind == metadata.ExclRestrict:
		return alternatives.Restrict
	case slices.Contains(x.Tokens, "~arm"):
		return alternatives.Foreign
	case slices.Contains(x.Tokens, "**"):
		return alternatives.Unkeyworded
	}
	return alternatives.Testing
}

func eachEbuild(sc *scenario.Scenario, f func(*metadata.Package)) {
	for _, r := range sc.Roots[0].Repos {
		repo := r.Source.(*scenario.Repo)
		for _, cp := range repo.Names() {
			pkgs, _ := repo.Packages(context.Background(), cp) // a scenario has no errors
			for _, p := range pkgs {
				f(p)
			}
		}
	}
}

// solves applies changes and asks the solver. What it says is compared with trying every set of packages.
func solves(t *testing.T, sc *scenario.Scenario, s []alternatives.Change) bool {
	p := &solver.Problem{Roots: slices.Clone(sc.Roots), Request: sc.Request,
		Overrides: map[*metadata.Package]map[string]bool{}, Accepted: map[*metadata.Package]bool{}}
	policy := p.Roots[0].Policy
	eachEbuild(sc, func(e *metadata.Package) {
		flags := map[string]bool{}
		kinds := map[alternatives.Kind]bool{}
		for _, c := range s {
			if c.CP != e.CPV.CP || c.Slot != e.Slot {
				continue
			}
			if c.Kind != alternatives.Use {
				kinds[c.Kind] = true
				continue
			}
			if _, forced, masked, _ := policy.ExplainUse(e, c.Flag); !forced && !masked && e.HasIUSE(c.Flag) {
				flags[c.Flag] = c.On
			}
		}
		p.Overrides[e] = flags
		x := policy.Exclusions(e)
		p.Accepted[e] = len(x) > 0 && !slices.ContainsFunc(x, func(x metadata.Exclusion) bool { return !kinds[kindOf(x)] })
	})
	o, err := solver.Attempt(context.Background(), p)
	if err != nil {
		t.Fatal(err)
	}
	p.Roots[0].Policy = &changedPolicy{policy, p.Overrides, p.Accepted}
	if valid, ok := solvertest.Oracle(&scenario.Scenario{Roots: p.Roots, Request: p.Request}, 64); ok && len(valid) > 0 != o.Complete {
		t.Logf("with %s the solver says %v, but there are %d solutions; not our matter", words(&alternatives.Alternative{Changes: s}), o.Complete, len(valid))
	}
	return o.Complete
}

// changedPolicy is a configuration with changes made.
type changedPolicy struct {
	universe.Policy
	over     map[*metadata.Package]map[string]bool
	accepted map[*metadata.Package]bool
}

func (c *changedPolicy) Use(p *metadata.Package) metadata.UseSet {
	var on []string
	for _, f := range c.Policy.Use(p) {
		if set, changed := c.over[p][f]; !changed || set {
			on = append(on, f)
		}
	}
	for f, set := range c.over[p] {
		if set {
			on = append(on, f)
		}
	}
	return metadata.NewUseSet(on)
}

func (c *changedPolicy) Exclusions(p *metadata.Package) []metadata.Exclusion {
	if c.accepted[p] {
		return nil
	}
	return c.Policy.Exclusions(p)
}

// world draws a small world in which flags decide.
func world(t *rapid.T) string {
	g := &drawer{t}
	var b strings.Builder
	b.WriteString("-- repo --\n")
	names := []string{"a", "b", "c", "d"}[:rapid.IntRange(2, 4).Draw(t, "names")]
	for i, n := range names {
		for _, v := range []string{"1", "2"}[:rapid.IntRange(1, 2).Draw(t, "versions")] {
			b.WriteString(g.ebuild(names, i, n, v) + "\n")
		}
	}
	b.WriteString("-- installed --\n")
	for _, n := range names[1:] {
		if g.chance(6) {
			b.WriteString("c/" + n + "-1 IUSE=x" + g.pick("", " USE=x") + "\n")
		}
	}
	b.WriteString("-- config --\n")
	if g.chance(4) {
		b.WriteString("use." + g.pick("force", "mask") + " " + g.pick("x", "y") + "\n")
	}
	if g.chance(3) {
		b.WriteString("package.mask " + g.pick("c/b", "=c/b-2", "=c/c-1", "c/a") + "\n")
	}
	b.WriteString("-- request --\nc/a" + g.pick("", "", " c/b", " c/b[x]", " c/c[-y]") + "\n")
	return b.String()
}

type drawer struct{ t *rapid.T }

func (g *drawer) pick(of ...string) string { return rapid.SampledFrom(of).Draw(g.t, "pick") }

func (g *drawer) chance(n int) bool { return rapid.IntRange(0, n-1).Draw(g.t, "chance") == n-1 }

func (g *drawer) ebuild(names []string, i int, name, version string) string {
	s := "c/" + name + "-" + version
	if version == "2" && g.chance(4) {
		s += " SLOT=2"
	}
	switch {
	case g.chance(6):
		s += " KEYWORDS=~amd64"
	case g.chance(6):
		s += fmt.Sprintf(" MASKED=%q", g.pick("LICENSE: EULA", "LICENSE: EULA BSD; KEYWORDS: ~amd64", "PROPERTIES: interactive",
			"RESTRICT: fetch", "KEYWORDS: ~arm", "KEYWORDS: **", "package.mask; LICENSE: EULA"))
	}
	iuse := g.pick("x", "+x", "x y", "+x y", "x y z", "+x y +z", "")
	if iuse != "" {
		s += fmt.Sprintf(" IUSE=%q", iuse)
	}
	if strings.Contains(iuse, "z") && g.chance(2) {
		s += fmt.Sprintf(" REQUIRED_USE=%q", g.pick("^^ ( x y z )", "?? ( x y z )", "x? ( || ( y z ) )", "x? ( y ) y? ( z )", "|| ( ( x y ) z )",
			"x? ( ^^ ( y z ) ) !x? ( !z )", "^^ ( x y ) z? ( x )"))
	} else if strings.Contains(iuse, "y") && g.chance(3) {
		s += fmt.Sprintf(" REQUIRED_USE=%q", g.pick("^^ ( x y )", "x? ( y )", "|| ( x y )", "?? ( x y )", "!x? ( !y )", "y"))
	}
	for _, k := range []string{"RDEPEND", "DEPEND"} {
		if i+1 < len(names) && (k == "RDEPEND" || g.chance(4)) {
			s += fmt.Sprintf(" %s=%q", k, g.clause(names, i, iuse)+" "+g.pick("", g.clause(names, i, iuse)))
		}
	}
	return s
}

func (g *drawer) clause(names []string, i int, iuse string) string {
	own := "x"
	if strings.Contains(iuse, "y") {
		own = g.pick("x", "y")
	}
	a := g.atom(names, i, iuse, own)
	switch rapid.IntRange(0, 7).Draw(g.t, "clause") {
	case 0, 1:
		if iuse != "" {
			return g.pick("", "!") + own + "? ( " + a + " )"
		}
	case 2:
		return "|| ( " + a + " " + g.atom(names, i, iuse, own) + " )"
	case 3:
		return "|| ( ( " + a + " " + g.atom(names, i, iuse, own) + " ) " + g.atom(names, i, iuse, own) + " )"
	case 4:
		if i > 0 {
			return "!c/" + g.pick(names...) + g.pick("", "[x]", "[-x]", "[y]")
		}
	}
	return a
}

func (g *drawer) atom(names []string, i int, iuse, own string) string {
	name := "c/" + g.pick(names...)
	if i+1 < len(names) {
		name = "c/" + g.pick(names[i+1:]...)
	}
	s := g.pick(name, name, name, ">="+name+"-2", "<"+name+"-2", name+":2")
	forms := []string{"", "[x(-)]", "[-x(-)]", "[y(-)]", "[x]", "[-x]"}
	if iuse != "" {
		forms = append(forms, "["+own+"(-)=]", "["+own+"(-)?]", "[!"+own+"(-)?]", "[!"+own+"(-)=]")
	}
	return s + g.pick(forms...)
}

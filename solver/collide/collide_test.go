package collide_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/atom/metadata"
	"github.com/portsolve/portsolve/solver/collide"
	"github.com/portsolve/portsolve/solver/scenario"
	"github.com/portsolve/portsolve/solver/universe"
)

// conflict makes the conflict of c/lib:0 in a scenario: the ebuild and the installed package are wanted, and each c/p… with a
// dependency on it is a parent; those that have no ebuild stay installed.
func conflict(t *testing.T, text string) (collide.Conflict, []*universe.Node) {
	t.Helper()
	sc, err := scenario.Parse([]byte(text))
	if err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	u := universe.New(context.Background(), sc.Roots, &sc.Request)
	node := func(c *universe.Candidate) *universe.Node { return &universe.Node{Cand: c, Merge: !c.Installed()} }
	var out collide.Conflict
	lib := atom.CP{Category: "c", Package: "lib"}
	for _, c := range u.Group(universe.Host, lib).All {
		out.Nodes = append(out.Nodes, node(c))
	}
	out.Slot = out.Nodes[0].Cand.SlotKey()
	var parents []*universe.Node
	for i := range 4 {
		all := u.Group(universe.Host, atom.CP{Category: "c", Package: fmt.Sprintf("p%d", i)}).All
		if len(all) == 0 {
			continue
		}
		n := node(all[0])
		parents = append(parents, n)
		for _, d := range u.Deps(n.Cand) {
			d.Expr.Atoms(func(a *atom.Atom) {
				child := out.Nodes[0]
				child.Why = append(child.Why, universe.Cause{Parent: n, Atom: a, Kind: d.Kind})
			})
		}
	}
	if err := u.Err(); err != nil {
		t.Fatal(err)
	}
	return out, parents
}

// text spells settings: "c/lib-1[a,-b] c/p0-1[a]", packages sorted.
func text(s collide.Settings) string {
	var out []string
	for c, flags := range s {
		var words []string
		for f, on := range flags {
			if !on {
				f = "-" + f
			}
			words = append(words, f)
		}
		slices.SortFunc(words, func(a, b string) int { return strings.Compare(strings.TrimLeft(a, "-"), strings.TrimLeft(b, "-")) })
		out = append(out, c.Pkg.CPV.String()+"["+strings.Join(words, ",")+"]")
	}
	slices.Sort(out)
	return strings.Join(out, " ")
}

func texts(list []collide.Settings) []string {
	var out []string
	for _, s := range list {
		out = append(out, text(s))
	}
	return out
}

func TestSolve(t *testing.T) {
	for name, c := range map[string]struct{ world, want string }{
		"plain": {`c/lib-1 IUSE="a"
c/p0-1 RDEPEND="c/lib[a]"`, "c/lib-1[a]"},
		"version": {`c/lib-1 IUSE="a"
c/p0-1 RDEPEND="<c/lib-1[a]"`, ""},
		"opposite": {`c/lib-1 IUSE="a"
c/p0-1 RDEPEND="c/lib[a]"
c/p1-1 RDEPEND="c/lib[-a]"`, ""},
		"nothing to change": {`c/lib-1 IUSE="a"
c/p0-1 RDEPEND="c/lib[-a]"`, ""},
		"package before parent": {`c/lib-1 IUSE="a"
c/p0-1 RDEPEND="c/lib[a?]" IUSE="+a"`, "c/lib-1[a] | c/p0-1[-a]"},
		"parent of parent's kind": {`c/lib-1 IUSE="a"
c/p0-1 RDEPEND="c/lib[!a=]" IUSE="a"
c/p1-1 RDEPEND="c/lib[-a]"`, "c/p0-1[a]"},
		"no such flag": {`c/lib-1
c/p0-1 RDEPEND="c/lib[a?]" IUSE="a"`, ""},
		"default": {`c/lib-1
c/p0-1 RDEPEND="c/lib[a(-)?]" IUSE="+a"`, "c/p0-1[-a]"},
		"forced": {`c/lib-1 IUSE="a" USE_FORCE="a" USE="a"
c/p0-1 RDEPEND="c/lib[-a]"`, ""},
		"masked": {`c/lib-1 IUSE="a" USE_MASK="a"
c/p0-1 RDEPEND="c/lib[a=]" IUSE="+a"`, "c/p0-1[-a]"},
		"required use of the parent": {`c/lib-1 IUSE="a"
c/p0-1 RDEPEND="c/lib[a=]" IUSE="+a" REQUIRED_USE="a"`, "c/lib-1[a]"},
	} {
		t.Run(name, func(t *testing.T) {
			x, _ := conflict(t, "-- repo --\n"+c.world+"\n-- request --\nc/lib\n")
			if got := strings.Join(texts(collide.Solve([]collide.Conflict{x})), " | "); got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
		})
	}
	if got := collide.Solve(nil); len(got) > 0 {
		t.Errorf("no conflict has solutions: %v", texts(got))
	}
}

// TestAgainstBruteForce compares with trying every setting of every flag.
func TestAgainstBruteForce(t *testing.T) {
	solved := 0
	for seed := range uint64(400) {
		world := randomWorld(rand.New(rand.NewPCG(seed, 7)))
		x, parents := conflict(t, world)
		got := texts(collide.Solve([]collide.Conflict{x}))
		want := bruteForce(x.Nodes[0], parents)
		if len(want) > 0 {
			solved++
		}
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Fatalf("seed %d: %q, brute force %q, in\n%s", seed, got, want, world)
		}
	}
	if solved < 100 {
		t.Errorf("only %d worlds have a solution: they test little", solved)
	}
}

func randomWorld(r *rand.Rand) string {
	pick := func(list ...string) string { return list[r.IntN(len(list))] }
	var repo, installed strings.Builder
	fmt.Fprintf(&repo, "c/lib-1 IUSE=\"%sa %sb\"%s\n", pick("", "+"), pick("", "+"), pick("", "", ` USE_MASK="b"`))
	for i := range 1 + r.IntN(3) {
		var deps []string
		for _, f := range []string{"a", "b"} {
			if form := pick("", "%s", "-%s", "%s=", "!%s=", "%s?", "!%s?", "%s(+)?"); form != "" {
				deps = append(deps, fmt.Sprintf(form, f))
			}
		}
		dep := "c/lib"
		if len(deps) > 0 {
			dep += "[" + strings.Join(deps, ",") + "]"
		}
		line := fmt.Sprintf("c/p%d-1 IUSE=\"%sa %sb\" RDEPEND=\"%s\"\n", i, pick("", "+"), pick("", "+"), dep)
		if r.IntN(4) > 0 {
			repo.WriteString(line)
			continue
		}
		installed.WriteString(strings.TrimSuffix(line, "\n") + pick("", ` USE="a"`, ` USE="a b"`) + "\n")
	}
	return "-- repo --\n" + repo.String() + "-- installed --\n" + installed.String() + "-- request --\nc/lib\n"
}

// bruteForce lists the minimal changes with which child satisfies all parents.
func bruteForce(child *universe.Node, parents []*universe.Node) []string {
	who := []*universe.Candidate{child.Cand}
	for _, p := range parents {
		if p.Merge {
			who = append(who, p.Cand)
		}
	}
	var masks []int
	for m := 1; m < 1<<(2*len(who)); m++ {
		if allHold(child.Cand, parents, change(who, m)) && !slices.ContainsFunc(masks, func(o int) bool { return o&m == o }) {
			masks = append(masks, m) // subsets have smaller numbers
		}
	}
	if allHold(child.Cand, parents, nil) {
		return nil
	}
	return texts(func() (out []collide.Settings) {
		for _, m := range masks {
			out = append(out, change(who, m))
		}
		return out
	}())
}

// change switches the flags of a mask, two bits for each package; nil if one may not be switched.
func change(who []*universe.Candidate, mask int) collide.Settings {
	out := collide.Settings{}
	for i, c := range who {
		for j, f := range []string{"a", "b"} {
			if mask&(1<<(2*i+j)) == 0 {
				continue
			}
			on := !c.Flags().Has(f)
			if _, _, masked, _ := c.ForcedFlag(f); masked && on {
				return collide.Settings{c: {"impossible": true}}
			}
			if out[c] == nil {
				out[c] = map[string]bool{}
			}
			out[c][f] = on
		}
	}
	return out
}

func allHold(child *universe.Candidate, parents []*universe.Node, s collide.Settings) bool {
	if s[child]["impossible"] {
		return false
	}
	changed := child.With(s[child])
	for _, p := range parents {
		deps, err := p.Cand.Pkg.Deps(metadata.RDEPEND)
		if err != nil {
			return false
		}
		ok := true
		deps.Evaluate(p.Cand.With(s[p.Cand]).Flags().Has).Atoms(func(a *atom.Atom) { ok = ok && changed.Matches(a) })
		if !ok {
			return false
		}
	}
	return true
}

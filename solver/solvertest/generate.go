package solvertest

import (
	"fmt"
	"slices"
	"strings"

	"pgregory.net/rapid"
)

// World draws a small random world with a request, as the text of a scenario
// (so that a failure is readable and can be saved as a case). It has slots,
// sub-slots, slot operators, USE dependencies, any-of groups, blockers,
// REQUIRED_USE, keywords, configured USE, installed packages, provided ones, @world and, some of them,
// a second root.
func World(t *rapid.T) string {
	g := &generator{t: t, names: []string{"a", "b", "c", "d", "e"}[:rapid.IntRange(2, 5).Draw(t, "names")]}
	target := g.chance(6)
	if target {
		g.names = g.names[:min(3, len(g.names))] // two roots have twice as many results
	}
	return g.world(target)
}

// LargeWorld is World with 20 to 60 names, too many to try every result. They demand less of each other, so that most requests have an answer.
func LargeWorld(t *rapid.T) string {
	g := &generator{t: t, calm: true}
	for i := range rapid.IntRange(20, 60).Draw(t, "names") {
		g.names = append(g.names, fmt.Sprintf("p%d", i))
	}
	return g.world(g.chance(6))
}

func (g *generator) world(target bool) string {
	t := g.t
	var b strings.Builder
	b.WriteString("-- repo --\n")
	for _, n := range g.names {
		for _, v := range []string{"1", "2", "3"}[:rapid.IntRange(1, 3).Draw(t, "versions")] {
			b.WriteString(g.ebuild(n, v) + "\n")
		}
	}
	world := g.root(&b, "")
	if target {
		world = g.root(&b, " target")
	}
	b.WriteString("-- world" + map[bool]string{true: " target"}[target] + " --\n")
	for _, n := range world {
		b.WriteString("c/" + n + "\n")
	}
	if g.chance(4) {
		b.WriteString("-- config --\n" + g.config() + "\n")
	}
	b.WriteString("-- request --\n" + g.request() + "\n")
	return b.String()
}

// root draws what is installed in one root, and which of that @world names.
func (g *generator) root(b *strings.Builder, suffix string) (world []string) {
	b.WriteString("-- installed" + suffix + " --\n")
	for _, n := range g.names {
		for _, slot := range g.drawSlots() {
			b.WriteString(g.installed(n, slot) + "\n")
			if g.chance(2) && !slices.Contains(world, n) {
				world = append(world, n)
			}
		}
	}
	if g.chance(12) {
		b.WriteString("-- provided" + suffix + " --\nc/" + g.pick("name", g.names...) + "-" + g.pick("version", "1", "2") + "\n")
	}
	return world
}

// config draws a configuration that differs from what packages were built with.
func (g *generator) config() string {
	return g.pick("setting", "USE x", "USE -x", "package.use c/a x", "package.use c/b -x", "use.force x", "use.mask x",
		"package.mask >=c/b-2", "package.accept_keywords c/a ~amd64")
}

type generator struct {
	t     *rapid.T
	names []string
	calm  bool // most dependencies name a package only
}

func (g *generator) pick(label string, of ...string) string {
	return rapid.SampledFrom(of).Draw(g.t, label)
}

// chance is true once in n draws; shrinking makes it false.
func (g *generator) chance(n int) bool {
	return rapid.IntRange(0, n-1).Draw(g.t, "chance") == n-1
}

func (g *generator) drawSlots() []string {
	switch rapid.IntRange(0, 8).Draw(g.t, "installed") {
	case 4, 5, 6:
		return []string{"0"}
	case 7:
		return []string{"0", "1"}
	case 8:
		return []string{"1"}
	}
	return nil
}

func (g *generator) ebuild(name, version string) string {
	s := fmt.Sprintf("c/%s-%s", name, version)
	s += g.slot(version)
	if g.chance(6) {
		s += " KEYWORDS=~amd64"
	}
	if g.chance(2) {
		s += ` IUSE="` + g.pick("default", "x", "+x") + `"`
		if g.chance(8) {
			s += " REQUIRED_USE=" + g.pick("required", "x", "!x")
		}
	}
	for _, k := range []string{"DEPEND", "RDEPEND", "BDEPEND", "PDEPEND", "IDEPEND"} {
		odds := 4
		switch k {
		case "RDEPEND":
			odds = 2
		case "IDEPEND":
			odds = 16
		}
		if g.chance(odds) {
			s += fmt.Sprintf(" %s=%q", k, g.clauses(name, false))
		}
	}
	return s
}

// slot draws the slot of an ebuild; later versions more often have a new one. What is installed may be in
// another slot than its own ebuild is now.
func (g *generator) slot(version string) string {
	if version == "3" && g.chance(2) || version == "2" && g.chance(10) {
		return " SLOT=1"
	}
	return g.pick("slot", "", " SLOT=0/"+version, "", " SLOT=0/1")
}

func (g *generator) installed(name, slot string) string {
	version := g.pick("installed version", "1", "2", "0.5")
	if slot == "1" {
		version = g.pick("installed version", "1.5", "3", "1.5")
	}
	s := fmt.Sprintf("c/%s-%s SLOT=%s", name, version, slot)
	if slot == "0" && g.chance(2) {
		s += "/" + g.pick("sub-slot", "1", "2")
	}
	if g.chance(2) {
		s += " IUSE=x"
		if g.chance(2) {
			s += " USE=x"
		}
	}
	if g.chance(2) {
		s += fmt.Sprintf(" RDEPEND=%q", g.clauses(name, true))
	}
	return s
}

func (g *generator) clauses(parent string, built bool) string {
	out := []string{g.clause(parent, built)}
	if g.chance(3) {
		out = append(out, g.clause(parent, built))
	}
	return strings.Join(out, " ")
}

func (g *generator) clause(parent string, built bool) string {
	if g.calm && !g.chance(4) {
		return g.pick("plain", "c/"+g.pick("name", g.names...), ">=c/"+g.pick("name", g.names...)+"-2", "c/"+g.pick("name", g.names...))
	}
	switch rapid.IntRange(0, 9).Draw(g.t, "clause") {
	case 6:
		return fmt.Sprintf("|| ( %s %s )", g.atom(built, false), g.atom(built, false))
	case 7:
		if !built {
			return fmt.Sprintf("x? ( %s )", g.atom(built, true))
		}
	case 8:
		return g.pick("strength", "!", "!!") + g.blocked(parent)
	case 9:
		return fmt.Sprintf("|| ( ( %s %s ) %s )", g.atom(built, false), g.atom(built, false), g.atom(built, false))
	}
	return g.atom(built, true)
}

func (g *generator) blocked(parent string) string {
	name := g.pick("name", g.names...)
	if name == parent || g.chance(2) {
		return "<c/" + name + "-" + g.pick("version", "2", "3")
	}
	return "c/" + name
}

// atom draws a dependency. Slot operators only where bind allows: PMS forbids
// them in any-of groups.
func (g *generator) atom(built, bind bool) string {
	s := "c/" + g.pick("name", g.names...)
	switch rapid.IntRange(0, 5).Draw(g.t, "version operator") {
	case 3:
		s = ">=" + s + "-" + g.pick("version", "2", "3")
	case 4:
		s = "<" + s + "-" + g.pick("version", "3", "2")
	case 5:
		s = "~" + s + "-" + g.pick("version", "1", "2")
	}
	switch rapid.IntRange(0, 5).Draw(g.t, "slot part") {
	case 3:
		s += g.pick("slot", ":0", ":1")
	case 4, 5:
		switch {
		case bind && built:
			s += g.pick("bound", ":0/1=", ":0/2=", ":0/0=", ":1/1=")
		case bind:
			s += g.pick("operator", ":=", ":0=")
		}
	}
	if g.chance(5) {
		s += g.pick("USE", "[x(-)]", "[-x(+)]", "[x(+)]", "[x]", "[-x]")
	}
	return s
}

func (g *generator) request() string {
	options := g.pick("options", "", "--update", "--update --deep", "--update --deep --newuse", "--selective", "--emptytree", "--onlydeps",
		"--changed-use", "--update --deep --changed-deps", "--update --onlydeps", "--update --deep=1", "--complete-graph", "--update --deep --exclude=c/b")
	if g.chance(3) {
		return options + " @world"
	}
	args := "c/" + g.pick("argument", g.names...)
	if g.chance(3) {
		args += " " + g.atom(false, false)
	}
	return options + " " + args
}

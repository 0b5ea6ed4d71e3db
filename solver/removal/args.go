package removal

import (
	"strings"

	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/solver/universe"
)

// arg is an argument with what it matches.
type arg struct {
	*universe.Arg
	atoms []*atom.Atom
	found bool
}

func (p *planner) findArg(a *universe.Arg) arg {
	out := arg{Arg: a}
	for i := range a.Atoms {
		out.atoms = append(out.atoms, a.Atoms[i].Atom)
	}
	for _, c := range p.installed {
		if matchesAny(c, out.atoms) {
			out.found = true
			break
		}
	}
	return out
}

// named reports whether an argument matches the package.
func (p *planner) named(c *universe.Candidate) bool {
	for i := range p.args {
		if p.args[i].found && matchesAny(c, p.args[i].atoms) {
			return true
		}
	}
	return false
}

func matchesAny(c *universe.Candidate, atoms []*atom.Atom) bool {
	for _, a := range atoms {
		if c.Matches(a) {
			return true
		}
	}
	return false
}

// wildcards parses the words of --exclude; a word without a category stands
// for every category. What is no atom excludes nothing.
func wildcards(words []string) []*atom.Atom {
	var out []*atom.Atom
	for _, w := range words {
		name, _, _ := strings.Cut(w, ":")
		if !strings.Contains(name, "/") {
			w = "*/" + w
		}
		if a, err := atom.ParseWildcard(w); err == nil {
			out = append(out, a)
		}
	}
	return out
}

// The package that runs the plan does not remove itself.
const packageManager = "sys-apps/portage"

func (p *planner) isPackageManager(c *universe.Candidate) bool {
	return p.root == universe.Host && c.CP().String() == packageManager
}

func (p *planner) keepPackageManager() {
	for _, c := range p.installed {
		if p.isPackageManager(c) {
			p.w.seed("", nil, c)
		}
	}
}

package scenario

import (
	"fmt"
	"slices"
	"strings"

	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/atom/metadata"
	"github.com/portsolve/portsolve/solver/universe"
)

// The section "avoid" is Request.Circular: dependencies that led to build cycles, so that another
// choice is preferred, one "parent -> child" on a line. A package is "cat/pkg-1::repo", with
// "installed:" in front where it is not an ebuild.

const (
	arrow           = " -> "
	installedPrefix = "installed:"
)

// avoidLine keeps the names; finish looks them up when all packages are known.
func (p *parser) avoidLine(l string) error {
	parent, child, ok := strings.Cut(l, arrow)
	if !ok {
		return fmt.Errorf("%q is not of the form parent%schild", l, arrow)
	}
	for _, name := range [...]string{parent, child} {
		cpv, _, _ := strings.Cut(strings.TrimPrefix(name, installedPrefix), "::")
		if _, err := atom.ParseCPV(cpv); err != nil {
			return err
		}
	}
	p.avoid = append(p.avoid, [2]string{parent, child})
	return nil
}

// circular turns the lines into packages. One repository may serve two roots as two packages.
func (p *parser) circular() map[*metadata.Package]map[*metadata.Package]bool {
	if len(p.avoid) == 0 {
		return nil
	}
	named := map[string][]*metadata.Package{}
	for i := range p.sc.Roots {
		for _, r := range p.sc.Roots[i].Repos {
			for _, cp := range r.Source.(*Repo).Names() {
				for _, pkg := range r.Source.(*Repo).packages[cp] {
					named[avoidName(pkg)] = append(named[avoidName(pkg)], pkg)
				}
			}
		}
		for _, pkg := range p.sc.Roots[i].Installed {
			named[avoidName(pkg)] = append(named[avoidName(pkg)], pkg)
		}
	}
	out := map[*metadata.Package]map[*metadata.Package]bool{}
	for _, pair := range p.avoid {
		for _, parent := range named[pair[0]] {
			for _, child := range named[pair[1]] {
				if out[parent] == nil {
					out[parent] = map[*metadata.Package]bool{}
				}
				out[parent][child] = true
			}
		}
	}
	return out
}

func avoidName(p *metadata.Package) string {
	name := p.CPV.String() + "::" + p.Repo
	if p.Origin == metadata.Installed {
		return installedPrefix + name
	}
	return name
}

// avoid writes the section.
func (wr *writer) avoid(req *universe.Request) {
	var lines []string
	for parent, children := range req.Circular {
		for child := range children {
			lines = append(lines, avoidName(parent)+arrow+avoidName(child))
		}
	}
	if len(lines) == 0 {
		return
	}
	slices.Sort(lines)
	fmt.Fprintf(&wr.buf, "-- avoid --\n%s\n", strings.Join(slices.Compact(lines), "\n"))
}

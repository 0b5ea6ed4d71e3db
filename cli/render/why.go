package render

import (
	"io"
	"strings"

	"github.com/portsolve/portsolve/solver/answer"
)

// Why prints what leads to packages.
func Why(w io.Writer, res *answer.Reasons, o Options) error {
	p := &page{opt: o, palette: palette{on: o.Color}}
	scope := "@world"
	if len(res.For) > 0 {
		scope = strings.Join(res.For, " ")
	}
	if len(res.Packages)+len(res.HeldBack)+len(res.Removed) == 0 {
		p.notThere(res)
	}
	for i := range res.Packages {
		if i > 0 {
			p.WriteString("\n")
		}
		p.explainedPackage(&res.Packages[i], scope)
	}
	for i := range res.Removed {
		p.printf("%s is uninstalled: %s.\n", p.palette.paint(bold, res.Removed[i].CPV), p.whyUninstalled(&res.Removed[i]))
	}
	for i := range res.HeldBack {
		h := &res.HeldBack[i]
		if i > 0 || len(res.Packages) > 0 {
			p.WriteString("\n")
		}
		p.printf("%s is not taken; it stays at %s, because of\n", p.palette.paint(bold, h.CPV), h.Selected)
		p.parents(h.By)
		p.freed(h)
	}
	_, err := w.Write(p.Bytes())
	return err
}

func (p *page) notThere(res *answer.Reasons) {
	switch {
	case len(res.Suggestions) > 0:
		p.printf("There is no package called %q. Did you mean %s?\n", res.Asked, strings.Join(res.Suggestions, ", "))
	case len(res.For) == 0:
		p.printf("%s is not installed; to see what a request needs it for, add --for \"REQUEST\".\n", res.Asked)
	default:
		p.printf("%s has no part in %s.\n", res.Asked, strings.Join(res.For, " "))
	}
}

func (p *page) explainedPackage(e *answer.Explained, scope string) {
	p.printf("%s%s::%s", p.palette.paint(bold, e.CPV), slotSuffix(e.Slot, e.SubSlot), e.Repo)
	p.rootSuffix(e.Root)
	switch {
	case e.Merge:
		p.WriteString(" is to be merged.\n")
	default:
		p.WriteString(" is installed.\n")
	}
	for _, r := range e.Rebuild {
		p.printf("It is built again because of %s.\n", r)
	}
	switch {
	case len(e.Links) > 0 && len(e.Path) > 0:
		p.WriteString("Everything that leads to it:\n")
		p.links(e.Links)
	case len(e.Path) > 0:
		p.WriteString("\n")
		p.path(e)
		p.otherParents(e)
	default:
		p.unneeded(e, scope)
	}
}

// unneeded: nothing that was asked for leads to the package.
func (p *page) unneeded(e *answer.Explained, scope string) {
	if e.Parents == 0 {
		p.printf("Nothing needs it: %s does not, and no other package does.\n", scope)
		return
	}
	p.printf("%s does not need it. ", scope)
	if e.Parents == 1 {
		p.WriteString("One package does that nothing needs itself")
	} else {
		p.printf("%d packages do that nothing needs themselves", e.Parents)
	}
	if len(e.Links) == 0 {
		p.WriteString("; --all names them.\n")
		return
	}
	p.WriteString(":\n")
	p.links(e.Links)
}

func (p *page) otherParents(e *answer.Explained) {
	others := e.Parents
	if len(e.Path) > 1 {
		others-- // the one that was shown
	}
	switch {
	case others == 1:
		p.WriteString("\nOne other package needs it directly; --all shows every way.\n")
	case others > 1:
		p.printf("\n%d other packages need it directly; --all shows every way.\n", others)
	}
}

// path writes the chain, each step below and to the right of the one before.
func (p *page) path(e *answer.Explained) {
	for i := range e.Path {
		s := &e.Path[i]
		indent := strings.Repeat("  ", i+1)
		if i == 0 {
			p.printf("%s%s\n", indent, argument(s.Arg, s.Sets, s.Atom, s.Source))
			p.printf("%s  %s\n", indent, p.palette.paint(merge, s.CPV))
			continue
		}
		p.printf("%s  %s  needed as %s (%s)\n", indent, p.palette.paint(merge, s.CPV), s.Atom, s.Kind)
	}
}

// argument is "@world → @selected: app-editors/vim (file:3)".
func argument(arg string, sets []string, atom, source string) string {
	s := arg
	for _, set := range sets {
		s += " → " + set
	}
	if atom != arg {
		s += ": " + atom
	}
	if source != "" {
		s += " (" + source + ")"
	}
	return s
}

// links writes who needs what, one package after the other.
func (p *page) links(list []answer.PathLink) {
	to := ""
	for i := range list {
		l := &list[i]
		if l.To != to {
			to = l.To
			p.printf("\n  %s is needed by\n", p.palette.paint(merge, to))
		}
		if l.From == "" {
			p.printf("    %s\n", argument(l.Arg, nil, l.Atom, l.Source))
			continue
		}
		p.printf("    %s  as %s (%s)\n", l.From, l.Atom, strings.Join(l.Kinds, ", "))
	}
}

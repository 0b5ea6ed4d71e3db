package render

import (
	"io"
	"slices"
	"strings"

	"github.com/portsolve/portsolve/solver/answer"
)

// Removal writes the answer of depclean and its like to w. The error is that of w.
func Removal(w io.Writer, res *answer.Result, o Options) error {
	p := &page{opt: o, res: res, palette: palette{on: o.Color}}
	r := res.Removal
	for _, name := range r.NotFound {
		if r.Action == "deselect" {
			p.printf("--- %s names nothing in world\n", name)
			continue
		}
		p.printf("--- %s is not installed\n", name)
	}
	if o.Level == Verbose {
		p.keptBy(r)
	}
	p.broken(r)
	switch {
	case r.Action == "deselect":
		p.deselection(r)
	case r.Blocked:
	case len(r.CleanList) == 0:
		p.nothingToRemove(r)
	case o.Level == Quiet:
		for _, cpv := range r.CleanList {
			p.printf("%s\n", cpv)
		}
	default:
		p.removalList(r)
	}
	p.removalWarnings(r)
	if o.Level != Quiet && r.Action != "deselect" {
		p.removalTotals(r)
	}
	for _, text := range res.Warnings {
		p.printf("%s %s\n", p.paint(warn, "!!!"), text)
	}
	_, err := w.Write(p.Bytes())
	return err
}

func (p *page) paint(style, text string) string { return p.palette.paint(style, text) }

// keptBy lists reverse dependencies, each dependent with all its atoms on one line.
func (p *page) keptBy(r *answer.Removal) {
	for _, k := range r.KeptBy {
		p.printf("  %s pulled in by:\n", k.CPV)
		for i := 0; i < len(k.By); {
			who := k.By[i].Parent + k.By[i].Arg
			var atoms []string
			for ; i < len(k.By) && k.By[i].Parent+k.By[i].Arg == who; i++ {
				atoms = append(atoms, k.By[i].Atom)
			}
			p.printf("    %s requires %s\n", who, strings.Join(slices.Compact(atoms), ", "))
		}
		p.WriteString("\n")
	}
}

// broken lists missing dependencies of packages; sets that name what is not
// installed only with -v.
func (p *page) broken(r *answer.Removal) {
	var parents []string
	for parent := range r.Broken {
		if p.opt.Level == Verbose || !strings.HasPrefix(parent, "@") {
			parents = append(parents, parent)
		}
	}
	if len(parents) == 0 {
		return
	}
	slices.Sort(parents)
	if r.Blocked {
		p.printf("%s Nothing is removed, because dependencies are missing, and what would satisfy them may be unneeded now:\n\n", p.paint(bad, "!!!"))
	} else {
		p.printf("%s These dependencies are missing already:\n\n", p.paint(warn, "!!!"))
	}
	for _, parent := range parents {
		p.printf("  %s requires %s\n", parent, strings.Join(r.Broken[parent], ", "))
	}
	p.WriteString("\n")
	if r.Blocked {
		p.WriteString("    portsolve resolve -uDNp @world shows how to repair them. If that finds nothing, remove the packages\n" +
			"    that require them, or install what is missing by name.\n\n")
	}
}

func (p *page) nothingToRemove(r *answer.Removal) {
	p.printf(">>> No packages selected for removal by %s\n", r.Action)
	if len(r.KeptBy) > 0 && p.opt.Level == Normal {
		p.WriteString(">>> To see what needs them, use --verbose (-v)\n")
	}
}

// deselection lists what leaves world.
func (p *page) deselection(r *answer.Removal) {
	for _, e := range r.Deselected {
		if p.opt.Level == Quiet {
			p.printf("%s\n", e)
		} else {
			p.printf(">>> %s would be taken out of world.\n", e)
		}
	}
}

// removalList shows what happens to each package, in the order of removal.
func (p *page) removalList(r *answer.Removal) {
	p.WriteString("\n>>> These are the packages that would be unmerged")
	if r.Ordered {
		p.WriteString(", in order")
	}
	p.WriteString(":\n")
	versions := func(title, style string, list []string) {
		text := "none"
		if len(list) > 0 {
			text = p.paint(style, strings.Join(list, " "))
		}
		p.printf("%12s: %s\n", title, text)
	}
	for i := range r.Packages {
		e := &r.Packages[i]
		p.printf("\n %s\n", p.paint(requested, e.Name))
		versions("selected", bad, e.Selected)
		versions("protected", good, e.Protected)
		versions("omitted", good, e.Omitted)
	}
	p.WriteString("\nAll selected packages: ")
	for i, cpv := range r.CleanList {
		if i > 0 {
			p.WriteString(" ")
		}
		p.printf("=%s", cpv)
	}
	p.WriteString("\n\n>>> 'Selected' packages would be removed; 'protected' and 'omitted' ones stay.\n")
	for _, a := range r.Deselected {
		p.printf(">>> %s would be taken out of world.\n", a)
	}
	p.WriteString("\n")
}

// removalWarnings says what is dangerous about the list.
func (p *page) removalWarnings(r *answer.Removal) {
	for i := range r.Packages {
		e := &r.Packages[i]
		if len(e.Protected) > 0 {
			p.printf("%s %s stays: it is excluded, or it is the package manager that would have to remove it\n", p.paint(warn, "!!!"), e.Name)
		}
		if e.System && len(e.Selected) > 0 && len(e.Omitted)+len(e.Protected) == 0 {
			p.printf("%s %s is part of @system; without it the system may not work\n", p.paint(bad, "!!!"), e.Name)
		}
	}
	parents := make([]string, 0, len(r.Breaks))
	for parent := range r.Breaks {
		parents = append(parents, parent)
	}
	slices.Sort(parents)
	for _, parent := range parents {
		p.printf("%s this breaks %s, which requires %s\n", p.paint(bad, "!!!"), parent, strings.Join(r.Breaks[parent], ", "))
	}
}

func (p *page) removalTotals(r *answer.Removal) {
	p.printf("Packages installed:   %d\n", r.Installed)
	p.printf("Packages in world:    %d\n", r.World)
	p.printf("Packages in system:   %d\n", r.System)
	p.printf("Required packages:    %d\n", r.Kept)
	p.printf("Number to remove:     %d\n", len(r.CleanList))
}

package render

import (
	"fmt"
	"io"
	"strings"

	"github.com/portsolve/portsolve/solver/answer"
)

// Search prints what a search found, as emerge --search does; at level Quiet
// the names alone.
func Search(w io.Writer, res *answer.Search, o Options) error {
	p := &page{opt: o, palette: palette{on: o.Color}}
	if o.Level != Quiet {
		p.printf("\n[ Results for search key : %s ]\nSearching...\n\n", p.palette.paint(bold, res.Pattern))
	}
	for i := range res.Found {
		p.found(&res.Found[i])
	}
	for _, s := range res.Sets {
		p.printf("%s  %s\n", p.palette.paint(good, "*"), p.palette.paint(bold, "@"+s.Name))
		if o.Level != Quiet {
			p.field("Description:", "package set"+definedIn(s.File))
			p.WriteString("\n")
		}
	}
	if o.Level != Quiet {
		p.printf("[ Applications found : %s ]\n\n", p.palette.paint(bold, fmt.Sprint(len(res.Found)+len(res.Sets))))
	}
	_, err := w.Write(p.Bytes())
	return err
}

func definedIn(file string) string {
	if file == "" {
		return " (standard)"
	}
	return " defined in " + file
}

func (p *page) found(f *answer.Found) {
	p.printf("%s  %s", p.palette.paint(good, "*"), p.palette.paint(bold, f.Name))
	if f.Masked {
		p.printf(" [ %s ]", p.palette.paint(bad, "Masked"))
	}
	p.WriteString("\n")
	if p.opt.Level == Quiet {
		return
	}
	installed := f.Installed
	if installed == "" {
		installed = "[ Not Installed ]"
	}
	version := f.Version
	if p.opt.Level == Verbose {
		version += "::" + f.Repo
	}
	p.printf("      %s %s\n", p.palette.paint(label, "Latest version available:"), version)
	p.printf("      %s %s\n", p.palette.paint(label, "Latest version installed:"), installed)
	size := "unknown (no Manifest)"
	if f.Size != nil {
		size = kibibytes(*f.Size)
	}
	p.printf("      %s %s\n", p.palette.paint(label, "Size of files:"), size)
	p.field("Homepage:", f.Homepage)
	p.field("Description:", f.Description)
	p.field("License:", f.License)
	p.WriteString("\n")
}

// field is one line of a description, values below each other.
func (p *page) field(name, value string) {
	p.printf("      %s%s%s\n", p.palette.paint(label, name), strings.Repeat(" ", max(1, 15-len(name))), value)
}

// Sets prints the names of sets as emerge --list-sets does; at level Verbose
// with their classes and files.
func Sets(w io.Writer, res *answer.SetList, o Options) error {
	p := &page{opt: o, palette: palette{on: o.Color}}
	width := 0
	for _, s := range res.Sets {
		width = max(width, len(s.Name))
	}
	for _, s := range res.Sets {
		if o.Level != Verbose {
			p.printf("%s\n", s.Name)
			continue
		}
		p.printf("%-*s  %s", width, s.Name, s.Class)
		if s.File != "" {
			p.printf("  (%s)", s.File)
		}
		p.WriteString("\n")
	}
	_, err := w.Write(p.Bytes())
	return err
}

package render

import (
	"fmt"
	"strings"

	"github.com/portsolve/portsolve/atom/metadata"
	"github.com/portsolve/portsolve/solver/answer"
)

// Columns where --columns puts the new and the old version.
const (
	newColumn = 70
	oldColumn = 100
)

// entry writes one line of the plan, indented by depth blanks.
func (p *page) entry(e *answer.Entry, depth int) {
	switch e.Action {
	case answer.BlockerEntry:
		p.blocker(e, depth)
	case answer.Uninstall:
		p.uninstall(e, depth)
	default:
		p.merge(e, depth)
	}
}

func (p *page) merge(e *answer.Entry, depth int) {
	c := p.classify(e)
	style := merge
	if p.wanted(e) {
		style = requested
	}
	p.printf("[%s %s] ", p.palette.paint(style, typeName(e)), p.letters(e, c))
	p.WriteString(strings.Repeat(" ", depth))
	old := p.oldVersions(e, c)
	if p.opt.Columns {
		p.columns(e, style, depth, old)
	} else {
		p.WriteString(p.palette.paint(style, p.title(e)))
		p.rootSuffix(e.Root)
		if old != "" {
			p.WriteString(" " + p.palette.paint(oldText, old))
		}
	}
	var rest []string
	if use := p.useString(e, c); use != "" {
		rest = append(rest, use)
	}
	if p.opt.Level == Verbose && e.Download != nil {
		rest = append(rest, kibibytes(*e.Download))
	}
	if len(rest) > 0 {
		if old == "" {
			p.WriteString(" ") // where the old version would be
		}
		p.WriteString(" " + strings.Join(rest, " "))
	}
	p.repoNumber(e)
	p.WriteString("\n")
}

// columns writes name, version and old version at fixed columns.
func (p *page) columns(e *answer.Entry, style string, depth int, old string) {
	name, version := splitCPV(e)
	p.WriteString(p.palette.paint(style, name))
	at := len("[ebuild ") + len("       ] ") + depth + len(name)
	p.pad(newColumn-at, 1)
	p.WriteString(p.palette.paint(style, "["+version+"]"))
	at = max(at+1, newColumn) + len(version) + 2
	if old != "" {
		p.pad(oldColumn-at, 1)
		p.WriteString(p.palette.paint(oldText, old))
	}
}

func (p *page) pad(n, atLeast int) { p.WriteString(strings.Repeat(" ", max(n, atLeast))) }

// letters are the seven places between type and bracket: I, N or r, S or R, F
// or f, U, D, and the keyword mark.
func (p *page) letters(e *answer.Entry, c class) string {
	place := func(on bool, style, letter string) string {
		if on {
			return p.palette.paint(style, letter)
		}
		return " "
	}
	var b strings.Builder
	b.WriteString(place(hasToken(e, (*metadata.Package).Properties, "interactive"), warn, "I"))
	switch {
	case c.forced:
		b.WriteString(p.palette.paint(bad, "r"))
	default:
		b.WriteString(place(c.kind == kindNew || c.kind == kindNewSlot, good, "N"))
	}
	switch c.kind {
	case kindNewSlot:
		b.WriteString(p.palette.paint(good, "S"))
	case kindReinstall:
		b.WriteString(p.palette.paint(warn, "R"))
	default:
		b.WriteString(" ")
	}
	b.WriteString(place(e.Type == "ebuild" && hasToken(e, (*metadata.Package).Restrict, "fetch"), bad, "F"))
	b.WriteString(place(c.kind == kindUpgrade || c.kind == kindDowngrade, letterU, "U"))
	b.WriteString(place(c.kind == kindDowngrade, letterD, "D"))
	b.WriteString(place(e.Mark != "", warn, e.Mark))
	return b.String()
}

func typeName(e *answer.Entry) string {
	if e.Type == "" {
		return "ebuild"
	}
	return e.Type
}

// title is "cat/pkg-ver", with slot and repository where the level shows them.
func (p *page) title(e *answer.Entry) string {
	s := e.CPV
	if e.BuildID > 0 {
		s += fmt.Sprintf("-%d", e.BuildID)
	}
	fullSlot := false
	for _, old := range e.Old {
		fullSlot = fullSlot || subSlotDiffers(e, old)
	}
	return s + p.suffix(e.Slot, e.SubSlot, e.Repo, fullSlot)
}

// subSlotDiffers: then both versions show slot and sub-slot in full, or nobody
// would see what changed in "2:0/1 [1]".
func subSlotDiffers(e *answer.Entry, old *metadata.Package) bool {
	return old.Slot == e.Slot && old.SubSlot != e.SubSlot
}

// suffix is ":slot/sub::repo". The slot is left out when it is the plain "0",
// as emerge does, unless fullSlot asks for it.
func (p *page) suffix(slot, sub, repo string, fullSlot bool) string {
	var s string
	switch {
	case p.opt.Level != Verbose:
	case fullSlot:
		s = ":" + slot + "/" + sub
	default:
		s = slotSuffix(slot, sub)
	}
	if !p.opt.QuietRepos && repo != "" && (p.opt.Level == Verbose || len(p.repos) > 1 && p.opt.Level != Quiet) {
		s += "::" + repo
	}
	return s
}

func slotSuffix(slot, sub string) string {
	switch {
	case sub != "" && sub != slot:
		return ":" + slot + "/" + sub
	case slot != "0" && slot != "":
		return ":" + slot
	}
	return ""
}

func (p *page) rootSuffix(root string) {
	if root != "" && root != "/" {
		p.WriteString(" to " + root)
	}
}

// oldVersions is "[1-r1::repo, …]": what is replaced, or for a new slot what
// the other slots hold.
func (p *page) oldVersions(e *answer.Entry, c class) string {
	var parts []string
	for _, old := range c.old {
		parts = append(parts, old.CPV.Version.String()+p.suffix(old.Slot, old.SubSlot, old.Repo, subSlotDiffers(e, old)))
	}
	if len(parts) == 0 && len(e.Old) == 0 && c.kind != kindReinstall {
		for _, cpv := range e.Replaces {
			if _, version, ok := cutCPV(cpv); ok {
				parts = append(parts, version)
			}
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return "[" + strings.Join(parts, ", ") + "]"
}

func (p *page) repoNumber(e *answer.Entry) {
	if p.opt.QuietRepos && p.opt.Level != Quiet {
		if i := p.repoIndex(e.Repo); i >= 0 {
			p.printf(" [%d]", i)
		}
	}
}

func (p *page) uninstall(e *answer.Entry, depth int) {
	p.printf("[%s] %s%s", p.palette.paint(bad, "uninstall     "), strings.Repeat(" ", depth), p.palette.paint(bad, p.title(e)))
	p.rootSuffix(e.Root)
	if use := p.useString(e, class{kind: kindNew}); use != "" && p.opt.Level == Verbose {
		p.WriteString("  " + use)
	}
	p.WriteString("\n")
}

func (p *page) blocker(e *answer.Entry, depth int) {
	letter, style, how := "B", bad, "soft blocking"
	if e.SolvedBlocker {
		letter, style = "b", good
	}
	if e.Strong {
		how = "hard blocking"
	}
	atom := strings.TrimLeft(e.Atom, "!")
	p.printf("[%s %s      ] %s%s", p.palette.paint(style, "blocks"), p.palette.paint(style, letter),
		strings.Repeat(" ", depth), p.palette.paint(style, atom))
	if p.opt.Level != Quiet && len(e.Parents) > 0 {
		p.printf(" (%q is %s %s)", atom, how, strings.Join(e.Parents, ", "))
	}
	p.WriteString("\n")
}

// kibibytes rounds up, as emerge does.
func kibibytes(n int64) string { return fmt.Sprintf("%d KiB", (n+1023)/1024) }

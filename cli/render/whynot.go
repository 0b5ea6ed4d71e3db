package render

import (
	"bytes"
	"io"
	"strings"

	"github.com/portsolve/portsolve/solver/answer"
)

// WhyNot prints what stands in the way of versions.
func WhyNot(w io.Writer, res *answer.WhyNot, o Options) error {
	p := &page{opt: o, palette: palette{on: o.Color}}
	for i := range res.Versions {
		if i > 0 && !(brief(&res.Versions[i]) && brief(&res.Versions[i-1])) {
			p.WriteString("\n")
		}
		p.version(res, &res.Versions[i])
	}
	if len(res.Versions) == 0 {
		p.noVersion(res)
	}
	_, err := w.Write(p.Bytes())
	return err
}

// brief: said on one line.
func brief(v *answer.Version) bool {
	return v.Try == nil && len(v.Reasons) == 0 && len(v.HeldBack) == 0 && len(v.Binaries) == 0
}

func (p *page) noVersion(res *answer.WhyNot) {
	switch {
	case len(res.Others) > 0:
		p.printf("No version matches %s. There are:\n  %s\n", res.Atom, strings.Join(res.Others, "\n  "))
	case len(res.Suggestions) > 0:
		p.printf("There is no package called %s. Did you mean %s?\n", res.Atom, strings.Join(res.Suggestions, ", "))
	default:
		p.printf("There is no package called %s.\n", res.Atom)
	}
}

func (p *page) version(res *answer.WhyNot, v *answer.Version) {
	p.printf("%s%s", p.palette.paint(bold, v.CPV), slotSuffix(v.Slot, v.SubSlot))
	if v.Repo != "" {
		p.WriteString("::" + v.Repo)
	}
	switch v.State {
	case "installed":
		p.WriteString(" is installed")
		if len(v.Reasons) > 0 {
			p.WriteString(", and could not be merged again:")
		}
		p.WriteString("\n")
	case "hidden":
		p.printf(" is %s:\n", p.palette.paint(bad, "ruled out"))
	case "passed-over":
		p.WriteString(" is visible")
		if v.By != "" {
			p.printf("; %s comes before it in the slot", v.By)
		}
		p.WriteString("\n")
	default:
		p.tried(res, v)
	}
	for i := range v.Reasons {
		p.reason(&v.Reasons[i])
	}
	if len(v.Binaries) > 0 {
		p.WriteString("  binary packages of it:\n")
		for i := range v.Binaries {
			p.rejectedBinary(&v.Binaries[i], "  ")
		}
	}
	if len(v.HeldBack) > 0 {
		p.printf("  %s leaves it out because of\n", strings.Join(res.For, " "))
		for _, w := range v.HeldBack {
			p.printf("    %s\n", reason(w))
		}
	}
}

func (p *page) reason(r *answer.Reason) {
	p.printf("  - %s", r.Text)
	if r.Source != "" && !strings.Contains(r.Text, r.Source) {
		p.printf(" (%s)", r.Source)
	}
	p.WriteString("\n")
	for line := range strings.Lines(r.Comment) {
		p.printf("      # %s\n", strings.TrimSpace(line))
	}
}

// tried writes what a request for the version comes to.
func (p *page) tried(res *answer.WhyNot, v *answer.Version) {
	with := ""
	if len(res.For) > 0 {
		with = " together with " + strings.Join(res.For, " ")
	}
	switch v.State {
	case "possible":
		p.printf(" is %s: nothing stands in its way%s", p.palette.paint(good, "possible"), with)
		p.printf(" (%s)\n", planSize(v.Try))
		return
	case "changes":
		p.printf(" is possible%s after changes of the configuration:\n", with)
	default:
		p.printf(" is visible, but %s%s:\n", p.palette.paint(bad, "cannot be merged"), with)
	}
	sub := &page{opt: p.opt, palette: p.palette, res: v.Try}
	sub.conflicts()
	sub.unsatisfied()
	sub.requiredUse()
	if len(v.Try.Conflicts) == 0 || p.opt.AllParents { // its sentences say what matters
		sub.slotConflicts()
	}
	sub.unsolvedBlockers()
	sub.cycles()
	sub.changes()
	for line := range strings.Lines(string(bytes.Trim(sub.Bytes(), "\n")) + "\n") {
		if line != "\n" {
			p.WriteString("  ")
		}
		p.WriteString(line)
	}
}

// planSize is "3 packages would be merged, 1 removed".
func planSize(res *answer.Result) string {
	merges, removals := 0, 0
	for i := range res.Plan {
		switch res.Plan[i].Action {
		case answer.Merge:
			merges++
		case answer.Uninstall:
			removals++
		}
	}
	s := plural(merges, "package") + " would be merged"
	if removals > 0 {
		s += ", " + plural(removals, "package") + " removed"
	}
	return s
}

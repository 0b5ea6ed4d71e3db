package render

import (
	"strings"

	"github.com/portsolve/portsolve/solver/answer"
)

// Line is one entry of a plan in words, for displays other than Text.
type Line struct {
	Action  string // "new", "new slot", "update", "downgrade", "again", "uninstall", "blocks"
	Name    string // cat/pkg-1, for a blocker its atom
	Slot    string // ":2/3", "" for the plain slot 0
	Repo    string
	Root    string // "" for /
	Old     string // versions that are replaced
	Use     string // USE="a -b" PYTHON_TARGETS="…", with emerge's marks
	Size    string // of what has to be fetched
	Cause   string
	Reasons []Reason // all of them
}

// Reason is one reason for an entry.
type Reason struct {
	Text   string
	Parent string // the package that needs it, "" if none
}

// Describe puts an entry into words. res is the answer that it is part of.
func Describe(res *answer.Result, e *answer.Entry) Line {
	p := &page{res: res, opt: Options{Level: Verbose}}
	c := p.classify(e)
	l := Line{Name: e.CPV, Slot: slotSuffix(e.Slot, e.SubSlot), Repo: e.Repo, Cause: Cause(res, e)}
	if e.Root != "/" {
		l.Root = e.Root
	}
	for _, w := range e.Why {
		l.Reasons = append(l.Reasons, Reason{Text: reason(w), Parent: w.Parent})
	}
	switch e.Action {
	case answer.BlockerEntry:
		l.Action, l.Name, l.Slot = "blocks", e.Atom, ""
		return l
	case answer.Uninstall:
		l.Action = "uninstall"
		return l
	}
	l.Action = [...]string{kindNew: "new", kindNewSlot: "new slot", kindUpgrade: "update", kindDowngrade: "downgrade", kindReinstall: "again"}[c.kind]
	l.Old = strings.Trim(p.oldVersions(e, c), "[]")
	l.Use = p.useString(e, c)
	if e.Download != nil && *e.Download > 0 {
		l.Size = kibibytes(*e.Download)
	}
	return l
}

// ChangeLines are configuration changes as entries: the file below /etc/portage, and the line.
func ChangeLines(c *answer.Changes) [][2]string { return changeLines(c) }

// Shown is the alternative that the plan of an answer is about, -1 if it is about none.
func Shown(res *answer.Result) int { return (&page{res: res}).shownAlternative() }

// Difference compares a plan with another in words; "" if they merge the same.
func Difference(first, plan []answer.Entry) string {
	return strings.TrimSuffix(strings.TrimPrefix(difference(first, plan), "; "), ", compared to 1")
}

// ReasonText is one reason in words.
func ReasonText(w answer.Why) string { return reason(w) }

package render

import (
	"fmt"
	"slices"
	"strings"

	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/atom/eapi"
	"github.com/portsolve/portsolve/solver/answer"
)

// Cause says in one line why an entry is part of the plan of res: what it does to the system, and for whose sake.
func Cause(res *answer.Result, e *answer.Entry) string {
	p := &page{res: res}
	switch e.Action {
	case answer.Uninstall:
		return p.whyUninstalled(e)
	case answer.BlockerEntry:
		return whyBlocker(e)
	}
	return p.whyMerged(e)
}

func whyBlocker(e *answer.Entry) string {
	parents := "a package"
	if len(e.Parents) > 0 {
		parents = someNames(e.Parents)
	}
	text := fmt.Sprintf("%s %s not tolerate %s", parents, doVerb(len(e.Parents)), strings.TrimLeft(e.Atom, "!"))
	if e.SolvedBlocker {
		return text + "; the plan takes care of that"
	}
	return text
}

func doVerb(n int) string {
	if n > 1 {
		return "do"
	}
	return "does"
}

// whyUninstalled: packages go for whoever does not tolerate them.
func (p *page) whyUninstalled(e *answer.Entry) string {
	var parents []string
	for _, w := range e.Why {
		if w.Parent != "" && !slices.Contains(parents, w.Parent) {
			parents = append(parents, w.Parent)
		}
	}
	if len(parents) == 0 {
		return "it makes way for what is merged"
	}
	return fmt.Sprintf("it makes way: %s %s not tolerate it (%s)", someNames(parents), doVerb(len(parents)), e.Why[0].Atom)
}

// whyMerged is what changes, and for whom.
func (p *page) whyMerged(e *answer.Entry) string {
	c := p.classify(e)
	var what string
	switch c.kind {
	case kindNew:
		what = "new"
	case kindNewSlot:
		what = "new, beside what other slots have"
	case kindUpgrade:
		what = "update of " + oldVersion(e)
	case kindDowngrade:
		what = "downgrade from " + oldVersion(e)
	default:
		what = "built again"
		if e.Type == "binary" {
			what = "merged again"
		}
	}
	if c.kind == kindReinstall {
		if changes := p.changedFlags(e, c); changes != "" {
			what += " with " + changes
		}
	}
	if c.kind == kindDowngrade {
		if w := holdsDown(e); w != nil {
			return fmt.Sprintf("%s: %s needs %s (%s)", what, w.Parent, w.Atom, w.Kind)
		}
	}
	return what + ": " + p.forWhom(e)
}

// oldVersion is the version that is replaced.
func oldVersion(e *answer.Entry) string {
	if len(e.Replaces) == 0 {
		return "what is installed"
	}
	if _, version, ok := cutCPV(e.Replaces[len(e.Replaces)-1]); ok {
		return version
	}
	return e.Replaces[len(e.Replaces)-1]
}

// changedFlags are the flags that a package is built again for.
func (p *page) changedFlags(e *answer.Entry, c class) string {
	var out []string
	for _, f := range p.flags(e, c) {
		if f.marks() == "" || !f.now {
			continue
		}
		sign := "+"
		if !f.on {
			sign = "-"
		}
		out = append(out, sign+f.name)
	}
	switch {
	case len(out) == 0:
		return ""
	case len(out) > fewNames:
		return fmt.Sprintf("%d other USE flags", len(out))
	case len(out) == 1:
		return "another USE flag (" + out[0] + ")"
	}
	return "other USE flags (" + strings.Join(out, " ") + ")"
}

// holdsDown is the dependency that does not accept what was installed.
func holdsDown(e *answer.Entry) *answer.Why {
	for i := range e.Why {
		a, err := atom.ParseBuilt(e.Why[i].Atom, eapi.Latest())
		if err != nil || e.Why[i].Parent == "" {
			continue
		}
		for _, old := range e.Replaces {
			if cpv, err := atom.ParseCPV(old); err == nil && !a.MatchVersion(cpv) {
				return &e.Why[i]
			}
		}
	}
	return nil
}

// forWhom is the first reason of an entry that says most, and how many more there are.
func (p *page) forWhom(e *answer.Entry) string {
	var rebuild, asked []string
	var needed []answer.Why
	for _, w := range e.Why {
		switch {
		case w.Rebuild != "":
			rebuild = append(rebuild, w.Rebuild)
		case w.Arg != "":
			asked = append(asked, w.Arg)
		case !slices.ContainsFunc(needed, func(o answer.Why) bool { return o.Parent == w.Parent }):
			needed = append(needed, w)
		}
	}
	slices.Sort(rebuild)
	switch rebuild = slices.Compact(rebuild); {
	case len(rebuild) > 0:
		return p.whyRebuilt(rebuild)
	case len(asked) > 0:
		return "asked for (" + strings.Join(slices.Compact(asked), " ") + ")"
	case len(needed) == 0:
		return "part of what was asked for"
	}
	text := fmt.Sprintf("needed by %s", needed[0].Parent)
	if needed[0].Atom != "" {
		text = fmt.Sprintf("%s needs %s (%s)", needed[0].Parent, needed[0].Atom, needed[0].Kind)
	}
	switch n := len(needed) - 1; {
	case n == 1:
		text += ", and 1 other package needs it"
	case n > 1:
		text += fmt.Sprintf(", and %d other packages need it", n)
	}
	return text
}

// whyRebuilt tells what is new about the packages that something was built against.
func (p *page) whyRebuilt(causes []string) string {
	var out []string
	for _, cpv := range causes {
		text := cpv
		for i := range p.res.Plan {
			if e := &p.res.Plan[i]; e.CPV == cpv && len(e.Old) > 0 {
				if old := e.Old[len(e.Old)-1]; old.Slot == e.Slot && old.SubSlot != e.SubSlot {
					text = fmt.Sprintf("%s has sub-slot %s instead of %s", cpv, e.SubSlot, old.SubSlot)
				}
			}
		}
		out = append(out, text)
	}
	if len(out) == 1 && out[0] == causes[0] {
		return "because of " + out[0]
	}
	return someNames(out)
}

// someNames lists names; of many it tells how many more there are.
func someNames(names []string) string {
	if len(names) > fewNames {
		names = append(slices.Clone(names[:fewNames-1]), fmt.Sprintf("%d more", len(names)-fewNames+1))
	}
	if n := len(names); n > 1 {
		return strings.Join(names[:n-1], ", ") + " and " + names[n-1]
	}
	return strings.Join(names, "")
}

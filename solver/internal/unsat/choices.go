package unsat

import (
	"fmt"
	"slices"
	"strings"

	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/atom/depend"
	"github.com/portsolve/portsolve/atom/metadata"
	"github.com/portsolve/portsolve/solver/answer"
	"github.com/portsolve/portsolve/solver/universe"
)

// choices is what could answer an atom: packages that can be chosen, and those that only something else
// than the rules of the conflict keeps out.
type choices struct {
	can    []*universe.Candidate
	cannot []refused
	others []*universe.Candidate // other versions of the name, when nothing matches
}

// refused are versions with the same reasons.
type refused struct {
	cands   []*universe.Candidate
	reason  string
	kind    string // of the conflict's rule that has only this reason: "excluded", "required-use", "use-dependency"
	reasons []answer.Reason
}

func (t *teller) choices(root universe.RootID, a *atom.Atom) choices {
	var ch choices
	for _, c := range t.u.Group(root, a.CP).All {
		switch {
		case c.Pkg.Invalid != nil || c.Pkg.EAPI == nil: // its slot and flags are unknown
			if a.MatchVersion(c.Pkg.CPV) && (a.Repo == "" || a.Repo == c.Pkg.Repo) && !c.Installed() {
				ch.refuse(t.refusal(c, a))
			}
		case !c.MatchesButUse(a):
			ch.others = append(ch.others, c)
		case c.Matches(a) && t.f.Used(c) != 0:
			ch.can = append(ch.can, c)
		default:
			if r := t.refusal(c, a); r.reason != "" {
				ch.refuse(r)
			}
		}
	}
	return ch
}

func (ch *choices) refuse(r refused) {
	for i := range ch.cannot {
		if ch.cannot[i].reason == r.reason {
			ch.cannot[i].cands = append(ch.cannot[i].cands, r.cands...)
			return
		}
	}
	ch.cannot = append(ch.cannot, r)
}

// refusal is why a candidate that matches in version and slot is not among the choices.
func (t *teller) refusal(c *universe.Candidate, a *atom.Atom) refused {
	r := refused{cands: []*universe.Candidate{c}}
	if !c.Installed() && !c.Visible() {
		var words []string
		for i := range c.Excluded {
			x := &c.Excluded[i]
			words = append(words, exclusion(x))
			text := x.Detail
			if text == "" {
				text = words[i]
			}
			r.reasons = append(r.reasons, answer.Reason{Kind: string(x.Kind), Text: text, Source: x.Source.String(),
				Tokens: x.Tokens, Comment: x.Source.Comment})
		}
		r.kind, r.reason = "excluded", strings.Join(words, ", ")
		return r
	}
	because := func(kind, category, text string, tokens []string) refused {
		r.kind, r.reason = kind, text
		r.reasons = []answer.Reason{{Kind: category, Text: text, Tokens: tokens}}
		return r
	}
	switch {
	case !c.Matches(a):
		return because("use-dependency", "USE", t.flags(c, a), wrongFlags(c, a))
	case c.RequiredUseFails():
		return because("required-use", string(metadata.ExclRequiredUse), "its USE flags break REQUIRED_USE: "+c.FailedRequiredUse()+t.states(c), nil)
	case !c.Installed() && len(t.u.Req.Options.Exclude) > 0:
		return because("excluded", string(metadata.ExclOption), "left out by --exclude", nil)
	}
	return r // installed, with --emptytree: it does not count, and nobody expects it to
}

// wrongFlags are the flags that a USE dependency wants otherwise.
func wrongFlags(c *universe.Candidate, a *atom.Atom) []string {
	var out []string
	for _, u := range a.Use {
		if one := (&atom.Atom{CP: a.CP, Use: []atom.UseDep{u}}); !one.MatchUse(c.HasFlag, c.Flags().Has) {
			out = append(out, u.Flag)
		}
	}
	return out
}

// exclusion is one reason of the configuration in a few words.
func exclusion(x *metadata.Exclusion) string {
	tokens := strings.Join(x.Tokens, " ")
	switch x.Kind {
	case metadata.ExclMask:
		if x.Source.IsZero() {
			return "masked"
		}
		return "masked by " + x.Source.String()
	case metadata.ExclNoMetadata:
		return "the repository has no metadata for it"
	case metadata.ExclKeyword:
		testing := !slices.ContainsFunc(x.Tokens, func(k string) bool { return !strings.HasPrefix(k, "~") })
		switch {
		case tokens == "**":
			return "it has no keywords"
		case len(x.Tokens) > 1 && testing:
			return "it has testing keywords only, which are not accepted"
		case len(x.Tokens) > 1:
			return "none of its keywords is accepted"
		}
		return fmt.Sprintf("keyword %s is not accepted", tokens)
	case metadata.ExclLicense, metadata.ExclProperties, metadata.ExclRestrict:
		return fmt.Sprintf("%s %s is not accepted", x.Kind, strings.Join(x.Tokens, ", "))
	case metadata.ExclEAPI:
		return fmt.Sprintf("EAPI %s is not supported", tokens)
	}
	if x.Detail == "" {
		return string(x.Kind)
	}
	return x.Detail
}

// flags says which flags of a candidate are not as a USE dependency wants them.
func (t *teller) flags(c *universe.Candidate, a *atom.Atom) string {
	var out []string
	for _, u := range a.Use {
		one := &atom.Atom{CP: a.CP, Use: []atom.UseDep{u}}
		if one.MatchUse(c.HasFlag, c.Flags().Has) {
			continue
		}
		if !c.HasFlag(u.Flag) {
			out = append(out, "it has no USE flag "+u.Flag)
			continue
		}
		out = append(out, t.flag(c, u.Flag))
	}
	for _, u := range a.UseAsWritten() { // a condition that asks for nothing still needs its flag
		lacks := "it has no USE flag " + u.Flag
		if u.Default == 0 && !c.HasFlag(u.Flag) && !slices.Contains(out, lacks) {
			out = append(out, lacks)
		}
	}
	return strings.Join(out, ", ")
}

// manyFlags is how many flags of a REQUIRED_USE are told with who set them.
const manyFlags = 8

// states tells of the flags in a REQUIRED_USE that does not hold how they are set, and by whom.
func (t *teller) states(c *universe.Candidate) string {
	n, err := c.Pkg.RequiredUse()
	if err != nil {
		return ""
	}
	var flags []flagState
	note := func(flag string) {
		if s := stateOf(c, flag); !slices.Contains(flags, s) {
			flags = append(flags, s)
		}
	}
	var walk func(*depend.Node)
	walk = func(n *depend.Node) {
		switch n.Kind {
		case depend.UseIf:
			note(n.Text)
		case depend.TextLeaf:
			note(strings.TrimPrefix(n.Text, "!"))
		}
		for _, ch := range n.Children {
			walk(ch)
		}
	}
	for _, ch := range n.Children {
		if !ch.SatisfiedUse(c.Flags().Has) {
			walk(ch)
		}
	}
	if len(flags) == 0 || len(flags) > manyFlags {
		return ""
	}
	return ", and " + flagStates(flags)
}

// flag is the state of one flag and who decided it.
func (t *teller) flag(c *universe.Candidate, flag string) string {
	state := "off"
	if c.Flags().Has(flag) {
		state = "on"
	}
	if c.Installed() {
		return fmt.Sprintf("it was built with USE flag %s %s", flag, state)
	}
	_, forced, masked, _ := c.ForcedFlag(flag)
	switch {
	case masked:
		state = "masked"
	case forced:
		state = "forced"
	}
	text := fmt.Sprintf("USE flag %s is %s", flag, state)
	on, _, _, _ := c.ForcedFlag(flag)
	switch s := stateOf(c, flag); {
	case s.on != on: // a change was tried
		return fmt.Sprintf("USE flag %s would be %s, as another package needs it", flag, state)
	case s.source != "":
		text += " by " + s.source
	case !s.fixed:
		text += " by default"
	}
	return text
}

// usable leaves out of the choices what the request itself does not accept.
func (ch *choices) usable(only []*universe.Candidate) {
	ch.can = slices.DeleteFunc(ch.can, func(c *universe.Candidate) bool { return !slices.Contains(only, c) })
}

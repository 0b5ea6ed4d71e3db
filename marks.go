package portsolve

import (
	"slices"
	"strings"

	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/atom/metadata"
	"github.com/portsolve/portsolve/solver/answer"
	"github.com/portsolve/portsolve/solver/plan"
	"github.com/portsolve/portsolve/solver/universe"
)

// mark fills what only the display needs: flags that the profile fixes, flags
// that FEATURES switches, and how the package came to be accepted.
func (c *composer) mark(e *answer.Entry, cand *universe.Candidate) {
	settings := c.rootOf(cand.Root).settings
	p := cand.Pkg
	if p.Origin == metadata.Ebuild {
		for _, f := range p.IUSE {
			if _, forced, masked, _ := settings.ExplainUse(p, f.Name); forced || masked {
				e.Forced = append(e.Forced, f.Name)
			}
		}
		slices.Sort(e.Forced)
	}
	features, _ := settings.Var("FEATURES")
	if p.HasIUSE("test") && !slices.Contains(e.Forced, "test") && slices.Contains(strings.Fields(features), "test") {
		e.Feature = []string{"test"}
	}
	arch, _ := settings.Var("ARCH")
	accepted, _ := settings.Var("ACCEPT_KEYWORDS")
	e.Mark = keywordMark(p.Keywords, arch, strings.Fields(accepted))
}

// keywordMark is "" for a package that ACCEPT_KEYWORDS alone accepts, "~" for
// one that is testing here, "*" for one without a keyword for this architecture.
func keywordMark(keywords []string, arch string, accepted []string) string {
	testing := false
	for _, k := range keywords {
		name, isTesting := strings.CutPrefix(k, "~")
		switch {
		case slices.Contains(accepted, "**"), slices.Contains(accepted, k):
			return ""
		case !isTesting && name != "-*" && slices.Contains(accepted, "*"):
			return ""
		case isTesting && slices.Contains(accepted, "~*"):
			return ""
		case isTesting && name == arch:
			testing = true
		}
	}
	if testing {
		return "~"
	}
	return "*"
}

func isStrong(s *plan.Step) bool { return s.Atom.Blocker == atom.Strong }

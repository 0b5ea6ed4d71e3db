package unsat

import (
	"fmt"
	"slices"
	"strings"

	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/atom/metadata"
	"github.com/portsolve/portsolve/solver/internal/cnf"
	"github.com/portsolve/portsolve/solver/universe"
)

// summary says in one sentence what cannot be, and its kind in a word.
func (t *teller) summary(story, also []*statement) (kind, text string) {
	var dead, slots []*statement
	for _, s := range story {
		switch {
		case t.isDead(s.Rule):
			dead = append(dead, s)
		case s.Kind == cnf.Slot:
			slots = append(slots, s)
		}
	}
	switch blocker := slices.IndexFunc(story, func(s *statement) bool { return s.Kind == cnf.Block }); {
	case len(dead) > 0:
		kind, text = t.deadEnds(dead, story)
	case blocker >= 0:
		s := story[blocker]
		kind, text = "blocker", fmt.Sprintf("%s %s not tolerate %s", t.subject(s), plural(s, "does", "do"), t.names(s.others, "and", nil))
	case len(slots) > 0:
		kind, text = "slot", t.collision(slots, story, also)
	default:
		return "other", cannot(story)
	}
	if len(dead) > 0 && len(also) > 0 {
		text += fmt.Sprintf("; and so it is with %s", counted(len(also), "other dependency", "other dependencies"))
	}
	return kind, cannot(story) + ": " + text
}

func counted(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// deadEnds are all that nothing answers: one, the branches of one group, or what the versions of a package need.
func (t *teller) deadEnds(dead, story []*statement) (kind, text string) {
	for _, s := range story {
		if s.Kind == cnf.AnyOf && (len(dead) > 1 || dead[0].choice) {
			return t.deadEnd(s, story)
		}
	}
	kind, text = t.deadEnd(dead[0], story)
	if len(dead) == 1 {
		return kind, text
	}
	if t.it(dead[0], story) == "it" && t.it(dead[1], story) == "it" {
		return kind, "each of its versions needs something that cannot be had"
	}
	_, second := t.deadEnd(dead[1], story)
	return kind, text + "; " + second
}

// cannot is who is refused what: "a/b cannot be installed", "a/b and c/d cannot be installed together".
func cannot(story []*statement) string {
	var wanted, there []string
	for _, s := range story {
		switch {
		case s.Kind == cnf.World:
			there = append(there, s.Atom.String())
		case s.Kind == cnf.Request && strings.HasPrefix(s.Arg, "@"):
			wanted = append(wanted, fmt.Sprintf("%s (of %s)", s.Atom, s.Arg))
		case s.Kind == cnf.Request:
			wanted = append(wanted, s.Atom.String())
		}
	}
	switch {
	case len(wanted) == 0 && len(there) == 0:
		return "what is installed cannot stay as it is"
	case len(wanted) == 0:
		return few(there) + " cannot be kept working"
	case len(there) > 0:
		return few(wanted) + " cannot be installed while " + few(there) + " stays"
	case len(wanted) == 1:
		return wanted[0] + " cannot be installed"
	}
	return few(wanted) + " cannot be installed together"
}

// few lists names; of many it tells how many more there are.
func few(names []string) string {
	if len(names) > fewVersions {
		names = append(slices.Clone(names[:fewVersions-1]), fmt.Sprintf("%d more", len(names)-fewVersions+1))
	}
	return enumerate(names, "and")
}

// deadEnd is what nothing answers.
func (t *teller) deadEnd(s *statement, story []*statement) (kind, text string) {
	switch s.Kind {
	case cnf.Library:
		return "library", fmt.Sprintf("nothing provides %s, which %s was linked to", s.Soname, s.Cand)
	case cnf.AnyOf:
		return "any-of", fmt.Sprintf("%s %s %s, and none of them can be had", t.it(s, story), t.verb(s, story, "needs", "need"), alternatives(s.Expr))
	}
	ch := t.choicesOf(s)
	kind, what := ch.deadKind()
	asked := s.Kind == cnf.Request || s.Kind == cnf.World
	if asked {
		return kind, what.own
	}
	verb := t.verb(s, story, "needs", "need")
	switch {
	case s.Kind == cnf.SlotOp:
		verb = t.verb(s, story, "was built against", "were built against")
	case s.choice:
		verb = "would need"
	}
	return kind, fmt.Sprintf("%s %s %s, %s", t.it(s, story), verb, s.Atom, what.needed)
}

// it names the package that has a rule; "it" if the sentence has just named it.
func (t *teller) it(s *statement, story []*statement) string {
	var asked []*statement
	for _, o := range story {
		if o.Kind == cnf.Request || o.Kind == cnf.World {
			asked = append(asked, o)
		}
	}
	if len(asked) == 1 && asked[0].Atom.CP == s.Cand.CP() {
		return "it"
	}
	return t.subject(s)
}

// verb agrees with it.
func (t *teller) verb(s *statement, story []*statement, one, many string) string {
	if t.it(s, story) == "it" {
		return one
	}
	return plural(s, one, many)
}

// deadWords say why nothing answers: of the package itself, and of what is needed.
type deadWords struct{ own, needed string }

func (ch *choices) deadKind() (string, deadWords) {
	switch {
	case len(ch.cannot) == 0 && len(ch.others) > 0:
		return "missing", deadWords{"there is no such version", "and there is no such version"}
	case len(ch.cannot) == 0:
		return "missing", deadWords{"there is no such package", "and there is no such package"}
	}
	kinds := map[string]bool{}
	for _, r := range ch.cannot {
		for _, reason := range r.reasons {
			kinds[reason.Kind] = true
		}
	}
	if len(kinds) > 1 {
		return "excluded", deadWords{"every version is ruled out", "and every version is ruled out"}
	}
	first := ch.cannot[0].reasons[0]
	switch metadata.ExclusionKind(first.Kind) {
	case metadata.ExclOption:
		if len(ch.cannot) == 1 && strings.HasPrefix(first.Text, "left out") {
			return "excluded", deadWords{"it is " + first.Text, "which is " + first.Text}
		}
		return "excluded", deadWords{"the options rule it out", "which the options rule out"}
	case metadata.ExclRequiredUse:
		return "required-use", deadWords{"its USE flags break its REQUIRED_USE", "whose USE flags break its REQUIRED_USE"}
	case "USE":
		if len(ch.cannot) == 1 {
			return "use", deadWords{first.Text, "but " + first.Text}
		}
		return "use", deadWords{"its USE flags are not like that", "and its USE flags are not like that"}
	case metadata.ExclMask:
		return "excluded", deadWords{"it is masked", "which is masked"}
	case metadata.ExclKeyword:
		return "excluded", deadWords{"none of its keywords is accepted", "of which no keyword is accepted"}
	case metadata.ExclLicense:
		return "excluded", deadWords{"its license is not accepted", "whose license is not accepted"}
	case metadata.ExclProperties:
		return "excluded", deadWords{"its PROPERTIES are not accepted", "whose PROPERTIES are not accepted"}
	case metadata.ExclRestrict:
		return "excluded", deadWords{"its RESTRICT is not accepted", "whose RESTRICT is not accepted"}
	case metadata.ExclEAPI:
		return "excluded", deadWords{"its EAPI is not supported", "whose EAPI is not supported"}
	case metadata.ExclInvalid:
		return "excluded", deadWords{"its ebuild is broken", "whose ebuild is broken"}
	case metadata.ExclNoMetadata:
		return "excluded", deadWords{"the repository has no valid metadata for it", "for which the repository has no valid metadata"}
	}
	return "excluded", deadWords{"it may not be used", "which may not be used"}
}

// subjects names packages by version where all statements are about the same one.
func (t *teller) subjects(list []*statement) map[atom.CP]string {
	out := map[atom.CP]string{}
	for _, s := range list {
		if s.cands == nil {
			continue
		}
		name := strings.TrimSuffix(t.subject(s), " (installed)")
		switch was, ok := out[s.Cand.CP()]; {
		case !ok:
			out[s.Cand.CP()] = name
		case was != name:
			out[s.Cand.CP()] = s.Cand.CP().String()
		}
	}
	return out
}

// side is whoever wants the same of a contested slot.
type side struct {
	answers []*universe.Candidate
	parents []string
}

// collision is several packages for one slot.
func (t *teller) collision(slots, story, also []*statement) string {
	var contested []*universe.Candidate
	var names []string
	for _, s := range slots {
		contested = append(contested, s.Others...)
		if name := s.Slot.CP.String(); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	subjects := t.subjects(append(slices.Clip(story), also...))
	var sides []side
	var parents []string
	asked := false
	builds, wanted := map[string]bool{}, map[string]bool{}
	for _, s := range append(slices.Clip(story), also...) {
		if s.Kind == cnf.Request {
			wanted[s.Atom.CP.String()] = true
		}
		if !slices.ContainsFunc(s.answers, func(c *universe.Candidate) bool { return slices.Contains(contested, c) }) {
			continue
		}
		for _, c := range s.answers {
			builds[c.Pkg.CPV.String()] = true
		}
		if s.cands == nil {
			asked = true
			continue
		}
		name := subjects[s.Cand.CP()]
		if !slices.Contains(parents, name) {
			parents = append(parents, name)
		}
		sides = addSide(sides, s.answers, name)
	}
	what := "version of " + few(names)
	if len(builds) < 2 {
		what = "build of " + few(names)
	}
	switch {
	case len(parents) == 0:
		return fmt.Sprintf("only one version of %s fits in slot %s", names[0], slots[0].Slot.Slot)
	case asked:
		return fmt.Sprintf("%s %s another %s", few(parents), needsVerb(parents), what)
	case len(also) == 0 && len(parents) == len(wanted) && areAsked(story, contested, wanted):
		return "they need different " + strings.Replace(what, " ", "s ", 1)
	case len(sides) == 2 && len(parents) > 2:
		if len(sides[0].parents) > len(sides[1].parents) {
			sides[0], sides[1] = sides[1], sides[0]
		}
		return fmt.Sprintf("%s %s another %s than %s", few(sides[0].parents), needsVerb(sides[0].parents), what, few(sides[1].parents))
	}
	return few(parents) + " need different " + strings.Replace(what, " ", "s ", 1)
}

func addSide(sides []side, answers []*universe.Candidate, name string) []side {
	for i := range sides {
		if slices.Equal(sides[i].answers, answers) {
			if !slices.Contains(sides[i].parents, name) {
				sides[i].parents = append(sides[i].parents, name)
			}
			return sides
		}
	}
	return append(sides, side{answers, []string{name}})
}

func needsVerb(subjects []string) string {
	if len(subjects) == 1 && !strings.Contains(subjects[0], " and ") { // versions of one package
		return "needs"
	}
	return "need"
}

// areAsked reports whether whoever contests a slot was asked for.
func areAsked(story []*statement, contested []*universe.Candidate, wanted map[string]bool) bool {
	return !slices.ContainsFunc(story, func(s *statement) bool {
		return s.cands != nil && !wanted[s.Cand.CP().String()] &&
			slices.ContainsFunc(s.answers, func(c *universe.Candidate) bool { return slices.Contains(contested, c) })
	})
}

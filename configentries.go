package portsolve

import (
	"context"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/atom/metadata"
	"github.com/portsolve/portsolve/repo/config/edit"
	"github.com/portsolve/portsolve/solver/answer"
	"github.com/portsolve/portsolve/solver/universe"
)

// configEntries are the changes of an answer as lines for the files of etc/portage. USE flags and licenses are written for
// the version and later ones, keywords and masks for the version only unless --autounmask-unrestricted-atoms
// says otherwise, as emerge does.
func (c *composer) configEntries(r *Result) []answer.ConfigEntry {
	ch, out := &r.Changes, []answer.ConfigEntry{}
	wide := c.options.AutounmaskUnrestrictedAtoms.Or(false)
	add := func(file, cpv string, atLeast bool, tokens ...string) {
		e := answer.ConfigEntry{File: file, CPV: cpv, Atom: "=" + cpv, Tokens: tokens, Cause: cause(r, cpv)}
		if cand := c.merged(cpv); cand != nil {
			e.Repo = cand.Pkg.Repo
			if atLeast && !(file == "package.use" && c.outdone(cand, tokens)) {
				e.Atom = c.lowerBound(cand)
			}
		}
		if file == "package.unmask" {
			c.maskedBy(&e)
		}
		out = append(out, e)
	}
	for _, cpv := range slices.Sorted(maps.Keys(ch.Use)) {
		add("package.use", cpv, true, flagWords(ch.Use[cpv])...)
	}
	for _, cpv := range slices.Sorted(maps.Keys(ch.Use)) {
		c.unfix(cpv, ch.Use[cpv], func(file, word string) { add(file, cpv, false, word) })
	}
	for _, cpv := range ch.Keywords {
		add("package.accept_keywords", cpv, wide, c.keywordFor(cpv))
	}
	for _, cpv := range ch.Unmask {
		add("package.unmask", cpv, wide)
	}
	for _, list := range []struct {
		file  string
		words map[string][]string
	}{{"package.license", ch.License}, {"package.properties", ch.Properties}, {"package.accept_restrict", ch.Restrict}} {
		for _, cpv := range slices.Sorted(maps.Keys(list.words)) {
			add(list.file, cpv, true, list.words[cpv]...)
		}
	}
	return out
}

// unfix lifts what the profile says of flags that are changed in spite of it (--allow use.mask): entries for the user's own
// part of the profile.
func (c *composer) unfix(cpv string, flags map[string]bool, add func(file, word string)) {
	cand := c.merged(cpv)
	if cand == nil {
		return
	}
	for _, f := range slices.Sorted(maps.Keys(flags)) {
		switch _, forced, masked, _ := c.rootOf(cand.Root).settings.ExplainUse(cand.Pkg, f); {
		case masked && flags[f]:
			add("profile/package.use.mask", "-"+f)
		case forced && !flags[f]:
			add("profile/package.use.force", "-"+f)
		}
	}
}

// merged is the ebuild that the answer merges under a cpv, nil if there is none.
func (c *composer) merged(cpv string) *universe.Candidate {
	if c.outcome.Selection == nil {
		return nil
	}
	for _, n := range c.outcome.Selection.Nodes {
		if n.Merge && n.Cand.Pkg.Origin == metadata.Ebuild && n.Cand.Pkg.CPV.String() == cpv {
			return n.Cand
		}
	}
	return nil
}

// lowerBound is the widest atom that means this version and later ones only: without the slot if the version is the highest
// of all that are not masked, with it if it is the highest of its slot, else the version alone.
func (c *composer) lowerBound(cand *universe.Candidate) string {
	p := cand.Pkg
	highest, ofSlot := true, true
	for _, other := range c.sys.ebuildsOf(p.CPV.CP) {
		if other.CPV.Version.Compare(p.CPV.Version) > 0 && c.rootOf(cand.Root).settings.Exclusions(other) == nil {
			highest = false
			ofSlot = ofSlot && other.Slot != p.Slot
		}
	}
	switch {
	case highest:
		return ">=" + p.CPV.String()
	case ofSlot:
		return ">=" + p.CPV.String() + ":" + p.Slot
	}
	return "=" + p.CPV.String()
}

// ebuildsOf are the ebuilds of a name in all repositories.
func (s *System) ebuildsOf(cp atom.CP) []*metadata.Package {
	var out []*metadata.Package
	for _, r := range s.repos.Repos {
		if pkgs, err := r.Packages(context.Background(), cp); err == nil { // an error was reported when the name was resolved
			out = append(out, pkgs...)
		}
	}
	return out
}

// outdone reports whether a setting of the user in package.use would override the same words for a range of versions:
// the closer atom counts (portage(5)).
func (c *composer) outdone(cand *universe.Candidate, words []string) bool {
	dir := c.sys.configDir() + string(filepath.Separator)
	for _, w := range words {
		_, _, _, src := cand.ForcedFlag(strings.TrimPrefix(w, "-"))
		if !strings.HasPrefix(src.File, dir+"package.use") {
			continue
		}
		word, _, _ := strings.Cut(strings.TrimSpace(src.Text), " ")
		if a, err := atom.ParseWildcard(word); err != nil || a.Slot != "" || a.Op == atom.OpEqual || a.Op == atom.OpGlob || a.Op == atom.OpRevision {
			return true
		}
	}
	return false
}

// keywordFor is the keyword that has to be accepted for a version: the one of this architecture, else that of
// another (with --compat=emerge "**", as emerge writes), "**" if it has none.
func (c *composer) keywordFor(cpv string) string {
	cand := c.merged(cpv)
	if cand == nil {
		return "**"
	}
	settings := c.rootOf(cand.Root).settings
	arch, _ := settings.Var("ARCH")
	best := "**"
	for _, x := range settings.Exclusions(cand.Pkg) {
		if x.Kind != metadata.ExclKeyword {
			continue
		}
		for _, k := range x.Tokens {
			name, testing := strings.CutPrefix(k, "~")
			switch {
			case name == arch:
				return k
			case c.options.Compat || name == "" || name == "*" || k[0] == '-' || k == "**":
			case best == "**", best[0] == '~' && !testing:
				best = k
			}
		}
	}
	return best
}

// maskedBy is the first mask of the version of an entry.
func (c *composer) maskedBy(e *answer.ConfigEntry) {
	cand := c.merged(e.CPV)
	if cand == nil {
		return
	}
	for _, x := range c.rootOf(cand.Root).settings.Exclusions(cand.Pkg) {
		if x.Kind == metadata.ExclMask {
			e.MaskFile, e.MaskComment = x.Source.File, x.Source.Comment
			return
		}
	}
}

// cause is the way from a package of the plan up to the request.
func cause(r *Result, cpv string) []answer.Cause {
	out := []answer.Cause{}
	seen := map[string]bool{}
	for !seen[cpv] {
		seen[cpv] = true
		e := mergeOf(r, cpv)
		if e == nil || len(e.Why) == 0 {
			break
		}
		w := e.Why[0]
		if w.Parent == "" {
			return append(out, answer.Cause{Arg: w.Arg})
		}
		step := answer.Cause{Package: w.Parent}
		if parent := mergeOf(r, w.Parent); parent != nil {
			step.Repo = parent.Repo
		}
		out = append(out, step)
		cpv = w.Parent
	}
	return out
}

func mergeOf(r *Result, cpv string) *answer.Entry {
	for i := range r.Plan {
		if e := &r.Plan[i]; e.CPV == cpv && e.Action == answer.Merge {
			return e
		}
	}
	return nil
}

// flagWords is "a", "-b", sorted by flag.
func flagWords(flags map[string]bool) []string {
	var words []string
	for _, f := range slices.Sorted(maps.Keys(flags)) {
		if !flags[f] {
			f = "-" + f
		}
		words = append(words, f)
	}
	return words
}

// configDir is the directory etc/portage on this machine.
func (s *System) configDir() string { return s.onDisk(s.configRoot(), "etc/portage") }

// PrepareChanges works out how the configuration changes that an answer assumes are to be written down, as emerge
// --autounmask-write does; nothing is written until Apply. Unless direct, files that CONFIG_PROTECT protects get
// their new version beside them ("._cfg0000_…"). The error is an *InputError.
func (s *System) PrepareChanges(changes answer.Changes, direct bool) (*edit.Edits, error) {
	o := edit.Options{Dir: s.configDir()}
	if !direct {
		root := s.onDisk(s.configRoot(), "")
		o.Protected = edit.Protection(root, s.Var("CONFIG_PROTECT"), s.Var("CONFIG_PROTECT_MASK"))
	}
	var list []edit.Entry
	for i := range changes.Entries {
		e := &changes.Entries[i]
		list = append(list, edit.Entry{File: e.File, Atom: e.Atom, Tokens: e.Tokens, Comment: e.Comment()})
	}
	slices.SortStableFunc(list, func(a, b edit.Entry) int { return strings.Compare(a.File, b.File) })
	d, err := edit.Prepare(o, list)
	if err != nil {
		return nil, &InputError{err}
	}
	return d, nil
}

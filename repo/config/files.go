package config

import (
	"fmt"
	"slices"

	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/repo"
	"github.com/portsolve/portsolve/repo/profile"
)

// repoLevel is the top of one repository's profiles directory and the
// repositories whose packages it concerns: itself and those that name it as master.
type repoLevel struct {
	repo  *repo.Repo
	node  *profile.Node
	scope []string
}

// loadRepoLevel reads the files at the top of each profiles directory.
func (s *Settings) loadRepoLevel() error {
	if s.opt.Repos == nil {
		return nil
	}
	for _, r := range s.opt.Repos.Repos {
		n, warnings, err := profile.ReadRepoLevel(r)
		if err != nil {
			return err
		}
		if n == nil {
			continue
		}
		s.warnings = append(s.warnings, warnings...)
		l := repoLevel{repo: r, node: n, scope: []string{r.Name}}
		for _, other := range s.opt.Repos.Repos {
			if other != r && slices.Contains(other.Masters, r) {
				l.scope = append(l.scope, other.Name)
			}
		}
		s.levels = append(s.levels, l)
	}
	// Masters first: whoever has more masters inherits from those with fewer.
	slices.SortStableFunc(s.levels, func(a, b repoLevel) int { return len(a.repo.Masters) - len(b.repo.Masters) })
	return nil
}

// loadIndex enters the files of atoms of repositories and profiles.
func (s *Settings) loadIndex() error {
	s.index.byName = map[atom.CP]*ruleSet{}
	for i := range s.levels {
		l := &s.levels[i]
		s.addNode(l.node, s.stages.repo, flagLayerRepo, i, l.scope)
	}
	for i, n := range s.stack.Nodes {
		s.addNode(n, s.stages.defaults, flagLayerProfile, i, nil)
	}
	return nil
}

// addNode enters everything but masks, which are stacked over all files first.
func (s *Settings) addNode(n *profile.Node, useLayer, flagLayer, node int, scope []string) {
	if useLayer > 0 {
		s.addUse(kindUse, n.Atoms[profile.PackageUse], at(useLayer, node, phasePackage), false, scope)
		s.addUse(kindUse, n.Atoms[profile.PackageUseStable], at(useLayer, node, phasePackageStable), true, scope)
	}
	p, ps := at(flagLayer, node, phasePackage), at(flagLayer, node, phasePackageStable)
	s.addUse(kindForce, n.Atoms[profile.PackageUseForce], p, false, scope)
	s.addUse(kindForce, n.Atoms[profile.PackageUseStableForce], ps, true, scope)
	s.addUse(kindMask, n.Atoms[profile.PackageUseMask], p, false, scope)
	s.addUse(kindMask, n.Atoms[profile.PackageUseStableMask], ps, true, scope)
	s.addWords(kindKeywords, n.Atoms[profile.PackageKeywords], p, scope)
	s.addWords(kindAcceptKeywords, n.Atoms[profile.PackageAcceptKeywords], p, scope)
	if flagLayer == flagLayerProfile {
		s.addWords(kindLicense, n.Atoms[profile.PackageLicense], p, scope)
	}
}

func (s *Settings) addUse(k kind, lines []profile.AtomLine, p place, stable bool, scope []string) {
	for _, l := range lines {
		if l.Remove {
			continue // only lists of atoms can be taken back
		}
		s.index.add(k, rule{atom: l.Atom, place: p, stable: stable, scope: scope, ops: wordsOps(l.Words, p, l.Source), src: l.Source})
	}
}

func (s *Settings) addWords(k kind, lines []profile.AtomLine, p place, scope []string) {
	for _, l := range lines {
		if l.Remove {
			continue
		}
		s.index.add(k, rule{atom: l.Atom, place: p, scope: scope, words: l.Words, src: l.Source})
	}
}

// userLayer is above the profile's nodes for everything but USE.
const userLayer = flagLayerProfile + 1

// loadUserFiles enters /etc/portage/package.*.
func (s *Settings) loadUserFiles() error {
	use, err := s.userLines("package.use")
	if err != nil {
		return err
	}
	p := at(userLayer, 0, phasePackage)
	for _, l := range use {
		if isEvery(l.Atom) {
			s.index.everyUse = append(s.index.everyUse, wordsOps(l.Words, at(s.stages.conf, 0, phaseUse), l.Source)...)
		} else if s.stages.pkg > 0 {
			s.addUse(kindUse, []profile.AtomLine{l}, at(s.stages.pkg, 0, phasePackage), false, nil)
		}
	}
	for _, f := range []struct {
		name string
		kind kind
	}{
		{"package.keywords", kindAcceptKeywords}, // the old name
		{"package.accept_keywords", kindAcceptKeywords},
		{"package.license", kindLicense},
		{"package.properties", kindProperties},
		{"package.accept_restrict", kindRestrict},
	} {
		lines, err := s.userLines(f.name)
		if err != nil {
			return err
		}
		s.addWords(f.kind, lines, p, nil)
	}
	if err := s.loadMasks(); err != nil {
		return err
	}
	return s.loadPackageEnv()
}

// isEvery is the atom */* and nothing else.
func isEvery(a *atom.Atom) bool {
	return a.Wild && a.Category == "*" && a.Package == "*" && a.Op == atom.OpNone && a.Slot == "" && a.Repo == ""
}

// userLines reads a file of atoms of /etc/portage. A line whose atom is wrong is
// ignored with a warning, as Portage does: one old line should not keep a system from
// being updated.
func (s *Settings) userLines(name string) ([]profile.AtomLine, error) {
	lines, err := profile.ReadLines(s.places.user(name))
	if err != nil {
		return nil, err
	}
	out, bad := profile.ParseAtoms(lines)
	for _, err := range bad {
		s.warnings = append(s.warnings, fmt.Sprintf("%v; the line is ignored", err))
	}
	if s.opt.Move != nil {
		s.moveAtoms(out)
	}
	return out, nil
}

// loadPackageSets reads "packages" and package.provided of the stack.
func (s *Settings) loadPackageSets() error {
	var packages []profile.Line
	var provided []profile.Line
	for _, n := range s.stack.Nodes {
		packages = append(packages, packageLines(n)...)
		provided = append(provided, n.Flags[profile.PackageProvided]...)
	}
	user, err := profile.ReadLines(s.places.user("package.provided"))
	if err != nil {
		return err
	}
	s.system, s.profSet = s.parsePackages(stackLines(packages))
	for _, l := range stackLines(append(provided, user...)) {
		cpv, err := atom.ParseCPV(l.Fields[0])
		if err != nil {
			s.warnings = append(s.warnings, fmt.Sprintf("%s: %v; the line is ignored", l.Source, err))
			continue
		}
		s.provided = append(s.provided, cpv)
	}
	return nil
}

// packageLines leaves out lines without '*' unless the repository's profile
// format gives them a meaning (profile-set); a removal of one stays harmless.
func packageLines(n *profile.Node) []profile.Line {
	lines := n.Flags[profile.Packages]
	if n.User || n.Repo != nil && slices.Contains(n.Repo.Layout.ProfileFormats, "profile-set") {
		return lines
	}
	var out []profile.Line
	for _, l := range lines {
		if f := l.Fields[0]; f[0] == '*' || len(f) > 1 && f[:2] == "-*" {
			out = append(out, l)
		}
	}
	return out
}

func (s *Settings) parsePackages(lines []profile.Line) (system, set []*atom.Atom) {
	for _, l := range lines {
		text, into := l.Fields[0], &set
		if text[0] == '*' {
			text, into = text[1:], &system
		}
		a, err := atom.ParseWildcard(text)
		if err != nil {
			s.warnings = append(s.warnings, fmt.Sprintf("%s: %v; the line is ignored", l.Source, err))
			continue
		}
		*into = append(*into, a)
	}
	return system, set
}

// stackLines applies removals: "-x" removes the lines x before it, "-*" all. A
// line that occurs twice counts once.
func stackLines(lines []profile.Line) []profile.Line {
	var out []profile.Line
	seen := map[string]bool{}
	gone := map[string]bool{}
	for _, l := range slices.Backward(lines) {
		f := l.Fields[0]
		switch {
		case f == "-*":
			slices.Reverse(out)
			return out
		case f[0] == '-':
			gone[f[1:]] = true
		case !gone[f] && !seen[f]:
			seen[f] = true
			out = append(out, l)
		}
	}
	slices.Reverse(out)
	return out
}

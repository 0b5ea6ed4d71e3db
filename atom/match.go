package atom

import "strings"

// isPattern reports portage(5)'s "*text*" in place of a version.
func (v Version) isPattern() bool { return v.s != "" && v.s[0] == '*' }

// MatchVersion reports whether name and version match, ignoring slot, repo,
// build-id and USE. A blocker matches what it blocks.
func (a *Atom) MatchVersion(c CPV) bool { return a.MatchCP(c.CP) && a.matchOp(c.Version) }

// MatchCP reports whether the name matches, patterns included.
func (a *Atom) MatchCP(c CP) bool {
	if !a.Wild {
		return a.Package == c.Package && a.Category == c.Category
	}
	return globMatch(a.Category, c.Category) && globMatch(a.Package, c.Package)
}

func (a *Atom) matchOp(v Version) bool {
	switch a.Op {
	case OpNone:
		return true
	case OpLess:
		return v.Compare(a.Version) < 0
	case OpLessEq:
		return v.Compare(a.Version) <= 0
	case OpEqual:
		return v.Compare(a.Version) == 0
	case OpGlob:
		if a.Version.isPattern() {
			return strings.Contains(v.s, strings.Trim(a.Version.s, "*"))
		}
		return v.hasPrefix(a.Version)
	case OpRevision:
		return v.Base().Compare(a.Version.Base()) == 0
	case OpGreaterEq:
		return v.Compare(a.Version) >= 0
	case OpGreater:
		return v.Compare(a.Version) > 0
	}
	return false
}

// MatchSlot reports whether the slot part matches (SlotOp itself never restricts).
// A package without sub-slot has a sub-slot equal to its slot (PMS 7.2).
func (a *Atom) MatchSlot(slot, subslot string) bool {
	return (a.Slot == "" || a.Slot == slot) && (a.SubSlot == "" || a.SubSlot == subslot)
}

// MatchRepo reports whether the repository part matches.
func (a *Atom) MatchRepo(repo string) bool { return a.Repo == "" || a.Repo == repo }

// globMatch matches s with a pattern in which '*' stands for any text, also
// none. It takes time proportional to the product of the lengths at worst.
func globMatch(pattern, s string) bool {
	p, i := 0, 0
	star, mark := -1, 0
	for i < len(s) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, mark = p, i
			p++
		case p < len(pattern) && pattern[p] == s[i]:
			p++
			i++
		case star >= 0:
			mark++
			p, i = star+1, mark
		default:
			return false
		}
	}
	for p < len(pattern) && pattern[p] == '*' {
		p++
	}
	return p == len(pattern)
}

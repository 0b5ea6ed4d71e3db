package rules

import (
	"slices"

	"github.com/portsolve/portsolve/internal/mergecorpus"
)

// refused: ours failed and changed nothing, because what the package would put there (its CONTENTS as
// recorded) and what was there do not go together; or because of a package that is not installed after
// such a refusal. All differences of the step follow from it. Later, what Portage keeps only for that package may go here
// with the package that had it.
func refused(v *view, d *mergecorpus.Difference) bool {
	if d.Area == mergecorpus.InRoot && v.keptForRefused(d.Path) {
		return true
	}
	if v.refusal == nil {
		yes := v.failed(v.Got) && v.worked(v.Want) && v.unchanged() && (v.hasConflict() || v.wasRefused())
		v.refusal = &yes
	}
	return *v.refusal
}

// hasConflict looks at every line of what Portage has installed.
func (v *view) hasConflict() bool {
	for _, cpv := range added(v.want, v.wantBefore) {
		for i := range *v.want.vdb[cpv].Contents {
			if v.conflicts(cpv, &(*v.want.vdb[cpv].Contents)[i]) {
				return true
			}
		}
	}
	return false
}

// conflicts: a directory with something that the replaced version did not put there would become something
// else, or a link, which Portage does not check, would replace what is not the replaced version's.
func (v *view) conflicts(cpv string, l *mergecorpus.ContentsLine) bool {
	at := v.gotBefore.resolve(l.Path)
	there := v.gotBefore.files[at]
	switch {
	case there == nil || l.Type == "dir":
		return there != nil && there.Type != "dir" && v.gotBefore.follow(at) == "" && v.inTheWay(cpv, at)
	case there.Type == "dir":
		return slices.ContainsFunc(append(v.gotBefore.below(at), at), func(name string) bool { return !v.replaces(cpv, name) })
	case l.Type == "sym" && !agrees(there, l):
		return v.inTheWay(cpv, at)
	}
	return false
}

// inTheWay is the rule of FEATURES for what does not belong to the replaced version.
func (v *view) inTheWay(cpv, at string) bool {
	owned := false
	for _, o := range v.gotBefore.lines[at] {
		if v.slotOf(o.cpv) == v.want.slotted(cpv) {
			return false
		}
		owned = true
	}
	return v.feature("collision-protect", false) || owned && v.feature("protect-owned", true)
}

func (v *view) slotOf(cpv string) string { return v.gotBefore.slotted(cpv) }

// replaces reports that a path is the unchanged property of the version that a package replaces, and of
// no other.
func (v *view) replaces(cpv, name string) bool {
	lines := v.gotBefore.lines[name]
	for _, l := range lines {
		if v.slotOf(l.cpv) != v.want.slotted(cpv) {
			return false
		}
	}
	return len(lines) > 0 && v.gotBefore.asListed(name) != nil
}

// keptForRefused: Portage's database lists a path for packages only that ours has refused, and here it went with its package.
func (v *view) keptForRefused(name string) bool {
	if v.want.files[name] == nil || len(v.want.lines[name]) == 0 || !v.wentWithItsPackage(name) {
		return false
	}
	return !slices.ContainsFunc(v.want.lines[name], func(l line) bool {
		return v.got.vdb[l.cpv] != nil || v.excusedEntry(l.cpv) == 0
	})
}

// wasRefused: Portage has uninstalled a package that ours did not have, because its merge was refused.
func (v *view) wasRefused() bool {
	for _, cpv := range v.wantBefore.installed() {
		if v.want.vdb[cpv] == nil && v.gotBefore.vdb[cpv] == nil && v.excusedEntry(cpv) > 0 {
			return true
		}
	}
	return false
}

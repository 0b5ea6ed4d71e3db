package rules

import (
	"strings"

	"github.com/portsolve/portsolve/internal/mergecorpus"
)

// afterKill: Portage was killed earlier in the scenario. What its killed run left (temporary files, -MERGING- entries, files
// that no package lists and that were not there before the kill) is not there in ours, and packages that Portage cannot
// install or remove any more are complete in ours, or gone.
func afterKill(v *view, d *mergecorpus.Difference) bool {
	if v.beforeKill == nil {
		return false
	}
	switch d.Area {
	case mergecorpus.InVDB:
		return v.entryAfterKill(d)
	case mergecorpus.InExit:
		return v.worksOnlyHere()
	case mergecorpus.InRoot:
		return v.leftover(d) || v.installedOverLeftover(d) || v.memoryOfKill(d) || v.completeOnlyHere(d) || v.removedOnlyHere(d)
	}
	return false
}

func (v *view) entryAfterKill(d *mergecorpus.Difference) bool {
	if strings.Contains(d.Path, "/"+merging) {
		return v.got.vdb[d.Path] == nil && v.beforeKill.vdb[d.Path] == nil
	}
	return v.entryOnlyHere(d)
}

// leftBehind: nothing that the package puts there is in the way but what the killed run has made, or changed.
func (v *view) leftBehind(cpv string) bool {
	for _, l := range *v.got.vdb[cpv].Contents {
		at := v.wantBefore.resolve(l.Path)
		if l.Type != "dir" && v.beforeKill.files[at] != nil && same(v.beforeKill.files[at], v.wantBefore.files[at]) && len(v.beforeKill.lines[at]) == 0 {
			return false
		}
	}
	return true
}

// leftover: the killed run has made it, Portage's step has not touched it, no package lists it, and ours never had it, or it
// went with its package.
func (v *view) leftover(d *mergecorpus.Difference) bool {
	want := v.want.files[d.Path]
	if v.got.files[d.Path] != nil || d.Field != "" {
		return false
	}
	if base := configOf(d.Path); base != "" {
		return v.offerInPlace(d.Path, base)
	}
	if !same(want, v.wantBefore.files[d.Path]) || isBook(want) && len(added(v.got, v.gotBefore)) > 0 { // a merge writes its books
		return false
	}
	for _, l := range v.want.lines[d.Path] {
		if l.Type != "dir" || !v.wentWithItsPackage(d.Path) {
			return false
		}
	}
	made := !same(v.wantBefore.files[d.Path], v.beforeKill.files[d.Path]) || v.beforeKill.files[d.Path] == nil
	return made && (v.gotBefore.files[d.Path] == nil || v.wentWithItsPackage(d.Path))
}

// offerInPlace: Portage offers an update because of a file that its killed run has made; in ours that update is in place.
func (v *view) offerInPlace(offer, base string) bool {
	now := v.got.files[base]
	return v.gotBefore.files[offer] == nil && v.beforeKill.files[offer] == nil && now != nil && now.MD5 == v.want.files[offer].MD5 &&
		v.asPacked(base) != nil && !same(v.want.files[base], v.beforeKill.files[base])
}

// installedOverLeftover: ours has what the package lists, and Portage what its killed run had made.
func (v *view) installedOverLeftover(d *mergecorpus.Difference) bool {
	want, l := v.want.files[d.Path], v.asPacked(d.Path)
	switch {
	case want == nil || l == nil || v.want.asListed(d.Path) != nil:
		return false
	case d.Field == "mtime" && v.got.files[d.Path].MTime != l.MTime:
		return false
	}
	return same(want, v.wantBefore.files[d.Path]) && !same(want, v.beforeKill.files[d.Path])
}

// memoryOfKill: the configuration memory says that an update was offered, and in ours the file is that update.
func (v *view) memoryOfKill(d *mergecorpus.Difference) bool {
	if d.Path != memoryPath || d.Field != "text" {
		return false
	}
	onlyWant, onlyGot := lineDiff(textOf(v.want, memoryPath), textOf(v.got, memoryPath))
	for _, l := range onlyWant {
		name, sum := memoryLine(l)
		e := v.got.files[name]
		if e == nil || e.MD5 != sum || v.got.asListed(name) == nil || strings.Contains(textOf(v.beforeKill, memoryPath), l+"\n") {
			return false
		}
	}
	return len(onlyWant) > 0 && len(onlyGot) == 0
}

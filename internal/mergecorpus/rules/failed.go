package rules

import (
	"slices"
	"strings"

	"github.com/portsolve/portsolve/internal/mergecorpus"
)

// afterFailure: both failed, Portage's merge had begun (it leaves a -MERGING- entry), and ours is as
// it was before the step.
func afterFailure(v *view, d *mergecorpus.Difference) bool {
	if !v.failed(v.Want) || !v.failed(v.Got) || !v.vdbUnchanged() || !v.begun() {
		return false
	}
	switch d.Area {
	case mergecorpus.InVDB:
		if isEmptyCategory(v.got.vdb[d.Path]) { // where Portage's entry is
			return slices.ContainsFunc(names(v.want.vdb, nil), func(n string) bool { return strings.HasPrefix(n, d.Path+"/"+merging) })
		}
		return strings.Contains(d.Path, "/"+merging) && v.got.vdb[d.Path] == nil
	case mergecorpus.InRoot:
		return same(v.got.files[d.Path], v.gotBefore.files[d.Path])
	}
	return false
}

// begun: Portage's step has left the entry of a merge that it had begun.
func (v *view) begun() bool {
	return slices.ContainsFunc(names(v.want.vdb, nil), func(n string) bool {
		return strings.Contains(n, "/"+merging) && v.wantBefore.vdb[n] == nil
	})
}

// contentCounts: a file's content is not what its package lists though its time is, and Portage takes it for unchanged.
// Ours keeps a configuration file and offers the new one, and puts the new content in place of any other.
func contentCounts(v *view, d *mergecorpus.Difference) bool {
	if d.Area != mergecorpus.InRoot || !v.feature("merge-use-vdb", false) {
		return false
	}
	switch {
	case d.Path == memoryPath && d.Field == "text":
		return v.memoryOfOffers()
	case v.want.files[d.Path] == nil:
		return v.offerOf(d.Path) != ""
	}
	return v.keptAndOffered(d.Path) || v.replacedByContent(d.Path)
}

// keptAndOffered: what the administrator wrote is there, and the new version beside it.
func (v *view) keptAndOffered(name string) bool {
	e := v.gotBefore.files[name]
	return v.timeAsListed(name) && v.gotBefore.asListed(name) == nil && same(v.got.files[name], e) &&
		slices.ContainsFunc(v.got.lines[name], func(l line) bool { return v.offered(name, l.MD5) })
}

// timeAsListed: a line gives a file the time that it had before our step.
func (v *view) timeAsListed(name string) bool {
	e := v.gotBefore.files[name]
	return e != nil && e.Type == "file" && slices.ContainsFunc(v.gotBefore.lines[name], func(l line) bool { return l.Type == "obj" && l.MTime == e.MTime })
}

// offerOf is the path that a ._cfg file is for, if contentCounts is about that and Portage has put the same there; else "".
func (v *view) offerOf(name string) string {
	base := configOf(name)
	if base == "" || !v.keptAndOffered(base) || v.want.files[base] == nil || !sameContent(v.got.files[name], v.want.files[base]) {
		return ""
	}
	return base
}

// memoryOfOffers: only lines of such offers were added.
func (v *view) memoryOfOffers() bool {
	onlyWant, onlyGot := lineDiff(textOf(v.want, memoryPath), textOf(v.got, memoryPath))
	for _, l := range onlyGot {
		name, sum := memoryLine(l)
		if !v.keptAndOffered(name) || !v.offered(name, sum) {
			return false
		}
	}
	return len(onlyWant) == 0 && len(onlyGot) > 0
}

// replacedByContent: both databases list the same content; ours has it, Portage still has that of before. It was the old
// version's, or the administrator's and is saved.
func (v *view) replacedByContent(name string) bool {
	l, want := v.got.asListed(name), v.want.files[name]
	if l == nil || !v.timeAsListed(name) || v.want.asListed(name) != nil || want.MD5 != v.gotBefore.files[name].MD5 ||
		!slices.ContainsFunc(v.want.lines[name], func(w line) bool { return w.cpv == l.cpv && w.MD5 == l.MD5 }) {
		return false
	}
	return v.gotBefore.asListed(name) != nil || v.isSaved(name)
}

// isSaved reports that a copy of what was at a path is kept.
func (v *view) isSaved(name string) bool {
	for copied, e := range v.got.files {
		if below(copied, savedRoot) && strings.HasSuffix(copied, name) && sameContent(e, v.gotBefore.files[name]) {
			return true
		}
	}
	return false
}

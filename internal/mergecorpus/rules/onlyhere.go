package rules

import (
	"slices"
	"strings"

	"github.com/portsolve/portsolve/internal/mergecorpus"
)

// What follows is about steps that fail in Portage after a kill and work here.

// newHere are the packages that our step installed and Portage's did not; nil unless each is complete, and what
// was in the way was of the killed run.
func (v *view) newHere() []string {
	var out []string
	for _, cpv := range added(v.got, v.gotBefore) {
		if e := v.want.vdb[cpv]; e != nil {
			continue
		}
		if !v.leftBehind(cpv) || !v.complete(cpv) {
			return nil
		}
		out = append(out, cpv)
	}
	return out
}

// complete: the entry lists just what the package file has, and ROOT has what the entry lists. A protected file may
// be beside the path.
func (v *view) complete(cpv string) bool {
	lines := *v.got.vdb[cpv].Contents
	if !sameLines(lines, v.image(cpv)) {
		return false
	}
	for i := range lines {
		at := v.got.resolve(lines[i].Path)
		if !agrees(v.got.files[at], &lines[i]) && !v.offered(at, lines[i].MD5) {
			return false
		}
	}
	return true
}

func sameLines(a []mergecorpus.ContentsLine, b []ImageFile) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !slices.ContainsFunc(b, func(f ImageFile) bool { return sameLine(&a[i], &f.ContentsLine) }) {
			return false
		}
	}
	return true
}

func sameLine(a, b *mergecorpus.ContentsLine) bool {
	if (a.Target == nil) != (b.Target == nil) || a.Target != nil && *a.Target != *b.Target {
		return false
	}
	return a.Type == b.Type && a.Path == b.Path && a.MD5 == b.MD5
}

// offered reports that a ._cfg file beside a path has a content.
func (v *view) offered(name, sum string) bool {
	dir, base := name[:strings.LastIndexByte(name, '/')+1], name[strings.LastIndexByte(name, '/')+1:]
	for other, e := range v.got.files {
		if rest, ok := strings.CutPrefix(other, dir+"._cfg"); ok && strings.HasSuffix(rest, "_"+base) && len(rest) == len(base)+5 && e.MD5 == sum {
			return true
		}
	}
	return false
}

// worksOnlyHere is the exit status of such a step: of a merge, or of the removal of such a package.
func (v *view) worksOnlyHere() bool {
	if !v.failed(v.Want) || !v.worked(v.Got) {
		return false
	}
	return len(v.newHere()) > 0 || len(v.goneHere()) > 0
}

// goneHere are packages that our step has removed and that Portage did not know (any more).
func (v *view) goneHere() []string {
	var out []string
	for _, cpv := range v.gotBefore.installed() {
		if v.removed(cpv) && (v.wantBefore.vdb[cpv] == nil || v.wantBefore.vdb[cpv].Contents == nil) {
			out = append(out, cpv)
		}
	}
	return out
}

// entryOnlyHere is the entry of such a package, or the empty category that stands for it.
func (v *view) entryOnlyHere(d *mergecorpus.Difference) bool {
	if !v.failed(v.Want) || !v.worked(v.Got) || d.Field != "" {
		return false
	}
	if e := v.want.vdb[d.Path]; e != nil && e.EmptyCategory {
		return len(v.newHere()) > 0
	}
	if e := v.got.vdb[d.Path]; e != nil && e.EmptyCategory {
		return len(v.goneHere()) > 0
	}
	return slices.Contains(v.newHere(), d.Path)
}

// completeOnlyHere is a file of such a package, or one that every merge writes.
func (v *view) completeOnlyHere(d *mergecorpus.Difference) bool {
	if !v.failed(v.Want) || !v.worked(v.Got) {
		return false
	}
	list := v.newHere()
	if len(list) == 0 {
		return false
	}
	e := v.got.files[d.Path]
	if e == nil || v.want.files[d.Path] != nil || v.gotBefore.files[d.Path] != nil {
		return false
	}
	l := v.asPacked(d.Path)
	return isBook(e) || l != nil && slices.Contains(list, l.cpv)
}

// removedOnlyHere is a file that went with such a package, or the world file.
func (v *view) removedOnlyHere(d *mergecorpus.Difference) bool {
	gone := v.goneHere()
	if len(gone) == 0 || !v.failed(v.Want) || !v.worked(v.Got) {
		return false
	}
	if e := v.got.files[d.Path]; d.Path == worldPath && e != nil && v.want.files[worldPath] == nil { // every removal writes it
		_, more := lineDiff(textOf(v.gotBefore, worldPath), textOf(v.got, worldPath))
		return len(more) == 0 && e.Mode == "0644"
	}
	return v.wentWithItsPackage(d.Path) && slices.ContainsFunc(gone, func(cpv string) bool { return v.gotBefore.owns(cpv, d.Path) })
}

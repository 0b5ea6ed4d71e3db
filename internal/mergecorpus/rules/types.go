package rules

import (
	"regexp"

	"github.com/portsolve/portsolve/internal/mergecorpus"
)

// typeAsListed: Portage's own database lists something else than what Portage has there; ours has what
// both databases list. What the package should have put there is not left beside it as .backup.NNNN,
// and such a path goes with its package.
func typeAsListed(v *view, d *mergecorpus.Difference) bool {
	if d.Area != mergecorpus.InRoot {
		return false
	}
	want, got := v.want.files[d.Path], v.got.files[d.Path]
	switch {
	case want != nil && got != nil:
		return v.rightInOurs(d.Path)
	case want != nil && backupName.MatchString(d.Path):
		return v.uselessBackup(d.Path)
	case want != nil:
		e := v.earlierAt(d.Path)
		return e != nil && e.Rule > 0 && same(want, v.wantBefore.files[d.Path]) && v.wentWithItsPackage(d.Path)
	}
	return false
}

var backupName = regexp.MustCompile(`\.backup\.[0-9]{4}$`)

// rightInOurs: a line that both databases have says what ours is, and is of another type than what Portage has.
func (v *view) rightInOurs(name string) bool {
	l := v.asPacked(name)
	if l == nil || kind(&l.ContentsLine) == v.want.files[name].Type {
		return false
	}
	for _, w := range v.want.lines[name] {
		if w.cpv == l.cpv && kind(&w.ContentsLine) == kind(&l.ContentsLine) {
			return v.want.asListed(name) == nil
		}
	}
	return false
}

// uselessBackup: it holds what a package had for the path, so it is not the administrator's, nobody owns it,
// and ours has the path.
func (v *view) uselessBackup(name string) bool {
	base := backupName.ReplaceAllString(name, "")
	if len(v.want.lines[name]) > 0 || v.gotBefore.files[name] != nil {
		return false
	}
	for _, s := range []*side{v.want, v.wantBefore} {
		for _, l := range s.lines[base] {
			if agrees(v.want.files[name], &l.ContentsLine) {
				return true
			}
		}
	}
	return false
}

// earlierAt is the verdict about a path after the step before, whatever differed; nil if nothing did.
func (v *view) earlierAt(name string) *Verdict {
	for p, e := range v.earlier {
		if p.area == mergecorpus.InRoot && p.path == name {
			return &e
		}
	}
	return nil
}

package rules

import (
	"path"
	"strings"

	"github.com/portsolve/portsolve/internal/mergecorpus"
)

// prison: a link on the way led out of ROOT. Ours has a directory there with what the package lists, the link beside it
// as .backup.NNNN, and outside everything is as it was.
func prison(v *view, d *mergecorpus.Difference) bool {
	if !v.outsideSame() {
		return false
	}
	for name, e := range v.gotBefore.files {
		if e.Type != "sym" || !strings.HasPrefix(*e.Target, "<") || strings.HasPrefix(*e.Target, "<ROOT>") || !v.movedAside(name) {
			continue
		}
		inside, behind := strings.CutPrefix(d.Path, "/"+path.Base(*e.Target)+"/")
		switch {
		case d.Area == mergecorpus.InOutside:
			return behind && v.asPacked(name+"/"+inside) != nil
		case d.Area != mergecorpus.InRoot:
			return false
		case d.Path == name:
			return v.asPacked(name) != nil
		case d.Path == name+backupOf:
			return true
		case below(d.Path, name) && v.want.files[d.Path] == nil && v.asPacked(d.Path) != nil:
			return true
		}
	}
	return false
}

// backupOf is the first name that is tried.
const backupOf = ".backup.0000"

// movedAside: where the link was is a directory now, and the link is beside it.
func (v *view) movedAside(name string) bool {
	now := v.got.files[name]
	return now != nil && now.Type == "dir" && v.gotBefore.files[name+backupOf] == nil && sameContent(v.got.files[name+backupOf], v.gotBefore.files[name])
}

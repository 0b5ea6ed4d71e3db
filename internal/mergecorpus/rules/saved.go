package rules

import (
	"path"
	"strings"

	"github.com/portsolve/portsolve/internal/mergecorpus"
)

// savedCopy: below /var/lib/portsolve/saved/CPV there is exactly what was at the path before the
// step, no package listed it as it was, and the step has replaced or removed it. The directories
// on the way are excused with it.
func savedCopy(v *view, d *mergecorpus.Difference) bool {
	if d.Area != mergecorpus.InRoot || v.want.files[d.Path] != nil {
		return false
	}
	original := v.originalOf(d.Path)
	return original != "" && v.administrators(original) && sameContent(v.got.files[d.Path], v.gotBefore.files[original]) &&
		!sameContent(v.got.files[original], v.gotBefore.files[original])
}

// isSavedDir knows the directories of copies by name, mode and owner: what is in them may be secret.
func isSavedDir(e *mergecorpus.Entry) bool {
	mode := "0700"
	if e.Path == ownRoot {
		mode = "0755"
	} else if e.Path != savedRoot && !below(e.Path, savedRoot) {
		return false
	}
	return e.Mode == mode && e.UID == 0 && e.GID == 0
}

// originalOf is where a saved copy was; "" if it is none, or none of a package of this step.
func (v *view) originalOf(copied string) string {
	rest, ok := strings.CutPrefix(copied, savedRoot+"/")
	if !ok {
		return ""
	}
	parts := strings.SplitN(rest, "/", 3)
	if len(parts) < 3 {
		return ""
	}
	cpv := parts[0] + "/" + parts[1]
	for _, s := range []*side{v.got, v.gotBefore} {
		for _, have := range s.installed() {
			if number, ok := strings.CutPrefix(cpv, have); ok && (number == "" || isNumber(number)) {
				return path.Join("/", parts[2])
			}
		}
	}
	return ""
}

// isNumber is ".1" and so on: the second copy of the same path.
func isNumber(s string) bool {
	return len(s) > 1 && s[0] == '.' && strings.Trim(s[1:], "0123456789") == ""
}

// administrators reports that what was at a path before the step is not what a package put there.
func (v *view) administrators(name string) bool {
	e := v.gotBefore.files[name]
	return e != nil && (e.Type == "file" || e.Type == "sym") && v.gotBefore.asListed(name) == nil
}

// stillListed: Portage has removed what its own database still lists for another package. Ours has it,
// as it was before the step.
func stillListed(v *view, d *mergecorpus.Difference) bool {
	if d.Area != mergecorpus.InRoot || v.want.files[d.Path] != nil || !sameContent(v.got.files[d.Path], v.gotBefore.files[d.Path]) {
		return false
	}
	for _, l := range v.got.lines[d.Path] {
		if v.want.owns(l.cpv, d.Path) && v.gotBefore.owns(l.cpv, d.Path) {
			return true
		}
	}
	return false
}

package rules

import (
	"slices"

	"github.com/portsolve/portsolve/internal/mergecorpus"
)

// behindLinks: Portage has removed the directory that a link of the base system leads to, or a link of the
// administrator in place of a directory that a package lists, or files of nobody behind such a link. Ours has it as it was.
func behindLinks(v *view, d *mergecorpus.Difference) bool {
	if d.Area != mergecorpus.InRoot || v.want.files[d.Path] != nil || v.got.files[d.Path] == nil ||
		!same(v.got.files[d.Path], v.gotBefore.files[d.Path]) {
		return false
	}
	if v.got.files[d.Path].Type == "dir" && slices.ContainsFunc(baseLinks(), func(l string) bool { return v.got.follow(l) == d.Path }) {
		return true
	}
	if v.instead(d.Path) {
		return true
	}
	if len(v.gotBefore.lines[d.Path]) > 0 {
		return false
	}
	for link := range v.gotBefore.files {
		if to := v.gotBefore.follow(link); to != "" && v.instead(link) && (d.Path == to || below(d.Path, to)) {
			return true
		}
	}
	return false
}

// baseLinks are the names that a merged-usr system may have as links.
func baseLinks() []string {
	return []string{"/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/usr/bin", "/usr/sbin", "/usr/lib", "/usr/local/lib"}
}

// instead: a link that ours has kept, where every package that lists the path lists a directory.
func (v *view) instead(link string) bool {
	e, lines := v.gotBefore.files[link], v.gotBefore.lines[link]
	return e != nil && e.Type == "sym" && same(e, v.got.files[link]) && len(lines) > 0 &&
		!slices.ContainsFunc(lines, func(l line) bool { return l.Type != "dir" })
}

// hardLinks: a file of nobody shared its inode with a package's file, here or in what was recorded, and Portage has changed its mode
// or time, or still shares it. In ours it is as it was, and the package's file is what the package says.
func hardLinks(v *view, d *mergecorpus.Difference) bool {
	if d.Area != mergecorpus.InRoot || d.Field != "mode" && d.Field != "mtime" && d.Field != "links" {
		return false
	}
	before := v.gotBefore.files[d.Path]
	if before == nil {
		return false
	}
	for _, s := range []*side{v.gotBefore, v.wantBefore} {
		nobodys, owned := s.sharing(d.Path)
		switch {
		case len(nobodys) == 0 || len(owned) == 0:
		case slices.Contains(nobodys, d.Path):
			return len(v.gotBefore.lines[d.Path]) == 0 && sameContent(v.got.files[d.Path], before)
		case d.Field == "links":
			return v.got.asListed(d.Path) != nil && !slices.ContainsFunc(nobodys, func(n string) bool {
				return !sameContent(v.got.files[n], v.gotBefore.files[n])
			})
		}
	}
	return false
}

// sharing are the names of a file's inode: those that no package lists, and the others.
func (s *side) sharing(name string) (nobodys, owned []string) {
	e := s.files[name]
	if e == nil || e.Group == "" {
		return nil, nil
	}
	for other, o := range s.files {
		switch {
		case o.Group != e.Group || below(other, ownRoot):
		case len(s.lines[other]) > 0:
			owned = append(owned, other)
		default:
			nobodys = append(nobodys, other)
		}
	}
	return nobodys, owned
}

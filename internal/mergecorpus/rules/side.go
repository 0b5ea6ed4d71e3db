package rules

import (
	"maps"
	"path"
	"reflect"
	"slices"
	"strings"

	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/internal/mergecorpus"
)

// side is one state with its package database by path.
type side struct {
	files map[string]*mergecorpus.Entry
	vdb   map[string]*mergecorpus.VDBEntry
	lines map[string][]line // of installed packages, by the path that they lead to
}

// line is a line of the CONTENTS of an installed package.
type line struct {
	cpv string
	mergecorpus.ContentsLine
}

// merging marks an entry of the VDB that is no installed package.
const merging = "-MERGING-"

func newSide(st *mergecorpus.State) *side {
	s := &side{files: map[string]*mergecorpus.Entry{}, vdb: map[string]*mergecorpus.VDBEntry{}, lines: map[string][]line{}}
	if st == nil {
		return s
	}
	for i := range st.Root.Entries {
		s.files[st.Root.Entries[i].Path] = &st.Root.Entries[i]
	}
	s.vdb = st.VDB
	for _, cpv := range s.installed() {
		for _, l := range *st.VDB[cpv].Contents {
			at := s.resolve(l.Path)
			s.lines[at] = append(s.lines[at], line{cpv, l})
		}
	}
	return s
}

// installed are the names of complete entries, sorted.
func (s *side) installed() []string {
	var out []string
	for _, cpv := range slices.Sorted(maps.Keys(s.vdb)) {
		if e := s.vdb[cpv]; e != nil && e.Contents != nil && !strings.Contains(cpv, merging) {
			out = append(out, cpv)
		}
	}
	return out
}

// resolve follows the links on the way to a path, as a process in ROOT would. What leads
// out of ROOT, or around in a circle, stays as it is.
func (s *side) resolve(name string) string {
	at, rest := "/", strings.Split(strings.Trim(name, "/"), "/")
	for hops := 0; len(rest) > 1; {
		next := path.Join(at, rest[0])
		rest = rest[1:]
		e := s.files[next]
		if e == nil || e.Type != "sym" || e.Target == nil {
			at = next
			continue
		}
		if hops++; hops > 40 || strings.HasPrefix(*e.Target, "<") {
			return name
		}
		if strings.HasPrefix(*e.Target, "/") {
			at = "/"
		}
		rest = append(strings.Split(strings.Trim(*e.Target, "/"), "/"), rest...)
	}
	return path.Join(at, path.Join(rest...))
}

// follow is where a link leads; "" if it is none or leads out of ROOT.
func (s *side) follow(link string) string {
	e := s.files[link]
	if e == nil || e.Type != "sym" || e.Target == nil || strings.HasPrefix(*e.Target, "<") {
		return ""
	}
	to := *e.Target
	if !strings.HasPrefix(to, "/") {
		to = path.Join(path.Dir(link), to)
	}
	return s.resolve(to)
}

// owns reports that a package lists a path.
func (s *side) owns(cpv, name string) bool {
	return slices.ContainsFunc(s.lines[name], func(l line) bool { return l.cpv == cpv })
}

// asListed is a line that says of a file what it is; nil if none does.
func (s *side) asListed(name string) *line {
	for i := range s.lines[name] {
		if agrees(s.files[name], &s.lines[name][i].ContentsLine) {
			return &s.lines[name][i]
		}
	}
	return nil
}

// agrees compares a file with a line of CONTENTS: its type and what is in it.
func agrees(e *mergecorpus.Entry, l *mergecorpus.ContentsLine) bool {
	if e == nil || e.Type != kind(l) {
		return false
	}
	switch e.Type {
	case "file":
		return e.MD5 == l.MD5
	case "sym":
		return e.Target != nil && l.Target != nil && *e.Target == *l.Target
	}
	return true
}

// kind is the type of file that a line of CONTENTS says.
func kind(l *mergecorpus.ContentsLine) string {
	switch l.Type {
	case "obj":
		return "file"
	case "fif":
		return "fifo"
	}
	return l.Type
}

// below are the paths in a directory at any depth, sorted.
func (s *side) below(dir string) []string {
	var out []string
	for name := range s.files {
		if strings.HasPrefix(name, dir+"/") {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}

// same reports that two files are equal in everything, two that are not there too.
func same(a, b *mergecorpus.Entry) bool { return reflect.DeepEqual(a, b) }

// sameContent compares what a copy keeps: all but the names of further links.
func sameContent(a, b *mergecorpus.Entry) bool {
	if a == nil || b == nil {
		return a == b
	}
	x, y := *a, *b
	for _, e := range []*mergecorpus.Entry{&x, &y} {
		e.Path, e.Nlink, e.Group, e.Text = "", 0, "", nil
	}
	return reflect.DeepEqual(x, y)
}

// slotted is category/name:slot of an entry; "" if its name is broken.
func (s *side) slotted(cpv string) string {
	c, err := atom.ParseCPV(cpv)
	if err != nil {
		return ""
	}
	slot, _ := s.vdb[cpv].Files["SLOT"].(string)
	slot, _, _ = strings.Cut(strings.TrimSpace(slot), "/")
	return c.CP.String() + ":" + slot
}

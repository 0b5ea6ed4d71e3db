package mergecorpus

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Loose says what a comparison leaves out beside what the corpus always does.
type Loose struct {
	// Counters: COUNTER and the counter file, because a killed run has used some up.
	Counters bool
	// LinkTimes: a symbolic link whose time was recorded as that of the merge may have another: that of the
	// package, which Portage loses (docs/merge-deviations.md).
	LinkTimes bool
}

// Compare lists how got differs from want, sorted by path: nothing if they agree.
// Never compared are messages, directories of builds, the order of CONTENTS and of the
// config memory, and what volatile files hold.
func Compare(want, got *State, loose Loose) []Difference {
	c := &comparison{loose: loose}
	if want.Exit != nil && got.Exit != nil && (*want.Exit == 0) != (*got.Exit == 0) {
		c.add(Difference{Area: InExit}, "%d → %d", *want.Exit, *got.Exit)
	}
	c.tree(InRoot, &want.Root, &got.Root)
	c.vdb(want.VDB, got.VDB)
	if want.Outside != nil && got.Outside != nil {
		c.tree(InOutside, want.Outside, got.Outside)
	} else if (want.Outside == nil) != (got.Outside == nil) {
		c.add(Difference{Area: InOutside}, "recorded %t → %t", want.Outside != nil, got.Outside != nil)
	}
	return c.list
}

type comparison struct {
	loose Loose
	list  []Difference
}

func (c *comparison) add(d Difference, format string, args ...any) {
	d.Text = fmt.Sprintf(format, args...)
	c.list = append(c.list, d)
}

func (c *comparison) tree(area Area, want, got *Tree) {
	w, g := byPath(want), byPath(got)
	for _, path := range union(w, g) {
		a, b := w[path], g[path]
		d := Difference{Area: area, Path: path}
		switch {
		case b == nil:
			c.add(d, "%s → missing", a.Type)
		case a == nil:
			c.add(d, "missing → %s", b.what())
		default:
			c.entry(d, a, b)
		}
	}
}

// what says in short what a file is, for those that nobody expected.
func (e *Entry) what() string {
	switch {
	case e.Target != nil:
		return e.Type + " to " + *e.Target
	case e.Text != nil:
		return fmt.Sprintf("%s %q", e.Type, *e.Text)
	}
	return e.Type
}

func byPath(t *Tree) map[string]*Entry {
	m := make(map[string]*Entry, len(t.Entries))
	for i := range t.Entries {
		m[t.Entries[i].Path] = &t.Entries[i]
	}
	return m
}

func union[T any](a, b map[string]T) []string {
	all := maps.Clone(a)
	maps.Copy(all, b)
	return slices.Sorted(maps.Keys(all))
}

func (c *comparison) entry(d Difference, want, got *Entry) {
	if want.Type != got.Type {
		c.add(d, "%s → %s", want.Type, got.what())
		return
	}
	a, b := want.fields(c.loose), got.fields(c.loose)
	if c.loose.LinkTimes && want.Type == "sym" && a["mtime"] == now {
		delete(a, "mtime")
		delete(b, "mtime")
	}
	for _, name := range union(a, b) {
		if a[name] != b[name] {
			d.Field = name
			c.add(d, "%s %s → %s", name, orNone(a[name]), orNone(b[name]))
		}
	}
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}

// fields are the parts of an entry that are compared, as text.
func (e *Entry) fields(loose Loose) map[string]string {
	f := map[string]string{"mode": e.Mode, "owner": fmt.Sprintf("%d:%d", e.UID, e.GID)}
	if e.Type == "dir" {
		return f
	}
	f["mtime"] = stamp(e.MTime, e.MTimeNsec)
	switch {
	case e.Volatile:
		return f
	case e.Target != nil:
		f["target"] = *e.Target
		return f
	case e.Text != nil:
		f["text"] = fmt.Sprintf("%q", canonicalText(e.Path, *e.Text))
	case e.Type == "file":
		f["md5"] = e.MD5
	}
	if loose.Counters && e.Path == "/"+counterFile {
		delete(f, "text")
	}
	if e.Nlink > 0 {
		f["links"] = fmt.Sprintf("%d with %s", e.Nlink, e.Group)
	}
	for name, value := range e.Xattr {
		f["xattr "+name] = fmt.Sprintf("%q", value)
	}
	return f
}

func stamp(t any, nsec int) string {
	switch v := t.(type) {
	case string:
		return v
	case float64:
		if nsec != 0 {
			return fmt.Sprintf("%d.%09d", int64(v), nsec)
		}
		return fmt.Sprint(int64(v))
	}
	return "none"
}

// canonicalText takes out of files of Portage's own what means nothing: the
// order of lines of the config memory, and that of the paths in the registry of preserved libraries.
func canonicalText(path, text string) string {
	switch path {
	case "/var/lib/portage/config":
		lines := strings.SplitAfter(text, "\n")
		slices.Sort(lines)
		return strings.Join(lines, "")
	case "/var/lib/portage/preserved_libs_registry":
		return canonicalRegistry(text)
	}
	return text
}

func canonicalRegistry(text string) string {
	var registry map[string][]any
	if json.Unmarshal([]byte(text), &registry) != nil {
		return text
	}
	for _, value := range registry {
		if len(value) != 3 {
			return text
		}
		if paths, ok := value[2].([]any); ok {
			slices.SortFunc(paths, func(a, b any) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
		}
	}
	return string(marshal(registry))
}

func (c *comparison) vdb(want, got map[string]*VDBEntry) {
	for _, name := range union(want, got) {
		a, b := want[name], got[name]
		d := Difference{Area: InVDB, Path: name}
		switch {
		case b == nil:
			c.add(d, "recorded → missing")
		case a == nil:
			c.add(d, "missing → recorded")
		default:
			c.vdbEntry(d, a, b)
		}
	}
}

func (c *comparison) vdbEntry(d Difference, want, got *VDBEntry) {
	a, b := want.fields(c.loose), got.fields(c.loose)
	for _, name := range union(a, b) {
		if a[name] != b[name] && !(c.loose.LinkTimes && sameLink(a[name], b[name])) {
			d.Field = name
			c.add(d, "%s %s → %s", name, orNone(a[name]), orNone(b[name]))
		}
	}
}

// sameLink: two lines for the same symbolic link, of which the first has the time of the merge.
func sameLink(want, got string) bool {
	target, ok := strings.CutSuffix(want, " "+now)
	return ok && strings.HasPrefix(want, "sym ") && strings.HasPrefix(got, target+" ") && !strings.Contains(got[len(target)+1:], " ")
}

func (e *VDBEntry) fields(loose Loose) map[string]string {
	f := map[string]string{}
	if e.EmptyCategory {
		f["empty category"] = "true"
	}
	if e.PlainFile != nil {
		f["plain file"] = fmt.Sprint(*e.PlainFile)
	}
	if e.UID != nil {
		f["directory"] = fmt.Sprintf("%s %d:%d", e.Mode, *e.UID, *e.GID)
	}
	for name, value := range e.Files {
		f["file "+name] = string(marshal(value))
	}
	if e.Counter != nil && !loose.Counters {
		f["counter"] = *e.Counter
	}
	if e.Contents == nil {
		return f
	}
	delete(f, "file CONTENTS") // the lines say more
	f["contents"] = "there"
	for _, l := range *e.Contents {
		value := l.Type
		if l.MD5 != "" {
			value += " " + l.MD5
		}
		if l.Target != nil {
			value += " to " + *l.Target
		}
		if l.MTime != nil {
			value += " " + stamp(l.MTime, 0)
		}
		f["contents "+l.Path] = strings.TrimPrefix(f["contents "+l.Path]+" and "+value, " and ")
	}
	return f
}

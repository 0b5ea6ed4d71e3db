package cli

import (
	"crypto/md5"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// raceState is what a ROOT says of itself, read without the library that has written it.
type raceState struct {
	world     []string
	installed map[string]string // "a/thing-1" -> SLOT
	owners    map[string][]string
	files     map[string]fs.FileInfo // everything, by name
}

// state reads ROOT and reports what is not as it should be, whoever did what.
func (r *race) state() *raceState {
	s := &raceState{installed: map[string]string{}, owners: map[string][]string{}, files: map[string]fs.FileInfo{}}
	err := filepath.WalkDir(r.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if name, _ := filepath.Rel(r.dir, path); err == nil {
			s.files[name] = info
		}
		return err
	})
	if err != nil {
		r.violation("%v", err)
	}
	if text := r.text("var/lib/portage/world"); text != "" {
		s.world = strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	}
	r.readInstalled(s)
	return s
}

func (r *race) text(name string) string {
	text, _ := os.ReadFile(filepath.Join(r.dir, name))
	return string(text)
}

// readInstalled compares the package database with what is there (invariant 5).
func (r *race) readInstalled(s *raceState) {
	entries, _ := filepath.Glob(filepath.Join(r.dir, "var/db/pkg/*/*"))
	counters, slots := map[int]string{}, map[string]string{}
	highest := 0
	for _, entry := range entries {
		cpv, _ := filepath.Rel(filepath.Join(r.dir, "var/db/pkg"), entry)
		text := func(name string) string {
			text, err := os.ReadFile(filepath.Join(entry, name))
			if err != nil {
				r.violation("%v", err)
			}
			return strings.TrimSpace(string(text))
		}
		name, _, _ := strings.Cut(cpv, "-")
		slot := text("SLOT")
		s.installed[cpv] = slot
		if other := slots[name+":"+slot]; other != "" {
			r.violation("%s and %s are both in slot %s", cpv, other, slot)
		}
		slots[name+":"+slot] = cpv
		counter, err := strconv.Atoi(text("COUNTER"))
		if other := counters[counter]; err != nil || other != "" {
			r.violation("%s has COUNTER %d, as %s (%v)", cpv, counter, other, err)
		}
		counters[counter] = cpv
		highest = max(highest, counter)
		for line := range strings.SplitSeq(text("CONTENTS"), "\n") {
			r.content(s, cpv, line)
		}
	}
	if n, err := strconv.Atoi(r.text("var/cache/edb/counter")); err != nil || n < highest {
		r.violation("the file counter has %d (%v), though COUNTER %d is used", n, err, highest)
	}
}

var contentLine = regexp.MustCompile(`^(dir) /(.+)$|^(obj) /(.+) ([0-9a-f]{32}) ([0-9]+)$|^(sym) /(.+) -> (.+) ([0-9]+)$`)

// content compares a line of CONTENTS with what is there.
func (r *race) content(s *raceState, cpv, line string) {
	m := contentLine.FindStringSubmatch(line)
	if m == nil {
		r.violation("%s: CONTENTS has %q", cpv, line)
		return
	}
	name := m[2] + m[4] + m[8]
	s.owners[name] = append(s.owners[name], cpv)
	info := s.files[name]
	switch {
	case info == nil:
		r.violation("%s: /%s is not there", cpv, name)
	case m[1] == "dir" && !info.IsDir(), m[3] == "obj" && !info.Mode().IsRegular():
		r.violation("%s: /%s is %v", cpv, name, info.Mode())
	case m[3] == "obj" && strings.HasPrefix(name, "etc/") && !strings.HasPrefix(name, "etc/env.d/"):
		// a configuration file: what it contains is looked at elsewhere
	case m[3] == "obj" && fmt.Sprintf("%x", md5.Sum([]byte(r.text(name)))) != m[5]:
		if edited, _ := raceEdit(name); r.text(name) != edited {
			r.violation("%s: /%s has another content than CONTENTS says", cpv, name)
		}
	case m[7] == "sym":
		if to, err := os.Readlink(filepath.Join(r.dir, name)); to != m[9] {
			r.violation("%s: /%s leads to %q (%v), not %q", cpv, name, to, err, m[9])
		}
	}
}

func raceEdit(name string) (text string, ok bool) {
	for _, e := range raceEdits {
		if e.name == name {
			return e.text, true
		}
	}
	return "", false
}

// judge compares what is there now with what the commands have said.
func (r *race) judge(before *raceState) {
	now := r.state()
	r.judgeFiles(now)
	r.judgeEdits(now)
	r.judgeEnvironment(now)
	r.judgeCommands(before, now)
	if !slices.IsSorted(now.world) || len(slices.Compact(slices.Clone(now.world))) != len(now.world) {
		r.violation("world is not sorted: %q", now.world)
	}
}

// judgeFiles: what no package owns is what it may be (invariant 4: nothing is left behind).
func (r *race) judgeFiles(s *raceState) {
	for name, info := range s.files {
		base := filepath.Base(name)
		switch {
		case strings.Contains(base, "lockfile"), strings.Contains(base, "portsolve-new"), strings.HasPrefix(base, ".portsolve"), strings.HasPrefix(base, "-MERGING-"):
			r.violation("/%s was left behind", name)
		case strings.HasPrefix(name, "var/lib/portsolve/saved/"), name == "var/lib/portsolve/saved":
		case strings.HasPrefix(name, "var/lib/portsolve/"):
			r.violation("/%s was left behind", name)
		case name == "usr" || strings.HasPrefix(name, "usr/"):
			if n := len(s.owners[name]); n == 0 || n > 1 && !info.IsDir() {
				r.violation("/%s belongs to %q", name, s.owners[name])
			}
		case strings.HasPrefix(name, "etc/env.d/50") && len(s.owners[name]) != 1:
			r.violation("/%s belongs to %q", name, s.owners[name])
		}
	}
}

// judgeEdits: what the administrator has changed is there (invariant 2), and what is offered instead is what a package has.
func (r *race) judgeEdits(s *raceState) {
	for _, e := range raceEdits {
		kept := r.text(e.name) == e.text
		for name := range s.files {
			kept = kept || strings.HasPrefix(name, "var/lib/portsolve/saved/") && strings.HasSuffix(name, "/"+e.name) && r.text(name) == e.text
		}
		if !kept || e.name == "etc/tool.conf" && r.text(e.name) != e.text {
			r.violation("what was changed in /%s is lost; it has %q", e.name, r.text(e.name))
		}
	}
	offered := regexp.MustCompile(`^etc/(\._cfg\d{4}_)?(app|lib|thing-\d|tool)\.conf$`)
	for name := range s.files {
		if _, edited := raceEdit(name); edited || !offered.MatchString(name) {
			continue
		}
		if text := r.text(name); !regexp.MustCompile(`^version = [123]\n$`).MatchString(text) {
			r.violation("/%s has %q", name, text)
		}
	}
}

// judgeEnvironment: env-update has seen the last change of env.d.
func (r *race) judgeEnvironment(s *raceState) {
	profile := r.text("etc/profile.env")
	want := 0
	for name := range s.files {
		if !strings.HasPrefix(name, "etc/env.d/50") {
			continue
		}
		want++
		line := "export " + strings.ReplaceAll(strings.TrimSpace(r.text(name)), `"`, `'`)
		if !strings.Contains(profile, line+"\n") {
			r.violation("/etc/profile.env lacks %q", line)
		}
	}
	if n := strings.Count(profile, "RACE_"); n != want {
		r.violation("/etc/profile.env has %d variables of packages, but there are %d", n, want)
	}
}

// judgeCommands: what a command has said to be done is done, unless another command undoes it.
func (r *race) judgeCommands(before, now *raceState) {
	r.judgeExits()
	all := slices.Concat(r.results[0], r.results[1])
	mayAdd := func(atom string) bool {
		return slices.ContainsFunc(all, func(c raceResult) bool { return c.adds == atom || c.adds != "" && strings.HasPrefix(atom, c.adds+":") })
	}
	mayDrop := func(atom string) bool {
		return slices.ContainsFunc(all, func(c raceResult) bool { return slices.Contains(c.drops, atom) })
	}
	listed := func(atom string) bool {
		return slices.ContainsFunc(now.world, func(l string) bool { return l == atom || strings.HasPrefix(l, atom+":") })
	}
	for _, atom := range before.world {
		if !slices.Contains(now.world, atom) && !mayDrop(atom) {
			r.violation("world has lost %s", atom)
		}
	}
	for _, atom := range now.world {
		known := mayAdd(atom) || atom == "a/thing:1" && mayAdd("a/app")
		if !slices.Contains(before.world, atom) && !known {
			r.violation("world has got %s", atom)
		}
	}
	for _, c := range all {
		if !c.sure || c.code != ExitOK {
			continue
		}
		if c.adds != "" && !listed(c.adds) && !mayDrop(c.adds) {
			r.violation("%s is done, but world lacks %s", c.words, c.adds)
		}
		for _, atom := range c.drops {
			if listed(atom) && !mayAdd(atom) {
				r.violation("%s is done, but world has %s", c.words, atom)
			}
		}
		r.judgePackages(&c, all, now)
	}
	r.judgeResume(all)
}

func (r *race) judgePackages(c *raceResult, all []raceResult, now *raceState) {
	names := func(list []string, name string) bool {
		return slices.Contains(list, name) || slices.Contains(list, "*")
	}
	there := func(name string) bool {
		for cpv := range now.installed {
			if strings.HasPrefix(cpv, name+"-") {
				return true
			}
		}
		return false
	}
	for _, name := range c.puts {
		if !there(name) && !slices.ContainsFunc(all, func(o raceResult) bool { return names(o.takes, name) }) {
			r.violation("%s is done, but %s is not installed", c.words, name)
		}
	}
	for _, name := range c.takes {
		if there(name) && !slices.ContainsFunc(all, func(o raceResult) bool { return names(o.puts, name) }) {
			r.violation("%s is done, but %s is installed", c.words, name)
		}
	}
}

// judgeExits: a command fails for no other reason than that the other was faster.
func (r *race) judgeExits() {
	for p := range r.results {
		for _, c := range r.results[p] {
			known := slices.ContainsFunc(refusals[:], func(text string) bool { return strings.Contains(c.stderr, text) })
			if c.code > 0 && !known || strings.Contains(c.stderr+c.stdout, "goroutine ") {
				r.violation("%s: exit code %d", c.words, c.code)
			}
		}
	}
}

// judgeResume: if all ended well there is nothing to resume; the list can be read in any case.
func (r *race) judgeResume(all []raceResult) {
	var lists struct {
		Resume *struct{ MergeList [][]string } `json:"resume"`
		Backup *struct{ MergeList [][]string } `json:"resume_backup"`
	}
	if text := r.text("var/cache/edb/mtimedb"); text != "" {
		if err := json.Unmarshal([]byte(text), &lists); err != nil {
			r.violation("mtimedb: %v", err)
		}
	}
	if slices.ContainsFunc(all, func(c raceResult) bool { return c.code != ExitOK }) {
		return
	}
	if lists.Resume != nil || lists.Backup != nil {
		r.violation("all is done, but there is something to resume: %v %v", lists.Resume, lists.Backup)
	}
}

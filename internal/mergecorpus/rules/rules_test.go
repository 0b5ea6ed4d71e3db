package rules

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/portsolve/portsolve/internal/mergecorpus"
)

// parseState reads a state from lines:
//
//	exit N
//	dir PATH | file PATH MD5 [TIME [MODE [GROUP]]] | fifo PATH | sym PATH -> TARGET | text PATH TEXT
//	outside PATH MD5
//	pkg CPV [COUNTER], followed by lines of CONTENTS that begin with a dash
//	merging CPV | empty CATEGORY
func parseState(t *testing.T, text string) *mergecorpus.State {
	t.Helper()
	st := &mergecorpus.State{VDB: map[string]*mergecorpus.VDBEntry{}}
	var contents *[]mergecorpus.ContentsLine
	for l := range strings.Lines(text) {
		f := strings.Fields(l)
		if len(f) == 0 {
			continue
		}
		switch f[0] {
		case "exit":
			n, _ := strconv.Atoi(f[1])
			st.Exit = &n
		case "outside":
			if st.Outside == nil {
				st.Outside = &mergecorpus.Tree{}
			}
			st.Outside.Entries = append(st.Outside.Entries, mergecorpus.Entry{Path: f[1], Type: "file", MD5: f[2]})
		case "pkg":
			counter := at(f, 2, "1")
			contents = &[]mergecorpus.ContentsLine{}
			st.VDB[f[1]] = &mergecorpus.VDBEntry{Contents: contents, Counter: &counter, Files: map[string]any{"SLOT": "0\n"}}
		case "merging":
			st.VDB[f[1]] = &mergecorpus.VDBEntry{}
		case "empty":
			st.VDB[f[1]] = &mergecorpus.VDBEntry{EmptyCategory: true}
		case "-":
			*contents = append(*contents, parseContents(f[1:]))
		default:
			st.Root.Entries = append(st.Root.Entries, parseEntry(t, f))
		}
	}
	return st
}

func at(f []string, i int, standard string) string {
	if i < len(f) {
		return f[i]
	}
	return standard
}

func parseContents(f []string) mergecorpus.ContentsLine {
	l := mergecorpus.ContentsLine{Type: f[0], Path: f[1]}
	switch f[0] {
	case "obj":
		n, _ := strconv.Atoi(at(f, 3, "5"))
		l.MD5, l.MTime = f[2], float64(n)
	case "sym":
		l.Target, l.MTime = &f[3], float64(5)
	}
	return l
}

func parseEntry(t *testing.T, f []string) mergecorpus.Entry {
	t.Helper()
	e := mergecorpus.Entry{Path: f[1], Type: f[0], Mode: "0755"}
	switch f[0] {
	case "dir":
		e.Mode = at(f, 2, e.Mode)
		return e
	case "fifo":
	case "sym":
		e.Target = &f[3]
	case "text":
		text := strings.ReplaceAll(strings.Join(f[2:], " "), ";", "\n")
		e.Type, e.Text, e.MD5, e.Mode = "file", &text, fmt.Sprint(len(text), text), "0644"
	case "file":
		n, _ := strconv.Atoi(at(f, 3, "5"))
		e.MD5, e.Mode, e.Group = f[2], at(f, 4, "0644"), at(f, 5, "")
		if e.Group != "" {
			e.Nlink = 2
		}
		e.MTime = float64(n)
		return e
	default:
		t.Fatalf("bad line %q", f)
	}
	e.MTime = float64(5)
	return e
}

// example is a step. wantBefore is also gotBefore, if that is left out.
type example struct {
	name                                                string
	features                                            string
	wantBefore, gotBefore, want, got, beforeKill, image string
	expect                                              []string // "RULE place"
	not                                                 []change // each makes a difference that no rule excuses
}

// change replaces a part of one state.
type change struct{ which, old, new string }

// apply makes the changed example, and fails if there is nothing to change.
func (e example) apply(t *testing.T, c change) example {
	t.Helper()
	fields := map[string]*string{"features": &e.features, "wantBefore": &e.wantBefore, "gotBefore": &e.gotBefore, "want": &e.want,
		"got": &e.got, "beforeKill": &e.beforeKill, "image": &e.image}
	if e.gotBefore == "" && c.which != "before" {
		e.gotBefore = e.wantBefore
	}
	list := []*string{fields[c.which]}
	if c.which == "before" {
		list = []*string{&e.wantBefore}
	}
	if !strings.Contains(*list[0], c.old) {
		t.Fatalf("%q is not in %s", c.old, c.which)
	}
	*list[0] = strings.Replace(*list[0], c.old, c.new, 1)
	return e
}

func (e example) verdicts(t *testing.T) []Verdict {
	t.Helper()
	if e.gotBefore == "" {
		e.gotBefore = e.wantBefore
	}
	s := &Step{K: 1, Op: &mergecorpus.Op{}, Features: e.features, Want: parseState(t, e.want), WantBefore: parseState(t, e.wantBefore),
		Got: parseState(t, e.got), GotBefore: parseState(t, e.gotBefore)}
	s.WantLast = s.WantBefore
	if e.beforeKill != "" {
		s.BeforeKill = parseState(t, e.beforeKill)
	}
	if e.image != "" {
		s.Image = func(string) (out []ImageFile) {
			for _, l := range *parseState(t, "pkg x\n"+e.image).VDB["x"].Contents {
				mode := "0755"
				if l.Type == "obj" {
					mode = "0644"
				}
				out = append(out, ImageFile{l, mode})
			}
			return out
		}
	}
	s.Differences = mergecorpus.Compare(s.Want, s.Got, mergecorpus.Loose{LinkTimes: true, Counters: e.beforeKill != ""})
	return judge(s, nil)
}

// TestRules: each rule excuses what it is for, and nothing when a part of the proof is missing.
func TestRules(t *testing.T) {
	seen := map[int]bool{}
	for _, e := range slices.Concat(savedExamples(), refusedExamples(), linkExamples(), snapshotExamples(), killExamples(), forgottenExamples(),
		failureExamples(), otherExamples()) {
		t.Run(e.name, func(t *testing.T) {
			var got []string
			for _, v := range e.verdicts(t) {
				got = append(got, fmt.Sprintf("%d %s", v.Rule, v.Where()))
				seen[v.Rule] = true
			}
			if d := cmp.Diff(e.expect, got); d != "" {
				t.Errorf("rule and place (-want +got):\n%s", d)
			}
			if len(e.not) == 0 {
				t.Error("no case against it")
			}
			for _, c := range e.not {
				list := e.apply(t, c).verdicts(t)
				if !slices.ContainsFunc(list, func(v Verdict) bool { return v.Rule == 0 }) {
					t.Errorf("with %q for %q in %s all is excused: %v", c.new, c.old, c.which, list)
				}
			}
		})
	}
	for _, r := range All() {
		if !seen[r.Number] {
			t.Errorf("no example of rule %d, %s", r.Number, r.Name)
		}
	}
}

// TestEarlier: a difference of the step before is excused as long as neither side changes there, and a path
// whose type was excused goes with its package.
func TestEarlier(t *testing.T) {
	step := func(wantBefore, gotBefore, want, got string) *Step {
		s := &Step{K: 2, Op: &mergecorpus.Op{}, Want: parseState(t, want), Got: parseState(t, got), WantBefore: parseState(t, wantBefore), GotBefore: parseState(t, gotBefore)}
		s.WantLast = s.WantBefore
		s.Differences = mergecorpus.Compare(s.Want, s.Got, mergecorpus.Loose{})
		return s
	}
	const with, without = "file /var/lib/portsolve/saved/a/a-1/usr/x uu\n", "dir /usr\n"
	earlier := []Verdict{{mergecorpus.Difference{Area: mergecorpus.InRoot, Path: "/var/lib/portsolve/saved/a/a-1/usr/x", Text: "missing → file"}, 1}}
	if v := judge(step(without, without+with, without, without+with), earlier); len(v) != 1 || v[0].Rule != 1 {
		t.Errorf("an old copy: %v", v)
	}
	if v := judge(step(without, without+with, without, without+strings.Replace(with, "uu", "vv", 1)), earlier); len(v) != 1 || v[0].Rule != 0 {
		t.Errorf("an old copy that has changed: %v", v)
	}
	earlier = []Verdict{{mergecorpus.Difference{Area: mergecorpus.InRoot, Path: "/usr/b", Text: "dir → file"}, 10}}
	const listed = "file /usr/b bb\npkg a/a-1\n- obj /usr/b bb"
	if v := judge(step("dir /usr/b", listed, "exit 0\ndir /usr/b", "exit 0"), earlier); len(v) != 1 || v[0].Rule != 10 {
		t.Errorf("a path whose type was excused: %v", v)
	}
	if v := judge(step("dir /usr/b", strings.Replace(listed, "b bb", "b edited", 1), "exit 0\ndir /usr/b", "exit 0"), earlier); len(v) != 1 || v[0].Rule != 0 {
		t.Errorf("the same, after an edit: %v", v)
	}
	earlier = []Verdict{{mergecorpus.Difference{Area: mergecorpus.InVDB, Path: "b/b-1", Text: "recorded → missing"}, 3}}
	const a, b = "dir /usr\npkg a/a-1\n- dir /usr\n", "dir /usr\npkg b/b-1\n- sym /usr -> x\n"
	if v := judge(step(a+b, a, "exit 0\n"+b, "exit 0"), earlier); len(v) != 2 || v[0].Rule != 3 || v[1].Rule != 3 {
		t.Errorf("kept only for what was refused: %v", v)
	}
	if v := judge(step(a+b, a, "exit 0\n"+b+"pkg c/c-1\n- dir /usr", "exit 0\npkg c/c-1\n- dir /usr"), earlier); len(v) != 2 || v[0].Rule != 0 {
		t.Errorf("kept for another: %v", v)
	}
}

package mergecorpus_test

import (
	"bytes"
	"encoding/json"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/portsolve/portsolve/internal/mergecorpus"
	"github.com/portsolve/portsolve/internal/mergecorpus/corpustest"
)

func state(t *testing.T, text string) *mergecorpus.State {
	t.Helper()
	st := new(mergecorpus.State)
	if err := json.Unmarshal([]byte(text), st); err != nil {
		t.Fatal(err)
	}
	return st
}

// Every kind of difference is named, and what the corpus says to leave out is not.
func TestCompare(t *testing.T) {
	const base = `{"exit": 0, "messages": ["x"], "root": {"exists": true, "entries": [
 {"path": "/d", "mode": "0755", "uid": 0, "gid": 0, "type": "dir"},
 {"path": "/f", "mode": "0644", "uid": 0, "gid": 0, "type": "file", "mtime": 5, "size": 1, "md5": "aa"},
 {"path": "/l", "mode": "0777", "uid": 0, "gid": 0, "type": "sym", "mtime": "now", "target": "f"},
 {"path": "/var/lib/portage/config", "mode": "0660", "uid": 0, "gid": 250, "type": "file", "mtime": "now", "size": 8, "md5": "cc", "text": "/a 1\n/b 2\n"}]},
"vdb": {"c/p-1": {"mode": "0755", "uid": 0, "gid": 0, "counter": "101", "files": {"SLOT": "0\n"},
 "contents": [{"type": "obj", "path": "/f", "md5": "aa", "mtime": 5}]}}, "leftover_build_dirs": ["c/p-1"]}`
	tests := []struct {
		old, new string
		want     []string
	}{
		{`"messages": ["x"]`, `"messages": ["y"]`, nil},
		{`["c/p-1"]`, `[]`, nil},
		{`"/a 1\n/b 2\n"`, `"/b 2\n/a 1\n"`, nil},
		{`"exit": 0`, `"exit": 1`, []string{"exit: 0 → 1"}},
		{`"path": "/f", "mode": "0644"`, `"path": "/f", "mode": "0600"`, []string{"/f: mode 0644 → 0600"}},
		{`"mtime": 5, "size": 1, "md5": "aa"`, `"mtime": "now", "size": 1, "md5": "bb"`, []string{"/f: md5 aa → bb", "/f: mtime 5 → now"}},
		{`"path": "/d"`, `"path": "/e"`, []string{"/d: dir → missing", "/e: missing → dir"}},
		{`"target": "f"`, `"target": "g"`, []string{"/l: target f → g"}},
		{`"/a 1\n/b 2\n"`, `"/a 1\n"`, []string{`/var/lib/portage/config: text "/a 1\n/b 2\n" → "/a 1\n"`}},
		{`c/p-1": {`, `c/p-2": {`, []string{"vdb c/p-1: recorded → missing", "vdb c/p-2: missing → recorded"}},
		{`"101"`, `"102"`, []string{"vdb c/p-1: counter 101 → 102"}},
		{`"0\n"`, `"1\n"`, []string{`vdb c/p-1: file SLOT "0\n" → "1\n"`}},
		{`[{"type": "obj", "path": "/f", "md5": "aa", "mtime": 5}]`, `[]`, []string{"vdb c/p-1: contents /f obj aa 5 → none"}},
	}
	for _, tt := range tests {
		if !bytes.Contains([]byte(base), []byte(tt.old)) {
			t.Fatalf("%s is not in the state", tt.old)
		}
		other := string(bytes.Replace([]byte(base), []byte(tt.old), []byte(tt.new), 1))
		var got []string
		for _, d := range mergecorpus.Compare(state(t, base), state(t, other), mergecorpus.Loose{}) {
			got = append(got, d.String())
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s: %s", tt.new, cmp.Diff(tt.want, got))
		}
	}
}

// What is written can be read again and is the same.
func TestWrite(t *testing.T) {
	scenarios, _ := corpustest.Find(t)
	list, err := mergecorpus.Read(scenarios, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range list {
		want, err := s.Recorded(len(s.Ops))
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		if err := want.Write(&b); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, state(t, b.String()), cmp.AllowUnexported(), cmp.Transformer("json", func(m json.RawMessage) string { return string(m) })); d != "" {
			t.Errorf("%s: %s", s.ID(), d)
		}
	}
}

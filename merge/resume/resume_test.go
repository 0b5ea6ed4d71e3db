package resume_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/portsolve/portsolve/internal/rootfs"
	"github.com/portsolve/portsolve/merge/resume"
	"github.com/portsolve/portsolve/vdb"
)

func open(t *testing.T, text string) (vdb.State, string) {
	t.Helper()
	dir := t.TempDir()
	path := filepath.Join(dir, resume.File)
	if text != "" {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	fs, err := rootfs.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	return vdb.State{FS: fs}, path
}

func read(t *testing.T, s vdb.State) (*resume.Store, error) {
	t.Helper()
	store, problem, err := resume.Read(s.FS)
	if err != nil {
		t.Fatal(err)
	}
	return store, problem
}

func names(l *resume.List) string {
	if l == nil {
		return "none"
	}
	var out []string
	for _, i := range l.Items {
		out = append(out, i.CPV)
	}
	return strings.Join(out, " ")
}

func listOf(cpvs ...string) *resume.List {
	l := &resume.List{}
	for _, cpv := range cpvs {
		l.Items = append(l.Items, resume.Item{Kind: resume.Binary, Root: "/", CPV: cpv, Action: resume.Merge})
	}
	return l
}

// The lists of Portage are read, and everything else in the file is kept.
func TestOfPortage(t *testing.T) {
	s, path := open(t, `{"info": {"/usr/share/info": 5}, "resume": {"favorites": ["app-mc/b"],
"mergelist": [["ebuild", "/", "app-mc/a-1", "merge"], ["installed", "/", "app-mc/c-1", "uninstall"]], "myopts": {"--ask": true}},
"resume_backup": {"mergelist": [], "favorites": [], "myopts": {}}, "version": "3.0.82"}`)
	store, problem := read(t, s)
	if problem != nil {
		t.Error(problem)
	}
	want := &resume.List{Favorites: []string{"app-mc/b"}, Options: map[string]any{"--ask": true}, Items: []resume.Item{
		{Kind: "ebuild", Root: "/", CPV: "app-mc/a-1", Action: "merge"}, {Kind: "installed", Root: "/", CPV: "app-mc/c-1", Action: "uninstall"}}}
	if d := cmp.Diff(want, store.Current); d != "" {
		t.Error(d)
	}
	if store.Backup != nil {
		t.Errorf("an empty list is none, but there is %v", store.Backup)
	}
	store.Current = nil
	if err := store.Write(s); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if want := "{\n\t\"info\": {\n\t\t\"/usr/share/info\": 5\n\t},\n\t\"version\": \"3.0.82\"\n}"; string(text) != want {
		t.Errorf("%s, want %s", text, want)
	}
}

func start(t *testing.T, s vdb.State, l, old *resume.List) *resume.Run {
	t.Helper()
	r, problem, err := resume.Start(t.Context(), s, l, old)
	if err != nil || problem != nil {
		t.Fatal(err, problem)
	}
	return r
}

func itemOf(cpv string) resume.Item {
	return resume.Item{Kind: resume.Binary, Root: "/", CPV: cpv, Action: resume.Merge}
}

// kept is what the file has, the last run's list first.
func kept(t *testing.T, s vdb.State) string {
	t.Helper()
	store, _ := read(t, s)
	return names(store.Current) + ", " + names(store.Backup)
}

// Two lists are kept: a new run moves an old one of more than one package aside,
// and when that has been finished, the old one is next.
func TestTwoLists(t *testing.T) {
	s, _ := open(t, "")
	r := start(t, s, listOf("c/a-1", "c/b-1", "c/c-1"), nil)
	if err := r.Done(itemOf("c/a-1")); err != nil {
		t.Fatal(err)
	}
	start(t, s, listOf("c/x-1"), nil)
	if got := kept(t, s); got != "c/x-1, c/b-1 c/c-1" {
		t.Error(got)
	}
	r = start(t, s, listOf("c/y-1"), nil) // a list of one is not worth keeping
	if got := kept(t, s); got != "c/y-1, c/b-1 c/c-1" {
		t.Error(got)
	}
	if err := r.Finish(); err != nil {
		t.Fatal(err)
	}
	store, _ := read(t, s)
	old := store.Last()
	r = start(t, s, listOf("c/c-1"), old) // --skipfirst
	if got := kept(t, s); got != "c/c-1, none" {
		t.Error(got)
	}
	if err := r.Done(itemOf("c/c-1")); err != nil {
		t.Fatal(err)
	}
	if err := r.Finish(); err != nil {
		t.Fatal(err)
	}
	if got := kept(t, s); got != "none, none" {
		t.Errorf("nothing is left, but %s", got)
	}
}

// Two runs at the same time keep a list each, and whichever ends first takes away its own.
func TestTwoRuns(t *testing.T) {
	for _, order := range []string{"aabb", "bbaa", "abab", "abba"} {
		s, path := open(t, "")
		runs := map[rune]*resume.Run{'a': start(t, s, listOf("c/a-1", "c/b-1"), nil), 'b': start(t, s, listOf("c/x-1", "c/y-1"), nil)}
		first := map[rune]string{'a': "c/a-1", 'b': "c/x-1"}
		for _, who := range order {
			var err error
			if first[who] != "" {
				err = runs[who].Done(itemOf(first[who]))
				first[who] = ""
			} else {
				err = runs[who].Finish()
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		if got := kept(t, s); got != "none, none" {
			t.Errorf("%s: left is %s", order, got)
		}
		if list, _ := os.ReadDir(filepath.Dir(path)); len(list) != 1 {
			t.Errorf("there is more than the file: %v", list)
		}
	}
}

// A run whose list two later ones have displaced leaves theirs alone.
func TestDisplaced(t *testing.T) {
	s, _ := open(t, "")
	r := start(t, s, listOf("c/a-1", "c/b-1"), nil)
	start(t, s, listOf("c/m-1", "c/n-1"), nil)
	start(t, s, listOf("c/x-1", "c/y-1"), nil)
	if err := r.Done(itemOf("c/a-1")); err != nil {
		t.Fatal(err)
	}
	if err := r.Finish(); err != nil {
		t.Fatal(err)
	}
	if got := kept(t, s); got != "c/x-1 c/y-1, c/m-1 c/n-1" {
		t.Error(got)
	}
}

// Damage is told, and costs no more than the lists.
func TestDamaged(t *testing.T) {
	for text, want := range map[string]string{
		"{":                                     "is damaged",
		`[]`:                                    "is damaged",
		`{"resume": 5}`:                         "resume cannot be read",
		`{"resume": {"mergelist": [["x"]]}}`:    "an entry of 1 parts",
		`{"resume": {"mergelist": "app-mc/x"}}`: "resume cannot be read",
	} {
		s, _ := open(t, text)
		store, problem := read(t, s)
		if problem == nil || !strings.Contains(problem.Error(), want) || store.Last() != nil {
			t.Errorf("%s: %v, want %s", text, problem, want)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add(`{"resume": {"mergelist": [["ebuild", "/", "a/b-1", "merge"]], "favorites": ["a/b"], "myopts": {}}}`)
	f.Add(`{"resume": null}`)
	f.Fuzz(func(t *testing.T, text string) {
		s, _ := open(t, text)
		store, problem, err := resume.Read(s.FS)
		if err != nil {
			t.Skipf("what the file says cannot be read, which is no matter of its text: %v", err)
		}
		if problem == nil {
			before := names(store.Current)
			if err := store.Write(s); err != nil {
				t.Fatal(err)
			}
			if again, _ := read(t, s); names(again.Current) != before {
				t.Errorf("%s, then %s", before, names(again.Current))
			}
		}
	})
}

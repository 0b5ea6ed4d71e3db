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
	store.Finish()
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

// Two lists are kept: a new run moves an old one of more than one package aside,
// and when that has been finished, the old one is next.
func TestTwoLists(t *testing.T) {
	s, _ := open(t, "")
	store, _ := read(t, s)
	store.Begin(listOf("c/a-1", "c/b-1", "c/c-1"))
	store.Done(resume.Item{Kind: resume.Binary, Root: "/", CPV: "c/a-1", Action: resume.Merge})
	if err := store.Write(s); err != nil {
		t.Fatal(err)
	}
	store, _ = read(t, s)
	store.Begin(listOf("c/x-1"))
	if err := store.Write(s); err != nil {
		t.Fatal(err)
	}
	store, _ = read(t, s)
	if got := names(store.Current) + ", " + names(store.Backup); got != "c/x-1, c/b-1 c/c-1" {
		t.Error(got)
	}
	store.Begin(listOf("c/y-1")) // a list of one is not worth keeping
	if got := names(store.Current) + ", " + names(store.Backup); got != "c/y-1, c/b-1 c/c-1" {
		t.Error(got)
	}
	store.Finish()
	if got := names(store.Last()) + ", " + names(store.Backup); got != "c/b-1 c/c-1, none" {
		t.Error(got)
	}
	store.Finish()
	if l := store.Last(); l != nil {
		t.Errorf("nothing is left, but %v", l)
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
			t.Skip(err)
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

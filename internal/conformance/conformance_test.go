package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/portsolve/portsolve/internal/shareddata"
	"github.com/portsolve/portsolve/solver/answer"
)

// sharedScenarios is the corpus, or the test is skipped.
func sharedScenarios(t *testing.T) []*document {
	t.Helper()
	dir := shareddata.Path("portage-scenarios", "scenarios")
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("the shared scenarios are not at %s (set PORTSOLVE_SHARED)", dir)
	}
	docs, err := readDocuments(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	return docs
}

// The recorded answers of the other resolver, judged by our rules, must pass
// exactly where the corpus says that they do.
func TestJudgeAgreesWithTheCorpus(t *testing.T) {
	judged := 0
	for _, doc := range sharedScenarios(t) {
		for si := range doc.Scenarios {
			for ci := range doc.Scenarios[si].Cases {
				c := &doc.Scenarios[si].Cases[ci]
				if !c.counted() {
					continue
				}
				judged++
				passed := len(judge(c, c.Actual.Checks)) == 0
				for _, o := range c.Orders {
					passed = passed && len(judge(c, o.Actual.Checks)) == 0
				}
				if passed != *c.PassesThere {
					t.Errorf("%s %d %d: judged %v, recorded as %v", doc.Name, si, ci, passed, *c.PassesThere)
				}
			}
		}
	}
	if judged == 0 {
		t.Error("no case was judged")
	}
}

func TestClassesOfTheCorpus(t *testing.T) {
	var all, binary, changes, neither, plain int
	for _, doc := range sharedScenarios(t) {
		for si := range doc.Scenarios {
			if doc.Scenarios[si].SameAs != nil {
				continue
			}
			for ci := range doc.Scenarios[si].Cases {
				c := &doc.Scenarios[si].Cases[ci]
				if !c.counted() {
					continue
				}
				all++
				tr := traitsOf(c)
				if tr.Binary {
					binary++
				}
				if tr.Changes {
					changes++
				}
				if !tr.Binary && !tr.Changes {
					neither++
					if !tr.Special {
						plain++
					}
				}
			}
		}
	}
	got := [...]int{all, binary, changes, neither, plain}
	if want := [...]int{616, 178, 56, 385, 324}; got != want {
		t.Errorf("cases, binary, changes, neither, plain = %v, want %v", got, want)
	}
}

func TestJudgeMergelist(t *testing.T) {
	list := func(entries ...string) []any {
		out := []any{}
		for _, e := range entries {
			out = append(out, e)
		}
		return out
	}
	group := map[string]any{"any_order": list("a/b-1", "a/c-1")}
	tests := []struct {
		name   string
		flags  map[string]bool
		before [][2]string
		want   any
		got    any
		ok     bool
	}{
		{"equal", nil, nil, list("a/b-1", "a/c-1"), list("a/b-1", "a/c-1"), true},
		{"order counts", nil, nil, list("a/b-1", "a/c-1"), list("a/c-1", "a/b-1"), false},
		{"null is not empty", nil, nil, nil, list(), false},
		{"empty is not null", nil, nil, list(), nil, false},
		{"repository names dropped", nil, nil, list("a/b-1"), list("a/b-1::other"), true},
		{"repository names checked", map[string]bool{"check_repo_names": true}, nil, list("a/b-1"), list("a/b-1::other"), false},
		{"blockers keep their text", nil, nil, list("!a/b::x"), list("!a/b"), false},
		{"as sets", map[string]bool{"ignore_mergelist_order": true}, nil, list("a/b-1", "a/c-1"), list("a/c-1", "a/b-1"), true},
		{"group without the flag", nil, nil, []any{group}, list("a/b-1", "a/c-1"), false},
		{"group", map[string]bool{"ambiguous_merge_order": true}, nil, []any{group, "a/d-1"}, list("a/c-1", "a/b-1", "a/d-1"), true},
		{"left over", map[string]bool{"ambiguous_merge_order": true}, nil, []any{group}, list("a/c-1", "a/b-1", "a/d-1"), false},
		{"short", map[string]bool{"ambiguous_merge_order": true}, nil, []any{group, "a/d-1"}, list("a/c-1", "a/b-1"), false},
		{"assertion holds", map[string]bool{"ambiguous_merge_order": true}, [][2]string{{"a/c-1", "a/b-1"}}, []any{group}, list("a/c-1", "a/b-1"), true},
		{"assertion fails", map[string]bool{"ambiguous_merge_order": true}, [][2]string{{"a/c-1", "a/b-1"}}, []any{group}, list("a/b-1", "a/c-1"), false},
	}
	for _, tt := range tests {
		c := &testCase{Flags: tt.flags, Before: tt.before, Expected: map[string]any{"mergelist": tt.want}}
		if ok := len(judge(c, map[string]any{"mergelist": tt.got})) == 0; ok != tt.ok {
			t.Errorf("%s: %v, want %v", tt.name, ok, tt.ok)
		}
	}
}

func TestSourceEbuild(t *testing.T) {
	text := "EAPI=\"7\"\nDEPEND=\"a/b\n  c/d\"\nIUSE=\"+x\"\nSLOT='0/${PV}'\nKEYWORDS=\"x86\" # comment\n" +
		"inherit one\nRDEPEND=\"${DEPEND} \\\"q\\\"\"\n\nsrc_install() {\n\tIDEPEND=\"no\"\n}\npkg_setup() { :; }\n"
	eclasses := map[string]string{"one": "IUSE=\"y\"\nBDEPEND=\"e/f\"\ninherit two\nEXPORT_FUNCTIONS pkg_postinst\n", "two": "RDEPEND=\"g/h\"\n"}
	entry, err := cacheEntry(text, "p-1", eclasses)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"DEFINED_PHASES=install postinst setup\n", "DEPEND=a/b c/d\n", "IUSE=+x y\n", "SLOT=0/${PV}\n",
		"KEYWORDS=x86\n", "RDEPEND=a/b c/d \"q\" g/h\n", "BDEPEND= e/f\n", "INHERIT=one two\n",
	} {
		want = strings.Replace(want, "= ", "=", 1)
		if !strings.Contains(entry, want) {
			t.Errorf("no %q in\n%s", want, entry)
		}
	}
	if strings.Contains(entry, "IDEPEND") {
		t.Errorf("an assignment inside a function counted:\n%s", entry)
	}
}

func TestCacheEntryFollowsTheEAPI(t *testing.T) {
	entry := func(meta ordered) string {
		e, err := cacheEntry(ebuildText(meta), "p-1", nil)
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	if e := entry(ordered{{"DEPEND", "a/b"}}); !strings.Contains(e, "\nRDEPEND=a/b\n") {
		t.Errorf("EAPI 0: RDEPEND does not default to DEPEND:\n%s", e)
	}
	if e := entry(ordered{{"DEPEND", "a/b"}, {"RDEPEND", ""}}); strings.Contains(e, "RDEPEND=") {
		t.Errorf("EAPI 0: an empty RDEPEND was replaced:\n%s", e)
	}
	if e := entry(ordered{{"EAPI", "4"}, {"DEPEND", "a/b"}, {"BDEPEND", "c/d"}}); strings.Contains(e, "RDEPEND=") || strings.Contains(e, "BDEPEND=") {
		t.Errorf("EAPI 4: RDEPEND or BDEPEND appeared:\n%s", e)
	}
}

func TestEntryText(t *testing.T) {
	tests := map[string]answer.Entry{
		"a/b-1":                    {Action: answer.Merge, Type: "ebuild", CPV: "a/b-1", Repo: mainRepo, Root: "/"},
		"a/b-1::other{targetroot}": {Action: answer.Merge, Type: "ebuild", CPV: "a/b-1", Repo: "other", Root: "/target_root/"},
		"[binary]a/b-1-2":          {Action: answer.Merge, Type: "binary", CPV: "a/b-1", Repo: mainRepo, Root: "/", BuildID: 2},
		"[binary,remote]a/b-1":     {Action: answer.Merge, Type: "binary", CPV: "a/b-1", Repo: mainRepo, Root: "/", Remote: true},
		"[uninstall]a/b-1":         {Action: answer.Uninstall, Type: "installed", CPV: "a/b-1", Repo: mainRepo, Root: "/"},
		"!!<a/b-2":                 {Action: answer.BlockerEntry, Atom: "!!<a/b-2", CPV: "a/b-1", Repo: mainRepo, Root: "/"},
	}
	for want, e := range tests {
		if got := entryText(&e); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestOptionWords(t *testing.T) {
	for raw, want := range map[string][]string{
		`true`: {"true"}, `"y"`: {"y"}, `2`: {"2"}, `["a b", "c"]`: {"a b", "c"},
	} {
		got, err := optionWords([]byte(raw))
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %v, %v; want %v", raw, got, err, want)
		}
	}
	if _, err := optionWords([]byte(`{"a":1}`)); err == nil {
		t.Error("an object was accepted as an option's value")
	}
}

func TestPlayground(t *testing.T) {
	s := &scenario{Fixture: fixture{
		Ebuilds:   []fixturePackage{{CPV: "a/b-1"}, {CPV: "a/b-c-2-r1::other", Metadata: ordered{{"EAPI", "8"}}}},
		Installed: []fixturePackage{{CPV: "a/b-1", Metadata: ordered{{"SLOT", "1"}}}},
		World:     []string{"a/b"},
	}}
	dir := t.TempDir()
	p, err := layOut(dir, s)
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		"var/repositories/test_repo/a/b/b-1.ebuild":       "EAPI=\"0\"\nDEPEND=\"\"\nSLOT=\"0\"\nKEYWORDS=\"x86\"\nIUSE=\"\"\n\n",
		"var/repositories/other/a/b-c/b-c-2-r1.ebuild":    "EAPI=\"8\"\nDEPEND=\"\"\nSLOT=\"0\"\nKEYWORDS=\"x86\"\nIUSE=\"\"\n\n",
		"var/repositories/other/profiles/categories":      "a\n",
		"var/db/pkg/a/b-1/SLOT":                           "1\n",
		"var/db/pkg/a/b-1/KEYWORDS":                       "~x86\n",
		"var/lib/portage/world":                           "a/b\n",
		"etc/portage/make.profile/use.force":              "x86\n",
		"var/repositories/test_repo/metadata/layout.conf": "masters =\n",
	} {
		got, err := os.ReadFile(filepath.Join(dir, path))
		if err != nil || string(got) != want {
			t.Errorf("%s: %q, %v; want %q", path, got, err, want)
		}
	}
	if err := p.apply([]fileChange{{Path: "var/repositories/other/a/b-c", Change: "removed"}}); err != nil {
		t.Fatal(err)
	}
	if err := p.writeCaches(); err != nil {
		t.Fatal(err)
	}
	if exists, _ := filepath.Glob(filepath.Join(dir, "var/repositories/other/metadata/md5-cache/*/*")); len(exists) > 0 {
		t.Errorf("the cache of a removed ebuild is still there: %v", exists)
	}
}

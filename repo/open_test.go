package repo_test

import (
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/portsolve/portsolve/repo"
)

func TestOpenOrderAndMasters(t *testing.T) {
	d := newTree(t)
	d.repository("gentoo", "gentoo", "masters =\n")
	d.repository("zeta", "zeta", "masters = gentoo alpha\n")
	d.repository("alpha", "alpha", "")
	d.repository("high", "high", "masters =\naliases = upper top\n")
	d.write("repos.conf", strings.NewReplacer("@", d.root).Replace(`
# a comment
[DEFAULT]
main-repo = gentoo
[zeta]
location = @/zeta
[gentoo]
location: @/gentoo
auto-sync = no
[high]
location = @/%(where)s
where = high
priority = 10
aliases = -top peak
[alpha]
location = @/alpha
; another comment
sync-opts =
   --one
   --two
`))
	s := d.open(repo.Options{ReposConf: []string{d.path("repos.conf")}})
	var order []string
	for _, r := range s.Repos {
		order = append(order, r.Name)
	}
	if diff := cmp.Diff([]string{"gentoo", "alpha", "zeta", "high"}, order); diff != "" {
		t.Error(diff)
	}
	if s.Main != s.Repos[0] || s.Main.Priority != -1000 || s.ByName("high").Priority != 10 || s.ByName("zeta").Priority != 0 {
		t.Errorf("main = %v, priorities wrong", s.Main)
	}
	if m := s.ByName("zeta").Masters; len(m) != 2 || m[0].Name != "gentoo" || m[1].Name != "alpha" {
		t.Errorf("masters of zeta = %v", m)
	}
	if r := s.ByName("alpha"); len(r.Masters) != 1 || r.Masters[0] != s.Main || r.Layout.MastersGiven {
		t.Errorf("alpha, without masters line, has masters %v", r.Masters)
	}
	if r := s.ByName("high"); len(r.Masters) != 0 || !r.Layout.MastersGiven {
		t.Errorf("high, with an empty masters line, has masters %v", r.Masters)
	}
	if diff := cmp.Diff([]string{"upper", "peak"}, s.ByName("high").Aliases); diff != "" {
		t.Error(diff)
	}
	if s.ByName("peak") != s.ByName("high") || s.ByName("top") != nil {
		t.Error("aliases do not find the repository")
	}
	if v, ok := s.ByName("alpha").Setting("sync-opts"); v != "\n--one\n--two" || !ok {
		t.Errorf("sync-opts = %q, %v", v, ok)
	}
	if len(s.Warnings) > 0 {
		t.Errorf("warnings: %q", s.Warnings)
	}
}

func TestOpenLaterFilesOverride(t *testing.T) {
	d := newTree(t)
	d.repository("one", "gentoo", "masters =\n")
	d.repository("two", "gentoo", "masters =\n")
	d.repository("off", "off", "masters =\n")
	d.write("defaults", "[DEFAULT]\nmain-repo = gentoo\n[gentoo]\nlocation = "+d.path("one")+"\npriority = 3\n[off]\nlocation = "+d.path("off")+"\n")
	d.write("conf.d/20-later/b", "[gentoo]\nlocation = "+d.path("two")+"\n[off]\ndisabled = true\n")
	d.write("conf.d/10-early", "[gentoo]\nlocation = /nonexistent\n")
	d.write("conf.d/.hidden", "nonsense")
	d.write("conf.d/backup~", "nonsense")
	d.write("conf.d/.git/config", "nonsense")
	if err := os.Symlink("..", d.path("conf.d/20-later/up")); err != nil {
		t.Fatal(err)
	}
	s := d.open(repo.Options{ReposConf: []string{d.path("missing"), d.path("defaults"), d.path("conf.d")}})
	if len(s.Repos) != 1 || s.Main.Location != d.path("two") || s.Main.Priority != 3 {
		t.Errorf("repositories = %+v", s.Repos)
	}
}

func TestOpenSystemAndOverride(t *testing.T) {
	d := newTree(t)
	d.repository("sys/var/db/repos/gentoo", "gentoo", "masters =\n")
	d.repository("elsewhere", "gentoo", "masters =\n")
	d.repository("plain", "plain", "masters =\n")
	d.write("repos.conf", "[DEFAULT]\nmain-repo = gentoo\n[gentoo]\nlocation = /var/db/repos/gentoo\n[plain]\nlocation = "+d.path("plain")+"\n")
	conf := []string{d.path("repos.conf")}

	s := d.open(repo.Options{ReposConf: conf, System: d.path("sys")})
	if got := s.Main.Location; got != d.path("sys/var/db/repos/gentoo") {
		t.Errorf("location below --system = %q", got)
	}
	if got := s.ByName("plain").Location; got != d.path("plain") {
		t.Errorf("location that --system lacks = %q", got)
	}
	s = d.open(repo.Options{ReposConf: conf, System: d.path("sys"), Override: map[string]string{"gentoo": d.path("elsewhere"), "extra": d.path("plain")}})
	if s.Main.Location != d.path("elsewhere") || s.Main.Configured != "/var/db/repos/gentoo" {
		t.Errorf("overridden: location %q, configured %q", s.Main.Location, s.Main.Configured)
	}
	// The overriding name is an alias of the name that the repository gives itself;
	// as that is taken here, the second one is left out.
	if len(s.Repos) != 2 || len(s.Warnings) != 2 {
		t.Errorf("%d repositories, warnings %q", len(s.Repos), s.Warnings)
	}
}

func TestOpenNamesAndWarnings(t *testing.T) {
	d := newTree(t)
	d.repository("a", "real", "masters = nowhere real\nprofile-formats = portage-2 fancy\nnonsense\n")
	d.write("b/metadata/layout.conf", "masters =\n")
	s := d.open(repo.Options{Override: map[string]string{"called": d.path("a"), "unnamed": d.path("b"), "gone": d.path("c")}})
	if s.ByName("real") == nil || s.ByName("called") != s.ByName("real") || s.ByName("unnamed") == nil || s.ByName("gone") != nil {
		t.Errorf("repositories: %+v", s.Repos)
	}
	all := strings.Join(s.Warnings, "\n")
	wantContains(t, "warnings", all, `"nowhere" as master`, "names itself as master", `layout.conf:2: format "fancy"`,
		"layout.conf:3:", "repo_name is missing", `"gone" is left out`, "names no main repository")
	if s.Main != nil {
		t.Errorf("Main = %v", s.Main.Name)
	}
	if diff := cmp.Diff([]string{"portage-2"}, s.ByName("real").Layout.ProfileFormats); diff != "" {
		t.Error(diff)
	}
}

func TestOpenNothing(t *testing.T) {
	s, err := repo.Open(repo.Options{ReposConf: []string{"/nonexistent/repos.conf"}})
	if err != nil || len(s.Repos) != 0 || s.Main != nil {
		t.Errorf("Open = %+v, %v", s, err)
	}
}

func TestOpenErrors(t *testing.T) {
	for _, tc := range []struct {
		name, conf, want string
		line             int
	}{
		{"no section", "location = /x\n", "before the first [section]", 1},
		{"no equals sign", "[a]\nlocation\n", "key = value", 2},
		{"bad header", "[a]\n\n[b\n", "section header", 3},
		{"main is gone", "[DEFAULT]\nmain-repo = a\n[a]\n\nlocation = /nonexistent/a\n", "does not exist; give --repo a=DIR", 5},
		{"main without section", "[DEFAULT]\n\nmain-repo = a\n", "add a section [a]", 3},
		{"main without location", "[DEFAULT]\nmain-repo = a\n[a]\npriority = 1\n", "has no location", 3},
		{"main relative", "[DEFAULT]\nmain-repo = a\n[a]\nlocation = b\n", "absolute", 4},
		{"bad priority", "[DEFAULT]\nmain-repo = a\n[a]\nlocation = /\npriority = high\n", "whole number", 5},
		{"bad name", "[DEFAULT]\nmain-repo = a-1\n[a-1]\nlocation = /\n", "PMS 3.1.5", 3},
		{"self reference", "[a]\nx = %(y)s\ny = %(x)s\n", "refers to itself", 2},
		{"unknown reference", "[a]\n\nlocation = %(NOPE)s\n", `has "NOPE"`, 3},
		{"open reference", "[a]\nlocation = %(NOPE\n", "without a closing", 2},
		{"NUL byte", "[a]\nlocation = \x00\n", "NUL", 2},
	} {
		t.Run(tc.name, func(t *testing.T) {
			d := newTree(t)
			d.write("repos.conf", tc.conf)
			_, err := repo.Open(repo.Options{ReposConf: []string{d.path("repos.conf")}})
			var fe *repo.FileError
			if !errors.As(err, &fe) {
				t.Fatalf("error = %v, want a *FileError", err)
			}
			if fe.File != d.path("repos.conf") || fe.Line != tc.line {
				t.Errorf("place = %s:%d, want line %d", fe.File, fe.Line, tc.line)
			}
			wantContains(t, "error", err.Error(), tc.want)
		})
	}
}

func TestOpenEnvironment(t *testing.T) {
	d := newTree(t)
	d.repository("tree", "env", "masters =\n")
	d.write("repos.conf", "[ignored]\nlocation = /nonexistent\n")
	s := d.open(repo.Options{
		ReposConf: []string{d.path("repos.conf")},
		Env:       map[string]string{"PORTAGE_REPOSITORIES": "[env]\nlocation = %(TOP)s/tree\nsync-uri = 100%%\n", "TOP": d.root},
	})
	if len(s.Repos) != 1 || s.Main == nil || s.Main.Location != d.path("tree") {
		t.Fatalf("repositories: %+v", s.Repos)
	}
	if v, _ := s.Main.Setting("sync-uri"); v != "100%" {
		t.Errorf("sync-uri = %q", v)
	}
}

func TestLayout(t *testing.T) {
	d := newTree(t)
	d.repository("old", "old", "eapis-banned = 0 1\neapis-deprecated = 5\nprofile_eapi_when_unspecified = 7\n")
	d.repository("new", "new", "profile-formats = portage-2 profile-default-eapi\nprofile_eapi_when_unspecified = 7\n")
	d.repository("dirs", "dirs", "# nothing\n")
	d.write("dirs/profiles/eapi", "8\n")
	s := d.open(repo.Options{Override: map[string]string{"old": d.path("old"), "new": d.path("new"), "dirs": d.path("dirs")}})

	r := s.ByName("old")
	want := repo.Layout{ProfileFormats: []string{"portage-1-compat"}, EAPIsBanned: []string{"0", "1"}, EAPIsDeprecated: []string{"5"}}
	if diff := cmp.Diff(want, r.Layout); diff != "" || r.ProfilesEAPI != "0" {
		t.Errorf("old: EAPI %s, %s", r.ProfilesEAPI, diff)
	}
	if r = s.ByName("new"); r.ProfilesEAPI != "7" || r.Layout.ProfileEAPIWhenUnspecified != "7" {
		t.Errorf("new: EAPI %s, %+v", r.ProfilesEAPI, r.Layout)
	}
	if r = s.ByName("dirs"); r.ProfilesEAPI != "8" || !slices.Equal(r.Layout.ProfileFormats, []string{"portage-1"}) {
		t.Errorf("dirs: EAPI %s, %+v", r.ProfilesEAPI, r.Layout)
	}
}

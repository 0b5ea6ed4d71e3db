package sets

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/portsolve/portsolve/repo"
	"github.com/portsolve/portsolve/repo/config"
	"github.com/portsolve/portsolve/vdb"
)

// fixture is a small system below a temporary directory.
type fixture struct {
	t   *testing.T
	dir string
}

// newFixture has a profile for ARCH x86, an empty /etc/portage and the metadata
// repository "main" in var/repo.
func newFixture(t *testing.T) *fixture {
	f := &fixture{t, t.TempDir()}
	f.write("etc/portage/repos.conf", "[DEFAULT]\nmain-repo = main\n[main]\nlocation = "+f.path("var/repo")+"\n")
	f.write("etc/portage/make.conf", "ACCEPT_KEYWORDS=\"x86\"\n")
	f.write("var/repo/profiles/repo_name", "main\n")
	f.write("var/repo/profiles/categories", "a\ndev-lang\nsys\n")
	f.write("var/repo/profiles/arch.list", "x86\n")
	f.write("var/repo/profiles/base/make.defaults", "ARCH=\"x86\"\n")
	f.write("var/repo/profiles/base/packages", "*sys/base\n")
	f.write("var/repo/metadata/layout.conf", "masters =\ncache-formats = md5-dict\n")
	if err := os.Symlink(f.path("var/repo/profiles/base"), f.path("etc/portage/make.profile")); err != nil {
		t.Fatal(err)
	}
	return f
}

func (f *fixture) path(p string) string { return filepath.Join(f.dir, p) }

func (f *fixture) write(path, text string) {
	f.t.Helper()
	full := f.path(path)
	if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
		f.t.Fatal(err)
	}
	if err := os.WriteFile(full, []byte(text), 0o644); err != nil {
		f.t.Fatal(err)
	}
}

// ebuild adds a cache entry; vars are "NAME=value".
func (f *fixture) ebuild(cpv string, vars ...string) {
	text := "EAPI=8\nSLOT=0\nKEYWORDS=x86\nDEFINED_PHASES=-\n"
	for _, v := range vars {
		name, _, _ := strings.Cut(v, "=")
		var kept []string
		for line := range strings.Lines(text) {
			if !strings.HasPrefix(line, name+"=") {
				kept = append(kept, line)
			}
		}
		text = strings.Join(kept, "") + v + "\n"
	}
	f.write("var/repo/metadata/md5-cache/"+cpv, text+"_md5_=00000000000000000000000000000000\n")
}

// install adds a VDB entry; vars are "NAME=value".
func (f *fixture) install(cpv string, vars ...string) {
	dir := "var/db/pkg/" + cpv + "/"
	f.write(dir+"SLOT", "0")
	f.write(dir+"EAPI", "8")
	f.write(dir+"repository", "main")
	for _, v := range vars {
		name, value, _ := strings.Cut(v, "=")
		f.write(dir+name, value)
	}
}

// open reads the fixture with the real readers.
func (f *fixture) open() *Context {
	f.t.Helper()
	must := func(err error) {
		f.t.Helper()
		if err != nil {
			f.t.Fatal(err)
		}
	}
	repos, err := repo.Open(repo.Options{ReposConf: []string{f.path("etc/portage/repos.conf")}})
	must(err)
	settings, err := config.Load(config.Options{ConfigRoot: f.dir, Root: f.dir, Repos: repos, Env: map[string]string{}})
	must(err)
	db, err := vdb.Open(context.Background(), vdb.Options{Root: f.dir})
	must(err)
	world, err := vdb.ReadWorld(f.dir)
	must(err)
	return &Context{Settings: settings, Repos: repos, Installed: db, World: world}
}

// atoms are the texts of a set's members.
func atoms(s *Set) []string {
	out := []string{}
	for _, m := range s.Atoms {
		out = append(out, m.Atom.String())
	}
	return out
}

// resolve fails the test on an error.
func resolve(t *testing.T, c *Context, name string) *Set {
	t.Helper()
	s, err := Resolve(c, name)
	if err != nil {
		t.Fatalf("@%s: %v", name, err)
	}
	return s
}

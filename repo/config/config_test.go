package config

import (
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/atom/metadata"
	"github.com/portsolve/portsolve/repo"
)

const (
	reposGentoo = "[DEFAULT]\nmain-repo = gentoo\n[gentoo]\nlocation = /repo/gentoo\n"
	leaf        = "repo/gentoo/profiles/leaf/"
	base        = "repo/gentoo/profiles/base/"
	etc         = "etc/portage/"
)

// machine is a system below a temporary directory: files by path, and links
// ("-> target"). Without other words it has one repository, gentoo, and the
// profile leaf, which inherits from base, for ARCH amd64.
func machine(t *testing.T, files map[string]string) string {
	t.Helper()
	all := map[string]string{
		etc + "repos.conf":                    reposGentoo,
		etc + "make.profile":                  "-> ../../" + leaf,
		"repo/gentoo/metadata/layout.conf":    "masters =\n",
		"repo/gentoo/profiles/repo_name":      "gentoo\n",
		"repo/gentoo/profiles/arch.list":      "amd64\nx86\n",
		base + "eapi":                         "5\n",
		base + "make.defaults":                "ARCH=amd64\nACCEPT_KEYWORDS=\"${ARCH}\"\n",
		leaf + "eapi":                         "5\n",
		leaf + "parent":                       "../base\n",
		"repo/gentoo/profiles/license_groups": "FREE GPL @MIT-LIKE\nMIT-LIKE MIT\nEULA evil\n",
	}
	maps.Copy(all, files)
	if _, ok := files[etc+"make.profile/parent"]; ok {
		delete(all, etc+"make.profile")
	}
	dir := t.TempDir()
	for name, content := range all {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		var err error
		if target, ok := strings.CutPrefix(content, "-> "); ok {
			err = os.Symlink(target, path)
		} else {
			err = os.WriteFile(path, []byte(content), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func tryLoad(t *testing.T, dir string, o Options) (*Settings, error) {
	t.Helper()
	o.System = dir
	if o.Repos == nil {
		set, err := repo.Open(repo.Options{ReposConf: []string{filepath.Join(dir, etc, "repos.conf")}, System: dir})
		if err != nil {
			t.Fatal(err)
		}
		o.Repos = set
	}
	return Load(o)
}

func load(t *testing.T, files map[string]string, env map[string]string) *Settings {
	t.Helper()
	s, err := tryLoad(t, machine(t, files), Options{Env: env})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// pkg makes an ebuild of EAPI 7 with keyword amd64; vars are "NAME=value".
func pkg(t *testing.T, cpv string, vars ...string) *metadata.Package {
	t.Helper()
	name, repoName, found := strings.Cut(cpv, "::")
	if !found {
		repoName = "gentoo"
	}
	c, err := atom.ParseCPV(name)
	if err != nil {
		t.Fatal(err)
	}
	m := map[string]string{"EAPI": "7", "SLOT": "0", "KEYWORDS": "amd64"}
	for _, v := range vars {
		key, value, _ := strings.Cut(v, "=")
		m[key] = value
	}
	p := metadata.FromVars(c, metadata.Ebuild, m)
	p.Repo = repoName
	if p.Invalid != nil {
		t.Fatal(p.Invalid)
	}
	return p
}

func kinds(s *Settings, p *metadata.Package) string {
	var out []string
	for _, e := range s.Exclusions(p) {
		out = append(out, string(e.Kind)+"("+strings.Join(e.Tokens, " ")+")")
	}
	return strings.Join(out, " ")
}

func use(s *Settings, p *metadata.Package) string { return strings.Join(s.Use(p), " ") }

// TestWrongLines: what is wrong with single lines of /etc/portage/package.* is a warning
// that names them; the others count.
func TestWrongLines(t *testing.T) {
	for name, c := range map[string]struct {
		files map[string]string
		want  string
	}{
		"use":       {map[string]string{etc + "package.use": "=a/b flag\na/b on\n"}, "package.use:1: "},
		"directory": {map[string]string{etc + "package.mask/x": "\n\n>=a b\n"}, "package.mask/x:3: "},
		"keywords":  {map[string]string{etc + "package.accept_keywords": "not an atom\n"}, "package.accept_keywords:1: "},
		"unmask":    {map[string]string{etc + "package.unmask": "a/\n"}, "package.unmask:1: "},
		"license":   {map[string]string{etc + "package.license": "=a/b MIT\n"}, "package.license:1: "},
		"env":       {map[string]string{etc + "package.env": "a/b nosuch\n"}, "package.env:1: there is no "},
		"env atom":  {map[string]string{etc + "package.env": "a/b/c x\n"}, "package.env:1: "},
	} {
		t.Run(name, func(t *testing.T) {
			c.files[etc+"package.use/z"] = "a/b other\n"
			if c.files[etc+"package.use"] != "" {
				delete(c.files, etc+"package.use/z")
			}
			s, err := tryLoad(t, machine(t, c.files), Options{})
			if err != nil {
				t.Fatal(err)
			}
			if w := s.Warnings(); len(w) != 1 || !strings.Contains(w[0], c.want) || !strings.HasSuffix(w[0], "ignored") {
				t.Errorf("%q, want one with %q", w, c.want)
			}
		})
	}
}

func TestLoadErrors(t *testing.T) {
	for name, c := range map[string]struct {
		files map[string]string
		want  string
	}{
		"no profile":          {map[string]string{etc + "make.profile": "-> ../nosuch"}, "make.profile: points to "},
		"profile is a file":   {map[string]string{etc + "make.profile": "text\n"}, "is not a directory"},
		"profile loop":        {map[string]string{etc + "make.profile": "-> make.profile"}, "loop of symbolic links"},
		"make.conf":           {map[string]string{etc + "make.conf": "A=1\nUSE=\"x\n"}, "make.conf:2: "},
		"bad env file":        {map[string]string{etc + "package.env": "a/b f\n", etc + "env/f": "\n\nrun me\n"}, "env/f:3: "},
		"bad user profile":    {map[string]string{etc + "profile/package.use.mask": "a/b x\nb x\n"}, "package.use.mask:2: "},
		"NUL":                 {map[string]string{etc + "package.use": "a/b x\n\x00"}, "package.use:2: "},
		"ACCEPT_CHOSTS":       {map[string]string{etc + "make.conf": "ACCEPT_CHOSTS=\"a(\"\n"}, "make.conf:1: "},
		"parent in no repo":   {map[string]string{etc + "make.profile/parent": "nosuch:x\n"}, "parent:1: "},
		"source without file": {map[string]string{etc + "make.conf": "\nsource /nosuch\n"}, "make.conf:2: "},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := tryLoad(t, machine(t, c.files), Options{})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %q in it", err, c.want)
			}
		})
	}
}

func TestMakeProfile(t *testing.T) {
	for name, files := range map[string]map[string]string{
		"relative link":   nil,
		"absolute link":   {etc + "make.profile": "-> /repo/gentoo/profiles/leaf"},
		"link to a link":  {etc + "make.profile": "-> other", etc + "other": "-> /repo/gentoo/profiles/leaf"},
		"directory":       {etc + "make.profile/parent": "gentoo:leaf\n"},
		"relative parent": {etc + "make.profile/parent": "../../../repo/gentoo/profiles/leaf\n"},
		"absolute parent": {etc + "make.profile/parent": "/repo/gentoo/profiles/leaf\n"},
	} {
		t.Run(name, func(t *testing.T) {
			s := load(t, files, nil)
			if got := len(s.Profiles()); got < 2 || got > 3 {
				t.Fatalf("profiles %v", s.Profiles())
			}
			if v, src := s.Var("ARCH"); v != "amd64" || !strings.HasSuffix(src.String(), base+"make.defaults:1") {
				t.Errorf("ARCH %q from %s", v, src)
			}
		})
	}
}

// A link that dangles here, because the tree lies elsewhere, is found in the place that --repo gives.
func TestMakeProfileInOverriddenRepository(t *testing.T) {
	tree := machine(t, nil)
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, etc), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, etc, "repos.conf"), []byte(reposGentoo), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, link := range []string{"../../repo/gentoo/profiles/leaf", "/repo/gentoo/profiles/leaf"} {
		path := filepath.Join(dir, etc, "make.profile")
		os.Remove(path)
		if err := os.Symlink(link, path); err != nil {
			t.Fatal(err)
		}
		set, err := repo.Open(repo.Options{
			ReposConf: []string{filepath.Join(dir, etc, "repos.conf")}, System: dir,
			Override: map[string]string{"gentoo": filepath.Join(tree, "repo/gentoo")},
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range []Options{{System: dir, Repos: set}, {ConfigRoot: dir, Repos: set}} {
			s, err := Load(o)
			if err != nil {
				t.Errorf("link %s: %v", link, err)
			} else if v, _ := s.Var("ARCH"); v != "amd64" {
				t.Errorf("link %s: ARCH %q", link, v)
			}
		}
	}
}

func TestNamedProfile(t *testing.T) {
	dir := machine(t, map[string]string{etc + "make.profile": "-> nowhere"})
	for _, name := range []string{"leaf", "gentoo:leaf", filepath.Join(dir, leaf)} {
		s, err := tryLoad(t, dir, Options{Profile: name})
		if err != nil || len(s.Profiles()) != 2 {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := tryLoad(t, dir, Options{Profile: "nosuch"}); err == nil {
		t.Error("no error for a profile that does not exist")
	}
}

func TestRoots(t *testing.T) {
	dir := machine(t, map[string]string{etc + "make.conf": "ROOT=/conf/\nSYSROOT=/sys\n"})
	for _, c := range []struct {
		o    Options
		want string
	}{
		{Options{}, "/conf/"},
		{Options{Env: map[string]string{"ROOT": "/env"}}, "/env/"},
		{Options{Root: "/opt", Env: map[string]string{"ROOT": "/env"}}, "/opt/"},
	} {
		s, err := tryLoad(t, dir, c.o)
		if err != nil {
			t.Fatal(err)
		}
		if s.Root() != dir+c.want || s.SysRoot() != dir+"/sys/" {
			t.Errorf("ROOT %s, want %s; SYSROOT %s", s.Root(), c.want, s.SysRoot())
		}
		if s.ConfigDir() != filepath.Join(dir, "etc/portage") {
			t.Errorf("configuration in %s", s.ConfigDir())
		}
	}
}

func TestVars(t *testing.T) {
	s := load(t, map[string]string{
		base + "make.defaults": "ARCH=amd64\nACCEPT_KEYWORDS=amd64\nCFLAGS=-O1\nFEATURES=\"nodoc -sandbox\"\nUSE=\"a b\"\nACCEPT_LICENSE=\"-* @FREE\"\n",
		leaf + "make.defaults": "USE=\"-a ${USE} c\"\n",
		"etc/make.conf":        "CFLAGS=-O2\nCOMMON=-pipe\n",
		etc + "make.conf/10-a": "CFLAGS=\"${CFLAGS} ${COMMON}\"\nUSE=\"d -b\"\n",
		etc + "make.conf/20-b": "FEATURES=\"-nodoc test\"\nACCEPT_LICENSE=evil\nARCH=hppa\nCHOST=x\nUSE=\"$USE e\"\n",
		etc + "make.conf/.swp": "CFLAGS=bad\n",
		leaf + "use.force":     "forced\n",
		leaf + "use.mask":      "d\n",
	}, map[string]string{"CHOST": "y", "ARCH": "sparc", "USE": "-e f", "FEATURES": "-news"})
	for name, want := range map[string]string{
		"CFLAGS": "-O2 -pipe", "CHOST": "y", "ARCH": "amd64", "ACCEPT_LICENSE": "-* @FREE evil",
		"USE": "amd64 c f forced test", "NOSUCH": "", "ACCEPT_PROPERTIES": "*",
	} {
		if got, _ := s.Var(name); got != want {
			t.Errorf("%s=%q, want %q", name, got, want)
		}
	}
	features, _ := s.Var("FEATURES")
	words := " " + features + " "
	for w, want := range map[string]bool{"test": true, "nodoc": false, "sandbox": false, "news": false, "strict": true} {
		if strings.Contains(words, " "+w+" ") != want {
			t.Errorf("FEATURES has %s: %v", w, !want)
		}
	}
	if _, src := s.Var("CFLAGS"); !strings.HasSuffix(src.String(), "make.conf/10-a:1") {
		t.Errorf("CFLAGS from %s", src)
	}
}

func TestPackageSets(t *testing.T) {
	s := load(t, map[string]string{
		"repo/gentoo/metadata/layout.conf": "masters =\nprofile-formats = portage-2 profile-set\n",
		base + "packages":                  "*sys/a\n*sys/b\nother/a\nother/b\n*bad\n",
		leaf + "packages":                  "-*sys/b\n-other/a\n",
		base + "package.provided":          "a/p-1\na/q-2\nbad\n",
		leaf + "package.provided":          "-a/p-1\n",
		etc + "profile/package.provided":   "a/r-3\n",
	}, nil)
	text := func(list []*atom.Atom) string {
		var out []string
		for _, a := range list {
			out = append(out, a.String())
		}
		return strings.Join(out, " ")
	}
	if got := text(s.SystemSet()); got != "sys/a" {
		t.Errorf("system set %q", got)
	}
	if got := text(s.ProfileSet()); got != "other/b" {
		t.Errorf("profile set %q", got)
	}
	var provided []string
	for _, c := range s.Provided() {
		provided = append(provided, c.String())
	}
	if got := strings.Join(provided, " "); got != "a/q-2 a/r-3" {
		t.Errorf("provided %q", got)
	}
	if w := strings.Join(s.Warnings(), "\n"); !strings.Contains(w, "packages:5: ") || !strings.Contains(w, "package.provided:3: ") {
		t.Errorf("warnings %q", w)
	}
}

func TestPackageSetWithoutFormat(t *testing.T) {
	s := load(t, map[string]string{base + "packages": "*sys/a\nother/a\n"}, nil)
	if len(s.SystemSet()) != 1 || len(s.ProfileSet()) != 0 {
		t.Errorf("sets %v %v", s.SystemSet(), s.ProfileSet())
	}
}

func TestDeprecatedProfile(t *testing.T) {
	s := load(t, map[string]string{leaf + "deprecated": "new/leaf\nsee the news\n", base + "deprecated": "x\n"}, nil)
	if w := s.Warnings(); len(w) != 1 || !strings.Contains(w[0], "new/leaf") {
		t.Errorf("warnings %q", w)
	}
}

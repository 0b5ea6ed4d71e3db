package config

import (
	"strings"
	"testing"

	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/atom/metadata"
)

func TestUse(t *testing.T) {
	expand := "ARCH=amd64\nACCEPT_KEYWORDS=amd64\nUSE_EXPAND=\"TGT VIDEO\"\nTGT=\"p8 p9\"\n"
	for name, c := range map[string]struct {
		files map[string]string
		env   map[string]string
		pkg   *metadata.Package
		want  string
	}{
		"IUSE defaults":      {nil, nil, pkg(t, "a/b-1", "IUSE=+x -y z"), "x"},
		"defaults off":       {map[string]string{etc + "make.conf": "USE=\"-x y\"\n"}, nil, pkg(t, "a/b-1", "IUSE=+x -y z"), "y"},
		"-* beats IUSE":      {map[string]string{etc + "make.conf": "USE=\"-* z\"\n"}, nil, pkg(t, "a/b-1", "IUSE=+x z"), "z"},
		"profile USE":        {map[string]string{base + "make.defaults": "ARCH=amd64\nACCEPT_KEYWORDS=amd64\nUSE=\"x y\"\n", leaf + "make.defaults": "USE=-y\n"}, nil, pkg(t, "a/b-1", "IUSE=x y"), "x"},
		"package.use":        {map[string]string{etc + "package.use/a": "a/b x\n", etc + "package.use/b": "a/b -x y # z\n"}, nil, pkg(t, "a/b-1", "IUSE=x y z"), "y"},
		"other package":      {map[string]string{etc + "package.use": "a/c x\n"}, nil, pkg(t, "a/b-1", "IUSE=x"), ""},
		"version":            {map[string]string{etc + "package.use": ">=a/b-2 x\n<a/b-2 y\n"}, nil, pkg(t, "a/b-1", "IUSE=x y"), "y"},
		"slot":               {map[string]string{etc + "package.use": "a/b:1 x\na/b:0 y\n"}, nil, pkg(t, "a/b-1", "IUSE=x y"), "y"},
		"repository":         {map[string]string{etc + "package.use": "a/b::other x\na/b::gentoo y\n"}, nil, pkg(t, "a/b-1", "IUSE=x y"), "y"},
		"specific wins":      {map[string]string{etc + "package.use": "=a/b-1 -x\n~a/b-1 x\n=a/b-1* x\na/b:0 x\n>=a/b-1 x\na/b x\na/* x\n"}, nil, pkg(t, "a/b-1", "IUSE=x"), ""},
		"name over wildcard": {map[string]string{etc + "package.use": "a/b -x\na/* x\n*/* x\n"}, nil, pkg(t, "a/b-1", "IUSE=x"), ""},
		"pattern over all":   {map[string]string{etc + "package.use": "a/* -x\n*/*::gentoo x\n"}, nil, pkg(t, "a/b-1", "IUSE=x"), ""},
		"closer bound":       {map[string]string{etc + "package.use": ">=a/b-2 x\n>=a/b-1 -x\n"}, nil, pkg(t, "a/b-3", "IUSE=x"), "x"},
		"wildcard is conf":   {map[string]string{etc + "package.use": "*/* -x\n"}, nil, pkg(t, "a/b-1", "IUSE=+x"), ""},
		"environment":        {map[string]string{etc + "package.use": "a/b -x\n"}, map[string]string{"USE": "x"}, pkg(t, "a/b-1", "IUSE=x"), "x"},
		"USE_ORDER":          {map[string]string{etc + "make.conf": "USE=-x\nUSE_ORDER=env:pkg:pkginternal:conf:defaults\n"}, nil, pkg(t, "a/b-1", "IUSE=+x"), "x"},
		"group":              {map[string]string{base + "make.defaults": expand, etc + "package.use": "a/b y TGT: -* p7\n"}, nil, pkg(t, "a/b-1", "IUSE=y tgt_p7 tgt_p8"), "tgt_p7 y"},
		"prefix":             {map[string]string{base + "make.defaults": expand, etc + "package.use": "a/b -tgt_* tgt_p7\n"}, nil, pkg(t, "a/b-1", "IUSE=tgt_p7 tgt_p8"), "tgt_p7"},
		"expand in profiles": {map[string]string{base + "make.defaults": expand, leaf + "make.defaults": "TGT=\"-p8 p7\"\n"}, nil, pkg(t, "a/b-1", "IUSE=tgt_p7 tgt_p8 tgt_p9"), "tgt_p7 tgt_p9"},
		"expand in make.conf replaces": {map[string]string{base + "make.defaults": expand, etc + "make.conf": "TGT=p7\n"},
			nil, pkg(t, "a/b-1", "IUSE=tgt_p7 tgt_p8 tgt_p9"), "tgt_p7"},
		"expand in environment": {map[string]string{base + "make.defaults": expand}, map[string]string{"TGT": "p9"}, pkg(t, "a/b-1", "IUSE=tgt_p8 tgt_p9"), "tgt_p9"},
		"profile package.use between nodes": {map[string]string{base + "package.use": "a/b -x y\n", leaf + "make.defaults": "USE=x\n"},
			nil, pkg(t, "a/b-1", "IUSE=x y"), "x y"},
		"force":           {map[string]string{base + "use.force": "x\ny\n", leaf + "use.force": "-y\n", etc + "make.conf": "USE=-x\n"}, nil, pkg(t, "a/b-1", "IUSE=x y"), "x"},
		"mask over force": {map[string]string{base + "use.force": "x\n", leaf + "use.mask": "x\n"}, nil, pkg(t, "a/b-1", "IUSE=x"), ""},
		"package.use.mask": {map[string]string{base + "package.use.mask": "a/b x\n", leaf + "package.use.mask": "=a/b-2 -x\n", etc + "make.conf": "USE=x\n"},
			nil, pkg(t, "a/b-2", "IUSE=x"), "x"},
		"user profile":         {map[string]string{leaf + "use.mask": "x\n", etc + "profile/use.mask": "-x\n", etc + "make.conf": "USE=x\n"}, nil, pkg(t, "a/b-1", "IUSE=x"), "x"},
		"stable mask":          {map[string]string{leaf + "use.stable.mask": "x\n", etc + "make.conf": "USE=x\n"}, nil, pkg(t, "a/b-1", "IUSE=x"), ""},
		"stable mask, testing": {map[string]string{leaf + "use.stable.mask": "x\n", etc + "make.conf": "USE=x\nACCEPT_KEYWORDS=~amd64\n"}, nil, pkg(t, "a/b-1", "IUSE=x"), "x"},
		"package stable force": {map[string]string{leaf + "package.use.stable.force": "a/b x\n"}, nil, pkg(t, "a/b-1", "IUSE=x"), "x"},
		"not stable":           {map[string]string{leaf + "package.use.stable.force": "a/b x\n", etc + "package.accept_keywords": "a/b\n"}, nil, pkg(t, "a/b-1", "IUSE=x", "KEYWORDS=~amd64"), ""},
		"use.stable":           {map[string]string{leaf + "eapi": "9\n", leaf + "use.stable": "x y\n", leaf + "package.use": "a/b -y\n", leaf + "package.use.stable": "a/b z\n"}, nil, pkg(t, "a/b-1", "IUSE=x y z"), "x z"},
		"repository's own":     {map[string]string{"repo/gentoo/profiles/package.use": "a/b x\n", "repo/gentoo/profiles/make.defaults": "USE=y\n"}, nil, pkg(t, "a/b-1", "IUSE=x y"), "x y"},
		"another repository's": {map[string]string{"repo/gentoo/profiles/package.use": "a/b x\n", "repo/gentoo/profiles/use.force": "y\n"}, nil, pkg(t, "a/b-1::other", "IUSE=x y"), ""},
		"test":                 {map[string]string{etc + "make.conf": "FEATURES=test\n"}, nil, pkg(t, "a/b-1", "IUSE=test"), "test"},
		"test, default off":    {map[string]string{etc + "make.conf": "FEATURES=test\n"}, nil, pkg(t, "a/b-1", "IUSE=-test"), ""},
		"test, USE off":        {map[string]string{etc + "make.conf": "FEATURES=test\nUSE=-test\n"}, nil, pkg(t, "a/b-1", "IUSE=test"), ""},
		"test, restricted":     {map[string]string{etc + "make.conf": "FEATURES=test\n"}, nil, pkg(t, "a/b-1", "IUSE=test", "RESTRICT=test"), ""},
		"test, conditional":    {map[string]string{etc + "make.conf": "FEATURES=test\n"}, nil, pkg(t, "a/b-1", "IUSE=test", "RESTRICT=!test? ( test )"), "test"},
		"test off for one":     {map[string]string{etc + "make.conf": "FEATURES=test\n", etc + "package.env": "a/b notest\n", etc + "env/notest": "FEATURES=-test\n"}, nil, pkg(t, "a/b-1", "IUSE=test"), ""},
		"package.env":          {map[string]string{etc + "package.use": "a/b -x\n", etc + "package.env": "a/b one two\n", etc + "env/one": "USE=\"x y\"\n", etc + "env/two": "USE=-y\n"}, nil, pkg(t, "a/b-1", "IUSE=x y"), "x"},
		"no such flag":         {map[string]string{etc + "make.conf": "USE=\"x nosuch\"\n"}, nil, pkg(t, "a/b-1", "IUSE=x"), "x"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := use(load(t, c.files, c.env), c.pkg); got != c.want {
				t.Errorf("USE %q, want %q", got, c.want)
			}
		})
	}
}

func TestMastersAndScope(t *testing.T) {
	s := load(t, map[string]string{
		etc + "repos.conf":                    reposGentoo + "[over]\nlocation = /repo/over\n[alone]\nlocation = /repo/alone\n",
		"repo/over/metadata/layout.conf":      "masters = gentoo\n",
		"repo/over/profiles/repo_name":        "over\n",
		"repo/alone/metadata/layout.conf":     "masters =\n",
		"repo/alone/profiles/repo_name":       "alone\n",
		"repo/gentoo/profiles/package.mask":   "# Why\na/b\na/c\n",
		"repo/over/profiles/package.mask":     "-a/b\na/d\n",
		"repo/gentoo/profiles/package.use":    "a/c x\n",
		"repo/over/profiles/package.use.mask": "a/c x\n",
		etc + "package.mask":                  "-a/d::over\n",
	}, nil)
	for cpv, want := range map[string]string{
		"a/b-1::gentoo": "package.mask(a/b)", "a/b-1::over": "", "a/b-1::alone": "",
		"a/c-1::gentoo": "package.mask(a/c)", "a/c-1::over": "package.mask(a/c)", "a/c-1::alone": "",
		"a/d-1::gentoo": "", "a/d-1::over": "",
	} {
		if got := kinds(s, pkg(t, cpv)); got != want {
			t.Errorf("%s: %q, want %q", cpv, got, want)
		}
	}
	for cpv, want := range map[string]string{"a/c-1::gentoo": "x", "a/c-1::over": "", "a/c-1::alone": ""} {
		if got := use(s, pkg(t, cpv, "IUSE=x")); got != want {
			t.Errorf("%s: USE %q, want %q", cpv, got, want)
		}
	}
	e := s.Exclusions(pkg(t, "a/b-1"))
	if len(e) != 1 || e[0].Source.Comment != "Why" || e[0].Source.Line != 2 {
		t.Errorf("exclusions %+v", e)
	}
}

func TestImplicitFlags(t *testing.T) {
	s := load(t, map[string]string{
		base + "make.defaults": `ARCH=amd64
ACCEPT_KEYWORDS=amd64
IUSE_IMPLICIT="prefix"
USE_EXPAND="ELIBC KERNEL"
USE_EXPAND_UNPREFIXED="ARCH"
USE_EXPAND_HIDDEN="ELIBC"
USE_EXPAND_IMPLICIT="ELIBC ARCH"
USE_EXPAND_VALUES_ELIBC="glibc musl"
USE_EXPAND_VALUES_ARCH="amd64 x86"
ELIBC=glibc
KERNEL=linux
`,
		leaf + "use.mask":          "masked\n",
		leaf + "package.use.force": "a/forced prefix\n",
		etc + "package.use":        "a/c elibc_musl\n",
	}, nil)
	for _, c := range []struct {
		p    *metadata.Package
		use  string
		has  string
		hasn string
	}{
		{pkg(t, "a/b-1"), "amd64 elibc_glibc", "elibc_musl x86 prefix", "kernel_linux masked build"},
		{pkg(t, "a/b-1", "IUSE=kernel_linux"), "amd64 elibc_glibc kernel_linux", "kernel_linux", "kernel_x"},
		{pkg(t, "a/c-1"), "amd64 elibc_glibc elibc_musl", "", ""},
		{pkg(t, "a/forced-1"), "amd64 elibc_glibc prefix", "", ""},
		{pkg(t, "a/b-1", "EAPI=4"), "amd64 elibc_glibc", "elibc_any x86 masked build bootstrap", "prefix kernel_linux"},
	} {
		if got := use(s, c.p); got != c.use {
			t.Errorf("%s EAPI %s: USE %q, want %q", c.p.CPV, c.p.EAPIName, got, c.use)
		}
		for _, f := range strings.Fields(c.has) {
			if !s.HasFlag(c.p, f) {
				t.Errorf("%s EAPI %s lacks %s", c.p.CPV, c.p.EAPIName, f)
			}
		}
		for _, f := range strings.Fields(c.hasn) {
			if s.HasFlag(c.p, f) {
				t.Errorf("%s EAPI %s has %s", c.p.CPV, c.p.EAPIName, f)
			}
		}
	}
	prefixes, hidden := s.UseExpand()
	if strings.Join(prefixes, " ") != "elibc kernel" || !hidden["elibc"] || hidden["kernel"] {
		t.Errorf("USE_EXPAND %v, hidden %v", prefixes, hidden)
	}
}

func TestBuiltPackages(t *testing.T) {
	s := load(t, map[string]string{etc + "make.conf": "USE=\"y\"\n"}, nil)
	p := pkg(t, "a/b-1", "IUSE=x y")
	p.Origin = metadata.Installed
	p.Use = metadata.NewUseSet([]string{"x", "elibc_glibc", "nosuch"})
	p.IUSEEffective = metadata.NewUseSet([]string{"x", "y", "elibc_glibc"})
	if got := use(s, p); got != "elibc_glibc x" {
		t.Errorf("recorded USE %q", got)
	}
	if got := strings.Join(s.UseFromConfig(p), " "); got != "y" {
		t.Errorf("USE if built now %q", got)
	}
}

func TestExplainUse(t *testing.T) {
	s := load(t, map[string]string{
		etc + "make.conf":          "CFLAGS=x\nUSE=\"one\n  two\"\n",
		etc + "package.use":        "\na/b -two\n",
		leaf + "use.mask":          "m\n",
		leaf + "package.use.force": "# c\na/b f\n",
		leaf + "make.defaults":     "USE=\"p\"\n",
	}, map[string]string{"USE": "e"})
	p := pkg(t, "a/b-1", "IUSE=one two +d m f p e none")
	p.File = "/cache/b-1"
	for flag, want := range map[string]struct {
		on, forced, masked bool
		src                string
	}{
		"one":  {true, false, false, "make.conf:2"},
		"two":  {false, false, false, "package.use:2"},
		"d":    {true, false, false, "/cache/b-1"},
		"m":    {false, false, true, "use.mask:1"},
		"f":    {true, true, false, "package.use.force:2"},
		"p":    {true, false, false, "make.defaults:1"},
		"e":    {true, false, false, "environment"},
		"none": {false, false, false, ""},
	} {
		on, forced, masked, src := s.ExplainUse(p, flag)
		if on != want.on || forced != want.forced || masked != want.masked || !strings.HasSuffix(src.String(), want.src) || want.src == "" && src.String() != "" {
			t.Errorf("%s: on %v forced %v masked %v by %q, want %+v", flag, on, forced, masked, src, want)
		}
	}
	if _, _, _, src := s.ExplainUse(pkg(t, "a/c-1", "IUSE=two"), "two"); !strings.HasSuffix(src.String(), "make.conf:3") {
		t.Errorf("the second line of USE is given as %s", src)
	}
}

func TestMove(t *testing.T) {
	dir := machine(t, map[string]string{
		etc + "package.use": "old/b x\n", etc + "package.mask": "old/b\n", etc + "profile/package.use.force": "old/b y\n",
	})
	s, err := tryLoad(t, dir, Options{Move: func(a *atom.Atom) *atom.Atom {
		if a.Category != "old" {
			return a
		}
		c := *a
		c.Category = "new"
		return &c
	}})
	if err != nil {
		t.Fatal(err)
	}
	p := pkg(t, "new/b-1", "IUSE=x y")
	if use(s, p) != "x y" || kinds(s, p) != "package.mask(new/b)" {
		t.Errorf("USE %q, %s", use(s, p), kinds(s, p))
	}
}

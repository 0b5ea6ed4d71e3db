package sets

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// refused, in place of atoms, means an error.
const refused = "!"

// expect compares sets by name: name -> atoms, blank-separated.
func expect(t *testing.T, c *Context, want map[string]string) {
	t.Helper()
	for name, text := range want {
		s, err := Resolve(c, name)
		if text == refused {
			if err == nil || strings.Contains(err.Error(), "\n") {
				t.Errorf("@%s: error %v", name, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("@%s: %v", name, err)
			continue
		}
		if diff := cmp.Diff(append([]string{}, strings.Fields(text)...), atoms(s)); diff != "" {
			t.Errorf("@%s: %s", name, diff)
		}
	}
}

func TestWorldAndItsParts(t *testing.T) {
	f := newFixture(t)
	f.write("var/lib/portage/world", "a/w2\na/w1:3\n")
	f.write("var/lib/portage/world_sets", "@games\n")
	f.write("etc/portage/sets/games", "# fun\na/game   # and more\n\na/w2\n@more/fun\n")
	f.write("etc/portage/sets/more/fun", "a/deep\n")
	f.write("etc/portage/sets/world", "a/not-the-world\n")
	f.write("etc/portage/sets/.hidden", "broken\n")
	f.write("etc/portage/sets/games~", "broken\n")
	c := f.open()
	expect(t, c, map[string]string{
		"world":             "a/deep a/game a/w1:3 a/w2 sys/base",
		"selected":          "a/deep a/game a/w1:3 a/w2",
		"selected-packages": "a/w1:3 a/w2",
		"selected-sets":     "a/deep a/game a/w2",
		"system":            "sys/base",
		"profile":           "",
		"games":             "a/deep a/game a/w2",
		"more/fun":          "a/deep",
		"installed":         "",
	})
	world := resolve(t, c, "world")
	var subs []string
	for _, s := range world.Subsets {
		subs = append(subs, s.Name)
	}
	if diff := cmp.Diff([]string{"profile", "selected", "system"}, subs); diff != "" {
		t.Error(diff)
	}
	for _, m := range world.Atoms {
		if m.Atom.String() == "a/game" {
			if got := fmt.Sprintf("%s:%d", m.Source.File, m.Source.Line); got != f.path("etc/portage/sets/games")+":2" {
				t.Errorf("source of a/game: %s", got)
			}
		}
	}
	for _, name := range []string{".hidden", "games~"} {
		if slices.Contains(Names(c), name) {
			t.Errorf("%s is listed as a set", name)
		}
	}
}

func TestUnknownSets(t *testing.T) {
	f := newFixture(t)
	f.write("etc/portage/sets/outer", "a/b\n@wrold\n")
	c := f.open()
	for name, want := range map[string]UnknownError{
		"wrold":            {Name: "wrold", Suggest: []string{"world"}},
		"slected":          {Name: "slected", Suggest: []string{"selected"}},
		"nothinglikethese": {Name: "nothinglikethese"},
		"outer":            {Name: "wrold", In: "outer", Suggest: []string{"world"}},
		"outr{x=y}":        {Name: "outr", Suggest: []string{"outer"}},
		"world-@wrold":     {Name: "wrold", Suggest: []string{"world"}},
	} {
		_, err := Resolve(c, name)
		var got *UnknownError
		if !errors.As(err, &got) {
			t.Errorf("@%s: error %v", name, err)
			continue
		}
		if got.Name != want.Name || got.In != want.In || !slices.Equal(got.Suggest, want.Suggest) {
			t.Errorf("@%s: %+v", name, got)
		}
		if want.In != "" && !strings.HasPrefix(err.Error(), f.path("etc/portage/sets/outer")+":2: ") {
			t.Errorf("@%s: %v", name, err)
		}
	}
}

func TestCycles(t *testing.T) {
	f := newFixture(t)
	f.write("etc/portage/sets/start", "@one\n")
	f.write("etc/portage/sets/one", "@two\n")
	f.write("etc/portage/sets/two", "a/b\n@three\n")
	f.write("etc/portage/sets/three", "a/c\na/d\n@one\n")
	f.write("etc/portage/sets/self", "@self\n")
	f.write("etc/portage/sets/diamond", "@left\n@right\n")
	f.write("etc/portage/sets/left", "@bottom\n")
	f.write("etc/portage/sets/right", "@bottom\n")
	f.write("etc/portage/sets/bottom", "a/b\n")
	c := f.open()
	for name, want := range map[string]struct {
		chain []string
		place string // of the member that closes the cycle
	}{
		"start": {[]string{"one", "two", "three", "one"}, "etc/portage/sets/three:3"},
		"self":  {[]string{"self", "self"}, "etc/portage/sets/self:1"},
	} {
		_, err := Resolve(c, name)
		var cycle *CycleError
		if !errors.As(err, &cycle) || !slices.Equal(cycle.Chain, want.chain) || !strings.HasPrefix(err.Error(), f.path(want.place)+": ") {
			t.Errorf("@%s: %v", name, err)
		}
	}
	expect(t, c, map[string]string{"diamond": "a/b"})
}

func TestBrokenSetFiles(t *testing.T) {
	for name, c := range map[string]struct {
		text, place string
	}{
		"syntax":    {"a/b\n\n>=a/b\n", ":3: "},
		"wildcard":  {"*/*\n", ":1: "},
		"nul":       {"a/b\na/c\x00\n", ":2: "},
		"long line": {"a/b\n" + strings.Repeat("a", 10<<20), ":2: "},
		"empty ref": {"@\n", ":1: "},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			f.write("etc/portage/sets/bad", c.text)
			_, err := Resolve(f.open(), "bad")
			var format *FormatError
			if !errors.As(err, &format) || !strings.HasPrefix(err.Error(), f.path("etc/portage/sets/bad")+c.place) {
				t.Errorf("error %.200v", err)
			}
		})
	}
}

func TestSetsConf(t *testing.T) {
	f := newFixture(t)
	f.write("var/repo/sets/from-repo", "a/r\n")
	f.write("var/repo/sets.conf", "[main sets]\nclass = portage.sets.files.StaticFileSet\nmultiset = true\n"+
		"directory = ${repository:main}/more-sets\nname_pattern = main-$name\n")
	f.write("var/repo/more-sets/x", "a/x\n")
	f.write("elsewhere/list", "a/one\n")
	f.write("etc/portage/package.use/file", "a/used flag\n*/* flag\n>=a/ver-1 flag  # why\n")
	f.write("etc/portage/sets.conf", strings.Join([]string{
		"# comment", "; comment",
		"[file]", "class = portage.sets.files.StaticFileSet", "filename: %(PORTAGE_CONFIGROOT)selsewhere/list",
		"[used]", "class = ConfigFileSet", "filename = ${PORTAGE_CONFIGROOT}etc/portage/package.use",
		"[both]", "class = portage.sets.base.DummyPackageSet", "packages = a/p", "    @file", "  @used",
		"[by category]", "class = CategorySet", "multiset = true", "categories = dev-lang a", "name_pattern = in-$category",
		"[live-rebuild]", "includes = interactive",
		"[system]", "class = DummyPackageSet", "packages = a/my-system",
		"[shell]", "class = portage.sets.shell.CommandOutputSet", "command = echo a/b",
		"[nofile]", "class = StaticFileSet",
	}, "\n")+"\n")
	f.ebuild("dev-lang/go-1")
	f.ebuild("dev-lang/masked-1", "KEYWORDS=~x86")
	f.install("a/live-1", "PROPERTIES=interactive")
	f.install("a/git-1", "PROPERTIES=live")
	c := f.open()
	expect(t, c, map[string]string{
		"from-repo":                       "a/r",
		"main-x":                          "a/x",
		"file":                            "a/one",
		"used":                            ">=a/ver-1 a/used",
		"both":                            ">=a/ver-1 a/one a/p a/used",
		"in-dev-lang":                     "dev-lang/go",
		"in-dev-lang{only_visible=false}": "dev-lang/go dev-lang/masked",
		"in-a":                            "",
		"live-rebuild":                    "a/live:0",
		"world":                           "a/my-system",
	})
	for name, part := range map[string]string{
		"shell":  "etc/portage/sets.conf:24: set @shell: class \"CommandOutputSet\" is not supported",
		"nofile": "etc/portage/sets.conf:27: set @nofile: option \"filename\" is missing",
	} {
		if _, err := Resolve(c, name); err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("@%s: %v", name, err)
		}
	}
	names := Names(c)
	if !slices.IsSorted(names) || !slices.Contains(names, "in-a") || !slices.Contains(names, "world") ||
		slices.Contains(names, "by category") {
		t.Errorf("names %v", names)
	}
}

func TestBrokenSetsConf(t *testing.T) {
	for text, part := range map[string]string{
		"x = y\n":                            ":1: text before the first",
		"[a]\n[b\n":                          ":2: section header",
		"[a]\nnonsense\n":                    ":2: expected \"key = value\"",
		"[a]\nmultiset = yes\n":              ":1: [a]: option \"directory\" is missing",
		"[a]\nclass=AgeSet\nmultiset=true\n": ":1: [a]: class \"AgeSet\" has no multiset form",
		"[a]\nclass = X\x00\n":               ":2: NUL byte",
	} {
		f := newFixture(t)
		f.write("etc/portage/sets.conf", text)
		_, err := Resolve(f.open(), "world")
		if err == nil || !strings.Contains(err.Error(), "sets.conf"+part) {
			t.Errorf("%q: error %v", text, err)
		}
	}
}

func TestExpressions(t *testing.T) {
	f := newFixture(t)
	f.write("etc/portage/sets/ab", "a/a\na/b\n")
	f.write("etc/portage/sets/bc-d", "a/b\na/c\n")
	f.write("etc/portage/sets/c", "a/c\n")
	c := f.open()
	expect(t, c, map[string]string{
		"ab/@bc-d":     "a/b",
		"ab-@bc-d":     "a/a",
		"ab+@bc-d":     "a/a a/b a/c",
		"ab+@bc-d-@c":  "a/a a/b",
		"bc-d-@c+@c":   "a/b a/c",
		"bc-d{unused}": "a/b a/c",
		"n{class=DummyPackageSet,packages=a/x @c}":  "a/c a/x",
		"ab-@n{class=DummyPackageSet,packages=a/a}": "a/b",
		"n{class=DummyPackageSet,packages=@ab-}x":   refused,
		"":                                      refused,
		"ab-@":                                  refused,
		"ab{":                                   refused,
		"ab}":                                   refused,
		"ab{{}}":                                refused,
		"ab{=v}":                                refused,
		"n{class=}":                             refused,
		"n{class=DummyPackageSet,packages=*/*}": refused,
		"n{class=NoSuchSet}":                    refused,
	})
}

func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := ResolveContext(ctx, &Context{}, "world"); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

func TestEmptyContextHasAllStandardSets(t *testing.T) {
	c := &Context{}
	for _, name := range Names(c) {
		s, err := Resolve(c, name)
		if name == "unavailable-binaries" || name == "rebuilt-binaries" {
			if err == nil || !strings.Contains(err.Error(), "binary packages") {
				t.Errorf("@%s: %v", name, err)
			}
			continue
		}
		if err != nil || len(s.Atoms) != 0 {
			t.Errorf("@%s: %v, %v", name, s, err)
		}
	}
	if got := len(Names(c)); got != 20 {
		t.Errorf("%d standard sets: %v", got, Names(c))
	}
}

func TestSetsDirectoryMayBeALink(t *testing.T) {
	f := newFixture(t)
	f.write("other/linked", "a/b\n")
	link(t, f.path("other"), f.path("etc/portage/sets"))
	s := resolve(t, f.open(), "linked")
	if diff := cmp.Diff([]string{"a/b"}, atoms(s)); diff != "" {
		t.Error(diff)
	}
	if filepath.Base(s.Atoms[0].Source.File) != "linked" {
		t.Errorf("source %v", s.Atoms[0].Source)
	}
}

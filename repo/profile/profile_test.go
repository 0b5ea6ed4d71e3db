package profile

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/portsolve/portsolve/repo"
)

// tree writes files below a new directory; contents by relative path.
func tree(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func repos(dir string, names ...string) *repo.Set {
	s := &repo.Set{}
	for _, n := range names {
		s.Repos = append(s.Repos, &repo.Repo{Name: n, Location: filepath.Join(dir, n)})
	}
	return s
}

func relative(t *testing.T, dir string, s *Stack) []string {
	t.Helper()
	var out []string
	for _, n := range s.Nodes {
		rel, err := filepath.Rel(dir, n.Dir)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, rel)
	}
	return out
}

func TestLoadOrder(t *testing.T) {
	dir := tree(t, map[string]string{
		"a/profiles/base/use.mask":         "x\n",
		"a/profiles/arch/parent":           "../base\n",
		"a/profiles/leaf/parent":           "../arch # comment\n\n# comment\nb:mix\n:base\n",
		"b/profiles/mix/eapi":              "7\n",
		"b/profiles/mix/use.mask/10-first": "one\n",
		"b/profiles/mix/use.mask/20-then":  "two\n",
		"b/profiles/mix/use.mask/.hidden":  "no\n",
		"b/profiles/mix/use.mask/backup~":  "no\n",
		"user/use.mask":                    "-x\n",
		"user/parent":                      "../a/profiles/base\n",
	})
	s, err := Load(filepath.Join(dir, "a/profiles/leaf"), Options{Repos: repos(dir, "a", "b"), UserDir: filepath.Join(dir, "user")})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"a/profiles/base", "a/profiles/arch", "b/profiles/mix", "a/profiles/base", "a/profiles/leaf", "user"}
	if got := relative(t, dir, s); !slices.Equal(got, want) {
		t.Errorf("nodes %v, want %v", got, want)
	}
	var masks []string
	for _, l := range s.Nodes[2].Flags[UseMask] {
		masks = append(masks, l.Fields[0])
	}
	if !slices.Equal(masks, []string{"one", "two"}) {
		t.Errorf("directory use.mask gives %v", masks)
	}
	if s.Nodes[0].EAPI.Name != "0" || s.Nodes[2].EAPI.Name != "7" || !s.Nodes[5].User {
		t.Errorf("EAPI %s, %s; user %v", s.Nodes[0].EAPI, s.Nodes[2].EAPI, s.Nodes[5].User)
	}
}

func TestLoadErrors(t *testing.T) {
	for name, c := range map[string]struct {
		files map[string]string
		want  []string // parts of the message
	}{
		"loop": {map[string]string{
			"a/profiles/x/parent": "\n../y\n", "a/profiles/y/parent": "../z", "a/profiles/z/parent": "../y\n",
		}, []string{"profiles/z/parent:1: ", "inherits from itself: ", "y -> ", "z -> "}},
		"missing parent":  {map[string]string{"a/profiles/x/parent": "# c\n../nosuch\n"}, []string{"x/parent:2: ", `"../nosuch" does not exist`}},
		"parent a file":   {map[string]string{"a/profiles/x/parent": "../f\n", "a/profiles/f": ""}, []string{"x/parent:1: ", "f"}},
		"missing repo":    {map[string]string{"a/profiles/x/parent": "nosuch:base\n"}, []string{"x/parent:1: ", `no repository is called "nosuch"`}},
		"unknown EAPI":    {map[string]string{"a/profiles/x/eapi": "# c\n77\n"}, []string{"x/eapi:2: ", `EAPI "77" is not supported`}},
		"NUL":             {map[string]string{"a/profiles/x/use.mask": "a\nb\x00\n"}, []string{"x/use.mask:2: ", "NUL"}},
		"make.defaults":   {map[string]string{"a/profiles/x/make.defaults": "A=1\nB=\"open\n"}, []string{"x/make.defaults:2: ", "never closed"}},
		"source":          {map[string]string{"a/profiles/x/make.defaults": "source /etc/passwd\n"}, []string{"x/make.defaults:1: "}},
		"missing profile": {map[string]string{"a/profiles/y/eapi": "5\n"}, []string{"profiles/x"}},
	} {
		t.Run(name, func(t *testing.T) {
			dir := tree(t, c.files)
			_, err := Load(filepath.Join(dir, "a/profiles/x"), Options{Repos: repos(dir, "a")})
			if err == nil {
				t.Fatal("no error")
			}
			for _, part := range c.want {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("error %q lacks %q", err, part)
				}
			}
		})
	}
}

// Inheriting twice at each level doubles the stack; it must end in an error, not in all memory.
func TestLoadIsBounded(t *testing.T) {
	const depth = 40
	level := func(i int) string { return "n" + strconv.Itoa(i) }
	files := map[string]string{"a/profiles/" + level(depth) + "/eapi": "5\n"}
	for i := range depth {
		files["a/profiles/"+level(i)+"/parent"] = strings.Repeat("../"+level(i+1)+"\n", 2)
	}
	dir := tree(t, files)
	_, err := Load(filepath.Join(dir, "a/profiles", level(0)), Options{Repos: repos(dir, "a")})
	if err == nil || !strings.Contains(err.Error(), "more than") {
		t.Errorf("error %v", err)
	}
}

func TestMakeDefaultsInherit(t *testing.T) {
	dir := tree(t, map[string]string{
		"a/profiles/base/make.defaults": "ARCH=x86\nUSE=\"a b\"\n",
		"a/profiles/leaf/parent":        "../base\n",
		"a/profiles/leaf/make.defaults": "ACCEPT_KEYWORDS=\"~${ARCH}\"\nUSE=\"${USE} c\"\nARCH=arm\nX=$ARCH\n",
	})
	s, err := Load(filepath.Join(dir, "a/profiles/leaf"), Options{Repos: repos(dir, "a"), Incremental: func(n string) bool { return n == "USE" }})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, a := range s.Nodes[1].Vars {
		got[a.Name] = a.Value
	}
	for name, want := range map[string]string{"ACCEPT_KEYWORDS": "~x86", "USE": " c", "X": "arm"} {
		if got[name] != want {
			t.Errorf("%s=%q, want %q", name, got[name], want)
		}
	}
}

// Files that an EAPI or format does not have are not read.
func TestFilesByEAPI(t *testing.T) {
	files := map[string]string{}
	for _, dir := range []string{"a/profiles/e4/", "a/profiles/e5/", "a/profiles/e7/", "a/profiles/e9/"} {
		files[dir+"eapi"] = dir[len("a/profiles/e"):len("a/profiles/e")+1] + "\n"
		files[dir+"use.stable.mask"] = "s\n"
		files[dir+"use.stable"] = "s\n"
		files[dir+"package.provided"] = "a/b-1\n"
		files[dir+"package.license"] = "a/b X\n"
		files[dir+"package.mask"] = "a/b\nbad atom\n"
	}
	dir := tree(t, files)
	for name, want := range map[string][4]int{"e4": {0, 0, 1, 0}, "e5": {1, 0, 1, 0}, "e7": {1, 0, 0, 0}, "e9": {1, 1, 0, 0}} {
		s, err := Load(filepath.Join(dir, "a/profiles", name), Options{Repos: repos(dir, "a")})
		if err != nil {
			t.Fatal(err)
		}
		n := s.Nodes[0]
		got := [4]int{len(n.Flags[UseStableMask]), len(n.Flags[UseStable]), len(n.Flags[PackageProvided]), len(n.Atoms[PackageLicense])}
		if got != want {
			t.Errorf("%s: stable mask, stable, provided, license lines %v, want %v", name, got, want)
		}
		if len(n.Atoms[PackageMask]) != 1 || len(s.Warnings) != 1 || !strings.Contains(s.Warnings[0], "package.mask:2: ") {
			t.Errorf("%s: masks %v, warnings %q", name, n.Atoms[PackageMask], s.Warnings)
		}
	}
}

func TestReadLinesComments(t *testing.T) {
	dir := tree(t, map[string]string{"f": `# header

# Jane Doe <jd@example.org>
# Broken, bug #1
a/b
  c/d flag # trailing

e/f
# New block
g/h
`})
	lines, err := ReadLines(filepath.Join(dir, "f"))
	if err != nil {
		t.Fatal(err)
	}
	type row struct {
		line    int
		fields  string
		comment string
	}
	var got []row
	for _, l := range lines {
		got = append(got, row{l.Source.Line, strings.Join(l.Fields, " "), l.Source.Comment})
	}
	jane := "Jane Doe <jd@example.org>\nBroken, bug #1"
	want := []row{{5, "a/b", jane}, {6, "c/d flag", jane}, {8, "e/f", ""}, {10, "g/h", "New block"}}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if l, err := ReadLines(filepath.Join(dir, "nosuch")); l != nil || err != nil {
		t.Errorf("missing file: %v, %v", l, err)
	}
}

func TestStackAtoms(t *testing.T) {
	parse := func(text string) []AtomLine {
		out, bad := ParseAtoms(appendLines(nil, "f", text))
		if bad != nil {
			t.Fatal(bad)
		}
		return out
	}
	var got []string
	for _, l := range StackAtoms(parse("a/a\na/b\n-a/a\n"), parse("a/a\n-=a/b-1\n"), parse("-a/b\na/c")) {
		got = append(got, l.Atom.String())
	}
	if want := []string{"a/a", "a/c"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestRecursiveDirectory(t *testing.T) {
	dir := tree(t, map[string]string{"d/x": "a\n"})
	if err := os.Symlink("..", filepath.Join(dir, "d", "loop")); err != nil {
		t.Fatal(err)
	}
	_, err := ReadLines(filepath.Join(dir, "d"))
	var fe *repo.FileError
	if !errors.As(err, &fe) {
		t.Errorf("a directory that contains itself: %v", err)
	}
}

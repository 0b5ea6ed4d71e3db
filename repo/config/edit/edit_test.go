package edit_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/portsolve/portsolve/repo/config/edit"
)

// tree makes etc/portage with files; a name that ends in "/" is a directory.
func tree(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "etc", "portage")
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(name, "/") {
			if err := os.MkdirAll(path, 0o755); err != nil {
				t.Fatal(err)
			}
		} else if err := os.WriteFile(path, []byte(text), 0o640); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// content lists the files of a directory with what is in them.
func content(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.Walk(dir, func(path string, st os.FileInfo, err error) error {
		if err != nil || st.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		name, _ := filepath.Rel(dir, path)
		out[name] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func write(t *testing.T, o edit.Options, entries ...edit.Entry) *edit.Edits {
	t.Helper()
	d, err := edit.Prepare(o, entries)
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Apply(); err != nil {
		t.Fatal(err)
	}
	return d
}

var php = edit.Entry{File: "package.use", Atom: ">=dev-lang/php-8", Tokens: []string{"apache2", "-threads"},
	Comment: []string{"required by www-apps/gallery (argument)"}}

const phpLines = "# required by www-apps/gallery (argument)\n>=dev-lang/php-8 apache2 -threads\n"

func TestWhichFile(t *testing.T) {
	tests := []struct {
		name  string
		files map[string]string
		want  map[string]string
	}{
		{"no file", map[string]string{"make.conf": ""}, map[string]string{"make.conf": "", "package.use": phpLines}},
		{"a file, whose bytes stay", map[string]string{"package.use": "a/b  x\t# mine\r\n\n"},
			map[string]string{"package.use": "a/b  x\t# mine\r\n\n" + phpLines}},
		{"a last line without an end", map[string]string{"package.use": "a/b x"}, map[string]string{"package.use": "a/b x\n" + phpLines}},
		{"an empty directory", map[string]string{"package.use/": ""}, map[string]string{"package.use/zz-autounmask": phpLines}},
		{"the last file of a directory", map[string]string{"package.use/b": "a/b x\n", "package.use/a": ""},
			map[string]string{"package.use/a": "", "package.use/b": "a/b x\n" + phpLines}},
		{"the last that is read", map[string]string{"package.use/a": "", "package.use/z/m": "", "package.use/z/.n": "", "package.use/z~": ""},
			map[string]string{"package.use/a": "", "package.use/z/m": phpLines, "package.use/z/.n": "", "package.use/z~": ""}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := tree(t, tt.files)
			write(t, edit.Options{Dir: dir}, php)
			if d := cmp.Diff(tt.want, content(t, dir)); d != "" {
				t.Error(d)
			}
			if d := write(t, edit.Options{Dir: dir}, php); len(d.Files) > 0 || len(d.Known) != 1 {
				t.Errorf("written twice: %+v", d)
			}
			if d := cmp.Diff(tt.want, content(t, dir)); d != "" {
				t.Errorf("after the second time: %s", d)
			}
		})
	}
}

func TestNoDuplicates(t *testing.T) {
	tests := []struct {
		name, use string
		known     bool
	}{
		{"the same line", ">=dev-lang/php-8 apache2 -threads\n", true},
		{"more in one line", ">=dev-lang/php-8 -threads soap apache2\n", true},
		{"two lines", ">=dev-lang/php-8 -threads\n>=dev-lang/php-8 apache2\n", true},
		{"only a part", ">=dev-lang/php-8 -threads\n", false},
		{"taken back below", ">=dev-lang/php-8 apache2 -threads\n>=dev-lang/php-8 threads\n", false},
		{"all taken back below", ">=dev-lang/php-8 apache2 -threads\n>=dev-lang/php-8 -*\n", false},
		{"another atom", "dev-lang/php apache2 -threads\n", false},
		{"a comment", "# >=dev-lang/php-8 apache2 -threads\n", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d, err := edit.Prepare(edit.Options{Dir: tree(t, map[string]string{"package.use": tt.use})}, []edit.Entry{php})
			if err != nil || len(d.Known) == 1 != tt.known {
				t.Errorf("%+v, %v", d, err)
			}
		})
	}
	dir := tree(t, map[string]string{"package.use": "a/b PYTHON_TARGETS: -* python3_9 -python3_8\n", "package.unmask": "=a/b-1\n=a/c-1\n-=a/c-1\n"})
	d := write(t, edit.Options{Dir: dir},
		edit.Entry{File: "package.unmask", Atom: "=a/b-1"}, edit.Entry{File: "package.unmask", Atom: "=a/c-1"},
		edit.Entry{File: "package.use", Atom: "a/b", Tokens: []string{"python_targets_python3_9", "-python_targets_python3_8"}},
		edit.Entry{File: "package.use", Atom: "a/c", Tokens: []string{"x"}}, edit.Entry{File: "package.use", Atom: "a/c", Tokens: []string{"x", "y"}})
	if len(d.Known) != 2 {
		t.Errorf("known: %+v", d.Known)
	}
	want := map[string]string{"package.unmask": "=a/b-1\n=a/c-1\n-=a/c-1\n=a/c-1\n",
		"package.use": "a/b PYTHON_TARGETS: -* python3_9 -python3_8\na/c x y\n"}
	if d := cmp.Diff(want, content(t, dir)); d != "" {
		t.Error(d)
	}
}

func TestProtected(t *testing.T) {
	dir := tree(t, map[string]string{"package.use/a": "a/b x\n"})
	root := filepath.Dir(filepath.Dir(dir))
	o := edit.Options{Dir: dir, Protected: edit.Protection(root, "/usr/share/config /etc", "/etc/env.d")}
	d := write(t, o, php)
	want := map[string]string{"package.use/a": "a/b x\n", "package.use/._cfg0000_a": "a/b x\n" + phpLines}
	if diff := cmp.Diff(want, content(t, dir)); diff != "" || d.Files[0].Pending {
		t.Errorf("%+v\n%s", d.Files[0], diff)
	}
	if d = write(t, o, php); !d.Files[0].Pending {
		t.Errorf("the same change is not recognized: %+v", d.Files[0])
	}
	other := php
	other.Tokens = []string{"soap"}
	write(t, o, other)
	want["package.use/._cfg0001_a"] = "a/b x\n# required by www-apps/gallery (argument)\n>=dev-lang/php-8 soap\n"
	if diff := cmp.Diff(want, content(t, dir)); diff != "" {
		t.Error(diff)
	}
	for path, want := range map[string]bool{"etc/portage/package.use": true, "etc/env.d/x": false, "etcetera": false, "usr/x": false} {
		if got := o.Protected(filepath.Join(root, path)); got != want {
			t.Errorf("%s protected: %v", path, got)
		}
	}
}

// Modes and links stay, and nothing temporary is left.
func TestFileStaysWhatItIs(t *testing.T) {
	dir := tree(t, map[string]string{"package.use/": "", "elsewhere": "a/b x\n"})
	link := filepath.Join(dir, "package.use", "link")
	if err := os.Symlink("../elsewhere", link); err != nil {
		t.Fatal(err)
	}
	write(t, edit.Options{Dir: dir}, php)
	st, err := os.Lstat(link)
	if err != nil || st.Mode()&os.ModeSymlink == 0 {
		t.Errorf("the link is gone: %v, %v", st.Mode(), err)
	}
	st, err = os.Stat(link)
	if err != nil || st.Mode().Perm() != 0o640 {
		t.Errorf("mode %v, %v", st.Mode(), err)
	}
	if text, _ := os.ReadFile(link); string(text) != "a/b x\n"+phpLines {
		t.Errorf("%s", text)
	}
}

// If one file cannot be written, none is.
func TestAllOrNothing(t *testing.T) {
	license := edit.Entry{File: "package.license", Atom: ">=a/b-1", Tokens: []string{"EULA"}}
	t.Run("changed meanwhile", func(t *testing.T) {
		dir := tree(t, map[string]string{"package.use": "a/b x\n"})
		d, err := edit.Prepare(edit.Options{Dir: dir}, []edit.Entry{license, php})
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "package.use"), []byte("a/b y\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		refused(t, dir, d, map[string]string{"package.use": "a/b y\n"}, "package.use was changed")
	})
	t.Run("unwritable", func(t *testing.T) {
		if os.Getuid() == 0 {
			t.Skip("root may write everywhere")
		}
		dir := tree(t, map[string]string{"package.use/a": ""})
		sub := filepath.Join(dir, "package.use")
		if err := os.Chmod(sub, 0o555); err != nil {
			t.Fatal(err)
		}
		defer os.Chmod(sub, 0o755)
		d, err := edit.Prepare(edit.Options{Dir: dir}, []edit.Entry{license, php})
		if err != nil {
			t.Fatal(err)
		}
		refused(t, dir, d, map[string]string{"package.use/a": ""}, "permission denied")
	})
	t.Run("no place", func(t *testing.T) {
		dir := tree(t, map[string]string{"make.conf": "", "profile": "a file, not a directory\n"})
		mask := edit.Entry{File: "profile/package.use.mask", Atom: "=a/b-1", Tokens: []string{"-x"}}
		d, err := edit.Prepare(edit.Options{Dir: dir}, []edit.Entry{mask, php})
		if err == nil {
			refused(t, dir, d, map[string]string{"make.conf": "", "profile": "a file, not a directory\n"}, "profile")
		} else if !strings.Contains(err.Error(), "profile") {
			t.Error(err)
		}
	})
}

func refused(t *testing.T, dir string, d *edit.Edits, want map[string]string, word string) {
	t.Helper()
	err := d.Apply()
	if err == nil || !strings.Contains(err.Error(), word) {
		t.Errorf("error: %v", err)
	}
	if diff := cmp.Diff(want, content(t, dir)); diff != "" {
		t.Error(diff)
	}
}

func TestPrepareErrors(t *testing.T) {
	dir := tree(t, map[string]string{"package.use/": ""})
	if err := os.Symlink("nowhere", filepath.Join(dir, "package.license")); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ dir, file, word string }{
		{filepath.Join(dir, "none"), "package.use", "no configuration"},
		{dir, "package.license", "link to a file that does not exist"},
	} {
		_, err := edit.Prepare(edit.Options{Dir: tt.dir}, []edit.Entry{{File: tt.file, Atom: "a/b"}})
		if err == nil || !strings.Contains(err.Error(), tt.word) {
			t.Errorf("%s: %v", tt.file, err)
		}
	}
}

// What was written is read back as an entry that is in effect, and what was there is still the beginning.
func FuzzAppend(f *testing.F) {
	f.Add("a/b x\n", "x")
	f.Add("# text\n\n=a/b-1 -* y", "-x")
	f.Add("=a/b-1 X: y\r\n=a/b-1\x00", "x_y")
	f.Fuzz(func(t *testing.T, old, flag string) {
		if flag == "" || strings.ContainsAny(flag, "\x00 \t\n\v\f\r#:*\u0085\u00a0") || strings.HasPrefix(flag, "--") || len(strings.Fields(flag)) != 1 || flag == "-" {
			t.Skip("the input is not the name of a USE flag")
		}
		dir := tree(t, map[string]string{"package.use": old})
		e := edit.Entry{File: "package.use", Atom: "=a/b-1", Tokens: []string{flag}}
		d, err := edit.Prepare(edit.Options{Dir: dir}, []edit.Entry{e})
		if err != nil || len(d.Files) == 0 {
			return
		}
		if !strings.HasPrefix(string(d.Files[0].Content), old) {
			t.Fatalf("%q became %q", old, d.Files[0].Content)
		}
		if err := d.Apply(); err != nil {
			t.Fatal(err)
		}
		again, err := edit.Prepare(edit.Options{Dir: dir}, []edit.Entry{e})
		if err != nil || !slices.ContainsFunc(again.Known, func(k edit.Entry) bool { return k.Atom == e.Atom }) {
			t.Fatalf("%q is not read back from %q: %v", flag, d.Files[0].Content, err)
		}
	})
}

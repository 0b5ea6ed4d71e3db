package portsolve

import (
	"strings"
	"testing"

	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/atom/metadata"
)

// The rules of --usepkg-include, --usepkg-exclude and their counterparts in files
// (emerge(1), portage(5)): what a word of one list does to the other one.
func TestBinaryChoice(t *testing.T) {
	choice := func(text string) (c binaryChoice) {
		for word := range strings.FieldsSeq(text) {
			into := &c.exclude
			if word[0] == '+' {
				into = &c.include
			}
			atoms, err := namedAtoms([]string{word[1:]}, metadata.Source{File: "test"})
			if err != nil {
				t.Fatal(err)
			}
			*into = append(*into, atoms...)
		}
		return c
	}
	for _, tt := range []struct{ file, option, want string }{
		{"", "", "foo bar baz"},
		{"-foo", "", "bar baz"},
		{"-foo", "-bar", "baz"},
		{"-foo", "+foo", "foo"},
		{"-foo +foo", "", "foo bar baz"},
		{"-foo -bar +foo", "", "foo baz"},
		{"-foo -bar +foo", "+bar", "bar"},
		{"-foo +foo +bar", "", "bar"},
		{"-foo +foo +bar", "-bar", "foo baz"},
		{"+foo", "+bar", "foo bar"},
		{"+foo", "-foo", "bar baz"},
		{"", "-foo +foo", "foo bar baz"},
		{"", "-foo -bar +foo", "foo baz"},
		{"", "-cat/b*", "foo"},
		{"", "-other/foo", "foo bar baz"},
		{"", "-foo:2", "foo bar baz"},
		{"", "-foo:0", "bar baz"},
		{"", "-<foo-1", "foo bar baz"},
		{"", "-<foo-2", "bar baz"},
		{"", "+=cat/foo-1-7", ""},
		{"", "+=cat/foo-1-3", "foo"},
	} {
		c := newBinaryChoice("binary packages", choice(tt.file), choice(tt.option))
		var got []string
		for _, name := range []string{"foo", "bar", "baz"} {
			cpv, err := atom.ParseCPV("cat/" + name + "-1")
			if err != nil {
				t.Fatal(err)
			}
			p := metadata.FromVars(cpv, metadata.Binary, map[string]string{"SLOT": "0"})
			p.BuildID = 3
			if len(c.against(p, nil)) == 0 {
				got = append(got, name)
			}
		}
		if s := strings.Join(got, " "); s != tt.want {
			t.Errorf("file %q, option %q: %q, want %q", tt.file, tt.option, s, tt.want)
		}
	}
}

func TestNamedAtomErrors(t *testing.T) {
	for _, word := range []string{"a/b/c", "=foo", "!", "foo["} {
		if atoms, err := namedAtoms([]string{"good " + word}, metadata.Source{}); err == nil {
			t.Errorf("%q was read as %v", word, atoms[len(atoms)-1])
		}
	}
}

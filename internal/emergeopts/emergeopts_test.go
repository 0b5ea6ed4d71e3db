package emergeopts

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/portsolve/portsolve/solver/universe"
)

func apply(t *testing.T, pairs ...string) *universe.Options {
	t.Helper()
	o := new(universe.Options)
	for i := 0; i < len(pairs); i += 2 {
		if err := Set(o, pairs[i], pairs[i+1]); err != nil {
			t.Fatalf("Set(%s, %s): %v", pairs[i], pairs[i+1], err)
		}
	}
	return o
}

func TestSet(t *testing.T) {
	const yes, no = universe.Yes, universe.No
	for _, c := range []struct {
		name  string
		pairs []string
		want  universe.Options
	}{
		{"switches", []string{"--update", "true", "--newuse", "y", "--oneshot", "n"}, universe.Options{Update: true, NewUse: true}},
		{"deep", []string{"--deep", "true"}, universe.Options{Deep: universe.Unlimited}},
		{"deep number", []string{"--deep", "true", "--deep", "2"}, universe.Options{Deep: 2}},
		{"words add up", []string{"--exclude", "a/b  c", "--exclude", "*/d"}, universe.Options{Exclude: []string{"a/b", "c", "*/d"}}},
		{"autounmask bare", []string{"--autounmask", "true"}, universe.Options{Autounmask: yes, AutounmaskLicense: yes}},
		{"autounmask y", []string{"--autounmask", "y"}, universe.Options{Autounmask: yes}},
		{"explicit license wins", []string{"--autounmask-license", "n", "--autounmask", "true"}, universe.Options{Autounmask: yes, AutounmaskLicense: no}},
		{"root-deps", []string{"--root-deps", "rdeps"}, universe.Options{RootDeps: "rdeps"}},
		{"backtrack 0 is not unset", []string{"--backtrack", "0"}, universe.Options{Backtrack: -1}},
		{"noreplace", []string{"--noreplace", "true"}, universe.Options{Selective: yes}},
		{"selective n stays", []string{"--selective", "n", "--noreplace", "true"}, universe.Options{Selective: no}},
		{"reinstall", []string{"--reinstall", "changed-use"}, universe.Options{ChangedUse: true}},
		{"respect use", []string{"--binpkg-respect-use", "true"}, universe.Options{BinpkgRespectUse: "y"}},
		{"action", []string{"--depclean", "true"}, universe.Options{Action: "depclean"}},
		{"display only", []string{"--color", "n", "--jobs", "4", "--jobs", "n", "--load-average", "2.5", "--cols", "n"}, universe.Options{}},
	} {
		if d := cmp.Diff(&c.want, apply(t, c.pairs...)); d != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, d)
		}
	}
}

func TestSetErrors(t *testing.T) {
	var unknown *UnknownError
	if err := Set(new(universe.Options), "--udpate", "true"); !errors.As(err, &unknown) ||
		len(unknown.Suggest) == 0 || unknown.Suggest[0] != "--update" {
		t.Errorf("misspelt option: %v", err)
	}
	var value *ValueError
	for _, c := range [][2]string{
		{"--deep", "-1"}, {"--deep", "x"}, {"--deep", "99999999999999999999"}, {"--with-bdeps", "maybe"},
		{"--update", "2"}, {"--jobs", "-1"}, {"--load-average", "inf"}, {"--load-average", "x"}, {"--exclude", "  "}, {"--root-deps", "all"}, {"--backtrack", "true"},
	} {
		if err := Set(new(universe.Options), c[0], c[1]); !errors.As(err, &value) {
			t.Errorf("%s=%s: got %v, want a ValueError", c[0], c[1], err)
		}
	}
}

func TestNormalize(t *testing.T) {
	for _, c := range []struct {
		name  string
		pairs []string
		check func(o *universe.Options) bool
	}{
		{"update is selective", []string{"--update", "true"}, func(o *universe.Options) bool { return o.Selective == universe.Yes }},
		{"selective n", []string{"--update", "true", "--selective", "n"}, func(o *universe.Options) bool { return o.Selective == universe.No }},
		{"plain is not", nil, func(o *universe.Options) bool { return o.Selective == universe.Unset && o.WithBdeps == "auto" }},
		{"usepkg: no bdeps", []string{"--usepkg", "true"}, func(o *universe.Options) bool { return o.WithBdeps == "" }},
		{"bdeps-auto n", []string{"--with-bdeps-auto", "n"}, func(o *universe.Options) bool { return o.WithBdeps == "" }},
		{"emptytree", []string{"--emptytree", "true", "--noreplace", "true"}, func(o *universe.Options) bool {
			return o.Deep == universe.Unlimited && o.Selective == universe.No
		}},
		{"nodeps", []string{"--nodeps", "true", "--deep", "true", "--complete-graph", "true"}, func(o *universe.Options) bool {
			return o.Deep == 0 && !o.CompleteGraph && o.DynamicDeps == universe.No
		}},
		{"getbinpkgonly", []string{"--getbinpkgonly", "true"}, func(o *universe.Options) bool { return o.GetBinPkg && o.UsePkg && o.UsePkgOnly }},
		{"rebuilt binaries", []string{"--usepkgonly", "true", "--update", "true", "--deep", "true"}, func(o *universe.Options) bool {
			return o.RebuiltBinaries == universe.Yes
		}},
		{"rebuild-if needs the graph", []string{"--rebuild-if-new-rev", "true"}, func(o *universe.Options) bool { return o.CompleteGraph }},
	} {
		o := apply(t, c.pairs...)
		Normalize(o)
		if !c.check(o) {
			t.Errorf("%s: got %+v", c.name, *o)
		}
		once := *o
		Normalize(o)
		if d := cmp.Diff(&once, o); d != "" {
			t.Errorf("%s: a second Normalize changes (-first +second):\n%s", c.name, d)
		}
	}
}

func TestTable(t *testing.T) {
	names, shorts := map[string]bool{}, map[byte]string{}
	for _, o := range All() {
		if names[o.Name] || !strings.HasPrefix(o.Name, "--") {
			t.Errorf("%s: twice in the table, or without dashes", o.Name)
		}
		names[o.Name] = true
		if o.Short != 0 {
			if other := shorts[o.Short]; other != "" {
				t.Errorf("-%c: both %s and %s", o.Short, other, o.Name)
			}
			shorts[o.Short] = o.Name
			if got := Lookup("-" + string(o.Short)); got == nil || got.Name != o.Name {
				t.Errorf("Lookup(-%c) = %v", o.Short, got)
			}
		}
		if o.Note == "" || o.Status == "" {
			t.Errorf("%s: no note or no status", o.Name)
		}
		if (o.Kind == Choice || o.Kind == OptWord) != (len(o.Values) > 0) {
			t.Errorf("%s: kind and values do not agree", o.Name)
		}
		if err := Set(new(universe.Options), o.Name, sample(&o)); err != nil {
			t.Errorf("%s: %v", o.Name, err)
		}
	}
}

func sample(o *Option) string {
	switch o.Kind {
	case OptLevel, OptNumber, Number:
		return "3"
	case Choice, OptWord:
		return o.Values[0]
	case Words, Text:
		return "app-misc/hello"
	}
	return "y"
}

func TestConflicts(t *testing.T) {
	for _, c := range [][]string{
		{"--tree", "true", "--columns", "true"}, {"--onlydeps", "true", "--nodeps", "true"},
		{"--usepkgonly", "true", "--buildpkgonly", "true"},
	} {
		if err := Conflicts(apply(t, c...)); !errors.Is(err, ErrConflict) {
			t.Errorf("%v: got %v", c, err)
		}
	}
	if err := Conflicts(apply(t, "--tree", "true", "--update", "true")); err != nil {
		t.Error(err)
	}
}

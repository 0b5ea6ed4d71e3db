package portsolve_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/portsolve/portsolve"
	"github.com/portsolve/portsolve/solver/answer"
	"github.com/portsolve/portsolve/solver/universe"
)

// cluttered is a system with something for every rule of what stays.
func cluttered() files {
	return base().
		with("repo/profiles/base/packages", "*cat/base\n").
		with("etc/portage/sets/tools", "cat/tool\n").
		with("var/lib/portage/world", "cat/app\ncat/base\n").
		with("var/lib/portage/world_sets", "@tools\n").
		install("cat/app-1", "RDEPEND=cat/lib:0/1=").
		install("cat/lib-1", "SLOT=0/1", "CONTENTS=obj /usr/lib/lib.so 0 0").
		install("cat/base-1").
		install("cat/tool-1").
		install("cat/twice-1").
		install("other/twice-1").
		install("cat/provider-1").
		install("virtual/provider-1", "RDEPEND=cat/provider")
}

func removal(t *testing.T, sys *portsolve.System, o universe.Options, args ...string) *answer.Removal {
	t.Helper()
	r := resolve(t, sys, o, args...).Removal
	if r == nil {
		t.Fatalf("%v: the answer is not a removal", args)
	}
	return r
}

func TestDepclean(t *testing.T) {
	sys := cluttered().open(t)
	clean := universe.Options{Action: "depclean"}
	r := removal(t, sys, clean)
	if got := strings.Join(r.CleanList, " "); got != "virtual/provider-1 other/twice-1 cat/twice-1 cat/provider-1" || !r.Ordered {
		t.Errorf("without arguments: %q, ordered %v", got, r.Ordered)
	}
	if r.Installed != 8 || r.Kept != 4 || r.World != 3 || r.System != 1 || r.Root != "/" {
		t.Errorf("counts: %+v", r)
	}
	stay := universe.Options{Action: "depclean", Deselect: universe.No}
	for _, tt := range []struct {
		options universe.Options
		arg     string
		goes    string
		leaves  string // world
	}{
		{clean, "cat/app", "cat/app-1", "cat/app"},
		{stay, "cat/app", "", ""},
		{clean, "app", "cat/app-1", "cat/app"},
		{clean, "cat/lib", "", ""},
		{clean, "cat/base", "", ""}, // in world, and in @system with the same words
		{clean, "cat/tool", "", ""}, // of a set in world
		{clean, "provider", "", ""}, // the real one, which the virtual needs
		{clean, "virtual/provider", "virtual/provider-1", ""},
		{clean, "=cat/app-1", "cat/app-1", "cat/app"},
		{clean, "cat/app:3", "", ""},
		{clean, "*/twice", "other/twice-1 cat/twice-1", ""},
		{clean, "pro*", "virtual/provider-1 cat/provider-1", ""},
		{clean, "/usr/lib/lib.so", "", ""},
		{clean, "@world", "cat/app-1", "cat/app"},
		{clean, "@installed", "", ""},
	} {
		r := removal(t, sys, tt.options, tt.arg)
		got := slices.Clone(r.CleanList)
		want := strings.Fields(tt.goes)
		if tt.arg == "@installed" {
			want = nil
			got = slices.DeleteFunc(got, func(s string) bool { return s != "cat/base-1" && s != "cat/tool-1" })
		}
		if slices.Sort(got); !slices.Equal(got, sorted(want)) {
			t.Errorf("%s: %v goes, expected %v", tt.arg, got, want)
		}
		if tt.arg != "@installed" && strings.Join(r.Deselected, " ") != tt.leaves {
			t.Errorf("%s: %v leaves world, expected %q", tt.arg, r.Deselected, tt.leaves)
		}
	}
}

func sorted(list []string) []string {
	slices.Sort(list)
	return list
}

func TestRemovalArguments(t *testing.T) {
	sys := cluttered().open(t)
	for _, tt := range []struct{ action, arg, text string }{
		{"depclean", "twice", "ambiguous; name one of: cat/twice, other/twice"},
		{"depclean", "!cat/app", "a blocker is not a package"},
		{"depclean", "cat/", "not a valid package"},
		{"depclean", "", "an argument is empty"},
		{"depclean", "@nosuch", "there is no set @nosuch"},
		{"depclean", "/usr/lib/none", "does not belong to any installed package"},
	} {
		_, err := sys.Resolve(context.Background(), portsolve.Request{Args: []string{tt.arg}, Options: universe.Options{Action: tt.action}})
		var usage *portsolve.UsageError
		if !errors.As(err, &usage) || !strings.Contains(err.Error(), tt.text) {
			t.Errorf("%s %q: %v", tt.action, tt.arg, err)
		}
	}
	_, err := sys.Resolve(context.Background(), portsolve.Request{Options: universe.Options{Action: "unmerge"}})
	if err == nil || !strings.Contains(err.Error(), "has to be given something") {
		t.Errorf("unmerge of nothing: %v", err)
	}
	r := removal(t, sys, universe.Options{Action: "unmerge"}, "nosuch", "cat/nosuch", "cat/lib", "cat/lib")
	if !slices.Equal(r.NotFound, []string{"nosuch", "cat/nosuch"}) || !slices.Equal(r.CleanList, []string{"cat/lib-1"}) {
		t.Errorf("not found %v, goes %v", r.NotFound, r.CleanList)
	}
	if got := r.Breaks["cat/app-1"]; len(got) == 0 {
		t.Errorf("breaks %v", r.Breaks)
	}
}

func TestDepcleanStatus(t *testing.T) {
	clean := universe.Options{Action: "depclean"}
	if s := resolve(t, cluttered().open(t), clean).Status; s != answer.Solved {
		t.Errorf("status %q where something goes", s)
	}
	if s := resolve(t, base().open(t), clean); s.Status != answer.NothingToDo || !strings.Contains(strings.Join(s.Warnings, " "), "world file is empty") {
		t.Errorf("status %q, warnings %q where nothing is installed", s.Status, s.Warnings)
	}
	broken := cluttered().install("cat/base-1", "RDEPEND=cat/gone").open(t)
	res := resolve(t, broken, clean)
	if res.Status != answer.Unsolvable || !res.Removal.Blocked || len(res.Removal.CleanList) != 0 ||
		!slices.Equal(res.Removal.Broken["cat/base-1"], []string{"cat/gone"}) {
		t.Errorf("status %q, %+v where a dependency is missing", res.Status, res.Removal)
	}
}

// TestDepcleanTarget: only the target's packages go, and they may need the host's.
func TestDepcleanTarget(t *testing.T) {
	f := cluttered()
	for path, content := range f {
		if rest, ok := strings.CutPrefix(path, "var/db/pkg/cat/app-1/"); ok {
			f["mnt/var/db/pkg/cat/app-1/"+rest] = content
		}
	}
	f.with("mnt/var/db/pkg/cat/lone-1/EAPI", "8\n").with("mnt/var/db/pkg/cat/lone-1/SLOT", "0\n").
		with("mnt/var/db/pkg/cat/lone-1/IDEPEND", "cat/tool\n").
		with("mnt/var/lib/portage/world", "cat/lone\n")
	dir := f.write(t)
	sys, err := portsolve.Open(context.Background(), portsolve.Options{System: dir, Env: map[string]string{"ROOT": "/mnt"}})
	if err != nil {
		t.Fatal(err)
	}
	r := removal(t, sys, universe.Options{Action: "depclean"})
	if !slices.Equal(r.CleanList, []string{"cat/app-1"}) || r.Root != "/mnt/" || len(r.Broken) != 1 {
		t.Errorf("%+v", r)
	}
}

package portsolve_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/portsolve/portsolve"
	"github.com/portsolve/portsolve/solver/answer"
	"github.com/portsolve/portsolve/solver/universe"
)

// What is no matter of the configuration is done only if it is allowed, and said.
func TestAllow(t *testing.T) {
	masked := threads().with("repo/profiles/base/package.use.mask", "cat/apache threads\n").
		with("repo/profiles/base/package.use.force", "cat/php threads\n")
	// cat/user needs what would have to go: both go, or nothing does.
	chain := base().with("repo/metadata/md5-cache/cat/new-1", entry("RDEPEND=!!cat/b")).with("repo/metadata/md5-cache/cat/b-1", entry()).
		with("repo/metadata/md5-cache/cat/user-1", entry("RDEPEND=cat/b")).
		install("cat/b-1").install("cat/user-1", "RDEPEND=cat/b").with("var/lib/portage/world", "cat/user\n")
	old := base().with("repo/metadata/md5-cache/cat/lib-2", entry()).with("repo/metadata/md5-cache/cat/lib-1", entry()).
		with("repo/metadata/md5-cache/cat/old-1", entry("RDEPEND=<cat/lib-2")).
		install("cat/lib-1").install("cat/old-1", "RDEPEND=<cat/lib-2").with("var/lib/portage/world", "cat/old\n")
	tests := []struct {
		name  string
		files files
		args  string
		allow string
		want  []string
		plan  []string
	}{
		{"the profile's flags are the profile's", masked, "cat/gallery", "", nil, nil},
		{"unless", masked, "cat/gallery", "use.mask", []string{"use cat/apache-2", "use cat/php-8"}, []string{"merge cat/apache-2", "merge cat/php-8", "merge cat/gallery-1"}},
		{"what is installed stays", old, "=cat/lib-2", "", nil, nil},
		{"unless", old, "=cat/lib-2", "remove", []string{"remove cat/old-1"}, []string{"uninstall cat/old-1", "merge cat/lib-2"}},
		{"what was asked for stays", old, "=cat/lib-2 cat/old", "use.mask", nil, nil},
		{"unless", old, "=cat/lib-2 cat/old", "drop", []string{"drop =cat/lib-2"}, []string{"merge cat/old-1"}},
		{"what needs it goes, too", chain, "cat/new", "remove", []string{"remove cat/b-1, remove cat/user-1"}, []string{"uninstall cat/b-1", "uninstall cat/user-1", "merge cat/new-1"}},
		{"also if world names both", chain.with("var/lib/portage/world", "cat/user\ncat/b\n"), "cat/new", "remove",
			[]string{"remove cat/b-1, remove cat/user-1"}, []string{"uninstall cat/b-1", "uninstall cat/user-1", "merge cat/new-1"}},
		{"both", old, "=cat/lib-2 cat/old", "drop remove", []string{"drop =cat/lib-2", "drop cat/old, remove cat/old-1"}, []string{"merge cat/old-1"}},
	}
	for _, tt := range tests {
		t.Run(tt.name+" "+tt.allow, func(t *testing.T) {
			sys := tt.files.open(t)
			request := portsolve.Request{Args: strings.Fields(tt.args), Allow: strings.Fields(tt.allow)}
			res, err := sys.Resolve(t.Context(), request)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for i := range res.Alternatives {
				got = append(got, changeWords(&res.Alternatives[i].Changes))
			}
			if d := cmp.Diff(tt.want, got); d != "" || (res.AlternativesEnd == "all") == strings.Contains(tt.allow, "remove") {
				t.Errorf("%s %s", res.AlternativesEnd, d)
			}
			if len(got) == 0 {
				return
			}
			request.Pick = 1
			if res, err = sys.Resolve(t.Context(), request); err != nil {
				t.Fatal(err)
			}
			var plan []string
			for i := range res.Plan {
				plan = append(plan, string(res.Plan[i].Action)+" "+res.Plan[i].CPV)
			}
			if d := cmp.Diff(tt.plan, plan); d != "" {
				t.Error(d)
			}
			if v, err := sys.Verify(t.Context(), request, res); err != nil || len(v) > 0 {
				t.Errorf("%v, %v", v, err)
			}
		})
	}
	if _, err := old.open(t).Resolve(t.Context(), portsolve.Request{Args: []string{"cat/lib"}, Allow: []string{"all"}}); err == nil {
		t.Error("--allow all is no error")
	}
}

// changeWords is what changes change, in short.
func changeWords(c *answer.Changes) string {
	var out []string
	for cpv := range c.Use {
		out = append(out, "use "+cpv)
	}
	for _, arg := range c.Drop {
		out = append(out, "drop "+arg)
	}
	for _, cpv := range c.Remove {
		out = append(out, "remove "+cpv)
	}
	slices.Sort(out)
	return strings.Join(out, ", ")
}

// A flag of the profile's choice is changed in the user's own part of the profile.
func TestAllowedFlagIsWritten(t *testing.T) {
	f := threads().with("repo/profiles/base/package.use.mask", "cat/apache threads\n").
		with("repo/profiles/base/package.use.force", "cat/php threads\n")
	for pick, want := range map[int]string{1: "profile/package.use.mask =cat/apache-2 -threads", 2: "profile/package.use.force =cat/php-8 -threads"} {
		dir := f.write(t)
		sys := openAt(t, dir)
		res, err := sys.Resolve(t.Context(), portsolve.Request{Args: []string{"cat/gallery"}, Allow: []string{"use.mask"}, Pick: pick})
		if err != nil {
			t.Fatal(err)
		}
		if e := res.Changes.Entries; len(e) != 2 || e[1].File+" "+e[1].Line() != want {
			t.Errorf("%+v, want %s", e, want)
		}
		d, err := sys.PrepareChanges(res.Changes, true)
		if err != nil {
			t.Fatal(err)
		}
		if err := d.Apply(); err != nil {
			t.Fatal(err)
		}
		if again := resolve(t, openAt(t, dir), universe.Options{}, "cat/gallery"); again.Status != answer.Solved || len(again.Plan) != 3 {
			t.Errorf("afterwards: %s, %v", again.Status, merged(again))
		}
	}
}

func openAt(t *testing.T, dir string) *portsolve.System {
	t.Helper()
	sys, err := portsolve.Open(t.Context(), portsolve.Options{System: dir, Env: map[string]string{}})
	if err != nil {
		t.Fatal(err)
	}
	return sys
}

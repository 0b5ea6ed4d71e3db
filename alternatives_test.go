package portsolve_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/portsolve/portsolve"
	"github.com/portsolve/portsolve/solver/answer"
	"github.com/portsolve/portsolve/solver/universe"
)

// threads is a system in which two settings contradict each other.
func threads() files {
	return base().
		with("repo/metadata/md5-cache/cat/gallery-1", entry("RDEPEND=cat/php[apache2]")).
		with("repo/metadata/md5-cache/cat/php-8", entry("IUSE=apache2 threads", "RDEPEND=apache2? ( cat/apache[threads=] )")).
		with("repo/metadata/md5-cache/cat/apache-2", entry("IUSE=threads")).
		with("etc/portage/package.use/php", "# modules\ncat/php apache2\n").
		with("repo/profiles/base/package.use", "cat/php threads\n")
}

// wayOut is an alternative in short.
func wayOut(a *answer.Alternative) string {
	var out []string
	for _, cpv := range slices.Sorted(maps.Keys(a.Changes.Use)) {
		for _, f := range slices.Sorted(maps.Keys(a.Changes.Use[cpv])) {
			out = append(out, fmt.Sprintf("%s %s=%v", cpv, f, a.Changes.Use[cpv][f]))
		}
	}
	for _, cpv := range slices.Sorted(maps.Keys(a.Changes.License)) {
		out = append(out, cpv+" license")
	}
	for _, cpv := range a.Changes.Keywords {
		out = append(out, cpv+" keyword")
	}
	for _, cpv := range a.Changes.Unmask {
		out = append(out, cpv+" unmask")
	}
	for _, x := range a.Against {
		out = append(out, "against "+filepath.Base(x.File))
	}
	return strings.Join(out, ", ")
}

func waysOut(res *portsolve.Result) (list []string) {
	for i := range res.Alternatives {
		list = append(list, wayOut(&res.Alternatives[i]))
	}
	return list
}

func TestAlternatives(t *testing.T) {
	tests := []struct {
		name    string
		files   files
		options universe.Options
		status  answer.Status
		want    []string
	}{
		{"settings of the profile are nobody's", threads(), universe.Options{}, answer.ChangesNeeded,
			[]string{"cat/apache-2 threads=true", "cat/php-8 threads=false"}},
		{"make.conf is the user's", threads().with("etc/portage/make.conf", "USE=\"-threads\"\n").
			with("repo/profiles/base/package.use.force", "cat/php threads\n"), universe.Options{}, answer.ChangesNeeded,
			[]string{"cat/apache-2 threads=true, against make.conf:1"}},
		{"USE changes may be refused", threads(), universe.Options{AutounmaskUse: universe.No}, answer.Unsolvable, nil},
		{"emerge's way", threads(), universe.Options{Compat: true}, answer.ChangesNeeded, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			res := resolve(t, tt.files.open(t), tt.options, "cat/gallery")
			if d := cmp.Diff(tt.want, waysOut(res)); d != "" {
				t.Error(d)
			}
			if res.Status != tt.status {
				t.Errorf("status %s, want %s", res.Status, tt.status)
			}
		})
	}
}

// Kinds that emerge would not propose are listed, and shown only if they are picked.
func TestAlternativesAreNotAllShown(t *testing.T) {
	f := base().
		with("repo/metadata/md5-cache/cat/new-1", entry("KEYWORDS=~amd64")).
		with("repo/metadata/md5-cache/cat/new-2", entry("LICENSE=EULA")).
		with("repo/metadata/md5-cache/cat/new-9999", entry("KEYWORDS=", "PROPERTIES=live")).
		with("repo/metadata/md5-cache/cat/new-0", entry()).
		with("etc/portage/make.conf", "ACCEPT_LICENSE=\"-*\"\n").
		with("etc/portage/package.mask", "=cat/new-0\n")
	sys := f.open(t)
	want := []string{"cat/new-2 license", "cat/new-1 keyword", "cat/new-9999 keyword", "cat/new-0 unmask, against package.mask:1"}
	res := resolve(t, sys, universe.Options{}, "cat/new")
	if d := cmp.Diff(want, waysOut(res)); d != "" || res.Status != answer.Unsolvable || len(res.Plan) > 0 || res.AlternativesEnd != "all" {
		t.Errorf("%s, %d entries, %s\n%s", res.Status, len(res.Plan), res.AlternativesEnd, d)
	}
	res = resolve(t, sys, universe.Options{Autounmask: universe.Yes}, "cat/new")
	if got := merged(res); res.Status != answer.ChangesNeeded || !slices.Equal(got, []string{"cat/new-1"}) {
		t.Errorf("with --autounmask: %s, %v", res.Status, got)
	}
	for i, cpv := range []string{"cat/new-2", "cat/new-1", "cat/new-9999", "cat/new-0"} {
		res, err := sys.Resolve(context.Background(), portsolve.Request{Args: []string{"cat/new"}, Pick: i + 1})
		if err != nil {
			t.Fatal(err)
		}
		if got := merged(res); !slices.Equal(got, []string{cpv}) || res.Status != answer.ChangesNeeded {
			t.Errorf("picking %d: %s, %v, want %s", i+1, res.Status, got, cpv)
		}
	}
	var usage *portsolve.UsageError
	if _, err := sys.Resolve(context.Background(), portsolve.Request{Args: []string{"cat/new"}, Pick: 5}); !errors.As(err, &usage) {
		t.Errorf("picking 5: %v", err)
	}
	for n, want := range map[int]int{portsolve.NoAlternatives: 0, 1: 1, 3: 3, portsolve.AllAlternatives: 4} {
		res, err := sys.Resolve(context.Background(), portsolve.Request{Args: []string{"cat/new"}, Alternatives: n})
		if err != nil || len(res.Alternatives) != want || (want == 1 || want == 3) != (res.AlternativesEnd == "limit") {
			t.Errorf("%d wanted: %d, %q, %v", n, len(res.Alternatives), res.AlternativesEnd, err)
		}
	}
}

// A search without time still shows the proposal that the resolver made first.
func TestAlternativesOutOfTime(t *testing.T) {
	res, err := threads().open(t).Resolve(context.Background(), portsolve.Request{Args: []string{"cat/gallery"}, Patience: time.Nanosecond})
	if err != nil || res.AlternativesEnd != "time" || res.Status != answer.ChangesNeeded {
		t.Errorf("%v, %+v", err, res)
	}
}

// Every alternative of a real request solves it once it is written down.
func TestAlternativesOfRealRequestSolveIt(t *testing.T) {
	tree, machine := realSystem(t, "stage3-desktop")
	dir := ownConfiguration(t, machine)
	open := func() *portsolve.System {
		sys, err := portsolve.Open(context.Background(), portsolve.Options{System: dir, Repos: map[string]string{"gentoo": tree}, Env: map[string]string{}})
		if err != nil {
			t.Fatal(err)
		}
		return sys
	}
	request := portsolve.Request{Args: []string{"www-client/firefox"}, Patience: time.Minute}
	res, err := open().Resolve(context.Background(), request)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"media-libs/libvpx-1.10.0 postproc=true", "www-client/firefox-78.11.0 system-libvpx=false"}
	if d := cmp.Diff(want, waysOut(res)); d != "" || res.AlternativesEnd != "all" {
		t.Errorf("%s %s", res.AlternativesEnd, d)
	}
	file := filepath.Join(dir, "etc/portage/package.use/accepted")
	for i := range res.Alternatives {
		var lines strings.Builder
		for cpv, flags := range res.Alternatives[i].Changes.Use {
			for f, on := range flags {
				fmt.Fprintf(&lines, ">=%s %s%s\n", cpv, map[bool]string{false: "-"}[on], f)
			}
		}
		if err := os.WriteFile(file, []byte(lines.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		again := resolve(t, open(), universe.Options{}, "www-client/firefox")
		if again.Status != answer.Solved || len(again.Plan) != len(res.Alternatives[i].Plan) {
			t.Errorf("%s gives %s with %d entries instead of %d", &lines, again.Status, len(again.Plan), len(res.Alternatives[i].Plan))
		}
	}
}

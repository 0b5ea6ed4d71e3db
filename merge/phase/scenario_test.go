package phase

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/portsolve/portsolve/internal/shareddata"
	"github.com/portsolve/portsolve/merge"
)

// recorded is what the tests need of a recorded state.
type recorded struct {
	Exit int
	Root struct {
		Entries []struct {
			Path string
			Text string
		}
	}
}

// shared finds recorded data, or skips.
func shared(t *testing.T, elements ...string) string {
	t.Helper()
	name := shareddata.Path(elements...)
	if _, err := os.Stat(name); err != nil {
		t.Skipf("no recorded merges: %v", err)
	}
	return name
}

// wantText is the content of a file after a step of a recorded scenario, and the
// exit status of emerge.
func wantText(t *testing.T, scenario, step, path string) (string, int) {
	t.Helper()
	data, err := os.ReadFile(shared(t, "merges", scenario, step))
	if err != nil {
		t.Fatal(err)
	}
	var r recorded
	if err := json.Unmarshal(data, &r); err != nil {
		t.Fatal(err)
	}
	for _, e := range r.Root.Entries {
		if e.Path == path {
			return e.Text, r.Exit
		}
	}
	return "", r.Exit
}

// mergeSteps carries out steps "+name-version" and "-name-version" in one run each,
// with the packages of the recorded scenarios, and returns the last error.
func mergeSteps(t *testing.T, root string, steps ...string) error {
	t.Helper()
	needBash(t)
	if os.Geteuid() != 0 {
		t.Skip("the recorded packages belong to root: merging them needs root")
	}
	var last error
	for _, s := range steps {
		step := merge.Step{Action: merge.Uninstall, CPV: "app-mc/" + s[1:]}
		if s[0] == '+' {
			name, _, _ := strings.Cut(s[1:], "-")
			step.Action = merge.Install
			step.File = shared(t, "binpkgs", "merge-pkgdir", "app-mc", name, s[1:]+"-1.gpkg.tar")
		}
		var out bytes.Buffer
		_, last = merge.Run(context.Background(), &merge.Plan{Steps: []merge.Step{step}},
			merge.Target{Root: root, Settings: merge.Settings{Features: merge.DefaultFeatures()}},
			merge.Options{Phases: New(Options{}), Out: &out})
		t.Logf("%s: %v\n%s", s, last, &out)
	}
	return last
}

// TestRecordedOrder: the phases of an installation, upgrade, reinstallation,
// downgrade and removal, with what they saw, are those that Portage ran.
func TestRecordedOrder(t *testing.T) {
	const log = "/var/log/mc/phases.log"
	root := t.TempDir()
	for i, s := range []string{"+phases-1", "+phases-2", "+phases-2", "+phases-1", "-phases-1"} {
		want, _ := wantText(t, "102-phases", "after-"+string(rune('1'+i))+".json", log)
		if err := mergeSteps(t, root, s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
		got, err := os.ReadFile(root + log)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, string(got)); diff != "" {
			t.Fatalf("after %s: %s", s, diff)
		}
	}
}

// TestRecordedFailures: a phase that dies has the consequence that it had there.
func TestRecordedFailures(t *testing.T) {
	for _, test := range []struct {
		scenario string
		steps    []string
		err      string // "" for none
		there    string // installed afterwards
	}{
		{"103-fail-setup", []string{"+failsetup-1"}, "pkg_setup: setup says no", ""},
		{"105-fail-postinst", []string{"+failpost-1"}, "pkg_postinst: postinst says no", "failpost-1"},
		{"107-fail-rm-upgrade", []string{"+failrm-1", "+failrm-2"}, "", "failrm-2"},
	} {
		t.Run(test.scenario, func(t *testing.T) {
			root := t.TempDir()
			err := mergeSteps(t, root, test.steps...)
			_, exit := wantText(t, test.scenario, "after-"+string(rune('0'+len(test.steps)))+".json", "")
			if (err != nil) != (exit != 0) {
				t.Errorf("%v, but emerge exited with %d", err, exit)
			}
			if err != nil && (test.err == "" || !strings.Contains(err.Error(), test.err)) {
				t.Errorf("the error is %q, want %q in it", err, test.err)
			}
			there, _ := filepath.Glob(root + "/var/db/pkg/app-mc/[a-z]*")
			var names []string
			for _, n := range there {
				names = append(names, filepath.Base(n))
			}
			if got := strings.Join(names, " "); got != test.there {
				t.Errorf("installed: %q, want %q", got, test.there)
			}
		})
	}
}

// TestRecordedImageEdits: what pkg_preinst does to the image is what is installed.
func TestRecordedImageEdits(t *testing.T) {
	shared(t, "merges", "108-preinst-edits-image")
	root := t.TempDir()
	if err := mergeSteps(t, root, "+preedit-1"); err != nil {
		t.Fatal(err)
	}
	if list, err := filepath.Glob(root + "/usr/share/preedit/*"); err != nil || len(list) != 1 || filepath.Base(list[0]) != "x" {
		t.Errorf("installed: %v %v", list, err)
	}
}

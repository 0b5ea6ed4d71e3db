package plan

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/portsolve/portsolve/internal/shareddata"
)

// The shared scenarios record, for every answer, the order in which the graph was built and the
// merge list that came of it. This test rebuilds the selection of each answer from that (walk_test.go) and
// looks only at the order, so that neither solver nor readers are involved.

type recordedFile struct {
	Scenarios []struct {
		Fixture fixture        `json:"fixture"`
		Cases   []recordedCase `json:"cases"`
		Same    *int           `json:"same_but_for_binpkg_format_as"`
	} `json:"scenarios"`
}

type fixture struct {
	Ebuilds   []recordedPackage `json:"ebuilds"`
	Binpkgs   []recordedPackage `json:"binpkgs"`
	Installed []recordedPackage `json:"installed"`
	Binrepos  []struct {
		Binpkgs []recordedPackage `json:"binpkgs"`
	} `json:"binrepos"`
	Profile    map[string][]string `json:"profile"`
	Targetroot bool                `json:"targetroot"`
}

type recordedPackage struct {
	CPV       string            `json:"cpv"`
	Effective string            `json:"effective_cpv"`
	Metadata  map[string]string `json:"metadata"`
}

type recordedCase struct {
	Request    []string        `json:"request"`
	Options    map[string]any  `json:"options"`
	Flags      map[string]bool `json:"flags"`
	Assertions [][2]string     `json:"merge_order_assertions"`
	Expected   map[string]any  `json:"expected"`
	Mutations  []any           `json:"fixture_mutations"`
	Actual     *struct {
		Kind   string `json:"kind"`
		Checks struct {
			Success   bool           `json:"success"`
			Mergelist []string       `json:"mergelist"`
			Graph     []string       `json:"graph_order"`
			Use       map[string]any `json:"use_changes"`
			Slots     any            `json:"slot_collision_solutions"`
		} `json:"checks"`
		Detail []recordedEntry `json:"mergelist_detail"`
	} `json:"actual"`
}

type recordedEntry struct {
	CPV       string   `json:"cpv"`
	Repo      string   `json:"repo"`
	Slot      string   `json:"slot"`
	SubSlot   string   `json:"sub_slot"`
	Type      string   `json:"type"`
	Operation string   `json:"operation"`
	Use       []string `json:"use"`
}

func sharedDir(t *testing.T) string {
	dir := shareddata.Path()
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("shared data not found (PORTSOLVE_SHARED): %v", err)
	}
	return dir
}

// leastAccepted is the number of recorded answers whose order must be accepted: all but one, where the walk in
// this test cannot know which branch of an any-of group the recorded answer took.
const leastAccepted = 287

func TestRecordedOrder(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(sharedDir(t), "portage-scenarios", "scenarios", "*.json"))
	if err != nil || len(files) == 0 {
		t.Skipf("no scenarios in the shared data: %v", err)
	}
	exact, accepted, total := 0, 0, 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var f recordedFile
		if err := json.Unmarshal(text, &f); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		for i, s := range f.Scenarios {
			for j := range s.Cases {
				c := &s.Cases[j]
				if s.Same != nil || s.Fixture.Targetroot || !comparable(c) {
					continue
				}
				got, ok := replay(t, &s.Fixture, c)
				if !ok {
					continue
				}
				total++
				same := slices.Equal(got, withoutRepo(c.Actual.Checks.Mergelist))
				fits := same || c.accepts(got)
				if same {
					exact++
				}
				if fits {
					accepted++
				}
				if !fits {
					t.Logf("%s %d/%d %v: not accepted\n got %v\nwant %v", filepath.Base(file), i, j, c.Request, got, c.Actual.Checks.Mergelist)
				}
			}
		}
	}
	t.Logf("%d answers, %d in the recorded order, %d accepted", total, exact, accepted)
	if accepted < leastAccepted {
		t.Errorf("only %d of %d orders accepted, expected %d", accepted, total, leastAccepted)
	}
}

// comparable reports whether a case has an order to compare.
func comparable(c *recordedCase) bool {
	return c.Actual != nil && c.Actual.Kind == "merge" && len(c.Actual.Checks.Mergelist) > 1 &&
		len(c.Actual.Checks.Graph) > 0 && len(c.Mutations) == 0 && c.Expected != nil
}

// replay orders the recorded selection; false if it cannot be rebuilt.
func replay(t *testing.T, f *fixture, c *recordedCase) ([]string, bool) {
	w, err := rebuild(f, c)
	if err != nil {
		t.Logf("%v: not rebuilt: %v", c.Request, err)
		return nil, false
	}
	_, tree := c.Options["--tree"]
	p, err := Order(context.Background(), w.sel, Options{Compat: true, ImplicitSystemDeps: true, Tree: tree, System: w.system})
	var cycle *CycleError
	if errors.As(err, &cycle) {
		return []string{err.Error()}, true
	}
	if err != nil {
		t.Fatal(err)
	}
	return w.names(p), true
}

// accepts applies the rules of FORMAT.md, section 6, to the merge list alone.
func (c *recordedCase) accepts(got []string) bool {
	want, _ := c.Expected["mergelist"].([]any)
	if c.Flags["ignore_mergelist_order"] {
		return true
	}
	rest := got
	for _, w := range want {
		if name, ok := w.(string); ok {
			if len(rest) == 0 || rest[0] != withoutRepo([]string{name})[0] {
				return false
			}
			rest = rest[1:]
			continue
		}
		group, _ := w.(map[string]any)["any_order"].([]any)
		if len(rest) < len(group) || !c.Flags["ambiguous_merge_order"] {
			return false
		}
		var a, b []string
		for i, name := range group {
			a = append(a, withoutRepo([]string{name.(string)})...)
			b = append(b, rest[i])
		}
		slices.Sort(a)
		slices.Sort(b)
		if !reflect.DeepEqual(a, b) {
			return false
		}
		rest = rest[len(group):]
	}
	for _, pair := range c.Assertions {
		if slices.Index(got, pair[0]) > slices.Index(got, pair[1]) {
			return false
		}
	}
	return len(rest) == 0
}

func withoutRepo(list []string) []string {
	out := make([]string, len(list))
	for i, s := range list {
		if !strings.HasPrefix(s, "!") {
			s, _, _ = strings.Cut(s, "::")
		}
		out[i] = s
	}
	return out
}

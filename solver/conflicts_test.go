package solver_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/portsolve/portsolve/solver/answer"
	"github.com/portsolve/portsolve/solver/scenario"
)

// conflictsSection follows the scenario: each slot, its packages with their parents, and the settings that resolve it.
const conflictsSection = "-- conflicts --\n"

// TestSlotConflicts compares what is said of slot conflicts; -update rewrites it.
func TestSlotConflicts(t *testing.T) {
	files, err := filepath.Glob("testdata/collide/*.txtar")
	if err != nil || len(files) < 12 {
		t.Fatalf("%d files: %v", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			world, want, _ := strings.Cut(string(data), conflictsSection)
			sc, err := scenario.Parse([]byte(world))
			if err != nil {
				t.Fatal(err)
			}
			res, err := resolve(context.Background(), sc.Roots, &sc.Request)
			if err != nil {
				t.Fatal(err)
			}
			if res.Status != answer.Unsolvable {
				t.Errorf("the status is %s", res.Status)
			}
			got := conflictText(res.SlotConflicts)
			if *update {
				if err := os.WriteFile(file, []byte(world+conflictsSection+got), 0o644); err != nil {
					t.Fatal(err)
				}
			} else if d := cmp.Diff(want, got); d != "" {
				t.Errorf("the conflicts differ (-want +got):\n%s", d)
			}
		})
	}
}

func conflictText(list []answer.SlotConflict) string {
	var b strings.Builder
	for _, c := range list {
		fmt.Fprintf(&b, "%s\n", c.Slot)
		for _, p := range c.Packages {
			state := "merge"
			if p.Installed {
				state = "installed"
			}
			fmt.Fprintf(&b, "  %s %s\n", p.CPV, state)
			for _, w := range p.Parents {
				fmt.Fprintf(&b, "    %s%s %s\n", w.Parent, w.Arg, w.Atom)
			}
		}
		for _, s := range c.Solutions {
			fmt.Fprintf(&b, "  resolved by %s\n", settingsText(s))
		}
	}
	return b.String()
}

func settingsText(s map[string]map[string]bool) string {
	var out []string
	for cpv, flags := range s {
		for f, on := range flags {
			if !on {
				f = "-" + f
			}
			out = append(out, cpv+"["+f+"]")
		}
	}
	slices.Sort(out)
	return strings.Join(out, " ")
}

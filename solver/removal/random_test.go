package removal_test

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/portsolve/portsolve/solver/answer"
	"github.com/portsolve/portsolve/solver/removal"
	"github.com/portsolve/portsolve/solver/scenario"
	"github.com/portsolve/portsolve/solver/solvertest"
)

const randomWorlds = 300

// TestRandomWorlds states laws for worlds drawn from their number: the answer passes the checker (planned
// asks it), asking again gives the same, nothing more goes once the list is
// gone, and what goes without arguments goes when named, too.
func TestRandomWorlds(t *testing.T) {
	worlds := rapid.Custom(solvertest.World)
	removed := 0
	for seed := range randomWorlds {
		text := worlds.Example(seed)
		sc, err := scenario.Parse([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		sc.Request.Args = nil
		r := planned(t, sc)
		if again := planned(t, sc); !slices.Equal(again.CleanList, r.CleanList) {
			t.Errorf("world %d: %v, then %v", seed, r.CleanList, again.CleanList)
		}
		if !r.Blocked {
			removed += len(r.CleanList)
			afterwards(t, sc, r)
		}
		if t.Failed() {
			t.Fatalf("world %d:\n%s", seed, text)
		}
	}
	if removed < randomWorlds/4 {
		t.Errorf("only %d packages were removed in %d worlds: this tests nothing", removed, randomWorlds)
	}
}

func afterwards(t *testing.T, sc *scenario.Scenario, r *answer.Removal) {
	t.Helper()
	after := *sc
	after.Roots = slices.Clone(sc.Roots)
	last := &after.Roots[len(after.Roots)-1]
	last.Installed = without(last.Installed, r.Remove)
	if more := planned(t, &after); len(more.CleanList) > 0 {
		t.Errorf("%v goes; then %v, too", r.CleanList, more.CleanList)
	}
	for _, p := range r.Remove {
		named := "-- request --\n--action=" + removal.DepClean + " =" + p.CPV.String() + "\n"
		one, err := scenario.Parse([]byte(named))
		if err != nil {
			t.Fatal(err)
		}
		alone := *sc
		alone.Request.Args = one.Request.Args
		if got := strings.Join(planned(t, &alone).CleanList, " "); got != "" && got != p.CPV.String() {
			t.Errorf("%s is named, and %s goes", p.CPV, got)
		}
	}
}

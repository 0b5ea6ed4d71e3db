package portsolve_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/portsolve/portsolve"
	"github.com/portsolve/portsolve/solver/answer"
	"github.com/portsolve/portsolve/solver/universe"
)

// tangled is a system in which cat/font and cat/shape need each other to be built, and cat/cc itself.
func tangled() files {
	return base().
		with("repo/metadata/md5-cache/cat/font-1", entry("IUSE=+shape", "DEPEND=shape? ( cat/shape )")).
		with("repo/metadata/md5-cache/cat/shape-1", entry("DEPEND=cat/font")).
		with("repo/metadata/md5-cache/cat/text-1", entry("DEPEND=cat/font[shape] cat/shape")).
		with("repo/metadata/md5-cache/cat/cc-1", entry("BDEPEND=cat/cc")).
		with("repo/metadata/md5-cache/cat/tool-1", entry("BDEPEND=cat/cc", "DEPEND=cat/text"))
}

// steps writes the entries of a plan with the flags of first builds.
func steps(plan []answer.Entry) []string {
	var out []string
	for _, e := range plan {
		s := e.CPV
		if len(e.Temporary) > 0 {
			s += fmt.Sprint(" ", e.Temporary)
		}
		out = append(out, s)
	}
	return out
}

func TestCycleIsBrokenByASetting(t *testing.T) {
	res := resolve(t, tangled().open(t), universe.Options{}, "cat/shape")
	if res.Status != answer.Unsolvable || res.Ordered || res.Complete || len(res.Plan) != 2 || len(res.Cycles) != 1 {
		t.Fatalf("status %s, ordered %v, %d entries, cycles %v", res.Status, res.Ordered, len(res.Plan), res.Cycles)
	}
	c := res.Cycles[0]
	if got := fmt.Sprint(c.Solutions); got != "map[cat/font-1:[map[shape:false]]]" || !c.Breaks[0].Verified || !c.Breaks[0].Suffices {
		t.Errorf("solutions %s, %+v", got, c.Breaks)
	}
	want := []string{"cat/font-1 map[shape:false]", "cat/shape-1", "cat/font-1"}
	if res.TwoStep == nil || !slices.Equal(steps(res.TwoStep.Plan), want) || len(res.TwoStep.Needs) > 0 {
		t.Fatalf("two steps: %+v", res.TwoStep)
	}
	again := res.TwoStep.Plan[2]
	if !again.Use["shape"] || !slices.Equal(again.Replaces, []string{"cat/font-1"}) || !slices.Contains(again.After, answer.After{Entry: 0, Kind: "slot"}) {
		t.Errorf("the second build: %+v", again)
	}
}

func TestCycleIsBrokenOnlyByBuildingTwice(t *testing.T) {
	res := resolve(t, tangled().open(t), universe.Options{}, "cat/text")
	if len(res.Cycles) != 1 || len(res.Cycles[0].Breaks) != 0 {
		t.Fatalf("cycles %+v", res.Cycles)
	}
	want := []string{"cat/font-1 map[shape:false]", "cat/shape-1", "cat/font-1", "cat/text-1"}
	if res.TwoStep == nil || !slices.Equal(steps(res.TwoStep.Plan), want) {
		t.Errorf("two steps: %+v", res.TwoStep)
	}
}

func TestCyclesOfATooling(t *testing.T) {
	res := resolve(t, tangled().open(t), universe.Options{}, "cat/tool")
	if len(res.Cycles) != 2 || res.TwoStep == nil || !slices.Equal(res.TwoStep.Needs, []string{"cat/cc-1"}) {
		t.Fatalf("cycles %+v, two steps %+v", res.Cycles, res.TwoStep)
	}
	if len(res.TwoStep.Twice) != 1 || len(res.TwoStep.Plan) != len(res.Plan)+1 {
		t.Errorf("twice %+v, %d entries", res.TwoStep.Twice, len(res.TwoStep.Plan))
	}
	for _, tw := range res.TwoStep.Twice {
		if tw.First >= tw.Again || res.TwoStep.Plan[tw.First].CPV != tw.CPV || res.TwoStep.Plan[tw.Again].CPV != tw.CPV {
			t.Errorf("%+v does not fit the plan %v", tw, steps(res.TwoStep.Plan))
		}
	}
}

// TestInstalledBreaksTheCycle: what is installed can build the new version.
func TestInstalledBreaksTheCycle(t *testing.T) {
	sys := tangled().install("cat/font-0", "IUSE=shape", "USE=").open(t)
	if res := resolve(t, sys, universe.Options{}, "cat/shape"); res.Status != answer.Solved || len(res.Cycles) > 0 || res.TwoStep != nil {
		t.Errorf("status %s, cycles %v", res.Status, res.Cycles)
	}
}

// TestTwoStepIsChecked: the independent checker accepts a two-step plan as an answer of its own, and objects when
// the second build is missing or the first has other flags than it says.
func TestTwoStepIsChecked(t *testing.T) {
	sys := tangled().open(t)
	res := resolve(t, sys, universe.Options{}, "cat/text")
	judge := func(change func([]answer.Entry) []answer.Entry) []portsolve.Violation {
		plan := slices.Clone(res.TwoStep.Plan)
		answered := &portsolve.Result{Status: answer.Solved, Complete: true, Ordered: true, Plan: change(plan)}
		violations, err := sys.Verify(t.Context(), portsolve.Request{Args: []string{"cat/text"}}, answered)
		if err != nil {
			t.Fatal(err)
		}
		return violations
	}
	if v := judge(func(p []answer.Entry) []answer.Entry { return p }); len(v) > 0 {
		t.Errorf("as it is: %v", v)
	}
	if v := judge(func(p []answer.Entry) []answer.Entry { return slices.Delete(p, 2, 3) }); len(v) == 0 {
		t.Error("without the second build: accepted")
	}
	if v := judge(func(p []answer.Entry) []answer.Entry { p[0].Temporary = nil; return p }); len(v) == 0 {
		t.Error("a first build that does not say so: accepted")
	}
	if v := judge(func(p []answer.Entry) []answer.Entry { p[2].Temporary = p[0].Temporary; return p }); len(v) == 0 {
		t.Error("a last build that is temporary: accepted")
	}
}

package differences

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/portsolve/portsolve/solver/answer"
)

func TestClassify(t *testing.T) {
	plan := func(entries ...string) Answer { return Answer{Solved: true, Plan: append([]string{}, entries...)} }
	fails := func(problems ...Problem) Answer { return Answer{Problems: problems} }
	asks := func(changes ...string) Answer { return Answer{Changes: changes} }
	for _, tt := range []struct {
		name         string
		emerge, ours Answer
		want         Class
	}{
		{"REQUIRED_USE", fails(RequiredUse, Unsatisfied), plan("a/b-1"), ClassRequiredUse},
		{"cycle", fails(BuildCycle), plan("a/b-1"), ClassBuildCycle},
		{"virtual cycle", fails(VirtualCycle), plan("a/b-1"), ClassVirtualCycle},
		{"blocker", Answer{Plan: []string{"a/b-1", "!a/c"}, Problems: []Problem{Blocker}}, plan("uninstall a/c-1", "a/b-1"), ClassBlocker},
		{"slot conflict", fails(SlotConflict), plan("a/b-1"), ClassSlotConflict},
		{"nothing matched", fails(Unsatisfied), plan("a/b-1"), ClassNextBest},
		{"changes not needed", asks("a/b-1 +x"), plan("a/b-1"), ClassChanges},
		{"fewer changes", asks("a/b-1 +x", "a/c-1 +x"), asks("a/b-1 +x"), ClassChanges},
		{"fewer and other changes", Answer{Changes: []string{"a/b-1 +x", "a/c-1 +x"}, Problems: []Problem{BuildCycle}}, asks("a/d-1 +x"), ClassChanges},
		{"other changes", asks("a/b-1 +x"), asks("a/c-1 +x"), ClassOtherChanges},
		{"same changes, a conflict less", Answer{Changes: []string{"a/b-1 +x"}, Problems: []Problem{SlotConflict}}, asks("a/b-1 +x"), ClassSlotConflict},
		{"nothing done", plan(), plan("a/b-1"), ClassUpdate},
		{"old version kept", plan("a/b-1"), plan("a/b-1.10", "a/c-1"), ClassUpdate},
		{"same version again", plan("a/b-2", "a/c-2"), plan("a/b-2", "a/c-1"), ClassSameVersion},
		{"other package", plan("a/b-1"), plan("a/c-1"), ClassChoice},
		{"order", plan("a/b-1", "a/c-1"), plan("a/c-1", "a/b-1"), ClassOrder},
		{"blockers do not count", plan("a/b-1", "!a/d"), plan("a/b-1"), ClassOrder},
		{"both fail", fails(BuildCycle), fails(BuildCycle), ClassReport},
		{"changes instead of a failure", Answer{Changes: []string{"a/b-1 +x"}, Problems: []Problem{RequiredUse}}, asks("a/c-1 +x"), ClassRequiredUse},
		{"a failure instead of changes", asks("a/b-1 +x"), fails(Unsatisfied), ClassWorse},
		{"ours fails", plan("a/b-1"), fails(BuildCycle), ClassWorse},
	} {
		if got := Classify(tt.emerge, tt.ours); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
		if !slices.Contains(Classes(), tt.want) {
			t.Errorf("%s is not one of the classes", tt.want)
		}
	}
}

func TestReasons(t *testing.T) {
	compat := &answer.Result{
		RequiredUse: []answer.RequiredUse{{Atom: "a/b", CPV: "a/b-2", Expression: "|| ( x y )"}},
		Plan:        []answer.Entry{{Action: answer.Merge, CPV: "a/flags-1", Why: []answer.Why{{Parent: "a/new-2", Atom: "a/flags[x]"}}}},
	}
	own := &answer.Result{Complete: true, Plan: []answer.Entry{
		{Action: answer.Merge, CPV: "a/b-2", Replaces: []string{"a/b-1"}, Why: []answer.Why{{Arg: "a/b"}}},
		{Action: answer.Merge, CPV: "a/c-1", Why: []answer.Why{{Parent: "a/b-2", Atom: "a/c:=", Rebuild: "a/b-2"}}},
	}, Rebuilds: map[string][]string{"a/b-2": {"a/c-1"}}}
	solved := func(plan ...string) Answer { return Answer{Solved: true, Plan: append([]string{}, plan...)} }
	for _, tt := range []struct {
		name string
		d    Difference
		want []string
	}{
		{"failure of emerge's answer", Difference{Emerge: Answer{Problems: []Problem{RequiredUse}}, Ours: solved("a/b-2")},
			[]string{"the first candidate of `a/b`, `a/b-2`, fails REQUIRED_USE `\\|\\| ( x y )`"}},
		{"a deviation says nothing of emerge's", Difference{Emerge: Answer{Problems: []Problem{RequiredUse}}, Ours: solved("a/b-2"), Deviation: true}, nil},
		{"update", Difference{Emerge: solved("a/b-1"), Ours: solved("a/b-2", "a/c-1")},
			[]string{"`a/b` asks for `a/b-2` instead of `a/b-1`", "`a/b-2` has 1 package built again"}},
		{"same version", Difference{Emerge: solved("a/b-2", "a/c-2"), Ours: solved("a/b-2", "a/c-1")},
			[]string{"`a/c-1` is built again for `a/b-2`, no more is asked for"}},
		{"changes", Difference{Emerge: Answer{Changes: []string{"a/flags-1 +x"}}, Ours: solved("a/b-2")},
			[]string{"not needed: `a/flags-1 +x`", "only `a/new-2` needs `a/flags[x]`, and another version of it will do"}},
	} {
		tt.d.SetReasons(own, compat)
		if !slices.Equal(tt.d.Reasons, tt.want) {
			t.Errorf("%s: %q, want %q", tt.name, tt.d.Reasons, tt.want)
		}
	}
	d := Difference{Reasons: []string{"by /somewhere/etc/portage/make.conf:1"}}
	if d.Relocate("/somewhere", ""); d.Reasons[0] != "by /etc/portage/make.conf:1" {
		t.Errorf("%q", d.Reasons)
	}
}

func TestTableDoesNotDependOnTheOrder(t *testing.T) {
	list := []*Difference{
		{Case: "test_a__testA 0 10", Emerge: Answer{Problems: []Problem{BuildCycle}}, Ours: Answer{Solved: true, Plan: []string{"a/b-1"}}, Checker: "accepted"},
		{Case: "test_a__testA 0 2", Emerge: Answer{Problems: []Problem{BuildCycle}}, Ours: Answer{Solved: true, Plan: []string{"a/b-1"}}, Checker: "accepted"},
		{Case: "b", Emerge: Answer{Problems: []Problem{BuildCycle}}, Ours: Answer{Solved: true, Plan: []string{"a/b-1"}}, Checker: "accepted"},
		{Case: "a", Emerge: Answer{Solved: true, Plan: []string{}}, Ours: Answer{Solved: true, Plan: []string{"a/b-1"}}, Checker: "accepted", Deviation: true},
	}
	text := Table(list, 7)
	slices.Reverse(list)
	if again := Table(list, 7); again != text {
		t.Errorf("%s\nand\n%s", text, again)
	}
	for _, want := range []string{
		"7 cases were compared.", "\n| `test_a__testA 0 2` | [build-cycle](#build-cycle) | no answer; circular dependencies | a plan of 1 step; `a/b-1` | accepted |  |\n| `test_a__testA 0 10` |",
		"| `b` | [build-cycle](#build-cycle) | no answer; circular dependencies | a plan of 1 step; `a/b-1` | accepted |  |\n",
		"1 are deviations", "| `a` | [update-found](#update-found) | nothing to do | a plan of 1 step; only here `a/b-1` | accepted |",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}

func TestWriteKeepsTheProse(t *testing.T) {
	path := filepath.Join(t.TempDir(), "doc.md")
	if err := os.WriteFile(path, []byte("before\n<!-- generated: machines -->\nold\n<!-- end of machines -->\nafter\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Machines.Write(path, "new\n"); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if want := "before\n<!-- generated: machines -->\nnew\n<!-- end of machines -->\nafter\n"; err != nil || string(data) != want {
		t.Errorf("%q, %v", data, err)
	}
	if err := Scenarios.Write(path, ""); err == nil {
		t.Error("a part that is not there was written")
	}
}

package scenario

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/portsolve/portsolve/solver/answer"
)

// Dependencies to avoid, and the system set, survive saving.
func TestWriteAvoidAndSystem(t *testing.T) {
	const world = `-- repo --
a/parent-1 DEPEND="|| ( a/child a/other )"
a/child-1
a/other-1
-- installed --
a/child-1
-- system --
a/parent
>=a/other-1
-- avoid --
a/parent-1::gentoo -> a/child-1::gentoo
a/parent-1::gentoo -> installed:a/child-1::gentoo
-- request --
a/parent
`
	first := mustParse(t, world)
	if n := len(first.Roots[0].System); n != 2 {
		t.Errorf("%d atoms of the system set", n)
	}
	parent := first.Roots[0].Repos[0].Source.(*Repo).packages[first.Request.Args[0].Atoms[0].Atom.CP][0]
	if n := len(first.Request.Circular[parent]); n != 2 {
		t.Errorf("%d dependencies are avoided", n)
	}
	saved := write(t, first)
	for _, section := range []string{
		"-- system --\na/parent\n>=a/other-1\n",
		"-- avoid --\na/parent-1::gentoo -> a/child-1::gentoo\na/parent-1::gentoo -> installed:a/child-1::gentoo\n",
	} {
		if !strings.Contains(saved, section) {
			t.Errorf("%q is not in\n%s", section, saved)
		}
	}
	if d := cmp.Diff(saved, write(t, mustParse(t, saved))); d != "" {
		t.Error(d)
	}
}

func TestAvoidErrors(t *testing.T) {
	for _, line := range []string{"a/b-1", "a/b-1 -> a/c", "a -> a/b-1", "a/b-1 ->", "installed:a/b -> a/c-1"} {
		if _, err := Parse([]byte("-- avoid --\n" + line + "\n")); err == nil || !strings.Contains(err.Error(), "line 2") {
			t.Errorf("%q: error %v", line, err)
		}
	}
	// Of packages that are not there nothing is to be avoided.
	if sc := mustParse(t, "-- avoid --\na/b-1::gentoo -> a/c-1::gentoo\n-- repo --\na/b-1\n"); len(sc.Request.Circular) > 0 {
		t.Errorf("avoided: %v", sc.Request.Circular)
	}
}

// What is expected of a saved answer fits that answer and no other.
func TestWriteExpect(t *testing.T) {
	solved := &answer.Result{Status: answer.Solved, Plan: []answer.Entry{
		{Action: answer.Uninstall, CPV: "a/old-1", Root: hostPath, Repo: "gentoo"},
		{Action: answer.Merge, CPV: "a/b-1", Root: targetPath, Repo: "local"},
		{Action: answer.BlockerEntry, CPV: "a/old-1", Root: hostPath},
		{Action: answer.Merge, CPV: "a/c-1", Root: hostPath, Repo: "gentoo"},
	}, HeldBack: []answer.HeldBack{{CPV: "a/d-2"}}}
	for _, tt := range []struct {
		res  *answer.Result
		want string
	}{
		{solved, "-- expect --\nplan:\nuninstall a/old-1\na/b-1::local@target\na/c-1::gentoo\nheld: a/d-2\n"},
		{&answer.Result{Status: answer.NothingToDo}, "-- expect --\nnothing\n"},
		{&answer.Result{Status: answer.Unsolvable, Plan: solved.Plan}, "-- expect --\nfails\n"},
		{&answer.Result{Status: answer.ChangesNeeded, Plan: solved.Plan}, "-- expect --\n# needs configuration changes\n"},
	} {
		var b bytes.Buffer
		if err := WriteExpect(&b, tt.res); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(tt.want, b.String()); d != "" {
			t.Error(d)
			continue
		}
		if diff := mustParse(t, b.String()).Expect.Diff(tt.res); diff != nil {
			t.Errorf("%s does not fit: %v", tt.res.Status, diff)
		}
	}
	other := *solved
	other.Plan = solved.Plan[:2]
	var b bytes.Buffer
	if err := WriteExpect(&b, solved); err != nil {
		t.Fatal(err)
	}
	if len(mustParse(t, b.String()).Expect.Diff(&other)) == 0 {
		t.Error("another plan fits, too")
	}
}

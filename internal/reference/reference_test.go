package main

import (
	"slices"
	"testing"

	"github.com/portsolve/portsolve"
	"github.com/portsolve/portsolve/solver/answer"
	"github.com/portsolve/portsolve/solver/universe"
)

func TestCompare(t *testing.T) {
	result := &portsolve.Result{Plan: []answer.Entry{
		{Action: answer.Merge, CPV: "a/b-1", Use: map[string]bool{"x": true, "y": false}},
		{Action: answer.Merge, CPV: "a/c-1", Use: map[string]bool{"x": true}},
		{Action: answer.Uninstall, CPV: "a/old-1", Use: map[string]bool{"x": true}},
		{Action: answer.BlockerEntry, CPV: "a/old-1", Atom: "!a/old"},
	}}
	c := &referenceCase{List: []mergeEntry{
		{Merge: "N", CPV: "a/b-1", Use: "x"}, {Merge: "U", CPV: "a/c-1", Use: "z"},
		{Merge: "uninstall", CPV: "a/old-1"}, {Merge: "N", CPV: "a/d-1"},
	}}
	d := compare(c, result)
	if d.ours != 3 || d.theirs != 4 || d.equal() || len(d.onlyOurs) != 0 ||
		!slices.Equal(d.onlyTheirs, []string{"a/d-1"}) ||
		!slices.Equal(d.otherUse, []string{"a/c-1: ours has x, theirs has z"}) {
		t.Errorf("%+v", d)
	}
	c = &referenceCase{Graph: []string{"a/b-1", "a/c-1"}, List: c.List[:1]}
	if d := compare(c, result); !slices.Equal(d.onlyOurs, []string{"uninstall a/old-1"}) || len(d.otherUse) != 0 {
		t.Errorf("names only: %+v", d)
	}
}

func TestCompareRemovals(t *testing.T) {
	c := &referenceCase{Options: []string{"-pv", "--depclean"}, Removed: []string{"a/b-1", "a/c-1"}}
	same := &portsolve.Result{Removal: &answer.Removal{CleanList: []string{"a/c-1", "a/b-1"}}}
	if d := compare(c, same); !d.equal() || d.ours != 2 {
		t.Errorf("the order counts: %+v", d)
	}
	other := &portsolve.Result{Removal: &answer.Removal{CleanList: []string{"a/c-1", "a/d-1"}}}
	if d := compare(c, other); !slices.Equal(d.onlyOurs, []string{"uninstall a/d-1"}) || !slices.Equal(d.onlyTheirs, []string{"uninstall a/b-1"}) {
		t.Errorf("%+v", d)
	}
}

func TestRequestOfACommandLine(t *testing.T) {
	c := &referenceCase{Options: []string{"-puvDN", "--with-bdeps=y", "--oneshot"}, Request: []string{"@world"}}
	r, err := c.resolveRequest(true)
	if err != nil {
		t.Fatal(err)
	}
	o := r.Options
	if !o.Update || !o.NewUse || o.Deep != universe.Unlimited || o.WithBdeps != "y" || !o.OneShot || !o.Compat {
		t.Errorf("%+v", o)
	}
	if _, err := (&referenceCase{Options: []string{"-Y"}}).resolveRequest(false); err == nil {
		t.Error("an unknown letter was accepted")
	}
}

func TestCountedCases(t *testing.T) {
	no, yes := false, true
	for _, tt := range []struct {
		c    referenceCase
		want bool
	}{
		{referenceCase{Complete: &yes}, true}, {referenceCase{}, true}, {referenceCase{Complete: &no}, false},
		{referenceCase{Complete: &no, Graph: []string{"a/b-1"}}, true},
	} {
		if got := tt.c.counts(); got != tt.want {
			t.Errorf("%+v counts: %v", tt.c, got)
		}
	}
}

package portsolve_test

import (
	"context"
	"slices"
	"testing"

	"github.com/portsolve/portsolve"
	"github.com/portsolve/portsolve/solver/answer"
	"github.com/portsolve/portsolve/solver/universe"
)

var updateWorld = universe.Options{Update: true, NewUse: true, Deep: universe.Unlimited}

// Once a plan is executed there is nothing left to do, and what it installed is known to the next request.
func TestAfter(t *testing.T) {
	sys := base().install("cat/app-1", "RDEPEND=cat/lib:0/1=").install("cat/lib-1", "SLOT=0/1").
		with("var/lib/portage/world", "cat/app\n").open(t)
	first := resolve(t, sys, updateWorld, "@world")
	after, err := sys.After(context.Background(), first)
	if err != nil {
		t.Fatal(err)
	}
	if again := resolve(t, after, updateWorld, "@world"); len(first.Plan) != 2 || again.Status != answer.NothingToDo {
		t.Errorf("%v, and then %v", merged(first), merged(again))
	}
	back := resolve(t, after, universe.Options{}, "<cat/lib-2")
	if got := merged(back); !slices.Equal(got, []string{"cat/lib-1", "cat/app-1"}) {
		t.Errorf("%v: cat/app was built against the new cat/lib", got)
	}
	if again := resolve(t, sys, updateWorld, "@world"); !slices.Equal(merged(again), merged(first)) {
		t.Errorf("the system itself has changed: %v", merged(again))
	}
	bad := *first
	bad.Plan = slices.Clone(first.Plan)
	bad.Plan[0].Root = "/mnt/"
	if _, err := sys.After(context.Background(), &bad); err == nil {
		t.Error("an entry for another root was accepted")
	}
}

// The same on a real machine. `go run ./internal/reference -twice` does it on all of them.
func TestAfterOnRealSystem(t *testing.T) {
	tree, dir := realSystem(t, "server-old")
	sys, err := portsolve.Open(context.Background(), portsolve.Options{System: dir, Repos: map[string]string{"gentoo": tree}, Env: map[string]string{}})
	if err != nil {
		t.Fatal(err)
	}
	first := resolve(t, sys, updateWorld, "@world")
	if !first.Complete || len(first.Plan) < 100 {
		t.Fatalf("%s with %d entries", first.Status, len(first.Plan))
	}
	after, err := sys.After(context.Background(), first)
	if err != nil {
		t.Fatal(err)
	}
	if again := resolve(t, after, updateWorld, "@world"); again.Status != answer.NothingToDo {
		t.Errorf("%s: %v is left to do", again.Status, merged(again))
	}
}

package portsolve_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/portsolve/portsolve"
	"github.com/portsolve/portsolve/solver/universe"
)

// The iterator gives what Resolve lists; what is forbidden, and all that contains it, does not come again.
func TestWaysOut(t *testing.T) {
	sys := threads().open(t)
	request := portsolve.Request{Args: []string{"cat/gallery"}}
	w, err := sys.WaysOut(t.Context(), request)
	if err != nil {
		t.Fatal(err)
	}
	again, err := sys.WaysOut(t.Context(), request)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for a, err := range w.All(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, wayOut(a))
		if len(a.Plan) == 0 || len(a.Cost) == 0 || len(a.Changes.Entries) != 1 || len(a.Changes.Entries[0].Cause) == 0 {
			t.Errorf("incomplete: %+v", a)
		}
		again.Forbid(a)
	}
	if d := cmp.Diff([]string{"cat/apache-2 threads=true", "cat/php-8 threads=false"}, got); d != "" || !w.Complete() || w.Rejected() > 0 {
		t.Errorf("complete: %v, rejected: %d\n%s", w.Complete(), w.Rejected(), d)
	}
	if a, err := again.Next(t.Context()); a != nil || err != nil || !again.Complete() {
		t.Errorf("with both forbidden: %v, %v, complete: %v", a, err, again.Complete())
	}
	if _, err := sys.WaysOut(t.Context(), portsolve.Request{Args: []string{"cat/gallery"}, Options: universe.Options{Compat: true}}); err == nil {
		t.Error("emerge's mode has alternatives")
	}
	if _, err := sys.WaysOut(t.Context(), portsolve.Request{Args: []string{"nosuch"}}); err == nil {
		t.Error("an unknown name is no error")
	}
}

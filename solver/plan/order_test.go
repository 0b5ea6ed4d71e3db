package plan

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/portsolve/portsolve/atom/metadata"
)

func TestOrder(t *testing.T) {
	cases := []struct{ name, text, want string }{
		{"leaves first, ties in discovery order", "a: D:c\n b:\n c:\n", "c b a"},
		{"more wanted first", "a: R:x R:y\n b: R:y\n x:\n y:\n", "y x a b"},
		{"post dependency comes after, soon", "a: R:b\n b: P:c\n c: R:b\n d: R:b\n", "b c a d"},
		{"run-time cycle is kept together", "s: R:a R:b\n a: R:b\n b: R:c\n c: R:a\n z:\n", "z a c b s"},
		{"build edge decides within a cycle", "a*: R:b+\n b*: D:a+ R:a+\n", "a b"},
		{"smaller cycle first", "f: R:g R:a R:c\n g: R:f\n c: R:d\n d: R:e\n e: R:c\n a: R:b\n b: R:a\n", "a b c e d f g"},
		{"satisfied build edge gives way", "a*: D:b+\n b*: D:a\n", "a b"},
		{"slot operator holds longer than a plain satisfied edge", "mesa*: D:xorg+= R:xorg+=\n xorg*: D:mesa+ R:mesa+\n", "xorg mesa"},
		{"a build against what moves waits", "perl*: D:crypt^ R:crypt^\n glibc*: B:perl+\n crypt*: R:glibc\n", "glibc crypt perl"},
		{"a run-time slot operator is as strong", "a*: R:b^\n b*: R:c\n c*: B:a+\n", "c b a"},
		{"the same sub-slot may come later", "s: R:perl\n perl*: D:crypt+=\n crypt*: D:perl R:z\n z: R:crypt\n", "perl s crypt z"},
		{"what moves gives way to a real build cycle", "a*: D:b^\n b*: D:a\n", "a b"},
		{"a virtual is whole before what is bound to it", "perl*: D:crypt^\n crypt*: R:xcrypt\n xcrypt: B:perl+\n", "xcrypt crypt perl"},
		{"another branch is there already", "glibc*: B:new|old\n new: D:crypt^\n old~:\n crypt*: R:xcrypt\n xcrypt: D:glibc\n", "glibc xcrypt crypt new"},
		{"another branch breaks a build cycle", "a: D:b|c\n b: D:a\n c~:\n", "a b"},
		{"order through a package that stays", "a: R:v\n v~: R:b\n b:\n", "b a"},
		{"optional edge gives way first", "a: D:bo R:b\n b: R:a\n", "a b"},
		{"unrelated installed packages do not show", "v~: R:w\n w~:\n a:\n", "a"},
		{"post-run-time cycle", "s: R:a R:b\n a: P:b\n b: R:c\n c: R:a\n", "a c b s"},
		{"a post dependency is no excuse to come before", "b: R:c\n c: R:a\n a: I:c= P:b\n", "c b a"},
		{"depends on itself when satisfied", "a*: D:a+\n", "a"},
		{"package manager finds its dependencies installed", "sys-apps/portage: R:py\n py:\n a: D:c\n b:\n c:\n", "py portage c b a"},
		{"package manager in a cycle as a last resort", "sys-apps/portage: R:py\n py: R:sys-apps/portage\n", "portage py"},
		{"nothing", "", ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			p, err := order(t, c.text, Options{})
			if err != nil {
				t.Fatal(err)
			}
			if got := show(p); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestBlockers(t *testing.T) {
	cases := []struct {
		name, text, want string
		compat           bool
	}{
		{"weak: removal follows", "a: !x\n -x:\n b:\n", "b a -x !x", true},
		{"weak, blocked the other way", "a:\n -x:\n @x: !a\n", "a -x !a", true},
		{"strong: removal before", "a: !!x\n -x:\n b:\n", "b -x !!x a", false},
		{"strong: emerge gives up", "a: !!x\n -x:\n b:\n", "b a ?!!x", true},
		{"replacement comes first and nothing shows", "a: !x\n x*:\n", "x a", true},
		{"strong, replacement comes first", "a: !!x\n x*:\n", "x a", true},
		{"weak, replacement cannot come first", "a: !x\n x*: D:a\n", "a x !x", true},
		{"strong, replacement cannot come first", "a: !!x\n x*: D:a\n", "a x ?!!x", true},
		{"two blockers of one package", "a: !x\n b: !x\n -x:\n", "a b -x !x", true},
		{"strong, replacement first, needs it after itself", "a: !!x\n x*: P:a\n c: R:d\n d:\n", "d c x a", true},
		{"strong, replacement late: removed early", "a: !!x\n x*: D:a\n", "-x !!x a x", false},
		{"strong, replacement late at run time", "a: !!x\n x*: R:a\n", "-x !!x a x", false},
		{"what needs it and can go before does", "a: !!x D:u\n x*: D:a\n u*: D:x+\n", "u -x !!x a x", false},
		{"not removed early: an installed package needs it", "a: !!x\n x*: D:a\n u~: R:x+\n", "a x ?!!x", false},
		{"not removed early: the replacement is built with it", "a: !!x\n x*: D:a D:x+\n", "a x ?!!x", false},
		{"what a removed package satisfied is needed", "s: R:y\n y*: D:z+<x D:w\n z: R:y\n w: R:a\n a: !!x\n -x:\n", "-x !!x a w z y s", false},
		{"removal before a slot operator moves", "perl*: D:crypt^ R:crypt^\n glibc*: B:perl+\n crypt*: R:glibc\n -xcrypt:\n @xcrypt: !glibc\n", "glibc -xcrypt !glibc crypt perl", true},
		{"both merged", "a: !b\n b:\n", "a b ?!b", true},
		{"removal without a blocker", "a:\n -x:\n", "a -x", true},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			p, err := order(t, c.text, Options{Compat: c.compat})
			if err != nil {
				t.Fatal(err)
			}
			if got := show(p); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
			if p.Unsolved != strings.Contains(c.want, "?") {
				t.Errorf("Unsolved is %v", p.Unsolved)
			}
		})
	}
}

func TestCycleError(t *testing.T) {
	p, err := order(t, "s: R:a\n z:\n a: R:b\n b: R:c\n c: D:a\n d: D:c\n", Options{})
	var cycle *CycleError
	if !errors.As(err, &cycle) {
		t.Fatalf("got %v, want a cycle", err)
	}
	if got := show(p); got != "z" {
		t.Errorf("ordered %q before the cycle", got)
	}
	if len(cycle.Nodes) != 3 || len(cycle.Edges) != 3 || len(cycle.Shortest) != 3 {
		t.Fatalf("%d nodes, %d edges, shortest %d", len(cycle.Nodes), len(cycle.Edges), len(cycle.Shortest))
	}
	if got := show(&Plan{Steps: cycle.Rest}); got != "a c b s d" && got != "a c b d s" {
		t.Errorf("rest %q", got)
	}
	for i, e := range cycle.Shortest {
		if e.Child != cycle.Shortest[(i+1)%3].Parent {
			t.Errorf("edge %d does not lead to the next", i)
		}
	}
	if _, err := order(t, "a: D:a\n", Options{}); !errors.As(err, &cycle) || len(cycle.Shortest) != 1 {
		t.Errorf("a package that must be installed to be built: %v", err)
	}
	if _, err = order(t, "a: D:b\n b: D:a\n c: D:d R:a\n d: D:c\n", Options{}); !errors.As(err, &cycle) || len(cycle.More) != 1 {
		t.Errorf("two cycles: %v", err)
	}
	if !strings.Contains(cycle.Error(), "c/a") {
		t.Errorf("message %q does not name the package", cycle.Error())
	}
}

func TestBuildPkgOnly(t *testing.T) {
	p, err := order(t, "a: !x\n -x:\n b: !!x\n", Options{BuildPkgOnly: true})
	if err != nil || show(p) != "a b" || p.Unsolved {
		t.Errorf("run-time blockers: %s, %v", show(p), err)
	}
	w := parse(t, "a: !!x\n -x:\n")
	w.sel.Blocks[0].Kind = metadata.DEPEND
	if p, err = Order(t.Context(), w.sel, Options{BuildPkgOnly: true}); err != nil || show(p) != "a ?!!x" {
		t.Errorf("build-time blocker: %s, %v", show(p), err)
	}
}

func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Order(ctx, parse(t, "a:\n").sel, Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

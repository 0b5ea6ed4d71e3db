// Command walk-plan treats a plan as what it is, a graph: it prints which
// packages could be merged at the same time, step by step, and why each is there.
//
//	go run ./examples/walk-plan              # the embedded example system
//	go run ./examples/walk-plan DIR @world   # the system below DIR
package main

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/portsolve/portsolve"
	"github.com/portsolve/portsolve/cli/demo"
	"github.com/portsolve/portsolve/solver/answer"
	"github.com/portsolve/portsolve/solver/universe"
)

func main() {
	if err := run(os.Stdout, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "walk-plan:", err)
		os.Exit(1)
	}
}

func run(w io.Writer, args []string) error {
	dir, request := "", []string{"@world"}
	if len(args) > 0 {
		dir, request = args[0], args[1:]
	} else {
		var done func()
		var err error
		if dir, done, err = demo.Unpack("newslot"); err != nil {
			return err
		}
		defer done()
	}
	ctx := context.Background()
	system, err := portsolve.Open(ctx, portsolve.Options{System: dir, Env: map[string]string{}})
	if err != nil {
		return err
	}
	result, err := system.Resolve(ctx, portsolve.Request{
		Args:    request,
		Options: universe.Options{Update: true, NewUse: true, Deep: universe.Unlimited},
	})
	if err != nil {
		return err
	}
	for i, batch := range batches(result.Plan) {
		fmt.Fprintf(w, "step %d\n", i+1)
		for _, n := range batch {
			fmt.Fprintf(w, "  %s %s: %s\n", result.Plan[n].Action, result.Plan[n].CPV, reason(&result.Plan[n]))
		}
	}
	return nil
}

// batches groups the entries: each comes one step after the last of those that
// have to precede it. Entry.After holds the indexes of these, all of them lower.
func batches(plan []answer.Entry) [][]int {
	step := make([]int, len(plan))
	var out [][]int
	for i := range plan {
		for _, before := range plan[i].After {
			step[i] = max(step[i], step[before.Entry]+1)
		}
		for len(out) <= step[i] {
			out = append(out, nil)
		}
		out[step[i]] = append(out[step[i]], i)
	}
	return out
}

func reason(e *answer.Entry) string {
	if len(e.Why) == 0 {
		return "?"
	}
	switch why := e.Why[0]; {
	case why.Rebuild != "":
		return "rebuilt because of " + why.Rebuild
	case why.Parent != "":
		return fmt.Sprintf("%s of %s", why.Kind, why.Parent)
	default:
		return "asked for by " + why.Arg
	}
}

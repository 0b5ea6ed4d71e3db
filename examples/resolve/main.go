// Command resolve shows the smallest use of the library: open a system, ask
// for something, look at the answer.
//
//	go run ./examples/resolve                      # the embedded example system
//	go run ./examples/resolve DIR app-misc/hello   # the system below DIR
package main

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/portsolve/portsolve"
	"github.com/portsolve/portsolve/cli/demo"
	"github.com/portsolve/portsolve/solver/universe"
)

func main() {
	if err := run(os.Stdout, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "resolve:", err)
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
		if dir, done, err = demo.Unpack("update"); err != nil {
			return err
		}
		defer done()
	}
	ctx := context.Background()
	system, err := portsolve.Open(ctx, portsolve.Options{System: dir, Env: map[string]string{}})
	if err != nil {
		return err
	}
	// As emerge --update --deep --newuse.
	result, err := system.Resolve(ctx, portsolve.Request{
		Args:    request,
		Options: universe.Options{Update: true, NewUse: true, Deep: universe.Unlimited},
	})
	if err != nil {
		return err
	}
	fmt.Fprintln(w, "status:", result.Status)
	for _, e := range result.Plan {
		fmt.Fprintf(w, "%s %s", e.Action, e.CPV)
		if len(e.Replaces) > 0 {
			fmt.Fprintf(w, " (replaces %s)", e.Replaces[0])
		}
		fmt.Fprintln(w)
	}
	return nil
}

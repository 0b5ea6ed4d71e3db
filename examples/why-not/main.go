// Command why-not lists the versions of a package and says of each whether it
// may be installed, and if not, why: every reason, with file and line.
//
//	go run ./examples/why-not                        # a package of the example system
//	go run ./examples/why-not DIR '>=dev-lang/go-1'  # the system below DIR
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/portsolve/portsolve"
	"github.com/portsolve/portsolve/cli/demo"
)

func main() {
	if err := run(os.Stdout, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "why-not:", err)
		os.Exit(1)
	}
}

func run(w io.Writer, args []string) error {
	dir, atoms := "", []string{"net-p2p/gazelle"}
	if len(args) > 0 {
		dir, atoms = args[0], args[1:]
	} else {
		var done func()
		var err error
		if dir, done, err = demo.Unpack("masked"); err != nil {
			return err
		}
		defer done()
	}
	ctx := context.Background()
	system, err := portsolve.Open(ctx, portsolve.Options{System: dir, Env: map[string]string{}})
	if err != nil {
		return err
	}
	for _, atom := range atoms {
		candidates, err := system.Candidates(ctx, atom)
		if err != nil {
			return err
		}
		for _, c := range candidates {
			fmt.Fprintf(w, "%s::%s: ", c.Pkg.CPV, c.Pkg.Repo)
			if len(c.Excluded) == 0 {
				fmt.Fprintln(w, "visible")
				continue
			}
			fmt.Fprintln(w, "not visible")
			for _, x := range c.Excluded {
				fmt.Fprintf(w, "  %s: %s\n", x.Kind, strings.ReplaceAll(x.Detail, dir, ""))
			}
		}
	}
	return nil
}

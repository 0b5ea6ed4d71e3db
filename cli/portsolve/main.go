// Command portsolve resolves package requests on Gentoo-style systems.
package main

import (
	"context"
	"os"
	"os/signal"
	"runtime/debug"

	"github.com/portsolve/portsolve/cli"
)

// gcPercent lets a process that lives for a second spend its time on something else than garbage: measured on the largest
// machine, a fifth less time for a tenth more memory. GOGC in the environment overrides it.
const gcPercent = 400

func main() {
	if _, set := os.LookupEnv("GOGC"); !set {
		debug.SetGCPercent(gcPercent)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	os.Exit(cli.Main(ctx, os.Args, os.Environ(), os.Stdin, os.Stdout, os.Stderr))
}

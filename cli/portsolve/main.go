// Command portsolve resolves package requests on Gentoo-style systems.
package main

import (
	"context"
	"os"
	"os/signal"

	"github.com/portsolve/portsolve/cli"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	os.Exit(cli.Main(ctx, os.Args, os.Environ(), os.Stdin, os.Stdout, os.Stderr))
}

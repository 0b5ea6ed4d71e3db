package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/portsolve/portsolve"
	"github.com/portsolve/portsolve/internal/elog"
	"github.com/portsolve/portsolve/merge/phase"
)

const configHelp = `Runs the function pkg_config of one installed package, as emerge --config does: some
   packages need it once after they were installed, and say so. It may ask questions. What
   it finds in its environment is docs/phases.md.

   Exit codes: 0 it ran well, 1 not installed, nothing to configure or failed, 2 wrong
   command line, 3 unreadable system, 130 interrupted.`

// configure is `portsolve config`.
func configure(ctx context.Context, inv *invocation, sys *portsolve.System, cmd *command) error {
	if len(cmd.args) != 1 {
		return usagef("portsolve config takes one installed package, not %d", len(cmd.args))
	}
	log := inv.messageLog(sys)
	options := portsolve.ConfigureOptions{
		Phase: inv.phaseOptions(cmd), Out: inv.stderr,
		Message: func(cpv, level, text string) {
			log.Add(elog.Message{CPV: cpv, Root: "/", Phase: "config", Level: level, Text: text})
		},
		Waiting: func(holder string) {
			fmt.Fprintf(inv.stderr, "portsolve: waiting for the lock of ROOT, held by %s\n", holder)
		},
	}
	options.Phase.Stdin, _ = inv.stdin.(*os.File)
	err := sys.Configure(ctx, cmd.args[0], options)
	if err2 := log.Finish(inv.stderr); err2 != nil {
		fmt.Fprintf(inv.stderr, "portsolve: %v\n", err2)
	}
	var failed *portsolve.ConfigureError
	if errors.As(err, &failed) {
		fmt.Fprintf(inv.stderr, "portsolve: %v\n", err)
		return errNoAnswer
	}
	return err
}

// phaseOptions say how phases are run.
func (inv *invocation) phaseOptions(cmd *command) phase.Options {
	return phase.Options{
		Quiet: cmd.options.Quiet, Color: inv.wantColor(cmd.color), TempDir: inv.env["PORTAGE_TMPDIR"],
	}
}

// messageLog makes the log of what packages say, and complains about its settings.
func (inv *invocation) messageLog(sys *portsolve.System) *elog.Log {
	log := elog.New(elog.Config{
		Classes: sys.Var("PORTAGE_ELOG_CLASSES"), System: sys.Var("PORTAGE_ELOG_SYSTEM"), Dir: sys.LogDir(),
		Split: strings.Contains(" "+sys.Var("FEATURES")+" ", " split-elog "), Now: time.Now(), PID: os.Getpid(),
	})
	for _, p := range log.Problems() {
		fmt.Fprintf(inv.stderr, "portsolve: %s\n", p)
	}
	return log
}

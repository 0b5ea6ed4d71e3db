package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/portsolve/portsolve"
)

// overtakings is how often a command begins anew because another process was faster.
const overtakings = 5

// again does something that plans and changes ROOT. The plan is made without the lock of ROOT, so that nobody waits for
// a question (--ask) or a resolution: if another process has changed something in the meantime, and nothing was done
// yet, it is planned again from what is installed now. With --format=json it is an error, as only one answer can be printed.
func (inv *invocation) again(ctx context.Context, cmd *command, do func() error) error {
	for try := 1; ; try++ {
		inv.result, inv.acted = nil, false
		err := do()
		if try == overtakings || cmd.format != "text" || cmd.pretend || !inv.changes(cmd) || !inv.overtaken(err) || ctx.Err() != nil {
			return err
		}
		fmt.Fprintln(inv.stderr, "portsolve: another process has changed what is installed; looking at it again")
	}
}

// overtaken reports whether a command has ended as it has because of what another process did at the same time.
func (inv *invocation) overtaken(err error) bool {
	var overtaken *portsolve.OvertakenError
	if errors.As(err, &overtaken) {
		return true
	}
	if inv.acted || inv.system == nil || exitCode(inv.result, err) == ExitOK {
		return false
	}
	changed, _ := inv.system.Overtaken() // a system that cannot be read has told its error already
	return changed
}

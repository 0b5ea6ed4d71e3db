package cli

import (
	"context"
	"slices"

	"github.com/urfave/cli/v2"

	"github.com/portsolve/portsolve"
	"github.com/portsolve/portsolve/internal/emergeopts"
	"github.com/portsolve/portsolve/solver/answer"
)

// removals are the commands that take packages away.
func removals() []question {
	return []question{
		{
			name: "depclean", args: "[atom | package | @set | file]…", help: depcleanHelp,
			usage: "remove what nothing needs any more, as emerge --depclean does",
			takes: oneOf("--depclean-lib-check", "--ignore-soname-deps"),
		},
		{
			name: "prune", args: "[atom | package | @set]…", help: pruneHelp,
			usage: "remove superseded versions that nothing needs, as emerge --prune does",
			takes: oneOf("--depclean-lib-check", "--ignore-soname-deps", "--nodeps"),
		},
		{
			name: "unmerge", args: "atom | package | @set | file…", help: unmergeHelp,
			usage: "remove packages regardless of dependencies, and say what that breaks",
			takes: oneOf(),
		},
		{
			name: "clean", args: "[atom | package | @set]…", help: cleanHelp,
			usage: "remove packages that were left behind in the slot of a later one",
			takes: oneOf(),
		},
		{
			name: "deselect", args: "atom | package | @set…", help: deselectHelp,
			usage: "take entries out of the world files, as emerge --deselect does",
			takes: oneOf(),
		},
	}
}

const removalHelp = `
   With --pretend (-p) nothing is changed; --ask (-a) shows the list and asks.

   Exit codes: 0 done or nothing to do, 1 missing dependencies forbid it, a no
   was the answer, or it failed, 2 wrong command line, 3 unreadable system.`

const depcleanHelp = `Whatever @world needs, directly or not, at run time or to be built again
   (--with-bdeps=n leaves that out), stays. With arguments, only those of them
   that nothing else needs go; -v shows what needs the others.` + "\n" + removalHelp

const pruneHelp = `All but the highest version of each package (of the arguments, if any),
   unless something needs them. --nodeps does not ask.` + "\n" + removalHelp

const unmergeHelp = `What is named goes, whatever needs it. What that breaks is listed.` + "\n" + removalHelp

const deselectHelp = `Nothing is removed: what is named only is not wanted for its own sake any
   more, and may go with the next depclean. Versions do not count.` + "\n" + removalHelp

const cleanHelp = `Of each slot the package that was installed last stays.` + "\n" + removalHelp

// removalCommands are the commands of removals.
func (inv *invocation) removalCommands() []*cli.Command {
	var out []*cli.Command
	for _, r := range removals() {
		out = append(out, &cli.Command{
			Name: r.name, Usage: r.usage, UsageText: "portsolve " + r.name + " [options] " + r.args,
			Description: r.help,
			Flags:       inv.flags(func(o *emergeopts.Option) bool { return r.takes(o) || removalTakes(o) || everywhere(o) }),
			Action: func(c *cli.Context) error {
				*inv.settings = append([]setting{{name: "--" + r.name, value: "true", action: true}}, *inv.settings...)
				return inv.resolveAction(c)
			},
			OnUsageError: func(_ *cli.Context, err error, _ bool) error { return &usageError{err} },
		})
	}
	return out
}

// removalTakes are the options of every removal. The actions of emerge are among
// them, so that they can be answered with the name of the command.
var removalTakes = oneOf("--pretend", "--exclude", "--with-bdeps", "--deselect", "--dynamic-deps",
	"--ignore-built-slot-operator-deps", "--compat", "--verify", "--trace", "--save",
	"--depclean", "--prune", "--unmerge", "--clean", "--rage-clean",
	"--ask", "--ask-enter-invalid", "--alert", "--phases", "--quiet-unmerge-warn", "--keep-going")

// carryOut executes an answer of these commands.
func (inv *invocation) carryOut(ctx context.Context, cmd *command, sys *portsolve.System, res *answer.Result) error {
	work, err := sys.Execution(ctx, res)
	if err != nil {
		return &failure{err}
	}
	if len(work.Runs) > 0 && !cmd.ask && cmd.options.Action != "rage-clean" {
		if err := inv.delay(ctx, sys.Var("CLEAN_DELAY")); err != nil {
			return err
		}
		if slices.ContainsFunc(res.Removal.Packages, func(p answer.RemovalPackage) bool { return p.System && len(p.Selected) > 0 }) {
			if err := inv.delay(ctx, sys.Var("EMERGE_WARNING_DELAY")); err != nil {
				return err
			}
		}
	}
	return inv.execute(ctx, cmd, work)
}

package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/portsolve/portsolve"
	"github.com/portsolve/portsolve/internal/emergeopts"
	"github.com/portsolve/portsolve/merge"
)

const mergeHelp = `Resolves as portsolve resolve does, shows the plan and carries it out. Every package of it
   has to be a binary one (--usepkgonly, or --usepkg and one that fits); otherwise nothing is
   changed, and it says why which binary package does not fit. docs/merge.md has the whole story.

   --plan FILE    carry out a saved plan (portsolve resolve --format=json >FILE); nothing is resolved
   --resume       go on with what was left of the last run that did not end well

   Exit codes: 0 done or nothing to do, 1 unsolvable, refused or failed, 2 wrong command
   line, 3 unreadable system, 130 interrupted. However it ends, running it again is safe.`

// mergeCommand is `portsolve merge`.
func (inv *invocation) mergeCommand() *cli.Command {
	return &cli.Command{
		Name: "merge", Usage: "resolve, show and merge binary packages",
		UsageText:   "portsolve merge [options] [atom | package | @set | file]…\n   portsolve merge [options] --plan FILE\n   portsolve merge [options] --resume [--skipfirst]",
		Description: mergeHelp,
		Flags: inv.flags(func(o *emergeopts.Option) bool {
			return o.Name != "--all" && o.Name != "--for" && o.Name != "--demo" && o.Name != "--older-than"
		}),
		Action:       inv.mergeAction,
		OnUsageError: func(_ *cli.Context, err error, _ bool) error { return &usageError{err} },
	}
}

// executionOptions are those of commands that change something.
type executionOptions struct {
	plan, olderThan                    string
	merges                             bool // the command is merge
	resume, skipFirst, fetchOnly       bool
	keepGoing, noConfmem, noPhases     bool
	bell, askEnterInvalid, noUnmerging bool
	jobs                               int
}

func (x *executionOptions) apply(s setting) (done bool, err error) {
	yes := s.value != "n"
	switch s.name {
	case "--plan":
		x.plan = s.value
	case "--older-than":
		x.olderThan = s.value
	case "--ask-enter-invalid":
		x.askEnterInvalid = yes
	case "--alert":
		x.bell = yes
	case "--resume":
		x.resume = yes
	case "--skipfirst":
		x.skipFirst = yes
	case "--fetchonly":
		x.fetchOnly = yes
	case "--keep-going":
		x.keepGoing = yes
	case "--noconfmem":
		x.noConfmem = yes
	case "--phases":
		x.noPhases = !yes
	case "--quiet-unmerge-warn":
		x.noUnmerging = yes
	case "--jobs":
		x.jobs, err = jobs(s.value)
	default:
		return false, nil
	}
	return true, err
}

// jobs is --jobs [N]: without a number, or with y, as many as there are CPUs.
func jobs(value string) (int, error) {
	switch value {
	case "true", "y":
		return 0, nil
	case "n":
		return 1, nil
	}
	f, err := strconv.ParseFloat(value, 64)
	if err != nil || f < 1 || f > 1<<16 {
		return 0, usagef("--jobs %s: expected a number of packages to unpack at the same time, 1 or more", value)
	}
	return int(f), nil
}

// failure is an error of doing something, as opposed to input that cannot be read.
type failure struct{ error }

func (e *failure) Unwrap() error { return e.error }

func (inv *invocation) mergeAction(c *cli.Context) error {
	cmd := &command{args: c.Args().Slice()}
	if err := cmd.apply(*inv.settings); err != nil {
		return err
	}
	x := &cmd.execution
	x.merges = true
	switch {
	case x.plan != "" && x.resume:
		return usagef("--plan and --resume exclude each other: both say what to merge")
	case (x.plan != "" || x.resume) && len(cmd.args) > 0:
		return usagef("%s: what to merge is in the plan already", strings.Join(cmd.args, " "))
	case x.skipFirst && !x.resume:
		return usagef("--skipfirst belongs to --resume")
	}
	return inv.again(c.Context, cmd, func() error {
		work, err := inv.prepare(c.Context, cmd)
		if err != nil || work == nil {
			return err
		}
		return inv.execute(c.Context, cmd, work)
	})
}

// prepare makes ready what there is to do, and shows it. nil says that there is nothing
// to do, or nothing to be done (--pretend).
func (inv *invocation) prepare(ctx context.Context, cmd *command) (*portsolve.Execution, error) {
	work, err := inv.planned(ctx, cmd)
	var refused *portsolve.RefusedError
	if errors.As(err, &refused) {
		return nil, &failure{err}
	}
	if err != nil || cmd.pretend {
		return nil, err
	}
	return work, nil
}

func (inv *invocation) planned(ctx context.Context, cmd *command) (*portsolve.Execution, error) {
	x := &cmd.execution
	if x.plan == "" && !x.resume {
		if len(cmd.args) == 0 {
			return nil, usagef("nothing to merge: name a package, an atom or a @set, or use --plan FILE or --resume")
		}
		res, err := inv.resolve(ctx, cmd)
		if err != nil {
			return nil, err
		}
		if inv.result = res; cmd.pretend || inv.onlyChanges || exitCode(res, nil) != ExitOK {
			return nil, nil
		}
		return inv.system.Execution(ctx, res)
	}
	sys, progress, err := inv.openToChange(ctx, cmd)
	if err != nil {
		return nil, err
	}
	defer progress.clear()
	if x.resume {
		return inv.resumed(ctx, cmd, sys)
	}
	return inv.readPlan(ctx, cmd, sys)
}

// readPlan reads a saved plan: an answer as JSON, or a plan of package merge.
func (inv *invocation) readPlan(ctx context.Context, cmd *command, sys *portsolve.System) (*portsolve.Execution, error) {
	var in io.Reader = inv.stdin
	if cmd.execution.plan != "-" {
		f, err := os.Open(cmd.execution.plan)
		if err != nil {
			return nil, fmt.Errorf("--plan: %w", err)
		}
		defer f.Close()
		in = f
	}
	work, res, err := sys.ReadExecution(ctx, in)
	if err != nil {
		return nil, fmt.Errorf("--plan %s: %w", cmd.execution.plan, err)
	}
	if res != nil {
		return work, inv.print(cmd, res)
	}
	inv.printSteps(work)
	return work, nil
}

// resumed is what was left of an earlier run.
func (inv *invocation) resumed(ctx context.Context, cmd *command, sys *portsolve.System) (*portsolve.Execution, error) {
	work, err := sys.ResumeExecution(ctx, portsolve.ResumeOptions{SkipFirst: cmd.execution.skipFirst, Remote: cmd.options.GetBinPkg, NoDeps: cmd.options.NoDeps})
	var broken *portsolve.BrokenListError
	if errors.Is(err, portsolve.ErrNothingToResume) || errors.As(err, &broken) {
		return nil, &failure{err}
	}
	if err != nil {
		return nil, err
	}
	for _, d := range work.Dropped {
		fmt.Fprintf(inv.stderr, "portsolve: %s for %s is left out: %s\n", d.CPV, d.Root, strings.Join(d.Reasons, "; "))
	}
	inv.printSteps(work)
	return work, nil
}

// printSteps lists what is going to be done, where no answer of the resolver can.
func (inv *invocation) printSteps(work *portsolve.Execution) {
	fmt.Fprint(inv.stdout, "\nThese are the packages that would be merged, in order:\n\n")
	for i := range work.Runs {
		for _, s := range work.Runs[i].Plan.Steps {
			kind, way := "binary   ", "to"
			if s.Action == merge.Uninstall {
				kind, way = "uninstall", "from"
			}
			fmt.Fprintf(inv.stdout, "[%s] %s %s %s\n", kind, s.CPV, way, work.RootName(i))
		}
	}
	fmt.Fprintln(inv.stdout)
}

package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/portsolve/portsolve"
	"github.com/portsolve/portsolve/internal/elog"
	"github.com/portsolve/portsolve/internal/rootfs"
	"github.com/portsolve/portsolve/merge"
	"github.com/portsolve/portsolve/merge/cfgmem"
	"github.com/portsolve/portsolve/merge/phase"
)

// execute carries out what has been shown, after asking if that is wanted.
func (inv *invocation) execute(ctx context.Context, cmd *command, work *portsolve.Execution) error {
	if len(work.Runs) == 0 && len(work.World.Add)+len(work.World.Remove) == 0 {
		return nil
	}
	if cmd.ask {
		ok, err := inv.confirm(cmd, questionFor(work))
		if err == nil && !ok {
			inv.say(cmd, "Nothing was changed.")
			err = errNoAnswer
		}
		if err != nil {
			return err
		}
	}
	show := &executionLog{inv: inv, out: inv.stdout, work: work, elog: inv.messageLog(inv.system), verbose: cmd.options.Verbose, quiet: cmd.options.Quiet}
	if cmd.format == "json" { // standard output is the answer's
		show.out = inv.stderr
	}
	if err := inv.fetch(ctx, cmd, work); err != nil {
		return err
	}
	if cmd.execution.fetchOnly {
		return inv.fetchOnly(ctx, work, show)
	}
	inv.acted = true
	show.count()
	show.world()
	options := inv.phaseOptions(cmd)
	options.Off = cmd.execution.noPhases
	phases := phase.New(options)
	reports, err := work.Run(ctx, portsolve.ExecuteOptions{
		Merge: merge.Options{
			Phases: phases, Out: show.out, Jobs: cmd.execution.jobs, NoConfmem: cmd.execution.noConfmem, KeepGoing: cmd.execution.keepGoing,
		},
		Event: show.event,
	})
	var overtaken *portsolve.OvertakenError
	if errors.As(err, &overtaken) && len(reports) < 2 {
		return &failure{err}
	}
	show.end(reports)
	for _, s := range phases.Skipped() {
		fmt.Fprintf(inv.stderr, "portsolve: note: %s\n", s)
	}
	if err == nil {
		return nil
	}
	if errors.Is(err, context.Canceled) {
		return err
	}
	return &failure{err}
}

// fetchOnly verifies what would be merged, and was fetched.
func (inv *invocation) fetchOnly(ctx context.Context, work *portsolve.Execution, show *executionLog) error {
	err := work.Verify(ctx)
	if err == nil {
		show.printf(">>> All packages are here and verified; nothing was merged.\n")
		return nil
	}
	if errors.Is(err, context.Canceled) {
		return err
	}
	return &failure{err}
}

// fetch makes the packages of binhosts available before anything else is done.
func (inv *invocation) fetch(ctx context.Context, cmd *command, work *portsolve.Execution) error {
	count, size := work.Downloads()
	shown := inv.newDownloads(cmd, count, size)
	err := work.Fetch(ctx, shown.report)
	shown.close()
	if err == nil || errors.Is(err, context.Canceled) {
		return err
	}
	return &failure{err}
}

// openToChange is open, but a command that is going to change ROOT first finishes what
// a killed run has left there: only then it is known what is installed.
func (inv *invocation) openToChange(ctx context.Context, cmd *command) (*portsolve.System, *progress, error) {
	sys, progress, err := inv.open(ctx, cmd)
	inv.system = sys
	if err != nil || cmd.pretend || cmd.execution.fetchOnly || !inv.changes(cmd) {
		return sys, progress, err
	}
	did, err := sys.Recover(ctx, portsolve.ExecuteOptions{Event: func(_ int, e merge.Event) {
		if e.Kind == merge.EventLockWait {
			fmt.Fprintf(inv.stderr, "portsolve: waiting for the lock of ROOT: %s\n", e.Text)
		}
	}})
	for _, text := range did {
		fmt.Fprintf(inv.stderr, "portsolve: %s\n", text)
	}
	if err != nil {
		if errors.Is(err, context.Canceled) {
			return nil, nil, err
		}
		return nil, nil, &failure{err}
	}
	if len(did) == 0 {
		return sys, progress, nil
	}
	sys, progress, err = inv.open(ctx, cmd)
	inv.system = sys
	return sys, progress, err
}

// changes: the command carries out what it plans.
func (inv *invocation) changes(cmd *command) bool {
	return cmd.execution.merges || cmd.options.Action != ""
}

// questionFor is what to ask before work begins.
func questionFor(work *portsolve.Execution) string {
	install, uninstall := 0, 0
	for i := range work.Runs {
		for _, s := range work.Runs[i].Plan.Steps {
			if s.Action == merge.Uninstall {
				uninstall++
			} else {
				install++
			}
		}
	}
	switch {
	case install > 0:
		return "Would you like to merge these packages?"
	case uninstall > 0:
		return "Would you like to unmerge these packages?"
	case len(work.World.Remove) > 0:
		return "Would you like to remove these packages from your world favorites?"
	}
	return "Would you like to add these packages to your world favorites?"
}

// delay gives a person at a terminal time to stop an uninstall (CLEAN_DELAY,
// EMERGE_WARNING_DELAY in seconds, make.conf(5)).
func (inv *invocation) delay(ctx context.Context, seconds string) error {
	n, err := strconv.Atoi(seconds)
	if err != nil || n <= 0 || !isTerminal(inv.stderr) {
		return nil
	}
	fmt.Fprintf(inv.stderr, ">>> Waiting %d seconds before starting (Ctrl-C stops it)\n", n)
	select {
	case <-time.After(time.Duration(n) * time.Second):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// executionLog prints what happens while a plan is carried out: plain lines in
// the order of the plan, the same for the same input.
type executionLog struct {
	inv            *invocation
	out            io.Writer
	work           *portsolve.Execution
	verbose, quiet bool
	total          int
	before         []int // steps of the runs before each run
	messages       []message
	elog           *elog.Log // what packages say
}

// message is a line of a package that is shown again at the end.
type message struct{ cpv, text string }

func (l *executionLog) count() {
	for i := range l.work.Runs {
		l.before = append(l.before, l.total)
		l.total += len(l.work.Runs[i].Plan.Steps)
	}
}

func (l *executionLog) printf(format string, args ...any) {
	fmt.Fprintf(l.out, format, args...)
}

// world says which entries of the world files come and go.
func (l *executionLog) world() {
	file := func(entry string) string {
		if strings.HasPrefix(entry, "@") {
			return "world_sets"
		}
		return "world"
	}
	for _, e := range l.work.World.Add {
		l.printf(">>> Recording %s in %q favorites file...\n", e, file(e))
	}
	for _, e := range l.work.World.Remove {
		l.printf(">>> Removing %s from %q favorites file...\n", e, file(e))
	}
}

func (l *executionLog) event(run int, e merge.Event) {
	switch e.Kind {
	case merge.EventStart:
		l.start(run, e.Step)
	case merge.EventFile:
		if l.verbose {
			l.printf("%-9s %s\n", e.Text, e.Path)
		}
	case merge.EventConfig:
		l.messages = append(l.messages, message{e.CPV, e.Text + " has been left alone; the new version is " + e.Path})
	case merge.EventCollision:
		l.printf(" * %s: belongs to %s\n", e.Path, cmp.Or(e.Text, "no package"))
	case merge.EventElog:
		l.elog.Add(elog.Message{CPV: e.CPV, Root: l.rootName(run), Phase: e.Phase, Level: e.Level, Text: e.Text})
	case merge.EventPhaseFail:
		l.messages = append(l.messages, message{e.CPV, "pkg_" + e.Phase + " failed: " + e.Text})
	case merge.EventDone:
		l.done(run, e.Step)
	case merge.EventFailed:
		l.printf(">>> Failed: %s\n", e.Text)
	case merge.EventLockWait:
		fmt.Fprintf(l.inv.stderr, "portsolve: waiting for the lock of ROOT: %s\n", e.Text)
	case merge.EventRecover, merge.EventWarning:
		fmt.Fprintf(l.inv.stderr, "portsolve: %s\n", strings.TrimSpace(e.CPV+" "+e.Text))
	}
}

// rootName is where the packages of a run go; "/" outside of runs.
func (l *executionLog) rootName(run int) string {
	if run < 0 {
		return "/"
	}
	return l.work.RootName(run)
}

func (l *executionLog) start(run, step int) {
	s := &l.work.Runs[run].Plan.Steps[step]
	number := fmt.Sprintf("(%d of %d)", l.before[run]+step+1, l.total)
	root := l.work.RootName(run)
	if s.Action == merge.Uninstall {
		l.printf(">>> Unmerging %s %s from %s\n", number, s.CPV, root)
		return
	}
	l.printf(">>> Merging %s %s to %s\n", number, s.CPV, root)
}

func (l *executionLog) done(run, step int) {
	s := &l.work.Runs[run].Plan.Steps[step]
	for _, e := range s.Select {
		l.printf(">>> Recording %s in \"world\" favorites file...\n", e)
	}
	for _, e := range s.Deselect {
		l.printf(">>> Removing %s from \"world\" favorites file...\n", e)
	}
}

// end repeats what packages had to say, sums up, and says which updates of
// configuration files are pending.
func (l *executionLog) end(reports []*merge.Report) {
	var last string
	for _, m := range l.messages {
		if m.cpv != last {
			l.printf("\n * Messages for package %s:\n", m.cpv)
		}
		last = m.cpv
		for line := range strings.SplitSeq(m.text, "\n") {
			l.printf(" * %s\n", line)
		}
	}
	if err := l.elog.Finish(l.out); err != nil {
		fmt.Fprintf(l.inv.stderr, "portsolve: %v\n", err)
	}
	if l.total > 0 && !l.quiet {
		l.printf("\n%s\n", summary(reports, l.total))
	}
	l.pendingConfigs()
}

// summary counts what became of the steps.
func summary(reports []*merge.Report, total int) string {
	count := map[string]int{}
	seen := 0
	for _, r := range reports {
		for i := range r.Steps {
			seen++
			s := &r.Steps[i]
			switch {
			case s.State == merge.StateDone && s.Step.Action == merge.Uninstall:
				count["unmerged"]++
			case s.State == merge.StateDone:
				count["merged"]++
			default:
				count[string(s.State)]++
			}
		}
	}
	count["skipped"] += total - seen
	var parts []string
	for _, word := range []string{"merged", "unmerged", "failed", "broken", "skipped"} {
		if count[word] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", count[word], word))
		}
	}
	return ">>> Packages: " + strings.Join(parts, ", ") + "."
}

func (l *executionLog) pendingConfigs() {
	var roots []string
	for i := range l.work.Runs {
		t := &l.work.Runs[i].Target
		if slices.Contains(roots, t.Root) {
			continue
		}
		roots = append(roots, t.Root)
		fs, err := rootfs.Open(t.Root)
		if err != nil {
			continue
		}
		defer fs.Close()
		switch updates, _ := cfgmem.Pending(fs, t.Settings.ConfigProtect); len(updates) {
		case 0:
		case 1:
			l.printf(" * IMPORTANT: 1 configuration file in %s needs updating: portsolve config-files\n", l.work.RootName(i))
		default:
			l.printf(" * IMPORTANT: %d configuration files in %s need updating: portsolve config-files\n", len(updates), l.work.RootName(i))
		}
	}
}

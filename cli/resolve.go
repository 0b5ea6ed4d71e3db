package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/portsolve/portsolve"
	"github.com/portsolve/portsolve/cli/render"
	"github.com/portsolve/portsolve/internal/emergeopts"
	"github.com/portsolve/portsolve/solver/answer"
)

// resolveAction is `portsolve resolve`.
func (inv *invocation) resolveAction(c *cli.Context) error {
	cmd := &command{args: c.Args().Slice()}
	if err := cmd.apply(*inv.settings); err != nil {
		return err
	}
	if cmd.demo == "list" {
		return inv.listDemos()
	}
	done, err := inv.useDemo(cmd)
	if err != nil {
		return err
	}
	defer done()
	return inv.again(c.Context, cmd, func() error {
		res, err := inv.resolve(c.Context, cmd)
		if err == nil {
			inv.result = res
		}
		return err
	})
}

// resolve opens the system, resolves the request and prints the answer.
func (inv *invocation) resolve(ctx context.Context, cmd *command) (*answer.Result, error) {
	sys, progress, err := inv.openToChange(ctx, cmd)
	if err != nil {
		return nil, err
	}
	inv.system = sys
	if len(cmd.args) == 0 && cmd.options.Action == "" {
		return nil, usagef("nothing to resolve: name a package, an atom or a @set (portsolve resolve --help)")
	}
	req := portsolve.Request{Args: cmd.args, Options: cmd.options,
		Alternatives: cmd.alternatives.count, Pick: cmd.alternatives.pick, Allow: cmd.alternatives.allow, Patience: cmd.alternatives.patience}
	emergeopts.Normalize(&req.Options)
	if err := cmd.startTrace(&req); err != nil {
		return nil, err
	}
	res, err := sys.Resolve(ctx, req)
	progress.clear()
	if err != nil {
		return nil, err
	}
	if err := cmd.endTrace(res); err != nil {
		return nil, err
	}
	if err := cmd.complete(ctx, sys, res); err != nil {
		return nil, err
	}
	if err := inv.print(cmd, res); err != nil {
		return nil, err
	}
	if err := inv.keep(cmd, res); err != nil {
		return nil, err
	}
	if err := inv.changeLogs(cmd, sys, res); err != nil {
		return nil, err
	}
	if cmd.verify {
		if err := inv.verify(ctx, sys, req, res); err != nil {
			return res, err
		}
	}
	if res.Removal != nil && !cmd.pretend && exitCode(res, nil) == ExitOK {
		return res, inv.carryOut(ctx, cmd, sys, res)
	}
	again, err := inv.autounmask(cmd, sys, res)
	if err != nil {
		return res, err
	}
	if again {
		return inv.resolveAgain(ctx, cmd)
	}
	inv.onlyChanges = cmd.options.AutounmaskOnly.Or(false)
	return res, nil
}

// open reads the system and completes the command by its EMERGE_DEFAULT_OPTS.
func (inv *invocation) open(ctx context.Context, cmd *command) (*portsolve.System, *progress, error) {
	progress := inv.newProgress(cmd)
	sys, err := portsolve.Open(ctx, cmd.systemOptions(inv.env, progress.report))
	progress.clear()
	if err != nil {
		return nil, nil, whereToLook(err)
	}
	if err := cmd.addDefaults(*inv.settings, sys.Var("EMERGE_DEFAULT_OPTS")); err != nil {
		return nil, nil, err
	}
	return sys, progress, nil
}

// systemOptions translates the command line for the library.
func (c *command) systemOptions(env map[string]string, progress func(string, int, int)) portsolve.Options {
	return portsolve.Options{
		ConfigRoot: c.configRoot, Root: c.root, SysRoot: c.sysroot, EPrefix: c.prefix,
		System: c.system, CacheDir: c.cacheDir, Repos: c.repos, Env: env, Progress: progress,
		AcceptProperties: c.acceptProperties, AcceptRestrict: c.acceptRestrict,
	}
}

// addDefaults puts the options of EMERGE_DEFAULT_OPTS before those given.
// Options that say where the system is have no effect there: the variable was
// read from that system.
func (c *command) addDefaults(given []setting, defaults string) error {
	if c.ignoreDefaults || strings.TrimSpace(defaults) == "" {
		return nil
	}
	words, err := splitWords(defaults)
	if err == nil {
		words, err = canonical(words)
	}
	if err != nil {
		return fmt.Errorf("EMERGE_DEFAULT_OPTS: %w", err)
	}
	var settings []setting
	for _, w := range words {
		if w == "--" {
			break
		}
		name, value, _ := strings.Cut(w, "=")
		settings = append(settings, setting{name: name, value: value, byDefault: true})
	}
	merged := &command{args: c.args}
	if err := merged.apply(append(settings, given...)); err != nil {
		return fmt.Errorf("with EMERGE_DEFAULT_OPTS=%q: %w", defaults, err)
	}
	merged.system, merged.demo, merged.repos = c.system, c.demo, c.repos
	merged.configRoot, merged.root, merged.sysroot, merged.prefix = c.configRoot, c.root, c.sysroot, c.prefix
	merged.execution.merges = c.execution.merges
	*c = *merged
	return nil
}

// whereToLook adds to the library's words what a person can do where there is
// no system to look at.
func whereToLook(err error) error {
	if !errors.Is(err, portsolve.ErrNoConfiguration) {
		return err
	}
	return fmt.Errorf("%w\n  to see a resolution at once: portsolve resolve --demo", err)
}

// print writes the answer in the format asked for.
func (inv *invocation) print(cmd *command, res *answer.Result) error {
	if !cmd.options.Quiet {
		for _, n := range cmd.notes {
			fmt.Fprintf(inv.stderr, "portsolve: note: %s\n", n)
		}
	}
	if cmd.format == "json" {
		return answer.Encode(inv.stdout, res)
	}
	text := render.Text
	if res.Removal != nil {
		text = render.Removal
	}
	if err := text(inv.stdout, res, inv.renderOptions(cmd)); err != nil {
		return fmt.Errorf("writing the answer: %w", err)
	}
	return nil
}

func (inv *invocation) renderOptions(cmd *command) render.Options {
	o := &cmd.options
	level := render.Normal
	switch {
	case o.Quiet: // wins, as in emerge
		level = render.Quiet
	case o.Verbose:
		level = render.Verbose
	}
	return render.Options{
		Level: level, Columns: o.Columns, Tree: o.Tree, Unordered: o.UnorderedDisplay,
		Alphabetical: o.Alphabetical, QuietRepos: cmd.quietRepo, AllParents: o.VerboseConflicts,
		OnlyChanges: o.AutounmaskOnly.Or(false), Writes: cmd.wantsWrite(), SlotRebuilds: cmd.slotRebuilds, Color: inv.wantColor(cmd.color), OneShot: o.OneShot,
	}
}

// noColor: the environment asks for plain text (emerge(1), https://no-color.org).
func noColor(env map[string]string) bool {
	return env["NO_COLOR"] != "" || env["NOCOLOR"] == "yes" || env["NOCOLOR"] == "true"
}

// wantColor: --color decides, then NO_COLOR and NOCOLOR, then the terminal.
func (inv *invocation) wantColor(option string) bool {
	if option != "" {
		return option == "y"
	}
	if noColor(inv.env) || inv.env["TERM"] == "dumb" {
		return false
	}
	return isTerminal(inv.stdout)
}

// verify runs the independent checker over the answer.
func (inv *invocation) verify(ctx context.Context, sys *portsolve.System, req portsolve.Request, res *answer.Result) error {
	violations, err := sys.Verify(ctx, req, res)
	if err != nil {
		return err
	}
	for _, v := range violations {
		fmt.Fprintf(inv.stderr, "portsolve: checker: %s: %s: %s\n", v.Rule, v.Package, v.Detail)
	}
	if len(violations) > 0 {
		return fmt.Errorf("the checker rejects this answer (%d violations): this is a bug in portsolve, please report it", len(violations))
	}
	fmt.Fprintln(inv.stderr, "portsolve: the independent checker accepts this answer")
	return nil
}

// Package cli is the portsolve command: it reads the command line, calls the
// library and prints the answer. It holds no rules of resolution.
package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/portsolve/portsolve"
	"github.com/portsolve/portsolve/cli/saved"
	"github.com/portsolve/portsolve/internal/emergeopts"
	"github.com/portsolve/portsolve/internal/suggest"
	"github.com/portsolve/portsolve/solver/answer"
)

// invocation is one run of the command with everything it may touch.
type invocation struct {
	env            map[string]string
	stdin          io.Reader
	stdout, stderr io.Writer
	answers        *bufio.Reader     // of stdin, once something was asked
	system         *portsolve.System // the last that resolve opened
	acted          bool              // carrying out a plan has begun
	settings       *[]setting        // options of the command line, in order
	result         *answer.Result    // set by resolve, for the exit code
	onlyChanges    bool              // --autounmask-only: changes are all that was asked for
	words          []string          // the command line without the program's name
	lastFile       string            // where the answer is kept for explain; "" nowhere
	hide           string            // the directory of a demo, which the user need not know of
}

// Main runs the command line args (args[0] is the program name) and returns
// the exit code. stdin answers questions (--ask); env holds "NAME=value" strings, as os.Environ does.
func Main(ctx context.Context, args, env []string, stdin io.Reader, stdout, stderr io.Writer) int {
	inv := &invocation{env: environment(env), stdin: stdin, stdout: stdout, stderr: stderr, settings: new([]setting)}
	inv.lastFile = saved.Place(inv.env)
	err := inv.run(ctx, args)
	if err != nil {
		inv.complain(err)
	}
	if err == nil && inv.onlyChanges && inv.result != nil && inv.result.Status == answer.ChangesNeeded {
		return ExitOK
	}
	return exitCode(inv.result, err)
}

func (inv *invocation) complain(err error) {
	if errors.Is(err, errNoAnswer) {
		return
	}
	if errors.Is(err, context.Canceled) {
		fmt.Fprintln(inv.stderr, "portsolve: interrupted")
		return
	}
	fmt.Fprintf(inv.stderr, "portsolve: %v\n", err)
}

// run puts the command line into canonical form and hands it to urfave/cli.
func (inv *invocation) run(ctx context.Context, args []string) error {
	if len(args) < 2 {
		args = append(args[:len(args):len(args)], "--help")
		defer fmt.Fprintln(inv.stderr, "portsolve: no command given; try `portsolve resolve --demo`")
		if err := inv.app().RunContext(ctx, args); err != nil {
			return err
		}
		return usagef("a command is needed")
	}
	app := inv.app()
	inv.words = args[1:]
	rest := args[2:]
	if err := checkCommand(args[1], app.Commands); err != nil {
		return err
	}
	if c := app.Command(args[1]); c != nil && len(c.Flags) > 0 {
		words, err := canonical(rest)
		if err == nil {
			err = checkOptions(c, words)
		}
		if err != nil {
			return err
		}
		rest = words
	}
	return app.RunContext(ctx, append([]string{args[0], args[1]}, rest...))
}

// checkCommand reports a first word that is no command, with suggestions.
func checkCommand(word string, known []*cli.Command) error {
	commands := []string{"help"}
	for _, c := range known {
		commands = append(commands, c.Name)
	}
	for _, c := range append(commands, "h", "--help", "-h", "--version", "-V") {
		if c == word {
			return nil
		}
	}
	msg := fmt.Sprintf("unknown command %q", word)
	switch near := suggest.Nearest(word, commands, 1); {
	case len(near) > 0:
		msg += fmt.Sprintf("; did you mean %s?", near[0])
	case strings.HasPrefix(word, "-"):
		msg += "; options come after the command: portsolve resolve " + word
	default:
		msg += "; to resolve packages: portsolve resolve " + word
	}
	return usagef("%s", msg)
}

func (inv *invocation) app() *cli.App {
	return &cli.App{
		Name:            "portsolve",
		Usage:           "resolve package requests on Gentoo-style systems",
		UsageText:       "portsolve COMMAND [options] [argument]…",
		Version:         version(),
		HideHelpCommand: false,
		Writer:          inv.stdout,
		ErrWriter:       inv.stderr,
		ExitErrHandler:  func(*cli.Context, error) {},
		OnUsageError:    func(_ *cli.Context, err error, _ bool) error { return &usageError{err} },
		Commands: append([]*cli.Command{
			{
				Name:        "resolve",
				Usage:       "show what would be merged, as emerge --pretend does",
				UsageText:   "portsolve resolve [options] [atom | package | @set | file]…",
				Description: resolveHelp,
				Flags:       inv.flags(resolveTakes),
				Action:      inv.resolveAction,
				OnUsageError: func(_ *cli.Context, err error, _ bool) error {
					return &usageError{err}
				},
			},
			{Name: "version", Usage: "print the version", Action: func(*cli.Context) error {
				fmt.Fprintln(inv.stdout, "portsolve", version())
				return nil
			}},
		}, append(append(inv.removalCommands(), inv.queryCommands()...), inv.mergeCommand(), inv.configFilesCommand(), inv.savedFilesCommand(), inv.explainCommand(), inv.binpkgCommand())...),
	}
}

const resolveHelp = `Options are emerge's own, in any order, letters combined (-puDN), values
   optional where emerge has them optional; -- ends the options.
   Nothing on the system is changed, unless --autounmask-write, -continue or --ask
   ask for configuration changes to be written.

   Exit codes: 0 solved or nothing to do, 1 unsolvable or configuration
   changes needed, 2 wrong command line, 3 unreadable system or tree.

   First contact:  portsolve resolve --demo`

// collected gathers the options of a canonical command line in their order.
type collected struct {
	name string
	into *[]setting
}

// Set implements flag.Value.
func (c *collected) Set(value string) error {
	*c.into = append(*c.into, setting{name: c.name, value: value})
	return nil
}

func (c *collected) String() string { return "" }

// namedFlag knows its names. urfave asks every flag for them once for each flag there is, and its own flags run a regular
// expression each time: for some 150 options that took longer than a small resolution.
type namedFlag struct {
	names []string
	*cli.GenericFlag
}

func (f namedFlag) Names() []string { return f.names }

// flags makes an urfave flag of every option that a command takes; all write to
// one ordered list. They are sorted by name.
func (inv *invocation) flags(takes func(*emergeopts.Option) bool) []cli.Flag {
	options := append(append(own[:len(own):len(own)], alternativesTable[:]...), emergeopts.All()...)
	slices.SortStableFunc(options, func(a, b emergeopts.Option) int { return strings.Compare(a.Name, b.Name) })
	var out []cli.Flag
	for _, o := range options {
		if o.Name == "--help" || o.Name == "--version" || !takes(&o) {
			continue // the two are urfave's own
		}
		usage := o.Note
		if o.Short != 0 { // an alias would make urfave/cli set the value twice
			usage = fmt.Sprintf("(-%c) %s", o.Short, o.Note)
		}
		name := strings.TrimPrefix(o.Name, "--")
		out = append(out, namedFlag{[]string{name}, &cli.GenericFlag{
			Name: name, Usage: usage,
			Value:  &collected{o.Name, inv.settings},
			Hidden: o.Status == emergeopts.Planned || o.Status == emergeopts.NotApplicable,
		}})
	}
	return out
}

// version is the module version the binary was built from.
func version() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(devel)"
}

// environment turns "NAME=value" strings into a map; the last one wins.
func environment(env []string) map[string]string {
	m := make(map[string]string, len(env))
	for _, e := range env {
		if name, value, ok := strings.Cut(e, "="); ok {
			m[name] = value
		}
	}
	return m
}

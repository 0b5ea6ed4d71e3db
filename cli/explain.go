package cli

import (
	"errors"
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/portsolve/portsolve/cli/render"
	"github.com/portsolve/portsolve/cli/report"
	"github.com/portsolve/portsolve/cli/saved"
	"github.com/portsolve/portsolve/internal/emergeopts"
	"github.com/portsolve/portsolve/solver/answer"
)

const explainHelp = `The answer of the last resolve, depclean, …, which is kept in
   $XDG_STATE_HOME/portsolve/last.json (~/.local/state without the variable), or one that
   was kept with --save FILE, printed with --format=json, or traced with --trace DIR.
   Each line of the plan is followed by its cause.

   --format=html is a page to click through: the plan, the conflicts as graphs, the
   alternatives. It is one file and needs no network. --format=dot is the graph for Graphviz.

   Exit code 3 if there is no such answer.

   Example:  portsolve explain --format=html > answer.html`

// explainCommand is `portsolve explain`.
func (inv *invocation) explainCommand() *cli.Command {
	return &cli.Command{
		Name: "explain", Usage: "show the last or a saved answer again, with all reasons: text, HTML, graph",
		UsageText: "portsolve explain [options] [FILE | DIR]", Description: explainHelp,
		Flags:        inv.flags(explainTakes),
		Action:       inv.explainAction,
		OnUsageError: func(_ *cli.Context, err error, _ bool) error { return &usageError{err} },
	}
}

// explainTakes are the options of display; those that need the system are not among them.
func explainTakes(o *emergeopts.Option) bool {
	switch o.Name {
	case "--changelog", "--changed-deps-report", "--verbose-missing-ebuilds", "--misspell-suggestions", "--nospinner", "--debug":
		return false
	}
	return o.Display || o.Name == "--format"
}

func (inv *invocation) explainAction(c *cli.Context) error {
	path := inv.lastFile
	switch words := c.Args().Slice(); {
	case len(words) > 1:
		return usagef("explain shows one answer: name one file")
	case len(words) == 1:
		path = words[0]
	case path == "":
		return errors.New("no answer is kept, because neither XDG_STATE_HOME nor HOME is set; portsolve resolve --save FILE … keeps one in a file")
	}
	d, err := saved.Open(path)
	switch {
	case saved.Missing(err) && c.NArg() == 0:
		return fmt.Errorf("there is no answer yet: %s does not exist; portsolve resolve … makes it", path)
	case err != nil:
		return err
	}
	cmd := &command{}
	if err := cmd.apply(append(displaySettings(d.Command), *inv.settings...)); err != nil {
		return err
	}
	return inv.explain(cmd, d)
}

// displaySettings are the options of a saved command line that say how to print the answer. A command line that cannot be read, as
// of another version, has none.
func displaySettings(words []string) (out []setting) {
	if len(words) == 0 {
		return nil
	}
	words, err := canonical(words[1:])
	if err != nil {
		return nil
	}
	for _, w := range words {
		name, value, _ := strings.Cut(w, "=")
		if o := lookup(name); o != nil && o.Display && explainTakes(o) && o.Accepts(value) {
			out = append(out, setting{name: name, value: value})
		}
	}
	return out
}

func (inv *invocation) explain(cmd *command, d *saved.Document) error {
	options := inv.renderOptions(cmd)
	options.Causes = true
	switch cmd.format {
	case "json":
		return answer.Encode(inv.stdout, d.Result)
	case "dot":
		return render.AnswerDot(inv.stdout, d.Result)
	case "html":
		return report.Write(inv.stdout, d.Result, commandLine(d.Command))
	}
	if len(d.Command) > 0 && options.Level != render.Quiet {
		if _, err := fmt.Fprintf(inv.stdout, "$ portsolve %s\n", commandLine(d.Command)); err != nil {
			return err
		}
	}
	if d.Result.Removal != nil {
		return render.Removal(inv.stdout, d.Result, options)
	}
	return render.Text(inv.stdout, d.Result, options)
}

// commandLine quotes words as a shell would need them.
func commandLine(words []string) string {
	var out []string
	for _, w := range words {
		if w == "" || strings.ContainsAny(w, " \t\n'\"\\$&|;<>()*?[]#~`!{}") {
			w = "'" + strings.ReplaceAll(w, "'", `'\''`) + "'"
		}
		out = append(out, w)
	}
	return strings.Join(out, " ")
}

// keep writes the answer where explain finds it. That is no reason to fail, unless the file was named.
func (inv *invocation) keep(cmd *command, res *answer.Result) error {
	path := inv.lastFile
	if cmd.save != "" {
		path = cmd.save
	}
	if path == "" {
		return nil
	}
	err := saved.Write(path, &saved.Document{Command: inv.words, Result: res}, inv.hide)
	if err != nil && cmd.save != "" {
		return fmt.Errorf("--save: %w", err)
	}
	return nil
}

package cli

import (
	"context"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/portsolve/portsolve"
	"github.com/portsolve/portsolve/internal/emergeopts"
	"github.com/portsolve/portsolve/solver/answer"
	"github.com/portsolve/portsolve/solver/universe"
)

// question is a command that needs no plan: all but config look something up and
// change nothing.
type question struct {
	name, usage, args, help string
	takes                   func(*emergeopts.Option) bool
	// answer prints the answer. errNoAnswer, which is not printed, says that there is none.
	answer func(ctx context.Context, inv *invocation, sys *portsolve.System, cmd *command) error
}

// questions lists them in the order of the help text.
func questions() []question {
	return []question{
		{
			name: "search", usage: "find packages by name or description, as emerge --search does", args: "PATTERN…",
			help: searchHelp, takes: oneOf("--search", "--searchdesc", "--fuzzy-search", "--regex-search-auto", "--search-index", "--search-similarity"),
			answer: search,
		},
		{
			name: "list-sets", usage: "list the package sets that @name may refer to", args: "",
			help: listSetsHelp, takes: oneOf("--list-sets"), answer: listSets,
		},
		{
			name: "info", usage: "show the configuration in effect, as emerge --info does", args: "[atom | package | @set]…",
			help: infoHelp, takes: oneOf("--info"), answer: info,
		},
		{
			name: "why", usage: "show which request or package pulls a package in", args: "PACKAGE… [--for \"REQUEST\"]",
			help: whyHelp, takes: requestOptions, answer: why,
		},
		{
			name: "why-not", usage: "show what stands in the way of a version", args: "ATOM… [--for \"REQUEST\"]",
			help: whyNotHelp, takes: func(o *emergeopts.Option) bool { return requestOptions(o) && o.Name != "--all" }, answer: whyNot,
		},
		{
			name: "depgraph", usage: "print what a request selects as a graph (dot, JSON)", args: "[atom | package | @set]…",
			help: depgraphHelp, takes: resolveTakes, answer: depgraph,
		},
		{
			name: "config", usage: "run pkg_config of an installed package, as emerge --config does", args: "ATOM",
			help: configHelp, takes: oneOf("--config"), answer: configure,
		},
	}
}

// queryCommands are the commands of questions.
func (inv *invocation) queryCommands() []*cli.Command {
	var out []*cli.Command
	for _, q := range questions() {
		out = append(out, &cli.Command{
			Name: q.name, Usage: q.usage, UsageText: strings.TrimSpace("portsolve " + q.name + " [options] " + q.args),
			Description:  q.help,
			Flags:        inv.flags(func(o *emergeopts.Option) bool { return q.takes(o) || everywhere(o) }),
			Action:       func(c *cli.Context) error { return inv.ask(c, &q) },
			OnUsageError: func(_ *cli.Context, err error, _ bool) error { return &usageError{err} },
		})
	}
	return out
}

// everywhere: options that say where the system is and how to print the answer.
func everywhere(o *emergeopts.Option) bool {
	switch o.Name {
	case "--system", "--repo", "--demo", "--root", "--sysroot", "--config-root", "--prefix", "--cache-dir", "--format",
		"--color", "--quiet", "--verbose", "--nospinner", "--ignore-default-opts", "--accept-properties", "--accept-restrict":
		return true
	}
	return false
}

func oneOf(names ...string) func(*emergeopts.Option) bool {
	return func(o *emergeopts.Option) bool { return slices.Contains(names, o.Name) }
}

// resolveTakes: all but the options of other commands. The actions of emerge are
// among them, so that they can be answered with the name of the command.
func resolveTakes(o *emergeopts.Option) bool {
	return o.Name != "--all" && o.Name != "--for" && o.Name != "--plan" && o.Name != "--phases"
}

// requestOptions are those that change a resolution, and --all and --for.
func requestOptions(o *emergeopts.Option) bool {
	return !o.Action && !isAlternatives(o) && o.Name != "--trace" && o.Name != "--save" && o.Name != "--verify" && (!o.Display || o.Name == "--verbose-conflicts")
}

// checkOptions reports an option that is known, but not to this command.
func checkOptions(c *cli.Command, words []string) error {
	for _, w := range words {
		name, value, _ := strings.Cut(w, "=")
		if w == "--" {
			return nil
		}
		if name == "--help" || name == "--version" || slices.ContainsFunc(c.Flags, func(f cli.Flag) bool { return "--"+f.Names()[0] == name }) {
			if err := checkFormat(c.Name, name, value); err != nil {
				return err
			}
			if other := commandOf(name); other != "" && other != c.Name && value != "n" && (other != "deselect" || c.Name == "resolve") {
				return usagef("%s is a command of its own: portsolve %s", name, other)
			}
			continue
		}
		return usagef("%s means nothing to portsolve %s; portsolve %s --help lists its options", name, c.Name, c.Name)
	}
	return nil
}

// checkFormat refuses formats that not every command has.
func checkFormat(command, option, value string) error {
	switch {
	case option != "--format" || command == "explain":
	case value == "dot" && command != "depgraph":
		return usagef("--format=dot is for portsolve depgraph and explain; expected text or json")
	case value == "html":
		return usagef("--format=html is for portsolve explain, which shows the last answer; expected text or json")
	}
	return nil
}

// commandOf is the command that does what an action of emerge does.
func commandOf(action string) string {
	switch action {
	case "--search", "--searchdesc":
		return "search"
	case "--config", "--info", "--list-sets", "--depclean", "--prune", "--unmerge", "--clean", "--deselect":
		return action[2:]
	case "--rage-clean":
		return "unmerge"
	case "--resume":
		return "merge"
	}
	return ""
}

// queryOptions are the options that only questions have.
type queryOptions struct {
	all           bool
	requested     []string // --for
	fuzzy, regexp universe.Tri
	similarity    float64
}

func (q *queryOptions) apply(s setting) (done bool, err error) {
	yes := s.value != "n"
	tri := universe.No
	if yes {
		tri = universe.Yes
	}
	switch s.name {
	case "--all":
		q.all = yes
	case "--for":
		q.requested = append(q.requested, strings.Fields(s.value)...)
	case "--fuzzy-search":
		q.fuzzy = tri
	case "--regex-search-auto":
		q.regexp = tri
	case "--search-similarity":
		if q.similarity, err = strconv.ParseFloat(strings.TrimSuffix(s.value, "%"), 64); err != nil || !(q.similarity > 0 && q.similarity <= 100) {
			return true, usagef("--search-similarity %q: expected a percentage above 0 and up to 100", s.value)
		}
	default:
		return false, nil
	}
	return true, nil
}

// ask opens the system and answers a question.
func (inv *invocation) ask(c *cli.Context, q *question) error {
	cmd := &command{args: c.Args().Slice()}
	if err := cmd.apply(*inv.settings); err != nil {
		return err
	}
	if cmd.demo == "list" {
		return inv.listDemos()
	}
	if cmd.demo != "" {
		_, done, err := inv.enterDemo(cmd)
		if err != nil {
			return err
		}
		defer done()
	}
	sys, progress, err := inv.open(c.Context, cmd)
	if err != nil {
		return err
	}
	defer progress.clear()
	return q.answer(c.Context, inv, sys, cmd)
}

// printJSON writes a document of docs/json.md.
func printJSON(w io.Writer, v any) error {
	return answer.Encode(w, v)
}

package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/portsolve/portsolve"
	"github.com/portsolve/portsolve/cli/render"
	"github.com/portsolve/portsolve/solver/answer"
)

const whyHelp = `Without --for: what leads from @world to the installed PACKAGE. With
   --for "ARGUMENTS": what leads from the request to it; options as for resolve.
   One shortest way is shown; with --all every dependency on every way. What the
   request uninstalls, and updates that it does not make, have their reasons, too.

   Exit code 1 if there is no such package.

   Example:  portsolve why dev-libs/icu --for @world -uDN`

// why is `portsolve why`.
func why(ctx context.Context, inv *invocation, sys *portsolve.System, cmd *command) error {
	if len(cmd.args) == 0 {
		return usagef("name a package: portsolve why PACKAGE")
	}
	request := portsolve.Request{Args: cmd.query.requested, Options: cmd.options}
	missing := false
	for i, word := range cmd.args {
		res, err := sys.Why(ctx, word, request, cmd.query.all)
		if err != nil {
			return err
		}
		missing = missing || len(res.Packages)+len(res.HeldBack)+len(res.Removed) == 0
		if err := inv.separate(cmd, i); err != nil {
			return err
		}
		if err := inv.show(cmd, res, func(o render.Options) error { return render.Why(inv.stdout, res, o) }); err != nil {
			return err
		}
	}
	if missing {
		return errNoAnswer
	}
	return nil
}

// separate puts an empty line between text answers.
func (inv *invocation) separate(cmd *command, i int) error {
	if i == 0 || cmd.format == "json" {
		return nil
	}
	_, err := fmt.Fprintln(inv.stdout)
	return err
}

const whyNotHelp = `Every version that ATOM matches: the reasons that hide it, with file and line
   and the comment of a mask; or, for the best visible version of a slot, what a
   request for it comes to. --for "ARGUMENTS" adds arguments to that request;
   options as for resolve.

   Exit code 1 if no version matches.

   Example:  portsolve why-not dev-lang/python:3.12 --for @world -uDN`

// whyNot is `portsolve why-not`.
func whyNot(ctx context.Context, inv *invocation, sys *portsolve.System, cmd *command) error {
	if len(cmd.args) == 0 {
		return usagef("name a package or a version: portsolve why-not ATOM")
	}
	request := portsolve.Request{Args: cmd.query.requested, Options: cmd.options}
	missing := false
	for i, word := range cmd.args {
		res, err := sys.WhyNot(ctx, word, request)
		if err != nil {
			return err
		}
		missing = missing || len(res.Versions) == 0
		if err := inv.separate(cmd, i); err != nil {
			return err
		}
		if err := inv.show(cmd, res, func(o render.Options) error { return render.WhyNot(inv.stdout, res, o) }); err != nil {
			return err
		}
	}
	if missing {
		return errNoAnswer
	}
	return nil
}

const depgraphHelp = `What resolve would select, as a graph: packages and the dependencies between
   them. Without arguments: what is installed. --format=dot (the default) is for
   Graphviz, --format=json for programs (docs/queries.md).

   Exit codes as for resolve.

   Example:  portsolve depgraph -1 app-editors/vim | dot -Tsvg > vim.svg`

// depgraph is `portsolve depgraph`.
func depgraph(ctx context.Context, inv *invocation, sys *portsolve.System, cmd *command) error {
	res, err := sys.Graph(ctx, portsolve.Request{Args: cmd.args, Options: cmd.options})
	if err != nil {
		return err
	}
	if err := inv.show(cmd, res, func(render.Options) error { return render.Dot(inv.stdout, res) }); err != nil {
		return err
	}
	if res.Status == answer.Unsolvable || res.Status == answer.ChangesNeeded {
		fmt.Fprintf(inv.stderr, "portsolve: the request is %s; portsolve resolve %s says why\n",
			strings.ReplaceAll(string(res.Status), "-", " "), strings.Join(cmd.args, " "))
		return errNoAnswer
	}
	return nil
}

const infoHelp = `The configuration in effect: profile, repositories, variables. For every
   argument also the USE flags of what is installed and of what would be merged,
   each with the file and line that decides it. --verbose adds where each variable
   was set, and what each flag is for.`

// info is `portsolve info`.
func info(ctx context.Context, inv *invocation, sys *portsolve.System, cmd *command) error {
	res, err := sys.Info(ctx, cmd.args)
	if err != nil {
		return err
	}
	return inv.show(cmd, res, func(o render.Options) error { return render.Info(inv.stdout, res, o) })
}

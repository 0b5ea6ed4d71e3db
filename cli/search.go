package cli

import (
	"context"
	"fmt"

	"github.com/portsolve/portsolve"
	"github.com/portsolve/portsolve/cli/render"
	"github.com/portsolve/portsolve/solver/answer"
)

const searchHelp = `PATTERN is a part of a package name. %PATTERN is a regular expression,
   @PATTERN (or one with a slash in it) is compared with category and name, %@ is
   both. With --searchdesc (-S) descriptions count, too. Names that are merely
   similar are found as well (--fuzzy-search=n switches that off).

   Exit code 1 if nothing was found.`

// search is `portsolve search`.
func search(ctx context.Context, inv *invocation, sys *portsolve.System, cmd *command) error {
	if len(cmd.args) == 0 {
		return usagef("nothing to search for: portsolve search PATTERN")
	}
	nothing := true
	var all []*answer.Search
	for _, pattern := range cmd.args {
		res, err := sys.Search(ctx, portsolve.SearchQuery{
			Pattern: pattern, Descriptions: cmd.options.Action == "searchdesc",
			Fuzzy: cmd.query.fuzzy, RegexpAuto: cmd.query.regexp, Similarity: cmd.query.similarity,
		})
		if err != nil {
			return err
		}
		nothing = nothing && len(res.Found)+len(res.Sets) == 0
		all = append(all, res)
	}
	for _, res := range all {
		if err := inv.show(cmd, res, func(o render.Options) error { return render.Search(inv.stdout, res, o) }); err != nil {
			return err
		}
	}
	if nothing {
		return errNoAnswer
	}
	return nil
}

// show prints an answer as JSON or by text.
func (inv *invocation) show(cmd *command, document any, text func(render.Options) error) error {
	if cmd.format == "json" {
		return printJSON(inv.stdout, document)
	}
	if err := text(inv.renderOptions(cmd)); err != nil {
		return fmt.Errorf("writing the answer: %w", err)
	}
	return nil
}

const listSetsHelp = `The names of all sets, one on a line; --verbose adds what computes each of
   them and the file that defines it. @NAME on the command line of resolve stands
   for the members of the set.`

// listSets is `portsolve list-sets`.
func listSets(_ context.Context, inv *invocation, sys *portsolve.System, cmd *command) error {
	if len(cmd.args) > 0 {
		return usagef("list-sets takes no arguments; to see what a set stands for: portsolve resolve -p @%s", cmd.args[0])
	}
	res, err := sys.Sets()
	if err != nil {
		return err
	}
	return inv.show(cmd, res, func(o render.Options) error { return render.Sets(inv.stdout, res, o) })
}

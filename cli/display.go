package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/portsolve/portsolve"
	"github.com/portsolve/portsolve/solver/answer"
)

// displayOptions are those of emerge's display that need more than the answer.
type displayOptions struct {
	changelog, changedDeps, noSuggestions, noMissingEbuilds bool
}

func (d *displayOptions) apply(s setting) (done bool) {
	yes := s.value != "n"
	switch s.name {
	case "--changelog":
		d.changelog = yes
	case "--changed-deps-report":
		d.changedDeps = yes
	case "--verbose-missing-ebuilds":
		d.noMissingEbuilds = !yes
	case "--misspell-suggestions":
		d.noSuggestions = !yes
	default:
		return false
	}
	return true
}

// complete adds to an answer what display options ask for, and takes out what
// they do not want.
func (c *command) complete(ctx context.Context, sys *portsolve.System, res *answer.Result) error {
	if c.display.noSuggestions {
		for i := range res.Unsatisfied {
			res.Unsatisfied[i].Suggestions = nil
		}
	}
	if err := c.missingEbuilds(ctx, sys, res); err != nil {
		return err
	}
	if !c.display.changedDeps {
		return nil
	}
	changed, err := sys.ChangedDeps(ctx)
	if err != nil {
		return err
	}
	merged := map[string]bool{}
	for i := range res.Plan {
		merged[res.Plan[i].CPV] = true
	}
	for _, cpv := range changed {
		if !merged[cpv] {
			res.Warnings = append(res.Warnings, cpv+": its ebuild's dependencies have changed since it was installed, without a new revision (--changed-deps rebuilds it)")
		}
	}
	return nil
}

// missingEbuilds warns of what in world can be neither updated nor built again,
// where a request is about world.
func (c *command) missingEbuilds(ctx context.Context, sys *portsolve.System, res *answer.Result) error {
	about := slices.ContainsFunc(c.args, func(arg string) bool {
		return arg == "world" || arg == "@world" || arg == "@selected" || arg == "@selected-packages"
	})
	if c.display.noMissingEbuilds || !about || res.Removal != nil {
		return nil
	}
	missing, err := sys.MissingEbuilds(ctx)
	if err != nil {
		return err
	}
	for _, cpv := range missing {
		res.Warnings = append(res.Warnings, cpv+" is in world, and no repository has an ebuild for it any more: it can be neither updated nor built again")
	}
	return nil
}

// changeLogs prints what --changelog asks for, below the answer. JSON has no
// place for it.
func (inv *invocation) changeLogs(cmd *command, sys *portsolve.System, res *answer.Result) error {
	if !cmd.display.changelog || cmd.format == "json" {
		return nil
	}
	for i := range res.Plan {
		releases, err := sys.ChangeLog(&res.Plan[i])
		if err != nil {
			return err
		}
		if len(releases) == 0 {
			continue
		}
		if _, err := fmt.Fprintf(inv.stdout, "\n%s\n", strings.Join(releases, "\n\n")); err != nil {
			return err
		}
	}
	return nil
}

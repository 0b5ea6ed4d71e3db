package cli

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/portsolve/portsolve/internal/emergeopts"
	"github.com/portsolve/portsolve/internal/rootfs"
	"github.com/portsolve/portsolve/merge/savedfiles"
	"github.com/portsolve/portsolve/vdb"
)

const savedFilesHelp = `Where a merge replaces or removes a file that somebody has changed, or that belongs to no package, it
   keeps it below /var/lib/portsolve/saved. These are the copies.

   list [FILE]…        what is kept (also without any word)
   diff [FILE]…        how it differs from what is there now
   restore FILE…       put it back; what is there now is kept in its stead, so that it can be undone
   prune FILE… | --all | --older-than DAYS   remove copies for good

   FILE is the file, of which the newest copy is meant, or one of the copies. --ask (-a) shows each
   difference and asks.

   Exit codes: 0 done (or nothing is kept), 1 a FILE has no copy or could not be changed, 2 wrong
   command line, 3 unreadable system.`

// savedFilesCommand is `portsolve saved-files`.
func (inv *invocation) savedFilesCommand() *cli.Command {
	takes := oneOf("--ask", "--ask-enter-invalid", "--alert", "--all", "--older-than")
	return &cli.Command{
		Name: "saved-files", Usage: "list, compare, restore and remove what merges have kept of changed files",
		UsageText:    "portsolve saved-files [list | diff | restore | prune] [options] [FILE]…",
		Description:  savedFilesHelp,
		Flags:        inv.flags(func(o *emergeopts.Option) bool { return takes(o) || everywhere(o) && o.Name != "--demo" }),
		Action:       inv.savedFiles,
		OnUsageError: func(_ *cli.Context, err error, _ bool) error { return &usageError{err} },
	}
}

// copies are the saved files that a command is about.
type copies struct {
	pendingFiles // for its comparisons
	days         float64
	chosen       []savedfiles.File
}

func (inv *invocation) savedFiles(c *cli.Context) error {
	cmd := &command{args: c.Args().Slice()}
	if err := cmd.apply(*inv.settings); err != nil {
		return err
	}
	verb := "list"
	if len(cmd.args) > 0 && !strings.HasPrefix(cmd.args[0], "/") {
		verb, cmd.args = cmd.args[0], cmd.args[1:]
	}
	s := &copies{pendingFiles: pendingFiles{inv: inv, cmd: cmd}, days: -1}
	if err := s.usage(verb); err != nil {
		return err
	}
	sys, progress, err := inv.open(c.Context, cmd)
	if err != nil {
		return err
	}
	progress.clear()
	tree, err := rootfs.Open(sys.MergeTarget().Root)
	if err != nil {
		return err
	}
	defer tree.Close()
	s.state = vdb.State{FS: tree}
	switch verb {
	case "list", "diff":
		if err := s.find(); err != nil {
			return err
		}
		if verb == "list" {
			return s.show()
		}
		return each(s.chosen, s.differ)
	}
	return s.change(c.Context, verb)
}

// usage finds what cannot be meant.
func (s *copies) usage(verb string) error {
	x, files := &s.cmd.execution, len(s.cmd.args) > 0
	switch {
	case !slices.Contains([]string{"list", "diff", "restore", "prune"}, verb):
		return usagef("saved-files %s: expected list, diff, restore or prune, or the absolute name of a file", verb)
	case verb != "prune" && x.olderThan != "":
		return usagef("saved-files: --older-than belongs to prune")
	case verb == "restore" && !files:
		return usagef("saved-files restore: name the files")
	case verb == "prune" && !files && !s.cmd.query.all && x.olderThan == "":
		return usagef("saved-files prune: name the files, or say --all or --older-than DAYS")
	case files && (s.cmd.query.all || x.olderThan != ""):
		return usagef("saved-files: --all, --older-than and names of files exclude each other")
	}
	if x.olderThan != "" {
		var err error
		if s.days, err = strconv.ParseFloat(x.olderThan, 64); err != nil || !(s.days >= 0 && s.days < 1e5) {
			return usagef("--older-than %s: expected a number of days", x.olderThan)
		}
	}
	return nil
}

// find chooses what the arguments name, or everything.
func (s *copies) find() error {
	list, err := savedfiles.List(s.state.FS)
	if err != nil {
		return &failure{err}
	}
	if len(s.cmd.args) == 0 {
		limit := time.Now().Add(-time.Duration(s.days * 24 * float64(time.Hour)))
		s.chosen = slices.DeleteFunc(list, func(f savedfiles.File) bool { return s.days >= 0 && f.Saved.After(limit) })
		return nil
	}
	for _, arg := range s.cmd.args {
		name := strings.TrimPrefix(path.Clean(arg), "/")
		at := -1 // the last one is the newest
		for i, f := range list {
			if f.Name == name || f.Copy == name {
				at = i
			}
		}
		if at < 0 {
			return &failure{fmt.Errorf("no copy of /%s is kept", name)}
		}
		if !slices.Contains(s.chosen, list[at]) {
			s.chosen = append(s.chosen, list[at])
		}
	}
	return nil
}

// copyJSON is the JSON form of a copy.
type copyJSON struct {
	File    string    `json:"file"`
	Copy    string    `json:"copy"`
	Package string    `json:"package"`
	Saved   time.Time `json:"saved"`
}

func (s *copies) show() error {
	if s.cmd.format == "json" {
		doc := struct {
			Schema int        `json:"schema"`
			Files  []copyJSON `json:"files"`
		}{1, []copyJSON{}}
		for _, f := range s.chosen {
			doc.Files = append(doc.Files, copyJSON{"/" + f.Name, "/" + f.Copy, f.Package, f.Saved.UTC().Truncate(time.Second)})
		}
		return printJSON(s.inv.stdout, doc)
	}
	if len(s.chosen) == 0 {
		fmt.Fprintln(s.inv.stdout, "No files are kept.")
		return nil
	}
	last := ""
	for _, f := range s.chosen {
		if f.Name != last {
			fmt.Fprintf(s.inv.stdout, "/%s\n", f.Name)
		}
		last = f.Name
		fmt.Fprintf(s.inv.stdout, "    /%s  (%s)\n", f.Copy, f.Saved.Format(time.DateOnly))
	}
	return nil
}

// differ shows what restoring a copy would change.
func (s *copies) differ(f savedfiles.File) error {
	return s.difference(f.Name, f.Copy)
}

// change restores or removes.
func (s *copies) change(ctx context.Context, verb string) error {
	return s.locked(ctx, func() error {
		if err := s.find(); err != nil {
			return err
		}
		return each(s.chosen, func(f savedfiles.File) error { return s.changeOne(f, verb) })
	})
}

func (s *copies) changeOne(f savedfiles.File, verb string) error {
	do, done, question := savedfiles.Remove, "removed /"+f.Copy, "Would you like to remove this copy?"
	if verb == "restore" {
		do, done, question = savedfiles.Restore, "restored /"+f.Name, "Would you like to restore this file?"
	}
	if s.cmd.ask {
		if err := s.differ(f); err != nil {
			return err
		}
		if yes, err := s.inv.confirm(s.cmd, question); err != nil || !yes {
			return err
		}
	}
	if err := do(s.state.FS, f); err != nil {
		return &failure{err}
	}
	fmt.Fprintf(s.inv.stdout, ">>> %s\n", done)
	return nil
}

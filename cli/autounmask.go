package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/portsolve/portsolve"
	"github.com/portsolve/portsolve/repo/config/edit"
	"github.com/portsolve/portsolve/solver/answer"
)

// wantsWrite reports whether configuration changes are to be written: --autounmask-write and -continue say so, and --ask
// asks unless --autounmask-write=n. With --pretend nothing is written (emerge(1)).
func (c *command) wantsWrite() bool {
	o := &c.options
	return !c.pretend && (o.AutounmaskWrite.Or(c.ask) || o.AutounmaskContinue.Or(false))
}

// autounmask writes the changes that an answer assumes, if the options ask for it. again tells that the request is to be
// resolved once more, with the new configuration (--autounmask-continue).
func (inv *invocation) autounmask(cmd *command, sys *portsolve.System, res *answer.Result) (again bool, err error) {
	o := &cmd.options
	asked := o.AutounmaskWrite.Or(false) || o.AutounmaskContinue.Or(false)
	if cmd.pretend && asked && res.Status == answer.ChangesNeeded {
		inv.say(cmd, "Nothing is written with --pretend.")
	}
	if !cmd.wantsWrite() {
		return false, nil
	}
	if res.Status != answer.ChangesNeeded {
		if asked && len(res.Alternatives) > 0 {
			inv.say(cmd, "Nothing was written: --autounmask-pick N chooses one of the alternatives.")
		}
		return false, nil
	}
	direct := o.AutounmaskContinue.Or(false)
	if len(res.Changes.Drop)+len(res.Changes.Remove) > 0 {
		inv.say(cmd, "What is to be given up or removed is not written anywhere: it is a matter of the next command line, and of unmerge.")
	}
	edits, err := sys.PrepareChanges(res.Changes, direct)
	if err != nil {
		return false, err
	}
	if cmd.ask && len(edits.Files) > 0 {
		yes, err := inv.confirm(cmd, "Would you like to add these changes to your config files?")
		if err != nil {
			return false, err
		}
		if !yes {
			inv.say(cmd, "The changes were not written.")
			return false, nil
		}
	}
	if err := edits.Apply(); err != nil {
		return false, err
	}
	inv.written(cmd, edits)
	return direct, nil
}

// written says where the changes are.
func (inv *invocation) written(cmd *command, edits *edit.Edits) {
	waiting := false
	for i := range edits.Files {
		f := &edits.Files[i]
		word := "written to"
		if f.Pending {
			word = "waiting already in"
		}
		inv.say(cmd, fmt.Sprintf("%d %s %s %s", len(f.Added), plural(len(f.Added), "entry", "entries"), word, f.Write))
		waiting = waiting || f.Write != f.Path
	}
	if n := len(edits.Known); n > 0 {
		inv.say(cmd, fmt.Sprintf("%d %s there already", n, plural(n, "entry is", "entries are")))
	}
	if waiting {
		inv.say(cmd, "CONFIG_PROTECT holds for these files: dispatch-conf or etc-update puts the new versions in place.")
	}
}

func plural(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

// say writes a line beside the answer: JSON stays a document of its own.
func (inv *invocation) say(cmd *command, line string) {
	w := inv.stdout
	if cmd.format == "json" {
		w = inv.stderr
	}
	fmt.Fprintf(w, " * %s\n", line)
}

// errNoReply ends a question that nobody answers.
var errNoReply = errors.New("--ask needs an answer, and standard input has ended; nothing was written")

// confirm asks a question as emerge does: Yes is the default, and beginnings of the words are enough.
func (inv *invocation) confirm(cmd *command, question string) (bool, error) {
	w := inv.stdout
	if cmd.format == "json" {
		w = inv.stderr
	}
	if inv.answers == nil {
		inv.answers = bufio.NewReader(inv.stdin)
	}
	bell := ""
	if cmd.execution.bell {
		bell = "\a"
	}
	for {
		fmt.Fprintf(w, "%s\n%s [Yes/No] ", bell, question)
		line, err := inv.answers.ReadString('\n')
		reply := strings.ToLower(strings.TrimSpace(line))
		if err != nil && reply == "" {
			fmt.Fprintln(w)
			if errors.Is(err, io.EOF) {
				return false, usageOf(errNoReply)
			}
			return false, err
		}
		switch {
		case reply == "" && cmd.execution.askEnterInvalid:
		case strings.HasPrefix("yes", reply): // an empty reply, too
			return true, nil
		case strings.HasPrefix("no", reply):
			return false, nil
		}
		fmt.Fprintf(w, "Sorry, %q is neither Yes nor No.\n", reply)
		if err != nil {
			return false, usageOf(errNoReply)
		}
	}
}

func usageOf(err error) error { return &usageError{err} }

// resolveAgain is --autounmask-continue: the same request under the configuration that was just written.
func (inv *invocation) resolveAgain(ctx context.Context, cmd *command) (*answer.Result, error) {
	next := *cmd
	next.options.AutounmaskContinue, next.options.AutounmaskWrite = 0, 0
	next.alternatives.pick = 0
	next.ask = false
	inv.say(cmd, "Resolving again with the new configuration.")
	return inv.resolve(ctx, &next)
}

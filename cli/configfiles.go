package cli

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/rogpeppe/go-internal/diff"
	"github.com/urfave/cli/v2"

	"github.com/portsolve/portsolve/internal/emergeopts"
	"github.com/portsolve/portsolve/internal/rootfs"
	"github.com/portsolve/portsolve/merge/cfgmem"
	"github.com/portsolve/portsolve/vdb"
)

const configFilesHelp = `A merge leaves a configuration file alone that somebody has changed, and puts the package's new version
   beside it, as ._cfg0000_NAME. These are the pending updates.

   list [FILE]…           what is pending (also without any word)
   diff [FILE]…           what would change
   accept FILE… | --all   put the newest update in the file's place
   reject FILE… | --all   remove the updates; the same version is not offered again

   FILE is the file, or one of its updates. --ask (-a) shows each difference and asks.

   Exit codes: 0 done (or nothing is pending), 1 a FILE has no update or could not be changed, 2 wrong
   command line, 3 unreadable system.`

// configFilesCommand is `portsolve config-files`.
func (inv *invocation) configFilesCommand() *cli.Command {
	takes := oneOf("--ask", "--ask-enter-invalid", "--alert", "--all")
	return &cli.Command{
		Name: "config-files", Usage: "list, compare, accept and reject updates of configuration files",
		UsageText:    "portsolve config-files [list | diff | accept | reject] [options] [FILE]…",
		Description:  configFilesHelp,
		Flags:        inv.flags(func(o *emergeopts.Option) bool { return takes(o) || everywhere(o) && o.Name != "--demo" }),
		Action:       inv.configFiles,
		OnUsageError: func(_ *cli.Context, err error, _ bool) error { return &usageError{err} },
	}
}

// pendingFiles are the updates that a command is about.
type pendingFiles struct {
	inv     *invocation
	cmd     *command
	state   vdb.State
	protect []string // CONFIG_PROTECT
	list    []cfgmem.Update
}

func (inv *invocation) configFiles(c *cli.Context) error {
	cmd := &command{args: c.Args().Slice()}
	if err := cmd.apply(*inv.settings); err != nil {
		return err
	}
	verb := "list"
	if len(cmd.args) > 0 && !strings.HasPrefix(cmd.args[0], "/") {
		verb, cmd.args = cmd.args[0], cmd.args[1:]
	}
	switch {
	case !slices.Contains([]string{"list", "diff", "accept", "reject"}, verb):
		return usagef("config-files %s: expected list, diff, accept or reject, or the absolute name of a file", verb)
	case len(cmd.args) > 0 && cmd.query.all:
		return usagef("config-files: --all and names of files exclude each other")
	case len(cmd.args) == 0 && !cmd.query.all && (verb == "accept" || verb == "reject"):
		return usagef("config-files %s: name the files, or say --all", verb)
	}
	p, err := inv.openPending(c.Context, cmd)
	if err != nil {
		return err
	}
	defer p.state.FS.Close()
	switch verb {
	case "list":
		if err = p.find(); err == nil {
			err = p.show()
		}
	case "diff":
		if err = p.find(); err == nil {
			err = each(p.list, p.diff)
		}
	default:
		err = p.change(c.Context, verb)
	}
	return err
}

// openPending opens ROOT.
func (inv *invocation) openPending(ctx context.Context, cmd *command) (*pendingFiles, error) {
	sys, progress, err := inv.open(ctx, cmd)
	if err != nil {
		return nil, err
	}
	progress.clear()
	target := sys.MergeTarget()
	fs, err := rootfs.Open(target.Root)
	if err != nil {
		return nil, err
	}
	return &pendingFiles{inv: inv, cmd: cmd, state: vdb.State{FS: fs, Group: vdb.PortageGroup(fs)}, protect: target.Settings.ConfigProtect}, nil
}

// find lists the pending updates, those of the named files if any are.
func (p *pendingFiles) find() error {
	list, errs := cfgmem.Pending(p.state.FS, p.protect)
	for _, err := range errs {
		fmt.Fprintf(p.inv.stderr, "portsolve: %v\n", err)
	}
	return p.choose(list)
}

// choose keeps what the arguments name, in their order.
func (p *pendingFiles) choose(list []cfgmem.Update) error {
	if len(p.cmd.args) == 0 {
		p.list = list
		return nil
	}
	for _, arg := range p.cmd.args {
		name := strings.TrimPrefix(path.Clean(arg), "/")
		found := false
		for _, u := range list {
			if (u.Target == name || u.Name == name) && !slices.Contains(p.list, u) {
				p.list, found = append(p.list, u), true
			}
		}
		if !found {
			return &failure{fmt.Errorf("no update of /%s is pending", name)}
		}
	}
	return nil
}

// each calls do until there is an error.
func each[T any](list []T, do func(T) error) error {
	for _, x := range list {
		if err := do(x); err != nil {
			return err
		}
	}
	return nil
}

// pendingJSON is the JSON form of the list.
type pendingJSON struct {
	Schema  int          `json:"schema"`
	Updates []updateJSON `json:"updates"`
}

type updateJSON struct {
	File   string `json:"file"`
	Update string `json:"update"`
	Number int    `json:"number"`
}

func (p *pendingFiles) show() error {
	if p.cmd.format == "json" {
		doc := pendingJSON{Schema: 1}
		for _, u := range p.list {
			doc.Updates = append(doc.Updates, updateJSON{"/" + u.Target, "/" + u.Name, u.Number})
		}
		return printJSON(p.inv.stdout, doc)
	}
	if len(p.list) == 0 {
		fmt.Fprintln(p.inv.stdout, "No updates of configuration files are pending.")
		return nil
	}
	last := ""
	for _, u := range p.list {
		if u.Target != last {
			fmt.Fprintf(p.inv.stdout, "/%s\n", u.Target)
		}
		last = u.Target
		fmt.Fprintf(p.inv.stdout, "    /%s%s\n", u.Name, p.note(u))
	}
	return nil
}

// note says what accepting an update would do, in short.
func (p *pendingFiles) note(u cfgmem.Update) string {
	old, oldErr := p.content(u.Target)
	text, err := p.content(u.Name)
	switch {
	case err != nil:
		return "  (cannot be read)"
	case oldErr != nil:
		return "  (the file itself is not there)"
	case old == text:
		return "  (no difference)"
	}
	added, removed := 0, 0
	for line := range strings.Lines(string(diff.Diff("a", []byte(old), "b", []byte(text)))) {
		switch {
		case strings.HasPrefix(line, "+++"), strings.HasPrefix(line, "---"):
		case strings.HasPrefix(line, "+"):
			added++
		case strings.HasPrefix(line, "-"):
			removed++
		}
	}
	return fmt.Sprintf("  (+%d -%d)", added, removed)
}

// maxConfigFile bounds what is compared, in bytes.
const maxConfigFile = 16 << 20

// content is a file's text, or for a symbolic link the words that say where it leads.
func (p *pendingFiles) content(name string) (string, error) {
	info, err := p.state.FS.Lstat(name)
	switch {
	case err != nil:
		return "", err
	case info.IsSymlink():
		target, err := p.state.FS.Readlink(name)
		return "symbolic link to " + target + "\n", err
	case !info.IsRegular():
		return "", fmt.Errorf("/%s is neither a file nor a symbolic link", name)
	case info.Size > maxConfigFile:
		return "", fmt.Errorf("/%s is larger than %d bytes", name, maxConfigFile)
	}
	text, err := rootfs.ReadFile(p.state.FS, name)
	return string(text), err
}

func (p *pendingFiles) diff(u cfgmem.Update) error { return p.difference(u.Target, u.Name) }

// difference shows what changes when the content of the file by takes the place of name, which may be missing.
func (p *pendingFiles) difference(name, by string) error {
	text, err := p.content(by)
	if err != nil {
		return &failure{err}
	}
	old, err := p.content(name)
	if err != nil && !rootfs.IsAbsent(err) {
		return &failure{err}
	}
	if strings.ContainsRune(text+old, 0) {
		fmt.Fprintf(p.inv.stdout, "/%s and /%s are binary files and differ\n", name, by)
		return nil
	}
	_, err = p.inv.stdout.Write(diff.Diff("/"+name, []byte(old), "/"+by, []byte(text)))
	return err
}

// change accepts or rejects.
func (p *pendingFiles) change(ctx context.Context, verb string) error {
	return p.locked(ctx, func() error {
		if err := p.find(); err != nil {
			return err
		}
		return each(p.list, func(u cfgmem.Update) error { return p.changeOne(u, verb) })
	})
}

// locked runs do under the lock that merges take: what it looks at stays as it is.
func (p *pendingFiles) locked(ctx context.Context, do func() error) error {
	unlock, err := p.state.Lock(ctx, func(holder string) {
		fmt.Fprintf(p.inv.stderr, "portsolve: waiting for the lock of ROOT: %s\n", holder)
	})
	if err != nil {
		return &failure{err}
	}
	err = do()
	if unlockErr := unlock(); err == nil && unlockErr != nil {
		err = &failure{unlockErr}
	}
	return err
}

func (p *pendingFiles) changeOne(u cfgmem.Update, verb string) error {
	if verb == "accept" && p.superseded(u) {
		return nil
	}
	if p.cmd.ask {
		if err := p.diff(u); err != nil {
			return err
		}
		question := "Would you like to reject this update?"
		if verb == "accept" {
			question = "Would you like to accept this update?"
		}
		if yes, err := p.inv.confirm(p.cmd, question); err != nil || !yes {
			return err
		}
	}
	do, done := cfgmem.Reject, "rejected"
	if verb == "accept" {
		do, done = cfgmem.Accept, "accepted"
	}
	if err := do(p.state.FS, u); err != nil {
		return &failure{err}
	}
	fmt.Fprintf(p.inv.stdout, ">>> %s /%s\n", done, u.Name)
	return nil
}

// superseded: a newer update of the same file is in the list.
func (p *pendingFiles) superseded(u cfgmem.Update) bool {
	return slices.ContainsFunc(p.list, func(o cfgmem.Update) bool { return o.Target == u.Target && o.Number > u.Number })
}

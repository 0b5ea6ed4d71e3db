package cli

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"github.com/portsolve/portsolve/cli/demo"
)

// useDemo unpacks the chosen story into a temporary directory; done removes it.
// Without arguments the story's own request is taken.
func (inv *invocation) useDemo(cmd *command) (done func(), err error) {
	if cmd.demo == "" {
		return func() {}, nil
	}
	story, done, err := inv.enterDemo(cmd)
	if err == nil && len(cmd.args) == 0 && cmd.options.Action == "" {
		return done, inv.demoRequest(cmd, story)
	}
	return done, err
}

// enterDemo makes the chosen story the system of the command.
func (inv *invocation) enterDemo(cmd *command) (story *demo.Story, done func(), err error) {
	if story, err = demo.Find(cmd.demo); err != nil {
		return nil, nil, &usageError{err}
	}
	dir, done, err := demo.Unpack(cmd.demo)
	if err != nil {
		return nil, nil, err
	}
	cmd.system, inv.hide = dir, dir
	inv.env = map[string]string{} // the demo is the same on every machine
	inv.stdout, inv.stderr = &withoutDir{inv.stdout, dir}, &withoutDir{inv.stderr, dir}
	return story, done, nil
}

// withoutDir takes the name of a demo's temporary directory out of what is
// printed: to the reader the demo is a system of its own, with its own "/".
type withoutDir struct {
	io.Writer
	dir string
}

// Write gets whole answers or whole lines, so a name is never cut in two.
func (w *withoutDir) Write(text []byte) (int, error) {
	if _, err := w.Writer.Write(bytes.ReplaceAll(text, []byte(w.dir), nil)); err != nil {
		return 0, err
	}
	return len(text), nil
}

// demoRequest fills in the story's own request and shows it.
func (inv *invocation) demoRequest(cmd *command, story *demo.Story) error {
	words, err := canonical(story.Command)
	if err != nil {
		return err
	}
	var settings []setting
	for i, w := range words {
		if w == "--" {
			cmd.args = words[i+1:]
			break
		}
		name, value, _ := strings.Cut(w, "=")
		settings = append(settings, setting{name: name, value: value})
	}
	all := append(settings, *inv.settings...)
	fresh := &command{args: cmd.args}
	if err := fresh.apply(all); err != nil {
		return err
	}
	fresh.system, fresh.demo = cmd.system, cmd.demo
	*cmd = *fresh
	*inv.settings = all
	inv.words = append([]string{"resolve"}, story.Command...)
	if cmd.format == "text" && !cmd.options.Quiet {
		fmt.Fprintf(inv.stdout, "%s\n\n$ portsolve resolve %s\n", story.Intro, strings.Join(story.Command, " "))
	}
	return nil
}

func (inv *invocation) listDemos() error {
	for _, s := range demo.Stories() {
		if _, err := fmt.Fprintf(inv.stdout, "%-12s %s\n", s.Name, s.Title); err != nil {
			return err
		}
	}
	_, err := io.WriteString(inv.stdout, "\nportsolve resolve --demo NAME   runs one of them\n")
	return err
}

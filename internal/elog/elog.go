// Package elog keeps what packages had to say while they were merged, shows it at
// the end and writes it to log files, as PORTAGE_ELOG_CLASSES and PORTAGE_ELOG_SYSTEM
// of make.conf(5) say. docs/phases.md lists what is done and what is not.
package elog

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// Message is what one call of einfo, elog, ewarn, eqawarn or eerror said.
type Message struct {
	CPV   string // "cat/pkg-1-r2"
	Root  string // where the package is merged to, "/" at the end
	Phase string // "postinst"
	Level string // INFO, LOG, WARN, ERROR, QA
	Text  string // may have several lines
}

// Config says what becomes of messages. The zero value is Portage's default
// without files.
type Config struct {
	// Classes is PORTAGE_ELOG_CLASSES, "" is "log warn error".
	Classes string
	// System is PORTAGE_ELOG_SYSTEM, "" is "save_summary:log,warn,error,qa echo".
	System string
	// Dir is PORTAGE_LOGDIR; its elog/ gets the files. "" writes none.
	Dir string
	// Split is FEATURES=split-elog: one directory per category.
	Split bool
	// Now is the time in the names and heads of files.
	Now time.Time
	// PID stands in the heads of the summary.
	PID int
}

// Defaults of make.globals.
const (
	DefaultClasses = "log warn error"
	DefaultSystem  = "save_summary:log,warn,error,qa echo"
	DefaultDir     = "/var/log/portage"
)

// Log collects messages. It is not for several goroutines.
type Log struct {
	c        Config
	modules  []module
	problems []string
	list     []Message
}

// module is one word of PORTAGE_ELOG_SYSTEM.
type module struct {
	name    string
	classes []string
}

// classNames are those of make.conf(5), with the levels that they stand for.
var classNames = [...]string{"info", "log", "warn", "error", "qa"}

// New reads the configuration. What of it is not understood or not done is in
// Problems.
func New(c Config) *Log {
	l := &Log{c: c}
	general := c.Classes
	if strings.TrimSpace(general) == "" {
		general = DefaultClasses
	}
	system := c.System
	if strings.TrimSpace(system) == "" {
		system = DefaultSystem
	}
	classes := l.classes("PORTAGE_ELOG_CLASSES", strings.Fields(strings.ReplaceAll(general, ",", " ")))
	for _, word := range strings.Fields(system) {
		name, own, limited := strings.Cut(word, ":")
		m := module{name, classes}
		if limited {
			m.classes = l.classes("PORTAGE_ELOG_SYSTEM", strings.Split(own, ","))
		}
		l.add(m)
	}
	return l
}

// add takes a module, or another in its place if it is one that is not done.
func (l *Log) add(m module) {
	switch m.name {
	case "echo", "save", "save_summary":
	case "syslog", "custom", "mail", "mail_summary":
		l.problem("PORTAGE_ELOG_SYSTEM: portsolve does not do %q; its messages are printed instead", m.name)
		m.name = "echo"
	default:
		l.problem("PORTAGE_ELOG_SYSTEM: there is no module %q; known are echo, save and save_summary", m.name)
		return
	}
	for i := range l.modules {
		if l.modules[i].name == m.name {
			l.modules[i].classes = slices.Concat(l.modules[i].classes, m.classes)
			return
		}
	}
	l.modules = append(l.modules, m)
}

// classes checks words of a list of classes.
func (l *Log) classes(variable string, words []string) []string {
	var out []string
	for _, w := range words {
		switch w = strings.ToLower(strings.TrimSpace(w)); {
		case w == "":
		case w == "*":
			out = append(out, classNames[:]...)
		case slices.Contains(classNames[:], w):
			out = append(out, w)
		default:
			l.problem("%s: there is no class %q; known are info, log, warn, error, qa and *", variable, w)
		}
	}
	return out
}

func (l *Log) problem(format string, args ...any) {
	l.problems = append(l.problems, fmt.Sprintf(format, args...))
}

// Problems says what of the configuration is not followed, in words.
func (l *Log) Problems() []string { return l.problems }

// Add keeps a message.
func (l *Log) Add(m Message) { l.list = append(l.list, m) }

// chosen are the packages with messages for a module, in the order of their first
// message; each with those messages in order.
func (l *Log) chosen(m module) [][]Message {
	index := map[string]int{}
	var out [][]Message
	for _, msg := range l.list {
		if !slices.Contains(m.classes, strings.ToLower(msg.Level)) {
			continue
		}
		key := msg.CPV + " " + msg.Root
		i, ok := index[key]
		if !ok {
			i = len(out)
			index[key] = i
			out = append(out, nil)
		}
		out[i] = append(out[i], msg)
	}
	return out
}

// Finish writes the files and prints what the module echo is for. The error is the
// first of the files; printing goes on.
func (l *Log) Finish(out io.Writer) error {
	var first error
	keep := func(err error) {
		if first == nil {
			first = err
		}
	}
	for _, m := range l.modules {
		for _, list := range l.chosen(m) {
			switch m.name {
			case "echo":
				keep(echo(out, list))
			case "save":
				keep(l.save(list))
			case "save_summary":
				keep(l.summary(list))
			}
		}
	}
	return first
}

// echo prints the messages of a package as emerge does at its end.
func echo(out io.Writer, list []Message) error {
	var b strings.Builder
	where := ""
	if root := list[0].Root; root != "" && root != "/" {
		where = " merged to " + root
	}
	fmt.Fprintf(&b, "\n * Messages for package %s%s:\n\n", list[0].CPV, where)
	for _, m := range list {
		for line := range strings.SplitSeq(strings.TrimRight(m.Text, "\n"), "\n") {
			b.WriteString(strings.TrimRight(" * "+line, " ") + "\n")
		}
	}
	_, err := io.WriteString(out, b.String())
	return err
}

// body is what a file says of a package: a line with class and phase before each
// change of one of them.
func body(list []Message) string {
	var b strings.Builder
	head := ""
	for i, m := range list {
		if i > 0 && list[i-1].Phase != m.Phase {
			b.WriteString("\n")
		}
		if h := m.Level + ": " + m.Phase; h != head {
			head = h
			b.WriteString(h + "\n")
		}
		b.WriteString(strings.TrimRight(m.Text, "\n") + "\n")
	}
	return b.String() + "\n"
}

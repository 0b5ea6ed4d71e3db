package cli

import (
	"fmt"
	"strings"

	"github.com/portsolve/portsolve/cli/demo"
	"github.com/portsolve/portsolve/internal/emergeopts"
	"github.com/portsolve/portsolve/solver/universe"
)

// own are the options that emerge does not have.
var own = [...]emergeopts.Option{
	{Name: "--system", Kind: emergeopts.Text, Status: emergeopts.Works,
		Note: "treat DIR as / for configuration, installed packages, world and all roots"},
	{Name: "--repo", Kind: emergeopts.Text, Status: emergeopts.Works,
		Note: "NAME=DIR: add a repository or say where it is; repeatable"},
	{Name: "--format", Kind: emergeopts.Choice, Values: []string{"text", "json", "dot", "html"}, Default: "text", Status: emergeopts.Works,
		Note: "text as emerge prints it, or JSON (docs/json.md); dot is for depgraph, whose default it is, and explain; html for explain"},
	{Name: "--compat", Kind: emergeopts.Choice, Values: []string{"emerge", "none"}, Default: "none", Status: emergeopts.Works,
		Note: "emerge: choose as emerge does, with no second thoughts"},
	{Name: "--demo", Kind: emergeopts.OptWord, Status: emergeopts.Works,
		Note: "use an example system that is part of the program; NAME picks one, list lists them"},
	{Name: "--trace", Kind: emergeopts.Text, Status: emergeopts.Works,
		Note: "write each stage of the resolution to a file in DIR (docs/trace.md)"},
	{Name: "--save", Kind: emergeopts.Text, Status: emergeopts.Works,
		Note: "keep the answer in FILE for portsolve explain, instead of in the state directory (docs/explanations.md)"},
	{Name: "--verify", Default: "off", Status: emergeopts.Works,
		Note: "have the independent checker judge the answer"},
	{Name: "--cache-dir", Kind: emergeopts.Text, Default: "/var/cache/portsolve, or the user's", Status: emergeopts.Works,
		Note: "where indexes and packages of http binhosts are kept"},
	{Name: "--all", Default: "off", Status: emergeopts.Works,
		Note: "why: every dependency that leads to the package instead of one shortest way"},
	{Name: "--for", Kind: emergeopts.Words, Status: emergeopts.Works,
		Note: "why, why-not: the request (atoms, @sets) to look at; repeatable"},
	{Name: "--plan", Kind: emergeopts.Text, Status: emergeopts.Works,
		Note: "merge: carry out the plan saved in FILE (- is standard input), an answer as JSON; nothing is resolved"},
	{Name: "--older-than", Kind: emergeopts.Text, Status: emergeopts.Works,
		Note: "saved-files prune: only copies that were saved more than this many days ago"},
	{Name: "--phases", Kind: emergeopts.YesNo, Default: "y", Status: emergeopts.Works,
		Note: "merge and removals: n: the packages' pkg_* functions are not run"},
	{Name: "--help", Short: 'h', Status: emergeopts.Works, Note: "this text"},
	{Name: "--version", Short: 'V', Status: emergeopts.Works, Note: "the version of portsolve"},
}

// lookup finds an option of ours or of emerge by "--name" or "-x".
func lookup(name string) *emergeopts.Option {
	for i := range alternativesTable {
		if o := &alternativesTable[i]; o.Name == name {
			return o
		}
	}
	for i := range own {
		o := &own[i]
		if o.Name == name || o.Short != 0 && name == "-"+string(o.Short) {
			return o
		}
	}
	return emergeopts.Lookup(name)
}

// wants reports whether the word after a bare option belongs to it. For --demo
// these are the names of the stories.
func wants(o *emergeopts.Option, word string) bool {
	if o.Name != "--demo" {
		return o.Wants(word)
	}
	if word == "list" {
		return true
	}
	for _, s := range demo.Stories() {
		if s.Name == word {
			return true
		}
	}
	return false
}

func unknownOption(name string) error {
	var names []string
	for _, o := range append(own[:], alternativesTable[:]...) {
		names = append(names, o.Name)
	}
	return &usageError{emergeopts.Unknown(name, names...)}
}

// setting is one option of the command line, in canonical form.
type setting struct {
	name, value string
	byDefault   bool // from EMERGE_DEFAULT_OPTS
	action      bool // the command itself: portsolve deselect
}

// command is a parsed `portsolve resolve` command line.
type command struct {
	args    []string
	options universe.Options

	system, format, demo, trace, save, cacheDir string
	configRoot, root, sysroot, prefix           string
	acceptProperties, acceptRestrict            string
	repos                                       map[string]string
	verify, ignoreDefaults, quietRepo, noSpin   bool
	pretend, ask                                bool
	slotRebuilds                                bool
	color                                       string // "", "y", "n"
	query                                       queryOptions
	display                                     displayOptions
	alternatives                                alternativesOptions
	execution                                   executionOptions
	notes                                       []string
}

// apply folds the settings into the command, later ones winning.
func (c *command) apply(settings []setting) error {
	c.format, c.slotRebuilds = "text", true
	for _, s := range settings {
		if err := c.applyOne(s); err != nil {
			return err
		}
	}
	if err := emergeopts.Conflicts(&c.options); err != nil {
		return &usageError{err}
	}
	return c.conflicts()
}

func (c *command) applyOne(s setting) error {
	opt := lookup(s.name)
	if opt == nil {
		return unknownOption(s.name)
	}
	if opt.Name != "--demo" && !opt.Accepts(s.value) {
		return &usageError{&emergeopts.ValueError{Option: opt, Value: s.value}}
	}
	if skip, err := c.withoutEffect(opt, s); skip || err != nil {
		return err
	}
	if s.action && s.name == "--deselect" { // which is an option of other commands
		c.options.Action = "deselect"
	}
	done, err := c.applyOwn(s)
	if done || err != nil {
		return err
	}
	return emergeopts.Set(&c.options, s.name, s.value)
}

// withoutEffect deals with options that portsolve does not honour (yet). What
// the command line asks for is refused or answered with a note. In
// EMERGE_DEFAULT_OPTS they are passed over: these are emerge's defaults, too, and
// mostly about building.
func (c *command) withoutEffect(opt *emergeopts.Option, s setting) (skip bool, err error) {
	refused := opt.Status == emergeopts.Planned || opt.Action && opt.Status == emergeopts.NotApplicable
	switch {
	case opt.Status == emergeopts.Works:
		return false, nil
	case s.value == "n" || s.byDefault:
		return refused, nil
	case refused:
		return false, usagef("%s is not available yet (%s); docs/emerge-options.md lists what is", opt.Name, opt.Note)
	}
	c.notes = append(c.notes, fmt.Sprintf("%s is accepted but does nothing: %s", opt.Name, opt.Note))
	return false, nil
}

// applyOwn handles what universe.Options does not hold.
func (c *command) applyOwn(s setting) (done bool, err error) {
	yes := s.value != "n"
	switch s.name {
	case "--system":
		c.system = s.value
	case "--repo":
		return true, c.addRepo(s.value)
	case "--format":
		c.format = s.value
	case "--compat":
		c.options.Compat = s.value == "emerge"
	case "--demo":
		if c.demo = s.value; s.value == "true" {
			c.demo = demo.Stories()[0].Name
		}
	case "--trace":
		c.trace = s.value
	case "--save":
		c.save = s.value
	case "--verify":
		c.verify = yes
	case "--pretend":
		c.pretend = yes
	case "--ask":
		c.ask = yes
	case "--cache-dir":
		c.cacheDir = s.value
	case "--config-root":
		c.configRoot = s.value
	case "--root":
		c.root = s.value
	case "--sysroot":
		c.sysroot = s.value
	case "--prefix":
		c.prefix = s.value
	case "--accept-properties":
		c.acceptProperties = s.value
	case "--accept-restrict":
		c.acceptRestrict = s.value
	case "--ignore-default-opts":
		c.ignoreDefaults = yes
	case "--quiet-repo-display":
		c.quietRepo = yes
	case "--verbose-slot-rebuilds":
		c.slotRebuilds = yes
	case "--nospinner":
		c.noSpin = yes
	case "--color":
		c.color = "y"
		if !yes {
			c.color = "n"
		}
	default:
		if c.display.apply(s) {
			return true, nil
		}
		if done, err := c.alternatives.apply(s); done {
			return true, err
		}
		if done, err := c.execution.apply(s); done {
			return true, err
		}
		return c.query.apply(s)
	}
	return true, nil
}

func (c *command) addRepo(value string) error {
	name, dir, ok := strings.Cut(value, "=")
	if !ok || name == "" || dir == "" {
		return usagef("--repo %q: expected NAME=DIR, as in --repo gentoo=/var/db/repos/gentoo", value)
	}
	if c.repos == nil {
		c.repos = map[string]string{}
	}
	c.repos[name] = dir
	return nil
}

// conflicts reports options of where things are that exclude each other.
func (c *command) conflicts() error {
	pairs := []struct{ a, b, aValue, bValue string }{
		{"--system", "--demo", c.system, c.demo},
		{"--system", "--root", c.system, c.root},
		{"--system", "--sysroot", c.system, c.sysroot},
		{"--system", "--config-root", c.system, c.configRoot},
		{"--system", "--prefix", c.system, c.prefix},
		{"--demo", "--root", c.demo, c.root},
		{"--demo", "--sysroot", c.demo, c.sysroot},
		{"--demo", "--config-root", c.demo, c.configRoot},
		{"--demo", "--prefix", c.demo, c.prefix},
	}
	for _, p := range pairs {
		if p.aValue != "" && p.bValue != "" {
			return usagef("%s and %s exclude each other: both say where the system is", p.a, p.b)
		}
	}
	return nil
}

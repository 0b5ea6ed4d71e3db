// Package demo holds small example systems, each with a repository, a profile,
// a configuration and installed packages, that are part of the program. They
// let a newcomer see resolutions on a machine without Gentoo, and give examples
// and tests something to resolve.
package demo

import (
	"embed"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/portsolve/portsolve/internal/suggest"
)

//go:embed data/*.txtar
var data embed.FS

// Story is one example system with a request.
type Story struct {
	Name    string   // for --demo NAME
	Title   string   // one line
	Intro   string   // what is to be seen
	Command []string // the request: options and arguments of `portsolve resolve`
	own     bool     // it has all its packages itself, and not those of the other stories
}

// Stories lists all stories; the first is the default.
func Stories() []Story {
	return []Story{
		{
			Name: "update", Title: "bring an office machine up to date",
			Intro: "An office machine after some months. dev-libs/icu has a new version with a new\n" +
				"sub-slot, so what was built against the old one is rebuilt (r); printing was\n" +
				"switched on in make.conf, which pulls in new packages (N).",
			Command: []string{"-uDNpv", "@world"},
		},
		{
			Name: "newslot", Title: "the profile moves to a new Python",
			Intro: "The profile has moved from Python 3.11 to 3.12: the new Python goes into a slot\n" +
				"of its own (NS) beside the old one, and what was built for the old is rebuilt.",
			Command: []string{"-uDNpv", "@world"},
		},
		{
			Name: "blocker", Title: "two packages that do not tolerate each other",
			Intro: "sys-fs/eudev is installed, and sys-apps/systemd-utils does not tolerate it.\n" +
				"Nothing else insists on eudev, so it makes way.",
			Command: []string{"-pv", "sys-apps/systemd-utils"},
		},
		{
			Name: "conflict", Title: "a request that cannot be fulfilled, and why",
			Intro:   "Inkscape wants a new poppler, luatex an old one, and there can only be one.",
			Command: []string{"-pv", "media-gfx/inkscape", "dev-tex/luatex"},
		},
		{
			Name: "masked", Title: "a package of which no version may be installed",
			Intro:   "Each version of net-p2p/gazelle is ruled out for a reason of its own.",
			Command: []string{"-pv", "net-p2p/gazelle"},
		},
		{
			Name: "apache-threads", Title: "two settings that contradict each other, and both ways out",
			Intro: "PHP is to be built with threads and Apache without; but PHP as a module of Apache\n" +
				"needs both to be the same. Either setting can give way.",
			Command: []string{"-pv", "www-apps/gallery"},
		},
		{
			Name: "abi32", Title: "a flag that was set on purpose is the last to be given up",
			Intro: "Wine is wanted for 32-bit programs, but the libraries it needs have no 32-bit half.\n" +
				"Switching it on for them respects what was asked for; undoing the wish comes last.",
			Command: []string{"-pv", "app-emulation/wine"},
		},
		{
			Name: "masked-branch", Title: "a choice of which the first is masked and the second lacks a flag",
			Intro:   "An album needs one of two JPEG libraries. A flag is a smaller change than an unmasked package.",
			Command: []string{"-pv", "media-gfx/album"},
		},
		{
			Name: "required-use", Title: "flags that exclude each other",
			Intro: "A program works with exactly one version of Python. The package's default is 3.12,\n" +
				"the user has added 3.11.",
			Command: []string{"-pv", "dev-util/scratch"},
		},
		{
			Name: "poppler", Title: "four installed programs keep a library from being updated",
			Intro: "A new reader wants poppler 0.10.5. Four programs that are installed are tied to 0.10.4;\n" +
				"their next versions are not, but they are in testing.",
			Command: []string{"-pv", "app-text/reader"},
			own:     true,
		},
		{
			Name: "qt", Title: "six libraries that have to move together",
			Intro: "One of the Qt libraries is to be updated. Each accepts the others at its own version only,\n" +
				"so all six move at once, and what was built against them is built again.",
			Command: []string{"-puv", "dev-qt/qtwidgets"},
			own:     true,
		},
	}
}

// Find returns the story called name; the error lists those there are.
func Find(name string) (*Story, error) {
	var names []string
	for _, s := range Stories() {
		if s.Name == name {
			return &s, nil
		}
		names = append(names, s.Name)
	}
	msg := fmt.Sprintf("no demo called %q; there are %s", name, strings.Join(names, ", "))
	if near := suggest.Nearest(name, names, 1); len(near) > 0 {
		msg += fmt.Sprintf(". Did you mean %s?", near[0])
	}
	return nil, fmt.Errorf("%s", msg)
}

// Extract writes the story's system below dir, which then serves as --system.
func (s *Story) Extract(dir string) error {
	names := []string{"base", "tree", s.Name}
	if s.own {
		names = []string{"base", s.Name}
	}
	for _, name := range names {
		text, err := data.ReadFile("data/" + name + ".txtar")
		if err != nil {
			return fmt.Errorf("demo %s: %w", s.Name, err)
		}
		for _, f := range sections(string(text)) {
			if err := f.write(dir); err != nil {
				return fmt.Errorf("demo %s: %w", s.Name, err)
			}
		}
	}
	return nil
}

// Unpack extracts the named story into a new temporary directory; done removes
// it again.
func Unpack(name string) (dir string, done func(), err error) {
	story, err := Find(name)
	if err != nil {
		return "", nil, err
	}
	if dir, err = os.MkdirTemp("", "portsolve-demo-"); err != nil {
		return "", nil, fmt.Errorf("a place for the demo: %w", err)
	}
	done = func() { os.RemoveAll(dir) }
	if err := story.Extract(dir); err != nil {
		done()
		return "", nil, err
	}
	return dir, done, nil
}

// section is one part of an archive: "-- name --" and the text below it.
type section struct{ name, text string }

// sections splits a txtar archive; what stands before the first header is a
// comment.
func sections(text string) []section {
	var out []section
	for len(text) > 0 {
		line, rest, _ := strings.Cut(text, "\n")
		if name, ok := strings.CutPrefix(line, "-- "); ok && strings.HasSuffix(name, " --") {
			out = append(out, section{name: strings.TrimSuffix(name, " --")})
		} else if len(out) > 0 {
			out[len(out)-1].text += line + "\n"
		}
		text = rest
	}
	return out
}

// write creates the file, directory or link of a section. Two notations save
// space: "a -> b" is a symbolic link, and a name that ends in "/" is a directory
// with one file per KEY=value line, as /var/db/pkg has them.
func (s *section) write(dir string) error {
	if name, target, ok := strings.Cut(s.name, " -> "); ok {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		return os.Symlink(target, path)
	}
	path := filepath.Join(dir, s.name)
	if !strings.HasSuffix(s.name, "/") {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		return os.WriteFile(path, []byte(s.text), 0o644)
	}
	if err := os.MkdirAll(path, 0o755); err != nil {
		return err
	}
	for line := range strings.Lines(s.text) {
		key, value, ok := strings.Cut(line, "=")
		if !ok {
			return fmt.Errorf("%s: %q is not KEY=value", s.name, line)
		}
		if err := os.WriteFile(filepath.Join(path, key), []byte(value), 0o644); err != nil {
			return err
		}
	}
	return nil
}

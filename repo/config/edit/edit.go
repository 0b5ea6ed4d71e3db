// Package edit adds entries to the files of /etc/portage, as emerge --autounmask-write does (emerge(1), portage(5)):
// to the file of that name, or to the file of that directory that is read last, so that a new entry overrides those
// that are there. What is there stays byte for byte.
package edit

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/portsolve/portsolve/repo/profile"
)

// Entry is one line of a file of atoms.
type Entry struct {
	File    string   // below etc/portage: "package.use", "profile/package.use.mask"
	Atom    string   // ">=dev-lang/php-8.0"
	Tokens  []string // flags, keywords, licenses …; none in package.unmask
	Comment []string // lines above it, without "#"
}

// Line is the entry as it is written, without its comment.
func (e *Entry) Line() string { return strings.Join(append([]string{e.Atom}, e.Tokens...), " ") }

// Options of Prepare.
type Options struct {
	Dir string // the directory etc/portage
	// Protected tells whether CONFIG_PROTECT holds for a file: the new content goes to "._cfg0000_name" beside it, and
	// dispatch-conf or etc-update put it in place. nil: no file is protected.
	Protected func(path string) bool
}

// Edits is what is to be written.
type Edits struct {
	Files []File
	Known []Entry // that are in effect already, and not written again
}

// File is one file that changes.
type File struct {
	Path  string // the file
	Write string // where the new content goes: Path itself, or a "._cfg" file
	Added []Entry
	// Pending: CONFIG_PROTECT holds, and Write is there already with just this content; nothing is written.
	Pending bool
	Content []byte // all of the new content

	old  []byte
	mode fs.FileMode
	is   bool // Path exists
}

// autounmaskFile is what a directory without any file gets.
const autounmaskFile = "zz-autounmask"

// newMode is the mode of new files, before the umask.
const newMode = 0o644

// Prepare works out what has to be written; nothing is. Entries for the same atom of a file become one. The error names a
// file that cannot be read, or is no file.
func Prepare(o Options, entries []Entry) (*Edits, error) {
	if st, err := os.Stat(o.Dir); err != nil {
		return nil, fmt.Errorf("no configuration to write to: %w", err)
	} else if !st.IsDir() {
		return nil, fmt.Errorf("%s is not a directory; configuration changes cannot be written below it", o.Dir)
	}
	out := &Edits{}
	for _, name := range names(entries) {
		if err := out.prepare(&o, name, of(entries, name)); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// names lists the files that entries are for, in order.
func names(entries []Entry) []string {
	var out []string
	for i := range entries {
		out = append(out, entries[i].File)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// of are the entries for one file, one for each atom.
func of(entries []Entry, file string) []Entry {
	var out []Entry
	for i := range entries {
		e := entries[i]
		if e.File != file {
			continue
		}
		n := slices.IndexFunc(out, func(o Entry) bool { return o.Atom == e.Atom })
		if n < 0 {
			e.Tokens = slices.Clone(e.Tokens)
			out = append(out, e)
			continue
		}
		for _, t := range e.Tokens {
			if !slices.Contains(out[n].Tokens, t) {
				out[n].Tokens = append(out[n].Tokens, t)
			}
		}
	}
	return out
}

func (d *Edits) prepare(o *Options, name string, entries []Entry) error {
	lines, err := profile.ReadLines(filepath.Join(o.Dir, name))
	if err != nil {
		return err
	}
	f := File{mode: newMode}
	for _, e := range entries {
		if known(lines, &e) {
			d.Known = append(d.Known, e)
		} else {
			f.Added = append(f.Added, e)
		}
	}
	if len(f.Added) == 0 {
		return nil
	}
	if f.Path, err = place(filepath.Join(o.Dir, name)); err != nil {
		return err
	}
	if err := f.read(); err != nil {
		return err
	}
	f.Content = appended(f.old, f.Added)
	f.Write = f.Path
	if o.Protected != nil && o.Protected(f.Path) {
		if err := f.protect(); err != nil {
			return err
		}
	}
	d.Files = append(d.Files, f)
	return nil
}

// read takes the present content.
func (f *File) read() error {
	st, err := os.Stat(f.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	text, err := profile.ReadFile(f.Path)
	f.old, f.mode, f.is = []byte(text), st.Mode().Perm(), true
	return err
}

// place finds the file that an entry is appended to.
func place(path string) (string, error) {
	st, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if _, err := os.Lstat(path); err == nil {
			return "", fmt.Errorf("%s is a link to a file that does not exist; remove it, or make its target", path)
		}
		return path, nil
	case err != nil:
		return "", err
	case !st.IsDir():
		return path, nil
	}
	files, err := profile.Files(path)
	if err != nil {
		return "", err
	}
	if len(files) == 0 {
		return filepath.Join(path, autounmaskFile), nil
	}
	return files[len(files)-1], nil
}

// known reports whether the lines, in the order in which they are read, say of the very same atom what e says.
func known(lines []profile.Line, e *Entry) bool {
	listed := false
	state := map[string]bool{}
	for _, l := range lines {
		switch l.Fields[0] {
		case e.Atom:
			listed = true
			apply(state, l.Fields[1:])
		case "-" + e.Atom, "-*":
			listed = false
		}
	}
	for _, t := range e.Tokens {
		off, negative := strings.CutPrefix(t, "-")
		if on, ok := state[off]; !ok || on == negative {
			return false
		}
	}
	return listed
}

// apply folds the words of a line. "PYTHON_TARGETS: x" stands for python_targets_x (portage(5)).
func apply(state map[string]bool, words []string) {
	prefix := ""
	for _, w := range words {
		if v, ok := strings.CutSuffix(w, ":"); ok && v == strings.ToUpper(v) {
			prefix = strings.ToLower(v) + "_"
			continue
		}
		off, negative := strings.CutPrefix(w, "-")
		if off == "*" && negative {
			clear(state)
			continue
		}
		state[prefix+off] = !negative
	}
}

// appended is the old content with entries at its end. A last line without an end gets one: otherwise it would
// become another line.
func appended(old []byte, entries []Entry) []byte {
	out := slices.Clone(old)
	if n := len(out); n > 0 && out[n-1] != '\n' {
		out = append(out, '\n')
	}
	for i := range entries {
		for _, c := range entries[i].Comment {
			out = append(out, strings.TrimRight("# "+c, " ")+"\n"...)
		}
		out = append(out, entries[i].Line()+"\n"...)
	}
	return out
}

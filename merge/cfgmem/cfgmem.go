// Package cfgmem decides what becomes of a configuration file under CONFIG_PROTECT
// (make.conf(5)) that a package ships: it replaces the one in ROOT, is offered as
// ._cfgNNNN_NAME, or is left out because it has been offered before. What was
// offered last is remembered in /var/lib/portage/config, as Portage does ("config
// memory", emerge(1) --noconfmem).
//
// Package cfgmem also finds the pending ._cfg files and accepts or rejects them.
// See docs/portage-state.md.
package cfgmem

import (
	"crypto/md5"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"github.com/portsolve/portsolve/internal/rootfs"
	"github.com/portsolve/portsolve/vdb"
)

// File is the config memory below ROOT: lines of path and MD5 sum.
const File = "var/lib/portage/config"

// Object is what the decision knows of a file or symbolic link.
type Object struct {
	// MD5 of the content of a file, of the target of a symbolic link: 32 lowercase
	// hexadecimal digits. "" for anything else (a directory, a FIFO).
	MD5 string
	// Link says that it is a symbolic link, Target is where it leads.
	Link   bool
	Target string
}

// Symlink is the Object of a symbolic link.
func Symlink(target string) Object {
	sum := md5.Sum([]byte(target))
	return Object{MD5: hex.EncodeToString(sum[:]), Link: true, Target: target}
}

// sameKind reports that neither is a link, or that both lead to the same target.
func (o Object) sameKind(p Object) bool { return o.Link == p.Link && o.Target == p.Target }

// Question is a protected path that is to be merged.
type Question struct {
	// New is what the package ships.
	New Object
	// Live is what ROOT has now; nil if there is nothing.
	Live *Object
	// Recorded is what CONTENTS of the installed instance in the same slot says of
	// the path; nil if it does not own the path (or none is installed).
	Recorded *Object
	// IfModified is FEATURES=config-protect-if-modified, which is on by default.
	IfModified bool
	// IgnoreMemory is --noconfmem; a downgrade ignores the memory, too.
	IgnoreMemory bool
}

// Action is what to do with a protected path.
type Action int

// Actions of a Decision.
const (
	// Merge as any other file.
	Merge Action = iota
	// Offer it as ._cfgNNNN_NAME (see PendingName). The live file stays.
	Offer
	// Keep what is there and write nothing: the same was offered before.
	Keep
)

// String is a word for messages.
func (a Action) String() string { return [...]string{"merge", "offer", "keep"}[a] }

// Decide says what becomes of a path, and what the memory has to hold afterwards;
// "" forgets the path. remembered is the MD5 sum of what was offered last, "" if
// nothing was. Only that last one counts: content A, then B, then A is offered
// three times.
//
//	live file           new = live   new = remembered   otherwise
//	missing, unowned    -            -                  merge
//	missing, owned      -            -                  offer (the administrator removed it)
//	as recorded (1)     merge        merge              merge
//	any other           merge (2)    keep (3)           offer (2)
//
// (1) and IfModified. (2) The new one is remembered. (3) With IgnoreMemory: offer (2).
func Decide(q Question, remembered string) (action Action, remember string) {
	switch {
	case q.Live == nil && q.Recorded == nil:
		return Merge, remembered
	case q.Live == nil:
		return Offer, remembered
	case q.IfModified && q.unmodified():
		return Merge, remembered
	case q.New.MD5 == q.Live.MD5 && q.New.sameKind(*q.Live):
		return Merge, q.New.MD5
	case q.New.MD5 == remembered && !q.IgnoreMemory:
		return Keep, remembered
	}
	return Offer, q.New.MD5
}

// unmodified reports that the live object is what the installed instance put there.
func (q Question) unmodified() bool {
	return q.Recorded != nil && q.Live.MD5 != "" && q.Live.MD5 == q.Recorded.MD5 && q.Live.sameKind(*q.Recorded)
}

// Memory is the content of the file. The zero value is empty.
type Memory struct {
	lines   []line
	at      map[string]int // index in lines
	changed bool
}

// line is a remembered path, or text that was not understood.
type line struct{ path, md5, other string }

// Parse reads the file's text. A line that is not understood is kept as it is.
func Parse(text []byte) *Memory {
	m := new(Memory)
	for l := range strings.Lines(string(text)) {
		l = strings.TrimRight(l, "\r\n")
		path, sum, ok := cutLast(l)
		switch {
		case strings.TrimSpace(l) == "":
		case !ok:
			m.lines = append(m.lines, line{other: l})
		default:
			m.Set(path, sum)
		}
	}
	m.changed = false
	return m
}

// cutLast splits at the last space: paths may have spaces.
func cutLast(l string) (path, sum string, ok bool) {
	i := strings.LastIndexAny(l, " \t")
	if i < 0 {
		return "", "", false
	}
	path, sum = strings.TrimRight(l[:i], " \t"), strings.ToLower(l[i+1:])
	ok = strings.HasPrefix(path, "/") && len(sum) == 32 && strings.Trim(sum, "0123456789abcdef") == ""
	return path, sum, ok
}

// Get is the MD5 sum of what was offered last for a path, "" if nothing was. Paths
// are absolute, without ROOT.
func (m *Memory) Get(path string) string {
	if i, ok := m.at[path]; ok {
		return m.lines[i].md5
	}
	return ""
}

// Set remembers an MD5 sum for a path; "" forgets it. A path that cannot be written
// (one with a newline, or with a space at its end) is not remembered, so that its
// update is offered again.
func (m *Memory) Set(path, sum string) {
	if m.Get(path) == sum || strings.ContainsAny(path, "\r\n") || strings.TrimRight(path, " \t") != path {
		return
	}
	m.changed = true
	i, known := m.at[path]
	switch {
	case known && sum == "":
		m.lines[i] = line{} // an empty line is not written
		delete(m.at, path)
	case known:
		m.lines[i].md5 = sum
	default:
		if m.at == nil {
			m.at = make(map[string]int)
		}
		m.at[path] = len(m.lines)
		m.lines = append(m.lines, line{path: path, md5: sum})
	}
}

// Decide is the function Decide with this memory, which it updates.
func (m *Memory) Decide(path string, q Question) Action {
	action, remember := Decide(q, m.Get(path))
	m.Set(path, remember)
	return action
}

// Forget drops paths that no package owns any more: those of an uninstalled
// package, those an upgrade does not have.
func (m *Memory) Forget(paths ...string) {
	for _, p := range paths {
		m.Set(p, "")
	}
}

// Changed reports whether the memory differs from what was read.
func (m *Memory) Changed() bool { return m.changed }

// Format is the file's text: old lines in their order, new ones at the end.
func (m *Memory) Format() []byte {
	var out strings.Builder
	for _, l := range m.lines {
		switch {
		case l.other != "":
			out.WriteString(l.other + "\n")
		case l.path != "":
			out.WriteString(l.path + " " + l.md5 + "\n")
		}
	}
	return []byte(out.String())
}

// Read reads the memory of a ROOT; a missing file is an empty memory.
func Read(t rootfs.FS) (*Memory, error) {
	text, err := vdb.ReadThrough(t, File)
	if err != nil && !rootfs.IsAbsent(err) {
		return nil, fmt.Errorf("which configuration files were offered before cannot be read: %w", err)
	}
	return Parse(text), nil
}

// Write makes the memory durable if it changed, in one step; an empty file is made
// if there is none, as Portage does. Mode 0660, of the group portage.
func (m *Memory) Write(s vdb.State) error {
	there, err := rootfs.Exists(s.FS, File)
	if err == nil && there && !m.changed {
		return nil
	}
	if err := errors.Join(err, s.Write(File, m.Format(), 0o660)); err != nil {
		return fmt.Errorf("which configuration files were offered cannot be recorded: %w", err)
	}
	m.changed = false
	return nil
}

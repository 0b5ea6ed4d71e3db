// Package resume keeps the lists of packages that an interrupted run has not
// merged yet, where Portage keeps them and as it does: the keys "resume" and
// "resume_backup" of /var/cache/edb/mtimedb (emerge(1), --resume). Either program can go on
// with what the other has begun.
package resume

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"

	"github.com/portsolve/portsolve/internal/rootfs"
	"github.com/portsolve/portsolve/vdb"
)

// File is Portage's mtimedb below ROOT.
const File = "var/cache/edb/mtimedb"

// Kinds of packages and what is done with them, as the file spells them.
const (
	Binary    = "binary"
	Ebuild    = "ebuild"
	Installed = "installed"
	Merge     = "merge"
	Uninstall = "uninstall"
)

// Item is a package that is still to be merged or uninstalled.
type Item struct {
	Kind   string // Binary, Ebuild or Installed
	Root   string // with a slash at its end
	CPV    string
	Action string // Merge or Uninstall
}

// List is what one run set out to do, less what it has done.
type List struct {
	Items []Item // in the order of the plan
	// Favorites are atoms and sets that were asked for.
	Favorites []string
	// Options are the command line's, by emerge's long names; values are booleans, texts
	// or lists.
	Options map[string]any
}

// Store is the content of the file. The zero value is that of a missing file.
type Store struct {
	// Current is the list of the last run that did not end well, Backup that of the one
	// before it; nil none.
	Current, Backup *List
	others          map[string]json.RawMessage
}

// list is the form of List in the file.
type list struct {
	MergeList [][]string     `json:"mergelist"`
	Favorites []string       `json:"favorites"`
	Options   map[string]any `json:"myopts"`
}

// maxFile bounds the file that is read, in bytes.
const maxFile = 64 << 20

// Read reads the lists of a ROOT. What cannot be understood is treated as Portage
// treats it: as if it were not there; problem then says what it was.
func Read(t rootfs.FS) (s *Store, problem, err error) {
	s = &Store{others: map[string]json.RawMessage{}}
	info, err := t.Stat(File)
	if errors.Is(err, fs.ErrNotExist) {
		return s, nil, nil
	}
	if err == nil && (!info.IsRegular() || info.Size > maxFile) {
		return s, fmt.Errorf("/%s is not a file of a reasonable size", File), nil
	}
	if err != nil {
		return nil, nil, err
	}
	text, err := rootfs.ReadFile(t, File)
	if err != nil {
		return nil, nil, err
	}
	if err := json.Unmarshal(text, &s.others); err != nil {
		s.others = map[string]json.RawMessage{}
		return s, fmt.Errorf("/%s is damaged, and what it said is lost: %w", File, err), nil
	}
	var err1, err2 error
	s.Current, err1 = s.take("resume")
	s.Backup, err2 = s.take("resume_backup")
	return s, errors.Join(err1, err2), nil
}

func (s *Store) take(key string) (*List, error) {
	text, ok := s.others[key]
	delete(s.others, key)
	if !ok || string(bytes.TrimSpace(text)) == "null" {
		return nil, nil
	}
	var l list
	if err := json.Unmarshal(text, &l); err != nil {
		return nil, fmt.Errorf("/%s: %s cannot be read: %w", File, key, err)
	}
	out := &List{Favorites: l.Favorites, Options: l.Options}
	for _, m := range l.MergeList {
		if len(m) != 4 {
			return nil, fmt.Errorf("/%s: %s has an entry of %d parts; four are expected", File, key, len(m))
		}
		out.Items = append(out.Items, Item{Kind: m[0], Root: m[1], CPV: m[2], Action: m[3]})
	}
	if len(out.Items) == 0 {
		return nil, nil
	}
	return out, nil
}

// begin makes l the current list. What was current is kept as Backup if more than
// one package was left of it (emerge(1)).
func (s *Store) begin(l *List) {
	if s.Current != nil && len(s.Current.Items) > 1 {
		s.Backup = s.Current
	}
	s.Current = l
}

// Last is the list to go on with: the current one, else the one before it, which
// becomes current. nil if there is none.
func (s *Store) Last() *List {
	if s.Current == nil {
		s.Current, s.Backup = s.Backup, nil
	}
	return s.Current
}

// Write makes the lists durable. Everything else that the file says stays.
func (s *Store) Write(state vdb.State) error {
	all := map[string]json.RawMessage{}
	for key, value := range s.others {
		all[key] = value
	}
	for key, l := range map[string]*List{"resume": s.Current, "resume_backup": s.Backup} {
		if l == nil || len(l.Items) == 0 {
			continue
		}
		text, err := json.Marshal(l.form())
		if err != nil {
			return err
		}
		all[key] = text
	}
	text, err := json.MarshalIndent(all, "", "\t")
	if err != nil {
		return err
	}
	if err := state.MkdirAll("var/cache/edb"); err != nil {
		return err
	}
	if err := state.FS.Unlink(File + rootfs.TempSuffix); err != nil && !rootfs.IsAbsent(err) { // of a killed run
		return err
	}
	return state.Write(File, text, 0o644)
}

func (l *List) form() *list {
	out := &list{MergeList: [][]string{}, Favorites: l.Favorites, Options: l.Options}
	if out.Favorites == nil {
		out.Favorites = []string{}
	}
	if out.Options == nil {
		out.Options = map[string]any{}
	}
	for _, i := range l.Items {
		out.MergeList = append(out.MergeList, []string{i.Kind, i.Root, i.CPV, i.Action})
	}
	return out
}

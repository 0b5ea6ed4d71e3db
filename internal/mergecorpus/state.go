package mergecorpus

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
)

// State is a before.json or after-K.json.
type State struct {
	Op       json.RawMessage      `json:"op,omitempty"`
	Exit     *int                 `json:"exit,omitempty"`
	Messages []string             `json:"messages,omitempty"`
	Root     Tree                 `json:"root"`
	VDB      map[string]*VDBEntry `json:"vdb"`
	Outside  *Tree                `json:"outside_root,omitempty"`
	Leftover []string             `json:"leftover_build_dirs"`
}

// Tree lists the files below a directory, by path.
type Tree struct {
	Exists  bool    `json:"exists"`
	Entries []Entry `json:"entries"`
}

// Entry is one file. Which of the later fields are there depends on its type.
type Entry struct {
	Path      string            `json:"path"`
	Mode      string            `json:"mode"`
	UID       int               `json:"uid"`
	GID       int               `json:"gid"`
	Type      string            `json:"type"` // file, dir, sym, fifo
	Target    *string           `json:"target,omitempty"`
	MTime     any               `json:"mtime,omitempty"` // seconds, or "now"
	MTimeNsec int               `json:"mtime_nsec,omitempty"`
	Volatile  bool              `json:"volatile,omitempty"`
	Size      *int64            `json:"size,omitempty"`
	MD5       string            `json:"md5,omitempty"`
	Text      *string           `json:"text,omitempty"`
	Nlink     int               `json:"nlink,omitempty"`
	Group     string            `json:"hardlink_group,omitempty"`
	Xattr     map[string]string `json:"xattr,omitempty"`
}

// VDBEntry is a directory below var/db/pkg/CATEGORY, or what else is there: an
// empty category, or a plain file of a size.
type VDBEntry struct {
	Mode          string          `json:"mode,omitempty"`
	UID           *int            `json:"uid,omitempty"`
	GID           *int            `json:"gid,omitempty"`
	Files         map[string]any  `json:"files,omitempty"`
	Contents      *[]ContentsLine `json:"contents,omitempty"`
	Counter       *string         `json:"counter,omitempty"`
	EmptyCategory bool            `json:"empty_category_dir,omitempty"`
	PlainFile     *int64          `json:"plain_file,omitempty"`
}

// ContentsLine is one line of CONTENTS.
type ContentsLine struct {
	Type   string  `json:"type"`
	Path   string  `json:"path"`
	Target *string `json:"target,omitempty"`
	MD5    string  `json:"md5,omitempty"`
	MTime  any     `json:"mtime,omitempty"`
}

// now stands for a time within the run.
const now = "now"

// Write writes the state in the form of the corpus: a line for each file.
func (s *State) Write(w io.Writer) error {
	var b bytes.Buffer
	b.WriteString("{")
	if s.Op != nil {
		fmt.Fprintf(&b, "\"op\": %s, ", s.Op)
	}
	if s.Exit != nil {
		fmt.Fprintf(&b, "\"exit\": %d, ", *s.Exit)
	}
	fmt.Fprintf(&b, "\n\"messages\": %s, ", marshal(nonNil(s.Messages)))
	fmt.Fprintf(&b, "\n\"root\": %s, ", s.Root.text())
	fmt.Fprintf(&b, "\n\"vdb\": %s, ", marshal(s.VDB))
	if s.Outside != nil {
		fmt.Fprintf(&b, "\n\"outside_root\": %s, ", s.Outside.text())
	}
	fmt.Fprintf(&b, "\"leftover_build_dirs\": %s}\n", marshal(nonNil(s.Leftover)))
	_, err := w.Write(b.Bytes())
	return err
}

func (t *Tree) text() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "{\"exists\": %t, \"entries\": [", t.Exists)
	for i := range t.Entries {
		if i > 0 {
			b.WriteString(",\n ")
		}
		b.Write(marshal(t.Entries[i]))
	}
	b.WriteString("]}")
	return b.Bytes()
}

func nonNil(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}

// marshal is JSON of plain data, which cannot fail.
func marshal(v any) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		panic(err)
	}
	return bytes.TrimSpace(b.Bytes())
}

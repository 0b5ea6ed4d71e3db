// Package saved keeps the answer of a resolution in a file, so that `portsolve explain` can show it again
// (docs/explanations.md, section 5).
package saved

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/portsolve/portsolve/internal/wholefile"
	"github.com/portsolve/portsolve/solver/answer"
)

// Schema is the version of the file. A reader refuses others.
const Schema = 1

// Document is one answer with what its display needs.
type Document struct {
	Schema  int      `json:"saved"`
	Command []string `json:"command"` // the words after `portsolve`
	Result  *answer.Result
}

// file is the form on disk. What answer.Result keeps from its JSON form and the display needs stands beside it.
type file struct {
	Saved    int             `json:"saved"`
	Command  []string        `json:"command"`
	Result   *answer.Result  `json:"result"`
	Packages []pkg           `json:"packages"`
	Entries  []entryPackages `json:"entries"` // one for each entry of the plan
	Masks    []mask          `json:"masks"`
}

// Place is the file of the last answer below the state directory of the XDG base directory specification: $XDG_STATE_HOME,
// or else $HOME/.local/state. It is "" where neither is an absolute path.
func Place(env map[string]string) string {
	if dir := env["XDG_STATE_HOME"]; filepath.IsAbs(dir) {
		return filepath.Join(dir, "portsolve", "last.json")
	}
	if home := env["HOME"]; filepath.IsAbs(home) {
		return filepath.Join(home, ".local", "state", "portsolve", "last.json")
	}
	return ""
}

// Write puts a document into a file: it is there whole, or what was there before still is. Directories are made. hide is taken
// out of the text wherever it occurs, unless it is empty. What is no regular file (a pipe, /dev/null) is written to.
func Write(path string, d *Document, hide string) error {
	text, err := encode(d)
	if err != nil {
		return err
	}
	if hide != "" {
		text = bytes.ReplaceAll(text, []byte(hide), nil)
	}
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		f, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err != nil {
			return err
		}
		_, err = f.Write(text)
		return errors.Join(err, f.Close())
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	return wholefile.Replace(path, func(w io.Writer) error { _, err := w.Write(text); return err })
}

func encode(d *Document) ([]byte, error) {
	f := file{Saved: Schema, Command: d.Command, Result: d.Result}
	f.pack(d.Result)
	return json.Marshal(&f)
}

// maxSize bounds what is read: an answer with a thousand alternatives is smaller.
const maxSize = 1 << 30

// Open reads a file that Write made, the output of --format json, or the plan.json of a directory that --trace made.
// The error is for people, and fs.ErrNotExist if there is no such file.
func Open(path string) (*Document, error) {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		path = filepath.Join(path, "plan.json")
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	d, err := Read(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return d, nil
}

// Read is Open for a stream.
func Read(r io.Reader) (*Document, error) {
	text, err := io.ReadAll(io.LimitReader(r, maxSize+1))
	if err != nil {
		return nil, err
	}
	if len(text) > maxSize {
		return nil, errors.New("this is too large to be an answer of portsolve")
	}
	var f file
	if err := json.Unmarshal(text, &f); err != nil {
		return nil, fmt.Errorf("this is no answer of portsolve: %w", err)
	}
	if f.Result == nil { // a plain answer
		f = file{Saved: Schema, Result: &answer.Result{}}
		if err := json.Unmarshal(text, f.Result); err != nil || f.Result.Schema == 0 || f.Result.Status == "" {
			return nil, errors.New("this is no answer of portsolve: neither a saved one nor the output of --format json")
		}
	}
	if f.Saved != Schema || f.Result.Schema != answer.Schema {
		return nil, fmt.Errorf("this was written by another version of portsolve (form %d.%d; this one reads %d.%d): resolve again",
			f.Saved, f.Result.Schema, Schema, answer.Schema)
	}
	f.unpack()
	if err := check(f.Result); err != nil {
		return nil, fmt.Errorf("this answer contradicts itself: %w", err)
	}
	return &Document{Schema: Schema, Command: f.Command, Result: f.Result}, nil
}

// Missing reports whether an error of Open says that there is no such file.
func Missing(err error) bool { return errors.Is(err, fs.ErrNotExist) }

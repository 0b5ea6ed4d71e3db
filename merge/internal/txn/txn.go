// Package txn changes a tree in transactions that a crash cannot tear: what is to
// be done is in a durable journal before the first change, each change can be
// repeated and taken back, and nothing that was there is deleted before what
// replaces it is durable. docs/merge-safety.md has the protocol and its reasons.
package txn

import (
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/portsolve/portsolve/internal/rootfs"
)

// Dir is where transactions are kept in a tree: one directory each. It goes when
// the last one has ended.
const Dir = "var/lib/portsolve/merge"

// State is how far a transaction got, as Open finds it.
type State string

// States.
const (
	// Open: nothing outside of the transaction's own directories was changed.
	Open State = "open"
	// Ready: the journal is complete; some, all or none of the changes are made.
	Ready State = "ready"
	// Undoing: changes are being taken back.
	Undoing State = "undoing"
	// Done: all changes are made. What follows from them (Header.Data) may be missing.
	Done State = "done"
)

// The journal's name tells the state: a name is changed in one step and needs no
// space on a full disk.
const (
	openFile  = "begun-" // and the label
	readyFile = "journal"
	undoFile  = "undoing"
	doneFile  = "done"
	marksFile = "marks"
	newSuffix = ".new"
)

// Header begins a journal.
type Header struct {
	Version int    `json:"version"`
	Stage   string `json:"stage"` // directory for new and replaced objects
	// Data is the caller's, for recovery.
	Data json.RawMessage `json:"data"`
}

// Tx is one transaction. It is not for concurrent use.
type Tx struct {
	FS     rootfs.FS
	Name   string // of its directory in Dir
	Label  string // says what it is for, even if nothing but names survived
	Header Header
	Ops    []Op
	State  State

	marks []string
}

// Begin starts a transaction. Its stage, a directory of its own, is made below
// base, which is on the file system where most of the new objects go. The label, a
// name without ":", is found again by List even after a power cut that took the
// content of the transaction's first file.
func Begin(t rootfs.FS, base string, number int, label string, data any) (*Tx, error) {
	tx := &Tx{FS: t, Name: strconv.Itoa(number), Label: label, State: Open}
	tx.Header = Header{Version: 1, Stage: path.Join(base, tx.Name+stageSuffix)}
	if err := tx.SetData(data); err != nil {
		return nil, err
	}
	for _, d := range []string{tx.dir(), tx.Header.Stage} {
		if err := mkdirBelow(t, d); err != nil {
			_ = tx.remove()
			return nil, err
		}
	}
	if err := tx.write(tx.openName(), false); err != nil {
		_ = tx.remove()
		return nil, err
	}
	return tx, nil
}

// mkdirBelow makes a directory with what is above it. Another transaction that ends
// just now may remove that again, if it was the last one in it.
func mkdirBelow(t rootfs.FS, dir string) error {
	for tries := 0; ; tries++ {
		err := rootfs.MkdirAll(t, path.Dir(dir), 0o755)
		if err == nil {
			err = t.Mkdir(dir, 0o700)
		}
		if !rootfs.IsAbsent(err) || tries == 100 {
			return err
		}
	}
}

// stageSuffix ends the name of a stage.
const stageSuffix = ".stage"

// SetData replaces the caller's part of the header. It is written with Commit.
func (tx *Tx) SetData(data any) error {
	text, err := json.Marshal(data)
	tx.Header.Data = text
	return err
}

func (tx *Tx) dir() string { return path.Join(Dir, tx.Name) }

// Stage is a name in the transaction's stage.
func (tx *Tx) Stage(name string) string { return path.Join(tx.Header.Stage, name) }

// write writes header and operations to a file of the transaction's directory.
func (tx *Tx) write(name string, sync bool) error {
	var text []byte
	add := func(v any) error {
		line, err := json.Marshal(v)
		text = append(append(text, line...), '\n')
		return err
	}
	if err := add(tx.Header); err != nil {
		return err
	}
	for i := range tx.Ops {
		if err := add(&tx.Ops[i]); err != nil {
			return err
		}
	}
	text = append(text, "end\n"...)
	f, err := tx.FS.Create(path.Join(tx.dir(), name), 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err == nil && sync {
		err = errors.Join(f.Sync(), tx.FS.SyncDir(tx.dir()))
	}
	return errors.Join(err, f.Close())
}

// Prepare writes the journal and copies what has to lie on other mounts. Nothing is
// durable yet, and nothing in the tree is changed: the caller then calls SyncFS for
// every mount of Mounts, and Commit.
func (tx *Tx) Prepare(ops []Op) error {
	tx.Ops = ops
	// Copies lie outside of the stage: only the journal tells whose they are.
	far := slices.ContainsFunc(ops, func(o Op) bool { return o.From != "" })
	if err := tx.write(readyFile+newSuffix, far); err != nil {
		return err
	}
	for i := range tx.Ops {
		o := &tx.Ops[i]
		if o.From == "" {
			continue
		}
		bring := func() error { return copyObject(tx.FS, o.From, o.New) }
		if o.Link {
			bring = func() error { return tx.FS.Link(o.From, o.New) }
		}
		if err := bring(); err != nil {
			return err
		}
	}
	return nil
}

// SyncPoints are the directories to call SyncFS for between Prepare and Commit,
// and again before Finish.
func (tx *Tx) SyncPoints() []string {
	points := []string{tx.dir()}
	if !strings.HasPrefix(tx.Header.Stage, Dir+"/") {
		points = append(points, tx.Header.Stage)
	}
	for i := range tx.Ops {
		if tx.Ops[i].From != "" {
			points = append(points, path.Dir(tx.Ops[i].New))
		}
	}
	slices.Sort(points)
	return slices.Compact(points)
}

// Commit makes all changes. If one fails all are taken back and the error tells; if
// that fails, too, the transaction stays for Recover. The journal must be durable.
func (tx *Tx) Commit() error {
	if err := Arm(tx); err != nil {
		return err
	}
	return tx.Apply()
}

// Arm makes transactions Ready whose journals are durable: from here on a crash leads
// to their changes. If that fails with one, all are taken back.
func Arm(all ...*Tx) error {
	err := arm(all)
	if err == nil {
		return nil
	}
	for _, tx := range slices.Backward(all) {
		if tx.State == Ready {
			err = tx.back(err)
		}
	}
	return err
}

// arm renames all journals before it makes the first name durable: that costs one
// write of the file system's log and not one for each.
func arm(all []*Tx) error {
	for _, tx := range all {
		if err := tx.rename(readyFile+newSuffix, readyFile, Ready); err != nil {
			return err
		}
	}
	for _, tx := range all {
		if err := tx.FS.SyncDir(tx.dir()); err != nil {
			return err
		}
	}
	return nil
}

// Apply makes the changes of a transaction that is Ready. As with Commit, an error
// means that all were taken back, unless it is a *StuckError.
func (tx *Tx) Apply() error { return tx.forward() }

func (tx *Tx) forward() error {
	for i := range tx.Ops {
		if err := tx.Ops[i].do(tx.FS); err != nil {
			return tx.back(fmt.Errorf("%s: %w", tx.Ops[i].what(), err))
		}
	}
	if err := tx.rename(readyFile, doneFile, Done); err != nil {
		return tx.back(err)
	}
	return nil
}

// back takes everything back because of an error.
func (tx *Tx) back(err error) error {
	if undo := tx.Rollback(); undo != nil {
		return &StuckError{Err: err, Undo: undo}
	}
	return err
}

// StuckError is a change that failed and could not be taken back either. Recover
// goes on with taking back.
type StuckError struct{ Err, Undo error }

func (e *StuckError) Error() string {
	return fmt.Sprintf("%v; and what was changed before could not be taken back yet (%v); the next run goes on with that", e.Err, e.Undo)
}

// Unwrap gives both.
func (e *StuckError) Unwrap() []error { return []error{e.Err, e.Undo} }

// rename changes the state. Only the one that begins the changes has to be durable
// at once (Arm): the others come to the disk before what follows them, and before that
// the state before them leads to the same end.
func (tx *Tx) rename(from, to string, s State) error {
	err := tx.FS.Rename(path.Join(tx.dir(), from), path.Join(tx.dir(), to))
	if err != nil {
		return err
	}
	tx.State = s
	return nil
}

// Rollback takes all changes back and ends the transaction.
func (tx *Tx) Rollback() error {
	switch tx.State {
	case Ready:
		if err := tx.rename(readyFile, undoFile, Undoing); err != nil {
			return err
		}
	case Done:
		return errors.New("a finished transaction cannot be taken back")
	}
	if tx.State == Undoing {
		for i := len(tx.Ops) - 1; i >= 0; i-- {
			if err := tx.Ops[i].undo(tx.FS); err != nil {
				return fmt.Errorf("%s: %w", tx.Ops[i].what(), err)
			}
		}
		for _, p := range tx.SyncPoints() {
			if err := tx.FS.SyncFS(p); err != nil {
				return err
			}
		}
	}
	return tx.end(undoFile)
}

// Finish ends a transaction whose changes are durable: the caller has called SyncFS
// for all SyncPoints since Commit. What was replaced is deleted now.
func (tx *Tx) Finish() error { return tx.end(doneFile) }

// end makes the transaction one that was never begun, so that nothing is repeated or
// taken back while its parts go away one by one, and removes it.
func (tx *Tx) end(journal string) error {
	if tx.State != Open {
		if err := tx.rename(journal, tx.openName(), Open); err != nil {
			return err
		}
	}
	return tx.remove()
}

func (tx *Tx) openName() string { return openFile + strings.ReplaceAll(tx.Label, "/", ":") }

// remove deletes everything of the transaction, its own directory last.
func (tx *Tx) remove() error {
	for i := range tx.Ops {
		if err := tx.Ops[i].clean(tx.FS); err != nil {
			return err
		}
	}
	if err := rootfs.RemoveAll(tx.FS, tx.Header.Stage); err != nil {
		return err
	}
	if err := rootfs.RemoveAll(tx.FS, tx.dir()); err != nil {
		return err
	}
	for _, d := range []string{tx.dir(), path.Dir(tx.Header.Stage), Dir, path.Dir(Dir)} {
		_ = tx.FS.Rmdir(d) // others may still be there
	}
	return nil
}

// Mark records a step of what follows the changes, so that recovery need not repeat
// it. It is not made durable: after a power cut a step may be repeated.
func (tx *Tx) Mark(step string) error {
	tx.marks = append(tx.marks, step)
	name := path.Join(tx.dir(), marksFile)
	temp := name + rootfs.TempSuffix
	if err := rootfs.RemoveAll(tx.FS, temp); err != nil {
		return err
	}
	f, err := tx.FS.Create(temp, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write([]byte(strings.Join(tx.marks, "\n") + "\nend\n"))
	if err := errors.Join(err, f.Close()); err != nil {
		return err
	}
	return tx.FS.Rename(temp, name)
}

// Marked reports whether a step was recorded.
func (tx *Tx) Marked(step string) bool { return slices.Contains(tx.marks, step) }

package txn

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/portsolve/portsolve/internal/rootfs"
)

// List opens the transactions that are in a tree, in the order of their beginning.
// bases are the directories that Begin may have been given: a stage there that
// belongs to none is removed.
func List(t rootfs.FS, bases []string) ([]*Tx, error) {
	numbers, err := numbered(t, Dir)
	if err != nil {
		return nil, err
	}
	var out []*Tx
	stages := map[string]bool{}
	for _, n := range numbers {
		tx, err := open(t, strconv.Itoa(n), bases)
		if err != nil {
			return nil, fmt.Errorf("%s: the journal of an interrupted run cannot be read: %w", t.Path(path.Join(Dir, strconv.Itoa(n))), err)
		}
		if tx != nil {
			out = append(out, tx)
			stages[tx.Header.Stage] = true
		}
	}
	for _, b := range bases {
		if err := cleanBase(t, b, stages); err != nil {
			return nil, err
		}
	}
	// A run that was killed between its last two calls has left the parent of Dir.
	parent := path.Dir(Dir)
	return out, rootfs.RemoveEmpty(t, parent, path.Dir(parent))
}

// cleanBase removes stages that no transaction has.
func cleanBase(t rootfs.FS, base string, known map[string]bool) error {
	names, err := t.ReadDir(base)
	if rootfs.IsAbsent(err) {
		return nil
	}
	for _, n := range names {
		stage := path.Join(base, n)
		if strings.HasSuffix(n, stageSuffix) && !known[stage] {
			if err := rootfs.RemoveAll(t, stage); err != nil {
				return err
			}
		}
	}
	_ = t.Rmdir(base)
	return err
}

// numbered lists the entries of a directory that are numbers, ascending.
func numbered(t rootfs.FS, dir string) ([]int, error) {
	names, err := t.ReadDir(dir)
	if rootfs.IsAbsent(err) {
		return nil, nil
	}
	var out []int
	for _, name := range names {
		if n, err := strconv.Atoi(name); err == nil && strconv.Itoa(n) == name {
			out = append(out, n)
		}
	}
	slices.Sort(out)
	return out, err
}

// Next is a number that no transaction has.
func Next(t rootfs.FS) (int, error) {
	numbers, err := numbered(t, Dir)
	if err != nil || len(numbers) == 0 {
		return 1, err
	}
	return numbers[len(numbers)-1] + 1, nil
}

// open reads one transaction. Of one that was not ready yet, the names are enough.
func open(t rootfs.FS, name string, bases []string) (*Tx, error) {
	tx := &Tx{FS: t, Name: name, State: Open}
	for _, f := range []struct {
		name  string
		state State
	}{{doneFile, Done}, {undoFile, Undoing}, {readyFile, Ready}} {
		text, err := rootfs.ReadFile(t, path.Join(tx.dir(), f.name))
		if rootfs.IsAbsent(err) {
			continue
		}
		if err == nil {
			err = tx.parse(text, bases)
		}
		if err != nil {
			return nil, err
		}
		tx.State = f.state
		return tx, tx.readMarks()
	}
	return tx, tx.openBegun(bases)
}

// openBegun finds the label, the stage and the copies that were begun.
func (tx *Tx) openBegun(bases []string) error {
	names, err := tx.FS.ReadDir(tx.dir())
	if err != nil {
		return err
	}
	for _, n := range names {
		if label, ok := strings.CutPrefix(n, openFile); ok {
			tx.Label = strings.ReplaceAll(label, ":", "/")
		}
	}
	for _, n := range []string{readyFile + newSuffix, tx.openName()} { // what has operations comes first
		text, err := rootfs.ReadFile(tx.FS, path.Join(tx.dir(), n))
		if err == nil && tx.parse(text, bases) == nil {
			return nil
		}
	}
	tx.Header, tx.Ops = Header{}, nil
	for _, b := range bases {
		tx.Header.Stage = path.Join(b, tx.Name+stageSuffix)
		there, err := rootfs.Exists(tx.FS, tx.Header.Stage)
		if err != nil || there {
			return err
		}
	}
	return nil
}

// parse reads what write wrote. Names are checked: a journal is in ROOT, and what it
// says is done as root.
func (tx *Tx) parse(text []byte, bases []string) error {
	lines := bytes.Split(text, []byte("\n"))
	if len(lines) < 3 || string(lines[len(lines)-2]) != "end" || len(lines[len(lines)-1]) != 0 {
		return errors.New("it is not complete")
	}
	lines = lines[:len(lines)-2]
	if err := json.Unmarshal(lines[0], &tx.Header); err != nil {
		return err
	}
	if tx.Header.Version != 1 {
		return fmt.Errorf("it is of version %d, this program knows 1; use the program that wrote it", tx.Header.Version)
	}
	if !slices.Contains(bases, path.Dir(tx.Header.Stage)) || path.Base(tx.Header.Stage) != tx.Name+stageSuffix {
		return fmt.Errorf("%q is no place for its stage", tx.Header.Stage)
	}
	tx.Ops = make([]Op, len(lines)-1)
	for i, line := range lines[1:] {
		if err := json.Unmarshal(line, &tx.Ops[i]); err != nil {
			return fmt.Errorf("line %d: %w", i+2, err)
		}
		if err := tx.Ops[i].check(); err != nil {
			return fmt.Errorf("line %d: %w", i+2, err)
		}
	}
	return nil
}

func (tx *Tx) readMarks() error {
	text, err := rootfs.ReadFile(tx.FS, path.Join(tx.dir(), marksFile))
	if rootfs.IsAbsent(err) {
		return nil
	}
	if body, ok := strings.CutSuffix(string(text), "\nend\n"); ok && body != "" {
		tx.marks = strings.Split(body, "\n")
	}
	return err
}

package merge

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"syscall"

	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/internal/rootfs"
	"github.com/portsolve/portsolve/merge/internal/txn"
)

func mergingDir(c atom.CPV) string {
	return path.Join("var/db/pkg", c.Category, "-MERGING-"+c.PF())
}

// isDenied is a failure that is about one file and not about the file system: it is
// immutable, or on something read-only or busy, or the user may not.
func isDenied(err error) bool {
	return errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EROFS) || errors.Is(err, syscall.EBUSY)
}

// Interrupted reports whether a run has left something that Recover would finish or roll back; a run that is still at work
// counts, too. Nothing is written, not even a lock.
func Interrupted(root string) (bool, error) {
	if root == "" {
		root = "/"
	}
	t, err := rootfs.Open(root)
	if err != nil {
		return false, fmt.Errorf("ROOT cannot be opened: %w", err)
	}
	defer t.Close()
	for _, base := range []string{varBase, usrBase} { // empty ones too: a run removes them before it ends
		there, err := rootfs.Exists(t, base)
		if err != nil || there {
			return there, err
		}
	}
	names, err := t.ReadDir(path.Dir(varBase))
	if rootfs.IsAbsent(err) {
		return false, nil
	}
	return err == nil && len(names) == 0, err
}

// recover ends the transactions of killed runs, the oldest first.
func (e *engine) recover() ([]string, error) {
	all, err := txn.List(e.t, e.bases)
	if err != nil {
		return nil, err
	}
	var told []string
	for _, tx := range all {
		text, err := e.recoverOne(tx)
		if err != nil {
			return told, fmt.Errorf("an interrupted run cannot be brought to its end: %w", err)
		}
		told = append(told, text)
		e.emit(Event{Kind: EventRecover, Text: text})
	}
	if err := e.store.CleanRemains(); err != nil {
		return told, err
	}
	e.number, err = txn.Next(e.t)
	if err != nil {
		return told, err
	}
	if len(all) > 0 {
		e.env, e.libs, e.info = true, true, true
		err = errors.Join(err, e.updateEnv(), e.settled())
		e.number, _ = txn.Next(e.t)
	}
	return told, err
}

func (e *engine) recoverOne(tx *txn.Tx) (string, error) {
	if tx.State == txn.Open {
		c, err := atom.ParseCPV(tx.Label)
		if err == nil {
			if err = e.store.Discard(c); err == nil {
				err = e.dropCategory(c)
			}
		} else {
			err = nil // killed before it had a name
		}
		if err == nil {
			err = tx.Rollback()
		}
		return tx.Label + ": what an interrupted run had prepared was removed", err
	}
	var r record
	if err := json.Unmarshal(tx.Header.Data, &r); err != nil {
		return "", fmt.Errorf("its journal: %w", err)
	}
	c, err := atom.ParseCPV(r.CPV)
	if err != nil {
		return "", fmt.Errorf("its journal: %w", err)
	}
	verb := map[Action]string{Install: "the installation", Uninstall: "the removal"}[r.Action] + " of " + r.CPV + " was interrupted"
	if tx.State == txn.Undoing {
		if r.Action == Install {
			err = e.store.Discard(c)
		}
		if err == nil {
			err = tx.Rollback()
		}
		return verb + "; it was taken back", err
	}
	if tx.State == txn.Ready {
		if err := tx.Apply(); err != nil {
			var stuck *txn.StuckError
			if errors.As(err, &stuck) {
				return "", err
			}
			return verb + " and could not be finished (" + err.Error() + "); it was taken back", nil
		}
	}
	return verb + "; it was finished", e.finishOne(tx, &r)
}

// finishOne does what follows the changes.
func (e *engine) finishOne(tx *txn.Tx, r *record) error {
	e.res.Forget()
	e.index, e.linkage = nil, nil
	var c *call
	if r.Action == Install {
		done := cpv(r.CPV)
		c = e.callInstalled(done, entryDir(done), tx.Stage(tempDir))
		c.image = tx.Stage(imageDir)
		for i := range r.Replaced {
			c.replaces = append(c.replaces, cpv(r.Replaced[i].CPV).Version.String())
		}
	}
	err := e.follow(tx, r, c)
	var phase *phaseError
	if errors.As(err, &phase) {
		e.warn("%s: pkg_%s: %v", r.CPV, phase.phase, phase.err)
		err = nil
	}
	if err == nil {
		e.made = append(e.made, tx)
	}
	return err
}
